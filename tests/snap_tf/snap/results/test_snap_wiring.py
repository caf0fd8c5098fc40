"""What the parts of SNAPs hand to each other: options to methods, seeds to draws, levels and splits to recordings."""

import types
from pathlib import Path

import numpy as np
import pytest
import soundfile

from snap_tf.commands.profile import tell_silent
from snap_tf.plots.snap.snap_figures import ProfileFigures
from snap_tf.snap.alignment.alignment_step import shift_of
from snap_tf.snap.clusters.clustering import Cut
from snap_tf.snap.clusters.stability import cluster_recovery, half_samples
from snap_tf.snap.frames.clip_folder import ClipFolder
from snap_tf.snap.frames.frame_blocks import Block, SequenceFrames
from snap_tf.snap.frames.groupings import IntervalTable
from snap_tf.snap.network.cone import INPUT
from snap_tf.snap.profiles import profiling
from snap_tf.snap.profiles.profile_pass import ProfilePass
from snap_tf.snap.results import cluster_folder
from snap_tf.snap.results.cluster_folder import ClusterSettings
from snap_tf.snap.saliency import keras_vis, saliency_maps
from snap_tf.snap.saliency.heard import HeardBy
from snap_tf.snap.saliency.saliency_maps import Target
from snap_tf.snap.saliency.saliency_options import SaliencyOptions
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig
from wavegan_tf.errors import DataError


class Enough(Exception):
    pass


@pytest.fixture
def quiet_recording(tmp_path: Path) -> Path:
    """A tone of a quarter of full scale, longer than what the network takes."""
    path = tmp_path / "clips" / "tone.wav"
    path.parent.mkdir()
    soundfile.write(path, 0.25 * np.sin(np.arange(20000) / 5), 16000, "FLOAT")
    return path


@pytest.mark.parametrize(("normalize", "peak"), [(True, 1.0), (False, 0.25)])
def test_recordings_are_as_loud_as_in_training(quiet_recording: Path, normalize: bool, peak: float) -> None:
    data = DataConfig(normalize=normalize)
    opened = types.SimpleNamespace(rate_hz=16000.0, input_shape=(16384, 1),
                                   config=RunConfig(data=data, network=NetworkConfig()))
    heard = HeardBy(opened, False, ("score",), None, "score", {}).read(quiet_recording)
    clip = ClipFolder(quiet_recording.parent, data).block(0).inputs
    assert heard.shape == (16384, 1) and clip.shape == (1, 16384, 1)
    assert np.abs(heard).max() == pytest.approx(peak, rel=1e-3) and np.abs(clip).max() == pytest.approx(peak, rel=1e-3)


def test_silent_clips_are_counted_and_folders_named_after_labels_are_labels(tmp_path: Path, capsys) -> None:
    for name, level in (("i%3A/a", 0.5), ("%53/b", 1 / 32768), ("s/c", 0.0)):
        (tmp_path / name).parent.mkdir()
        soundfile.write(tmp_path / f"{name}.wav", np.full(100, level), 16000)
    clips = ClipFolder(tmp_path, DataConfig())
    assert clips.columns["folder"] == ("S", "i:", "s")
    assert [bool(clip.any()) for clip in clips.block(0).inputs] == [False, True, False]
    tell_silent(clips)
    assert capsys.readouterr().out == ("note: 2 clips are silent, below two steps of 16 bits, and went in as zeros: "
                                       "%53/b.wav, s/c.wav\n")
    opened = types.SimpleNamespace(rate_hz=16000.0, input_shape=(16384, 1),
                                   config=RunConfig(data=DataConfig(), network=NetworkConfig()))
    with pytest.raises(DataError, match=r"b.wav\) must be louder; it is silent: it peaks at 3.1e-05"):
        HeardBy(opened, False, ("score",), None, "score", {}).read(tmp_path / "%53/b.wav")


def test_clips_of_a_split_only(tmp_path: Path) -> None:
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", np.full(100, 0.5), 16000)
    (tmp_path / "manifest.csv").write_text("file,split,label\na.wav,train,x\nb.wav,test,y\n")
    assert ClipFolder(tmp_path, DataConfig(), split="test").names == ("b.wav",)
    assert ClipFolder(tmp_path, DataConfig()).names == ("a.wav", "b.wav")


def test_what_is_left_out_of_a_folder_of_clips_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "film.mp4").write_bytes(b"ftyp")
    with pytest.raises(DataError, match=r"all 1 files were left out, the first \(film\.mp4\) because: \.mp4 files are"):
        ClipFolder(tmp_path, DataConfig())
    soundfile.write(tmp_path / "a.wav", np.full(100, 0.5), 16000)
    tell_silent(ClipFolder(tmp_path, DataConfig()))
    told = capsys.readouterr().out
    assert "note: 1 files of the folder were left out (first: film.mp4: .mp4 files are not read" in told


def test_what_is_profiled_is_of_the_split_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(profiling, "open_network", lambda model, **how: model)

    def source(*args: object) -> None:
        asked.append(args)
        raise Enough

    monkeypatch.setattr(profiling, "frame_source", source)
    options = profiling.ProfileOptions(hop_steps=7)
    with pytest.raises(Enough):
        profiling.profile("network", "corpus", options, split="dev", progress=False)
    assert asked == [("network", "corpus", options, "dev")]


METHODS = {"input_saliency": SaliencyOptions(),
           "smooth_gradient": SaliencyOptions("smoothgrad", n_samples=3, noise=0.375, seed=7),
           "optimised_input": SaliencyOptions("optimised", l1=0.375, n_steps=3),
           "grad_cam": SaliencyOptions("gradcam", layer="L3"), "score_cam": SaliencyOptions("scorecam", layer="L3")}
HANDED = {"input_saliency": {}, "smooth_gradient": {"n_samples": 3, "noise": 0.375, "seed": 7},
          "optimised_input": {"l1": 0.375, "n_steps": 3, "learning_rate": 0.05, "value_range": (-5.0, None)},
          "grad_cam": {}, "score_cam": {"baseline": -5.0}}


@pytest.mark.parametrize("name", METHODS)
def test_options_of_saliency_reach_their_method(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def method(vis: object, batch: np.ndarray, score: object, *layer: str, **how: object) -> np.ndarray:
        asked.update(how, layer=layer, score=score)
        return batch if "cam" not in name else np.zeros((1, 5))

    monkeypatch.setattr(keras_vis, name, method)
    network = types.SimpleNamespace(rate_hz=125.0, takes_mel=True, silence=-5.0, own_names={"L3": "layer_3"})
    vis = types.SimpleNamespace(layer=lambda name: name or "last")
    inputs = np.ones((10, 4), np.float32)
    options, values, rate_hz = saliency_maps._compute(network, vis, inputs, Target("s", 2, 3, 0.1, 0.0, 0.0),
                                                      METHODS[name])
    assert (asked["score"].classes, asked["score"].step) == ((2,), 3)
    assert {key: asked[key] for key in HANDED[name]} == HANDED[name]
    if "cam" in name:
        assert asked["layer"] == ("layer_3",) and options.layer == "layer_3" and rate_hz == 62.5
    else:
        assert rate_hz == 125.0 and options == METHODS[name]
    if name == "optimised_input":
        np.testing.assert_array_equal(values, 0)  # what is returned is the change
        np.testing.assert_array_equal(asked["baseline"], inputs)


def test_halves_are_drawn_by_the_seed() -> None:
    assert half_samples(range(12), 5, 0) == half_samples(range(12), 5, 0) != half_samples(range(12), 5, 1)


def test_settings_of_clusters_reach_their_stability(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def stability(file: object, kind: str, grouping: str, percentiles: tuple, **how: object) -> None:
        asked.update(how, kind=kind, grouping=grouping, percentiles=percentiles)
        raise Enough

    monkeypatch.setattr(cluster_folder, "stability", stability)
    monkeypatch.setattr(cluster_folder, "cluster_profiles", lambda profiles, percentiles: {"L2": None})
    how = {}
    file = types.SimpleNamespace(profiles=lambda kind, grouping, **more: how.update(more, kind=kind, grouping=grouping))
    settings = ClusterSettings("nap", "phone", (40.0, 50.0), 7, ("L2",), 9, 11)
    with pytest.raises(Enough):
        cluster_folder._clusters(file, settings, False)
    assert asked == {"kind": "nap", "grouping": "phone", "percentiles": (40.0, 50.0), "layers": ("L2",),
                     "min_frames": 7, "halves": 9, "seed": 11, "progress": False}
    assert how == {"kind": "nap", "grouping": "phone", "min_frames": 7}


def test_a_cluster_of_which_half_is_found_is_not_recovered() -> None:
    groups = ["a", "b", "c", "d"]
    half = cluster_recovery(("a", "b"), Cut(90.0, 1.0, np.array([0, 1, 1, 2]), 0.0), groups)
    assert half == 0.5 and not half > 0.5
    assert cluster_recovery(("a", "b"), Cut(90.0, 1.0, np.array([0, 0, 1, 2]), 0.0), groups) == 1.0


def test_silence_around_sequences_is_what_the_features_call_silence() -> None:
    source = SequenceFrames([np.ones((5, 2))], 4, 2, "padded", rate_hz=10.0, silence=-23.0)
    block = source.block(0)
    assert block.inputs[:, 0].tolist() == [-23, -23, 1, 1, 1, 1, 1, -23, -23]
    assert block.starts.tolist() == [0, 2, 4]
    np.testing.assert_allclose(block.centres_s(), [0.0, 0.2, 0.4])  # counted from where the sequence begins
    inside = SequenceFrames([np.ones((5, 2))], 4, 1, rate_hz=10.0).block(0)
    assert inside.starts.tolist() == [0, 1]  # the last frame ends where the sequence does
    np.testing.assert_allclose(inside.centres_s(), [0.2, 0.3])


def test_an_interval_ends_before_its_end(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("utterance,group,start_s,end_s\nu,x,0.2,0.4\nu,y,0.4,0.5\n")
    block = Block(("u",) * 5, np.zeros((6, 1)), np.arange(5), 2, rate_hz=10.0, is_utterance=True)  # centres .1 to .5 s
    assert IntervalTable(str(path), ["u"]).numbers(block, np.arange(5), np.zeros(5, int)).tolist() == [2, 0, 0, 1, 2]


def test_trees_are_of_the_boundary_the_layer_before_and_the_last() -> None:
    figures = object.__new__(ProfileFigures)
    figures.edge = "L3"
    assert figures._tree_layers(["input", "L1", "L2", "L3", "L4", "L5"]) == ["L2", "L3", "L5"]
    assert figures._tree_layers(["L3", "L4"]) == ["L3", "L4"]
    figures.edge = None
    assert figures._tree_layers(["input", "L4", "L5", "L6"]) == ["L4", "L5", "L6"]


def test_one_shift_for_all_layers_is_as_long_in_seconds() -> None:
    """A layer of half the steps is moved by half as many; one without time not at all."""
    run = object.__new__(ProfilePass)
    layers = [types.SimpleNamespace(name=name, steps=steps) for name, steps in ((INPUT, 40), ("half", 20), ("out", 0))]
    run._view, run._options = types.SimpleNamespace(layers=layers), ProfileOptions(alignment="input")
    shifts = run._shifts_of(types.SimpleNamespace(tau={INPUT: np.array([4, 20, 36])}))
    whole = shift_of(np.array([4, 20, 36]), 40)
    assert {name: moved.tolist() for name, moved in shifts.items()} == {
        INPUT: whole.tolist(), "half": np.rint(whole / 2).astype(int).tolist(), "out": [0, 0, 0]}
    assert (whole != 0).sum() == 2
