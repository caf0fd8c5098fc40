"""Checkpoints of the original TensorFlow 1 code, both ways.

In go checkpoint files or a run; out come an exported model or checkpoint files.
"""
