"""What an exported model is: a SavedModel for everybody, weights for us, and nothing half-written."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig
from wavegan_tf.errors import ConfigError, ExportError, UserError
from wavegan_tf.export.folder import write_model
from wavegan_tf.export.opening import open_model
from wavegan_tf.models.family import build_networks

NETWORK = NetworkConfig(dim=1, code="binary", code_dim=3, latent_dim=20, upsample="nn")
CONFIG = RunConfig(data=DataConfig(sample_rate_hz=8000), network=NETWORK)


@pytest.fixture(scope="module")
def networks():
    made = build_networks(NETWORK, seed=3)
    rng = np.random.default_rng(0)
    for network in made.named().values():
        for variable in network.trainable_variables:
            variable.assign(rng.normal(0, 0.1, variable.shape))  # biases that are not zero
    return made


@pytest.fixture(scope="module")
def exported(networks, tmp_path_factory):
    return write_model(networks, CONFIG, 1200, "run words", tmp_path_factory.mktemp("export") / "words",
                       {"Data": ["- 5 files."]})


@pytest.fixture(scope="module")
def z():
    return np.random.default_rng(1).uniform(-1, 1, (3, 20)).astype(np.float32)


@pytest.fixture(scope="module")
def audio():
    return np.random.default_rng(2).uniform(-1, 1, (3, 16384, 1)).astype(np.float32)


LOAD_ALONE = """
import sys
sys.modules["wavegan_tf"] = None  # importing it is an error from here on
import numpy as np, tensorflow as tf
folder, inputs, outputs = sys.argv[1:]
model = tf.saved_model.load(folder)
given = np.load(inputs)
z, audio = tf.constant(given["z"]), tf.constant(given["audio"])
found = {}
for name, signature in model.signatures.items():
    asked = {"z": z} if "z" in signature.structured_input_signature[1] else {"audio": audio}
    found |= {f"{name}/{key}": value.numpy() for key, value in signature(**asked).items()}
    one = signature(**{key: value[:1] for key, value in asked.items()})
    assert all(value.shape[0] == 1 for value in one.values())
with tf.GradientTape() as tape:
    tape.watch(audio)
    score = model.signatures["discriminate"](audio=audio)["score"]
found["gradient"] = tape.gradient(score, audio).numpy()
assert "wavegan_tf" not in [name for name, module in sys.modules.items() if module is not None]
np.savez(outputs, metadata=model.metadata().numpy().decode(), **found)
from tensorflow.python.tools import saved_model_cli
sys.argv = ["saved_model_cli", "show", "--dir", folder, "--all"]
saved_model_cli.main()
"""


@pytest.fixture(scope="module")
def alone(exported, z, audio, tmp_path_factory):
    """What a process without this package gets out of the SavedModel, and what `saved_model_cli show` prints there."""
    folder = tmp_path_factory.mktemp("alone")
    np.savez(folder / "in.npz", z=z, audio=audio)
    done = subprocess.run([sys.executable, "-c", LOAD_ALONE, str(exported), str(folder / "in.npz"),
                           str(folder / "out.npz")], capture_output=True, text=True, cwd=folder, check=False,
                          env={**os.environ, "PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    assert "custom gradient" not in done.stderr  # TensorFlow warns of gradients that it cannot save
    return np.load(folder / "out.npz"), done.stdout


def test_the_saved_model_works_without_this_package(alone, exported, networks, z, audio):
    found, _ = alone
    g, d, q = networks.generator, networks.discriminator, networks.q_network
    logits = np.asarray(q(audio))
    expected = {"generate/audio": g(z), "serving_default/audio": g(z), "discriminate/score": d(audio),
                "classify/logits": logits, "classify/probabilities": 1 / (1 + np.exp(-logits))}
    expected |= {f"generator_layers/{name}": value for name, value in g.trace(z)[1].items()}
    expected |= {f"discriminator_layers/{name}": value for name, value in d.trace(audio)[1].items()}
    expected |= {f"classifier_layers/{name}": value for name, value in q.trace(audio)[1].items()}
    x = tf.constant(audio)
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = d(x)
    expected["gradient"] = tape.gradient(score, x)
    assert set(found.files) == {*expected, "metadata"}
    for name, value in expected.items():
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-6, err_msg=name)
    assert found["generator_layers/upconv_1"].shape == (3, 256, 4)
    assert found["classifier_layers/logits"].shape == (3, 3)
    assert str(found["metadata"]) == (exported / "model.json").read_text()


def test_saved_model_cli_reads_sensibly(alone):
    _, shown = alone
    for signature in ("generate", "serving_default", "discriminate", "classify", "generator_layers",
                      "discriminator_layers", "classifier_layers"):
        assert f"signature_def['{signature}']" in shown
    assert "inputs['z'] tensor_info:\n        dtype: DT_FLOAT\n        shape: (-1, 20)" in shown
    assert "outputs['audio'] tensor_info:\n        dtype: DT_FLOAT\n        shape: (-1, 16384, 1)" in shown
    assert "outputs['probabilities'] tensor_info:\n        dtype: DT_FLOAT\n        shape: (-1, 3)" in shown
    assert "outputs['upconv_0'] tensor_info:\n        dtype: DT_FLOAT\n        shape: (-1, 64, 8)" in shown
    assert "unknown_rank" not in shown.replace("__saved_model_init_op", "").split("signature_def['classif")[1]


def test_what_is_in_the_folder(exported):
    assert RunConfig.load(exported / "config.json") == CONFIG
    described = json.loads((exported / "model.json").read_text())
    assert described["step"] == 1200 and described["versions"]["tensorflow"] == tf.__version__
    layers = {layer["name"]: layer for layer in described["layers"]["q_network"]}
    assert layers["downconv_4"] == {"name": "downconv_4", "paper_name": "Conv5", "steps": 16, "channels": 16,
                                    "rate_hz": 7.8125, "activation": "leaky_relu"}
    card = (exported / "CARD.md").read_text()
    for part in ("# words", "fiwGAN (binary code), 3 bits", "1200 steps", "6000 updates", "## Data\n\n- 5 files.",
                 "8000 Hz (2.048 s)", "generated audio only"):
        assert part in card
    listed = dict(reversed(line.split("  ")) for line in (exported / "SHA256SUMS").read_text().splitlines())
    assert set(listed) == {p.relative_to(exported).as_posix() for p in exported.rglob("*")
                           if p.is_file() and p.name != "SHA256SUMS"}
    for name, digest in listed.items():
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == digest


def test_the_card_says_how_to_use_it_and_that_works(exported):
    code = re.search(r"```python\n(.*?)```", (exported / "CARD.md").read_text(), re.DOTALL)[1]
    names = {}
    exec(code.replace('"words"', repr(str(exported))), names)
    assert names["audio"].shape == (4, 16384, 1)
    assert set(np.unique(names["z"][:, :3])) <= {0.0, 1.0}


@pytest.mark.parametrize("only_saved_model", [False, True])
def test_open_model(exported, networks, z, audio, tmp_path, only_saved_model):
    folder = exported
    if only_saved_model:
        folder = tmp_path / "copy"
        shutil.copytree(exported, folder, ignore=shutil.ignore_patterns("weights", "config.json", "*.md"))
    model = open_model(folder)
    assert (model.config, model.step, model.has_classifier) == (CONFIG, 1200, True)
    np.testing.assert_allclose(model.generate(z), networks.generator(z), atol=1e-6)
    np.testing.assert_allclose(model.discriminate(audio), networks.discriminator(audio), atol=1e-5)
    logits, probabilities = model.classify(audio)
    np.testing.assert_allclose(logits, networks.q_network(audio), atol=1e-5)
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-logits)), atol=1e-6)
    (layers,) = model.layers("generator", z)
    taps = model.layer_taps("generator")
    assert list(layers) == [tap.name for tap in taps] == ["z_project", *(f"upconv_{i}" for i in range(5))]
    assert [layers[tap.name].shape for tap in taps] == [(3, tap.steps, tap.channels) for tap in taps]
    assert taps[1].rate_hz == 31.25


def test_batches_do_not_show(exported, z):
    model = open_model(exported)
    whole = model.generate(z)
    model.batch_size = 2
    np.testing.assert_allclose(model.generate(z), whole, atol=1e-6)
    assert [len(batch["z_project"]) for batch in model.layers("generator", z)] == [2, 1]


def test_without_a_code_there_is_no_classifier(tmp_path):
    network = NetworkConfig(dim=1, channels=2, post_filter=True, post_filter_len=8, batchnorm="on")
    config = RunConfig(data=DataConfig(channels=2), network=network)
    write_model(build_networks(network, seed=0), config, 0, "nothing", tmp_path / "m")
    assert not {"classify", "classifier_layers"} & set(tf.saved_model.load(str(tmp_path / "m")).signatures)
    model = open_model(tmp_path / "m")
    with pytest.raises(ConfigError, match="without a code and has no Q-network"):
        model.classify(np.zeros((1, 16384, 2)))
    with pytest.raises(ConfigError, match=r"network \(=q_network\) must be one of generator, discriminator"):
        model.layers("q_network", np.zeros((1, 16384, 2)))
    assert model.generate(np.zeros((1, 100))).shape == (1, 16384, 2)


def test_inputs_of_another_shape(exported):
    model = open_model(exported)
    with pytest.raises(ConfigError, match=r"z \(shape \[2, 19\]\) must be of shape \[n, 20\]"):
        model.generate(np.zeros((2, 19)))
    with pytest.raises(ConfigError, match=r"audio \(shape \[16384, 1\]\) must be of shape \[n, 16384, 1\]"):
        model.classify(np.zeros((16384, 1)))


def test_an_existing_folder_is_refused(exported, networks):
    before = sorted(exported.parent.rglob("*"))
    with pytest.raises(ExportError, match="must be new or empty"):
        write_model(networks, CONFIG, 1200, "run words", exported)
    assert sorted(exported.parent.rglob("*")) == before


def test_neither_run_nor_export(tmp_path):
    with pytest.raises(ExportError, match="it does not exist; check the path"):
        open_model(tmp_path / "none")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ExportError, match=r"a run folder \(config.json, checkpoints/\) or an exported model "
                                          r"\(saved_model.pb, model.json\); it holds notes.txt"):
        open_model(tmp_path)
    with pytest.raises(ExportError, match="it is a file; name its folder"):
        open_model(tmp_path / "notes.txt")


def test_a_saved_model_of_another_kind(tmp_path):
    module = tf.Module()
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[tf.TensorSpec([None], tf.float32)])
    tf.saved_model.save(module, str(tmp_path / "other"), signatures={"double": module.double})
    with pytest.raises(ExportError, match=r"the signatures generate, discriminate, \.\.\.; it has double"):
        open_model(tmp_path / "other", trust=True)


@pytest.mark.parametrize(("name", "message"), [
    ("weights/q_network.weights.h5", "must be as it was written; its checksum differs"),
    ("model.json", "must be as it was written; its checksum differs"),
])
def test_damaged_files_are_found(exported, tmp_path, name, message):
    copy = tmp_path / "copy"
    shutil.copytree(exported, copy)
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(ExportError, match=message):
        open_model(copy)
    (copy / name).unlink()
    with pytest.raises(ExportError, match="must exist; it is missing"):
        open_model(copy)


def test_damage_without_checksums(exported, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(exported, copy)
    (copy / "SHA256SUMS").unlink()
    file = copy / "weights/generator.weights.h5"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ExportError, match=r"weights \(=.*generator.weights.h5\) must be readable"):
        open_model(copy)
    shutil.rmtree(copy / "weights")
    (copy / "saved_model.pb").write_bytes(b"no protocol buffer")
    assert open_model(copy).step == 1200  # the numbers are beside it
    data = copy / "variables/variables.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:1000])
    with pytest.raises(ExportError, match=r"variables \(=.*\) must be readable and fit the settings in model.json"):
        open_model(copy)
    (copy / "model.json").unlink()
    with pytest.raises(ExportError, match=r"SavedModel \(=.*\) must be readable"):
        open_model(copy, trust=True)


def test_a_step_goes_with_a_run_only(exported):
    with pytest.raises(ConfigError, match=r"`step` \(=3\) must be left out for an exported model"):
        open_model(exported, 3)


DISK_FULL = """
import resource, signal, sys
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.config import NetworkConfig, RunConfig
from wavegan_tf.export.folder import _save_weights, write_model
from wavegan_tf.models.family import build_networks
network = NetworkConfig(dim=1)
networks = build_networks(network, seed=0)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def write_all():
    write_model(networks, RunConfig(network=network), 0, "nothing", sys.argv[1])
def write_weights():
    with atomic_folder(sys.argv[1]) as folder:
        _save_weights(networks.generator, folder / "generator.weights.h5")
for limit, write in ((120_000, write_weights), (120_000, write_all), (20_000, write_all)):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))  # a write beyond fails
    try:
        write()
    except OSError as error:
        print("OSError", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
def test_a_failed_write_leaves_nothing(tmp_path):
    done = subprocess.run([sys.executable, "-c", DISK_FULL, str(tmp_path / "model")], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert done.stdout.splitlines() == [f"OSError [Errno 27] File too large: '{tmp_path / 'model'}{name}'"
                                        for name in ("/generator.weights.h5", "", "")]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are POSIX")
@pytest.mark.parametrize(("part", "without"), [
    ("weights/generator.weights.h5", ()), ("variables/variables.data-00000-of-00001", ("weights",)),
    ("variables/variables.data-00000-of-00001", ("weights", "model.json"))])
def test_pipes_in_a_model_are_refused_and_never_waited_for(exported, tmp_path, part, without):
    """Libraries open these files by themselves."""
    folder = tmp_path / "copy"
    shutil.copytree(exported, folder)
    for name in ("SHA256SUMS", part, *without):
        shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).unlink()
    os.mkfifo(folder / part)
    with pytest.raises(UserError, match="must be a plain file; it is a pipe"):
        open_model(folder, trust=True)


def test_checksums_that_lead_nowhere_are_not_no_checksums(exported, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(exported, folder)
    (folder / "SHA256SUMS").unlink()
    assert open_model(folder).step == 1200
    (folder / "SHA256SUMS").symlink_to("nowhere")
    with pytest.raises(UserError, match=r"checksums \(=.*SHA256SUMS\) must be a file that can be read"):
        open_model(folder)
