"""Acoustics of layers: measure a folder of layers, correlate layers with the waveform, hear them.

In goes a folder of layers; out come tables of measures, correlations with their chance level, and WAV files.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
