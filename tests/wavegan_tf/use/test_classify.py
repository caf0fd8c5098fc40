"""The Q-network on recordings: prepared as in training, broken ones skipped, tables that say what the network says."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
import soundfile

from wavegan_tf.cli import main
from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import DataError, ExportError
from wavegan_tf.export.opening import open_model
from wavegan_tf.latent import number_of_codes
from wavegan_tf.use.agreement import agree
from wavegan_tf.use.classify import _count_codes, _say_codes, classify_folder, first_slice, write_classified
from wavegan_tf.use.code_bits import bits_by_chance
from wavegan_tf.use.generation import Request, generate


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Two words by name and by folder, of different lengths, rates and channels, and some that cannot be used."""
    root = tmp_path_factory.mktemp("audio") / "words"
    rng = np.random.default_rng(0)
    for label, length, rate_hz, channels, peak in (("ask", 3000, 8000, 1, 0.2), ("ask", 16384, 8000, 1, 0.9),
                                                   ("wash", 20000, 8000, 2, 0.5), ("wash", 9000, 16000, 1, 0.4),
                                                   ("wash", 5000, 8000, 1, 1.0)):
        (root / label).mkdir(parents=True, exist_ok=True)
        audio = rng.uniform(-peak, peak, (length, channels))
        soundfile.write(root / label / f"{label}_{length}.wav", audio, rate_hz)
    soundfile.write(root / "ask/silent.wav", np.zeros(100), 8000)
    (root / "ask/empty.wav").write_bytes(b"")
    whole = (root / "ask/ask_3000.wav").read_bytes()
    (root / "ask/truncated.wav").write_bytes(whole[:1000])
    soundfile.write(root / "ask/nan.wav", np.full(100, np.nan, np.float32), 8000, subtype="FLOAT")
    (root / "notes.txt").write_text("no audio")
    return root


def test_first_slice():
    waveform = np.arange(1, 6, dtype=np.float32)[:, None]
    assert first_slice(waveform, 8)[:, 0].tolist() == [1, 2, 3, 4, 5, 0, 0, 0]
    assert first_slice(waveform, 3)[:, 0].tolist() == [1, 2, 3]


def test_the_table_says_what_the_network_says(onehot_model, recordings):
    model = open_model(onehot_model)
    result = classify_folder(model, recordings, label_from="folder", n_permutations=99)
    table = result.table.set_index("file")
    assert list(table.index) == ["ask/ask_16384.wav", "ask/ask_3000.wav", "wash/wash_20000.wav", "wash/wash_5000.wav",
                                 "wash/wash_9000.wav"]
    for name in ("ask/ask_3000.wav", "wash/wash_20000.wav"):
        waveform, _ = soundfile.read(recordings / name, dtype="float32", always_2d=True)
        waveform = waveform.mean(axis=1, keepdims=True)
        waveform = waveform / np.abs(waveform).max()  # of the whole file, before it is cut
        padded = np.zeros((1, 16384, 1), np.float32)
        padded[0, : min(len(waveform), 16384)] = waveform[:16384]
        logits = np.asarray(model.networks.q_network(padded))[0]
        row = table.loc[name]
        np.testing.assert_allclose(row[[f"logit_{i}" for i in range(4)]].astype(float), logits, rtol=1e-4, atol=1e-4)
        probabilities = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        np.testing.assert_allclose(row[[f"probability_{i}" for i in range(4)]].astype(float), probabilities, atol=1e-4)
        assert row["code"] == str(logits.argmax()) and row["code_index"] == logits.argmax()
    assert table["n_samples"].tolist() == [16384, 3000, 20000, 5000, 4500]
    assert table["cropped"].tolist() == [False, False, True, False, False]
    reasons = dict(result.skipped)
    assert set(reasons) == {f"ask/{name}.wav" for name in ("silent", "empty", "truncated", "nan")}
    assert "silent" in reasons["ask/silent.wav"] and "truncated" in reasons["ask/truncated.wav"]
    assert result.agreement.confusion.to_numpy().sum() == 5
    assert result.agreement.confusion.loc["wash"].sum() == 3


def test_batches_do_not_show(onehot_model, recordings):
    model = open_model(onehot_model)
    whole = classify_folder(model, recordings, label_from="none").table
    model.batch_size = 2
    parts = classify_folder(model, recordings, label_from="none").table
    pd.testing.assert_frame_equal(whole, parts, check_exact=False, atol=1e-5)


def test_command_line(onehot_model, recordings, tmp_path, capsys):
    out = tmp_path / "deep/codes.csv"
    command = ["classify", str(onehot_model), str(recordings), str(out), "--label-from", r"name:^([a-z]+)_",
               "--permutations", "50", "--seed", "2"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    for part in ("5 files classified, 4 skipped, 1 longer than the model's slices", "skipped ask/silent.wav: ",
                 "5 files have a label", "purity", "adjusted rand index", "matching accuracy", "p = ",
                 "50 permutations of the labels, seed 2"):
        assert part in printed
    assert len(pd.read_csv(out)) == 5
    summary = json.loads((tmp_path / "deep/codes.summary.json").read_text())
    assert [summary[f"n_{name}"] for name in ("classified", "labelled", "cropped")] == [5, 5, 1]
    assert len(summary["skipped"]) == 4
    assert summary["agreement"]["n_permutations"] == 50 and summary["agreement"]["seed"] == 2
    assert summary["step"] == 9 and summary["config"]["network"]["code"] == "onehot"
    assert main(command) == 2
    assert "output file" in capsys.readouterr().err


def test_generated_audio_is_compared_code_by_code(binary_model, tmp_path, capsys):
    generate(open_model(binary_model), tmp_path / "sounds", Request(n=3, all_codes=True))
    assert main(["classify", str(binary_model), str(tmp_path / "sounds"), str(tmp_path / "codes.csv"),
                 "--permutations", "10"]) == 0
    table = pd.read_csv(tmp_path / "codes.csv", dtype={"label": str, "code": str})
    assert table["label"].tolist() == [code for code in ("000", "100", "010", "110", "001", "101", "011", "111")
                                       for _ in range(3)]
    summary = json.loads((tmp_path / "codes.summary.json").read_text())
    bits = np.array([[a == b for a, b in zip(row.label, row.code, strict=True)] for row in table.itertuples()])
    assert summary["accuracy"] == {"codes": pytest.approx((table["label"] == table["code"]).mean()),
                                   "bits": pytest.approx(bits.mean()),
                                   **{f"bit {i}": pytest.approx(bits[:, i].mean()) for i in range(3)}}
    assert f"bits right: {bits.mean():.4f}" in capsys.readouterr().out
    for row in table.itertuples():  # sigmoid, bit by bit
        logits = np.array([row.logit_0, row.logit_1, row.logit_2])
        assert row.code == "".join("1" if x > 0 else "0" for x in logits)
        np.testing.assert_allclose([row.probability_0, row.probability_1, row.probability_2], 1 / (1 + np.exp(-logits)),
                                   atol=1e-5)


def test_words_and_bits(binary_model, recordings):
    result = classify_folder(open_model(binary_model), recordings, label_from="folder", n_permutations=0)
    matched = result.table["label"].map(result.agreement.matching).dropna()
    bits = np.array([[a == b for a, b in zip(x, y, strict=True)]
                     for x, y in zip(matched, result.table["code"][matched.index], strict=True)])
    assert result.accuracy["bits"] == pytest.approx(bits.mean())
    assert "codes" not in result.accuracy  # a word is no code
    assert "bits as in the matched code" in str(result)


@pytest.mark.parametrize(("labels", "codes"), [
    (list("aaabb"), ["00", "01", "11", "11", "10"]), (list("aabcd"), ["00", "00", "11", "11", "11"])])
def test_bits_of_the_matched_code_stand_beside_chance(labels: list, codes: list) -> None:
    """Slow twin: labels in every order, the best one-to-one matching of each, bits counted one by one.

    Of four labels and two codes two labels have no code, and their files take no part.
    """
    agreement = agree(labels, codes, 4000, seed=3)
    found = bits_by_chance(agreement, labels, codes)
    shares = []
    for order in itertools.permutations(labels):
        matching = agree(order, codes, 0).matching
        pairs = [(matching[label], code) for label, code in zip(order, codes, strict=True) if label in matching]
        shares.append(np.mean([x == y for one, other in pairs for x, y in zip(one, other, strict=True)]))
    # ties between matchings that are as good are broken by the solver, alike in both
    assert found == pytest.approx(np.mean(shares), abs=0.02) and found > 0.55
    assert bits_by_chance(agree(labels, codes, 0), labels, codes) is None


def test_words_and_bits_print_chance(binary_model, recordings, tmp_path):
    model = open_model(binary_model)
    result = classify_folder(model, recordings, label_from="folder", n_permutations=40)
    assert set(result.chance) == {"bits"} and f"chance {result.chance['bits']:.4f}" in str(result)
    write_classified(result, tmp_path / "codes.csv", model)
    summary = json.loads((tmp_path / "codes.summary.json").read_text())
    assert summary["accuracy_by_chance"] == result.chance
    assert set(summary["agreement"]["chance"]) == {"purity", "adjusted_rand_index", "matching_accuracy"}


def test_all_codes_are_listed_also_those_that_no_file_has(binary_model, onehot_model, recordings, tmp_path):
    for path, names in ((onehot_model, ["0", "1", "2", "3"]),
                        (binary_model, ["000", "100", "010", "110", "001", "101", "011", "111"])):
        model = open_model(path)
        result = classify_folder(model, recordings, label_from="folder", n_permutations=9)
        given = result.table["code"].value_counts()
        assert result.codes == {name: int(given.get(name, 0)) for name in names} and list(result.codes) == names
        assert list(result.agreement.confusion.columns) == sorted(names)
        never = [name for name in names if name not in given]
        assert never and f"of {len(names)} codes occur; {len(never)} " in str(result)
        assert f"no file: {', '.join(never)}" in str(result)
        out = tmp_path / f"{len(names)}.csv"
        write_classified(result, out, model)
        summary = json.loads(out.with_suffix(".summary.json").read_text())
        assert summary["codes"] == result.codes and summary["n_codes"] == len(names)
    unlabelled = classify_folder(model, recordings)
    assert unlabelled.codes == result.codes and "codes occur" in str(unlabelled)


def test_many_codes_are_counted_and_not_listed() -> None:
    network = NetworkConfig(code="binary", code_dim=20)
    table = pd.DataFrame({"code_index": [0, 5, 5]})
    codes = _count_codes(table, network)
    assert codes == {"0" * 20: 1, "101" + "0" * 17: 2}
    assert _say_codes(codes, number_of_codes(network)) == "2 of 1048576 codes occur; 1048574 have no file"
    assert _say_codes({"0": 1, "1": 2}, 2) == "all 2 codes occur"


def test_few_labels(onehot_model, recordings, tmp_path):
    model = open_model(onehot_model)
    none = classify_folder(model, recordings)
    assert none.agreement is None and "no labels known" in str(none) and set(none.table["label"]) == {""}
    one = classify_folder(model, recordings / "wash", label_from="folder")
    assert one.agreement is None and "all of them the same" in str(one)
    (tmp_path / "labels.csv").write_text("file,label\nask/ask_3000.wav,a\nwash_5000.wav,b\n")
    table = classify_folder(model, recordings, label_table=tmp_path / "labels.csv", n_permutations=5)
    assert table.agreement.confusion.to_numpy().sum() == 2
    assert f"2 files have a label (labels.csv, column label), {len(table.table) - 2} have none" in str(table)


def test_a_split_of_a_manifest(onehot_model, recordings, tmp_path):
    audio = tmp_path / "audio"
    audio.mkdir()
    for i in range(4):
        soundfile.write(audio / f"{i}.wav", np.random.default_rng(i).uniform(-1, 1, 500), 8000)
    (audio / "manifest.csv").write_text("file,label,split\n0.wav,a,train\n1.wav,b,test\n2.wav,a,test\n3.wav,b,train\n")
    result = classify_folder(open_model(onehot_model), audio, split="test", n_permutations=0)
    assert result.table[["file", "label"]].to_numpy().tolist() == [["1.wav", "b"], ["2.wav", "a"]]


def test_nothing_usable(onehot_model, recordings, tmp_path, capsys):
    bad = tmp_path / "bad"
    bad.mkdir()
    for name in ("silent", "empty"):
        (bad / f"{name}.wav").write_bytes((recordings / f"ask/{name}.wav").read_bytes())
    with pytest.raises(DataError, match=r"must hold usable audio; all 2 files were skipped; the first \(empty.wav\)"):
        classify_folder(open_model(onehot_model), bad)
    (tmp_path / "none").mkdir()
    for folder, message in ((bad, "all 2 files were skipped"), (tmp_path / "none", "it is empty"),
                            (tmp_path / "missing", "must be an existing folder")):
        assert main(["classify", str(onehot_model), str(folder), str(tmp_path / "out.csv")]) == 2
        assert message in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "none"]


def test_models_that_cannot(plain_model, onehot_model, recordings, tmp_path, capsys):
    assert main(["classify", str(plain_model), str(recordings), str(tmp_path / "out.csv")]) == 2
    assert "must have a Q-network; it was trained without a code" in capsys.readouterr().err
    model = open_model(onehot_model)
    model.networks.q_network.dense.bias.assign([np.nan] * 4)
    with pytest.raises(ExportError, match="it gives NaN: its training diverged"):
        classify_folder(model, recordings)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.shared
def test_real_recordings(onehot_model, shared_dir):
    result = classify_folder(open_model(onehot_model), shared_dir / "data/fsdd/recordings", label_from=r"name:^(\d)_",
                             n_permutations=200)
    assert len(result.table) == 300 and not result.skipped
    assert result.table["label"].value_counts().to_dict() == {str(digit): 30 for digit in range(10)}
    assert result.agreement.p_values["matching_accuracy"] <= 1
