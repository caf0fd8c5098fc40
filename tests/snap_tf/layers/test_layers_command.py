"""`snap-tf layers` and `snap-tf plot stack`: what they write, read back; wrong input ends with 2 and leaves nothing."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
import soundfile

from snap_tf.cli import main
from snap_tf.probe import probe
from snap_tf.series.extraction.extract import Selection, write_layers
from snap_tf.series.extraction.feed import ClipFeed
from snap_tf.series.extraction.latent_inputs import Request, latent_inputs
from snap_tf.series.extraction.resample import upsample_linear
from snap_tf.series.extraction.stimuli import find_stimuli
from snap_tf.series.extraction.store import open_layers
from wavegan_tf.config import DataConfig
from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.labels.textgrid import write_textgrid
from wavegan_tf.errors import DataError


def run(*args):
    return main([str(arg) for arg in args])


@pytest.fixture(scope="module")
def written(model, slices, tmp_path_factory):
    """One run with everything on."""
    out = tmp_path_factory.mktemp("out") / "layers"
    assert run("layers", model, slices, out, "--upsample", "--table", "--batch-size", 4, "--figure") == 0
    return out


def test_the_store_holds_the_averages_of_what_was_heard(written, networks, slices):
    store = open_layers(written)
    feed = ClipFeed(find_stimuli(slices), DataConfig())
    audio = np.concatenate(list(feed.batches(6)))
    np.testing.assert_array_equal(store.stimuli, audio)
    expected = probe(networks.q_network).collect(audio, batch_size=4)
    assert list(store) == ["Conv1", "Conv2", "Conv3", "Conv4", "Conv5"] and len(store) == 5
    for name, series in store.items():
        assert series.values.dtype == np.float32 and series.values.shape == (6, store.layers[int(name[-1]) - 1].steps)
        np.testing.assert_array_equal(series.values, expected[series.name])
        np.testing.assert_array_equal(np.load(written / f"{name}_upsampled.npy"), upsample_linear(series.values, 16384))
    np.testing.assert_array_equal(store.outputs["logits"], expected["logits"])
    np.testing.assert_array_equal(store["downconv_4"].values, store["Conv5"].values)
    assert store["Conv5"].rate_hz == 15.625 and store.rate_hz == 16000 and store.n_samples == 16384
    assert store.z is None and store.intervals is None
    with pytest.raises(KeyError, match=r"layer \(=Conv6\) must be one of Conv1 \(downconv_0\)"):
        store["Conv6"]


def test_tokens_come_back_as_they_were(written, slices):
    tokens = open_layers(written).tokens
    assert tokens["token"].tolist() == [f"test/{w}/u{i}_0-{4200 + 100 * i}" for i, w in enumerate(["ask", "wash"] * 3)]
    assert tokens["phones"].tolist() == find_stimuli(slices).table["phones"].tolist()
    assert tokens["speaker"].tolist() == ["S0", "S1", "S2"] * 2


def test_the_table_holds_every_layer(written):
    table = pd.read_csv(written / "table.csv")
    steps = {"Conv1": 4096, "Conv2": 1024, "Conv3": 256, "Conv4": 64, "Conv5": 16}
    assert (table.groupby("layer")["sample"].max() == pd.Series(steps)).all()
    assert len(table) == 6 * sum(steps.values()) and table["start"].sum() == 6 * 5
    store = open_layers(written)
    for name, series in store.items():
        part = table[table["layer"] == name]
        np.testing.assert_array_equal(part["value"].to_numpy(np.float32), series.values.reshape(-1))
    assert "logits" not in set(table["layer"])


def test_settings_say_how_it_came_about(written, networks):
    settings = json.loads((written / "layers.json").read_text())
    assert settings["model"] == "small step 5, q_network" and settings["reduce"] == "mean"
    assert settings["weights_hash"] == probe(networks.q_network).weights_hash()
    assert settings["config"]["network"]["code_dim"] == 3 and settings["stage"] == "post"
    assert settings["versions"]["keras"] == keras.__version__ and settings["n_tokens"] == 6
    assert settings["layers"][4] == {"name": "downconv_4", "paper_name": "Conv5", "steps": 16, "channels": 16,
                                     "rate_hz": 15.625, "activation": "leaky_relu", "file": "Conv5.npy"}


def test_two_runs_are_identical_to_the_byte(written, model, slices, tmp_path):
    assert run("layers", model, slices, tmp_path / "again", "--upsample", "--table", "--batch-size", 4) == 0
    names = {path.name for path in written.iterdir() if not path.name.startswith("stack")}
    assert names == {path.name for path in (tmp_path / "again").iterdir()}
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (written / name).read_bytes(), name


def test_phones_are_cut_and_poor_layers_left_out(model, slices, tmp_path, capsys):
    out = tmp_path / "phones"
    assert run("layers", model, slices, out, "--phones", "s,sh", "--no-stimuli", "--min-points", 6) == 0
    printed = capsys.readouterr().out
    # 2000 to 2200 samples are 1.95 ... 2.1 steps of 1024 samples: 2 to 4 touched; 8 to 10 of Conv4
    assert "intervals: s 3, sh 3" in printed
    assert "left out of the table: layer Conv5 (downconv_4) must have at least `min_points` (=6) points" in printed
    store = open_layers(out)
    intervals = store.intervals
    assert intervals["label"].tolist() == ["s"] * 3 + ["sh"] * 3 and intervals["row"].tolist() == [0, 2, 4, 1, 3, 5]
    table = pd.read_csv(out / "table.csv")
    assert set(table["layer"]) == {"Conv1", "Conv2", "Conv3", "Conv4"} and "Conv5" in store
    cut = store["Conv4"].cut_at(intervals)
    part = table[table["layer"] == "Conv4"]
    np.testing.assert_array_equal(part["value"].to_numpy(np.float32), np.concatenate(cut.pieces))
    # u0: 1600 to 3600 are steps 6.25 ... 14.06 of 256 samples
    np.testing.assert_array_equal(cut.pieces[0], store["Conv4"].values[0, 6:15])
    assert part["time_norm"].min() == 0 and part["time_norm"].max() == 1
    assert set(json.loads((out / "layers.json").read_text())["refused"]) == {"downconv_4"}
    assert store.stimuli is None


def test_a_layer_asked_for_by_name_is_not_left_out_but_refused(model, slices, tmp_path, capsys):
    assert run("layers", model, slices, tmp_path / "out", "--phones", "s", "--layers", "Conv4,Conv5") == 2
    error = capsys.readouterr().err
    assert "layer Conv5 (downconv_4) must have at least `min_points` (=5) points in the median interval; its 3" in error
    assert not list(tmp_path.iterdir())


def test_a_corpus_with_phones(model, corpus, tmp_path):
    assert run("layers", model, corpus, tmp_path / "out", "--words", "she,as", "--phones", "s", "--layers", "Conv3",
               "--reduce", "max", "--stage", "relu") == 0
    store = open_layers(tmp_path / "out")
    assert store.tokens["label"].tolist() == ["as", "as"] and (store["Conv3"].values >= 0).all()
    assert store.settings["stage"] == "relu" and store.settings["reduce"] == "max"
    assert store.settings["inputs"] == f"words of {corpus}, words she,as"


def test_generators_get_vectors_drawn_from_files_and_from_a_folder_of_sounds(model, networks, tmp_path):
    from wavegan_tf.export.opening import open_model
    from wavegan_tf.use.generation import generate

    assert run("layers", model, "z", tmp_path / "a", "-n", 2, "--all-codes", "--seed", 3) == 0
    store = open_layers(tmp_path / "a")
    assert store.tokens["label"].tolist() == ["0", "0", "1", "1", "2", "2"] and store.settings["seed"] == 3
    assert store.tokens["token"].tolist() == [f"z{i}" for i in range(6)] and store.stimuli is None
    expected = probe(networks.generator).collect(np.array(store.z))
    for name, series in store.items():
        np.testing.assert_allclose(series.values, expected[series.name], atol=1e-6, err_msg=name)
    np.testing.assert_array_equal(store.z[:2, 3:], store.z[2:4, 3:])  # the same noise for every code

    assert run("layers", model, tmp_path / "a" / "z.npy", tmp_path / "b", "--layers", "Conv5") == 0
    np.testing.assert_array_equal(open_layers(tmp_path / "b")["Conv5"].values, store["Conv5"].values)

    generate(open_model(model), tmp_path / "sounds", Request(n=2, codes=("1",)))
    assert run("layers", model, tmp_path / "sounds", tmp_path / "c", "--part", "generator") == 0
    named = open_layers(tmp_path / "c").tokens
    files = pd.read_csv(tmp_path / "sounds/manifest.csv")["file"]
    assert [f"{token}.wav" for token in named["token"]] == files.tolist()


def test_sounds_of_a_generator_through_the_discriminator(model, tmp_path):
    from wavegan_tf.export.opening import open_model
    from wavegan_tf.use.generation import generate

    generate(open_model(model), tmp_path / "sounds", Request(n=2, all_codes=True))
    assert run("layers", model, tmp_path / "sounds", tmp_path / "out", "--part", "discriminator") == 0
    store = open_layers(tmp_path / "out")
    assert store.tokens["label"].tolist() == ["0", "0", "1", "1", "2", "2"] and store.outputs["score"].shape == (6, 1)


def test_a_keras_file(slices, tmp_path):
    model = keras.Sequential([keras.Input((None, 1)), keras.layers.Conv1D(3, 9, 4, "same", activation="relu"),
                              keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    assert run("layers", tmp_path / "m.keras", slices, tmp_path / "out", "--input-len", 8192) == 0
    store = open_layers(tmp_path / "out")
    assert store["Conv1"].values.shape == (6, 2048) and store["Conv1"].rate_hz == 4000
    assert store.outputs["logits"].shape == (6, 2) and store.settings["config"] is None


BAD = {
    "empty folder": (["layers", "MODEL", "EMPTY", "OUT"], "must hold audio files"),
    "no such folder": (["layers", "MODEL", "NONE", "OUT"], "must be an existing folder of audio files"),
    "no such model": (["layers", "NONE", "SLICES", "OUT"], "must be a run folder or an exported model"),
    "words": (["layers", "MODEL", "SLICES", "OUT", "--words", "oily"], "word (=oily) must be in the recordings"),
    "phones": (["layers", "MODEL", "SLICES", "OUT", "--phones", "zh"], "phone (=zh) must be in the recordings"),
    "split": (["layers", "MODEL", "SLICES", "OUT", "--split", "dev"], "split (=dev) must be in the recordings"),
    "tier": (["layers", "MODEL", "GRIDS", "OUT", "--phone-tier", "segments"],
             "`phone_tier` (=segments) must be an interval tier of the TextGrid"),
    "layer": (["layers", "MODEL", "SLICES", "OUT", "--layers", "Conv7"],
              "layer (=Conv7) must be one of Conv1 (downconv_0), Conv2 (downconv_1), Conv3 (downconv_2), Conv4 "
              "(downconv_3), Conv5 (downconv_4), logits"),
    "interval": (["layers", "MODEL", "OUTSIDE", "OUT"], "must have a length and lie inside the 5000 samples"),
    "reduce": (["layers", "MODEL", "SLICES", "OUT", "--reduce", "median"], "`reduce` (=median) must be one of mean"),
    "map": (["layers", "MODEL", "SLICES", "OUT", "--reduce", "map:1"], "layer Conv1 (downconv_0): `reduce` (=map:1)"),
    "no batch": (["layers", "MODEL", "SLICES", "OUT", "--batch-size", "0"], "`batch_size` (=0) must be positive"),
    "names": (["layers", "MODEL", "SOUNDS", "OUT", "--label-from", "name:zzz"], "must match the name of at least one"),
    "recogniser": (["layers", "RECOGNISER", "SLICES", "OUT"], "its settings are those of another program"),
    "folder for a figure": (["plot", "stack", "WRITTEN", "OUT/"], "must be the name of the files without suffix"),
    "seed": (["layers", "MODEL", "SLICES", "OUT", "--seed", "1"], "`--seed` (=1) goes with latent vectors"),
    "words of z": (["layers", "MODEL", "z", "OUT", "--words", "a"], "`--words` (=('a',)) goes with recordings"),
    "phones of z": (["layers", "MODEL", "z", "OUT", "--phones", "s"], "`phones` (=s) must be left out for latent"),
    "code": (["layers", "MODEL", "z", "OUT", "--code", "9"], "code (=9)"),
    "full folder": (["layers", "MODEL", "SLICES", "SLICES"], "must be new or empty"),
    "rate": (["layers", "MODEL", "SLICES", "OUT", "--rate-hz", "8000"], "`rate_hz` (=8000.0) goes with a Keras model"),
    "min points": (["layers", "MODEL", "SLICES", "OUT", "--min-points", "0"], "`min_points` (=0) must be at least 1"),
    "no layers": (["plot", "stack", "SLICES", "OUT"], "must be a folder that `snap-tf layers` wrote"),
    "label": (["plot", "stack", "WRITTEN", "OUT", "--labels", "oily"], "label (=oily) must be one of ask, wash"),
    "token": (["plot", "stack", "WRITTEN", "OUT", "--tokens", "x"], "token (=x) must be one of the 6"),
    "seconds": (["plot", "stack", "WRITTEN", "OUT", "--seconds", "-1"], "`seconds` (=-1.0) must be positive"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_with_2_one_line_and_nothing_half_written(case, model, own_slices, written, tmp_path, capsys):
    import soundfile

    places = {"MODEL": model, "SLICES": own_slices, "OUT": tmp_path / "out", "NONE": tmp_path / "none",
              "EMPTY": tmp_path / "empty", "GRIDS": tmp_path / "grids", "OUTSIDE": tmp_path / "outside",
              "WRITTEN": written}
    places |= {"OUT/": f"{places['OUT']}/", "SOUNDS": own_slices / "test", "RECOGNISER": tmp_path / "recogniser"}
    places["EMPTY"].mkdir()
    places["RECOGNISER"].mkdir()
    (places["RECOGNISER"] / "config.json").write_text('{"model": "W2L", "width": 0.25}')
    if case == "tier":
        places["GRIDS"].mkdir()
        soundfile.write(places["GRIDS"] / "a.wav", np.ones(16000) / 2, 16000)
        (places["GRIDS"] / "a.TextGrid").write_text(
            'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<exists>\n1\n"IntervalTier"\n"phones"\n0\n1\n'
            '1\n0\n1\n"s"\n')
    if case == "interval":
        own_slices.rename(places["OUTSIDE"])
        table = places["OUTSIDE"] / "manifest.csv"
        table.write_text(table.read_text().replace("s:1600-3600", "s:1600-5001"))
    before = {path: path.stat().st_mtime_ns for path in [*tmp_path.rglob("*"), *written.rglob("*")]}
    args, message = BAD[case]
    assert run(*(places.get(arg, arg) for arg in args)) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert error[-1].startswith("snap-tf: error: ") and message in error[-1]
    assert {path: path.stat().st_mtime_ns for path in [*tmp_path.rglob("*"), *written.rglob("*")]} == before


def test_damage_is_told(written, tmp_path):
    import shutil

    with pytest.raises(DataError, match=r"layers.json is missing"):
        open_layers(tmp_path)
    broken = tmp_path / "broken"
    shutil.copytree(written, broken)
    (broken / "Conv5.npy").write_bytes((broken / "Conv5.npy").read_bytes()[:200])
    with pytest.raises(DataError, match=r"Conv5.npy\) must be readable"):
        open_layers(broken)["Conv5"]
    np.save(broken / "Conv4.npy", np.zeros((2, 64), np.float32))
    with pytest.raises(DataError, match="must have a row for each of the 6 tokens; it has 2"):
        open_layers(broken)["Conv4"]
    np.save(broken / "stimuli.npy", np.load(written / "stimuli.npy")[:, :-1])
    with pytest.raises(DataError, match=r"stimuli.npy\) must have 16384 samples for every token"):
        open_layers(broken).stimuli  # noqa: B018
    for value in (np.nan, np.inf):  # a network with such outputs is refused, so that these are damage
        np.save(broken / "Conv3.npy", np.where(np.arange(6)[:, None] == 4, value, np.ones((6, 256), np.float32)))
        with pytest.raises(DataError, match=r"Conv3.npy\) must hold finite numbers; NaN or infinity is in row 4"):
            open_layers(broken)["Conv3"]
    (broken / "layers.json").write_text("{")
    with pytest.raises(DataError, match=r"layers.json\) must be JSON; line 1"):
        open_layers(broken)


def test_an_interrupted_run_leaves_nothing(networks, slices, tmp_path, monkeypatch):
    look = probe(networks.q_network)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("snap_tf.series.extraction.extract.write_table", stop)
    with pytest.raises(KeyboardInterrupt):
        write_layers(look, find_stimuli(slices), tmp_path / "out", Selection(table=True))
    assert not list(tmp_path.iterdir())


def test_from_python_a_network_in_memory(networks, slices, tmp_path):
    extracted = write_layers(probe(networks.q_network, "Conv5"), find_stimuli(slices), tmp_path / "q")
    assert list(extracted.layers) == ["Conv5"] and "6 tokens: ask 3, wash 3" in str(extracted)
    generator = probe(networks.generator)
    with pytest.raises(ValueError, match="must get latent vectors"):
        write_layers(generator, find_stimuli(slices), tmp_path / "g")
    drawn = latent_inputs(generator, Request(n=3, seed=1))
    assert write_layers(generator, drawn, tmp_path / "g").layers.z.shape == (3, 12)


def test_words_whose_names_look_like_missing_values_stay_words(networks, own_slices, tmp_path):
    table = own_slices / "manifest.csv"
    table.write_text(table.read_text().replace(",ask,ask,S0", ",nan,nan,None"))
    tokens = write_layers(probe(networks.q_network, "Conv5"), find_stimuli(own_slices), tmp_path / "q").layers.tokens
    assert tokens["label"][0] == "nan" and tokens["speaker"][0] == "None"


def test_a_phone_outside_its_recording_is_told_and_cannot_be_asked_for(model, corpus, tmp_path, capsys):
    import shutil

    spoilt = tmp_path / "corpus"
    shutil.copytree(corpus, spoilt)
    labels = next(spoilt.rglob("*.phn"))
    labels.write_text(labels.read_text() + "13000 14000 zh\n")
    assert run("layers", model, spoilt, tmp_path / "out", "--phones", "zh") == 2
    assert "phone (=zh) must be in the recordings" in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert run("layers", model, spoilt, tmp_path / "out", "--layers", "Conv5") == 0  # one label does not stop a corpus
    assert "`zh` from 13000 to 14000 begins outside the 12000 samples" in capsys.readouterr().out


def test_what_was_decided_about_labels_is_said_by_layers_and_acoustics(model, tmp_path, capsys):
    corpus = tmp_path / "sampa/spk"
    corpus.mkdir(parents=True)
    for i in range(2):
        soundfile.write(corpus / f"{i}.wav", np.random.default_rng(i).uniform(-0.5, 0.5, 9000), 16000)
        phones = [Segment(0, 4000, "S"), Segment(4000, 8000, "i:")]
        write_textgrid(corpus / f"{i}.TextGrid", {"words": [Segment(0, 8000, "she")], "phones": phones}, 9000, 16000)
    said = "note: phones: as they are (not ARPAbet: i:)"
    mapped = ("--phone-map", "sampa-webmaus")
    assert run("layers", model, corpus.parent, tmp_path / "out", "--phones", "i:,S", "--min-points", 1) == 0
    assert said in (printed := capsys.readouterr().out) and "intervals: i: 2, S 2" in printed
    assert run("layers", model, corpus.parent, tmp_path / "mapped", "--phones", "sh", *mapped) == 0
    assert "note: phones: map sampa-webmaus; " in (printed := capsys.readouterr().out) and "intervals: sh 2" in printed
    assert run("acoustics", model, corpus.parent, tmp_path / "a", "--measures", "duration", "--layers", "Conv1") == 0
    assert said in (printed := capsys.readouterr().out) and str(tmp_path / "a/layers") not in printed
