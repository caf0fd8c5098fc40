"""Python functions inside a tf.data graph (`tf.numpy_function`), without a deadlock at the end of the process.

A pipeline prefetches. A thread that calls Python after the interpreter has begun to shut down waits for ever, the
pipeline waits for the thread, and the process never ends (CPython 3.13; older versions kill the thread). So before the
end we wait until every pipeline has filled its buffers and makes no more calls.
"""

from __future__ import annotations

import atexit
import functools
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from wavegan_tf.tensors import Tensor

__all__ = ["call_python"]

_REST_S = 0.1
"""Pipelines count as idle after so long without a call; between two calls of a busy one are microseconds."""
_PATIENCE_S = 30.0


class _Calls:
    """Counts running calls, and remembers when the last one ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        self._last_s = 0.0

    def run(self, function: Callable[..., Any], *arrays: Any) -> Any:
        with self._lock:
            self._under_way += 1
        try:
            return function(*arrays)
        finally:
            with self._lock:
                self._under_way -= 1
                self._last_s = time.monotonic()

    def wait_for_rest(self) -> None:
        end_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end_s:
            with self._lock:
                if not self._under_way and time.monotonic() - self._last_s > _REST_S:
                    return
            time.sleep(_REST_S / 10)


@functools.cache
def _calls() -> _Calls:
    calls = _Calls()
    atexit.register(calls.wait_for_rest)
    return calls


def call_python(function: Callable[..., Any], inputs: Sequence[tf.Tensor], dtypes: tf.DType | Sequence[tf.DType]
                ) -> Tensor:
    """Call a NumPy function from a graph, as `tf.numpy_function` does; the pipeline around it must have fixed buffers.

    Args:
        function: takes and returns NumPy arrays.
        inputs: its arguments.
        dtypes: of its result, one or a list.

    Returns:
        A tensor, or a list of tensors, as `dtypes`.
    """
    return tf.numpy_function(functools.partial(_calls().run, function), inputs, dtypes)
