"""Optimizers against each other: rankings and tests."""
