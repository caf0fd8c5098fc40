"""WaveGAN, ciwGAN and fiwGAN in TensorFlow and Keras: corpora, networks, training, export."""

__version__ = "0.1.0"
__all__ = ["__version__"]
