"""Anytime performance of runs: incumbents, curves, running times to targets."""
