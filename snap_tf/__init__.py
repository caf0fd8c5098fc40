"""Look inside networks that learned speech from raw sound: layers, statistics, saliency profiles."""

from wavegan_tf import __version__

__all__ = ["__version__"]
