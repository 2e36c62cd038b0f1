"""Results: one class for each, with the one table from which every other form is made, and its chart."""
