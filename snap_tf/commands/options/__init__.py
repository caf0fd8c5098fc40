"""Flags that several commands share.

In goes a parser or its parsed arguments; out come settings of the library.
"""
