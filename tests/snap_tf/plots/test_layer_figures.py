"""`snap-tf plot`: spectrograms, overlays and interpolations of small networks, as files and in TensorBoard."""

import json

import numpy as np
import pandas as pd
import pytest

from snap_tf.cli import main
from snap_tf.layer_info import LayerInfo
from snap_tf.plots.overlay import label_overlay_figure, label_overlay_numbers
from snap_tf.plots.spectrograms import choose_columns, spectrogram_figure
from snap_tf.plots.stack import stack_figure
from snap_tf.series.extraction.store import open_layers, write_tokens
from snap_tf.series.latents.interpolation_folder import open_interpolation
from wavegan_tf.config import NetworkConfig, RunConfig
from wavegan_tf.data.corpus import Segment
from wavegan_tf.export.folder import write_model
from wavegan_tf.models.family import build_networks

LABELS = ("ask", "ask", "ask", "wash", "wash", "oily")


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    """Six clips of .5 s in layers of 4 kHz and 15.6 Hz."""
    folder = tmp_path_factory.mktemp("layers") / "layers"
    folder.mkdir()
    rng = np.random.default_rng(0)
    infos = [LayerInfo("downconv_0", "Conv1", 4096, 8, 4000.0, "leaky_relu"),
             LayerInfo("downconv_4", "Conv5", 16, 8, 15.625, "leaky_relu")]
    for info in infos:
        np.save(folder / f"{info.paper_name}.npy", rng.standard_normal((6, info.steps)).astype(np.float32))
    np.save(folder / "stimuli.npy", rng.uniform(-1, 1, (6, 16384, 1)).astype(np.float32))
    phones = (Segment(400, 3600, "ae"), Segment(3600, 3700, "dx"), Segment(3700, 7600, "s"))
    write_tokens(pd.DataFrame({"token": [f"t{i}" for i in range(6)], "label": LABELS, "word": LABELS, "speaker": "A",
                               "file": "", "n_samples": 8000, "cropped": False, "phones": [phones] * 6}),
                 folder / "tokens.csv")
    (folder / "layers.json").write_text(json.dumps({
        "format": 1, "model": "planted", "weights_hash": "0", "reduce": "mean", "stage": "post", "inputs": "none",
        "config": None, "rate_hz": 16000.0, "n_samples": 16384,
        "layers": [{**info.to_dict(), "file": f"{info.paper_name}.npy"} for info in infos]}))
    return folder


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """A folder that `snap-tf interpolate` wrote, of a network of random weights."""
    root = tmp_path_factory.mktemp("sweep")
    config = RunConfig(network=NetworkConfig(dim=1, latent_dim=8, code="onehot", code_dim=2))
    model = write_model(build_networks(config.network, seed=0), config, 7, "nowhere", root / "model")
    assert main(["interpolate", str(model), str(root / "out"), "--variable", "3", "--from", "-2", "--to", "2", "--step",
                 "2", "--bases", "3", "--measure", "rms_db", "--no-figures"]) == 0
    return root / "out"


def pictures(folder):
    """Read the images of TensorBoard's event files: tag -> PNG."""
    from tensorflow.core.util import event_pb2
    from tensorflow.data import TFRecordDataset

    found = {}
    for file in folder.glob("events*"):
        for record in TFRecordDataset(str(file)):
            for value in event_pb2.Event.FromString(record.numpy()).summary.value:
                found[value.tag] = value.tensor.string_val[2]
    return found


def test_an_overlay_is_the_mean_and_standard_error_of_every_label(layers):
    store = open_layers(layers)
    numbers, left_out = label_overlay_numbers(store)
    assert not left_out and list(dict.fromkeys(numbers["label"])) == ["ask", "wash", "oily"]
    ask = numbers[(numbers["layer"] == "Conv1") & (numbers["label"] == "ask")]
    values = np.load(layers / "Conv1.npy")[:3].astype(float)
    np.testing.assert_allclose(ask["mean"], values.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(ask["se"], values.std(axis=0, ddof=1) / 3**0.5, atol=1e-12)
    np.testing.assert_allclose(ask["time_s"], (np.arange(4096) + 0.5) / 4000)
    assert numbers[numbers["label"] == "oily"]["se"].isna().all()  # of one token there is none
    figure = label_overlay_figure(store, labels=("wash", "ask"))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["wash (2)", "ask (3)"]
    assert figure.axes[-1].get_xlim() == (0, 0.5)  # to the end of the longest clip


def test_an_overlay_of_phones_goes_from_0_to_1_and_leaves_out_slow_layers(layers):
    store = open_layers(layers)
    numbers, left_out = label_overlay_numbers(store, phones=("s", "ae"))
    assert list(dict.fromkeys(numbers["layer"])) == ["Conv1"] and "Conv5 (downconv_4) must have" in left_out[0]
    one = numbers[numbers["label"] == "s"]
    assert one["time_norm"].iloc[[0, -1]].tolist() == [0, 1] and (one["n"] == 6).all()
    first, end = 3700 * 4096 // 16384, -(-7600 * 4096 // 16384)
    values = np.load(layers / "Conv1.npy")[:, first:end].mean(axis=0)
    np.testing.assert_allclose(one["mean"].iloc[[0, -1]], values[[0, -1]], atol=1e-6)
    assert "too few points in Conv5" in label_overlay_figure(store, phones=("s", "ae")).get_suptitle()


def test_phones_are_named_where_there_is_room_and_bordered_everywhere(layers):
    store = open_layers(layers)
    for figure in (stack_figure(store, [0]), spectrogram_figure(store, [0])):
        assert [text.get_text() for text in figure.axes[0].texts] == ["ae", "s"]  # dx lasts 6 ms
        borders = sorted(line.get_xdata()[0] for line in figure.axes[0].lines if len(set(line.get_xdata())) == 1)
        np.testing.assert_allclose(borders[-4:], [0.025, 0.225, 3700 / 16000, 0.475])


def test_columns_come_in_the_order_asked_for(layers):
    store = open_layers(layers)
    assert choose_columns(store, tokens=("t4", "t1")) == [4, 1] and choose_columns(store, ("oily", "ask")) == [5, 0]
    assert choose_columns(store) == [0, 3, 5] and choose_columns(store, ("ask",)) == [0, 1, 2]
    assert choose_columns(store, ("wash",), phones=("s", "ae")) == [3]  # the first with each


@pytest.mark.parametrize("args", [["stack", "--labels", "ask"], ["overlay", "--phones", "s,ae"],
                                  ["spectrograms", "--phones", "s", "--f0-floor-hz", "60"]])
def test_figures_are_files_with_numbers_and_images_in_tensorboard(layers, tmp_path, args):
    name, *flags = args
    assert main(["plot", name, str(layers), str(tmp_path / "figure"), *flags, "--logdir", str(tmp_path / "logs")]) == 0
    for suffix in ("png", "pdf", "csv"):
        assert (tmp_path / f"figure.{suffix}").stat().st_size > 1000
    assert pictures(tmp_path / "logs")["layers/figure"].startswith(b"\x89PNG")


def test_an_interpolation_is_drawn_again_from_its_folder(sweep, tmp_path):
    found = open_interpolation(sweep)
    assert found.names == ("z3",)
    values = np.stack([found.store["Conv3"].values[(found.store.tokens["value"] == x).to_numpy()] for x in (-2, 0, 2)])
    effects = found.effects["Conv3"]
    np.testing.assert_allclose(effects.mean, values.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(effects.slopes[0], (values[2] - values[0]).mean(axis=0) / 4, atol=1e-6)
    np.testing.assert_allclose(effects.size_at_0, values[1].std(axis=1), atol=1e-6)
    assert main(["plot", "interpolation", str(sweep), str(tmp_path / "out"), "--base", "2", "--tensorboard",
                 str(tmp_path / "logs")]) == 0
    names = {"overlay", "stack", "slopes", "change", "outcomes"}
    assert {path.stem for path in (tmp_path / "out").glob("*.png")} == names
    assert set(pictures(tmp_path / "logs")) == {f"interpolate/{name}" for name in names}
    stack = pd.read_csv(tmp_path / "out" / "stack.csv")
    row = int(np.flatnonzero((found.store.tokens["base"] == 2) & (found.store.tokens["value"] == 2))[0])
    shown = stack[(stack["layer"] == "Conv2") & (stack["value"] == 2)]["series"]
    np.testing.assert_allclose(shown, found.store["Conv2"].values[row], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("args", "message"), [
    (["overlay", "LAYERS", "OUT", "--labels", "rag"], "label (=rag) must be in"),
    (["overlay", "LAYERS", "OUT", "--phones", "zh"], "phone (=zh) must be in the recordings"),
    (["overlay", "LAYERS", "OUT", "--phones", "s", "--min-points", "5000"], "must have at least `min_points` (=5000)"),
    (["overlay", "SWEEP", "OUT"], "must be a folder that `snap-tf layers` wrote"),
    (["spectrograms", "LAYERS", "OUT", "--layers", "Conv9"], "layer (=Conv9) must be one of stimulus, Conv1"),
    (["spectrograms", "LAYERS", "OUT", "--labels", "rag"], "label (=rag) must be in"),
    (["spectrograms", "LAYERS", "OUT", "--f0-floor-hz", "-1"], "`f0_floor_hz` (=-1.0) must be positive"),
    (["interpolation", "LAYERS", "OUT"], "must be a folder that `snap-tf interpolate` wrote"),
    (["interpolation", "SWEEP", "OUT", "--base", "3"], "`base` (=3) must be one of the 3 base vectors, from 0"),
])
def test_bad_input_ends_with_2_and_nothing_written(layers, sweep, tmp_path, capsys, args, message):
    places = {"LAYERS": layers, "SWEEP": sweep, "OUT": tmp_path / "out"}
    assert main(["plot", *(str(places.get(arg, arg)) for arg in args)]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_damaged_interpolation_is_told(sweep, tmp_path):
    import shutil

    shutil.copytree(sweep, tmp_path / "broken")
    (tmp_path / "broken" / "effects.npz").write_bytes((sweep / "effects.npz").read_bytes()[:500])
    with pytest.raises(ValueError, match=r"effects .*effects.npz\) must be whole"):
        open_interpolation(tmp_path / "broken")
