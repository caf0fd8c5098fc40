"""A write that fails names the file as the user knows it, whichever library wrote it."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from wavegan_tf.atomic import atomic_file, atomic_files, atomic_folder
from wavegan_tf.errors import DataError
from wavegan_tf.files.flush import sync
from wavegan_tf.files.write_errors import named_errors

WRITERS = """
import sys
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.io import wavfile
from wavegan_tf.data.audio.wav_writing import write_wav_file
from wavegan_tf.formats.npz_writing import write_npz
values = np.random.default_rng(0).uniform(-1, 1, 20_000)
def draw(path):
    figure = Figure()
    figure.subplots().imshow(values.reshape(100, 200))
    figure.savefig(path)
def by_stream(path):
    from snap_tf.series.extraction.npy_stream import NpyStream
    with NpyStream(path) as stream:
        stream.append(values[None])
writers = {
    "a.npy": lambda path: np.save(path, values), "b.npy": by_stream,
    "a.npz": lambda path: write_npz(path, [("a", values)]), "a.wav": lambda path: write_wav_file(path, values, 16000),
    "b.wav": lambda path: wavfile.write(path, 16000, values), "a.csv": lambda path: pd.DataFrame(values).to_csv(path),
    "a.txt": lambda path: path.write_text("a" * 100_000), "a.png": draw, "a.pdf": draw}
if sys.argv[3:] == ["keras"]:
    import keras
    import tensorflow as tf
    network = keras.Sequential([keras.Input((100,)), keras.layers.Dense(200)])
    writers = {"a.keras": network.save, "model": lambda path: tf.saved_model.save(network, str(path))}
"""
LIMITED = WRITERS + """
import resource
from pathlib import Path
from wavegan_tf.atomic import atomic_file, atomic_folder
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))  # a write beyond fails
out = Path(sys.argv[1])
for name, write in writers.items():
    try:
        if sys.argv[2] == "folder":
            with atomic_folder(out) as folder:
                (folder / "before").write_text("1")
                write(folder / name)
        else:
            with atomic_file(out / name) as file:
                write(file)
    except OSError as error:
        print(f"{name}: {error}")
"""


def told(tmp_path: Path, *arguments: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", LIMITED, tmp_path / "out", *arguments], capture_output=True, text=True,
                          check=False, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    return done.stdout.splitlines()


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_every_writer_names_its_file(kind: str, tmp_path: Path) -> None:
    names = ["a.npy", "b.npy", "a.npz", "a.wav", "b.wav", "a.csv", "a.txt", "a.png", "a.pdf"]
    places = {name: tmp_path / "out" / name for name in names}
    if kind == "folder":  # the library removes a bitmap that it could not write
        places["a.png"] = tmp_path / "out"
    assert told(tmp_path, kind) == [f"{name}: [Errno 27] File too large: '{places[name]}'" for name in names]


@pytest.mark.slow
def test_keras_and_tensorflow_name_theirs(tmp_path: Path) -> None:
    lines = told(tmp_path, "folder", "keras")
    # TensorFlow removes the file that it could not write
    assert lines == [f"a.keras: [Errno 27] File too large: '{tmp_path / 'out' / 'a.keras'}'",
                     f"model: [Errno 27] File too large: '{tmp_path / 'out'}'"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG])
def test_errors_of_the_disk_get_the_name_of_the_file_written_last(number: int, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=os.strerror(number)) as caught, atomic_folder(tmp_path / "out") as folder:
        (folder / "deep").mkdir()
        (folder / "first").write_text("1")
        os.utime(folder / "first", (1, 1))
        (folder / "deep" / "second").write_text("2")
        raise OSError(number, os.strerror(number))
    assert (caught.value.errno, caught.value.filename) == (number, str(tmp_path / "out" / "deep" / "second"))
    with pytest.raises(OSError, match=os.strerror(number)) as caught, atomic_files(tmp_path / "out") as folder:
        raise RuntimeError(f"unable to flush (error message = '{os.strerror(number)}', buf = 0x0)")  # as HDF5 says it
    assert (caught.value.errno, caught.value.filename) == (number, str(tmp_path / "out"))


def test_other_errors_stay_as_they_are(tmp_path: Path) -> None:
    for error in (OSError("no number"), OSError(errno.ENOMEM, "Cannot allocate memory"), BrokenPipeError(32, "Broken"),
                  FileNotFoundError(2, "No such file", "/elsewhere"), ValueError("a value"),
                  DataError("its disk says: No space left on device")):
        with pytest.raises(type(error)) as caught, atomic_file(tmp_path / "out"):
            raise error
        assert caught.value is error


def test_a_sync_that_fails_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk may be told only when everything is to be on it."""
    def fail(handle: int) -> None:
        if Path(f"/proc/self/fd/{handle}").readlink().name == "table":
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error") as caught, atomic_folder(tmp_path / "out") as folder:
        (folder / "table").touch()
        os.utime(folder / "table", (1, 1))
        (folder / "written later").touch()
    assert caught.value.filename == str(tmp_path / "out" / "table") and not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EINVAL, errno.EBADF])
def test_only_what_cannot_be_synced_at_all_is_passed_over(number: int, tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems sync no folders; every other reason means that the disk does not have it."""
    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    if number in (errno.EINVAL, errno.EBADF):
        sync(tmp_path)
    else:
        with pytest.raises(OSError, match=re.escape(os.strerror(number))) as caught:
            sync(tmp_path)
        assert (caught.value.errno, caught.value.filename) == (number, str(tmp_path))


def test_files_written_in_place_are_named_too(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File too large") as caught, named_errors(tmp_path / "a", tmp_path / "a"):
        raise OSError(27, "File too large")
    assert caught.value.filename == str(tmp_path / "a")
