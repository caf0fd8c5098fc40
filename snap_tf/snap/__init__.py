"""Saliency-adjusted neuron activation profiles (SNAPs): aligned activations weighted by saliency, for every group.

In go a network and data; out come profile files, clusters, alignment accuracy, sanity checks and saliency maps. Rooms,
low to high: `alignment`, `frames`, `network` (activations and gradients), `profiles` (sums over frames), `clusters`,
`results` (profile files compared), `sanity`, `saliency` (single recordings).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
