"""Clusters of profiles: which groups are alike in a layer, how well separated and how stable the clusters are.

In go profiles; out come trees, cuts, silhouettes and permutation tests (Mantel).
"""
