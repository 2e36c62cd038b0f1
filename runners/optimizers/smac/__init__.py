"""SMAC, through its facades."""
