"""WaveGAN, ciwGAN and fiwGAN in TensorFlow and Keras: corpora, networks, training, export."""

from wavegan_tf.moved_modules import find_moved_modules

__version__ = "0.1.0"
__all__ = ["__version__"]

find_moved_modules()
