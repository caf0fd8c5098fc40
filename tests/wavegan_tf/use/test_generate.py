"""Generated folders: what is in them, the same bytes for the same request, nothing half-written."""

import json

import numpy as np
import pandas as pd
import pytest
import soundfile
import tensorflow as tf

from wavegan_tf.cli import main
from wavegan_tf.errors import ExportError
from wavegan_tf.export.opening import open_model
from wavegan_tf.use.generation import Request, generate
from wavegan_tf.use.vectors import Sweep
from wavegan_tf.use.wav import count_clipped, to_pcm16, write_wav


def test_pcm16_is_the_originals():
    audio = np.array([0, 1, -1, 0.5, -0.5, 2, -2, 0.99999, 1e-5], np.float32)
    # 32767 x, clipped, truncated towards zero
    expected = [0, 32767, -32767, 16383, -16383, 32767, -32767, 32766, 0]
    assert to_pcm16(audio).tolist() == expected and to_pcm16(audio).dtype == np.int16
    graph = tf.cast(tf.clip_by_value(audio * 32767.0, -32767.0, 32767.0), tf.int16)
    np.testing.assert_array_equal(to_pcm16(audio), graph)
    assert count_clipped(audio) == 2


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("as_float", [False, True])
def test_wav_files_read_back(tmp_path, channels, as_float):
    audio = np.random.default_rng(0).uniform(-1.2, 1.2, (50, channels)).astype(np.float32)
    write_wav(tmp_path / "a.wav", audio, 22050, as_float)
    back, rate_hz = soundfile.read(tmp_path / "a.wav", dtype="float32" if as_float else "int16", always_2d=True)
    assert rate_hz == 22050
    np.testing.assert_array_equal(back, audio if as_float else to_pcm16(audio))


def test_what_a_folder_holds(binary_model, tmp_path):
    model = open_model(binary_model)
    request = Request(n=2, seed=3, codes=("011", "0,2.5,0"), sweeps=(Sweep(19, -1, 1, 1),))
    table = generate(model, tmp_path / "out", request)
    written = pd.read_csv(tmp_path / "out/manifest.csv", dtype={"code": str})
    assert len(written) == len(table) == 12
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        [*table["file"], "generate.json", "manifest.csv", "spectrograms.png", "z.npy"])
    assert table["file"][0] == "00000_code-011_z19_-1.wav" and table["file"][11] == "00011_code-0_2.5_0_z19_1.wav"
    z = np.load(tmp_path / "out/z.npy")
    assert z.dtype == np.float32 and z.shape == (12, 20)
    np.testing.assert_array_equal(z[:6, :3], [[0, 1, 1]] * 6)
    np.testing.assert_array_equal(z[6:, :3], [[0, 2.5, 0]] * 6)
    audio = model.generate(z)
    for row in written.to_dict("records"):
        samples, rate_hz = soundfile.read(tmp_path / "out" / row["file"], dtype="int16", always_2d=True)
        np.testing.assert_array_equal(samples, to_pcm16(audio[row["index"]]))
        assert (rate_hz, len(samples)) == (8000, 16384) == (row["rate_hz"], row["n_samples"])
        assert z[row["index"], 19] == row["sweep_value"] and row["sweep_dim"] == 19
    assert written["seed"].unique().tolist() == [3] and written["step"].unique().tolist() == [9]
    record = json.loads((tmp_path / "out/generate.json").read_text())
    assert record["request"]["codes"] == ["011", "0,2.5,0"] and record["step"] == 9
    assert record["config"]["network"]["code_dim"] == 3 and record["versions"]["tensorflow"] == tf.__version__


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_command_gives_the_same_bytes(binary_model, tmp_path, capsys):
    for name in ("a", "b"):
        command = ["generate", str(binary_model), str(tmp_path / name), "-n", "3", "--seed", "7", "--float"]
        assert main(command) == 0
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert "3 sounds written to" in capsys.readouterr().out
    assert main(["generate", str(binary_model), str(tmp_path / "c"), "-n", "3", "--seed", "8", "--float"]) == 0
    assert contents(tmp_path / "c") != contents(tmp_path / "a")


def test_vectors_written_are_vectors_read(binary_model, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["generate", str(binary_model), str(first), "-n", "2", "--all-codes", "--code-scale", "1.5"]) == 0
    assert main(["generate", str(binary_model), str(second), "--z", str(first / "z.npy")]) == 0
    assert len(list(second.glob("*.wav"))) == 16
    wavs = [sorted(folder.glob("*.wav")) for folder in (first, second)]
    assert [path.read_bytes() for path in wavs[0]] == [path.read_bytes() for path in wavs[1]]


def test_interpolation_from_the_command_line(plain_model, tmp_path):
    assert main(["generate", str(plain_model), str(tmp_path / "out"), "--interpolate", "4", "9", "3"]) == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.wav")) == [
        "00000_t0.wav", "00001_t0.5.wav", "00002_t1.wav"]


def test_long_jobs_go_batch_by_batch(plain_model, tmp_path):
    model = open_model(plain_model)
    generate(model, tmp_path / "whole", Request(n=5))
    model.batch_size = 2
    generate(model, tmp_path / "parts", Request(n=5))
    for path in (tmp_path / "whole").glob("*.wav"):
        whole, parts = (soundfile.read(folder / path.name, dtype="int16")[0].astype(int)
                        for folder in (path.parent, tmp_path / "parts"))
        assert np.abs(whole - parts).max() <= 1


def test_a_diverged_model_is_named(plain_model, tmp_path):
    model = open_model(plain_model)
    model.networks.generator.upconvs[0].bias.assign(np.full(model.networks.generator.upconvs[0].bias.shape, np.nan))
    with pytest.raises(ExportError, match="it generates NaN: its training diverged"):
        generate(model, tmp_path / "out", Request(n=1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("options", "message"), [
    (["--code", "0,1"], "code (=0,1) must be the number of a code from 0 to 7, 3 zeros and ones such as 010, or 3 "
                        "values such as 0,2.5,0; this model's code has 3 values"),
    (["--code", "01"], "code (=01) must be"), (["--code", "8"], "code (=8) must be"),
    (["--sweep", "20:0:1:1"], "sweep (DIM=20) must name one of the 20 latent variables"),
    (["--sweep", "1:0:1"], "must read DIM:FROM:TO:STEP"),
    (["-n", "0"], "`n` (=0) must be at least 1"),
    (["--z", "none.npy"], "file of latent vectors (=none.npy) must exist"),
    (["--interpolate", "1", "2", "1"], "interpolation (STEPS=1) must have 2"),
    (["--step", "4"], "`step` (=4) must be left out for an exported model"),
])
def test_bad_requests(binary_model, tmp_path, capsys, options, message):
    assert main(["generate", str(binary_model), str(tmp_path / "out"), *options]) == 2
    captured = capsys.readouterr()
    assert message in captured.err and captured.err.startswith("wavegan-tf: error: ")
    assert captured.err.count("\n") == 1 and captured.out == ""
    assert list(tmp_path.iterdir()) == []


def test_bad_models_and_places(binary_model, plain_model, tmp_path, capsys):
    assert main(["generate", str(tmp_path / "none"), str(tmp_path / "out")]) == 2
    assert "must be a run folder or an exported model; it does not exist" in capsys.readouterr().err
    assert main(["generate", str(plain_model), str(tmp_path / "out"), "--code", "1"]) == 2
    assert "it was trained without a code" in capsys.readouterr().err
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("")
    assert main(["generate", str(binary_model), str(tmp_path / "full")]) == 2
    assert "must be new or empty" in capsys.readouterr().err
