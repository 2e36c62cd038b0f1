"""Files of any origin: written whole or not at all, read within bounds and without running anything in them."""
