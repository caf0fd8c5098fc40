"""Profile files of one or several models compared: clusters, alignment accuracy, TensorBoard's projector.

In go profile files; out come folders of tables.
"""
