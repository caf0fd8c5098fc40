"""Presets: named hyperparameters of the published experiments, each a JSON file of changes to another preset.

In goes the name of a preset or the path of a JSON file; out comes a `Preset` with a `RunConfig`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
