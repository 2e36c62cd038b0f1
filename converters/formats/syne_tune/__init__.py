"""Syne Tune."""
