"""Make one synthetic utterance with TIMIT's four files: audio, phones, words, text."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.synthetic.espeak import RATE_HZ, Installation, Speech, synthesise
from wavegan_tf.data.synthetic.labels import Labels, label_speech
from wavegan_tf.data.synthetic.voices import Speaker

__all__ = ["OUT_RATE_HZ", "SpokenUtterance", "say"]

OUT_RATE_HZ = 16000
_UP, _DOWN = 320, 441  # 22,050 Hz to 16,000 Hz
_LEAD_S, _TRAIL_S = 0.12, 0.10
_NOISE = 4.0  # standard deviation in steps of 16 bit: silence is not exactly zero, yet 78 dB below full scale


@dataclass(frozen=True)
class SpokenUtterance:
    """`samples`, int16 [n] at `OUT_RATE_HZ`; phones cover 0 to n without gaps, `h#` at both ends."""

    samples: NDArray[np.int16]
    words: tuple[Segment, ...]
    phones: tuple[Segment, ...]
    text: str

    def files(self, container: str) -> dict[str, bytes]:
        """Write the four files of TIMIT: suffix -> content.

        Args:
            container: of the audio, `SPHERE` or `RIFF`.
        """
        audio = io.BytesIO()
        soundfile.write(audio, self.samples, OUT_RATE_HZ, format={"SPHERE": "NIST", "RIFF": "WAV"}[container],
                        subtype="PCM_16", endian="LITTLE")
        return {"WAV": audio.getvalue(), "PHN": _lines(self.phones), "WRD": _lines(self.words),
                "TXT": f"0 {len(self.samples)} {self.text}\n".encode("ascii")}


def say(installation: Installation, speaker: Speaker, sentence: str, text: str, seed: int) -> SpokenUtterance:
    """Synthesise a sentence with the voice of a speaker; the same arguments give the same samples.

    Args:
        installation: with the speaker's voice file in it.
        speaker: who speaks.
        sentence: name of the sentence; only seeds.
        text: what is said.
        seed: of the corpus.

    Raises:
        DataError: eSpeak NG cannot say the text word by word.
    """
    seed = zlib.crc32(f"{seed} {speaker.name} {sentence}".encode()) >> 1
    speech = synthesise(installation, text, speaker.voice, pitch=speaker.pitch, pitch_range=speaker.pitch_range,
                        rate_wpm=speaker.rate_wpm, seed=seed)
    return _finish(speech, label_speech(speech, text), text, speaker.peak_percent / 100, np.random.default_rng(seed))


def _finish(speech: Speech, labels: Labels, text: str, peak: float, rng: np.random.Generator) -> SpokenUtterance:
    """Resample, scale to the speaker's peak, put silence at both ends and weak noise over all."""
    voice = resample_poly(speech.samples.astype(np.float64), _UP, _DOWN)
    lead, trail = round(_LEAD_S * OUT_RATE_HZ), round(_TRAIL_S * OUT_RATE_HZ)
    audio = np.pad(voice * (peak * 32767 / np.abs(voice).max()), (lead, trail))
    audio = np.round(audio + rng.normal(scale=_NOISE, size=len(audio)))

    def place(segments: Sequence[Segment]) -> tuple[Segment, ...]:
        return tuple(Segment(lead + round(s.start * OUT_RATE_HZ / RATE_HZ), lead + round(s.end * OUT_RATE_HZ / RATE_HZ),
                             s.label) for s in segments)

    phones = place(labels.phones)
    phones = (Segment(0, phones[0].start, "h#"), *phones, Segment(phones[-1].end, len(audio), "h#"))
    return SpokenUtterance(audio.astype(np.int16), place(labels.words), phones, text)


def _lines(segments: Sequence[Segment]) -> bytes:
    return "".join(f"{s.start} {s.end} {s.label}\n" for s in segments).encode("ascii")
