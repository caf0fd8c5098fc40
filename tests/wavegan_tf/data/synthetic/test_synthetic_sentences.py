"""Every sentence of the bank, said: word by word, only known phonemes, all phones, the eight words everywhere."""

import re
from collections import Counter
from itertools import pairwise

import pytest

from wavegan_tf.data.phones.timit_phones import PHONES_61
from wavegan_tf.data.synthetic.espeak import private_installation, synthesise, variant_text
from wavegan_tf.data.synthetic.labels import Labels, label_speech, tokens_of
from wavegan_tf.data.synthetic.sentences import SA, bank, bank_of
from wavegan_tf.data.synthetic.voices import BASES, make_speakers, voice_text
from wavegan_tf.errors import DataError

pytest.importorskip("espeakng_loader", reason="the extra `synth` is not installed")

EIGHT = ("ask", "dark", "greasy", "oily", "rag", "wash", "water", "year")
# what eSpeak NG's American voices never say: voiced h, fronted u, nasal flap, devoiced schwa, syllabic m and ng;
# epi is a silence of hand labels
NEVER = {"hv", "ux", "nx", "ax-h", "em", "eng", "epi"}


@pytest.fixture(scope="module")
def said() -> dict[tuple[str, str], Labels]:
    """Labels of every sentence with both accents; `label_speech` raises where words merge or a phoneme is unknown."""
    made = {}
    with private_installation({}) as installation:
        for accent in ("en-us", "en-us-nyc"):
            for name, text in {**SA, **bank()}.items():
                speech = synthesise(installation, text, accent, pitch=50, pitch_range=50, rate_wpm=165, seed=1)
                made[accent, name] = label_speech(speech, text)
    return made


def test_bank_is_plain_english_of_its_own():
    texts = list(bank().values())
    assert len(texts) >= 200 and len(set(texts)) == len(texts)
    assert all(re.fullmatch(r"[A-Z][A-Za-z', ]+[.?]", text) for text in texts)
    assert all(4 <= len(tokens_of(text)) <= 11 for text in texts)
    assert next(iter(bank())) == "SX001" and all(re.fullmatch(r"SX\d{3}", name) for name in bank())


def test_words_are_said_one_by_one(said):
    for (_, name), labels in said.items():
        assert [w.label for w in labels.words] == tokens_of({**SA, **bank()}[name])


def test_every_phone_and_word_has_time_of_its_own(said):
    for labels in said.values():
        assert all(p.end - p.start >= 0.010 * 22050 for p in labels.phones)
        assert all(a.end == b.start for a, b in pairwise(labels.phones))
        for word in labels.words:
            inside = [p for p in labels.phones if word.start <= p.start < word.end]
            assert inside and inside[0].start == word.start and inside[-1].end == word.end
            assert "pau" not in {p.label for p in inside}
            assert all(a.label != b.label for a, b in pairwise(inside))


def test_bank_holds_every_phone_the_synthesiser_makes(said):
    for split in ("TRAIN", "TEST"):
        counts = Counter(p.label for (_, name), labels in said.items() if name in bank_of(split) for p in labels.phones)
        assert set(counts) == set(PHONES_61) - NEVER - {"h#"}
        # nothing so rare that a recogniser could not learn it, the three that eSpeak NG itself avoids left out
        assert all(n >= 10 for phone, n in counts.items() if phone not in {"q", "en", "zh"})


def test_eight_words_stand_in_many_places(said):
    for split, least in (("TRAIN", 10), ("TEST", 4)):
        words = Counter(t for text in bank_of(split).values() for t in tokens_of(text))
        assert all(words[word] >= least for word in EIGHT), words
    words = Counter(t for text in bank().values() for t in tokens_of(text))
    assert len(words) > 1200


def test_stops_have_closures(said):
    """A stop follows its closure unless a nasal of the same place holds it for it ("and")."""
    closed = {"p": "pcl", "t": "tcl", "k": "kcl", "ch": "tcl", "b": "bcl", "d": "dcl", "g": "gcl", "jh": "dcl"}
    found: Counter[tuple[str, bool]] = Counter()
    for labels in said.values():
        for before, stop in pairwise(labels.phones):
            if stop.label in closed and before.label not in ("m", "n", "ng"):
                found[stop.label, before.label == closed[stop.label]] += 1
    for stop in closed:
        assert found[stop, True] >= 0.99 * (found[stop, True] + found[stop, False]), (stop, found)


def test_one_sentence_with_every_voice():
    speakers = {s.base: s for s in make_speakers(200, seed=0)}
    assert speakers.keys() == BASES.keys()
    variants = {s.voice_file: voice_text(s, variant_text(BASES[s.base].file)) for s in speakers.values()}
    with private_installation(variants) as installation:
        for s in speakers.values():
            for text in (SA["SA1"], bank()["SX018"], bank()["SX261"]):
                speech = synthesise(installation, text, s.voice, pitch=s.pitch, pitch_range=s.pitch_range,
                                    rate_wpm=s.rate_wpm, seed=1)
                assert [w.label for w in label_speech(speech, text).words] == tokens_of(text)


def test_sentences_that_merge_are_noticed():
    with private_installation({}) as installation:
        for text in ("One of the first.", "He wants to be there.", "It had been raining.", "We did not go."):
            speech = synthesise(installation, text, "en-us", pitch=50, pitch_range=50, rate_wpm=165, seed=1)
            with pytest.raises(DataError, match="must be said word by word"):
                label_speech(speech, text)


def test_all_voice_files_together_are_found_with_both_accents():
    """eSpeak NG lists 350 voices and does not find the rest; 17 bases of 17 vocal tract lengths are 289."""
    speakers = {s.voice_file: s for s in make_speakers(5000, seed=0)}
    assert len(speakers) == 289
    variants = {name: voice_text(s, variant_text(BASES[s.base].file)) for name, s in speakers.items()}
    said = set()
    with private_installation(variants) as installation:
        for name, s in speakers.items():
            if s.tract_percent in (92, 108):
                for accent in ("en-us", "en-us-nyc"):
                    said.add(synthesise(installation, "Ask", f"{accent}+{name}", pitch=50, pitch_range=50,
                                        rate_wpm=165, seed=1).samples.tobytes())
    assert len(said) == 17 * 2 * 2  # base, length and accent each change the sound


def test_unknown_voice_is_refused():
    with private_installation({}) as installation, pytest.raises(DataError, match=r"voice \(=xx-nowhere\) must be one"):
        synthesise(installation, "Ask", "xx-nowhere", pitch=50, pitch_range=50, rate_wpm=165, seed=1)
