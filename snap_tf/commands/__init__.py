"""Command line of `snap-tf`: one module per family of commands, each with `add_parser`.

In go flags and paths; the analyses of the library run, and their results are written and printed.
"""
