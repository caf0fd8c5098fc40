"""Pictures and texts for TensorBoard are all there, or their file is named: TensorFlow drops what it cannot write."""

import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
from matplotlib.figure import Figure

from snap_tf.plots.tensorboard import write_images, write_texts

LIMITED = """
import resource, sys
from snap_tf.plots.tensorboard import write_texts
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))  # a write beyond fails
try:
    write_texts(sys.argv[1], {"a": "text", "b": "x" * 100_000})
except OSError as error:
    print(error)
"""


def test_texts_are_all_there(tmp_path: Path) -> None:
    write_texts(tmp_path / "logs", {"a": "1", "b": "2"})
    file, = (tmp_path / "logs").iterdir()
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset([str(file)])]
    assert [value.tag for event in events for value in event.summary.value] == ["a", "b"]


def test_pictures_stand_at_their_step(tmp_path: Path) -> None:
    figure = Figure((2, 1))
    write_images(tmp_path / "logs", {"a": figure}, step=7, dpi=50)
    file, = (tmp_path / "logs").iterdir()
    shown = [(event.step, value) for event in tf.compat.v1.train.summary_iterator(str(file))
             for value in event.summary.value]
    assert [(step, value.tag) for step, value in shown] == [(7, "a")]
    width, height, png = shown[0][1].tensor.string_val
    assert (width, height) == (b"100", b"50") and tf.io.decode_png(png).shape == (50, 100, 4)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"file/logs") as caught:
        write_texts(tmp_path / "file" / "logs", {"a": "1"})
    assert not isinstance(caught.value, tf.errors.OpError)


@pytest.mark.slow
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED, tmp_path], capture_output=True, text=True, check=False)
    file, = tmp_path.iterdir()
    assert done.stdout == f"[Errno 5] not everything could be written; the disk may be full: '{file}'\n", done.stderr
