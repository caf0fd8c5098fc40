"""Using a trained model: audio out of latent vectors, codes out of audio, and how far codes and labels agree.

In go a finished model and latent vectors or recordings; out come WAV files, codes and tables.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
