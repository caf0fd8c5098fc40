"""The commands `snap-tf gamm` and `snap-tf contrasts`: files, keys, figures, and one line for every mistake."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from twins.word_curves import bump, layer_table, word_table

from snap_tf.cli import main
from snap_tf.gamm import ContrastLayers, contrast_sentences
from wavegan_tf.formats.tables import read_table

COLUMNS = ["--value", "Value", "--time", "Sample", "--group", "Word", "--token", "Token"]
SMALL = ["--k", "6", "--k-random", "5"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    word_table(0, n_tokens=12, n_steps=10, effect=bump(0.2, 0.7, 0.5)).to_csv(path, index=False)
    return path


@pytest.fixture
def layers(tmp_path: Path) -> Path:
    path = tmp_path / "layers.csv"
    heights = {"Conv1": {"s": 0.0, "sh": 0.6}, "Conv2": {"s": 0.0, "sh": 0.0}}
    layer_table(1, heights, n_tokens=10, n_steps=12).to_csv(path, index=False)
    return path


def png_size(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def test_files_and_table(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "out"
    assert main(["gamm", str(table), *COLUMNS, *SMALL, "--rho", "0.2", "--reference", "wash", "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {
        "fit.json", "curves.csv", "differences.csv", "stretches.csv", "fitted.csv", "table.txt", "table.md",
        "table.tex", "model.R", "methods.txt", "checks.txt", "settings.json",
        "curves.png", "curves.pdf", "differences.png", "differences.pdf", "checks.png", "checks.pdf"}
    fit = json.loads((out / "fit.json").read_text())
    assert set(fit) == {"parametric", "smooths", "reml", "sig2", "sp", "rho", "edf_total", "n", "seconds", "formula",
                        "family", "link", "theta", "method", "log_likelihood", "aic", "deviance", "null_deviance",
                        "deviance_explained", "r_sq", "random", "n_series", "n_left_out", "converged", "speakers"}
    assert (fit["family"], fit["link"], fit["n_series"], fit["random"][0]["factor"]) == (
        "gaussian", "identity", 12, "Token") and fit["random"][0]["levels"] == [f"t{i}" for i in range(12)]
    assert fit["rho"] == 0.2 and fit["n"] == 120
    assert [row["term"] for row in fit["parametric"]] == ["(Intercept)", "Wordask"]
    assert fit["smooths"][-1]["ref_df"] == 5 * 12 - 2
    assert list(pd.read_csv(out / "differences.csv")[["a", "b"]].iloc[0]) == ["wash", "ask"]
    printed = capsys.readouterr().out
    assert (out / "table.txt").read_text() in printed and f"written to {out}" in printed
    assert "A. parametric coefficients" in printed and "s(Sample,Token)" in printed
    settings = json.loads((out / "settings.json").read_text())
    assert settings["settings"]["k"] == 6 and "numpy" in settings["versions"]
    assert min(png_size(out / "curves.png")) > 500


def test_table_and_figures_in_tensorboard(table: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    out = tmp_path / "out"
    assert main(["gamm", str(table), *COLUMNS, *SMALL, "--out", str(out), "--logdir", str(tmp_path / "logs")]) == 0
    tags = {tag: events for path in sorted((tmp_path / "logs").iterdir())
            for events in [EventAccumulator(str(path)).Reload()] for tag in events.Tags()["tensors"]}
    assert set(tags) == {"gamm/curves", "gamm/differences", "gamm/checks", "gamm/checks.txt", "gamm/table.txt",
                         "gamm/methods.txt"}
    text = tags["gamm/table.txt"].Tensors("gamm/table.txt")[0].tensor_proto.string_val[0].decode()
    assert [line.strip() for line in text.splitlines() if line.strip()] == [
        line.strip() for line in (out / "table.txt").read_text().splitlines() if line.strip()]


def test_golden_fit_through_the_command(golden_dir: Path, tmp_path: Path) -> None:
    reference = json.loads((golden_dir / "mgcv" / "small_re_gam.json").read_text())
    out = tmp_path / "out"
    assert main(["gamm", str(golden_dir / "mgcv" / "data_small.csv"), *COLUMNS, "--random", "intercept", "--start",
                 "Start", "--out", str(out)]) == 0
    fit = json.loads((out / "fit.json").read_text())
    ours, theirs = pd.DataFrame(fit["parametric"]), pd.DataFrame(reference["parametric"])
    assert np.abs((ours["estimate"] - theirs["estimate"]) / theirs["se"]).max() < 1e-6
    edf = [[row["edf"] for row in one["smooths"]] for one in (fit, reference)]
    np.testing.assert_allclose(*edf, rtol=5e-6)
    np.testing.assert_allclose(list(fit["sp"].values()), list(reference["sp"].values()), rtol=1e-4)
    curves, grid = pd.read_csv(out / "curves.csv"), pd.read_csv(golden_dir / "mgcv" / "small_re_gam_grid.csv")
    assert np.abs((curves["fit"] - grid["fit"]) / grid["se"]).max() < 1e-5
    assert list(curves["group"]) == list(grid["Word"])


@pytest.mark.parametrize(("flags", "terms"), [
    (["--random", "none", "--by", "separate"], ["s(Sample):Wordask", "s(Sample):Wordwash"]),
    (["--random", "none", "--by", "none"], ["s(Sample)"]),
    (["--random", "intercept", "--knots", "7", "--m", "1"], ["s(Sample)", "s(Sample):Wordwash", "s(Token)"]),
    (["--random", "none", "--group", "none", "--rho", "auto", "--method", "ML"], ["s(Sample)"]),
    (["--formula", "Value ~ Word + s(Sample, k=5) + re(Token)"], ["s(Sample)", "s(Token)"]),
    (["--formula", "Value ~ Word + s(Sample, k=5) + s(Sample, by=as.ordered(Word), k=5)", "--select"],
     ["s(Sample)", "s(Sample):Wordwash"]),
    (["--random", "none", "--speaker", "Token"], ["s(Sample)", "s(Sample):Wordwash", "s(Sample,Token)"]),
    (["--random", "none", "--speaker", "none", "--select"], ["s(Sample)", "s(Sample):Wordwash"]),
])
def test_other_models(table: Path, tmp_path: Path, flags: list, terms: list) -> None:
    out = tmp_path / "out"
    usual = ["--token", "Token"] if "--formula" in flags else [*COLUMNS, *SMALL]
    assert main(["gamm", str(table), *usual, *flags, "--out", str(out)]) == 0
    fit = json.loads((out / "fit.json").read_text())
    assert [row["term"] for row in fit["smooths"]] == terms
    assert (out / "differences.pdf").exists() == ("--group" not in flags)


def test_rows_out_of_order_are_noted_and_numbered_as_they_stood(table: Path, tmp_path: Path,
                                                                capsys: pytest.CaptureFixture) -> None:
    whole = pd.read_csv(table)
    whole.sample(frac=1, random_state=1).to_csv(tmp_path / "shuffled.csv", index=False)
    outs = [tmp_path / "a", tmp_path / "b"]
    for path, out in zip((table, tmp_path / "shuffled.csv"), outs, strict=True):
        assert main(["gamm", str(path), *COLUMNS, *SMALL, "--reference", "ask", "--out", str(out)]) == 0
    assert "note: " in (errors := capsys.readouterr().err) and "were sorted by Token and Sample" in errors
    one, other = (pd.read_csv(out / "fitted.csv") for out in outs)
    order = whole.sample(frac=1, random_state=1).index
    np.testing.assert_allclose(other["fitted"], one["fitted"].to_numpy()[order], atol=1e-8)


def test_one_fit_for_every_layer(layers: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "out"
    assert main(["gamm", str(layers), *SMALL, "--at", "layer", "--random", "intercept", "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {"Conv1", "Conv2", "tests.csv", "layers.png", "layers.pdf",
                                                     "settings.json"}
    assert json.loads((out / "Conv2" / "fit.json").read_text())["parametric"][1]["term"] == "labelsh"
    tests = pd.read_csv(out / "tests.csv")
    assert list(tests.columns) == ["layer", "test", "a", "b", "estimate", "statistic", "p", "p_adjusted"]
    assert (tests["p_adjusted"] >= tests["p"]).all()
    assert "layer Conv1" in capsys.readouterr().out


def test_contrasts(layers: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "out"
    assert main(["contrasts", str(layers), *SMALL, "--pairs", "s:sh", "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == {"contrasts.csv", "tests.csv", "contrasts.png", "contrasts.pdf",
                                                     "curves_s_sh.png", "curves_s_sh.pdf", "settings.json"}
    row = pd.read_csv(out / "contrasts.csv").iloc[0]
    assert (row["last_encoded"], row["stops_at"]) == ("Conv1", "Conv2")
    assert "Conv2" in capsys.readouterr().out


def test_what_cannot_be_fitted_anywhere_is_an_error(layers: Path, tmp_path: Path,
                                                    capsys: pytest.CaptureFixture) -> None:
    """It was a table without a single test, which reads as: this contrast is encoded nowhere."""
    out = tmp_path / "out"
    for flags, message in ((["--rho", "2"], "s and sh in Conv1: rho (=2) must be 0 up to"),
                           (["--rho", "abc"], "rho (=abc) must be"), (["--k", "500"], "k (=500)"),
                           (["--m", "3"], "m (=3)"), (["--k-random", "1"], "(none of 2 fits was possible)")):
        assert main(["contrasts", str(layers), *flags, "--out", str(out)]) == 2
        assert message in capsys.readouterr().err and not out.exists()
    with pytest.raises(SystemExit) as caught:
        main(["contrasts", str(layers), "--pairs", "s:s", "--out", str(out)])
    assert caught.value.code == 2 and "`s:s` must be of two different words" in capsys.readouterr().err


def test_layers_that_cannot_be_tested_are_said(layers: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    table = pd.read_csv(layers)
    poor = (table["layer"] == "Conv2") & (table.groupby(["layer", "token"]).cumcount() >= 3)
    table[~poor].to_csv(layers, index=False)
    assert main(["contrasts", str(layers), *SMALL, "--rho", "auto", "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    assert "not tested: s and sh in Conv2: k (=" in printed.out
    tests = pd.read_csv(tmp_path / "out" / "tests.csv").set_index("layer")
    assert tests.loc["Conv1", "rho"] >= 0 and np.isnan(tests.loc["Conv2", "rho"])
    if "lag-1" in printed.err:  # then it says of which fit, and the table says so too
        assert "note: s and sh in Conv1: the residuals" in printed.err and "lag-1" in tests.loc["Conv1", "note"]


def test_the_command_says_what_was_done_about_speakers(layers: Path, tmp_path: Path,
                                                       capsys: pytest.CaptureFixture) -> None:
    """In the output, in the table, in fit.json, in settings.json and in tests.csv of contrasts."""
    data = pd.read_csv(layers)
    data[data["layer"] == "Conv1"].to_csv(tmp_path / "one.csv", index=False)
    for flags, sentence in (([], "6 speakers: by-speaker and by-speaker-and-word random smooths are in the model"),
                            (["--speaker", "none"], "no by-speaker random smooths, as asked; tokens are treated as"),
                            (["--speaker", "rate_hz"], "1 speaker is too few for by-speaker smooths; tokens are")):
        out = tmp_path / "_".join(["out", *flags])
        assert main(["gamm", str(tmp_path / "one.csv"), *SMALL, *flags, "--out", str(out)]) == 0
        assert f"\nNote: {sentence}" in capsys.readouterr().out
        assert f"\nNote: {sentence}" in (out / "table.txt").read_text()
        assert json.loads((out / "fit.json").read_text())["speakers"].startswith(sentence)
        assert json.loads((out / "settings.json").read_text())["speakers"][0].startswith(sentence)
    assert main(["contrasts", str(layers), *SMALL, "--pairs", "s:sh", "--figures", "0", "--out",
                 str(tmp_path / "contrast")]) == 0
    sentence = "6 speakers: by-speaker and by-speaker-and-word random smooths are in the model"
    assert f"\n{sentence}" in capsys.readouterr().out
    assert pd.read_csv(tmp_path / "contrast" / "tests.csv")["speakers"].str.startswith(sentence).all()
    settings = json.loads((tmp_path / "contrast" / "settings.json").read_text())
    assert settings["settings"]["speaker"] is None and len(settings["speakers"]) == 1
    assert main(["gamm", str(tmp_path / "one.csv"), "--speaker", "who", "--out", str(tmp_path / "no")]) == 2
    assert "column (=who) must be in the table" in capsys.readouterr().err


def test_layers_are_not_mixed_in_silence(layers: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Steps of several layers lie at different times, so that nothing else told one series from the next."""
    out = tmp_path / "out"
    assert main(["gamm", str(layers), *SMALL, "--out", str(out)]) == 2
    assert "`--at` must be given for a table of 2 layers; say --at layer" in capsys.readouterr().err
    assert not out.exists()
    table = pd.read_csv(layers)
    table[table["layer"] == "Conv1"].to_csv(layers, index=False)
    assert main(["gamm", str(layers), *SMALL, "--out", str(out)]) == 0


def test_tables_with_semicolons_are_told(layers: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for sign, name in ((";", "semi.csv"), ("\t", "tabs.csv")):
        pd.read_csv(layers).to_csv(tmp_path / name, sep=sign, index=False)
        assert main(["gamm", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 2
        error = capsys.readouterr().err
        assert "must have commas between its columns; it has " + {";": ";", "\t": "tabs"}[sign] in error


def test_every_contrast_has_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """It was a table of `last_encoded None, stops_at Conv1`, which had to be translated."""
    heights = {"Conv1": {"s": 0.0, "sh": 0.6, "z": 0.0}, "Conv2": {"s": 0.0, "sh": 0.0, "z": 0.0}}
    layer_table(1, heights, n_tokens=10, n_steps=12).to_csv(tmp_path / "t.csv", index=False)
    assert main(["contrasts", str(tmp_path / "t.csv"), *SMALL, "--pairs", "s:sh,s:z", "--figures", "0", "--out",
                 str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("s and sh: encoded in Conv1, and from Conv2 on no more (shape differs last in Conv1, ")
    assert "\ns and z: encoded in none of the layers tested (Conv1 and Conv2)\n" in printed
    assert "None" not in printed and "nan" not in printed


def test_sentences_of_contrasts_known_by_hand() -> None:
    def sentence(encoded: list[bool | None], stops_at: object, shape: object, level: object) -> str:
        tests = pd.DataFrame({"a": "s", "b": "z", "layer": range(1, len(encoded) + 1),  # layers may be numbers
                              "curve_p": [np.nan if flag is None else 0.5 for flag in encoded],
                              "encoded": [bool(flag) for flag in encoded]})
        row = {"a": "s", "b": "z", "last_encoded": None, "stops_at": stops_at, "last_shape": shape, "last_level": level}
        other = row | {"a": "t", "stops_at": 1.0}  # a number beside it makes a missing one NaN
        return contrast_sentences(ContrastLayers(tests, pd.DataFrame([row, other]), {}))[0]

    assert sentence([True, False, True, False], 4, 1, None) == (
        "s and z: encoded in 1 and 3, and from 4 on no more (shape differs last in 1, no difference of level)")
    assert sentence([True, True, True], None, None, 2) == (
        "s and z: encoded in 1, 2 and 3, the last layer tested (no difference of shape, level differs last in 2)")
    assert sentence([False, None], 1, None, None) == "s and z: encoded in none of the layers tested (1)"
    assert sentence([None, None], None, None, None) == "s and z: could not be tested in any layer"


MISTAKES = {
    "no such column": ([*COLUMNS[:1], "Valu", *COLUMNS[2:]],
                       "column (=Valu) must be in the table; it has Token, Word, Sample, Value; name one of these"),
    "rho": ([*COLUMNS, "--rho", "1"], "rho (=1) must be 0 up to (not including) 1, or `auto`"),
    "k": ([*COLUMNS, "--k", "11"], "k (=11) of s(Sample) must be at most the number of different values of `Sample`; "
                                   "there are 10"),
    "reference": ([*COLUMNS, *SMALL, "--reference", "dark"], "reference (=dark) must be a level of `Word`; there are "),
    "m": ([*COLUMNS, "--m", "3"], "m (=3) of s(Sample) must be 1 or 2"),
    "no token": ([*COLUMNS[:6], *SMALL], "token must be named for random (=fs)"),
    "layer": ([*COLUMNS, "--at", "layer"], "column (=layer) must be in the table"),
    "pair": ([*COLUMNS, *SMALL, "--pairs", "ask:dark"], "word (=dark) must be one of the fitted ones; there are"),
    "formula": (["--formula", "Value ~ s(Sample"], "must close every bracket"),
    "speaker beside formula": (["--formula", "Value ~ Word", "--speaker", "Who"], "`--speaker` (=Who) does not go with "
                               '--formula; write s(Time, Who, bs="fs", m=1) into the formula'),
    "speaker": ([*COLUMNS, "--speaker", "Who"], "column (=Who) must be in the table"),
    "two of one": ([*COLUMNS, "--speaker", "Token"], "speaker (=Token) must be another column than token"),
    "weights": ([*COLUMNS, *SMALL, "--weights", "Trials"], "column (=Trials) must be in the table"),
    "rho beside a family": ([*COLUMNS, *SMALL, "--family", "scat", "--rho", "0.3"],
                            "rho (=0.3) must be 0 for family scat: AR(1) errors are those of a Gaussian response"),
    "counts": ([*COLUMNS, *SMALL, "--family", "poisson"], "`Value` must hold counts"),
    "t2": (["--formula", "Value ~ t2(Sample, Value)"], "term (=t2(Sample, Value)) cannot be fitted here; use te(x, z)"),
    "te beside s": (["--formula", "Value ~ s(Sample) + te(Sample, Dur)"],
                    "te(Sample,Dur) must not stand beside s(Sample), whose functions it holds too; write ti(Sample, "
                    "Dur) for"),
    "no ordered copy": (["--formula", "Value ~ Word + s(Sample) + s(Sample, by=WordO)"],
                        "for difference smooths of `Word` write by=ordered(Word)"),
    "reference beside formula": (["--formula", "Value ~ Word", "--reference", "ask"], "does not go with --formula"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_give_one_line_and_leave_nothing(name: str, table: Path, tmp_path: Path,
                                                  capsys: pytest.CaptureFixture) -> None:
    flags, message = MISTAKES[name]
    assert main(["gamm", str(table), *flags, "--out", str(tmp_path / "out")]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and "error: " in lines[0] and message in lines[0]
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_broken_tables_give_one_line(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    whole = pd.read_csv(table)
    broken = {
        "one word only": (whole[whole["Word"] == "ask"], "`Word` must hold two words or more"),
        "two words": (whole.assign(Word=np.where(whole.index == 3, "wash", whole["Word"])), "must have one `Word`; t0"),
        "twice": (pd.concat([whole, whole.iloc[[4]]]), "`Sample` must be different in all rows of one `Token`; t0"),
        "not finite": (whole.assign(Value=whole["Value"].where(whole.index != 6, np.inf)), "finite numbers; row 7 "),
        "constant": (whole.assign(Value=1), "`Value` must vary"),
        "empty": (whole.iloc[:0], "must have rows"),
    }
    for name, (data, message) in broken.items():
        data.to_csv(tmp_path / "broken.csv", index=False)
        assert main(["gamm", str(tmp_path / "broken.csv"), *COLUMNS, *SMALL, "--out", str(tmp_path / "out")]) == 2, name
        assert message in capsys.readouterr().err, name
        assert not (tmp_path / "out").exists()
    assert main(["gamm", str(tmp_path / "none.csv"), "--out", str(tmp_path / "out")]) == 2
    assert "none.csv" in capsys.readouterr().err


def test_a_folder_that_is_there_is_not_touched(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine").write_text("x")
    command = ["gamm", str(table), *COLUMNS, *SMALL, "--random", "none", "--out", str(out)]
    assert main(command) == 2 and (out / "mine").exists()
    assert "must be new or empty" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0 and (out / "fit.json").exists()


def test_phones_of_any_notation_have_figures_of_their_own(tmp_path: Path) -> None:
    """SAMPA: names that are no file names, and names that only capitals tell apart."""
    heights = {"Conv1": {"@": 0.0, "i:": 0.6, "i": 0.3, "S": 0.2, "s": 0.1}}
    layer_table(1, heights, n_tokens=6, n_steps=8).to_csv(tmp_path / "t.csv", index=False)
    out = tmp_path / "out"
    pairs = '@:i,i:"i:",@:S,@:s'
    flags = ["--k", "4", "--random", "none", "--pairs", pairs, "--out", str(out)]
    assert main(["contrasts", str(tmp_path / "t.csv"), *flags]) == 0
    assert {path.name for path in out.glob("curves*.png")} == {
        "curves_%40_i.png", "curves_i_i%3A.png", "curves_%40_%53.png", "curves_%40_s.png"}
    assert json.loads((out / "settings.json").read_text())["settings"]["figures"] == 6  # what was asked for, not left
    assert list(read_table(out / "contrasts.csv")[["a", "b"]].itertuples(index=False, name=None)) == [
        ("@", "i"), ("i", "i:"), ("@", "S"), ("@", "s")]


def test_layers_of_any_name_have_folders_of_their_own(tmp_path: Path) -> None:
    heights = {name: {"s": 0.0, "sh": 0.6} for name in ("@", "conv", "Conv", "tests.csv")}
    layer_table(1, heights, n_tokens=6, n_steps=8).to_csv(tmp_path / "t.csv", index=False)
    out = tmp_path / "out"
    flags = ["--k", "4", "--random", "none", "--at", "layer", "--out", str(out)]
    assert main(["gamm", str(tmp_path / "t.csv"), *flags]) == 0
    folders = {path.name for path in out.iterdir() if path.is_dir()}
    assert len({name.casefold() for name in folders}) == 4 and folders >= {"%40", "conv"}
    assert all((out / name / "fit.json").is_file() for name in folders) and (out / "tests.csv").is_file()
