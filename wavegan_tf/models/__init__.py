"""The networks (generator, discriminator, Q-network) as Keras models, and the feature maps of their inner layers.

In go settings (`NetworkConfig`), latent vectors and audio `[batch, time, channels]`; out come audio, scores, codes and
the feature maps of layers, by name.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
