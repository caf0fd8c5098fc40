"""What tests of layers share: a small exported model, slices with phones, a corpus in TIMIT's layout."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from wavegan_tf.config import NetworkConfig, RunConfig
from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.slices.manifest import MANIFEST_COLUMNS, MANIFEST_NAME, write_manifest
from wavegan_tf.export.folder import write_model
from wavegan_tf.models.family import build_networks

RATE_HZ = 16000


def random_weights(network, seed=0):
    """Give every weight, biases too, a random value."""
    rng = np.random.default_rng(seed)
    for weight in network.trainable_weights:
        weight.assign(rng.normal(0, 0.2, weight.shape))
    return network


@pytest.fixture(scope="session")
def networks():
    made = build_networks(NetworkConfig(dim=1, latent_dim=12, code="onehot", code_dim=3), seed=0)
    for network in made.named().values():
        random_weights(network)
    return made


@pytest.fixture(scope="session")
def model(networks, tmp_path_factory):
    config = RunConfig(network=NetworkConfig(dim=1, latent_dim=12, code="onehot", code_dim=3))
    return write_model(networks, config, 5, "nowhere", tmp_path_factory.mktemp("model") / "small")


@pytest.fixture(scope="session")
def sounds():
    """float32 [5, 16384, 1]."""
    return np.random.default_rng(1).uniform(-1, 1, (5, 16384, 1)).astype(np.float32)


def write_slices(folder, n=6, rate_hz=RATE_HZ):
    """Six words with [s] or [sh] in them, and the manifest that `wavegan-tf slice` would write."""
    rng, rows = np.random.default_rng(2), []
    for i in range(n):
        word, phone = ("ask", "s") if i % 2 == 0 else ("wash", "sh")
        n_samples = 5000 + 100 * i
        file = f"test/{word}/u{i}_0-{n_samples - 800}.wav"
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / file, rng.uniform(-0.5, 0.5, n_samples), rate_hz, subtype="PCM_16")
        phones = (Segment(400, 1600, "ae"), Segment(1600, 3600 + 40 * i, phone), Segment(3600 + 40 * i, 4600, "k"))
        rows.append({"file": file, "label": word, "word": word, "speaker": f"S{i % 3}", "sex": "F", "dialect": "",
                     "split": "test" if i < 4 else "train", "utterance": f"u{i}", "sentence": "", "start_sample": 0,
                     "end_sample": n_samples - 800, "source_rate_hz": rate_hz, "n_samples": n_samples,
                     "rate_hz": rate_hz, "phones": phones})
    write_manifest(pd.DataFrame(rows)[list(MANIFEST_COLUMNS)], folder / MANIFEST_NAME)
    return folder


@pytest.fixture(scope="session")
def slices(tmp_path_factory):
    return write_slices(tmp_path_factory.mktemp("slices"))


@pytest.fixture
def own_slices(tmp_path):
    """Slices that a test may spoil."""
    return write_slices(tmp_path / "slices")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """Two recordings in TIMIT's layout, with words and phones; the third phone of a word passes its end."""
    root = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(3)
    for speaker in ("FAAA0", "MBBB0"):
        folder = root / "TRAIN" / "DR1" / speaker
        folder.mkdir(parents=True)
        soundfile.write(folder / "SX1.wav", rng.uniform(-0.5, 0.5, 12000), RATE_HZ, subtype="PCM_16")
        (folder / "SX1.phn").write_text(
            "0 1000 h#\n1000 2500 sh\n2500 4000 iy\n4000 7000 ae\n7000 9000 s\n9000 12000 h#\n")
        (folder / "SX1.wrd").write_text("1000 4000 she\n4000 8500 as\n")
        (folder / "SX1.txt").write_text("0 12000 She as.\n")
    return root
