"""A run exported, step by step chosen, with what the run tells about data and training."""

import json

import numpy as np
import pytest

from wavegan_tf.config import NetworkConfig, RunConfig
from wavegan_tf.errors import ExportError
from wavegan_tf.export.folder import export_run
from wavegan_tf.export.opening import open_model
from wavegan_tf.models.family import build_networks
from wavegan_tf.training.checkpoints import save_checkpoint
from wavegan_tf.training.runs import create_run
from wavegan_tf.training.updates.round import TrainingRound


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with checkpoints of steps 3 and 8; the bias of the output tells them apart."""
    folder = tmp_path_factory.mktemp("runs") / "words"
    config = RunConfig(network=NetworkConfig(dim=1, latent_dim=5))
    training = TrainingRound(build_networks(config.network, seed=0), config)
    create_run(folder, config)
    for step in (3, 8):
        training.step.assign(step)
        training.networks.discriminator.dense.bias.assign([float(step)])
        save_checkpoint(training, folder)
    sessions = [{"event": "start", "step": 0, "data": "/home/somebody/slices/train", "slices_per_epoch": 512,
                 "data_fingerprint": "abc", "options": {"split": ""}, "time": "2026-01-01T23:00:00+00:00",
                 "machine": {"processor": "x86_64", "cpu_count": 4, "gpus": []}},
                {"event": "end", "step": 3, "time": "2026-01-02T00:30:00+00:00"},
                {"event": "start", "step": 3, "data": "/home/somebody/slices", "options": {"split": "test"}},
                {"event": "start", "step": 8, "data": "/home/somebody/later"}]
    (folder / "sessions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in sessions) + '{"event": "sta')
    (folder / "metrics.csv").write_text("step,d_loss,q_loss\n2,-1.5,\n7,-0.25,1.75\n9,0,0\n")
    return folder


@pytest.mark.parametrize(("step", "found"), [(None, 8), (3, 3)])
def test_which_step(run, tmp_path, step, found):
    export_run(run, tmp_path / "model", step)
    model = open_model(tmp_path / "model")
    assert model.step == found == open_model(run, step).step
    assert float(model.networks.discriminator.dense.bias.numpy()[0]) == found
    audio = np.zeros((1, 16384, 1))
    np.testing.assert_array_equal(model.discriminate(audio), open_model(run, step).discriminate(audio))


def test_the_card_tells_data_and_metrics_and_no_paths(run, tmp_path):
    export_run(run, tmp_path / "model", 3)
    card = (tmp_path / "model/CARD.md").read_text()
    assert "From run words." in card and "WaveGAN: 16384 samples" in card
    assert "## Data\n\n- slices/train, 512 slices per epoch, fingerprint abc\n\n" in card
    assert "## Machine and time\n\n- steps 0 to 3 in 1.5 h on x86_64, 4 processors, no GPU\n\n" in card
    assert "## Metrics\n\nAt step 2:\n\n- d_loss: -1.5\n\n" in card
    export_run(run, tmp_path / "later", facts={"Codes": ["one", "two"]}, limits=["No words."])
    card = (tmp_path / "later/CARD.md").read_text()
    assert "fingerprint abc\n- somebody/slices, split test\n\n" in card and "- q_loss: 1.75" in card
    assert "## Codes\n\none\ntwo\n\n" in card and "may be recognisable.\n- No words.\n" in card
    for file in (tmp_path / "model").rglob("*.*"):
        assert b"/home/" not in file.read_bytes() and str(tmp_path).encode() not in file.read_bytes(), file


def test_what_is_no_run(run, tmp_path):
    with pytest.raises(ExportError, match=r"`step` \(=5\) must be one that has a checkpoint in .*; there are 3, 8"):
        export_run(run, tmp_path / "model", 5)
    export_run(run, tmp_path / "model")
    with pytest.raises(ExportError, match=r"run \(=.*\) must be the folder of a run; it is an exported model already"):
        export_run(tmp_path / "model", tmp_path / "again")
    with pytest.raises(ExportError, match="must be the folder of a run; it does not exist"):
        export_run(tmp_path / "none", tmp_path / "again")
    with pytest.raises(ExportError, match="must be new or empty"):
        export_run(run, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
