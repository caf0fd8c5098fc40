"""A SavedModel is a program: nothing in one runs before somebody says that it may."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from wavegan_tf.cli import main
from wavegan_tf.config import NetworkConfig, RunConfig
from wavegan_tf.errors import ExportError
from wavegan_tf.export.folder import export_again, write_model
from wavegan_tf.export.opening import open_model
from wavegan_tf.models.family import build_networks

NETWORK = NetworkConfig(dim=1, latent_dim=6, batchnorm="on", post_filter=True, post_filter_len=8, code="onehot",
                        code_dim=2)


@pytest.fixture(scope="module")
def networks():
    made = build_networks(NETWORK, seed=1)
    rng = np.random.default_rng(0)
    for network in made.named().values():
        for weight in network.weights:
            weight.assign(rng.uniform(0.1, 0.3, weight.shape))  # moving variances too
    return made


@pytest.fixture(scope="module")
def exported(networks, tmp_path_factory):
    return write_model(networks, RunConfig(network=NETWORK), 7, "nowhere", tmp_path_factory.mktemp("ours") / "model")


@pytest.fixture
def trap(exported, tmp_path):
    """A SavedModel with our signatures whose every function writes a file; and that file."""
    sprung = tmp_path / "sprung"
    text = (exported / "model.json").read_text()

    def spring(value):
        tf.io.write_file(str(sprung), "written by a model")
        return value

    module = tf.Module()
    module.metadata = tf.function(lambda: spring(tf.constant(text)), input_signature=[])
    generate = tf.function(lambda z: {"audio": spring(tf.zeros((tf.shape(z)[0], 16384, 1)))},
                           input_signature=[tf.TensorSpec((None, 6), tf.float32, name="z")])
    module.generate = generate
    tf.saved_model.save(module, str(tmp_path / "trap"), signatures={"generate": generate, "serving_default": generate})
    assert not sprung.exists()
    return tmp_path / "trap", sprung


def test_nothing_of_a_foreign_model_runs(trap, tmp_path, capsys):
    folder, sprung = trap
    with pytest.raises(ExportError, match=r"must have the model.json .* a SavedModel is a program that may read and "
                                          r"write files; .* --trust, in Python trust=True"):
        open_model(folder)
    for command in (["generate", str(folder), str(tmp_path / "o")],
                    ["classify", str(folder), str(tmp_path), str(tmp_path / "o.csv")],
                    ["export-tf1", str(folder), str(tmp_path / "o/m")],
                    ["train", "small", "--from", str(folder), "--data", str(tmp_path), "--run", str(tmp_path / "o")]):
        assert main(command) == 2
        message = capsys.readouterr().err.strip().splitlines()
        assert "a SavedModel is a program" in message[-1] and "Traceback" not in "".join(message)
    assert not sprung.exists() and not (tmp_path / "o").exists()


def test_a_description_that_was_put_beside_it_makes_no_difference(trap, exported, tmp_path):
    folder, sprung = trap
    shutil.copy(exported / "model.json", folder)
    with pytest.raises(ExportError, match=r"variables \(=.*\) must be readable and fit the settings in model.json"):
        open_model(folder)
    shutil.rmtree(folder / "variables")
    shutil.copytree(exported / "variables", folder / "variables")  # our numbers, with a foreign program
    assert open_model(folder).generate(np.zeros((1, 6))).any()
    assert not sprung.exists()


def test_what_is_trusted_runs(trap, tmp_path):
    folder, sprung = trap
    assert not open_model(folder, trust=True).generate(np.zeros((2, 6))).any()
    assert sprung.read_text() == "written by a model"
    assert main(["generate", str(folder), str(tmp_path / "sounds"), "-n", "1", "--trust"]) == 0
    assert (tmp_path / "sounds/manifest.csv").is_file()


def test_of_our_own_the_numbers_are_read_not_the_program(exported, networks, tmp_path, monkeypatch):
    shutil.copytree(exported, tmp_path / "copy", ignore=shutil.ignore_patterns("weights"))
    monkeypatch.setattr(tf.saved_model, "load", None)
    model = open_model(tmp_path / "copy")
    for name, network in networks.named().items():
        weights = [(weight.path, np.asarray(weight)) for weight in network.weights]
        for (path, expected), found in zip(weights, model.networks.named()[name].weights, strict=True):
            np.testing.assert_array_equal(found, expected, err_msg=path)


@pytest.mark.parametrize("change", [
    lambda raw: raw.pop("config"), lambda raw: raw["config"]["network"].update(dim=2),
    lambda raw: raw["config"]["network"].update(slice_len=32768), lambda raw: raw.update(layers=3),
])
def test_a_description_that_does_not_fit(exported, tmp_path, change):
    shutil.copytree(exported, tmp_path / "copy", ignore=shutil.ignore_patterns("weights", "SHA256SUMS"))
    raw = json.loads((exported / "model.json").read_text())
    change(raw)
    (tmp_path / "copy/model.json").write_text(json.dumps(raw))
    with pytest.raises(ExportError, match=r"must be (what `wavegan-tf export` wrote|readable and fit)"):
        open_model(tmp_path / "copy")


def test_numbers_are_compared_with_their_checksums(exported, tmp_path):
    shutil.copytree(exported, tmp_path / "copy", ignore=shutil.ignore_patterns("weights"))
    file = tmp_path / "copy/variables/variables.data-00000-of-00001"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(ExportError, match="its checksum differs"):
        open_model(tmp_path / "copy")


def test_an_export_is_written_anew_with_the_same_weights_and_card(exported, tmp_path):
    old = shutil.copytree(exported, tmp_path / "old")
    (old / "saved_model.pb").write_bytes(b"of another version")
    (old / "SHA256SUMS").unlink()
    (old / "notes").mkdir()
    (old / "notes/mine.txt").write_text("kept")
    assert main(["export", str(old), str(tmp_path / "new")]) == 0
    for name in ("CARD.md", "model.json", "config.json", "notes/mine.txt", "weights/generator.weights.h5",
                 "variables/variables.data-00000-of-00001"):
        assert (tmp_path / "new" / name).read_bytes() == (old / name).read_bytes(), name
    z = np.random.default_rng(0).uniform(-1, 1, (2, 6)).astype(np.float32)
    found = tf.saved_model.load(str(tmp_path / "new")).signatures["generate"](z=tf.constant(z))["audio"]
    np.testing.assert_allclose(found, open_model(exported).generate(z), atol=1e-6)
    assert open_model(tmp_path / "new").step == 7
    assert "notes/mine.txt" in (tmp_path / "new/SHA256SUMS").read_text()
    shutil.rmtree(old / "weights")
    (old / "model.json").unlink()
    with pytest.raises(ExportError, match=r"must have the model\.json"):
        export_again(old, tmp_path / "x")
    assert main(["export", str(tmp_path / "new"), str(tmp_path / "x"), "--note", "It is."]) == 2
    assert not (tmp_path / "x").exists()
