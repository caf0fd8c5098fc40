"""Speech corpora: read TIMIT, LibriSpeech and any folder with TextGrids; select tokens, make splits, summarise.

In goes a folder; out comes a `Corpus`: utterances with words and phones in samples, and the problems found.
"""
