"""Models and their data: formula, terms, and the columns of a table that they need.

In go a formula or keywords and a long table; out come a `Model` and a checked, sorted table.
"""
