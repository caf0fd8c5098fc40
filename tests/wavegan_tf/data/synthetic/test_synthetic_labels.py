"""The label rules on events written by hand, where the right answer can be counted on fingers."""

import numpy as np
import pytest

from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.phones.timit_phones import PHONES_61
from wavegan_tf.data.synthetic.espeak import PHONEME, WORD, Event, Speech
from wavegan_tf.data.synthetic.labels import label_speech, tokens_of
from wavegan_tf.data.synthetic.mnemonics import _TABLE, CLOSURE_OF, is_pause, is_phone, to_timit
from wavegan_tf.errors import DataError

STEP = 44  # 2 ms at 22,050 Hz


def speech(text: str, script: str, samples: np.ndarray | None = None, n: int = 20000) -> Speech:
    """Make an utterance from `<word`@sample and mnemonic@sample items; a steady tone unless samples are given."""
    events, position = [], 0
    for item in script.split():
        name, sample = item.rsplit("@", 1)
        if name.startswith("<"):
            position = text.index(name[1:], position)
            events.append(Event(WORD, int(sample), position=position, length=len(name) - 1))
        else:
            events.append(Event(PHONEME, int(sample), name=name))
    if samples is None:
        samples = 8000 * np.sin(np.arange(n) * 2 * np.pi * 200 / 22050)
    return Speech(np.asarray(samples).astype(np.int16), tuple(events))


def labels(text: str, script: str, samples: np.ndarray | None = None) -> tuple[list[tuple], list[tuple]]:
    made = label_speech(speech(text, script, samples), text)
    return [(w.start, w.end, w.label) for w in made.words], [(p.start, p.end, p.label) for p in made.phones]


def test_phones_run_from_event_to_event_and_the_last_to_the_end_or_the_final_pause():
    words, phones = labels("sees me", "<sees@0 s@286 'i:@2000 z@3000 <me@5000 m@5000 i:@7000 _:@9000 _@10000")
    # after silence the first phone begins with its own event, not with the word's
    assert phones == [(286, 2000, "s"), (2000, 3000, "iy"), (3000, 5000, "z"), (5000, 7000, "m"), (7000, 9000, "iy")]
    assert words == [(286, 5000, "sees"), (5000, 9000, "me")]
    assert labels("me", "<me@0 m@0 i:@7000")[1][-1] == (7000, 20000, "iy")


def test_a_word_event_ends_the_phone_before_it_even_where_the_next_phone_starts_later():
    words, phones = labels("she had", "<she@0 S@0 i:@2000 <had@4000 h@4286 a@6000")
    assert words[1][0] == 4000 and phones[1:3] == [(2000, 4000, "iy"), (4000, 6000, "hh")]


def test_a_word_event_that_is_too_early_is_replaced_by_the_first_phone():
    words, phones = labels("an oily", "<an@0 a#@0 n@2000 <oily@2000 OI@3500 l@6000 i@7000")
    assert words == [(0, 3500, "an"), (3500, 20000, "oily")]
    assert [p[2] for p in phones] == ["ax", "n", "oy", "l", "iy"]


def test_an_l_after_its_vowel_begins_inside_the_vowels_event():
    # the event of the l lies where the l ends: 62 % of the 5,000 samples from vowel to l are the vowel's
    words, phones = labels("cool sea", "<cool@0 w@0 'u:@1000 l@6000 <sea@6000 s@6286 i:@8000")
    assert phones[1:4] == [(1000, 4100, "uw"), (4100, 6000, "l"), (6000, 8000, "s")]
    assert words == [(0, 6000, "cool"), (6000, 20000, "sea")]
    # before a vowel of the same word its own event is right
    assert (6000, 7000, "l") in labels("oily", "<oily@0 OI@1000 l@6000 i@7000")[1]


def test_closure_between_word_event_and_stop():
    words, phones = labels("me to", "<me@0 m@0 i:@2000 <to@4000 t@5000 u:@6000")
    assert phones[2:4] == [(4000, 5000, "tcl"), (5000, 6000, "t")] and words[1][0] == 4000
    # also after silence, where a fricative would begin with its own event
    assert labels("to", "<to@0 t@800 u:@1600")[1][:2] == [(0, 800, "tcl"), (800, 1600, "t")]


def test_voiceless_closure_inside_a_word_is_the_silent_tail_of_the_phone_before():
    samples = 8000 * np.sin(np.arange(20000) * 2 * np.pi * 200 / 22050)
    samples[60 * STEP:80 * STEP] = 20 * np.sign(samples[60 * STEP:80 * STEP])  # 20 steps of near silence
    script = f"<ask@0 aa@0 s@{20 * STEP} k@{80 * STEP}"
    assert labels("ask", script, samples)[1] == [
        (0, 20 * STEP, "ae"), (20 * STEP, 60 * STEP, "s"), (60 * STEP, 80 * STEP, "kcl"), (80 * STEP, 20000, "k")]
    # 10 ms of silence are too short for a closure
    samples[60 * STEP:75 * STEP] = 8000
    assert [p[2] for p in labels("ask", script, samples)[1]] == ["ae", "s", "k"]


def voiced_stop(n_closure_steps: int, n_burst_steps: int) -> np.ndarray:
    """A tone of 200 Hz for the vowel (0-4400), a quiet one for the closure, noise for the burst, the vowel again."""
    rng = np.random.default_rng(0)
    samples = 8000 * np.sin(np.arange(20000) * 2 * np.pi * 200 / 22050)
    samples[4400:4400 + n_closure_steps * STEP] *= 0.3
    burst = slice(4400 + n_closure_steps * STEP, 4400 + (n_closure_steps + n_burst_steps) * STEP)
    samples[burst] = rng.normal(scale=3000, size=n_burst_steps * STEP)
    return samples


def test_voiced_stop_is_split_where_the_high_frequencies_begin():
    script = f"<rag@0 a@0 g@4400 @@{4400 + 40 * STEP}"
    phones = labels("rag", script, voiced_stop(25, 15))[1]
    assert [p[2] for p in phones] == ["ae", "gcl", "g", "ax"]
    assert abs(phones[2][0] - (4400 + 25 * STEP)) <= STEP
    # a burst at once, as after a nasal: no closure
    assert [p[2] for p in labels("rag", script, voiced_stop(0, 40))[1]] == ["ae", "g", "ax"]


def test_voiced_stop_after_silence_is_all_burst():
    samples = voiced_stop(25, 15)
    script = f"<a@0 a@0 <go@3900 g@4400 @@{4400 + 40 * STEP}"
    assert labels("a go", script, samples)[1][1:3] == [(3900, 4400, "gcl"), (4400, 4400 + 40 * STEP, "g")]


def test_two_vowels_share_the_time_of_one_event():
    assert labels("year", "<year@0 j@0 'i@3@1000 _:@2000")[1] == [(0, 1000, "y"), (1000, 1620, "ih"), (1620, 2000, "r")]


def test_an_r_and_its_link_to_the_next_word_are_one_r():
    words, phones = labels("pair of", "<pair@0 p@500 e@@1000 r-@2000 <of@2600 V@2600 v@4000")
    assert phones[2:5] == [(1000, 1620, "eh"), (1620, 2600, "r"), (2600, 4000, "ah")] and words[0][1] == 2600
    # two words with an r each keep both
    assert [p[2] for p in labels("pair red", "<pair@0 p@500 e@@1000 <red@2000 r@2000 E@3000 d@4000")[1]].count("r") == 2


def test_pauses_between_words_are_labelled_and_those_at_the_end_are_not():
    script = "<see@0 s@0 i:@1000 _:@2000 _@3000 <me@4000 m@4000 i:@5000 ;@5500 _:@6000"
    words, phones = labels("see, me", script)
    assert phones[1:4] == [(1000, 2000, "iy"), (2000, 4000, "pau"), (4000, 5000, "m")]
    assert words == [(0, 2000, "see"), (4000, 6000, "me")] and phones[-1] == (5000, 6000, "iy")


def test_event_of_dont_covers_don_only():
    assert labels("Don't see", "<Don@0 d@286 'oU@700 n@3000 t@4000 <see@5000 s@5000 i:@6000")[0][0][2] == "don't"
    assert tokens_of("Don't ask; they'd rather.") == ["don't", "ask", "they'd", "rather"]


def test_merged_and_silent_words_are_refused():
    with pytest.raises(DataError, match=r"must be said word by word; eSpeak NG says 'of sea'; change the words"):
        labels("of the sea", "<of@0 V@0 v@1000 D@2000 @2@3000 <sea@4000 s@4000 i:@5000")
    with pytest.raises(DataError, match="eSpeak NG says 'two balloons'"):
        labels("two huge balloons", "<two@0 t@500 u:@1000 <huge@2000 <balloons@2000 b@2500 @@3000 l@3500 u:@4000")


def test_every_mnemonic_gives_symbols_of_timit_and_stress_does_not_matter():
    assert {s for symbols in _TABLE.values() for s in symbols} <= set(PHONES_61)
    assert to_timit("'i@3") == to_timit("i@3") == ("ih", "r") and to_timit(",aI") == ("ay",)
    assert to_timit("u:2") == ("uw",)  # an unknown ending is stripped
    assert to_timit("I2") == ("ix",) and to_timit("t#") == ("dx",)  # a known one is not
    assert CLOSURE_OF["ch"] == "tcl" and set(CLOSURE_OF.values()) <= set(PHONES_61)
    assert is_pause("_:") and is_pause("_!") and not is_pause(";")
    assert not any(map(is_phone, ["_", "_:", ";", "|", ""])) and is_phone("'i:")
    with pytest.raises(DataError, match=r"phoneme \(='t\['\) must be one of eSpeak NG's American English"):
        to_timit("t[")


def test_labels_are_segments():
    assert isinstance(label_speech(speech("me", "<me@0 m@0 i:@7000"), "me").phones[0], Segment)
