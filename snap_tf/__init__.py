"""Analyse neural networks that learned speech from raw audio: activations of layers, statistics, saliency profiles."""

from wavegan_tf import __version__

__all__ = ["__version__"]
