"""Runners: real optimizers on NAS-Bench-201, driven on a simulated clock; each leaves its own native log."""
