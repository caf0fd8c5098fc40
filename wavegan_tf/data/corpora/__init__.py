"""Corpus folders to `Corpus`: TIMIT, LibriSpeech, any folder with TextGrids; tokens, splits and a summary of each.

In goes a folder; out come utterances with words and phones, and what was skipped.
"""
