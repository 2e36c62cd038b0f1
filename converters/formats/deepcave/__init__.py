"""DeepCAVE's own forms, read and written."""
