"""What every test may use: where recordings and reference numbers are, a quiet TensorFlow, fixed threads."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# two threads a process: the fast suite is sized for two cores, and xdist runs several processes
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "2")
os.environ.setdefault("OMP_NUM_THREADS", "2")

# a machine that is busy with other things is no failure
settings.register_profile("project", deadline=None)
settings.load_profile("project")

TESTS = Path(__file__).parent


@pytest.fixture(autouse=True)
def operations_as_they_were() -> Iterator[None]:
    """Let no test leave deterministic operations or a seed behind, which are settings of the whole process.

    With deterministic operations on, as training leaves them, TensorFlow refuses random numbers without a seed; with
    a seed left from elsewhere it does not. Both decide what happens in whichever test comes next.
    """
    yield
    if "tensorflow" in sys.modules:
        import tensorflow as tf
        from tensorflow.python.framework import config  # there is no public way to turn them off

        config.disable_op_determinism()
        tf.random.set_seed(None)


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """Reference numbers that travel with the project, each beside a note of what made it."""
    return TESTS / "golden"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Real recordings and larger reference numbers; they do not travel with the project."""
    folder = Path(os.environ.get("WAVEGAN_TF_SHARED", TESTS.parent.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"recordings for this test are not here ({folder}); set WAVEGAN_TF_SHARED to their folder")
    return folder
