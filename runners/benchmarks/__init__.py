"""The benchmarks that optimizers run on."""
