"""Activations of layers as time series: extraction, acoustic measures, and the effect of latent variables on them.

In go a network and recordings or latent vectors; out come series on disk, tables and WAV files. Rooms: `extraction` (a
network's layers to series), `acoustics` (acoustic measures of series), `latents` (effects of latent variables).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
