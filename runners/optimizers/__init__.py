"""The optimizers: what one looks like to the runners, and one file or folder for each."""
