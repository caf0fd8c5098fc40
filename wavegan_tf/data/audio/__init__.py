"""Audio files: read headers, check lengths, decode, resample, mix channels, write WAV.

In go audio files of many formats; out come float32 arrays `[samples, channels]` at a known sampling rate, or a
`DataError`.
"""
