"""Training examples of a corpus: utterances with their CTC targets; training and validation speakers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from snap_tf.asr.spectrograms.spectrogram_geometry import RATE_HZ, n_input_steps
from snap_tf.asr.transcripts.alphabet import Alphabet
from snap_tf.asr.transcripts.ctc import needed_steps
from wavegan_tf.data.corpora.splits import seeded_order
from wavegan_tf.data.corpus import Corpus, Problem, Utterance
from wavegan_tf.errors import DataError

__all__ = ["Example", "in_split", "make_examples", "training_split"]


_REMEDY = {"phone": "say what they are with --phone-map: ipa-mfa, arpabet-mfa, sampa-webmaus, or a CSV of label and "
                    "phone",
           "letter": "spell the corpus with them"}


@dataclass(frozen=True)
class Example:
    """An utterance and its CTC target.

    Attributes:
        utterance: where the audio is.
        labels: class numbers without blanks.
        n_steps: steps of its spectrogram.
    """

    utterance: Utterance
    labels: tuple[int, ...]
    n_steps: int


def make_examples(corpus: Corpus, alphabet: Alphabet) -> tuple[list[Example], list[Problem]]:
    """Make a training example of every utterance that has a target.

    Args:
        corpus: with phones for a phone recogniser, with words or texts for a letter recogniser.
        alphabet: the output classes of the recogniser.

    Returns:
        The examples in the order of the corpus, and what had to be left out: utterances without labels, and those
        that are too short for their labels.

    Raises:
        DataError: labels outside the alphabet (all are named), or not one usable utterance.
    """
    _refuse_unknown(corpus, alphabet)
    examples, problems = [], []
    for utterance in corpus.utterances:
        labels = tuple(alphabet.encode(alphabet.symbols_of(utterance)))
        n_steps = n_input_steps(-(-utterance.n_samples * RATE_HZ // utterance.rate_hz))
        if not labels:
            problems.append(Problem(utterance.id, f"no {alphabet.kind}s", f"no {alphabet.kind}s"))
        elif needed_steps(labels) > -(-n_steps // 2):
            what = (f"{len(labels)} {alphabet.kind}s need {needed_steps(labels)} steps of 16 ms; it has "
                    f"{-(-n_steps // 2)}")
            problems.append(Problem(utterance.id, what, f"too short for its {alphabet.kind}s"))
        else:
            examples.append(Example(utterance, labels, n_steps))
    if not examples:
        source = ".PHN files or phone tiers in TextGrids" if alphabet.kind == "phone" else "texts or words"
        raise DataError(f"corpus (={corpus.root}) must have {alphabet.kind} labels; none of its "
                        f"{len(corpus.utterances)} utterances can be used (first: {problems[0].what}); add {source}, "
                        f"or choose a model that writes {'letters' if alphabet.kind == 'phone' else 'phones'}")
    return examples, problems


def in_split(examples: Sequence[Example], split: str) -> list[Example]:
    """Choose the examples of one of the corpus' own splits; `all` takes every example.

    Raises:
        DataError: no utterance is in that split; lists those that exist.
    """
    chosen = [e for e in examples if split in ("all", e.utterance.split)]
    if not chosen:
        counts = Counter(e.utterance.split or "(none)" for e in examples)
        there = ", ".join(f"{name} ({n} utterances)" for name, n in sorted(counts.items()))
        raise DataError(f"`split` (={split}) must be a split of the corpus; it has {there}; choose one of them or all")
    return chosen


def training_split(examples: Sequence[Example], validation_share: float, seed: int) -> tuple[list[Example],
                                                                                             list[Example]]:
    """Divide the training speakers into those that train and those that are held out; test utterances take no part.

    The corpus' split `train` counts; a corpus without splits is taken whole. Its own `dev` split, where there is one,
    becomes the held-out part.

    Args:
        examples: of the whole corpus.
        validation_share: share of the speakers that are held out, at least one of them.
        seed: of the draw; it depends on the speakers' names, not on the order of files.

    Returns:
        Training and validation examples; no speaker is in both.

    Raises:
        DataError: there are no training utterances, or fewer than two speakers, or speakers are not known.
    """
    splits = {e.utterance.split for e in examples}
    training = in_split(examples, "train") if splits != {""} else list(examples)
    if "dev" in splits:
        return training, in_split(examples, "dev")
    speakers = seeded_order((e.utterance.speaker for e in training), seed)
    if "" in speakers or len(speakers) < 2:
        raise DataError(f"training speakers (={', '.join(speakers) or 'none'}) must be known and at least 2, so that "
                        "validation can hear others than training; use a corpus with more, or name the speakers by "
                        "folders")
    n_held_out = min(max(round(validation_share * len(speakers)), 1), len(speakers) - 1)
    held_out = set(speakers[:n_held_out])
    return ([e for e in training if e.utterance.speaker not in held_out],
            [e for e in training if e.utterance.speaker in held_out])


def _refuse_unknown(corpus: Corpus, alphabet: Alphabet) -> None:
    """Raise one error that names every label outside the alphabet."""
    known = set(alphabet.symbols[:-1])
    unknown: Counter[str] = Counter()
    for utterance in corpus.utterances:
        unknown.update(s for s in alphabet.symbols_of(utterance) if s not in known)
    if unknown:
        shown = ", ".join(f"`{label}` ({n} times)" for label, n in unknown.most_common(12))
        more = f" and {len(unknown) - 12} others" if len(unknown) > 12 else ""
        raise DataError(f"{alphabet.kind}s of corpus (={corpus.root}) must be among the {alphabet.size - 1} that the "
                        f"model writes; not among them: {shown}{more}; the model knows "
                        f"{' '.join(repr(s) if s in (' ', chr(39)) else s for s in alphabet.symbols[:-1])}; "
                        f"{_REMEDY[alphabet.kind]}")
