"""The papers' questions in keywords: curves of words, contrasts over layers.

In go a long table and the names of its columns; out come fits and tests by layer.
"""
