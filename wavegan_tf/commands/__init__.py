"""The command line of wavegan-tf, one module for each group of commands.

In go command-line arguments; out come files and a report on the terminal. TensorFlow is imported only when a command
needs it.
"""
