"""Label files to intervals: TIMIT's .PHN and .WRD, transcripts, Praat TextGrids.

In go text files in any encoding; out come words and phones as intervals in samples, checked and counted.
"""
