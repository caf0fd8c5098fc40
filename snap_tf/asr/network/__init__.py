"""The W2L networks: table of layers, Keras models, receptive fields, masked batches, transfer.

In goes a table of layers; out come Keras models and what follows from their geometry.
"""
