"""Atomic output: paths are locked, files are written completely or not at all, and a killed process is cleaned up.

In go paths and functions that write; out come finished files at those paths, or an error and nothing changed.
"""
