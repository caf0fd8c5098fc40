"""Bases of smooths and random terms with their penalties.

In goes a variable; out come columns of the model matrix and a penalty matrix for each smooth.
"""
