"""Presets: a file of differences each."""
