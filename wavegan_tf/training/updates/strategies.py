"""Distributed training on one device, all GPUs of a machine, or several machines: the same weights up to rounding.

Every replica draws the random numbers of the whole batch and takes its rows; batches are cut the same way; gradients
are means over the whole batch. So the number of replicas changes no result, only the order of sums.
"""

from __future__ import annotations

import functools
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from wavegan_tf.config import RunConfig
from wavegan_tf.data.batches.pipeline import SliceSource
from wavegan_tf.errors import ConfigError
from wavegan_tf.formats.json_files import parse_json
from wavegan_tf.tensors import Tensor
from wavegan_tf.training.updates.round import TrainingRound

__all__ = ["Team", "form_team"]

_EXAMPLE = ('{"cluster": {"worker": ["host1:12345", "host2:12345"]}, "task": {"type": "worker", "index": 0}}; '
            "the same cluster on each machine, index 0 on the first, 1 on the second")


@dataclass(frozen=True)
class Team:
    """The replicas of a session and the number of this process among them.

    Attributes:
        strategy: of `tf.distribute`.
        worker: number of this process, from 0.
        n_workers: how many processes there are.
        is_chief: whether this process writes checkpoints and logs; the others only compute.
    """

    strategy: tf.distribute.Strategy
    worker: int = 0
    n_workers: int = 1
    is_chief: bool = True

    @property
    def n_replicas(self) -> int:
        """Devices over all processes."""
        return self.strategy.num_replicas_in_sync

    def check(self, config: RunConfig) -> None:
        """Check that a batch can be divided among the replicas.

        Raises:
            ConfigError: `batch_size` is no multiple of the number of replicas.
        """
        if config.train.batch_size % self.n_replicas:
            raise ConfigError(f"`batch_size` (={config.train.batch_size}) must be a multiple of the {self.n_replicas} "
                              "devices that share it; change --train_batch_size (in a new run) or the devices")

    def batches(self, source: SliceSource, config: RunConfig, first_batch: int) -> Iterator[Tensor]:
        """Iterate over the data of round after round: float32 [disc_nupdates, batch, slice_len, channels], distributed.

        Args:
            source: the training data.
            config: size of a batch, batches in a round.
            first_batch: where to begin.
        """
        batch_size, group = config.train.batch_size, config.train.disc_nupdates
        if self.n_replicas == 1:
            return iter(source.batches(batch_size, group=group, first_batch=first_batch))
        local = self.n_replicas // self.n_workers
        shares = source.batches(batch_size, group=group, first_batch=first_batch, device=None,
                                shard=(self.worker, self.n_workers))
        if local > 1:  # the devices of this process take one element after the other
            shares = shares.flat_map(lambda batches: tf.data.Dataset.from_tensor_slices(
                tf.stack(tf.split(batches, local, axis=1))))
        return iter(self.strategy.distribute_datasets_from_function(lambda context: shares))

    def compile(self, training: TrainingRound) -> Callable[[Tensor], dict[str, tf.Tensor]]:
        """Compile a round over all replicas; its scalars are means over them, which are means over the batch."""
        strategy = self.strategy

        @tf.function
        def run_round(real: Tensor) -> dict[str, tf.Tensor]:
            scalars = strategy.run(training.run, args=(real,))
            return {name: strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
                    for name, value in scalars.items()}

        return run_round

    def any_worker(self, flag: bool) -> bool:
        """Tell whether the flag is set in any process; all must ask together, since all must stop together."""
        return flag if self.n_workers == 1 else bool(self._gather([int(flag)]).any())

    def agree(self, facts: dict[str, str]) -> None:
        """Make sure that all processes train the same thing.

        Args:
            facts: what must be the same, by name.

        Raises:
            ConfigError: something is not.
        """
        if self.n_workers == 1:
            return
        mine = [zlib.crc32(text.encode()) for text in facts.values()]
        numbers = self._gather(mine)
        for i, what in enumerate(facts):
            if len(set(numbers[:, i])) > 1:
                raise ConfigError(f"{what} must be the same for all workers; give all the same command, the same "
                                  "recordings and the same run folder (on a file system that all can reach)")

    def _gather(self, values: list[int]) -> np.ndarray:
        """Return the values of all processes: int64 [n_workers, n_values]."""
        mine = np.zeros([self.n_workers, len(values)], np.int64)
        mine[self.worker] = values
        replicas = self.strategy.run(tf.identity, args=(tf.constant(mine),))
        total = self.strategy.reduce(tf.distribute.ReduceOp.SUM, replicas, axis=None)
        return total.numpy() // (self.n_replicas // self.n_workers)  # each device of a process said the same


def form_team(name: str) -> Team:
    """Make the strategy of a session; `multiworker` needs TF_CONFIG and must come before anything else TensorFlow does.

    Args:
        name: `one`, `mirrored` (all GPUs, or all logical CPUs where there is none) or `multiworker`.

    Raises:
        ConfigError: TF_CONFIG is missing or makes no sense.
    """
    if name == "one":
        return Team(tf.distribute.get_strategy())
    if name == "mirrored":
        return Team(_strategy(name))
    worker, workers = _place_in_cluster(os.environ.get("TF_CONFIG", ""))
    return Team(_strategy(name), worker, workers, is_chief=worker == 0)


@functools.cache
def _strategy(name: str) -> tf.distribute.Strategy:
    """Make a strategy, once in a process: a second one would number its communications as the first did."""
    if name == "multiworker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def _place_in_cluster(text: str) -> tuple[int, int]:
    """Read from TF_CONFIG which process this is, and of how many; a chief comes before the workers."""
    try:
        config = parse_json(text, "it")
        cluster, task = config["cluster"], config["task"]
        chiefs, workers = len(cluster.get("chief", [])), len(cluster.get("worker", []))
        kind, index = task["type"], int(task["index"])
        number = {"chief": index, "worker": chiefs + index}[kind]
        if not 0 <= number < chiefs + workers:
            raise ValueError(f"there is no {kind} {index}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"TF_CONFIG (={text!r}) must name the workers when --strategy is multiworker ({error}), "
                          f"for example {_EXAMPLE}") from error
    return number, chiefs + workers
