"""The layers of the Q-network as time series: feature maps averaged, drawn and measured.

    python examples/02_layers_as_time_series.py RESULTS      (the folder of example 01)

Beguš and Zhou's technique: the mean over all feature maps of a convolution, after its activation, is one series per
layer, which can be looked at and measured like a recording.
"""

import sys
from pathlib import Path

import numpy as np

from snap_tf.plots import write_stack
from snap_tf.probe import probe
from snap_tf.series import Selection, find_stimuli, measure, refusal, write_layers


def main(results: Path) -> None:
    """Keep the layers of all words, draw them, and measure one."""
    network = probe(results / "model", part="q_network")
    # All words, those of the training set too: the Q-network has heard generated sounds only, never a recording.
    words = find_stimuli(results / "words")

    # Every layer keeps its own sampling rate; table=True also writes table.csv, for example 03.
    store = write_layers(network, words, results / "layers", Selection(table=True)).layers
    for name in store:
        print(f"{name}: {store[name].n_steps} steps, {store[name].rate_hz:g} Hz")

    # One array per layer: [tokens, steps].
    first, conv1 = store.tokens.iloc[0], store["Conv1"]
    print(f"the first word is {first['label']}; its Conv1 rises up to {conv1.values[0].max():.3f}")

    # The papers' Figure 2: the sound on top, then the layers, at the bottom the logits of the codes.
    print(*write_stack(store, results / "stack"), sep="\n")

    # Praat's measures, where a layer's rate can carry them; a layer that cannot says why.
    f0 = measure("f0", conv1.values[0], conv1.rate_hz)
    print(f"F0 of Conv1: {np.nanmedian(f0.values):.0f} Hz in {np.isfinite(f0.values).sum()} frames of {len(f0.values)}")
    print(f"F0 of Conv5: {refusal('f0', store['Conv5'].rate_hz)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
