"""Effects to be drawn: derivatives of curves, surfaces of two variables, random effects level by level.

In go a fit and names of terms and columns; out come tables.
"""
