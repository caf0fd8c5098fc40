"""Speakers in the GAMM of word curves: when they are in the model, and that this is what makes its tests honest."""

import pandas as pd
import pytest

from snap_tf.gamm import GammError, adjust, difference_tests, gamm, gamm_words, simulate_speakers
from snap_tf.gamm.questions.speakers import with_speakers
from snap_tf.gamm.questions.words import word_model

SMALL = {"k": 5, "k_random": 3}


def decide(table: pd.DataFrame, **options: object) -> tuple[list[str], str]:
    """Labels of the random terms, and the sentence, without a fit."""
    names = {"value": "value", "time": "time_s", "group": "label", "token": "token"}
    model = word_model(**names, **{key: options.pop(key) for key in ("random",) if key in options})
    found = with_speakers(model, table, group="label", token="token", **options)
    return [f"{term.text} k={term.k}" for term in found.model.random], found.sentence


def test_five_speakers_are_enough_and_four_are_not() -> None:
    terms, sentence = decide(simulate_speakers(n_speakers=5))
    assert terms == ["s(time_s,token) k=9", "s(time_s,speaker) k=9", "s(time_s,interaction(speaker, label)) k=9"]
    assert sentence == ("5 speakers: by-speaker and by-speaker-and-word random smooths are in the model; "
                        "--speaker none leaves them out")
    assert decide(simulate_speakers(n_speakers=4)) == (
        terms[:1], "4 speakers are too few for by-speaker smooths; tokens are treated as independent")


@pytest.mark.parametrize(("change", "options", "sentence"), [
    (lambda t: t.drop(columns="speaker"), {}, "the table has no column of speakers; tokens are treated as independent"),
    (lambda t: t, {"speaker": None}, "no by-speaker random smooths, as asked; tokens are treated as independent"),
    (lambda t: t.assign(speaker=""), {}, "the column of speakers is empty; tokens are treated as independent"),
    (lambda t: t.assign(speaker=t["speaker"].where(t["speaker"] != "S1")), {},
     "the speaker is missing in 135 of 1080 rows; tokens are treated as independent (--speaker speaker leaves these "
     "rows out)"),
    (lambda t: t.assign(speaker=t["token"].factorize()[0] % 6 + t.index % 2), {},
     "tokens occur with several speakers; tokens are treated as independent"),
    (lambda t: t.assign(speaker=t["token"]), {},
     "each of 72 speakers has one token, whose random term is the speaker's too"),
    (lambda t: t, {"speaker": "token"},
     "`token` has another part in the model; there are no by-speaker smooths beside it"),
    (lambda t: t[t["time_s"] < 0.5], {"k": 7}, None),
])
def test_tables_without_usable_speakers_keep_the_published_model(change, options: dict, sentence: str | None) -> None:
    terms, said = decide(change(simulate_speakers()), **options)
    assert len(terms) == 1
    assert said == (sentence or "504 rows are too few for by-speaker smooths of 8 speakers; tokens are treated as "
                                "independent")


def test_one_token_of_each_word_needs_no_smooth_of_speaker_and_word() -> None:
    terms, sentence = decide(simulate_speakers(n_repetitions=1))
    assert terms[1:] == ["s(time_s,speaker) k=9"]
    assert sentence == "8 speakers: by-speaker random smooths are in the model; --speaker none leaves them out"
    terms, _ = decide(simulate_speakers(n_repetitions=1), random="none")  # then nothing else stands for it
    assert terms == ["s(time_s,speaker) k=9", "s(time_s,interaction(speaker, label)) k=9"]


def test_speakers_of_one_word_each_are_said_to_be_inseparable() -> None:
    terms, sentence = decide(simulate_speakers(one_word_each=True))
    assert terms[1:] == ["s(time_s,speaker) k=9"]
    assert sentence.endswith("; each speaker says one word, so speaker and word cannot be told apart: words may differ "
                             "because their speakers do")


def test_columns_are_lowered_to_what_the_rows_allow() -> None:
    """72 tokens x 9, three words and three smooths of 9 of 792 rows leave 114: 3 for each of 32 speakers and pairs."""
    table = simulate_speakers()
    terms, sentence = decide(table[table.groupby("token").cumcount() < 11])
    assert terms[1:] == ["s(time_s,speaker) k=3", "s(time_s,interaction(speaker, label)) k=3"]
    assert sentence.startswith("8 speakers: by-speaker and by-speaker-and-word random smooths are in the model with 3 "
                               "columns each instead of 9, as the table allows; ")


def test_the_fit_is_that_of_the_formula() -> None:
    table = simulate_speakers(n_steps=8, speaker_by_word=0.2, seed=2).rename(columns={"speaker": "Speaker"})
    fit = gamm_words(table, **SMALL)
    assert fit.about_speakers.startswith("8 speakers: by-speaker and by-speaker-and-word random smooths are in")
    assert f"Note: {fit.about_speakers}" in str(fit)
    other = gamm("value ~ label + s(time_s, k=5) + s(time_s, by=ordered(label), k=5) + fs(time_s, token, m=1, k=3) + "
                 "fs(time_s, Speaker, m=1, k=3) + fs(time_s, interaction(Speaker, label), m=1, k=3)", table)
    assert fit.score == pytest.approx(other.score, rel=1e-10) and other.about_speakers == ""
    named = gamm_words(table.rename(columns={"Speaker": "Speaker ID"}), speaker="Speaker ID", **SMALL)
    assert named.score == pytest.approx(fit.score, rel=1e-8)
    # 24 pairs of speaker and word, less 8 speakers and 2 differences between words
    assert fit.between_df == other.between_df == named.between_df == 14
    assert gamm_words(table, speaker=None, **SMALL).between_df == 72 - 3


def test_degrees_of_freedom_are_those_of_the_factor_that_words_vary_between() -> None:
    one_word = simulate_speakers(n_steps=6, one_word_each=True)
    assert gamm_words(one_word, **SMALL).between_df == 8 - 3
    once = simulate_speakers(n_steps=6, n_repetitions=1)
    assert gamm_words(once, **SMALL).between_df == 24 - 8 - 2
    formula = "value ~ label + s(time_s, k=5) + re(token) + re(speaker, label) + re(speaker)"
    assert gamm(formula, simulate_speakers(n_steps=6)).between_df == 14


def test_a_column_that_does_not_exist_is_refused() -> None:
    with pytest.raises(GammError, match=r"column \(=who\) must be in the table; it has speaker, token"):
        gamm_words(simulate_speakers(n_steps=6), speaker="who")


def share(kind: dict, seeds: range, **options: object) -> float:
    """The share of tables in which a word is called different at .05, corrected for the pairs."""
    found = [difference_tests(gamm_words(simulate_speakers(seed=seed, **kind), **options))["p"] for seed in seeds]
    return sum(bool((adjust(p.to_numpy()) < 0.05).any()) for p in found) / len(found)


@pytest.mark.slow
def test_words_that_do_not_differ_are_seldom_called_different() -> None:
    """benchmarks/gamm_speakers.py has the shares of 200 tables. By chance 7 or fewer of 40 with .05 (99.8 %)."""
    seeds = range(40)
    assert share({}, seeds) <= 7 / 40
    assert share({"speaker_by_word": 0.2}, seeds) <= 7 / 40
    assert share({"one_word_each": True}, seeds, speaker=None) > 0.5  # the published model takes speakers for words
