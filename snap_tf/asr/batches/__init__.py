"""Training examples of recognisers: spectrograms with CTC targets, in batches of similar length.

In goes a `Corpus`; out come batches of spectrograms and label sequences.
"""
