"""Acoustic analysis of layers: measures, correlation with the waveform, and layers as sound.

In goes a folder of layers; out come tables of measures, correlations with their chance level, and WAV files.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
