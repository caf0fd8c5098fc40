"""Who speaks in a synthetic corpus: distinct, shared out over splits, stable when more are asked for."""

import re
from collections import Counter

from wavegan_tf.data.synthetic.sentences import SA, bank, bank_of, choose
from wavegan_tf.data.synthetic.voices import BASES, make_speakers, voice_text


def test_as_many_speakers_as_timit_all_distinct():
    speakers = make_speakers(630, seed=0)
    assert len({s.sound for s in speakers}) == len({s.name for s in speakers}) == 630
    assert all(re.fullmatch(r"[FM][A-Z]{3}\d", s.name) and s.name[0] == s.sex == BASES[s.base].sex for s in speakers)
    # TIMIT's own split of 630
    assert Counter(s.split for s in speakers) == {"TRAIN": 462, "TEST": 168}
    assert Counter(s.split + s.sex for s in speakers) == {"TRAINF": 231, "TRAINM": 231, "TESTF": 84, "TESTM": 84}
    assert {s.base for s in speakers} == set(BASES) and {s.dialect for s in speakers} == {f"DR{i}" for i in range(1, 9)}
    assert all((s.dialect == "DR6") == (s.accent == "en-us-nyc") for s in speakers)
    assert [s.container for s in speakers[:4]] == ["RIFF", "SPHERE", "RIFF", "SPHERE"]
    assert len({s.sound for s in make_speakers(5000, seed=1)}) == 5000


def test_speakers_depend_on_the_seed_only():
    assert make_speakers(20, seed=3)[:7] == make_speakers(7, seed=3)
    assert make_speakers(7, seed=3) != make_speakers(7, seed=4)
    assert [s.split for s in make_speakers(6, seed=5)] == ["TRAIN", "TEST", "TRAIN", "TRAIN", "TRAIN", "TEST"]


def test_ranks_count_within_a_split():
    speakers = make_speakers(100, seed=0)
    for split in ("TRAIN", "TEST"):
        ranks = [s.rank for s in speakers if s.split == split]
        assert ranks == list(range(len(ranks)))


def test_voice_file_scales_every_formant_and_drops_the_echo():
    man = next(s for s in make_speakers(200, seed=0) if s.base == "m2" and s.tract_percent != 100)
    base = ("language variant\nname male2\ngender male\n// a remark\necho 130 15\n"
            "formant 1  90  85 120 40\nformant 3 200 90 90\n")
    lines = voice_text(man, base).splitlines()
    assert lines[:3] == ["language variant", f"name m2-{man.tract_percent}", "gender male"]
    assert f"formant 1 {90 * man.tract_percent / 100:.0f}  85 120 40" in lines
    assert f"formant 3 {2 * man.tract_percent} 90 90" in lines
    assert f"formant 0 {man.tract_percent} 100 100" in lines  # one the base does not have
    assert len([line for line in lines if line.startswith("formant")]) == 9
    assert not any("echo" in line or "remark" in line or "male2" in line for line in lines)


def test_a_womans_voice_is_made_of_a_mans_base():
    woman = next(s for s in make_speakers(200, seed=0) if s.base == "klatt3-f")
    text = voice_text(woman, "language variant\nname klatt3\nklatt 3\n")
    assert "gender female" in text and "klatt 3\n" in text and "pitch 150 220" in text
    assert f"formant 2 {1.15 * woman.tract_percent:.0f} 100 100" in text


def test_sentences_of_training_and_test_speakers_differ_and_all_are_used():
    train, test = bank_of("TRAIN"), bank_of("TEST")
    assert not train.keys() & test.keys() and not set(train.values()) & set(test.values())
    assert train.keys() | test.keys() == bank().keys() and 0.2 < len(test) / len(bank()) < 0.3
    for split, part in (("TRAIN", train), ("TEST", test)):
        dealt = [choose(split, rank, 8, seed=1) for rank in range(60)]
        assert all(len(texts) == 8 and texts.items() <= part.items() for texts in dealt)
        used = Counter(name for texts in dealt for name in texts)
        assert used.keys() == part.keys() and max(used.values()) - min(used.values()) <= 1
    assert choose("TEST", 5, 0, seed=1) == {} and len(choose("TEST", 5, len(test), seed=1)) == len(test)
    assert choose("TEST", 5, 8, seed=1) != choose("TEST", 5, 8, seed=2)
    assert not set(SA.values()) & set(bank().values())
