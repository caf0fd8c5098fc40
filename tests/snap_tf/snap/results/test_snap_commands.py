"""`snap-tf align-eval`, `cluster` and `plot profiles`: what is written and printed, and what is refused."""

import gc
import json
import weakref

import numpy as np
import pandas as pd
import pytest
from planted_files import GROUPS, summed_file

from snap_tf.cli import main
from snap_tf.plots.snap.snap_figures import FIGURES, ProfileFigures
from snap_tf.snap.profiles.profile_file import read_profiles, write_profiles
from snap_tf.snap.results.cluster_folder import ClusterSettings
from snap_tf.snap.results.models_compared import read_models


@pytest.fixture
def made(tmp_path):
    """Write a file of each model, and one without annotations."""
    paths = {}
    for name, options in (("W2P_shallow", {"groupings": ("phone", "letter")}), ("W2L_TL_frozen", {"seed": 1}),
                          ("plain", {"annotated": False, "kinds": "snap"})):
        paths[name] = str(tmp_path / f"{name}.npz")
        write_profiles(summed_file(name, **options), paths[name])
    return paths


def refused(capsys, *arguments: str) -> str:
    """Run a command that must fail with exit code 2 and one line; return the line."""
    assert main(list(arguments)) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("snap-tf: error: ")
    return lines[-1]


def test_align_eval_prints_the_table_and_writes_a_folder(made, tmp_path, capsys) -> None:
    assert main(["align-eval", made["W2P_shallow"], str(tmp_path / "out"), "--compare", made["W2L_TL_frozen"],
                 "--phones"]) == 0
    printed = capsys.readouterr().out
    for text in ("W2P_shallow", "W2L_TL_frozen", "paper: W2P", "59.3 %", "within ±16 ms", "confused_with"):
        assert text in printed
    table = pd.read_csv(tmp_path / "out" / "alignment.csv").set_index("model")
    assert table.loc["W2L_TL_frozen", "n_frames"] == 400
    assert f"{100 * table.loc['W2L_TL_frozen', 'aligned']:.1f} %" in printed
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"offsets.png", "offsets.pdf", "offsets_of_phones.png", "contingency_W2P_shallow.png",
                     "contingency_W2L_TL_frozen.pdf", "phones.csv", "alignment.json"}


def test_align_eval_without_a_folder_only_prints(made, tmp_path, capsys) -> None:
    before = set(tmp_path.iterdir())
    assert main(["align-eval", made["W2P_shallow"]]) == 0
    assert "paper: W2P_shallow" in capsys.readouterr().out and set(tmp_path.iterdir()) == before


def test_cluster_writes_what_it_prints(made, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    assert main(["cluster", made["W2P_shallow"], str(out), "--compare", made["W2L_TL_frozen"], "--halves", "20",
                 "--percentiles", "60,90", "--grouping", "phone"]) == 0
    printed = capsys.readouterr().out
    assert "left out with too few frames: k (8)" in printed  # 2 frames in each of 4 folds
    assert printed.count("stability: 6 halves of 4 folds, of 20 asked for: so many folds have no more different") == 2
    silhouettes = pd.read_csv(out / "silhouettes.csv")
    assert set(silhouettes["model"]) == {"W2P_shallow", "W2L_TL_frozen"}
    assert list(silhouettes["layer"].unique()) == ["input", *(f"L{k}" for k in range(1, 8))]
    first = silhouettes.iloc[0]
    assert f"{first['silhouette']:.2f}" in printed
    means = silhouettes.groupby(["model", "layer"])[["silhouette", "mean_silhouette"]].mean()
    np.testing.assert_allclose(means["silhouette"], means["mean_silhouette"], atol=1e-5)
    clusters = pd.read_csv(out / "clusters.csv")
    assert set(clusters["group"]) == set(GROUPS) - {"k"} and set(clusters["n_frames"]) == {120}
    assert len(pd.read_csv(out / "changes.csv")) == 2 * 2 * 8 * 7 // 2
    stability = pd.read_csv(out / "stability.csv")
    assert stability["rand"].between(0, 1).all() and len(stability) == 2 * 2 * 8
    record = json.loads((out / "clusters.json").read_text())
    stable = record["clusters"]["W2P_shallow"]["stability"]
    assert (stable["halves"], stable["halves_asked_for"], record["settings"]["halves"]) == (6, 20, 20)
    assert record["clusters"]["W2P_shallow"]["left_out"] == {"k": 8}
    assert len(record["clusters"]["W2P_shallow"]["layers"]["L3"]["tree"]) == 7
    for name in ("silhouettes.png", "silhouettes.pdf", "stability_W2P_shallow.png", "stability_W2L_TL_frozen.pdf"):
        assert (out / name).stat().st_size > 5000


@pytest.mark.slow
def test_plot_profiles_draws_every_figure_and_fills_tensorboard(made, tmp_path, capsys) -> None:
    out, logdir = tmp_path / "out", tmp_path / "tb"
    assert main(["plot", "profiles", made["W2P_shallow"], str(out), "--compare", made["W2L_TL_frozen"], "--logdir",
                 str(logdir), "--min-frames", "5", "--groups", "a,s,t"]) == 0
    names = {path.stem for path in out.iterdir()}
    trees = {f"{what}_W2P_shallow_{by}" for what in ("clustermap", "dendrogram") for by in ("phone", "letter")}
    assert names == {"scheme", "offsets", "offsets_of_phones", "contingency_W2P_shallow", "contingency_W2L_TL_frozen",
                     "navai_and_snap", "profiles_W2P_shallow_phone_input", "profiles_W2P_shallow_letter_input",
                     "silhouettes_models_phone", "silhouettes_W2P_shallow", *trees}
    assert {path.suffix for path in out.iterdir()} == {".png", ".pdf"}
    assert "scheme.png and .pdf" in capsys.readouterr().out
    assert (logdir / "projector_config.pbtxt").exists() and list(logdir.glob("events*"))
    assert len(list(logdir.glob("*.tensors.tsv"))) == 3 * 8  # two groupings of one model, one of the other


def test_plot_profiles_leaves_out_what_a_file_has_nothing_for_unless_it_is_asked_for(made, tmp_path, capsys) -> None:
    files = {"plain": read_profiles(made["plain"])}
    assert ProfileFigures(files, ClusterSettings()).possible() == ["scheme", "profiles", "silhouettes", "clustermaps",
                                                                   "dendrograms"]
    assert ProfileFigures(files, ClusterSettings(min_frames=200)).possible() == ["scheme", "profiles"]
    assert ProfileFigures({"all": read_profiles(made["W2P_shallow"])}, ClusterSettings()).possible() == list(FIGURES)
    assert "must have been made from annotated data" in refused(
        capsys, "plot", "profiles", made["plain"], str(tmp_path / "x"), "--figures", "offsets")
    assert "needs sums of navai" in refused(
        capsys, "plot", "profiles", made["plain"], str(tmp_path / "x"), "--figures", "comparison")


def test_parts_of_a_pass_are_told(made, tmp_path, capsys) -> None:
    part = read_profiles(made["W2P_shallow"])
    part.source["shards"] = [[1, 3]]
    write_profiles(part, tmp_path / "part.npz")
    for arguments in (["align-eval"], ["cluster", str(tmp_path / "c")],
                      ["plot", "profiles", str(tmp_path / "p"), "--figures", "scheme"]):
        words = 2 if arguments[0] == "plot" else 1
        assert main([*arguments[:words], str(tmp_path / "part.npz"), *arguments[words:]]) == 0
        assert "W2P_shallow is a part of its pass; missing are the shards 2, 3\n" in capsys.readouterr().out


def test_offsets_of_letters_are_refused_where_they_are_asked_for(made, tmp_path, capsys) -> None:
    letters = read_profiles(made["W2P_shallow"])
    letters.model["writes"] = "letter"
    write_profiles(letters, tmp_path / "letters.npz")
    assert "figure (=offsets) must be of a model whose classes are annotated" in refused(
        capsys, "plot", "profiles", str(tmp_path / "letters.npz"), str(tmp_path / "x"), "--figures", "offsets")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("arguments", "message"), [
    (["align-eval", "{plain}"], "must have been made from annotated data"),
    (["align-eval", "{W2P_shallow}", "--annotation", "word"], "annotation (=word) must be one of phone"),
    (["align-eval", "nothing.npz"], "must exist"),
    (["align-eval", "{W2P_shallow}", "--compare", "{W2P_shallow}"], "must be different"),
    (["align-eval", "{W2P_shallow}", "--logdir", "tb"], "must come with OUT"),
    (["cluster", "{plain}", "out", "--grouping", "letter"], "must be one of those in the file: phone"),
    (["cluster", "{plain}", "out", "--kind", "navai"], "needs sums of navai"),
    (["cluster", "{plain}", "out", "--kind", "snaps"], "`kind` (=snaps) must be one of"),
    (["cluster", "{plain}", "out", "--percentiles", "87,x"], "`--percentiles` (=87,x) must be numbers"),
    (["cluster", "{plain}", "out", "--percentiles", "187"], "percentiles (=187) must be from 0 to 100"),
    (["cluster", "{plain}", "out", "--layers", "L9"], "layer (=L9) must be one of input, L1"),
    (["cluster", "{plain}", "out", "--boundary", "L9"], "`boundary` (=L9) must be one of the layers input, L1"),
    (["plot", "profiles", "{plain}", "out", "--boundary", "L9"], "`boundary` (=L9) must be one of"),
    (["cluster", "{plain}", "plain.npz/out"], "plain.npz is no folder; choose another name"),
    (["cluster", "{plain}", "out", "--min-frames", "1000"], "must have at least 1000 frames"),
    (["cluster", "{plain}", "out", "--min-frames", "0"], "`--min-frames` (=0)"),
    (["cluster", "{plain}", "out", "--halves", "-1"], "`--halves` (=-1)"),
    (["plot", "profiles", "{plain}", "out", "--figures", "cake"], "figure (=cake) must be one of scheme"),
    (["plot", "profiles", "{W2P_shallow}", "out", "--groups", "xx"], "group (=xx) must be one of"),
    (["plot", "profiles", "{plain}", "out", "--percentile", "50"], "must be one of --percentiles, 87"),
    (["plot", "profiles", "{plain}", "out", "--seconds", "0"], "`--seconds` (=0)"),
    (["plot", "profiles", "{plain}", "out", "--layers", "L9", "--figures", "dendrograms"], "layer (=L9) must be one"),
    (["plot", "profiles", "{plain}", "out", "--layers", "L9", "--figures", "scheme,dendrograms"], "layer (=L9) must"),
    (["plot", "profiles", "{W2P_shallow}", "out", "--min-frames", "1000"], "must have at least 1000 frames"),
])
def test_bad_input_is_one_line_and_leaves_nothing(made, tmp_path, capsys, monkeypatch, arguments, message) -> None:
    monkeypatch.chdir(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    assert message in refused(capsys, *(text.format(**made) for text in arguments))
    assert {path.name for path in tmp_path.iterdir()} == before


def test_files_of_another_kind_are_told(made, tmp_path, capsys) -> None:
    """A saliency map has an `about`, too; it was called a profile file of version None."""
    np.savez(tmp_path / "map.npz", about=json.dumps({"target": {}, "version": "1"}))
    assert "wrote; it is a file of another kind" in refused(capsys, "align-eval", str(tmp_path / "map.npz"))


def test_a_folder_that_is_not_empty_is_left_alone(made, tmp_path, capsys) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    assert "must be new or empty" in refused(capsys, "cluster", made["plain"], str(tmp_path / "out"))
    assert "must be new or empty" in refused(capsys, "align-eval", made["W2P_shallow"], str(tmp_path / "out"))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_files_of_the_same_model_are_told_apart_by_their_names(made, tmp_path, capsys) -> None:
    again = str(tmp_path / "again.npz")
    write_profiles(summed_file("W2P_shallow", seed=5), again)
    assert main(["align-eval", made["W2P_shallow"], "--compare", again]) == 0
    assert " again" in capsys.readouterr().out


def test_one_file_at_a_time_is_in_memory(made) -> None:
    files = read_models([made["W2P_shallow"], made["W2L_TL_frozen"]])
    assert list(files) == ["W2P_shallow", "W2L_TL_frozen"] and len(files) == 2
    assert not files.light["W2P_shallow"].sums and files.light["W2P_shallow"].alignment is not None
    first = files["W2P_shallow"]
    assert files["W2P_shallow"] is first and first.groupings == ("phone", "letter")
    held = weakref.ref(first)
    del first
    assert files["W2L_TL_frozen"].groupings == ("phone",)
    gc.collect()
    assert held() is None
