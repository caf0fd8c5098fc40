"""Layers of real recordings, and of more clips than memory should hold."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from snap_tf.cli import main
from snap_tf.series.extraction.store import open_layers


def run(*args):
    assert main([str(arg) for arg in args]) == 0


def lines(path):
    return [(int(a), int(b), label) for a, b, label in (line.split() for line in path.read_text().splitlines())]


@pytest.mark.shared
def test_phones_of_aligned_words(model, shared_dir, tmp_path):
    corpus = shared_dir / "data" / "aligned" / "librispeech_demo"
    run("layers", model, corpus, tmp_path / "out", "--phones", "s,sh,z", "--layers", "Conv2,Conv4")
    counts, places = Counter(), {}
    for path in corpus.rglob("*.phn"):  # counted from the label files alone
        words = lines(path.with_suffix(".wrd"))
        for start, end, label in lines(path):
            around = [word for word in words if word[0] <= (start + end) / 2 < word[1]]
            if around and label in ("s", "sh", "z"):
                counts[label] += 1
                first, last = max(start, around[0][0]), min(end, around[0][1])
                token = f"{path.parent.name}_{path.stem}_{around[0][0]}-{around[0][1]}"
                places[token.lower(), first - around[0][0] + 400] = last - first
    store = open_layers(tmp_path / "out")
    intervals = store.intervals
    assert Counter(intervals["label"]) == counts
    for row in intervals.itertuples():
        assert places[row.token.rsplit(":", 1)[0].lower(), row.start_sample] == row.end_sample - row.start_sample
    table = pd.read_csv(tmp_path / "out" / "table.csv")
    for name, n_steps in (("Conv2", 1024), ("Conv4", 64)):
        n_points = table[table["layer"] == name].groupby("token", sort=False).size()
        exact = (intervals["end_sample"] - intervals["start_sample"]) * n_steps / 16384
        assert ((n_points.to_numpy() - exact) >= 0).all() and ((n_points.to_numpy() - exact) < 2).all()


@pytest.mark.shared
def test_digits_at_another_rate(model, shared_dir, tmp_path):
    run("layers", model, shared_dir / "data" / "fsdd" / "recordings", tmp_path / "out", "--label-from", r"name:^(\d)",
        "--speaker-from", r"name:_([a-z]+)_", "--layers", "Conv5,logits")
    store = open_layers(tmp_path / "out")
    assert (store.tokens["label"].value_counts() == 30).all() and store.tokens["speaker"].nunique() == 6
    assert store["Conv5"].values.shape == (300, 16) and store.outputs["logits"].shape == (300, 3)
    np.testing.assert_allclose(np.abs(store.stimuli).max(axis=(1, 2))[~store.tokens["cropped"]], 1, atol=1e-6)
    assert (store.tokens["n_samples"] > 16384).equals(store.tokens["cropped"])
    assert (store.tokens["source_rate_hz"] == 8000).all() and store.band_hz([0]) == 4000


@pytest.mark.shared
def test_recordings_without_times_and_hand_labels_in_ipa(model, shared_dir, tmp_path):
    run("layers", model, shared_dir / "data" / "librispeech_layout", tmp_path / "whole", "--layers", "Conv5")
    tokens = open_layers(tmp_path / "whole").tokens
    assert len(tokens) == 6 and tokens["cropped"].all() and set(tokens["speaker"]) == {"19", "27"}
    run("layers", model, shared_dir / "data" / "aligned" / "praatio", tmp_path / "ipa", "--layers", "Conv3")
    store = open_layers(tmp_path / "ipa")
    assert {"mary", "rolled", "barrel"} <= set(store.tokens["label"])
    phones = {p.label for row in store.tokens["phones"] for p in row}
    assert any(not label.isascii() for label in phones)  # came back from the CSV as it was


STREAM = """
import json, resource, sys
import numpy as np
import pandas as pd
from snap_tf.probe import probe
from snap_tf.series.extraction.extract import Selection, write_layers
from snap_tf.series.extraction.stimuli import Stimuli
from wavegan_tf.data.batches.decoding import DecodedFile
from wavegan_tf.models.q_network import QNetwork

def stimuli(n):
    def read(config, numbers):
        rng = np.random.default_rng(0)
        return (DecodedFile(i, rng.uniform(-1, 1, (16384, 1)).astype(np.float32), 0, False) for i in range(n))
    names = [f"t{i}" for i in range(n)]
    table = pd.DataFrame({"token": names, "label": "a", "word": "a", "speaker": "s", "split": "", "file": names,
                          "phones": [()] * n, "rate_hz": 16000, "n_samples": 16384})
    return Stimuli(table, read, "noise")

look, peaks = probe(QNetwork(8, dim=8, seed=0)), []
for n in (300, 1800):
    write_layers(look, stimuli(n), f"{sys.argv[1]}/{n}", Selection(upsample=True), batch_size=64)
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
print(json.dumps(peaks))
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_clips(tmp_path):
    """1,500 more clips write 720 MB more; all of the papers' 5,119 words at dim 64 took 1.1 GB in all."""
    if sys.platform == "darwin":
        pytest.skip("ru_maxrss is in bytes there")
    done = subprocess.run([sys.executable, "-c", STREAM, str(tmp_path)], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parents[3])
    few, many = json.loads(done.stdout.splitlines()[-1])
    assert many - few < 150 and many < 2000
