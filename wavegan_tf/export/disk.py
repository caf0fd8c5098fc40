"""TensorFlow's errors of writing to the disk, turned into `OSError`."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from wavegan_tf.files.write_errors import write_errno

__all__ = ["disk_errors"]


@contextmanager
def disk_errors(path: object) -> Iterator[None]:
    """Raise OSError where TensorFlow could not write below `path`, for whatever reason it gives."""
    try:
        yield
    except tf.errors.OpError as error:
        text, number = str(error) or type(error).__name__, write_errno(error)
        if number is None:
            raise OSError(errno.EIO, f"writing failed ({text.splitlines()[0]})", str(path)) from error
        raise OSError(number, os.strerror(number), str(path)) from error
