"""Analyses of the papers, chosen by keywords: curves of words, contrasts over layers, simulated tables to try them on.

In go a long table and the names of its columns; out come fits and tests by layer.
"""
