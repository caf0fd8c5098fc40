"""Readers and writers of file formats: CSV, JSON, TOML, NumPy arrays, PNG.

In go paths; out come checked values, or one `DataError` that names the file and the place in it.
"""
