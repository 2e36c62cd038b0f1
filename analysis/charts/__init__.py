"""Drawings of results, for paper and for the page."""
