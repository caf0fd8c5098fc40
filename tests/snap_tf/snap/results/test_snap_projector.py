"""Profiles in TensorBoard's projector: distances are kept, labels fit, TensorBoard itself reads the tables."""

import numpy as np
import pandas as pd
import pytest
from planted_files import GROUPS, planted_file, summed_file
from scipy.spatial.distance import pdist

from snap_tf.snap.results.projector import CONFIG, coordinates, write_projector


@pytest.mark.parametrize("shape", [(9, 20, 30), (9, 1, 4), (2, 5, 5), (9, 1, 1)])
def test_coordinates_keep_all_distances_and_are_few(shape) -> None:
    values = np.random.default_rng(3).normal(size=shape)
    found = coordinates(values)
    assert found.shape == (shape[0], max(1, min(shape[0] - 1, shape[1] * shape[2])))
    np.testing.assert_allclose(pdist(found), pdist(values.reshape(len(values), -1)), rtol=1e-10)
    assert (np.diff(found.var(axis=0)) <= 1e-9).all()
    np.testing.assert_array_equal(coordinates(np.ones(shape)), 0)


def test_tables_labels_and_list(tmp_path) -> None:
    profiles = planted_file().profiles()
    files = write_projector(profiles, tmp_path, "model", percentiles=(30.0, 90.0))
    assert len(files) == 2 * 4 + 1
    points = pd.read_csv(tmp_path / "model_snap_phone_L1.tensors.tsv", sep="\t", header=None).to_numpy()
    np.testing.assert_allclose(pdist(points), pdist(profiles.layers["conv_1"].values.reshape(9, -1)), rtol=1e-7)
    labels = pd.read_csv(tmp_path / "model_snap_phone_L1.metadata.tsv", sep="\t")
    assert list(labels.columns) == ["group", "frames", "cluster_30", "cluster_90"]
    assert labels["group"].tolist() == list(GROUPS) and labels["cluster_30"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    before = (tmp_path / CONFIG).read_text()
    write_projector(profiles, tmp_path, "model", percentiles=(30.0, 90.0))
    assert (tmp_path / CONFIG).read_text() == before  # not listed twice
    write_projector(profiles, tmp_path, "other")
    assert (tmp_path / CONFIG).read_text().startswith(before.rstrip("\n"))
    assert (tmp_path / CONFIG).read_text().count("embeddings {") == 8


def test_a_space_can_be_seen_among_letters(tmp_path) -> None:
    write_projector(summed_file(groupings=("letter",)).profiles("snap"), tmp_path)
    assert pd.read_csv(tmp_path / "snap_letter_L1.metadata.tsv", sep="\t")["group"].tolist() == ["e", "h", "g", "␣"]


def test_tensorboard_reads_it(tmp_path) -> None:
    from google.protobuf import text_format
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
    from tensorboard.plugins.projector.projector_plugin import _read_tensor_tsv_file

    write_projector(planted_file().profiles(), tmp_path, 'a "name"')
    config = text_format.Parse((tmp_path / CONFIG).read_text(), ProjectorConfig())
    assert len(config.embeddings) == 4
    for embedding in config.embeddings:
        tensor = _read_tensor_tsv_file(str(tmp_path / embedding.tensor_path))
        labels = (tmp_path / embedding.metadata_path).read_text().splitlines()
        assert tensor.shape == (9, 8) and len(labels) == 1 + 9
