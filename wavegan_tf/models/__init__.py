"""The networks: generator, discriminator, Q-network, and the layers they let one look into.

In go settings (`NetworkConfig`) and tensors `[batch, time, channels]`; out come Keras models with named inner layers.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
