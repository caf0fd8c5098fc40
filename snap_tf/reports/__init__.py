"""A report: the figures and tables of a folder of results, with the commands that made them, as one file."""
