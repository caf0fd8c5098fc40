"""The labels lie on what one hears: each class of phone measured in the sound between its labels."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, sosfiltfilt

from wavegan_tf.data.corpora.timit import read_timit
from wavegan_tf.data.phones.timit_phones import VOWELS
from wavegan_tf.data.synthetic import render_corpus

pytest.importorskip("espeakng_loader", reason="the extra `synth` is not installed")

RATE_HZ = 16000
VOICELESS_CLOSURES, SIBILANTS = ("pcl", "tcl", "kcl"), ("s", "sh", "ch")


@pytest.fixture(scope="module")
def spoken(tmp_path_factory) -> list[tuple[np.ndarray, tuple]]:
    """Audio and phones of 12 speakers with four sentences each."""
    folder = tmp_path_factory.mktemp("acoustics") / "corpus"
    render_corpus(folder, 12, 2, 5, progress=False)
    return [(soundfile.read(u.audio_path)[0], u.phones) for u in read_timit(folder).utterances]


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(x**2)))


def voicing(audio: np.ndarray, middle: int) -> float:
    """Highest correlation of 30 ms around `middle` with the same a pitch period (2.5 to 14 ms) earlier."""
    here = audio[middle - 240:middle + 240]
    earlier = np.stack([audio[middle - 240 - lag:middle + 240 - lag] for lag in range(40, 225)])
    here, earlier = here - here.mean(), earlier - earlier.mean(axis=1, keepdims=True)
    return float((earlier @ here / np.linalg.norm(earlier, axis=1) / np.linalg.norm(here)).max())


@pytest.fixture(scope="module")
def measured(spoken) -> dict[str, dict[str, np.ndarray]]:
    """For each phone: level against the utterance in dB, share above 3 kHz, voicing of those of 60 ms and more."""
    high_pass = butter(4, 3000, "highpass", fs=RATE_HZ, output="sos")
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for audio, phones in spoken:
        high = sosfiltfilt(high_pass, audio)
        for p in phones:
            inside = slice(p.start, p.end)
            found[p.label]["level_db"].append(20 * np.log10(rms(audio[inside]) / rms(audio)))
            found[p.label]["high_share"].append(rms(high[inside]) / rms(audio[inside]))
            if p.end - p.start >= 0.06 * RATE_HZ:
                found[p.label]["voicing"].append(voicing(audio, (p.start + p.end) // 2 + 100))
    return {label: {k: np.array(v) for k, v in values.items()} for label, values in found.items()}


def gather(measured, labels, what) -> np.ndarray:
    return np.concatenate([measured[label][what] for label in labels if what in measured.get(label, {})])


def test_sibilants_are_high_and_vowels_are_low(measured):
    assert np.quantile(gather(measured, SIBILANTS, "high_share"), 0.02) > 0.6
    assert np.median(measured["s"]["high_share"]) > 0.9 > 0.85 > np.median(measured["sh"]["high_share"])
    assert np.quantile(gather(measured, VOWELS, "high_share"), 0.98) < 0.6
    assert np.median(gather(measured, VOWELS, "high_share")) < 0.25


def test_vowels_are_loud_and_voiced(measured):
    assert np.quantile(gather(measured, VOWELS, "level_db"), 0.05) > -6
    assert np.median(gather(measured, VOWELS, "voicing")) > 0.85
    # gliding formants and pitch lower it in some; no sibilant comes near (0.57 and 0.29 measured)
    assert np.quantile(gather(measured, VOWELS, "voicing"), 0.05) > 0.45
    assert np.quantile(gather(measured, SIBILANTS, "voicing"), 0.95) < 0.35


def test_closures_are_quiet(measured):
    voiceless = gather(measured, VOICELESS_CLOSURES, "level_db")
    assert np.quantile(voiceless, 0.99) < -20 and np.median(voiceless) < -35
    voiced = gather(measured, ("bcl", "dcl", "gcl"), "level_db")
    assert np.quantile(voiced, 0.95) < np.quantile(gather(measured, VOWELS, "level_db"), 0.05)
    assert np.quantile(gather(measured, ("h#", "pau"), "level_db"), 0.99) < -40


def test_releases_are_louder_than_their_closures(spoken):
    """Voiceless ones in all, voiced ones, whose closures are voiced, above 3 kHz."""
    high_pass = butter(4, 3000, "highpass", fs=RATE_HZ, output="sos")
    for pairs, of in (({"pcl": "p", "tcl": "t", "kcl": "k"}, lambda audio: audio),
                      ({"bcl": "b", "dcl": "d", "gcl": "g"}, lambda audio: sosfiltfilt(high_pass, audio))):
        louder = [rms(x[b.start:b.end]) > 2 * rms(x[a.start:a.end]) for audio, phones in spoken for x in [of(audio)]
                  for a, b in pairwise(phones) if pairs.get(a.label) == b.label]
        assert len(louder) > 100 and np.mean(louder) > 0.97


def spectral_change(spoken, shift_s: float) -> np.ndarray:
    """Difference of the log spectra of the 15 ms before and after each boundary, in nepers."""
    n, shift = round(0.015 * RATE_HZ), round(shift_s * RATE_HZ)
    changes = []
    for audio, phones in spoken:
        for p in phones[1:]:
            at = p.start + shift
            before, after = np.abs(np.fft.rfft(audio[at - n:at + n].reshape(2, n) * np.hanning(n)))
            changes.append(np.abs(np.log((after + 1e-4) / (before + 1e-4))).mean())
    return np.array(changes)


def test_sound_changes_at_the_boundaries(spoken):
    """More than 10 ms before or after them, which is what labels off by so much would show (2.2 times measured)."""
    here = np.median(spectral_change(spoken, 0.0))
    for shift_s in (-0.03, -0.02, -0.01, 0.01, 0.02, 0.03):
        assert here > 1.6 * np.median(spectral_change(spoken, shift_s))
