"""Figures and printed tables as TensorBoard summaries."""

from __future__ import annotations

import contextlib
import errno
import io
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from matplotlib.figure import Figure

from wavegan_tf.errors import DataError
from wavegan_tf.files.write_errors import write_errno
from wavegan_tf.formats.pictures import read_png

__all__ = ["write_images", "write_texts"]


def write_images(folder: str | Path, pictures: Mapping[str, Figure | str | Path], step: int = 0, dpi: int = 150
                 ) -> None:
    """Write figures or PNG files as image summaries for TensorBoard.

    Args:
        folder: of the event file; `tensorboard --logdir` takes it or one above it.
        pictures: figures or PNG files by tag.
        step: step of the summaries, such as that of the checkpoint.
        dpi: dots per inch of figures.

    Raises:
        DataError: a file that is no PNG.
        OSError: a file cannot be read or written.

    Example:
        >>> from pathlib import Path
        >>> from matplotlib.figure import Figure
        >>> from snap_tf.plots import write_images
        >>> figure = Figure(figsize=(2, 1))
        >>> line = figure.subplots().plot([0, 1, 4])
        >>> write_images("logs", {"squares": figure})
        >>> [path.name.split(".")[2] for path in Path("logs").iterdir()]  # then: tensorboard --logdir logs
        ['tfevents']
    """
    import tensorflow as tf

    images = {tag: _png(picture, dpi) for tag, picture in pictures.items()}
    with _events(folder, step, len(images)):
        for tag, png in images.items():
            try:
                pixels = tf.io.decode_png(png, channels=4)
            except tf.errors.InvalidArgumentError as error:
                raise DataError(f"picture (={pictures[tag]}) must be a PNG file; write the .png one") from error
            tf.summary.image(tag, pixels[None])


def write_texts(folder: str | Path, texts: Mapping[str, str], step: int = 0) -> None:
    """Write printed tables as text summaries for TensorBoard, with their columns aligned.

    Args:
        folder: see `write_images`.
        texts: by tag.
        step: see `write_images`.

    Raises:
        OSError: a file cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from snap_tf.plots import write_texts
        >>> write_texts("logs", {"scores": "layer  score\\nConv1   0.25"})
        >>> len(list(Path("logs").iterdir()))
        1
    """
    import tensorflow as tf

    with _events(folder, step, len(texts)):
        for tag, text in texts.items():
            # indented by four, Markdown leaves a table as it is
            tf.summary.text(tag, "\n".join(f"    {line}" for line in text.splitlines()))


@contextmanager
def _events(folder: str | Path, step: int, n: int) -> Iterator[None]:
    """Write `n` summaries into a new event file, and check that they are there: TensorFlow does not report it."""
    import tensorflow as tf

    suffix = f".{secrets.token_hex(4)}"
    try:
        writer = tf.summary.create_file_writer(str(folder), filename_suffix=suffix)
        with writer.as_default(step=step):
            yield
        writer.close()
    except (tf.errors.UnknownError, tf.errors.FailedPreconditionError, tf.errors.PermissionDeniedError,
            tf.errors.NotFoundError) as error:
        raise OSError(write_errno(error) or errno.EIO, f"writing failed ({str(error).splitlines()[0]})", str(folder)
                      ) from error
    for path in Path(folder).glob(f"*{suffix}"):
        if _n_whole(path) < n + 1:  # the first one names the version
            raise OSError(errno.EIO, "not everything could be written; the disk may be full", str(path))


def _n_whole(path: Path) -> int:
    """Count the records of an event file, up to one that is not whole."""
    import tensorflow as tf

    n = 0
    with contextlib.suppress(tf.errors.DataLossError):
        for _ in tf.data.TFRecordDataset([str(path)]):
            n += 1
    return n


def _png(picture: Figure | str | Path, dpi: int) -> bytes:
    if not isinstance(picture, Figure):
        return read_png(picture)
    buffer = io.BytesIO()
    picture.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()
