"""Import and export of checkpoints of the original TensorFlow 1 code.

In go checkpoint files or a run; out come an exported model or checkpoint files.
"""
