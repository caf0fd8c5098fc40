"""The smallest networks: an exported ciwGAN, a run with two checkpoints, a Keras file."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

__all__ = ["LATENT_DIM", "write_keras_file", "write_run", "write_tiny_model"]

LATENT_DIM = 12


@cache
def _tiny_model() -> Path:
    from wavegan_tf.config import NetworkConfig, RunConfig
    from wavegan_tf.export.folder import write_model
    from wavegan_tf.models.family import build_networks

    config = NetworkConfig(dim=1, latent_dim=LATENT_DIM, code="onehot", code_dim=3)
    networks, rng = build_networks(config, seed=0), np.random.default_rng(0)
    for network in networks.named().values():
        for weight in network.trainable_weights:
            weight.assign(rng.normal(0, 0.2, weight.shape))
    return write_model(networks, RunConfig(network=config), 5, "nowhere", Path(mkdtemp()) / "model")


def write_tiny_model(folder: Path, *, weights: bool = True) -> None:
    """Write an exported ciwGAN; without its weights the SavedModel has to serve."""
    shutil.copytree(_tiny_model(), folder)
    if not weights:
        shutil.rmtree(folder / "weights")


def write_run(folder: Path, data: Path) -> None:
    """Train two steps on a folder of audio and keep a checkpoint of each."""
    from wavegan_tf.cli import main

    assert main(["train", "wavegan", "--data", str(data), "--run", str(folder), "--first-slice", "--dim", "1",
                 "--kernel-len", "5", "--latent-dim", "8", "--train_batch_size", "2", "--wavegan_disc_nupdates", "1",
                 "--max-steps", "2", "--save-steps", "1", "--no-progress"]) == 0


def write_keras_file(path: Path) -> None:
    """Write a Keras model of 400 samples: two convolutions and an output."""
    import keras

    keras.utils.set_random_seed(1)
    inputs = keras.Input((400, 1))
    x = keras.layers.Conv1D(3, 5, strides=2, padding="same", activation="relu", name="first")(inputs)
    x = keras.layers.Conv1D(4, 5, strides=2, padding="same", activation="relu", name="second")(x)
    x = keras.layers.Dense(5, name="answer")(keras.layers.GlobalAveragePooling1D()(x))
    keras.Model(inputs, x, name="tiny").save(path)
