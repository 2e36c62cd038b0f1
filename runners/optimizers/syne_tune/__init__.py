"""Syne Tune's schedulers."""
