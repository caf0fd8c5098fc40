"""Evaluation of recognisers on labelled utterances: transcripts, error rates, confusion counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from snap_tf.asr.batches.bucketing import BATCH_SPEC, in_order, padded_batches
from snap_tf.asr.batches.examples import Example, in_split, make_examples
from snap_tf.asr.batches.feature_store import FeatureStore
from snap_tf.asr.network.masking import masked_logits
from snap_tf.asr.runs import Recogniser
from snap_tf.asr.transcripts.alphabet import Alphabet, fold_phones
from snap_tf.asr.transcripts.ctc import ctc_loss, greedy_spikes
from snap_tf.asr.transcripts.error_rates import GAP, ErrorCounts, count_errors
from wavegan_tf.atomic import atomic_file
from wavegan_tf.data.corpus import Corpus, Problem
from wavegan_tf.formats.tables import write_rows

__all__ = ["Evaluation", "Evaluator", "Transcribed", "evaluate_corpus"]


@dataclass(frozen=True)
class Transcribed:
    """The reference and the transcript of one utterance.

    Attributes:
        utterance: its name.
        reference: the correct labels.
        written: the labels that the network wrote.
        logits: float32 [n_output_steps, classes].
    """

    utterance: str
    reference: tuple[str, ...]
    written: tuple[str, ...]
    logits: np.ndarray


@dataclass(frozen=True)
class Evaluation:
    """Transcripts, CTC loss and error rates of a recogniser over a set of utterances.

    Attributes:
        alphabet: the classes of the transcripts.
        transcripts: in the order of the examples.
        loss: mean CTC loss per label in nats.
    """

    alphabet: Alphabet
    transcripts: tuple[Transcribed, ...]
    loss: float

    @cached_property
    def errors(self) -> ErrorCounts:
        """Errors over all classes of the alphabet."""
        return count_errors((t.reference, t.written) for t in self.transcripts)

    @cached_property
    def folded_errors(self) -> ErrorCounts | None:
        """Errors over Lee and Hon's 39 classes of phones; None for letters."""
        if self.alphabet.kind != "phone":
            return None
        return count_errors((fold_phones(t.reference), fold_phones(t.written)) for t in self.transcripts)

    def scalars(self) -> dict[str, float]:
        """Return loss and error rates by name: `phone_error_rate` and `phone_error_rate_39`, or `letter_error_rate`."""
        rates = {"loss": self.loss, f"{self.alphabet.kind}_error_rate": self.errors.rate}
        folded = self.folded_errors
        return rates if folded is None else {**rates, "phone_error_rate_39": folded.rate}

    def write_confusions(self, path: str | Path) -> None:
        """Write a CSV with a row per pair that occurs: reference, written, count; empty for a gap."""
        with atomic_file(path) as temporary:
            write_rows(temporary, ("reference", "written", "count"),
                       ((r, w, n) for (r, w), n in sorted(self.errors.confusions.items())))

    def write_transcripts(self, path: str | Path) -> None:
        """Write a CSV with a row per utterance: utterance, reference, written, errors."""
        with atomic_file(path) as temporary:
            write_rows(temporary, ("utterance", "reference", "written", "errors"),
                       ((t.utterance, self.alphabet.join(t.reference), self.alphabet.join(t.written),
                         count_errors([(t.reference, t.written)]).n_errors) for t in self.transcripts))

    def to_text(self, n_confusions: int = 15) -> str:
        """Return the error rates and the most frequent errors as text."""
        kind, errors = self.alphabet.kind, self.errors
        lines = [f"{len(self.transcripts)} utterances, {errors.n_reference} {kind}s, loss {self.loss:.3f} per {kind}",
                 _rate_line(f"{kind} error rate", errors)]
        if (folded := self.folded_errors) is not None:
            lines.append(_rate_line("over 39 classes", folded))
        wrong = [(pair, n) for pair, n in errors.confusions.most_common() if pair[0] != pair[1]][:n_confusions]
        if wrong:
            lines.append("most frequent errors (reference -> written):")
            lines += [f"  {_shown(r)} -> {_shown(w)}  {n}" for (r, w), n in wrong]
        return "\n".join(lines)


def _rate_line(name: str, errors: ErrorCounts) -> str:
    return (f"{name:<18} {100 * errors.rate:5.1f} %   ({errors.substitutions} substitutions, {errors.deletions} "
            f"deletions, {errors.insertions} insertions)")


def _shown(label: str) -> str:
    return "(nothing)" if label == GAP else repr(label) if not label.strip() else label


def evaluate_corpus(recogniser: Recogniser, corpus: Corpus, split: str = "test", *,
                    progress: bool = True) -> tuple[Evaluation, list[Problem]]:
    """Evaluate a recogniser on a split of a corpus: transcripts, CTC loss, error rates.

    Args:
        recogniser: see `open_recogniser`.
        corpus: with labels of the kind that the recogniser writes.
        split: `train`, `dev` or `test`; or `all`.
        progress: show bars on stderr.

    Returns:
        The results, and the utterances of the corpus that could not be used.

    Raises:
        DataError: labels outside the alphabet, no labels, no such split, unreadable audio.

    Example:
        >>> from snap_tf.asr import evaluate_corpus, open_recogniser
        >>> from wavegan_tf.data import open_corpus
        >>> recogniser = open_recogniser("saved_models/W2P_shallow")
        >>> result, left_out = evaluate_corpus(recogniser, open_corpus("corpus"), split="test", progress=False)
        >>> len(result.transcripts), result.errors.n_reference, result.errors.rate < 0.2
        (4, 151, True)
    """
    examples, problems = make_examples(corpus, recogniser.alphabet)
    store = FeatureStore(in_split(examples, split), progress=progress)
    return Evaluator(recogniser.network, recogniser.alphabet).evaluate(store, progress=progress), problems


class Evaluator:
    """Evaluates a network on examples as often as needed, each time with its current weights."""

    def __init__(self, network: keras.Model, alphabet: Alphabet) -> None:
        """Prepare the graph.

        Args:
            network: of the W2L family.
            alphabet: of its output.
        """
        self._alphabet = alphabet

        @tf.function(input_signature=BATCH_SPEC)
        def run(features: tf.Tensor, n_steps: tf.Tensor, labels: tf.Tensor,
                n_labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            logits, n_output_steps = masked_logits(network, features, n_steps)
            return logits, n_output_steps, ctc_loss(logits, n_output_steps, labels, n_labels)

        self._run = run

    def evaluate(self, store: FeatureStore, batch_size: int = 16, *, progress: bool = False) -> Evaluation:
        """Transcribe every example and compute its CTC loss.

        Args:
            store: examples and their spectrograms.
            batch_size: utterances at a time.
            progress: show a bar on stderr.
        """
        logits: dict[int, np.ndarray] = {}
        losses = np.zeros(len(store))
        order = in_order([e.n_steps for e in store.examples], batch_size)
        batches = padded_batches(store, iter(order))
        with tqdm(total=len(store), desc="evaluating", unit="utt", disable=not progress, leave=False) as bar:
            for rows, batch in zip(order, batches, strict=True):
                own_logits, n_steps, loss = (part.numpy() for part in self._run(*batch))
                for i, row in enumerate(rows):
                    logits[row] = own_logits[i, :n_steps[i]]
                losses[rows] = loss / batch[3].numpy()
                bar.update(len(rows))
        transcripts = (self._transcribed(example, logits[i]) for i, example in enumerate(store.examples))
        return Evaluation(self._alphabet, tuple(transcripts), float(losses.mean()))

    def _transcribed(self, example: Example, logits: np.ndarray) -> Transcribed:
        written = self._alphabet.decode(s.label for s in greedy_spikes(logits))
        return Transcribed(example.utterance.id, self._alphabet.decode(example.labels), written, logits)
