"""Recordings to samples: decode, check lengths, resample, write WAV.

In go audio files of any format; out come float arrays `[samples, channels]` at a known rate, or a `DataError`.
"""
