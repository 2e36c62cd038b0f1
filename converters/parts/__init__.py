"""What several formats need: spaces, outcomes, times, names, numbers."""
