"""Which runs are compared with which."""
