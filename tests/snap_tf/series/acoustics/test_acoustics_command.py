"""`snap-tf acoustics` on layers with planted signals: tables, refusals, sounds, correlations, figures, bad input."""

import json

import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy.signal import lfilter

from snap_tf.cli import main
from snap_tf.plots.spectrograms import choose_columns, spectrogram_numbers, write_spectrograms
from snap_tf.series.acoustics.acoustic_request import AcousticRequest, measured_layers
from snap_tf.series.acoustics.acoustic_tables import write_acoustics
from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.extraction.store import open_layers
from wavegan_tf.errors import ConfigError, DataError

N_TOKENS = 4
RATES = {"Conv2": 250.0, "Conv3": 1000.0, "Conv4": 4000.0}


def steps(rate_hz):
    return (np.arange(round(1.024 * rate_hz)) + 0.5) / rate_hz


def vowel_of_conv4():
    pulses = np.zeros(4096)
    pulses[::40] = 1
    sound = lfilter([1], [1, -0.98], pulses)
    for frequency, bandwidth in ((500, 60), (1500, 90)):
        r = np.exp(-np.pi * bandwidth / 4000)
        sound = lfilter([1], [1, -2 * r * np.cos(2 * np.pi * frequency / 4000), r * r], sound)
    return sound


def planted_layers(folder):
    """A folder as `snap-tf layers` writes it: [a] a vowel in Conv4, [s] a 200 Hz sine; Conv2 an envelope 20 ms late."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    places = rng.uniform(0.25, 0.75, N_TOKENS)

    def envelope(t, i):
        return np.exp(-0.5 * ((t - places[i]) / 0.05) ** 2)

    t = steps(16000.0)
    stimuli = np.stack([envelope(t, i) * rng.standard_normal(len(t)) for i in range(N_TOKENS)])
    arrays = {
        "Conv2": np.stack([0.2 + envelope(steps(250.0) - 0.02, i) for i in range(N_TOKENS)]),
        "Conv3": np.stack([0.5 + 0.3 * np.sin(2 * np.pi * 200 * steps(1000.0))] * N_TOKENS),
        "Conv4": np.stack([1 + vowel_of_conv4() if i < 2 else np.sin(2 * np.pi * 200 * steps(4000.0))
                           for i in range(N_TOKENS)]),
    }
    layers = [{"name": f"upconv_{i}", "paper_name": name, "steps": x.shape[1], "channels": 8, "rate_hz": RATES[name],
               "activation": "relu", "file": f"{name}.npy"} for i, (name, x) in enumerate(arrays.items(), start=1)]
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values.astype(np.float32))
    np.save(folder / "stimuli.npy", stimuli[:, :, None].astype(np.float32))
    pd.DataFrame({"token": [f"test/t{i}" for i in range(N_TOKENS)], "label": ["a", "a", "s", "s"],
                  "word": ["ma", "ma", "sa", "sa"], "speaker": ["A", "B", "A", "B"], "n_samples": 16384,
                  "cropped": False}).to_csv(folder / "tokens.csv", index=False)
    settings = {"format": 1, "model": "planted", "weights_hash": "0", "reduce": "mean", "stage": "post",
                "inputs": "none", "config": None, "rate_hz": 16000.0, "n_samples": 16384, "layers": layers}
    (folder / "layers.json").write_text(json.dumps(settings))
    return folder


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    return planted_layers(tmp_path_factory.mktemp("planted") / "layers")


@pytest.fixture(scope="module")
def written(layers, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "acoustics"
    code = main(["acoustics", str(layers), str(out), "--compare", "level,f0", "--permutations", "9", "--seed", "5",
                 "--sounds", "Conv2,Conv4", "--figure", "--f0-floor-hz", "80"])
    assert code == 0
    return out


def test_tables_have_what_was_planted(written):
    tracks = pd.read_csv(written / "acoustics.csv")
    assert list(tracks) == ["token", "label", "layer", "measure", "time_s", "value"]
    conv3 = tracks[(tracks["layer"] == "Conv3") & (tracks["measure"] == "f0")]
    assert conv3["value"].to_numpy() == pytest.approx(200, abs=2)
    vowels = tracks[(tracks["layer"] == "Conv4") & (tracks["label"] == "a")].groupby("measure")["value"].median()
    assert vowels["f1"] == pytest.approx(500, abs=5) and vowels["f2"] == pytest.approx(1500, abs=5)
    summary = pd.read_csv(written / "summary.csv")
    assert list(summary)[:7] == ["token", "label", "word", "speaker", "layer", "measure", "units"]
    row = summary[(summary["layer"] == "Conv4") & (summary["token"] == "test/t2") & (summary["measure"] == "f0")]
    assert row["mean"].item() == pytest.approx(200, abs=2)
    track = tracks[(tracks["layer"] == "Conv4") & (tracks["token"] == "test/t2") & (tracks["measure"] == "f0")]
    assert row["n_frames"].item() == len(track) and row["n_defined"].item() == track["value"].notna().sum()
    # layers in their order, the stimulus first; a row per token for each measure
    assert list(dict.fromkeys(summary["layer"])) == ["stimulus", "Conv2", "Conv3", "Conv4"]
    assert (summary.groupby(["layer", "measure"]).size() == N_TOKENS).all()


def test_intensity_is_relative_to_the_layer(written):
    tracks = pd.read_csv(written / "acoustics.csv").groupby(["layer", "measure"])["value"]
    for layer in ("stimulus", "Conv3", "Conv4"):
        assert tracks.max()[layer, "intensity"] == pytest.approx(0, abs=1e-9)
        assert tracks.mean()[layer, "intensity_z"] == pytest.approx(0, abs=1e-6)
        assert tracks.std(ddof=0)[layer, "intensity_z"] == pytest.approx(1, abs=1e-6)


def test_spectra_are_those_of_the_labels(written):
    spectra = pd.read_csv(written / "spectra.csv")
    sine = spectra[(spectra["layer"] == "Conv4") & (spectra["label"] == "s")]
    assert sine.loc[sine["level_db"].idxmax(), "frequency_hz"] == pytest.approx(200, abs=8)
    assert spectra.groupby("layer")["frequency_hz"].max().to_dict() == {
        "Conv2": 125, "Conv3": 500, "Conv4": 2000, "stimulus": 8000}
    assert (spectra["n_tokens"] == 2).all()


def test_what_was_refused_is_listed_with_the_reason(written, layers):
    refused = pd.read_csv(written / "refused.csv").set_index(["layer", "measure"])
    assert set(refused.index) == {
        ("Conv2", "f0"), ("Conv2", "intensity"), ("Conv2", "formants"), ("Conv2", "frication"),
        ("Conv2", "f0 correlation"), ("Conv3", "formants"), ("Conv3", "frication"), ("Conv4", "frication"),
        ("Conv3", "f0 correlation"), ("Conv4", "f0 correlation")}  # the stimuli are noise and have no F0
    assert "5 points in common" in refused.loc[("Conv4", "f0 correlation"), "reason"]
    assert refused.loc[("Conv2", "f0"), "reason"].startswith("Nyquist frequency (=125 Hz")
    assert refused.loc[("Conv4", "frication"), "nyquist_hz"] == 2000
    shown = str(write_acoustics(open_layers(layers), written.parent / "shown", AcousticRequest(tokens=("test/t0",))))
    assert "Conv3 (Nyquist frequency 500 Hz): no formants, frication" in shown


def test_the_planted_delay_is_found(written):
    found = pd.read_csv(written / "correlations.csv").set_index(["layer", "comparison"])
    assert found.loc[("Conv2", "level"), "r"] > 0.98
    assert found.loc[("Conv2", "level"), "lag_ms"] == pytest.approx(20, abs=2)
    assert found.loc[("Conv2", "level"), "chance_r"] < 0.9
    lags = pd.read_csv(written / "lags.csv")
    one = lags[(lags["layer"] == "Conv2") & (lags["comparison"] == "level")]
    assert one.loc[one["r"].idxmax(), "lag_ms"] == found.loc[("Conv2", "level"), "lag_ms"]
    tokens = pd.read_csv(written / "token_correlations.csv")
    assert tokens[tokens["layer"] == "Conv2"]["r"].mean() == pytest.approx(found.loc[("Conv2", "level"), "r"])
    assert ("stimulus", "level") not in found.index  # it is what the layers are compared with


def test_record_has_settings_seed_and_versions(written):
    record = json.loads((written / "acoustics.json").read_text())
    assert record["seed"] == 5 and record["settings"]["f0_floor_hz"] == 80 and record["model"] == "planted"
    assert record["layers"]["Conv3"]["f0_ceiling_hz"] == 400
    assert (record["layers"]["Conv4"]["formant_ceiling_hz"], record["layers"]["Conv4"]["n_formants"]) == (2000, 2)
    assert {"praat", "praat-parselmouth", "numpy", "scipy", "wavegan_tf", "python"} <= set(record["versions"])


def test_sounds(written):
    table = pd.read_csv(written / "sounds" / "sounds.csv")
    assert len(table) == 2 * N_TOKENS and set(table["layer"]) == {"Conv2", "Conv4"}
    for row in table.itertuples():
        sound, rate_hz = soundfile.read(written / "sounds" / row.file)
        assert rate_hz == 16000 and len(sound) == 16384 and np.abs(sound).max() == pytest.approx(0.99, abs=1e-3)


def test_figure_has_its_numbers(written):
    for kind in ("png", "pdf", "csv", "npz"):
        assert (written / f"spectrograms.{kind}").stat().st_size > 1000
    tracks = pd.read_csv(written / "spectrograms.csv")
    assert set(tracks["token"]) == {"test/t0", "test/t2"}  # the first of each label
    with np.load(written / "spectrograms.npz") as levels:
        for name, nyquist in {"stimulus": 8000, "Conv2": 125, "Conv3": 500, "Conv4": 2000}.items():
            assert levels[f"{name}/0/frequencies_hz"][-1] == nyquist
            assert levels[f"{name}/1/levels_db"].max() == pytest.approx(0, abs=1e-9)
        sine = levels["Conv4/1/levels_db"].mean(axis=1)
        assert levels["Conv4/1/frequencies_hz"][sine.argmax()] == pytest.approx(200, abs=16)


def test_panels_keep_to_their_layer_and_slow_layers_are_drawn_as_series(layers):
    store = open_layers(layers)
    conv2 = measured_layers(store, ["Conv2"], [0, 1])[0]
    spectrogram, tracks = spectrogram_numbers(conv2, 0, AcousticSettings(), 1.0)
    assert spectrogram is not None and tracks.empty
    slow = type(conv2)("Conv5", conv2.values[:, ::16], 15.625)
    assert spectrogram_numbers(slow, 0, AcousticSettings(), 1.0)[0] is None
    assert spectrogram_numbers(conv2, 0, AcousticSettings(), 0.2)[0] is None  # a window is 64 ms


def test_figures_are_the_same_when_drawn_again(layers, tmp_path):
    store = open_layers(layers)
    rows = choose_columns(store, tokens=["test/t1"])
    assert rows == [1]
    first, second = (write_spectrograms(store, tmp_path / name, rows, ["Conv4"]) for name in ("a", "b"))
    assert [f.read_bytes() for f in first[:2]] == [f.read_bytes() for f in second[:2]]
    with pytest.raises(ConfigError, match=r"tokens \(=0\) must be 1 to 4"):
        write_spectrograms(store, tmp_path / "c", [])


def test_two_runs_give_the_same_tables(layers, tmp_path):
    request = AcousticRequest(compare=("level",), permutations=5, seed=1, layers=("Conv2", "Conv3"))
    store = open_layers(layers)
    for name in ("a", "b"):
        write_acoustics(store, tmp_path / name, request)
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


def test_one_row_per_token_where_labels_are_chosen(layers, tmp_path):
    found = write_acoustics(open_layers(layers), tmp_path / "out", AcousticRequest(labels=("s",), measures=("f0",)))
    assert set(found.summary["token"]) == {"test/t2", "test/t3"} and set(found.summary["measure"]) == {"f0"}


@pytest.mark.parametrize("flags, message", [
    (["--layers", "Conv4", "--measures", "frication"], "frication of Conv4: Nyquist frequency (=2000 Hz"),
    (["--layers", "Conv4", "--measures", "formants", "--formant-ceiling-hz", "3000"],
     "formants of Conv4: Nyquist frequency (=2000 Hz, of a series at 4000 Hz) must be at least 3000 Hz"),
    (["--layers", "Conv2", "--measures", "f0"], "f0 of Conv2: Nyquist frequency (=125 Hz"),
    (["--layers", "Conv2", "--compare", "f0"], "f0 correlation of Conv2: Nyquist frequency (=125 Hz"),
    (["--layers", "Conv9"], "layer (=Conv9) must be one of stimulus, Conv2 (upconv_1), Conv3"),
    (["--sounds", "Conv9"], "layer (=Conv9) must be one of stimulus"),
    (["--measures", "pitch"], "measure (=pitch) must be one of f0, intensity"),
    (["--compare", "pitch"], "comparison (=pitch) must be one of level, intensity, f0"),
    (["--labels", "x"], "label (=x) must be in"),
    (["--tokens", "x"], "token (=x) must be in"),
    (["--permutations", "-1"], "`permutations` (=-1) must be 0 or more"),
    (["--f0-floor-hz", "0"], "`f0_floor_hz` (=0.0) must be positive"),
    (["--sounds", "Conv2", "--sound-rate-hz", "62"], "`new_rate_hz` (=62) must be a whole number"),
    (["--compare", "level", "--max-lag-s", "5"], "`max_lag_s` (=5) must be between 0 and"),
])
def test_bad_input_ends_with_code_2_and_nothing_written(layers, tmp_path, capsys, flags, message):
    assert main(["acoustics", str(layers), str(tmp_path / "out"), *flags]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_folders_that_do_not_fit_are_refused(layers, tmp_path, capsys):
    assert main(["acoustics", str(tmp_path / "none"), str(tmp_path / "out")]) == 2
    assert "must be a folder that `snap-tf layers` wrote" in capsys.readouterr().err
    assert main(["acoustics", "a", "b", "c", str(tmp_path / "out")]) == 2
    assert "must be one folder of layers, or a model and its recordings" in capsys.readouterr().err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    assert main(["acoustics", str(layers), str(tmp_path / "full")]) == 2
    assert "must be new or empty" in capsys.readouterr().err


def test_without_the_waveform_nothing_is_compared(tmp_path):
    folder = planted_layers(tmp_path / "layers")
    (folder / "stimuli.npy").unlink()
    with pytest.raises(DataError, match="must hold the waveform"):
        write_acoustics(open_layers(folder), tmp_path / "out", AcousticRequest(compare=("level",)))
    found = write_acoustics(open_layers(folder), tmp_path / "out", AcousticRequest(measures=("duration",)))
    assert set(found.summary["layer"]) == {"Conv2", "Conv3", "Conv4"}
