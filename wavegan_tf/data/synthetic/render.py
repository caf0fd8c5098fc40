"""Make a synthetic corpus in TIMIT's layout from a seed."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from tqdm import tqdm

from wavegan_tf import __version__
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.data.synthetic.espeak import Installation, private_installation, variant_text
from wavegan_tf.data.synthetic.labels import tokens_of
from wavegan_tf.data.synthetic.sentences import SA, bank_of, choose
from wavegan_tf.data.synthetic.utterance import OUT_RATE_HZ
from wavegan_tf.data.synthetic.voices import BASES, Speaker, make_speakers, voice_text
from wavegan_tf.data.synthetic.workers import Job, render_all
from wavegan_tf.errors import ConfigError

__all__ = ["MAX_SPEAKERS", "SyntheticCorpus", "render_corpus"]

MAX_SPEAKERS = 10_000
_WORTH_A_PROCESS = 150  # utterances; a process takes about a second to start, an utterance ten milliseconds
_LICENCE = ("The audio is output of eSpeak NG. eSpeak NG itself is free software under GPL-3.0-or-later and no part of "
            "this corpus.")


@dataclass(frozen=True)
class SyntheticCorpus:
    """A synthetic corpus that was made: its folder and counts."""

    folder: Path
    n_speakers: int
    n_utterances: int
    n_words: int
    n_word_types: int
    hours: float


def render_corpus(folder: str | Path, n_speakers: int, n_sentences: int, seed: int, progress: bool = True,
                  workers: int | None = None) -> SyntheticCorpus:
    """Make a corpus of synthetic speech with eSpeak NG, with words and phones labelled as in TIMIT.

    Every speaker says SA1, SA2 and sentences from the bank, training and test speakers different ones. The same
    arguments give the same bytes on one platform with the same versions (`corpus.json` names them), whatever the
    number of processes. A longer list of speakers begins with the speakers of a shorter one.

    Args:
        folder: to make; must be new or empty.
        n_speakers: 1 to 10,000; 4 of 15 are test speakers.
        n_sentences: of the bank for each speaker, 0 to 87 (as many as the test speakers share).
        seed: of speakers, sentences and noise, 0 to 2147483647.
        progress: whether a bar on stderr shows how far it is.
        workers: processes; by default as many as there are processors, fewer for a small corpus.

    Raises:
        ConfigError: a number out of range, or the extra `synth` is not installed.
        ExportError: the folder is not empty.
        OSError: the disk is full, for example; nothing is left behind.

    Example:
        >>> from wavegan_tf.data import open_corpus, render_corpus
        >>> made = render_corpus("synthetic", n_speakers=1, n_sentences=1, seed=0, progress=False, workers=1)
        >>> made.n_utterances, made.n_words
        (3, 28)
        >>> open_corpus("synthetic").utterances[0].text
        'She had your dark suit in greasy wash water all year.'
    """
    _check("n_speakers", n_speakers, 1, MAX_SPEAKERS)
    _check("n_sentences", n_sentences, 0, len(bank_of("TEST")))
    _check("seed", seed, 0, 2**31 - 1)
    n_utterances = n_speakers * (len(SA) + n_sentences)
    if workers is None:
        workers = min(os.cpu_count() or 1, 1 + n_utterances // _WORTH_A_PROCESS)
    _check("workers", workers, 1, 1024)

    speakers = make_speakers(n_speakers, seed)
    jobs = [Job(s, {**SA, **choose(s.split, s.rank, n_sentences, seed)}) for s in speakers]
    variants = {s.voice_file: voice_text(s, variant_text(BASES[s.base].file)) for s in speakers}
    n_samples = 0
    with atomic_folder(folder) as root, private_installation(variants, folder) as installation:
        with tqdm(total=n_utterances, unit="utterance", desc="corpus", disable=not progress) as bar:
            for done in render_all(jobs, installation, root, seed, min(workers, n_speakers)):
                n_samples += done.n_samples
                bar.update(done.n_utterances)
        about = _about(installation, speakers, n_sentences, seed)
        (root / "corpus.json").write_bytes((json.dumps(about, indent=1) + "\n").encode("ascii"))
    words = [w for job in jobs for text in job.sentences.values() for w in tokens_of(text)]
    return SyntheticCorpus(Path(folder), n_speakers, n_utterances, len(words), len(set(words)),
                           n_samples / OUT_RATE_HZ / 3600)


def _check(name: str, value: int, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConfigError(f"`{name}` (={value}) must be a whole number from {least} to {most}")


def _about(installation: Installation, speakers: list[Speaker], n_sentences: int, seed: int) -> dict[str, object]:
    """Describe the corpus; without a date, so that the same seed gives the same bytes."""
    return {
        "what": "synthetic speech in TIMIT's layout; for tests, examples and tutorials, not evidence about speech",
        "licence": _LICENCE,
        "seed": seed,
        "n_speakers": len(speakers),
        "n_sentences": n_sentences,
        "sample_rate_hz": OUT_RATE_HZ,
        "versions": {
            "wavegan_tf": __version__,
            "espeak_ng": installation.espeak_version,
            "espeakng_loader": installation.loader_version,
            **{name: version(name) for name in ("numpy", "scipy", "soundfile")},
        },
        "speakers": [asdict(speaker) for speaker in speakers],
    }
