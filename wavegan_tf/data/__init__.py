"""Data: read audio files and labelled speech corpora, cut slices, make tf.data batches for training.

Rooms, low to high: `audio` (audio files to samples), `phones` (phone symbols), `labels` (label files and TextGrids),
`corpora` (folders to `Corpus`), `slices` (tokens to WAV files), `batches` (audio files to tf.data batches); `synthetic`
makes a corpus. In go folders of recordings; out come a `Corpus`, folders of slices, or batches.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
