"""Alignment accuracy: a table by hand, planted truths, the published numbers, folders."""

import itertools
import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_files import RATE_HZ, planted_file

from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from snap_tf.snap.alignment.evaluation import (
    NOWHERE,
    PUBLISHED,
    alignment_summary,
    alignment_table,
    contingency,
    offset_table,
    phone_table,
)
from snap_tf.snap.results.evaluation_folder import evaluate_alignment, phones_of, write_evaluation
from wavegan_tf.errors import ConfigError, DataError, ExportError

PHONES = ("aa", "s", "t")


def planted_counts(n: int = 300, n_steps: int = 21, jitter: int = 0, seed: int = 0) -> AlignmentCounts:
    """Frames with one phone of 5 steps each, found `jitter` steps behind its end at most."""
    rng = np.random.default_rng(seed)
    counts = AlignmentCounts((*PHONES, "q"), PHONES, n_steps)
    start = rng.integers(0, n_steps - 5 - jitter, n)
    phone = rng.integers(0, 3, n)
    annotated = np.full((n, n_steps), -1)
    for i in range(n):
        annotated[i, start[i]:start[i] + 5] = phone[i]
    counts.add(phone, annotated, start + (rng.integers(0, 5, n) if not jitter else 4 + jitter))
    return counts


def test_three_frames_by_hand() -> None:
    # 5 steps; aa at its place; aa two steps away; s not in the frame at all
    counts = AlignmentCounts(PHONES, PHONES, 5, tolerance_steps=1)
    counts.add(np.array([0, 0, 1]), np.array([[0, 0, 1, 1, 1], [0, 0, 1, 1, 1], [2, 2, 2, -1, -1]]),
               np.array([1, 3, 3]))
    found = alignment_summary(counts, rate_hz=125.0)
    assert (found.centre, found.aligned, found.within) == (0, pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert found.ceiling == pytest.approx(2 / 3)
    assert found.mean_offset_s == pytest.approx((0 + 2 * 0.008) / 2)  # the absent one is left out
    assert (found.n_majority, found.n_phones, found.n_frames, found.tolerance_s) == (0, 2, 3, 0.008)
    table = phone_table(counts, 125.0).set_index("phone")
    assert table.loc["aa", "mean_offset_ms"] == pytest.approx(8) and np.isnan(table.loc["s", "mean_offset_ms"])
    assert table.loc["s", "absent"] == 1 and table.loc["s", "confused_with"] == NOWHERE
    assert found.mean_offset_of_phones_s == pytest.approx(0.008)
    offsets = offset_table(counts, 125.0)
    assert list(offsets.columns) == [-1, 0, 8, 16, 24, 32]
    assert offsets.loc["aa"].tolist() == [0, 1, 0, 1, 0, 0] and offsets.loc["s"].tolist() == [1, 0, 0, 0, 0, 0]
    assert contingency(counts).loc["aa"].tolist() == [0.5, 0.5, 0, 0]
    # aa stands at step 0 (and 1) of two of three frames, which no other place betters: 2 of 5 steps before the centre
    assert found.constant == pytest.approx(2 / 3) and found.constant_offset_s == pytest.approx(-2 * 0.008)
    # two of three predictions are aa, one s; aa, s and nothing stand at the places: 2/3 * 1/3 + 1/3 * 1/3
    assert found.aligned_chance == pytest.approx(1 / 3)
    assert found.centre_chance == pytest.approx(1 / 3 * 2 / 3)  # s, s, t stand at the centres


def test_planted_alignment_is_exact_and_planted_offsets_are_told() -> None:
    found = alignment_summary(planted_counts(), RATE_HZ)
    assert found.aligned == found.within == found.ceiling == 1 and found.mean_offset_s == 0
    assert found.centre < 0.5 and found.n_majority == found.n_phones == 3
    late = alignment_summary(planted_counts(jitter=3), RATE_HZ)
    assert late.aligned == late.within == late.n_majority == 0 and late.ceiling == 1
    assert late.mean_offset_s == pytest.approx(3 / RATE_HZ)
    assert alignment_summary(planted_counts(jitter=2), RATE_HZ).within == 1


@given(st.integers(0, 10_000), st.integers(1, 80))
def test_rows_sum_to_one_and_shares_are_ordered(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    counts = AlignmentCounts((*PHONES, "q"), PHONES, 9)
    counts.add(rng.integers(0, 4, n), rng.integers(-1, 3, (n, 9)), rng.integers(0, 9, n))
    for aligned in (False, True):
        table = contingency(counts, aligned)
        np.testing.assert_allclose(table.sum(axis=1), 1)
        assert list(table.columns) == [*PHONES, NOWHERE]
    summary, table = alignment_summary(counts, RATE_HZ), phone_table(counts, RATE_HZ)
    assert summary.aligned <= summary.within <= summary.ceiling <= 1 and summary.centre <= summary.ceiling
    assert (table["aligned"] <= table["within"]).all() and (table["within"] <= table["ceiling"] + 1e-12).all()
    assert offset_table(counts, RATE_HZ).to_numpy().sum() == n == summary.n_frames
    trace = sum(counts.aligned[k, k] for k in range(3))
    assert summary.aligned == pytest.approx(trace / n)
    assert summary.centre <= summary.constant <= summary.ceiling + 1e-12  # the centre is one of the constant places


def test_chance_is_the_mean_over_all_permutations_of_the_predictions() -> None:
    rng = np.random.default_rng(3)
    predicted, annotated, tau = rng.integers(0, 4, 6), rng.integers(-1, 3, (6, 9)), rng.integers(0, 9, 6)

    def shares(order: tuple[int, ...]) -> tuple[float, float]:
        counts = AlignmentCounts((*PHONES, "q"), PHONES, 9)
        counts.add(predicted[list(order)], annotated, tau)
        found = alignment_summary(counts, RATE_HZ)
        return found.centre, found.aligned

    every = np.mean([shares(order) for order in itertools.permutations(range(6))], axis=0)
    counts = AlignmentCounts((*PHONES, "q"), PHONES, 9)
    counts.add(predicted, annotated, tau)
    found = alignment_summary(counts, RATE_HZ)
    np.testing.assert_allclose([found.centre_chance, found.aligned_chance], every, rtol=1e-12)


def test_published_rows_stand_below_the_measured_ones() -> None:
    table = alignment_table({"mine": alignment_summary(planted_counts(), RATE_HZ)}, PUBLISHED)
    assert table["model"].tolist() == ["mine", "paper: W2P_shallow", "paper: W2P"]
    assert table["aligned"].tolist() == ["100.0 %", "59.3 %", "38.8 %"]
    assert table["within ±16 ms"].tolist()[1:] == ["80.3 %", "58.6 %"]
    assert table["best constant place"].tolist()[1:] == table["by chance"].tolist()[1:] == ["-", "-"]
    assert re.fullmatch(r"\d+\.\d % at [+-]\d+ ms", table["best constant place"][0])
    assert table["mean offset"].tolist() == ["0 ms", "26 ms", "37 ms"]
    assert table["majority without offset"].tolist() == ["3 of 3 phones", "44 of 60 phones", "25 of 60 phones"]
    assert {s.ceiling for s in PUBLISHED.values()} == {0.936}


def test_the_paper_has_a_row_where_its_networks_are_compared_and_nowhere_else(tmp_path) -> None:
    summary = alignment_summary(planted_counts(), RATE_HZ)
    for names, expected in ((("mine",), []), (("W2P", "mine"), ["paper: W2P"]), (("W2L",), []),
                            (("W2P", "W2P_shallow"), ["paper: W2P_shallow", "paper: W2P"])):
        rows = alignment_table(dict.fromkeys(names, summary))["model"].tolist()
        assert rows == [*names, *expected]
    # two files of one network are called as their files are; it is the paper's network all the same
    files = {"monday": planted_file("W2P_shallow", alignment={"phone": planted_counts()}),
             "tuesday": planted_file("W2P_shallow", alignment={"phone": planted_counts()}),
             "own": planted_file("own", alignment={"phone": planted_counts()})}
    assert list(evaluate_alignment(files).published) == ["W2P_shallow"]
    assert not evaluate_alignment({"own": files["own"]}).published
    write_evaluation(evaluate_alignment({"own": files["own"]}), tmp_path / "out")
    assert set(pd.read_csv(tmp_path / "out" / "alignment.csv")["source"]) == {"measured"}
    assert json.loads((tmp_path / "out" / "alignment.json").read_text())["published"] == {}


def test_letters_have_contingencies_but_no_accuracy() -> None:
    counts = AlignmentCounts(("b", "c"), PHONES, 5)
    counts.add(np.array([0, 1]), np.array([[0, 0, 1, 1, 1]] * 2), np.array([0, 4]))
    with pytest.raises(DataError, match="only contingencies can be told"):
        alignment_summary(counts, RATE_HZ)
    assert contingency(counts).loc["b", "aa"] == 1
    evaluation = evaluate_alignment({"letters": planted_file(alignment={"phone": counts})})
    assert not evaluation.summaries


def test_the_letter_s_is_not_the_phone_s(tmp_path) -> None:
    file = planted_file(alignment={"phone": planted_counts()})
    file.model["writes"] = "letter"
    evaluation = evaluate_alignment({"letters": file})
    assert not evaluation.summaries
    assert list(phones_of(evaluation, "letters").columns) == ["phone", "n_frames", "confused_with"]
    write_evaluation(evaluation, tmp_path / "out")
    assert not (tmp_path / "out" / "offsets.csv").exists()
    assert (tmp_path / "out" / "contingency_aligned.csv").exists()
    file.model["writes"] = "phone"
    assert evaluate_alignment({"phones": file}).summaries["phones"].aligned == 1


def test_a_folder_of_two_models(tmp_path) -> None:
    files = {name: planted_file(name, alignment={"phone": planted_counts(jitter=jitter)})
             for name, jitter in (("good", 0), ("W2P", 3))}
    evaluation = evaluate_alignment(files)
    write_evaluation(evaluation, tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "alignment.csv")
    assert table["model"].tolist() == ["good", "W2P", "W2P"]
    assert table["source"].tolist() == ["measured", "measured", "published"]
    assert table["aligned"].tolist() == [1, 0, 0.388]
    assert not np.array_equal(*(contingency(planted_counts(), aligned) for aligned in (False, True)))
    for name, aligned in (("contingency_centre", False), ("contingency_aligned", True)):
        found = pd.read_csv(tmp_path / "out" / f"{name}.csv")
        good = found[found["model"] == "good"]
        np.testing.assert_allclose(good[[*PHONES, NOWHERE]], contingency(planted_counts(), aligned), atol=1e-5)
        np.testing.assert_allclose(found[[*PHONES, NOWHERE]].sum(axis=1), 1, atol=1e-5)
        assert found.groupby("model")["n_frames"].sum().tolist() == [300, 300]
    offsets = pd.read_csv(tmp_path / "out" / "offsets.csv")
    assert offsets.loc[offsets["model"] == "W2P", "24 ms"].sum() == 300
    assert len(pd.read_csv(tmp_path / "out" / "phones.csv")) == 6
    record = json.loads((tmp_path / "out" / "alignment.json").read_text())
    assert record["summaries"]["W2P"]["mean_offset_s"] == pytest.approx(0.024)
    assert record["models"]["good"]["source"]["n_blank"] == 10 and record["published"]["W2P"]["n_frames"] is None
    with pytest.raises(ExportError, match="must be new or empty"):
        write_evaluation(evaluation, tmp_path / "out")


def test_files_that_cannot_be_evaluated() -> None:
    with pytest.raises(DataError, match="must have been made from annotated data"):
        evaluate_alignment({"x": planted_file()})
    with pytest.raises(DataError, match="there is none"):
        evaluate_alignment({"x": planted_file(alignment={"phone": AlignmentCounts(PHONES, PHONES, 5)})})
    with pytest.raises(ConfigError, match=r"annotation \(=letter\) must be one of phone"):
        evaluate_alignment({"x": planted_file(alignment={"phone": planted_counts()})}, "letter")
