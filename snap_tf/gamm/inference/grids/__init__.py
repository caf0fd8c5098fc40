"""Rows of the model matrix for new tables and for grids of levels and values.

In go a fit and a table, or names of columns with their values; out come rows of the model matrix.
"""
