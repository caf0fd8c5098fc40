"""Trained networks on their way out: SavedModel and weights in one folder, and the original's checkpoints.

In goes a run; out comes a model folder, or a finished model behind plain arrays (`open_model`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
