"""Latent variables of a generator: find those that predict a property, sweep them, measure their effect on layers.

In go a generator and latent vectors; out come regressions, interpolations and effects as tables.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
