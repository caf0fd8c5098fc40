"""TensorFlow's failed writes as the `OSError` they are."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

__all__ = ["disk_errors"]


@contextmanager
def disk_errors(path: object) -> Iterator[None]:
    """Raise OSError where TensorFlow or HDF5 could not write below `path`; a full disk keeps its error number."""
    try:
        yield
    except (tf.errors.OpError, OSError) as error:
        text = str(error)
        if isinstance(error, tf.errors.ResourceExhaustedError) or "No space left" in text or "errno = 28" in text:
            raise OSError(errno.ENOSPC, "No space left on device", str(path)) from error
        if isinstance(error, OSError):
            raise
        raise OSError(f"writing {path} failed: {text.splitlines()[0] if text else type(error).__name__}") from error
