"""From recordings to training batches: corpora, slices, decoding, the tf.data pipeline.

Rooms, low to high: `audio` (recordings to samples), `phones` (phone symbols), `labels` (label files), `corpora`
(folders to `Corpus`), `slices` (tokens to WAV files), `batches` (files to tf.data batches); `synthetic` makes a corpus.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
