"""TensorFlow's settings for GPU memory and deterministic operations, and a description of the machine."""

from __future__ import annotations

import os
import platform
from typing import Any

import tensorflow as tf

__all__ = ["describe_devices", "prepare_devices", "warn_of_xla"]


def prepare_devices(deterministic: bool | None = None) -> None:
    """Let GPU memory grow as it is needed, and make operations deterministic; call it before any other operation.

    A process that does so and is killed and started again gives the same weights, bit for bit, on the same CPU with
    the same number of threads.

    Args:
        deterministic: whether the same process always sums in the same order; None: yes without a GPU, where it costs
            nothing, and no with one.
    """
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if deterministic or (deterministic is None and not gpus):
        tf.config.experimental.enable_op_determinism()


def warn_of_xla(xla: bool) -> str:
    """Say that XLA slows training down where there is no GPU; nothing where it does not.

    Args:
        xla: whether the run asks for it.
    """
    if not xla or tf.config.list_physical_devices("GPU"):
        return ""
    return ("note: --xla makes training on a CPU about five times slower (python benchmarks/training_round.py "
            "--xla-rounds 1); it is meant for GPUs; leave it out with --no-xla")


def describe_devices() -> dict[str, Any]:
    """Return host, processor and GPUs, as plain JSON values."""
    gpus = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
            for gpu in tf.config.list_physical_devices("GPU")]
    return {"host": platform.node(), "processor": platform.processor() or platform.machine(),
            "cpu_count": os.cpu_count(), "gpus": gpus,
            "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads()}
