"""Training examples: what a recogniser hears and should write, kept as spectrograms, in batches of similar length.

In goes a `Corpus`; out come batches of spectrograms and label sequences.
"""
