"""Clusters: which groups a layer treats alike, how well separated, how stable.

In go profiles; out come trees, cuts, silhouettes and permutation tests.
"""
