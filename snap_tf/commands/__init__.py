"""One module per family of `snap-tf` commands; each has `add_parser`."""
