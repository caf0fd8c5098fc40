"""Saliency-adjusted neuron activation profiles: what decides a prediction, averaged over many frames.

Rooms, low to high: `alignment`, `frames`, `network` (one look into it), `profiles` (sums over frames), `clusters`,
`results` (profile files compared), `sanity`, `saliency` (single recordings).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
