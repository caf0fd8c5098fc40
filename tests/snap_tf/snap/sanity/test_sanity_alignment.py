"""Sanity checks of alignment, with a network that looks where the sound is; checks read again, beside other results."""

import dataclasses
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from planted_files import summed_file

from snap_tf.cli import main
from snap_tf.snap.frames.clip_frames import ClipFrames
from snap_tf.snap.profiles.profile_file import write_profiles
from snap_tf.snap.sanity.checks import SanityResults, sanity_checks
from snap_tf.snap.sanity.sanity_folder import differences_of, read_sanity, sanity_of, write_sanity
from snap_tf.snap.sanity.sanity_settings import SanitySettings
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.errors import ConfigError, DataError, ExportError

PHONES = ("aa", "s", "t", "k")
N_STEPS, N_CLIPS, RATE_HZ = 40, 48, 125.0
SETTINGS = SanitySettings(frames_per_group=12, permutations=3, min_frames=2)


def bursts() -> ClipFrames:
    """Clips with a burst of five steps in the band of their phone, somewhere, annotated where it is."""
    rng = np.random.default_rng(1)
    inputs = 0.01 * rng.random((N_CLIPS, N_STEPS, len(PHONES))).astype(np.float32)
    words = np.full((N_CLIPS, N_STEPS), "", "U2")
    for i in range(N_CLIPS):
        k, start = i % len(PHONES), int(rng.integers(2, N_STEPS - 7))
        inputs[i, start:start + 5, k] = 1.0
        words[i, start:start + 5] = PHONES[k]
    return ClipFrames(inputs, {"word": [PHONES[i % len(PHONES)] for i in range(N_CLIPS)]}, annotations=words,
                      name="bursts", rate_hz=RATE_HZ)


def loudest_band() -> keras.Model:
    """A network whose gradient lies where its band is loudest."""
    network = keras.Sequential([
        keras.Input((N_STEPS, len(PHONES))), keras.layers.Conv1D(len(PHONES), 3, padding="same", name="bands"),
        keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(len(PHONES), name="top")])
    kernel = np.zeros((3, 4, 4), np.float32)
    kernel[:, range(4), range(4)] = 1 / 3
    network.get_layer("bands").set_weights([kernel, np.zeros(4, np.float32)])
    network.get_layer("top").set_weights([np.eye(4, dtype=np.float32), np.zeros(4, np.float32)])
    return network


@pytest.fixture(scope="module")
def results() -> SanityResults:
    return sanity_checks(loudest_band(), bursts(), group="label:word", settings=SETTINGS, progress=False,
                         classes=PHONES, rate_hz=RATE_HZ, options=ProfileOptions(pooling="none"))


def test_alignment_hangs_on_weights_and_inputs(results: SanityResults) -> None:
    table = results.alignment.set_index("condition")
    assert list(table.index) == ["as it is", "random down to logits", "random down to Conv1", "noise as input"]
    assert (table["n_frames"] == N_CLIPS).all() and table["centre"].nunique() == table["ceiling"].nunique() == 1
    real, noise = table.loc["as it is"], table.loc["noise as input"]
    assert real["aligned"] == real["ceiling"] == 1
    # a place is right by chance with 5 of 40 steps and one of four phones; the best of 40 constant places a little more
    assert real["aligned_chance"] == pytest.approx(0.25)
    assert real["centre"] <= real["constant"] < 0.5
    assert noise["aligned"] < 0.4 and table.loc["random down to Conv1", "aligned"] < 0.9
    printed = str(results)
    assert "as it is" in printed and "100.0 %" in printed and "25.0 %" in printed


def test_no_alignment_without_predictions_that_are_annotated() -> None:
    how = {"group": "label:word", "settings": SETTINGS, "progress": False}
    letters = sanity_checks(loudest_band(), bursts(), classes=("b", "c", "d", "e"), rate_hz=RATE_HZ, **how)
    of_one = sanity_checks(loudest_band(), bursts(), classes=PHONES, rate_hz=RATE_HZ,
                           options=ProfileOptions(target="class:s"), **how)
    for found in (letters, of_one):
        assert found.alignment.empty and "annotated" not in str(found)


def test_what_is_written_is_read_again(results: SanityResults, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_sanity(results, folder)
    again = read_sanity(folder)
    for name in ("weights", "labels", "inputs", "alignment"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(results, name), rtol=1e-8)
    for field in dataclasses.fields(SanityResults):
        if field.name not in ("weights", "labels", "inputs", "alignment"):
            assert getattr(again, field.name) == getattr(results, field.name), field.name
    assert str(again) == str(results)
    results.alignment.drop(columns="constant").to_csv(folder / "sanity_alignment.csv")
    with pytest.raises(DataError, match="table alignment has no constant; another version made it"):
        read_sanity(folder)
    (folder / "sanity_alignment.csv").unlink()
    assert read_sanity(folder).alignment.empty
    results.weights.head(0).to_csv(folder / "sanity_weights.csv")
    with pytest.raises(DataError, match="table weights has no rows"):
        read_sanity(folder)
    (folder / "sanity_labels.csv").unlink()
    with pytest.raises(DataError, match=r"must be a folder that snap-tf sanity wrote: .*sanity_labels\.csv"):
        read_sanity(folder)
    with pytest.raises(ExportError, match="must be new or empty"):
        write_sanity(results, folder)


def test_what_is_interrupted_leaves_nothing(results: SanityResults, tmp_path: Path) -> None:
    def interrupt(_: SanityResults, __: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sanity(results, tmp_path / "out", interrupt)
    assert not list(tmp_path.iterdir())


def test_every_randomised_layer_has_a_row_though_two_have_one_name() -> None:
    def part(name: str, shape: tuple[int, int]) -> keras.Model:
        return keras.Sequential([keras.Input(shape), keras.layers.Conv1D(4, 3, padding="same", name="conv")], name=name)

    network = keras.Sequential([keras.Input((N_STEPS, 4)), part("a", (N_STEPS, 4)), part("b", (N_STEPS, 4)),
                                keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(4, name="top")])
    found = sanity_checks(network, bursts(), group="label:word", progress=False, classes=PHONES, rate_hz=RATE_HZ,
                          settings=SanitySettings(frames_per_group=3, permutations=1, min_frames=2))
    assert found.alignment["n_randomised"].tolist() == [0, 1, 2, 3, 0]


def tags(logs: Path) -> list[str]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = [EventAccumulator(str(path)).Reload().Tags() for path in logs.rglob("events.*")]
    return [tag for kinds in found for kind in ("images", "tensors") for tag in kinds[kind]]


@pytest.fixture
def checked(results: SanityResults, tmp_path: Path) -> dict[str, Path]:
    """Write checks of the planted model and of another one, and a profile file of the planted one."""
    for name, of in (("mine", "0"), ("other", "1")):
        write_sanity(dataclasses.replace(results, model={**results.model, "hash": of, "name": name}), tmp_path / name)
    write_profiles(summed_file(), tmp_path / "planted.npz")
    return {name: tmp_path / name for name in ("mine", "other", "planted.npz")}


@pytest.mark.parametrize("command", [["align-eval"], ["cluster", "--percentiles", "60"],
                                     ["plot", "profiles", "--figures", "silhouettes"]])
def test_checks_stand_beside_results(command: list[str], checked: dict[str, Path], tmp_path: Path,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    words, flags = command[:-2] if len(command) > 2 else command[:1], command[-2:] if len(command) > 2 else []
    out, logs = tmp_path / "out", tmp_path / "logs"
    assert main([*words, str(checked["planted.npz"]), str(out), *flags, "--sanity", str(checked["mine"]),
                 "--tensorboard", str(logs)]) == 0
    printed = capsys.readouterr().out
    assert "sanity checks of W2P_shallow: 48 frames of bursts" in printed and "aligned_chance" in printed
    assert "note: what was checked differs from what stands above: " in printed
    assert "pooling: 'same' -> 'none'" in printed
    assert ("grouping: 'phone' -> 'label:word'" in printed) == (command[0] != "align-eval")
    if command[0] == "plot":
        assert (out / "sanity_W2P_shallow.png").stat().st_size > 20_000
    else:
        assert read_sanity(out / "sanity_W2P_shallow").model["name"] == "mine"
        assert (out / "sanity_W2P_shallow" / "sanity.png").stat().st_size > 20_000
    assert any("sanity" in tag for tag in tags(logs))


def test_checks_of_other_models_are_refused(checked: dict[str, Path], tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*folders: Path) -> str:
        out = tmp_path / "out"
        assert main(["cluster", str(checked["planted.npz"]), str(out), "--sanity", *map(str, folders)]) == 2
        assert not out.exists()
        return capsys.readouterr().err

    assert "they are of other; run snap-tf sanity with the model" in refused(checked["other"])
    about = json.loads((checked["other"] / "sanity.json").read_text())
    about["model"]["name"] = "W2P_shallow"
    (checked["other"] / "sanity.json").write_text(json.dumps(about))
    assert "they are of W2P_shallow with other weights; run" in refused(checked["other"])
    twice = "must be the only ones of W2P_shallow; name one folder per model"
    assert twice in refused(checked["mine"], checked["mine"])
    assert twice in refused(checked["mine"], Path("--sanity"), checked["mine"])  # none is forgotten
    assert "must be a folder that snap-tf sanity wrote" in refused(tmp_path / "nowhere")
    damaged = tmp_path / "damaged"
    shutil.copytree(checked["mine"], damaged)
    about = json.loads((damaged / "sanity.json").read_text())
    for change in ({"options": {"no such": 1}}, {"model": None}, {"model": {"name": "x"}}):
        (damaged / "sanity.json").write_text(json.dumps({**about, **change}))
        assert "must be a folder that snap-tf sanity wrote" in refused(damaged)


def test_places_that_are_no_folder_are_refused_before_figures(checked: dict[str, Path], tmp_path: Path,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["plot", "profiles", str(checked["planted.npz"]), str(tmp_path / "file")]) == 2
    assert "file is no folder; choose another name" in capsys.readouterr().err


def test_checks_of_several_models(results: SanityResults, tmp_path: Path) -> None:
    files = {name: summed_file(name) for name in ("a", "b")}
    files["b"].model["hash"] = "1"
    for name, of in (("x", "1"), ("y", "0")):
        write_sanity(dataclasses.replace(results, model={**results.model, "hash": of}), tmp_path / name)
    found = sanity_of(files, [tmp_path / "x", tmp_path / "y"])
    assert {name: checks.model["hash"] for name, checks in found.items()} == {"a": "0", "b": "1"}
    own = dataclasses.replace(files["a"], options=results.options)
    assert differences_of(found["a"], own) == []
    assert differences_of(found["a"], own, "label:word") == []
    assert differences_of(found["a"], own, "phone", "nap") == ["grouping: 'phone' -> 'label:word'",
                                                               "kind: 'nap' -> 'snap'"]
    for option, value in (("target", "class:s"), ("blank", "keep"), ("frame_steps", 100), ("mask", "abs_mean")):
        other = dataclasses.replace(own, options=dataclasses.replace(own.options, **{option: value}))
        (found_one,) = differences_of(found["a"], other)
        assert found_one.startswith(f"{option}: {value!r} -> ")
    with pytest.raises(ConfigError, match="must be of one of the models a; they are of"):
        sanity_of({"a": files["a"]}, [tmp_path / "x"])
