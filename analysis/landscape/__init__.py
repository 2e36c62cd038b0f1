"""The space as it was explored and as it is."""
