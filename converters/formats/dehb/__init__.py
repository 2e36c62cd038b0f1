"""DEHB."""
