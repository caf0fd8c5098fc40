"""Using a trained model: generate audio from latent vectors, classify audio, compare codes with labels.

In go a trained model and latent vectors or recordings; out come WAV files, codes and tables.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
