"""`snap-tf saliency`: which logit is explained, files with axes, pictures, refusals."""

import errno
import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile
import tensorflow as tf

from snap_tf.asr.network.wav2letter import build_network
from snap_tf.asr.runs import save_best
from snap_tf.asr.spectrograms.features import log_mel, mel_centres_hz
from snap_tf.asr.transcripts.alphabet import PHONES
from snap_tf.cli import main
from snap_tf.plots.snap.saliency import saliency_figure
from snap_tf.snap.saliency.heard import HeardBy, open_listener
from snap_tf.snap.saliency.saliency_maps import SaliencyOptions, choose_target, saliency_map
from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.models.family import build_networks

LENGTH = 128 * 59  # 60 steps of a spectrogram, 30 of the output


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * 500 * np.arange(LENGTH) / 16000)).astype(np.float32)


@pytest.fixture(scope="module")
def recording(sound: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sounds") / "tone.wav"
    soundfile.write(path, sound, 16000, "FLOAT")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    save_best(run, build_network("W2P_shallow", 0.05, seed=1), {})
    return run


@pytest.fixture(scope="module")
def listener(run: Path) -> HeardBy:
    return open_listener(run)


def spiky(*spikes: tuple[int, str, float]) -> np.ndarray:
    """Logits of 30 steps with blank everywhere, and classes above it here and there."""
    logits = np.zeros((30, 62))
    logits[:, PHONES.blank] = 5.0
    for step, name, value in spikes:
        logits[step, PHONES.symbols.index(name)] = value
    return logits


def test_which_logit_is_explained(listener: HeardBy) -> None:
    logits = spiky((4, "s", 9.0), (12, "aa", 6.0), (13, "aa", 7.0), (25, "iy", 8.0), (20, "s", 4.0))

    def chosen(**wanted: object) -> tuple[str, int]:
        target = choose_target(listener, logits, **wanted)
        assert target.time_s == pytest.approx(target.step * 0.016)
        assert target.logit == logits[target.step, PHONES.symbols.index(target.name)]
        return target.name, target.step

    assert chosen() == ("aa", 13)  # the spike nearest to step 15, where its run is highest
    assert chosen(name="s") == ("s", 4)
    assert chosen(time_s=0.32) == ("s", 20)  # the best class but blank
    assert chosen(name="iy", time_s=0.32) == ("iy", 20)
    assert choose_target(listener, spiky()).step == 15  # nothing but blanks: the middle
    target = choose_target(listener, logits, "s")
    assert target.probability == pytest.approx(np.exp(9) / (np.exp(9) + np.exp(5) + 60))


def test_input_map_is_the_gradient_for_this_recording(listener: HeardBy, recording: Path, sound: np.ndarray) -> None:
    found = saliency_map(listener, recording, class_name="s", time_s=0.16)
    features = log_mel(tf.constant(sound))[None]
    with tf.GradientTape() as tape:
        tape.watch(features)
        logit = listener.opened.network(features, training=False)[0, 10, PHONES.symbols.index("s")]
    np.testing.assert_allclose(found.inputs, features[0], atol=1e-5)
    np.testing.assert_allclose(found.values, tape.gradient(logit, features)[0], atol=1e-6)
    assert (found.rate_hz, found.input_rate_hz, found.target.step) == (125.0, 125.0, 10)
    np.testing.assert_allclose(found.times_s, np.arange(60) * 0.008)
    # W2P_shallow sees 96 steps: output step 10 sees inputs 2 * 10 - 47 to 2 * 10 + 48, whatever they are
    assert np.abs(found.values[:49]).max() > 0
    steps = np.abs(saliency_map(listener, recording, class_name="s", time_s=0.0).values).max(axis=1)
    assert steps[:49].all() and not steps[49:].any()


@pytest.mark.parametrize(("method", "shape"), [("input", (60, 128)), ("smoothgrad", (60, 128)), ("gradcam", (30,)),
                                               ("scorecam", (30,)), ("optimised", (60, 128))])
def test_command(method: str, shape: tuple[int, ...], run: Path, recording: Path, tmp_path: Path,
                 capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["saliency", str(run), str(recording), str(tmp_path / "map"), "--method", method, "--class", "aa",
                 "--n-samples", "3", "--n-steps", "10", *(["--layer", "layer_2"] if "cam" in method else [])]) == 0
    out = capsys.readouterr().out
    assert out.startswith("explained: `aa` at 0.") and ("optimised: logit" in out) == (method == "optimised")
    file = np.load(tmp_path / "map.npz")
    about = json.loads(str(file["about"]))
    assert file["values"].shape == shape and file["times_s"].shape == shape[:1]
    assert (about["options"]["method"], about["target"]["name"], about["source"]) == (method, "aa", "tone.wav")
    assert about["options"]["layer"] == ("layer_2" if "cam" in method else "") and len(about["weights"]) == 16
    np.testing.assert_allclose(file["frequencies_hz"], mel_centres_hz())
    assert (tmp_path / "map.png").stat().st_size > 5000
    if method == "optimised":
        assert about["optimised_logit"] > about["target"]["logit"]


def test_layers_and_spaces_may_be_called_as_in_figures(listener: HeardBy, recording: Path) -> None:
    options = {name: SaliencyOptions(method="gradcam", layer=name) for name in ("L2", "layer_2")}
    figures, own = (saliency_map(listener, recording, class_name="aa", options=each) for each in options.values())
    assert figures.options == own.options
    np.testing.assert_array_equal(figures.values, own.values)
    letters = replace(listener, classes=("a", " ", "'"))
    assert letters.class_number("space") == letters.class_number(" ") == 1
    with pytest.raises(ConfigError, match=r"must be one of a space ', or a number"):
        letters.class_number("z")


def test_pictures_have_seconds_and_kilohertz(listener: HeardBy, recording: Path) -> None:
    figure = saliency_figure(saliency_map(listener, recording, class_name="s", time_s=0.16))
    above, below = figure.axes[:2]
    assert below.get_xlabel() == "time (s)" and below.get_ylabel() == "frequency (kHz)"
    assert below.get_xlim() == (0.0, pytest.approx(60 / 125))
    assert [line.get_xdata()[0] for line in below.lines] == [pytest.approx(0.16)]
    # the tick of 1 kHz lies at the band whose centre is there
    row = dict(zip((t.get_text() for t in below.get_yticklabels()), below.get_yticks(), strict=True))["1"]
    assert np.interp(row, np.arange(128), mel_centres_hz()) == pytest.approx(1000.0)
    (low, high) = below.images[0].get_clim()
    assert low == -high < 0  # white is 0
    assert "gradient for s at 0.160 s" in above.get_title(loc="left")


def test_an_optimised_input_starts_from_what_the_network_takes_for_the_mean(listener: HeardBy) -> None:
    found = saliency_map(listener, None, class_name="iy", options=SaliencyOptions("optimised", n_steps=3))
    assert found.inputs.shape == (206, 128) and found.source == "neutral" and found.target.step == 51
    np.testing.assert_array_equal(found.inputs[0], listener.opened.network.get_layer("norm_1").moving_mean)
    with pytest.raises(ConfigError, match="goes with --method optimised and a --class"):
        saliency_map(listener, None, class_name="iy")


def test_networks_that_hear_samples(recording: Path, tmp_path: Path) -> None:
    q_network = build_networks(NetworkConfig(dim=2, code="binary", code_dim=3), seed=1).q_network
    found = saliency_map(open_listener(q_network), recording, class_name="2")
    assert found.values.shape == found.inputs.shape == (16384, 1)  # filled up with zeros
    assert not found.inputs[LENGTH:].any() and not len(found.frequencies_hz)
    assert (found.target.name, found.target.step, found.rate_hz) == ("class_2", None, 16000)
    assert found.times_s[0] == pytest.approx(0.5 / 16000)
    labels = [axes.get_ylabel() for axes in saliency_figure(found).axes[:3]]
    assert labels == ["amplitude", "gradient", "frequency (kHz)"]
    assert found.values.std() > 0

    inputs = keras.Input((None, 1))
    any_length = keras.Model(inputs, keras.layers.Conv1D(4, 8, strides=4)(inputs))
    any_length.save(tmp_path / "any.keras")
    found = saliency_map(open_listener(tmp_path / "any.keras"), recording)
    assert found.values.shape == (LENGTH, 1) and found.target.step == ((LENGTH - 8) // 4 + 1) // 2


def test_a_map_without_its_picture_is_not_left(run: Path, recording: Path, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("snap_tf.plots.style.write_npz", full)
    assert main(["saliency", str(run), str(recording), str(tmp_path / "map"), "--class", "aa"]) == 2
    assert not list(tmp_path.iterdir())


def refusal(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    capsys.readouterr()
    assert main(["saliency", *map(str, argv)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("snap-tf: error: ") and error.count("\n") == 1, error
    return error


def test_refusals(run: Path, recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert "`class` (=zz) must be one of iy ih" in refusal(capsys, run, recording, out, "--class", "zz")
    assert "`time` (=9.0) must be inside the recording: 0 to 0.464" in refusal(capsys, run, recording, out, "--time", 9)
    for never in ("nan", "inf"):
        assert f"`time` (={never}) must be inside" in refusal(capsys, run, recording, out, "--time", never)
    assert "`part` (=q_network) goes with models of wavegan-tf" in refusal(
        capsys, run, recording, out, "--part", "q_network")
    assert "`layer` (=layer_9) must be one of layer_1" in refusal(
        capsys, run, recording, out, "--method", "gradcam", "--layer", "layer_9")
    assert "goes with gradcam and scorecam" in refusal(capsys, run, recording, out, "--layer", "layer_1")
    assert "--method optimised" in refusal(capsys, run, "neutral", out)
    assert "none.wav" in refusal(capsys, run, tmp_path / "none.wav", out)
    assert "must be a run folder or an exported model" in refusal(capsys, tmp_path / "no", recording, out)
    keras.Sequential([keras.Input((4, 7)), keras.layers.Conv1D(2, 2)]).save(tmp_path / "seven.keras")
    assert "must be a Keras network that hears audio" in refusal(capsys, tmp_path / "seven.keras", recording, out)
    (tmp_path / "empty.wav").write_bytes(b"")
    assert "empty.wav" in refusal(capsys, run, tmp_path / "empty.wav", out)
    assert not list(tmp_path.glob("out*"))
