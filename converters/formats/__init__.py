"""One module or folder a format, reading and writing together; `registry` lists them."""
