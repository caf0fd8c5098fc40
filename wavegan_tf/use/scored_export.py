"""Export a run with a card that says how far its codes agree with recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wavegan_tf.errors import ConfigError
from wavegan_tf.export.folder import export_run
from wavegan_tf.export.opening import open_model
from wavegan_tf.files.claims import claim
from wavegan_tf.files.outputs import new_folder
from wavegan_tf.use.classify import classify_folder

__all__ = ["export_scored"]


def export_scored(run: str | Path, out: str | Path, folder: str | Path, step: int | None = None, *,
                  label_from: str = "auto", limits: Sequence[str] = (), progress: bool = False) -> Path:
    """Export a run; the agreement of its Q-network's codes with labelled recordings goes into the card.

    Args:
        run: see `export.folder.export_run`.
        out: a new or empty folder.
        folder: the recordings, which training has not heard.
        step: which checkpoint; the last one by default.
        label_from: where the labels are, see `use.classify.classify_folder`.
        limits: sentences for the card, on what the model does not show.
        progress: show bars on stderr.

    Returns:
        `out`.

    Raises:
        ExportError: no such run or checkpoint, or `out` is not empty.
        ConfigError: there is no Q-network, or there are no labels.
        DataError: no usable audio.
        OSError: a file cannot be written.

    Example:
        >>> from wavegan_tf.use import export_scored
        >>> folder = export_scored("run", "model", "corpus", label_from="folder")
        >>> "## Codes of corpus" in (folder / "CARD.md").read_text()
        True
    """
    with claim(new_folder(out)):
        scored = classify_folder(open_model(run, step), folder, label_from=label_from, progress=progress)
        if scored.agreement is None:
            raise ConfigError(f"--score (={folder}) must have labels; it has none; name a folder that wavegan-tf slice "
                              "wrote, or say where they are with --label-from")
        where = "/".join(Path(folder).parts[-2:])
        lines = ["Recordings the network has not heard:", "", "```text", *str(scored.agreement).splitlines(), "```"]
        return export_run(run, out, step, facts={f"Codes of {where}": lines}, limits=limits)
