"""Training on a corpus of bands: it learns, resumes as if never stopped, transfers, and refuses what does not fit."""

import dataclasses
import json
import os
import signal
from pathlib import Path

import keras
import numpy as np
import pytest
from band_corpus import make_band_corpus

from snap_tf.asr.evaluation import evaluate_corpus
from snap_tf.asr.network.transfer import start_network, transferred_layers
from snap_tf.asr.network.wav2letter import build_network
from snap_tf.asr.runs import open_recogniser, save_best
from snap_tf.asr.settings import RecogniserConfig, RecogniserSession, preset_config
from snap_tf.asr.training.loop import train_recogniser
from snap_tf.asr.training.update import RecogniserUpdate
from wavegan_tf.checkpoint_folders import checkpoint_steps
from wavegan_tf.data.corpora.readers import open_corpus
from wavegan_tf.data.corpus import Corpus
from wavegan_tf.errors import ConfigError, DataError, ExportError, TrainingError
from wavegan_tf.files.signals import Terminated

QUIET = RecogniserSession(progress=False, picture_secs=0)
SHALLOW = RecogniserConfig(model="W2P_shallow", width=0.25, batch_size=4, learning_rate=2e-3, warmup_steps=10,
                           validation_share=0.25)


@pytest.fixture(scope="module")
def bands(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return open_corpus(make_band_corpus(tmp_path_factory.mktemp("bands")))


@pytest.fixture(scope="module")
def trained(bands: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "shallow"
    options = dataclasses.replace(QUIET, max_steps=90, validate_steps=45, picture_secs=100)
    train_recogniser(SHALLOW, bands, run, options=options, command="the command")
    return run


def weights(run: Path) -> dict[str, np.ndarray]:
    newest = run / "checkpoints" / f"step-{checkpoint_steps(run)[-1]:09d}"
    return {f"{file.stem}/{key}": value for file in newest.glob("*.npz") for key, value in np.load(file).items()}


def test_it_learns_bands_of_speakers_it_has_not_heard(bands: Corpus, trained: Path) -> None:
    result, problems = evaluate_corpus(open_recogniser(trained), bands, progress=False)
    assert not problems
    assert len(result.transcripts) == 32
    assert result.errors.rate < 0.1  # achieved: 0.01; an untrained network makes 1 or more
    assert result.folded_errors is not None and result.folded_errors.rate < 0.1
    assert "phone error rate" in result.to_text() and "over 39 classes" in result.to_text()


@pytest.mark.slow
def test_small_preset_learns_synthetic_speech(tmp_path: Path) -> None:
    """472 utterances of 59 speakers to learn from, 168 of 21 others to be scored; a few minutes on a CPU."""
    pytest.importorskip("espeakng_loader", reason="synthetic corpora need the extra `synth`")
    from wavegan_tf.data.synthetic import render_corpus

    render_corpus(tmp_path / "corpus", n_speakers=80, n_sentences=8, seed=5, progress=False)
    corpus = open_corpus(tmp_path / "corpus", sa="none")
    train_recogniser(preset_config("small", seed=2), corpus, tmp_path / "run", options=QUIET)
    result, _ = evaluate_corpus(open_recogniser(tmp_path / "run"), corpus, progress=False)
    assert result.errors.rate < 0.2  # the target of the issue; achieved: 0.11


def test_what_a_run_holds(trained: Path) -> None:
    assert RecogniserConfig.load(trained / "config.json") == SHALLOW
    state = json.loads((trained / "checkpoints" / "step-000000090" / "state.json").read_text())
    best = json.loads((trained / "best" / "validation.json").read_text())
    assert state["step"] == 90 and state["progress"]["best_step"] == best["step"] <= 90
    assert best["phone_error_rate"] == pytest.approx(state["progress"]["best_error_rate"])
    header, *rows = (trained / "metrics.csv").read_text().splitlines()
    assert header == ("step,loss,gradient_norm,learning_rate,steps_per_s,validation/loss,validation/phone_error_rate,"
                      "validation/phone_error_rate_39")
    steps = [int(row.split(",")[0]) for row in rows]
    assert steps == sorted(set(steps)) and steps[-1] == 90
    sessions = [json.loads(line) for line in (trained / "sessions.jsonl").read_text().splitlines()]
    assert sessions[0]["command"] == "the command" and sessions[-1]["reason"] == "all 90 updates are done"


def test_tensorboard_shows_curves_texts_and_pictures(trained: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(trained / "logs"))
    events.Reload()
    tags = events.Tags()["tensors"]
    assert {"loss", "validation/phone_error_rate", "transcripts", "config"} <= set(tags)
    assert any(tag.startswith(("validation/f", "validation/m")) for tag in tags)
    text = events.Tensors("transcripts")[-1].tensor_proto.string_val[0].decode()
    assert text.startswith("| utterance | reference | written |") and "h#" in text


def test_resumed_run_equals_one_that_was_never_stopped(bands: Corpus, tmp_path: Path) -> None:
    config = dataclasses.replace(SHALLOW, width=0.03, decay_steps=16)
    options = dataclasses.replace(QUIET, validate_steps=6)
    whole = train_recogniser(config, bands, tmp_path / "whole", options=options)
    assert whole.step == 16
    train_recogniser(config, bands, tmp_path / "parts", options=dataclasses.replace(options, max_steps=11))
    # a damaged newest checkpoint is passed over for the one before, of step 6
    newest = tmp_path / "parts" / "checkpoints" / "step-000000011" / "network.npz"
    newest.write_bytes(newest.read_bytes()[:-1] + b"?")
    train_recogniser(config, bands, tmp_path / "parts", options=options)
    for name, value in weights(tmp_path / "whole").items():
        np.testing.assert_allclose(weights(tmp_path / "parts")[name], value, rtol=1e-4, atol=1e-5, err_msg=name)
    first, second = ((tmp_path / name / "metrics.csv").read_text().splitlines() for name in ("whole", "parts"))
    assert [row.split(",")[0] for row in second][-1] == [row.split(",")[0] for row in first][-1] == "16"
    again = train_recogniser(config, bands, tmp_path / "parts", options=options)
    assert again.step == 16 and again.reason == "all 16 updates are done"


@pytest.fixture
def no_updates(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Updates that change nothing; a process signals itself at those in the list."""
    signalled: list[int] = []

    def count(self: RecogniserUpdate, batch: tuple) -> dict:
        self.optimizer.iterations.assign_add(1)
        if self.step in signalled:
            os.kill(os.getpid(), signal.SIGTERM)
        return {"loss": np.float32(1.0)}

    monkeypatch.setattr(RecogniserUpdate, "__call__", count)
    return signalled


def test_a_request_to_stop_saves(bands: Corpus, tmp_path: Path, no_updates: list[int]) -> None:
    no_updates.append(3)
    with pytest.raises(Terminated, match="stopped at update 3, saved"):
        train_recogniser(SHALLOW, bands, tmp_path / "run", options=QUIET)
    assert checkpoint_steps(tmp_path / "run")[-1] == 3


def test_early_stopping(bands: Corpus, tmp_path: Path, no_updates: list[int]) -> None:
    options = dataclasses.replace(QUIET, validate_steps=2, patience=3)
    result = train_recogniser(SHALLOW, bands, tmp_path / "run", options=options)
    # the first validation, after 2 updates, is the best so far; three more find nothing better
    assert (result.step, result.best_step) == (8, 2)
    assert result.reason == "3 validations gave no better error rate or loss"
    assert train_recogniser(SHALLOW, bands, tmp_path / "run", options=options).step == 8


def test_transfer_in_two_steps(bands: Corpus, trained: Path, tmp_path: Path) -> None:
    options = dataclasses.replace(QUIET, max_steps=2)
    frozen_config = preset_config(model="W2L_TL_frozen", width=SHALLOW.width, batch_size=4, learning_rate=1e-2,
                                  validation_share=0.25)
    train_recogniser(frozen_config, bands, tmp_path / "frozen", source=trained, options=options)
    source, frozen = open_recogniser(trained).network, open_recogniser(tmp_path / "frozen").network
    taken = transferred_layers("W2L_TL_frozen")
    assert taken == tuple(f"{kind}_{i}" for i in range(1, 6) for kind in ("norm", "layer"))
    for name in taken:
        assert same_bytes(frozen.get_layer(name), source.get_layer(name)), name
    fresh = build_network("W2L_TL_frozen", SHALLOW.width, frozen_config.seed)
    assert not np.array_equal(frozen.get_layer("layer_6").kernel, fresh.get_layer("layer_6").kernel)
    assert np.abs(frozen.get_layer("norm_6").moving_mean).max() > 0

    tuned_config = dataclasses.replace(frozen_config, model="W2L_TL_finetuned")
    train_recogniser(tuned_config, bands, tmp_path / "tuned", source=tmp_path / "frozen", options=options)
    # the run goes on without being told the source again; it remembers which one it was
    assert train_recogniser(tuned_config, bands, tmp_path / "tuned", options=options).step == 2
    assert len(RecogniserConfig.load(tmp_path / "tuned" / "config.json").source) == 64
    tuned = open_recogniser(tmp_path / "tuned").network
    for layer in frozen.layers[1:]:
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        assert same_bytes(layer, tuned.get_layer(layer.name)) == is_norm, layer.name

    save_best(tmp_path / "other", build_network("W2P_shallow", SHALLOW.width, seed=5), {})
    with pytest.raises(ConfigError, match=r"settings of run .* must stay as they were .* source: "):
        train_recogniser(frozen_config, bands, tmp_path / "frozen", source=tmp_path / "other", options=options)


def same_bytes(one: keras.Layer, other: keras.Layer) -> bool:
    return [w.tobytes() for w in one.get_weights()] == [w.tobytes() for w in other.get_weights()]


def test_wrong_sources(trained: Path, bands: Corpus, tmp_path: Path) -> None:
    shallow = open_recogniser(trained).network
    with pytest.raises(ConfigError, match=r"`from` must name a run of W2P_shallow for W2L_TL_frozen; train one first"):
        start_network("W2L_TL_frozen", SHALLOW.width)
    with pytest.raises(ConfigError, match=r"`from` \(=W2P_shallow\) must be a run of W2L_TL_frozen for W2L_TL_"):
        start_network("W2L_TL_finetuned", SHALLOW.width, source=shallow)
    with pytest.raises(ConfigError, match=r"`from` \(=W2P_shallow\) must be left out for W2L, which starts from"):
        start_network("W2L", SHALLOW.width, source=shallow)
    with pytest.raises(ConfigError, match=r"must have the width .* layer_1 has 64 filters instead of 26; set --width"):
        start_network("W2L_TL_frozen", 0.1, source=shallow)
    with pytest.raises(ConfigError, match="must be an existing run of `snap-tf asr train`"):
        train_recogniser(preset_config(model="W2L_TL_frozen"), bands, tmp_path / "new", source=tmp_path / "nothing")
    assert not (tmp_path / "new").exists()


def test_a_run_keeps_its_settings_and_its_data(trained: Path, bands: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"settings of run .* changed: batch_size: 4 -> 8; leave these options out"):
        train_recogniser(dataclasses.replace(SHALLOW, batch_size=8), bands, trained, options=QUIET)
    fewer = dataclasses.replace(bands, utterances=bands.utterances[1:])
    with pytest.raises(ConfigError, match=r"corpus must hold the utterances that run .* was trained on"):
        train_recogniser(SHALLOW, fewer, trained, options=QUIET)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"must be a new folder or one that has a config\.json; it holds notes\.txt"):
        train_recogniser(SHALLOW, bands, tmp_path, options=QUIET)


def test_phone_models_need_phones(bands: Corpus, tmp_path: Path) -> None:
    bare = dataclasses.replace(bands, utterances=tuple(dataclasses.replace(u, phones=()) for u in bands.utterances))
    with pytest.raises(DataError, match="must have phone labels"):
        train_recogniser(SHALLOW, bare, tmp_path / "run", options=QUIET)
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number(bands: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RecogniserUpdate, "__call__", lambda self, batch: {"loss": np.float32("nan")})
    with pytest.raises(TrainingError, match=r"`loss` \(=nan\) must be finite; .* smaller --learning-rate"):
        train_recogniser(SHALLOW, bands, tmp_path / "run", options=QUIET)


def test_networks_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model \(=.*\) must be a run .*; the folder holds no network\.keras"):
        open_recogniser(tmp_path)
    (tmp_path / "config.json").write_text(SHALLOW.to_json())
    with pytest.raises(ExportError, match="must have a validated network; it has none yet"):
        open_recogniser(tmp_path)
    (tmp_path / "broken.keras").write_bytes(b"no zip")
    with pytest.raises(ExportError, match="must be readable by Keras"):
        open_recogniser(tmp_path / "broken.keras")
    inputs = keras.Input((10,))
    keras.Model(inputs, keras.layers.Dense(2)(inputs)).save(tmp_path / "other.keras")
    with pytest.raises(DataError, match=r"must map \[batch, steps, 128\] to .*; it is no recogniser of this family"):
        open_recogniser(tmp_path / "other.keras")


@pytest.mark.parametrize(("settings", "message"), [
    ({"width": 0.0}, "`width`"), ({"batch_size": 0}, "`batch_size` .* positive"), ({"learning_rate": 0.0}, "between"),
    ({"sa": "some"}, "`sa` .* one of"), ({"validation_share": 1.0}, "`validation_share`"), ({"model": "W3"}, "one of"),
])
def test_impossible_settings(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        preset_config(**settings)


def test_settings_go_to_json_and_back(tmp_path: Path) -> None:
    config = preset_config("small", model="W2L", seed=9)
    (tmp_path / "config.json").write_text(config.to_json())
    assert RecogniserConfig.load(tmp_path / "config.json") == config
    with pytest.raises(ConfigError, match=r"`preset` .* must be one of published, small"):
        preset_config("tiny")
    (tmp_path / "config.json").write_text("{}}")
    with pytest.raises(ConfigError, match="must be the JSON that `snap-tf asr train` wrote"):
        RecogniserConfig.load(tmp_path / "config.json")
