"""Home-made tables."""
