"""Presets: named settings of the published runs, each a JSON file of differences from another."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
