"""The commands export, import-tf1 and export-tf1: what they write, what they say, how they refuse."""

import numpy as np
import pytest
import soundfile
from twins import tf1_graph

from wavegan_tf.cli import main
from wavegan_tf.config import RunConfig
from wavegan_tf.training.checkpoints import load_training


def refused(capsys, command, message, folder):
    before = sorted(folder.rglob("*"))
    assert main([str(part) for part in command]) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.startswith("wavegan-tf: error: ")
    assert captured.err.count("\n") == 1 and captured.out == ""
    assert sorted(folder.rglob("*")) == before


def test_from_the_original_to_a_run_to_an_export_and_back(golden_dir, tmp_path, capsys):
    imported, run, exported = tmp_path / "imported", tmp_path / "run", tmp_path / "exported"
    assert main(["import-tf1", str(golden_dir / "tf1/ciwgan_dim2_ckpt"), str(imported), "--code", "ciw", "--run",
                 str(run), "--phaseshuffle", "0", "--batch-size", "2", "--first-slice", "--data_sample_rate",
                 "8000"]) == 0
    out = capsys.readouterr().out
    assert f"step 1: model written to {imported}" in out and f"wavegan-tf train --run {run} --data DIR" in out
    config = RunConfig.load(run / "config.json")
    assert (config.network.phaseshuffle, config.train.batch_size, config.data.first_slice,
            config.data.sample_rate_hz) == (0, 2, True, 8000)
    assert RunConfig.load(imported / "config.json") == config
    assert main(["export", str(run), str(exported)]) == 0
    assert f"model written to {exported}" in capsys.readouterr().out
    assert (exported / "weights/q_network.weights.h5").is_file() and (exported / "saved_model.pb").is_file()
    assert main(["export-tf1", str(run), str(tmp_path / "tf1/model.ckpt-1")]) == 0
    assert "137 variables, with optimisers" in capsys.readouterr().out
    assert main(["export-tf1", str(exported), str(tmp_path / "tf1/weights")]) == 0
    assert "37 variables, weights only" in capsys.readouterr().out
    assert main(["import-tf1", str(tmp_path / "tf1/model.ckpt-1"), str(tmp_path / "again"), "--code", "ciw"]) == 0
    assert RunConfig.load(tmp_path / "again/config.json") == config  # the rest stands in args.txt
    assert int(load_training(run).step) == 1
    assert "from args.txt: batch_size 2, first_slice True, " in capsys.readouterr().out
    refused(capsys, ["export", run, exported], "must be new or empty", tmp_path)
    for name in ("yes/1.wav", "yes/2.wav", "no/3.wav"):
        (tmp_path / "heard" / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "heard" / name, np.sin(np.arange(4000.0) * int(name[-5])), 8000)
    scored = tmp_path / "scored"
    assert main(["export", str(run), str(scored), "--score", str(tmp_path / "heard"), "--label-from", "folder",
                 "--note", "Two words."]) == 0
    assert main(["export", str(run), str(tmp_path / "lone"), "--label-from", "folder"]) == 2
    assert not (tmp_path / "lone").exists()
    card = (scored / "CARD.md").read_text()
    assert f"## Codes of {tmp_path.name}/heard\n" in card and "matching accuracy" in card and "- Two words." in card
    capsys.readouterr()
    refused(capsys, ["export", run, tmp_path / "new", "--step", "4"], "there are 1", tmp_path)


def test_long_networks_need_their_length(tmp_path, capsys):
    prefix = tf1_graph.save(tmp_path / "ckpt", tf1_graph.variables(slice_len=32768))
    refused(capsys, ["import-tf1", prefix, tmp_path / "out"], "add --slice-len", tmp_path)
    assert main(["import-tf1", str(prefix), str(tmp_path / "out"), "--code", "none", "--slice-len", "32768"]) == 0
    assert "phaseshuffle 2: the original's default" in capsys.readouterr().out


@pytest.mark.parametrize(("command", "message"), [
    (["export", "none", "out"], "run (=none) must be the folder of a run; it does not exist"),
    (["export", "empty", "out"], "run (=empty) must be the folder of a run; it has no config.json"),
    (["import-tf1", "none", "out"], "must be the prefix of a TensorFlow checkpoint"),
    (["import-tf1", "ckpt", "out"], "must be ciw (5 classes, ciwGAN) or fiw (5 bits, fiwGAN)"),
    (["import-tf1", "ckpt", "out", "--code", "ciw", "--slice-len", "32768"], "`slice_len` (=32768) must be 16384"),
    (["import-tf1", "ckpt", "out", "--code", "ciw", "--loss", "wgan"], "`loss` (=wgan) must be wgan-gp"),
    (["export-tf1", "none", "out/model.ckpt"], "must be a run folder or an exported model; it does not exist"),
    (["export-tf1", "empty", "out/model.ckpt"], "it holds nothing"),
    (["export-tf1", "empty", "empty"], "prefix (=empty) must be a folder and a name"),
])
def test_refused(golden_dir, tmp_path, monkeypatch, capsys, command, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "ckpt").symlink_to(golden_dir / "tf1/ciwgan_dim2_ckpt")
    refused(capsys, command, message, tmp_path)
