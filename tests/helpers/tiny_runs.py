"""The smallest networks and recordings that training runs on, and sessions in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig, TrainConfig
from wavegan_tf.presets.catalogue import change_settings
from wavegan_tf.training.options import SessionOptions

TINY = RunConfig(
    data=DataConfig(first_slice=True),
    network=NetworkConfig(dim=1, kernel_len=5, latent_dim=8, code="binary", code_dim=3),
    train=TrainConfig(batch_size=4, disc_nupdates=2, seed=3))

TINY_FLAGS = ("--first-slice", "--dim=1", "--kernel-len=5", "--latent-dim=8", "--code=binary", "--num_categ=3",
              "--train_batch_size=4", "--wavegan_disc_nupdates=2", "--seed=3")
"""The same on the command line, with the preset `wavegan`."""


def tiny(**changes) -> RunConfig:
    return change_settings(TINY, changes)


def quiet(max_steps: int, **options) -> SessionOptions:
    return SessionOptions(max_steps=max_steps, **{"summary_secs": 0.0, "summary_steps": 2, "cache": "memory",
                                                  "progress": False, **options})


def write_recordings(folder: Path, n: int = 3) -> Path:
    """Write noises of a fifth of a second and more: fewer files than a batch has examples."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(n)
    for i in range(n):
        soundfile.write(folder / f"{i}.wav", rng.uniform(-0.5, 0.5, 3000 + 500 * i), 16000)
    return folder


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "wavegan_tf.cli", "train", *map(str, arguments)]


def session(*arguments: str, task: tuple[int, list[str]] | None = None) -> subprocess.Popen:
    """Start `wavegan-tf train` in a process of its own; `task` is its number among the addresses of all workers."""
    environment = dict(os.environ)
    if task:
        environment["TF_CONFIG"] = json.dumps({"cluster": {"worker": task[1]},
                                               "task": {"type": "worker", "index": task[0]}})
    return subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env=environment)


def finish(process: subprocess.Popen, expected: int = 0, timeout: float = 300.0) -> str:
    output, _ = process.communicate(timeout=timeout)
    assert process.returncode == expected, output[-3000:]
    return output


def arrays(run: Path, step: int) -> dict[str, np.ndarray]:
    """Read every number of a checkpoint, by file and name."""
    folder = run / "checkpoints" / f"step-{step:09d}"
    found = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as stored:
            found |= {f"{path.stem}: {key}": stored[key] for key in stored.files}
    assert found, f"nothing in {folder}"
    return found


def rows(run: Path) -> list[str]:
    """Read metrics.csv without its last column, the speed."""
    return [line.rpartition(",")[0] for line in (run / "metrics.csv").read_text().splitlines()]


def assert_same_up_to_rounding(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray], batchnorm: bool) -> None:
    """Compare two checkpoints: weights to 1e-5, slots (as large as gradients) to 1e-4 of their largest."""
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        if batchnorm and (("conv_" in name and "bias" in name) or "moving_mean" in name):
            continue  # it takes the bias before it out again: that gradient is rounding, and Adam's step of it noise
        size = np.abs(value).max() if "_optimizer: " in name else 0.1
        np.testing.assert_allclose(theirs[name], value, rtol=0, atol=max(1e-4 * size, 1e-9), err_msg=name)
