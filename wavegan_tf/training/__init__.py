"""Training of WaveGAN, ciwGAN and fiwGAN: training loop, optimisers, checkpoints, metrics, TensorBoard.

In go settings and a folder of audio; out comes a run folder: `config.json`, checkpoints, `metrics.csv`, event files.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
