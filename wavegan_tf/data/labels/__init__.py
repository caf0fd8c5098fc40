"""Label files: TIMIT's .PHN and .WRD, transcripts, Praat TextGrids, in any text encoding.

In go label files; out come words and phones as intervals in samples, checked, and the problems found.
"""
