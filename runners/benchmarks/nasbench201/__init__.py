"""NAS-Bench-201: the space, the table, the embedded surrogate and the importers of the official files."""
