"""Published figures, run again."""
