"""The W2L networks (Wav2Letter): layer tables, Keras models, receptive fields, masked batches, transfer learning.

In goes the name of a network and its width; out come its layer table, a Keras model, and receptive fields.
"""
