"""Transcripts: alphabets, CTC, decoding, error rates, annotated phones per step.

In go logits or labels; out come label sequences with times, losses and error rates.
"""
