"""The stack of Figure 2: its panels, its numbers, the files."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from snap_tf.plots.stack import choose_tokens, stack_figure, stack_numbers, write_stack
from snap_tf.probe import probe
from snap_tf.series.extraction.extract import write_layers
from snap_tf.series.extraction.latent_inputs import Request, latent_inputs
from snap_tf.series.extraction.resample import upsample_linear
from snap_tf.series.extraction.stimuli import find_stimuli
from wavegan_tf.errors import ConfigError


@pytest.fixture(scope="module")
def store(networks, slices, tmp_path_factory):
    out = tmp_path_factory.mktemp("stack") / "layers"
    return write_layers(probe(networks.q_network), find_stimuli(slices), out).layers


def test_one_token_of_every_label_or_those_named(store):
    assert choose_tokens(store) == [0, 1]
    assert choose_tokens(store, labels=["wash"]) == [1]
    assert choose_tokens(store, tokens=[store.tokens["token"][4], store.tokens["token"][1]]) == [4, 1]
    with pytest.raises(ConfigError, match="must be at most 12 in one figure"):
        choose_tokens(store, tokens=list(store.tokens["token"]) * 3)


def test_the_numbers_are_the_stretched_series_of_the_papers(store):
    """Between two points of `stack_numbers` lies what linear interpolation to 16384 samples gives."""
    numbers = stack_numbers(store, [1])
    assert numbers["layer"].unique().tolist() == ["stimulus", "Conv1", "Conv2", "Conv3", "Conv4", "Conv5", "logits"]
    end_s = 5100 / 16000  # of clip 1
    for name in ("Conv1", "Conv4", "Conv5"):
        part = numbers[numbers["layer"] == name]
        time = np.arange(5100) / 16000
        drawn = np.interp(time, part["x"], part["value"])
        np.testing.assert_allclose(drawn, upsample_linear(store[name].values[1], 16384)[:5100], atol=1e-5)
        assert part["x"].iloc[-1] >= end_s
    sound = numbers[numbers["layer"] == "stimulus"]
    np.testing.assert_array_equal(sound["value"], store.stimuli[1, :len(sound), 0])
    assert numbers[numbers["layer"] == "logits"]["value"].tolist() == store.outputs["logits"][1].tolist()
    assert stack_numbers(store, [1], seconds=0.1)["x"].max() <= 3  # code numbers; times end at .1 s
    whole = stack_numbers(store, [1], seconds=2)
    ends = whole[whole["layer"].str.startswith("Conv")].groupby("layer")["x"].max()
    assert set(ends) == {16383 / 16000}  # equal end points


def test_panels_axes_and_colours(store):
    figure = stack_figure(store, [0, 1])
    panels = np.array(figure.axes).reshape(7, 2)
    assert [axes.get_title() for axes in panels[0]] == ["ask", "wash"]
    assert [axes.get_ylabel().split("\n")[0] for axes in panels[:, 0]] == [
        "stimulus", "Conv1", "Conv2", "Conv3", "Conv4", "Conv5", "logits"]
    assert panels[5, 0].get_xlabel() == "time (s)" and panels[6, 0].get_xlabel() == "code"
    assert {to_hex(axes.lines[0].get_color()) for axes in panels[1:6].flat} == {"#1b7837"}  # green
    assert to_hex(panels[6, 1].patches[0].get_facecolor()) == "#762a83"  # purple
    assert all(axes.get_xlim() == (0, 5100 / 16000) for axes in panels[:6].flat)
    assert panels[3, 0].get_ylim() == panels[3, 1].get_ylim()  # words can be compared


def test_files_beside_each_other(store, tmp_path):
    files = write_stack(store, tmp_path / "figure.png", labels=["ask"])
    assert [path.name for path in files] == ["figure.png", "figure.pdf", "figure.csv"]
    assert files[0].read_bytes()[:4] == b"\x89PNG" and files[1].read_bytes()[:4] == b"%PDF"
    table = pd.read_csv(files[2])
    assert list(table) == ["token", "label", "layer", "x", "value"] and set(table["label"]) == {"ask"}
    again = write_stack(store, tmp_path / "again", labels=["ask"])
    assert [a.read_bytes() for a in again] == [f.read_bytes() for f in files]  # no dates inside


def test_a_generators_output_is_drawn_as_sound(model, tmp_path):
    generator = probe(model, part="generator")
    store = write_layers(generator, latent_inputs(generator, Request(n=1, all_codes=True)), tmp_path / "g").layers
    figure = stack_figure(store, choose_tokens(store))
    panels = np.array(figure.axes).reshape(6, 3)
    assert [axes.get_title() for axes in panels[0]] == ["code 0", "code 1", "code 2"]
    assert panels[5, 0].get_ylabel().startswith("Conv5 (output)")
    assert to_hex(panels[5, 0].lines[0].get_color()) == "#333333"
