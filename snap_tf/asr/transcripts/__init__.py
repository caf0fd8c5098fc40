"""Transcripts: alphabets, CTC, decoding, error rates, annotated phones per step.

In go logits, utterances or label sequences; out come CTC losses, label sequences with their steps, and error rates.
"""
