"""Sonification: layers of many tokens as WAV files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from snap_tf.series.acoustics.measures.sound import write_sound
from snap_tf.series.extraction.store import LayerStore
from wavegan_tf.formats.tables import write_table
from wavegan_tf.label_names import FolderNames, file_name

__all__ = ["write_sounds"]


def write_sounds(store: LayerStore, folder: Path, layers: Sequence[str], rows: Sequence[int], rate_hz: int = 16000
                 ) -> pd.DataFrame:
    """Write layers as WAV files, one per token (`Conv4/00003_ask.wav`), and a table of them, sounds.csv.

    Args:
        store: the layers.
        folder: existing folder.
        layers: names.
        rows: of `store.tokens`.
        rate_hz: of the files.

    Returns:
        What sounds.csv holds: file, token, label, layer, layer_rate_hz, rate_hz, gain (what the series was multiplied
        by, so that its largest sample is 0.99).

    Raises:
        ConfigError: a rate that no WAV has.
        OSError: a file cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from snap_tf.probe import probe
        >>> from snap_tf.series import find_stimuli, write_layers, write_sounds
        >>> q_network = probe("saved_models/fiwgan", ["Conv1"])
        >>> written = write_layers(q_network, find_stimuli("corpus", words=["water"]), "layers")
        >>> Path("sounds").mkdir()
        >>> table = write_sounds(written.layers, Path("sounds"), ["Conv1"], rows=[0, 1])
        >>> table[["label", "layer", "rate_hz"]].values.tolist()
        [['water', 'Conv1', 16000], ['water', 'Conv1', 16000]]
    """
    found, names = [], FolderNames(("sounds.csv",))
    for name in layers:
        series = store[name]
        place = names.name(series.paper_name)
        (folder / place).mkdir(exist_ok=True)
        for row in rows:
            token = store.tokens.iloc[row]
            file = f"{place}/{row:05d}_{file_name(*str(token['token']).split('/'))}.wav"
            gain = write_sound(series.values[row], series.rate_hz, folder / file, rate_hz)
            found.append({"file": file, "token": token["token"], "label": token["label"], "layer": series.paper_name,
                          "layer_rate_hz": series.rate_hz, "rate_hz": rate_hz, "gain": gain})
    table = pd.DataFrame(found)
    write_table(table, folder / "sounds.csv", float_format="%.9g")
    return table
