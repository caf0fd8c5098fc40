"""`snap-tf profile` and `merge` end to end, their files, and everything that can be wrong with what they are given."""

import errno
import gc
import json
import weakref

import numpy as np
import pytest
import soundfile
from small_networks import narrow_recogniser

from snap_tf.cli import main
from snap_tf.snap.network.networks import open_network
from snap_tf.snap.profiles.profile_file import merge_profiles, read_profiles, write_profiles
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.errors import ConfigError, DataError

PHONES = ("h#", "s", "aa", "t", "iy")


def write_corpus(root, phones=PHONES, n_samples=30_000, n_utterances=2):
    """Noise with 5 phones in a row, in TIMIT's layout."""
    rng = np.random.default_rng(0)
    for speaker in ("FAAA0", "MBBB0"):
        folder = root / "TRAIN" / "DR1" / speaker
        folder.mkdir(parents=True)
        for i in range(1, n_utterances + 1):
            soundfile.write(folder / f"SX{i}.WAV", rng.normal(0, 0.1, n_samples), 16000)
            (folder / f"SX{i}.TXT").write_text(f"0 {n_samples} See.\n")
            (folder / f"SX{i}.WRD").write_text(f"0 {n_samples} see\n")
            step = n_samples // 5
            if phones:
                (folder / f"SX{i}.PHN").write_text("".join(f"{j * step} {(j + 1) * step} {phone}\n"
                                                           for j, phone in enumerate(phones)))
    return root


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "W2P_shallow.keras"
    narrow_recogniser("W2P_shallow").save(path)
    return path


@pytest.fixture(scope="module")
def shards(corpus, recogniser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    for i in (1, 2):
        assert run(recogniser, corpus, folder / f"{i}.npz", "--group", "phone", "--shard", f"{i}/2") == 0
    return folder


def run(recogniser, corpus, out, *more) -> int:
    return main(["profile", str(recogniser), "--corpus", str(corpus), "--out", str(out), "--blank", "nonblank",
                 "--hop-steps", "8", *more])


def refused(capsys, *args) -> str:
    """Run a command that must be refused in one line, and return the line."""
    assert run(*args) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("snap-tf: error: ")
    assert not args[2].exists() and not list(args[2].parent.glob(f".{args[2].stem}*"))
    return message


def test_profile_says_what_it_did_and_writes_what_was_chosen(corpus, recogniser, tmp_path, capsys) -> None:
    out = tmp_path / "profiles.npz"
    table = tmp_path / "halves.csv"
    table.write_text("utterance,group,start_s,end_s\n" + "".join(
        f"TRAIN/DR1/{s}/SX1,{'early' if i else 'late'},{'0,1' if i else '1,9'}\n" for s in ("FAAA0", "MBBB0")
        for i in (0, 1)))
    from wavegan_tf.data.corpora.readers import open_corpus
    names = [u.id for u in open_corpus(corpus).utterances]
    table.write_text(table.read_text().replace("TRAIN/DR1/FAAA0/SX1", names[0]).replace("TRAIN/DR1/MBBB0/SX1",
                                                                                        names[2]))
    assert run(recogniser, corpus, out, "--group", "phone", "--group", "predicted", "--group", "label:speaker",
               "--group", str(table), "--mode", "utterance", "--min-frames", "3", "--seed", "7") == 0
    shown = capsys.readouterr().out
    assert "16 frames of corpus" in shown and "mode utterance" in shown
    assert "fewer than 3 frames" in shown and str(out) in shown
    file = read_profiles(out)
    assert file.groupings == ("phone", "predicted", "label:speaker", "halves")
    assert (file.options.mode, file.options.blank, file.options.seed, file.options.frame_steps) == (
        "utterance", "nonblank", 7, 206)
    assert [layer.paper_name for layer in file.layers] == ["input", "L1", "L2", "L3", "L4", "L5", "L6"]
    assert [layer.rate_hz for layer in file.layers] == [125.0] + [62.5] * 6
    assert file.model["classes"][-1] == "<blank>" and len(file.model["hash"]) == 16
    assert {"tensorflow", "keras", "wavegan_tf"} <= set(file.versions)
    # 235 steps: frames start at 0, 8, 16, 24, their middles 103 to 127 lie in the third phone, steps 94 to 140
    assert dict(zip(file.sums["phone"].groups, file.sums["phone"].counts[0], strict=False))["aa"] == 16
    assert file.profiles(grouping="phone").groups == ("aa",)
    assert file.rare_groups("phone", 1) == {"h#": 0, "iy": 0, "s": 0, "t": 0}
    assert file.sums["halves"].groups == ("early", "late")
    # 103 + 125 = 1 s after 22 steps: frames 0, 8, 16 are early, frame 24 is late; the other utterances are in no group
    assert file.sums["halves"].counts.tolist() == [[6, 2, 8]]
    assert file.sums["label:speaker"].counts.tolist() == [[8, 8, 0]]


def test_layers_may_be_called_as_in_figures(recogniser) -> None:
    own = open_network(recogniser, layers=["layer_3", "layer_5"])
    assert [layer.paper_name for layer in own.layers] == ["L3", "L5", "L6"]
    for names in (["L3", "L5"], ["input", "layer_3", "Conv5"]):
        assert open_network(recogniser, layers=names).layers == own.layers
    assert [layer.paper_name for layer in open_network(recogniser, layers="L3").layers] == ["L3", "L6"]
    with pytest.raises(ConfigError, match="must be one of"):
        open_network(recogniser, layers=["L9"])


def test_merged_shards_are_one_run(corpus, recogniser, shards, tmp_path, capsys) -> None:
    assert run(recogniser, corpus, tmp_path / "whole.npz", "--group", "phone") == 0
    assert main(["merge", str(shards / "2.npz"), str(shards / "1.npz"), "--out", str(tmp_path / "merged.npz")]) == 0
    assert "missing" not in capsys.readouterr().out
    whole, merged = read_profiles(tmp_path / "whole.npz"), read_profiles(tmp_path / "merged.npz")
    for kind in ("snap", "nap", "navai"):
        for name, layer in whole.profiles(kind).layers.items():
            np.testing.assert_array_equal(layer.values, merged.profiles(kind).layers[name].values)


def test_shards_are_merged_one_after_the_other(shards) -> None:
    """However many there are, no file but the last one and the sum is in memory while the next one is read."""
    seen = []

    def read():
        for i in range(1, 5):
            gc.collect()
            assert sum(ref() is not None for ref in seen) <= 1  # the first one is the sum until there is a second
            file = read_profiles(shards / "1.npz")
            file.source["shards"] = [[i, 4]]
            seen.append(weakref.ref(file))
            yield file
            del file

    assert merge_profiles(read()).source["shards"] == [[1, 4], [2, 4], [3, 4], [4, 4]]
    with pytest.raises(DataError, match=r"profile files \(=1\) must be at least two"):
        merge_profiles(iter([read_profiles(shards / "1.npz")]))


def test_file_comes_back_as_it_was(shards, tmp_path) -> None:
    file = read_profiles(shards / "1.npz")
    write_profiles(file, tmp_path / "again.npz")
    again = read_profiles(tmp_path / "again.npz")
    assert (again.options, again.model, again.source, again.layers) == (file.options, file.model, file.source,
                                                                        file.layers)
    assert file.missing_shards == (2,)
    for quantity, layers in file.sums["phone"].values.items():
        for name, array in layers.items():
            np.testing.assert_array_equal(again.sums["phone"].values[quantity][name], array)
    with np.load(tmp_path / "again.npz", allow_pickle=False) as archive:  # zeros around saliency are not written
        assert archive["sums/0/saliency/layer_5"].shape[2] < 103


def test_choices_of_finalising_need_no_new_pass(shards) -> None:
    file = read_profiles(shards / "1.npz")
    usual, unmasked = file.profiles(), file.profiles(mask_output=False)
    plain = file.profiles("normalised")
    np.testing.assert_array_equal(unmasked.layers["layer_6"].values, plain.layers["layer_6"].values)
    np.testing.assert_array_equal(unmasked.layers["layer_5"].values, usual.layers["layer_5"].values)
    with pytest.raises(ConfigError, match="needs sums of signed"):
        file.profiles(mask="abs_mean")
    with pytest.raises(ConfigError, match=r"`kind` \(=saliency\) must be one of snap"):
        file.profiles("saliency")
    with pytest.raises(ConfigError, match=r"`grouping` \(=word\) must be one of those in the file: phone"):
        file.profiles(grouping="word")
    with pytest.raises(ConfigError, match="from 0 to 0"):
        file.profiles(folds=(1,))
    with pytest.raises(ConfigError, match="mask_scale: group, layer"):
        file.profiles(mask_scale="frame")
    with pytest.raises(DataError, match="at least 100 frames; the largest has 8"):
        file.profiles(min_frames=100)


def test_shards_of_other_passes_are_not_merged(corpus, recogniser, shards, tmp_path, capsys) -> None:
    other = tmp_path / "other.npz"
    assert run(recogniser, corpus, other, "--group", "phone", "--shard", "2/2", "--pooling", "none") == 0
    assert main(["merge", str(shards / "1.npz"), str(other), "--out", str(tmp_path / "merged.npz")]) == 2
    assert "they differ in option pooling: same and none" in capsys.readouterr().err
    with pytest.raises(DataError, match=r"shard \(=1/2\) must be merged once"):
        merge_profiles([read_profiles(shards / "1.npz")] * 2)
    assert not (tmp_path / "merged.npz").exists()
    model = tmp_path / "model.keras"
    narrow_recogniser("W2P_shallow", seed=5).save(model)
    assert run(model, corpus, other, "--group", "phone", "--shard", "2/2") == 0
    assert main(["merge", str(shards / "1.npz"), str(other), "--out", str(tmp_path / "merged.npz")]) == 2
    assert "they differ in model" in capsys.readouterr().err


def test_files_that_are_none(shards, tmp_path) -> None:
    with pytest.raises(DataError, match="must exist"):
        read_profiles(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(DataError, match="it cannot be read"):
        read_profiles(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(DataError, match="another npz file"):
        read_profiles(tmp_path / "other.npz")
    whole = (shards / "1.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(whole[:len(whole) // 2])
    with pytest.raises(DataError, match="it cannot be read"):
        read_profiles(tmp_path / "half.npz")
    about = {"what": "snap_tf profiles", "schema": 99, "versions": {"wavegan_tf": "9.9"}}
    np.savez(tmp_path / "newer.npz", about=np.array(json.dumps(about)))
    with pytest.raises(DataError, match=r"must be of version 2; it is of version 99, made by wavegan_tf 9\.9"):
        read_profiles(tmp_path / "newer.npz")


def test_corpus_without_phones(recogniser, tmp_path, capsys) -> None:
    corpus = write_corpus(tmp_path / "corpus", phones=())
    assert "must have phone labels to be grouped by phone" in refused(capsys, recogniser, corpus, tmp_path / "x.npz",
                                                                      "--group", "phone")
    assert run(recogniser, corpus, tmp_path / "x.npz") == 0
    assert read_profiles(tmp_path / "x.npz").alignment is None


def test_unknown_phones_and_short_utterances(recogniser, tmp_path, capsys) -> None:
    corpus = write_corpus(tmp_path / "corpus", phones=("h#", "s", "xx", "t", "q?"))
    message = refused(capsys, recogniser, corpus, tmp_path / "x.npz", "--group", "phone")
    assert "not among them: `q?`, `xx`; the network writes" in message
    short = write_corpus(tmp_path / "short", n_samples=20_000)
    message = refused(capsys, recogniser, short, tmp_path / "x.npz")
    assert "at least one frame of 206 steps; the longest of 4 has 157 (1.256 s)" in message
    assert run(recogniser, short, tmp_path / "x.npz", "--ends", "padded", "--hop-steps", "40") == 0


@pytest.mark.parametrize("more, message", [
    (["--group", "letter"], "`group` (=letter) must go with a network that writes letters; this one writes phones"),
    (["--group", "label:mood"], "`group` (=label:mood) must name a column of labels; corpus"),
    (["--group", "none.csv"], "table of groups (=none.csv) must be an existing CSV"),
    (["--group", "words"], "`group` (=words) must be phone, letter, predicted, label:COLUMN"),
    (["--group", "phone", "--group", "phone"], "each once"),
    (["--rate-hz", "100"], "`rate_hz` (=100.0) goes with Keras models that are no recognisers;"),
    (["--step", "3"], "`step` (=3) goes with runs of wavegan-tf;"),
    (["--part", "q_network"], "`part` (=q_network) goes with models of wavegan-tf;"),
    (["--shard", "3/2"], "`shard` (=3/2) must be a part of the whole"),
    (["--kinds", "snap,snip"], "`kinds` (=snap,snip) must name some of snap, navai, nap"),
    (["--target", "class:zz"], "`target` (=class:zz) must name a class"),
    (["--target-step", "103"], "`target_step` (=103) must be one of the 103 steps"),
    (["--layers", "layer_9"], "layer (=layer_9) must be one of"),
    (["--split", "TEST"], "`split` (=TEST) must be a split of the corpus; it has train"),
    (["--folds", "1000000"], "`folds` (=1000000) must be from 1 to 1000"),
    (["--blank", "drop", "--folds", "1000", "--group", "phone", "--group", "predicted"], ""),
])
def test_options_that_cannot_be(corpus, recogniser, tmp_path, capsys, more, message, monkeypatch) -> None:
    if not message:
        monkeypatch.setattr("snap_tf.snap.profiles.profiling.available_memory_bytes", lambda: 10**9)
        message = "must fit into memory; 0.8 GiB are there; name fewer groupings"
    assert message in refused(capsys, recogniser, corpus, tmp_path / "x.npz", *more)


def test_places_that_cannot_be_written(corpus, recogniser, tmp_path, capsys) -> None:
    assert "must end in .npz" in refused(capsys, recogniser, corpus, tmp_path / "profiles.csv")


def test_places_that_cannot_be_written_are_refused_before_the_pass(corpus, recogniser, tmp_path, capsys, monkeypatch
                                                                   ) -> None:
    monkeypatch.setattr("snap_tf.snap.profiles.profiling.profile", lambda *_, **__: pytest.fail("the pass began"))
    (tmp_path / "folder.npz").mkdir()
    assert run(recogniser, corpus, tmp_path / "folder.npz") == 2
    assert "folder.npz) must be a file; it is a folder" in capsys.readouterr().err
    (tmp_path / "file").write_text("x")
    assert run(recogniser, corpus, tmp_path / "file" / "x.npz") == 2
    assert "file is no folder; choose another name" in capsys.readouterr().err
    assert main(["sanity", str(recogniser), str(tmp_path / "file"), "--corpus", str(corpus)]) == 2
    assert "file) must be new or empty; choose another name" in capsys.readouterr().err


def test_tables_of_the_same_name_are_not_lost(corpus, recogniser, tmp_path, capsys) -> None:
    from wavegan_tf.data.corpora.readers import open_corpus

    tables = [tmp_path / "one" / "mood.csv", tmp_path / "other" / "mood.csv", tmp_path / "phone.csv"]
    for table in tables:
        table.parent.mkdir(exist_ok=True)
        table.write_text(f"utterance,group\n{open_corpus(corpus).utterances[0].id},{table.parent.name}\n")
    out = tmp_path / "x.npz"
    assert "must have different names; all would be called mood; rename a table" in refused(
        capsys, recogniser, corpus, out, "--group", str(tables[0]), "--group", str(tables[1]))
    assert "all would be called phone" in refused(
        capsys, recogniser, corpus, out, "--group", "phone", "--group", str(tables[2]))


def test_full_disk_leaves_nothing(corpus, recogniser, tmp_path, capsys, monkeypatch) -> None:
    written = []

    def full(stream, array, **options):
        written.append(array)
        if len(written) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("numpy.lib.format.write_array", full)
    assert "the disk is full" in refused(capsys, recogniser, corpus, tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())


def test_interrupt_leaves_nothing(corpus, recogniser, tmp_path, monkeypatch) -> None:
    from snap_tf.snap.profiles.profiling import ProfilePass

    real, blocks = ProfilePass.add, []

    def add(self, number):
        blocks.append(number)
        if len(blocks) == 2:
            raise KeyboardInterrupt
        real(self, number)

    monkeypatch.setattr(ProfilePass, "add", add)
    assert run(recogniser, corpus, tmp_path / "x.npz") == 130
    assert blocks == [0, 1] and not list(tmp_path.iterdir())


def test_model_that_gives_no_numbers(corpus, tmp_path, capsys) -> None:
    network = narrow_recogniser("W2P_shallow")
    network.get_layer("layer_3").bias.assign(np.full(4, np.nan))
    network.save(tmp_path / "broken.keras")
    assert "it gives NaN or infinity" in refused(capsys, tmp_path / "broken.keras", corpus, tmp_path / "x.npz")


def test_phones_in_ipa_count_where_they_are_used_only(recogniser, tmp_path, capsys) -> None:
    ipa = write_corpus(tmp_path / "ipa", ("sil", "ʃ", "iː", "tʃ", "sil"))
    out = tmp_path / "out.npz"
    message = refused(capsys, recogniser, ipa, out, "--group", "phone")
    assert "not among them: `iː`, `sil`, `tʃ`, `ʃ`" in message and "--phone-map (ipa-mfa, " in message
    refused(capsys, recogniser, ipa, out, "--group", "predicted", "--group", "permuted:phone")
    assert main(["sanity", str(recogniser), str(out), "--corpus", str(ipa)]) == 2  # by phone unless told otherwise
    assert "must be among those that the network writes" in capsys.readouterr().err
    assert run(recogniser, ipa, out, "--group", "predicted") == 0
    printed = capsys.readouterr().out
    assert "note: annotated phones were not compared with predicted ones" in printed and "`tʃ`" in printed
    assert read_profiles(out).alignment is None
    assert run(recogniser, ipa, tmp_path / "mapped.npz", "--group", "phone", "--phone-map", "ipa-mfa") == 0
    assert "note: phones: map ipa-mfa; 20 of 20 phones respelt" in capsys.readouterr().out
    file = read_profiles(tmp_path / "mapped.npz")
    assert set(file.sums["phone"].groups) == {"sh", "iy", "ch", "pau"} and file.alignment is not None


def test_options_check_themselves() -> None:
    with pytest.raises(ConfigError, match="`mode`"):
        ProfileOptions(mode="both")
    with pytest.raises(ConfigError, match="must be argmax"):
        ProfileOptions(target="units")
