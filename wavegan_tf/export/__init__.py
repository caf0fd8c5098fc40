"""Export of trained networks: SavedModel and weights in one folder, and checkpoints of the original code.

In goes a run; out comes a model folder. `open_model` opens either: a model that takes and returns NumPy arrays.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
