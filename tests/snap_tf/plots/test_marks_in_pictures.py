"""Marks in pictures stand for what they name: ticks of randomised layers, the group of a scheme."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd

from snap_tf.layer_info import LayerInfo
from snap_tf.plots.snap.sanity import _draw_cascade
from snap_tf.plots.snap.snap_scheme import scheme_figure
from snap_tf.plots.style import PlainFigure
from snap_tf.snap.profiles.finalising import LayerProfiles, Profiles


def test_layers_are_named_in_the_order_in_which_they_are_randomised() -> None:
    down_to = ["", "out", "L2", "L1"]
    table = pd.DataFrame([{"n_randomised": n, "down_to": name, "layer": layer, "ssim": 1 - n / 10}
                          for layer in ("input", "L1") for n, name in enumerate(down_to)])
    axes = PlainFigure().subplots()
    _draw_cascade(axes, table, "ssim")
    shown = {text.get_text(): place for text, place in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)}
    assert shown == {"none": 0, "out": 1, "L2": 2, "L1": 3}


def test_a_scheme_is_of_the_group_with_most_frames() -> None:
    info = LayerInfo("input", "input", 40, 6, 125.0, "relu")
    values = np.zeros((3, 40, 6))
    values[:, 20, :] = np.array([1.0, 2.0, 3.0])[:, None]
    planted = Profiles("snap", "phone", ("a", "s", "z"), np.array([4, 9, 2]),
                       {"input": LayerProfiles(info, 20, values)})
    file = SimpleNamespace(profiles=lambda kind, grouping: dataclasses.replace(planted, kind=kind),
                           shifts={"input": np.r_[np.zeros(20, int), 15, np.zeros(19, int)]})
    for group, level in ((None, 2.0), ("z", 3.0)):
        images = [axes.images[0] for axes in scheme_figure(file, group).axes if axes.images]
        assert [image.get_array().max() for image in images] == [level] * 3
