"""Intervals, effect sizes, hypothesis tests."""
