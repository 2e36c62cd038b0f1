"""IOHprofiler."""
