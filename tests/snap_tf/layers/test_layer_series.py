"""Series of a layer: cut, stretched, normalised in time, as the long table that statistics want."""

import numpy as np
import pandas as pd
import pytest

from snap_tf.layer_info import LayerInfo
from snap_tf.series.extraction.layer_series import LayerSeries
from snap_tf.series.extraction.store import file_names
from snap_tf.series.extraction.table import write_table
from wavegan_tf.data.corpus import Segment
from wavegan_tf.errors import ConfigError, DataError

LAYER = LayerInfo("downconv_3", "Conv4", 64, 512, 62.5, "leaky_relu")


@pytest.fixture
def series():
    """Values that tell where they come from: 100 token + step."""
    tokens = pd.DataFrame({"token": ["a", "b"], "label": ["ask", "wash"], "word": ["ask", "wash"],
                           "speaker": ["S1", "S2"], "file": ["a.wav", "b.wav"],
                           "phones": [(Segment(1600, 3200, "s"),), (Segment(0, 2560, "sh"), Segment(2560, 2816, "s"))]})
    return LayerSeries(np.arange(64, dtype=np.float32) + 100 * np.arange(2, dtype=np.float32)[:, None], LAYER, 16384,
                       tokens)


def test_the_long_table_of_whole_clips(series):
    table = series.table()
    assert list(table) == ["value", "sample", "time_s", "start", "layer", "rate_hz", "token", "label", "word",
                           "speaker"]
    assert len(table) == 128 and table["start"].sum() == 2 and table["start"][64] == 1
    assert table["sample"].tolist() == [*range(1, 65), *range(1, 65)]
    np.testing.assert_allclose(table["time_s"][:64], (np.arange(64) + 0.5) * 0.016)
    assert set(table["layer"]) == {"Conv4"} and set(table["rate_hz"]) == {62.5}
    assert table.iloc[70][["value", "token", "label", "speaker"]].tolist() == [106, "b", "wash", "S2"]


def test_cut_series_hold_exactly_the_steps_of_their_intervals(series):
    cut = series.cut("s", "sh", min_points=1)
    assert cut.tokens["token"].tolist() == ["a:s@1600", "b:s@2560", "b:sh@0"]
    # steps of 256 samples: 1600-3200 are 6 ... 12, 2560-2816 is 10 alone, 0-2560 are 0 ... 9
    assert [piece.tolist() for piece in cut.pieces] == [list(range(6, 13)), [110], list(range(100, 110))]
    assert cut.first_steps.tolist() == [6, 10, 0]


def test_normalised_time_goes_from_0_to_1(series):
    table = series.cut("s", "sh", min_points=1).table()
    for token, part in table.groupby("token"):
        n = len(part)
        expected = [0.5] if n == 1 else np.linspace(0, 1, n)
        np.testing.assert_allclose(part["time_norm"], expected, err_msg=token)
        assert part["start"].tolist() == [1] + [0] * (n - 1)
        assert part["sample"].tolist() == list(range(1, n + 1))
    assert table["time_s"].min() == pytest.approx(0.008)


def test_pieces_brought_to_one_length(series):
    points = series.cut("s", "sh", min_points=1).normalised(5)
    assert points.shape == (3, 5)
    np.testing.assert_allclose(points[0], [6, 7.5, 9, 10.5, 12])
    np.testing.assert_allclose(points[1], 110)


def test_layers_with_too_few_points_are_refused(series):
    with pytest.raises(ConfigError, match=r"layer Conv4 \(downconv_3\) must have at least `min_points` \(=8\) points "
                       r"in the median interval; its 3 intervals have 1 to 10, median 7, at 62.5 Hz; take a layer"):
        series.cut("s", "sh", min_points=8)


def test_tokens_of_a_label(series):
    wash = series.of("wash")
    assert wash.values.shape == (1, 64) and wash.tokens["token"].tolist() == ["b"]
    with pytest.raises(DataError, match=r"label \(=oily\) must be one of ask, wash"):
        series.of("oily")


def test_stretched_to_the_length_of_the_audio(series):
    long = series.upsampled()
    assert long.shape == (2, 16384)
    assert long[:, 0].tolist() == [0, 100] and long[:, -1].tolist() == [63, 163]


def test_values_and_tokens_must_fit(series):
    with pytest.raises(DataError, match="must have a row for each of the 2 tokens"):
        LayerSeries(series.values[:1], LAYER, 16384, series.tokens)


def test_a_table_written_in_pieces_is_the_whole_table(series, tmp_path, monkeypatch):
    monkeypatch.setattr("snap_tf.series.extraction.table._ROWS_AT_ONCE", 64)  # one token at a time
    noisy = LayerSeries(np.random.default_rng(0).normal(size=(2, 64)).astype(np.float32), LAYER, 16384, series.tokens)
    assert write_table(iter([noisy, noisy.cut("s", min_points=1)]), tmp_path / "a.csv") == 128 + 8
    assert write_table(iter([noisy]), tmp_path / "b.csv") == 128
    table = pd.read_csv(tmp_path / "b.csv")
    pd.testing.assert_frame_equal(table, noisy.table(), check_dtype=False, rtol=1e-8)
    np.testing.assert_array_equal(table["value"].to_numpy(np.float32), noisy.values.reshape(-1))  # every digit


def test_every_layer_has_a_file_of_its_own_on_every_disk():
    names = ["Conv", "conv", "conv-2", "conv", "stimuli", "conv_upsampled", "a/b", "a%2Fb", "x"]
    layers = tuple(LayerInfo(f"layer_{i}", name, 4, 1, 10.0, "relu") for i, name in enumerate(names))
    files = list(file_names(layers).values())
    stretched = {f"{file.removesuffix('.npy')}_upsampled.npy".casefold() for file in files}
    assert len({file.casefold() for file in files}) == len(names) and not {f.casefold() for f in files} & stretched
    assert "stimuli.npy" not in files and files[0] == "Conv.npy" and files[-1] == "x.npy"
