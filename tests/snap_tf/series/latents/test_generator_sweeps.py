"""Sweeps through generators with planted weights: no effect, an effect on one block of time, tone against noise."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile

from snap_tf.cli import main
from snap_tf.series.latents.generators import latent_names, open_generator
from snap_tf.series.latents.interpolation import InterpolationRequest, interpolate
from snap_tf.series.latents.latent_regression import RegressionSettings
from snap_tf.series.latents.search import find_latents, label_outputs
from snap_tf.series.latents.sweep import SweepPlan, VariableRange, sweep_vectors
from wavegan_tf.config import NetworkConfig, RunConfig
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.export.folder import write_model
from wavegan_tf.models.family import build_networks

LATENT, CODE, DEAD, BLOCK, FIRST = 12, 3, 5, 6, 9
CONFIG = NetworkConfig(dim=2, latent_dim=LATENT, code="onehot", code_dim=CODE)


def planted(config):
    """Random weights, but z5 leads nowhere and z6 into step 9 of the first layer only."""
    networks = build_networks(config, seed=0)
    rng = np.random.default_rng(0)
    for network in networks.named().values():
        for weight in network.trainable_weights:
            weight.assign(rng.normal(0, 0.2, weight.shape))
    kernel = networks.generator.z_project.kernel
    values = kernel.numpy().reshape(config.latent_dim, 16, -1)
    values[DEAD] = 0
    values[BLOCK, [i for i in range(16) if i != FIRST]] = 0
    kernel.assign(values.reshape(kernel.shape))
    return networks


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(planted(CONFIG), RunConfig(network=CONFIG), 5, "nowhere", tmp_path_factory.mktemp("m") / "small")


@pytest.fixture(scope="module")
def generator(model):
    return open_generator(model)


def sweep(generator, out, variable, **options):
    plan = SweepPlan((VariableRange(variable, -4, 4, 2),), **{"bases": 6, **options})
    return interpolate(generator, plan, out)


def test_a_variable_without_weights_leaves_every_bit_as_it_is(generator, tmp_path):
    found = sweep(generator, tmp_path / "dead", DEAD, bases=10)
    rows = sweep_vectors(generator, SweepPlan((VariableRange(DEAD, -4, 4, 2),), bases=10)).rows
    for name in found.store:
        values = np.asarray(found.store[name].values)[rows]  # [bases, settings, steps]
        assert (values == values[:, :1]).all(), name
        assert not found.effects[name].slopes.any() and not found.effects[name].change.any()
    assert (found.summary["change_most"] == 0).all()


def cone(first, end, stride=4, taps=25):
    """Steps of the next layer that a stretch of this one reaches: transposed convolution, `same`, from its definition.

    Step i is spread over outputs 4 i - 10 to 4 i + 14: the full output has 4 (n - 1) + 25 steps, of which (25 - 4) // 2
    = 10 are cut off at its beginning.
    """
    before = (taps - stride) // 2
    return stride * first - before, stride * (end - 1) - before + taps


def test_a_variable_of_one_block_changes_its_cone_only(generator, tmp_path):
    found = sweep(generator, tmp_path / "block", BLOCK)
    first, end = FIRST, FIRST + 1
    for i, name in enumerate(found.store):
        if i:
            first, end = cone(first, end)
        slopes, effect = found.effects[name].slopes[0], found.effects[name].effect
        inside = slice(max(first, 0), end)
        assert slopes[inside].any() and effect[:, inside].any(), name
        outside = np.ones(len(slopes), bool)
        outside[inside] = False
        assert outside.any() and not slopes[outside].any() and not effect[:, outside].any(), name
        row = found.summary.set_index("layer").loc[name]
        rate = found.store[name].rate_hz
        assert max(first, 0) / rate <= row["z6_from_s"] < row["z6_to_s"] <= end / rate


def test_effects_equal_a_loop_over_the_stored_layers(generator, tmp_path):
    found = sweep(generator, tmp_path / "twin", 8, seeds=(0, 3))
    table = found.store.tokens
    for name in ("Conv2", "Conv5"):
        series = np.asarray(found.store[name].values, float)
        slopes, effects = [], []
        for _, rows in table.groupby("base"):
            rows = rows.sort_values("value")
            slopes.append(np.polyfit(rows["value"], series[rows.index], 1)[0])
            at_0 = series[rows.index[rows["value"] == 0][0]]
            effects.append(series[rows.index[-1]] - at_0)
        np.testing.assert_allclose(found.effects[name].slopes[0], np.mean(slopes, axis=0), atol=1e-6)
        np.testing.assert_allclose(found.effects[name].effect[-1], np.mean(effects, axis=0), atol=1e-6)
    assert sorted(found.summary["seed"].unique()) == ["0", "3", "all"]
    assert len(table) == 12 * 5 and set(table["seed"]) == {0, 3}


def test_everything_but_the_swept_variable_stays(generator):
    plan = SweepPlan((VariableRange(7, -5, 5, 5), VariableRange(1, 0, 10, 5)), bases=4, seeds=(2,))
    vectors = sweep_vectors(generator, plan)
    assert (vectors.inputs.table["code"] == "").all()
    assert vectors.names == ("z7", "code1") and len(vectors.grid) == 9
    for b in range(4):
        z = vectors.inputs.z[vectors.rows[b]]
        others = [i for i in range(LATENT) if i not in (1, 7)]
        assert (z[:, others] == vectors.base[b, others]).all()
        assert not vectors.base[b, :CODE].any()  # the other values of a swept code are 0
        np.testing.assert_array_equal(z[:, [7, 1]], vectors.grid)
    assert latent_names(CONFIG)[2:4] == ["code2", "z3"]


def test_settings_that_are_close_have_tokens_of_their_own(generator):
    """They name the sounds; six digits would write one over the other."""
    plan = SweepPlan((VariableRange(BLOCK, 1.0, 1.000002, 1e-6),), bases=2)
    table = sweep_vectors(generator, plan).inputs.table
    assert table["token"].is_unique and table["label"].nunique() == 4  # and 0
    plain = sweep_vectors(generator, SweepPlan((VariableRange(BLOCK, -0.5, 1.0, 0.5),), bases=2)).inputs.table
    assert plain["label"].unique().tolist() == ["-0.5", "0", "0.5", "1"]


def test_a_code_can_be_held_and_base_vectors_read(generator, tmp_path):
    held = sweep_vectors(generator, SweepPlan((VariableRange(4),), bases=3, code="2"))
    assert (held.inputs.z[:, :3] == [0, 0, 1]).all()
    np.save(tmp_path / "z.npy", held.base)
    read = sweep_vectors(generator, SweepPlan((VariableRange(4),), z_file=str(tmp_path / "z.npy")))
    np.testing.assert_array_equal(read.inputs.z, held.inputs.z)


@keras.saving.register_keras_serializable("tests")
class ToneOrNoise(keras.layers.Layer):
    """z -> audio: noise where 2 z2 + .3 z0 is above 0, a tone of 200 Hz below; loudness from z1."""

    def build(self, _):
        time = np.arange(16384) / 16000
        tone = 0.3 * sum(np.sin(2 * np.pi * 200 * k * time) / k for k in range(1, 6))
        noise = 0.3 * np.diff(np.random.default_rng(0).normal(size=16385))
        self.sounds = np.stack([tone, noise]).astype(np.float32)

    def call(self, z):
        share = keras.ops.sigmoid(8 * (2 * z[:, 2:3] + 0.3 * z[:, 0:1]))
        loudness = 0.5 + 0.1 * keras.ops.tanh(z[:, 1:2])
        return (loudness * ((1 - share) * self.sounds[0] + share * self.sounds[1]))[:, :, None]


@pytest.fixture(scope="module")
def toy():
    z = keras.Input((6,))
    return open_generator(keras.Model(z, keras.layers.Conv1D(
        1, 1, use_bias=False, kernel_initializer="ones", name="audio")(ToneOrNoise(name="mix")(z))))


def test_the_selected_variable_turns_the_tone_into_noise(toy, tmp_path):
    settings = RegressionSettings(folds=5, n_lambdas=15, permutations=20)
    outputs = label_outputs(toy, "frication", 150, seed=1)
    fitted = find_latents(toy, outputs, tmp_path / "latents", settings)
    assert fitted.table["variable"].iloc[0] == 2 and fitted.table["b"].iloc[0] > 0
    assert fitted.score > 0.95
    variable = int(fitted.table["variable"].iloc[0])
    plan = SweepPlan((VariableRange(variable, -1, 1, 0.25),), bases=8, seeds=(5,))
    found = interpolate(toy, plan, tmp_path / "sweep", InterpolationRequest(measures=("frication_ratio",)))
    effects = pd.read_csv(tmp_path / "sweep" / "outcome_effects.csv")
    assert effects["rho"].iloc[0] > 0.8 and effects["rho_bases"].iloc[0] > 0.8
    assert effects["effect"].iloc[0] < 0 < effects["effect"].iloc[-1]
    assert effects["mean"].iloc[0] < 0.05 and effects["mean"].iloc[-1] > 0.8
    record = json.loads((tmp_path / "latents" / "latents.json").read_text(encoding="utf-8"))
    assert record["label"] == "frication" and record["seed"] == 1 and record["score"] == fitted.score
    assert {"wavegan_tf", "scikit-learn"} <= set(record["versions"])
    assert len(pd.read_csv(tmp_path / "latents" / "labels.csv")) == 150
    assert found.names == ("z2",)


def test_hand_labels_of_generated_sounds(generator, model, tmp_path):
    z = np.random.default_rng(0).uniform(-1, 1, (60, LATENT)).astype(np.float32)
    np.save(tmp_path / "z.npy", z)
    pd.DataFrame({"token": [f"z{i:02d}" for i in range(60)], "label": np.where(z[:, 4] > 0, "s", "no")}).to_csv(
        tmp_path / "ear.csv", index=False)
    outputs = label_outputs(generator, str(tmp_path / "ear.csv"), z=tmp_path / "z.npy")
    np.testing.assert_array_equal(outputs.labels.values, z[:, 4] > 0)
    assert outputs.labels.positive == "s"
    with pytest.raises(ConfigError, match="give the folder with --z"):
        label_outputs(generator, str(tmp_path / "ear.csv"))
    with pytest.raises(DataError, match="must name outputs only; 60 are none"):
        np.save(tmp_path / "few.npy", z[:3])
        label_outputs(generator, str(tmp_path / "ear.csv"), z=tmp_path / "few.npy")


def test_commands_write_numbers_pictures_and_sounds(model, tmp_path, capsys):
    assert main(["interpolate", str(model), str(tmp_path / "i"), "--code", "1", "--from", "0", "--to", "8", "--step",
                 "4", "--bases", "2", "--layers", "Conv2", "--measure", "rms_db", "--reduplication", "--wavs",
                 "--tensorboard", str(tmp_path / "tb")]) == 0
    assert "written to" in capsys.readouterr().out
    folder = tmp_path / "i"
    names = {path.name for path in folder.iterdir()}
    pictures = {f"{n}.{kind}" for n in ("overlay", "stack", "slopes", "change", "outcomes", "reduplication")
                for kind in ("png", "pdf")}
    assert pictures | {"summary.csv", "values.csv", "effects.npz", "bases.npy", "interpolation.json", "layers",
                       "overlay.csv", "stack.csv"} <= names
    assert len(list((folder / "wavs").glob("*.wav"))) == 6
    assert soundfile.info(next((folder / "wavs").glob("*.wav"))).frames == 16384
    assert list((tmp_path / "tb").glob("events.*"))
    with np.load(folder / "effects.npz") as arrays:
        assert arrays["Conv2/mean"].shape == (3, 256) and arrays["names"].tolist() == ["code1"]
        np.testing.assert_array_equal(arrays["grid"][:, 0], [0, 4, 8])
    overlay = pd.read_csv(folder / "overlay.csv")
    assert set(overlay["layer"]) == {"Conv2", "envelope"}
    assert main(["interpolate", str(model), str(tmp_path / "j"), "--variable", "4", "--variable2", "9", "--from", "-1",
                 "--to", "1", "--step", "1", "--bases", "2", "--layers", "Conv1,Conv2"]) == 0
    assert {"slopes.png", "change.png"} <= {path.name for path in (tmp_path / "j").iterdir()}
    assert main(["latents", str(model), str(tmp_path / "l"), "-n", "60", "--label", "rms_db", "--threshold", "median",
                 "--folds", "4", "--permutations", "5"]) == 0
    printed = capsys.readouterr().out
    assert "held-out auc" in printed and " by chance)" in printed
    assert "the smallest p that 5 permutations can give is 0.17, so that it cannot fall below .05" in printed
    assert {"latents.png", "latents.pdf", "latents.csv", "path.csv", "labels.csv"} <= {
        path.name for path in (tmp_path / "l").iterdir()}


@pytest.mark.parametrize(("arguments", "message"), [
    (["interpolate", "{m}", "{o}", "--variable", "12"],
     "`variable` (=12) must be one of the 12 latent variables, 0 to 11; 0 to 2 are the code"),
    (["interpolate", "{m}", "{o}"], "must be given, one of the two"),
    (["interpolate", "{m}", "{o}", "--code", "3"], "must be one of the 3 values of the code, 0 to 2"),
    (["interpolate", "{m}", "{o}", "--code", "1", "--base-code", "1"], "must be left out with --code"),
    (["interpolate", "{m}", "{o}", "--variable", "4", "--to2", "1"], "must come with --variable2"),
    (["interpolate", "{m}", "{o}", "--variable", "4", "--measure", "loud"], "measure (=loud) must be one of"),
    (["interpolate", "{m}", "{o}", "--variable", "4", "--layers", "Conv9"], "layer (=Conv9) must be one of"),
    (["interpolate", "{m}", "{o}", "--variable", "4", "--syllables", "1,2"], "must be four times in seconds"),
    (["interpolate", "{m}", "{o}", "--variable", "4", "--bases", "2", "--step", "5", "--syllables", "0,.1,.2,9"],
     "must end within the audio's 1.024 s"),
    (["latents", "{m}", "{o}", "--label", "loud"], "label (=loud) must be frication, one of"),
    (["latents", "{m}", "{o}", "-n", "30", "--label", "rms_db", "--threshold", "900"],
     "must divide the outputs in two"),
    (["latents", "{m}", "{o}", "--label", "rms_db", "--positive", "s"], "`positive` (=s) goes with hand labels"),
    (["latents", "{m}", "{o}", "--folds", "1"], "`folds` (=1) must be at least 3"),
])
def test_bad_input_ends_with_2_and_nothing_written(model, tmp_path, capsys, arguments, message):
    filled = [text.format(m=model, o=tmp_path / "out") for text in arguments]
    assert main(filled) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_model_without_code_has_no_code_to_sweep(tmp_path, capsys):
    config = NetworkConfig(dim=1, latent_dim=4)
    path = write_model(build_networks(config, seed=0), RunConfig(network=config), 1, "nowhere", tmp_path / "plain")
    assert main(["interpolate", str(path), str(tmp_path / "out"), "--code", "0"]) == 2
    assert "it was trained without a code; use --variable" in capsys.readouterr().err
