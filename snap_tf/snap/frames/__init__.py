"""Frames: inputs of fixed length, cut from utterances or clips, and the group each belongs to.

In go spectrograms or clips with labels; out come blocks of frames that can be computed independently.
"""
