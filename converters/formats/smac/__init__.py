"""SMAC."""
