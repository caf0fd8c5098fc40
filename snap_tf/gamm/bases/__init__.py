"""Bases of smooths and random terms with their penalties.

In go the values of a variable; out come columns of the model matrix and penalty matrices.
"""
