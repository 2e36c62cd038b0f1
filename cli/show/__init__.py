"""What a person sees in the terminal: progress on standard error, tables on standard output."""
