"""`snap-tf acoustics --phones`: measures inside the intervals of phones, with planted voices, hisses and bursts."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snap_tf.cli import main
from snap_tf.series.acoustics.measures.measurement import Measurement
from snap_tf.series.acoustics.places import Place, within
from snap_tf.series.extraction.intervals import interval_steps
from snap_tf.series.extraction.store import open_layers, write_tokens
from wavegan_tf.data.corpus import Segment

# a token: [m] with a voice of 120 Hz, [a] of 200 Hz, [s] hiss above 4 kHz; samples at 16 kHz
PHONES = (Segment(1600, 4800, "m"), Segment(4800, 9600, "a"), Segment(9600, 12800, "s"))
RATES = {"Conv2": 250.0, "Conv4": 4000.0}


def during(t, phone):
    return (t >= PHONES[phone].start / 16000) & (t < PHONES[phone].end / 16000)


def steps(rate_hz):
    return (np.arange(round(1.024 * rate_hz)) + 0.5) / rate_hz


def voices(t):
    return (np.sin(2 * np.pi * 120 * t) * during(t, 0) + np.sin(2 * np.pi * 200 * t) * during(t, 1))


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted") / "layers"
    folder.mkdir()
    t = steps(16000.0)
    rng = np.random.default_rng(0)
    hiss = np.fft.irfft(np.fft.rfft(rng.standard_normal(len(t))) * (np.fft.rfftfreq(len(t), 1 / 16000) > 4000))
    np.save(folder / "stimuli.npy", np.stack([voices(t) + hiss * during(t, 2)] * 2)[:, :, None].astype(np.float32))
    slow = steps(RATES["Conv2"])
    arrays = {"Conv2": 0.1 + (during(slow, 1) & (slow >= 0.35) & (slow < 0.45)),  # 100 ms inside [a]
              "Conv4": 0.3 + voices(steps(RATES["Conv4"]))}
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", np.stack([values] * 2).astype(np.float32))
    write_tokens(pd.DataFrame({"token": ["t0", "t1"], "label": ["mas", "sam"], "word": ["mas", "sam"],
                               "speaker": ["A", "B"], "file": ["", ""], "n_samples": 16384, "cropped": False,
                               "phones": [PHONES, PHONES[1:]]}), folder / "tokens.csv")
    about = [{"name": f"upconv_{i}", "paper_name": name, "steps": x.shape[0], "channels": 8, "rate_hz": RATES[name],
              "activation": "relu", "file": f"{name}.npy"} for i, (name, x) in enumerate(arrays.items())]
    (folder / "layers.json").write_text(json.dumps({
        "format": 1, "model": "planted", "weights_hash": "0", "reduce": "mean", "stage": "post", "inputs": "none",
        "config": None, "rate_hz": 16000.0, "n_samples": 16384, "layers": about}))
    return folder


@pytest.fixture(scope="module")
def written(layers, tmp_path_factory):
    out = tmp_path_factory.mktemp("phones") / "out"
    assert main(["acoustics", str(layers), str(out), "--phones", "m,a,s"]) == 0
    return out


def of(table, **values):
    for name, value in values.items():
        table = table[table[name] == value]
    return table


def test_every_phone_has_its_own_voice(written):
    summary = pd.read_csv(written / "summary.csv")
    for layer in ("stimulus", "Conv4"):
        for phone, f0_hz, n in (("m", 120, 1), ("a", 200, 2)):
            found = of(summary, layer=layer, measure="f0", label=phone)
            assert len(found) == n and (found["n_defined"] > 0.7 * found["n_frames"]).all()
            np.testing.assert_allclose(found["median"], f0_hz, atol=2)
    np.testing.assert_allclose(of(summary, measure="f0", layer="stimulus")["interval_s"], [0.2, 0.3, 0.3, 0.2, 0.2])
    assert (of(summary, layer="stimulus", measure="frication", label="s")["median"] > 0.99).all()
    assert (of(summary, layer="stimulus", measure="frication", label="a")["median"] < 0.01).all()
    centres = of(summary, layer="stimulus", measure="spectral_centre").groupby("label")["mean"].mean()
    assert abs(centres["a"] - 200) < 25 and centres["s"] > 5000


def test_frames_lie_in_their_intervals_and_time_goes_from_0_to_1(written):
    tracks, intervals = pd.read_csv(written / "acoustics.csv"), pd.read_csv(written / "intervals.csv")
    assert list(intervals["label"]) == ["m", "a", "a", "s", "s"] and list(intervals["row"]) == [0, 0, 1, 0, 1]
    f0 = of(tracks, layer="stimulus", measure="f0")
    assert f0["time_norm"].between(0, 1).all()
    length = of(f0, label="a")["time_s"] / of(f0, label="a")["time_norm"]
    np.testing.assert_allclose(length[np.isfinite(length)], 0.3, rtol=1e-6)
    assert set(f0.groupby("token").size()) <= {19, 20, 21, 29, 30, 31}  # 10 ms frames of .2 and .3 s


def test_events_are_cut_to_the_interval_to_one_step(written):
    found = of(pd.read_csv(written / "summary.csv"), layer="Conv2", measure="duration")
    np.testing.assert_allclose(of(found, label="a")["mean"], 0.1, atol=1 / 250)
    assert (found[found["label"] != "a"]["n_frames"] == 0).all()
    events = Measurement("duration", ("duration",), "s", np.array([0.1, 0.5]), np.array([[0.3], [0.1]]))
    cut = within(events, Place(0, "t", "a", "", "", 0.25, 0.55, True))
    np.testing.assert_allclose(cut.times_s, [0, 0.25])
    np.testing.assert_allclose(cut.of("duration"), [0.15, 0.05])


@given(st.integers(0, 16383), st.integers(1, 16384), st.sampled_from([16, 64, 256, 1024, 4096, 16384]))
def test_pieces_are_the_steps_of_the_exact_mapping(start, length, n_steps):
    end = min(start + length, 16384)
    place = Place(0, "t", "a", "", "", start / 16000, end / 16000, True)
    first, last = interval_steps(start, end, n_steps, 16384)
    assert place.steps(n_steps, n_steps / 1.024) == slice(int(first), int(last))


def test_only_tokens_of_a_word_and_the_record(layers, tmp_path):
    assert main(["acoustics", str(layers), str(tmp_path / "out"), "--phones", "a", "--labels", "sam", "--measures",
                 "f0", "--figure"]) == 0
    assert set(pd.read_csv(tmp_path / "out" / "summary.csv")["token"]) == {"t1:a@4800"}
    record = json.loads((tmp_path / "out" / "acoustics.json").read_text())
    assert record["n_intervals"] == 1 and record["request"]["phones"] == ["a"]
    assert (tmp_path / "out" / "spectrograms.png").stat().st_size > 10_000


def test_what_intervals_cannot_carry_is_refused_with_the_number_of_steps(written):
    refused = pd.read_csv(written / "refused.csv").set_index(["layer", "measure"])["reason"]
    assert "Nyquist frequency (=2000 Hz" in refused["Conv4", "frication"]
    assert ("Conv4", "spectrum") not in refused and ("Conv2", "spectrum") not in refused  # 50 steps and more


@pytest.mark.parametrize("flags, message", [
    (["--phones", "zh"], "phone (=zh) must be in the recordings"),
    (["--phones", "m", "--labels", "sam"], "phone (=m) must be in the recordings"),
    (["--phones", "a", "--compare", "f0"], "`compare` (=f0) must be left out with phones (=a)"),
    (["--phones", "a", "--layers", "Conv2", "--measures", "f0"], "f0 of Conv2: Nyquist frequency (=125 Hz"),
])
def test_bad_input_ends_with_code_2_and_nothing_written(layers, tmp_path, capsys, flags, message):
    assert main(["acoustics", str(layers), str(tmp_path / "out"), *flags]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_short_intervals_and_tokens_without_phones_are_refused(layers, tmp_path, capsys):
    import shutil

    short = tmp_path / "short"
    shutil.copytree(layers, short)
    table = open_layers(layers).tokens
    write_tokens(table.assign(phones=[(Segment(1600, 2000, "p"),)] * 2), short / "tokens.csv")
    assert main(["acoustics", str(short), str(tmp_path / "out"), "--phones", "p", "--layers", "Conv2", "--measures",
                 "spectrum"]) == 2
    assert "intervals (=7 to 7 steps, median 7, at 250 Hz) must have at least 16 steps" in capsys.readouterr().err
    write_tokens(table.drop(columns="phones"), short / "tokens.csv")
    assert main(["acoustics", str(short), str(tmp_path / "out"), "--phones", "p"]) == 2
    assert "its tokens have no phones with times" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_recordings_at_a_lower_rate_are_not_measured_where_they_are_empty(layers, tmp_path, capsys):
    """8 kHz holds nothing above 4 kHz: four formants below it, not five below 5500 Hz."""
    import shutil

    low = tmp_path / "low"
    shutil.copytree(layers, low)
    write_tokens(open_layers(layers).tokens.assign(source_rate_hz=[8000, 16000]), low / "tokens.csv")
    assert open_layers(low).band_hz([0, 1]) == 4000 and open_layers(layers).band_hz([0, 1]) == 8000
    assert main(["acoustics", str(low), str(tmp_path / "out"), "--measures", "formants,spectrum"]) == 0
    assert ("stimulus: 1 of 2 tokens recorded at 8000 Hz; there is nothing above 4000 Hz; all are measured up to there"
            in capsys.readouterr().out)
    fast = open_layers(low).tokens["token"].iloc[1]  # that of another rate does not count where it is not asked for
    assert main(["acoustics", str(low), str(tmp_path / "fast"), "--measures", "formants", "--tokens", fast]) == 0
    assert "recorded at" not in capsys.readouterr().out
    ceiling = json.loads((tmp_path / "fast" / "acoustics.json").read_text())["layers"]["stimulus"]
    assert ceiling["formant_ceiling_hz"] == 5500
    about = json.loads((tmp_path / "out" / "acoustics.json").read_text())["layers"]
    assert (about["stimulus"]["formant_ceiling_hz"], about["stimulus"]["n_formants"]) == (4000, 4)
    assert about["Conv4"]["formant_ceiling_hz"] == 2000  # a layer carries up to its own Nyquist frequency
    spectra = pd.read_csv(tmp_path / "out" / "spectra.csv")
    assert of(spectra, layer="stimulus")["frequency_hz"].max() == 4000
