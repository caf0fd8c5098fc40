"""Layers as time series: extracted, measured as sound, swept by latent variables; kept on disk, and as tables.

Rooms: `extraction` (a network's layers to series), `acoustics` (what a series sounds like), `latents` (what a latent
variable does to it).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
