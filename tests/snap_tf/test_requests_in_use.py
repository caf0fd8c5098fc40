"""What is asked for arrives: requests and settings at the functions that do the work, with their seeds."""

import dataclasses
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from snap_tf.asr.settings import RecogniserConfig, RecogniserSession
from snap_tf.asr.training import loop as asr_training
from snap_tf.gamm.questions import layers as gamm_layers
from snap_tf.gamm.questions import words as gamm_words_module
from snap_tf.series.acoustics import waveform_correlation
from snap_tf.series.acoustics.acoustic_request import AcousticRequest, MeasuredLayer
from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.latents import interpolation
from snap_tf.series.latents.interpolation import InterpolationRequest
from snap_tf.series.latents.latent_regression import RegressionSettings, regress_label
from snap_tf.snap.sanity import checks as sanity
from snap_tf.snap.sanity.sanity_settings import SanitySettings
from snap_tf.snap.settings import ProfileOptions


class Enough(Exception):
    pass


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict:
    """Replace a function of a module by one that writes down what it is given and ends the work."""
    found: dict = {}

    def watch(module: object, name: str) -> None:
        def door(*args: object, **how: object) -> None:
            found.update(how, args=args)
            raise Enough

        monkeypatch.setattr(module, name, door)

    found["watch"] = watch
    return found


def given(asked: dict, *names: str) -> tuple:
    return tuple(asked[name] for name in names)


def test_lags_and_permutations_of_a_comparison(asked: dict, tmp_path: Path) -> None:
    asked["watch"](waveform_correlation, "correlate")
    rng = np.random.default_rng(0)
    store = types.SimpleNamespace(n_samples=8000, rate_hz=16000.0, stimuli=rng.normal(size=(2, 8000, 1)), z=None)
    layer = MeasuredLayer("Conv2", rng.normal(size=(2, 125)), 250.0)
    request = AcousticRequest(compare=("level",), max_lag_s=0.0625, permutations=7, seed=11)
    with pytest.raises(Enough):
        waveform_correlation.compare_layers(store, [layer], [0, 1], request, AcousticSettings(), tmp_path)
    assert given(asked, "max_lag_s", "permutations", "seed") == (0.0625, 7, 11)
    tracks, truth, rate_hz = asked["args"]
    assert tracks.shape == truth.shape == (2, 250) and rate_hz == 500.0


def test_samples_of_sanity_checks(asked: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    asked["watch"](sanity, "sample_frames")
    network = types.SimpleNamespace(probe=types.SimpleNamespace(network=object()), writes="letter")
    monkeypatch.setattr(sanity, "open_network", lambda model, **how: network)
    monkeypatch.setattr(sanity, "frame_source", lambda *args: args)
    settings, options = SanitySettings(3, 5, 2, 9, 11), ProfileOptions(pooling="none")
    with pytest.raises(Enough):
        sanity.sanity_checks("MODEL", "DATA", group="word", options=options, settings=settings, split="dev")
    assert asked["args"] == (network, (network, "DATA", options, "dev"), "word", options)
    assert given(asked, "per_group", "n_blocks", "min_frames", "seed") == (3, 5, 2, 11)


def test_layers_of_a_sweep(asked: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked["watch"](interpolation, "write_layers")
    vectors = types.SimpleNamespace(inputs="vectors", batch_size=3)
    monkeypatch.setattr(interpolation, "sweep_vectors", lambda generator, plan: vectors)
    with pytest.raises(Enough):
        interpolation.interpolate("G", "plan", tmp_path / "out", InterpolationRequest(reduce="max"))
    assert asked["args"][:2] == ("G", "vectors") and asked["args"][3].reduce == "max" and asked["batch_size"] == 3


LAYERS = pd.DataFrame({"layer": ["L1"] * 4 + ["L2"] * 4, "label": ["a", "b", "c", "b"] * 2, "token": [*"pqrs"] * 2,
                       "time_s": 0.0, "value": 1.0})


def test_pairs_of_contrasts(asked: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    fits = []
    monkeypatch.setattr(gamm_layers, "_fit_pair", lambda table, a, name, **how: fits.append((table, a, name, how))
                        or (None, "no"))
    with pytest.raises(gamm_layers.GammError):
        gamm_layers.lost_contrasts(LAYERS, pairs=[("c", "b")], layers=["L2"], normalise=False, k=7, rho=0.375)
    (table, first, name, how), = fits
    assert (first, name) == ("c", "c and b in L2")
    assert set(table["label"]) == {"b", "c"} and set(table["layer"]) == {"L2"}
    assert how == {"time": "time_s", "token": "token", "group": "label", "normalise": False, "k": 7, "rho": 0.375}


def test_options_of_words_are_terms_and_settings_of_the_fit(asked: dict) -> None:
    asked["watch"](gamm_words_module, "fit_model")
    with pytest.raises(Enough):
        gamm_words_module.gamm_words(LAYERS, value="v", time="t", group="g", token="k", reference="b", random="fs",
                                     by="ordered", k=7, m=1, k_random=5, m_random=2, knots=11, rho="auto", start="s",
                                     method="ML")
    model, table = asked["args"]
    assert table is LAYERS and str(model) == (
        'v ~ g + s(t, bs = "tp", k = 7, m = 1) + s(t, by = ordered(g), bs = "tp", k = 7, m = 1) + '
        's(t, k, bs = "fs", k = 5, m = 2)')
    assert given(asked, "rho", "token", "start", "knots", "method", "factors", "reference") == (
        "auto", "k", "s", 11, "ML", ("g",), {"g": "b"})
    for how, terms in (({"by": "separate", "random": "intercept"}, 's(t, by = g, bs = "tp", k = 10) + s(k, bs = "re")'),
                       ({"by": "none", "random": "none"}, 's(t, bs = "tp", k = 10)')):
        with pytest.raises(Enough):
            gamm_words_module.gamm_words(LAYERS, value="v", time="t", group="g", token="k", **how)
        assert str(asked["args"][0]) == f"v ~ g + {terms}"


def test_contrasts_are_corrected_and_judged_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    ps = {"a": 0.01, "c": 0.04}
    names = ("level", "level_t", "level_p", "shape_edf", "shape_F", "shape_p", "curve_z", "curve_p", "rho")
    monkeypatch.setattr(gamm_layers, "_fit_pair", lambda table, a, name, **how: (
        types.SimpleNamespace(about_speakers=""), ""))
    monkeypatch.setattr(gamm_layers, "_pair_row", lambda fit, a, b: dict.fromkeys(names, ps[a]))
    pairs = [("a", "b"), ("c", "b")]
    strict, lax = (gamm_layers.lost_contrasts(LAYERS, pairs=pairs, layers=["L1"], correction=correction, alpha=alpha)
                   for correction, alpha in (("bonferroni", 0.05), ("none", 0.04)))
    for found, p in ((strict, [0.02, 0.08]), (lax, [0.01, 0.04])):
        assert found.tests["curve_p_adjusted"].tolist() == p and found.tests["encoded"].tolist() == [True, False]
    assert strict.contrasts["last_encoded"].tolist()[0] == "L1"


REGRESSION = {"folds": 4, "n_lambdas": 9, "smallest": 0.1, "test_share": 0.4, "permutations": 5, "seed": 1}


@pytest.mark.parametrize("name", REGRESSION)
def test_every_setting_of_a_regression_decides_something(name: str) -> None:
    z = np.random.default_rng(0).uniform(-1, 1, (80, 3))
    y = z[:, 0] + np.random.default_rng(1).normal(size=80)
    few = {"folds": 3, "n_lambdas": 5, "permutations": 3}
    usual, changed = (regress_label(z, y, binary=False, settings=RegressionSettings(**{**few, **own}))
                      for own in ({}, {name: REGRESSION[name]}))
    found = [[one.path["loss"].tolist(), one.null_scores.tolist(), one.score] for one in (usual, changed)]
    assert found[0] != found[1]
    assert REGRESSION.keys() == {field.name for field in dataclasses.fields(RegressionSettings)}


def test_recognisers_are_saved_in_an_order_in_which_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves to the disk, the new checkpoint, and only then the older ones go."""
    done: list[tuple] = []
    monkeypatch.setattr(asr_training, "write_checkpoint", lambda run, step, files, state: done.append(
        ("checkpoint", run, step, files, state["data_fingerprint"], state["progress"]["best_loss"])))
    monkeypatch.setattr(asr_training, "prune_checkpoints", lambda run, keep: done.append(("prune", run, keep)))
    session = object.__new__(asr_training._Session)
    session.__dict__.update(run=Path("RUN"), options=RecogniserSession(keep=7), config=RecogniserConfig(seed=3),
                            progress=asr_training._Progress(), fingerprint="of the data", _files=lambda: "files",
                            update=types.SimpleNamespace(step=5), saved_at=0.0)
    session._save(types.SimpleNamespace(sync=lambda: done.append(("sync",))))
    assert done == [("sync",), ("checkpoint", Path("RUN"), 5, "files", "of the data", None), ("prune", Path("RUN"), 7)]


def test_when_training_of_a_recogniser_ends() -> None:
    session = object.__new__(asr_training._Session)
    session.order = types.SimpleNamespace(batches_per_epoch=10)
    session.progress = asr_training._Progress(n_since_better=4)
    for options, decay_steps, last in (({"max_steps": 70}, 0, 70), ({"epochs": 3}, 0, 30), ({}, 55, 55), ({}, 0, None),
                                       ({"max_steps": 70, "epochs": 3}, 55, 30)):
        session.options, session.config = RecogniserSession(**options), RecogniserConfig(decay_steps=decay_steps)
        assert session._last_step() == last
    for patience, ends in ((0, False), (5, False), (4, True), (3, True)):
        session.options = RecogniserSession(patience=patience)
        assert bool(session._why_end(1, None)) == ends
    assert session._why_end(30, 30) and not RecogniserSession().max_steps
