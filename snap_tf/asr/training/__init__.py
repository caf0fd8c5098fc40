"""Training of recognisers: CTC updates, the training loop with checkpoints, TensorBoard.

In go settings and a `Corpus`; out comes a run folder with the best network.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
