"""Slices: cut tokens (words, phones, stop + vowel) out of a corpus, one WAV file each, with a manifest.

In go a `Corpus` and `SliceSettings`; out comes a folder of WAV files with `manifest.csv`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
