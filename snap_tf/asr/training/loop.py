"""Training loop of a recogniser: updates, validation, checkpoints, resuming, early stopping."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import keras
import tensorflow as tf
from tqdm import tqdm

from snap_tf.asr.batches.bucketing import BatchOrder, padded_batches
from snap_tf.asr.batches.examples import Example, make_examples, training_split
from snap_tf.asr.batches.feature_store import FeatureStore
from snap_tf.asr.evaluation import Evaluation, Evaluator
from snap_tf.asr.network.layer_table import MODELS
from snap_tf.asr.network.transfer import check_source, freeze_for_training, start_network, weights_sha256
from snap_tf.asr.network.wav2letter import build_network
from snap_tf.asr.runs import check_run, create_run, open_recogniser, save_best
from snap_tf.asr.settings import CONFIG_NAME, RecogniserConfig, RecogniserSession
from snap_tf.asr.training.monitors import N_PICTURES, RecogniserMonitors
from snap_tf.asr.training.update import RecogniserUpdate
from wavegan_tf.checkpoint_folders import (
    assign_variables,
    newest_checkpoint,
    prune_checkpoints,
    read_state,
    remove_leftovers,
    set_damaged_aside,
    variables_by_path,
    write_checkpoint,
)
from wavegan_tf.data.corpora.sa_policy import keep_sa
from wavegan_tf.data.corpus import Corpus, Problem
from wavegan_tf.errors import ConfigError, TrainingError
from wavegan_tf.training.devices import describe_devices
from wavegan_tf.training.interrupts import StopRequest, catch_stop_requests
from wavegan_tf.training.runs import lock_run, log_session, versions

__all__ = ["RecogniserResult", "train_recogniser"]

SUMMARY_STEPS = 10
"""Updates between two rows of metrics.csv."""


@dataclass(frozen=True)
class RecogniserResult:
    """Result of a training session: last update, why it ended, best validation.

    Attributes:
        run: the folder of the run.
        step: updates in all.
        reason: why it ended, in words.
        best_step: the update after which the network in `RUN/best` was saved; 0 before the first validation.
        best_error_rate: its error rate on the held-out speakers, over all classes of the alphabet.
        n_training: training utterances.
        n_validation: held-out utterances.
        problems: utterances that were left out.
        seconds: how long the session trained.
    """

    run: Path
    step: int
    reason: str
    best_step: int
    best_error_rate: float
    n_training: int
    n_validation: int
    problems: tuple[Problem, ...]
    seconds: float


@dataclass
class _Progress:
    """What training remembers besides weights and slots: the best validations so far.

    While CTC has hardly begun to write, the error rate stands still and only the loss gets better: either of them keeps
    training from being stopped.
    """

    best_step: int = 0
    best_error_rate: float = math.inf
    best_loss: float = math.inf
    n_since_better: int = 0

    def note(self, step: int, error_rate: float, loss: float) -> bool:
        """Take in a validation; return whether its error rate is the best so far."""
        is_best = error_rate < self.best_error_rate
        self.n_since_better = 0 if is_best or loss < self.best_loss else self.n_since_better + 1
        self.best_loss = min(loss, self.best_loss)
        if is_best:
            self.best_step, self.best_error_rate = step, error_rate
        return is_best


def train_recogniser(config: RecogniserConfig, corpus: Corpus, run: str | Path, *, source: str | Path | None = None,
                     options: RecogniserSession | None = None, command: str = "") -> RecogniserResult:
    """Train a recogniser: a new run, or an existing one, resumed from its newest whole checkpoint.

    A run that was killed and is started again has the same weights after the same update as one that was not. SIGINT
    (Ctrl-C), SIGTERM and SIGHUP end it after the current update, with a checkpoint.

    Args:
        config: the settings; those of an existing run must be the same.
        corpus: with phones or texts; `config.sa` chooses among its SA recordings.
        run: the folder of the run.
        source: for transfer learning, the run whose best network it starts from; not needed when the run exists.
        options: how long, how often to validate and to save.
        command: the command line, for the log of sessions.

    Raises:
        ConfigError: settings that are not allowed, other settings or data than the run has, a source that does not
            fit.
        DataError: no labels of the kind that the model writes, labels outside its alphabet, unreadable audio.
        ExportError: every checkpoint is damaged, or one cannot be written.
        TrainingError: the loss is not finite.
        KeyboardInterrupt: training was interrupted; everything is saved.

    Example:
        >>> from snap_tf.asr import RecogniserSession, preset_config, train_recogniser
        >>> from wavegan_tf.data import open_corpus
        >>> config = preset_config(model="W2P_shallow", width=1 / 64, batch_size=2, sa="all", validation_share=0.25)
        >>> options = RecogniserSession(max_steps=1, picture_secs=0, progress=False)
        >>> trained = train_recogniser(config, open_corpus("corpus"), "recogniser", options=options)
        >>> trained.step, trained.n_training, trained.n_validation
        (1, 8, 4)

    Source: Krug et al. 2021, sections 3.1 and 3.2; what they leave open is described in `RecogniserConfig`.
    """
    run, options = Path(run), options or RecogniserSession()
    start_from = None if source is None else open_recogniser(source).network
    config = _with_source(config, start_from, run)
    is_old = check_run(run, config)
    with lock_run(run):
        kept = dataclasses.replace(corpus, utterances=keep_sa(corpus.utterances, config.sa, config.sa_seed))
        examples, problems = make_examples(kept, MODELS[config.model].alphabet)
        parts = training_split(examples, config.validation_share, config.seed)
        if start_from is not None or not is_old:
            check_source(config.model, config.width, start_from)
        training, validation = (FeatureStore(part, progress=options.progress) for part in parts)
        create_run(run, config)
        session = _Session(config, training, validation, run, options, start_from)
        log_session(run, "start", step=session.update.step, data=str(corpus.root),
                    data_fingerprint=session.fingerprint, n_training=len(training), n_validation=len(validation),
                    command=command, options=dataclasses.asdict(options), versions=versions(),
                    machine=describe_devices())
        began, reason = time.monotonic(), "error"
        try:
            reason = session.train()
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}".strip(": ")
            raise
        finally:
            log_session(run, "end", step=session.update.step, reason=reason)
    best = session.progress
    return RecogniserResult(run, session.update.step, reason, best.best_step, best.best_error_rate, len(training),
                            len(validation), tuple(problems), time.monotonic() - began)


def _with_source(config: RecogniserConfig, start_from: keras.Model | None, run: Path) -> RecogniserConfig:
    """Fill in which weights transfer starts from; an existing run knows them."""
    if start_from is not None:
        return dataclasses.replace(config, source=weights_sha256(start_from))
    if (run / CONFIG_NAME).is_file():
        return dataclasses.replace(config, source=RecogniserConfig.load(run / CONFIG_NAME).source)
    return config


class _Session:
    """One start of a run, from restoring to the last checkpoint."""

    def __init__(self, config: RecogniserConfig, training: FeatureStore, validation: FeatureStore, run: Path,
                 options: RecogniserSession, start_from: keras.Model | None) -> None:
        self.config, self.training, self.validation, self.run, self.options = config, training, validation, run, options
        self.order = BatchOrder([e.n_steps for e in training.examples], config.batch_size, config.seed)
        self.fingerprint = _fingerprint([*training.examples, *validation.examples])
        self.progress = _Progress()
        newest = newest_checkpoint(run)
        if newest is None:
            remove_leftovers(run)
            network = start_network(config.model, config.width, config.seed, start_from)
        else:  # a checkpoint holds every weight
            network = build_network(config.model, config.width, config.seed)
            freeze_for_training(network)
        self.update = RecogniserUpdate(network, config)
        if newest is not None:
            self._restore(newest)
        self.evaluator = Evaluator(network, MODELS[config.model].alphabet)
        self.saved_at = time.monotonic()
        self.drawn_at = -math.inf

    def _restore(self, folder: Path) -> None:
        state = read_state(folder)
        if state["data_fingerprint"] != self.fingerprint:
            raise ConfigError(f"corpus must hold the utterances that run {self.run} was trained on up to step "
                              f"{state['step']}; utterances or labels are not the same any more; bring them back, or "
                              "name another --run")
        for name, variables in self._files().items():
            assign_variables(folder / f"{name}.npz", variables)
        for name, value in state["progress"].items():
            setattr(self.progress, name, math.inf if value is None else value)  # JSON has no infinity
        set_damaged_aside(self.run, folder)

    def _files(self) -> dict[str, dict[str, keras.Variable]]:
        return {"network": variables_by_path(self.update.network.weights, drop_owner=False),
                "optimizer": variables_by_path(self.update.optimizer.variables)}

    def train(self) -> str:
        """Do the updates that are missing; return why it ended."""
        last = self._last_step()
        if reason := self._why_end(self.update.step, last):
            return reason
        alphabet = MODELS[self.config.model].alphabet
        with ExitStack() as stack:
            stop = stack.enter_context(catch_stop_requests())
            monitors = stack.enter_context(RecogniserMonitors(self.run, self.config, alphabet, self.update.step))
            bar = stack.enter_context(tqdm(total=last, initial=self.update.step, unit="step", desc="training",
                                           dynamic_ncols=True, mininterval=0.2 if sys.stderr.isatty() else 10.0,
                                           disable=not self.options.progress))
            if self.update.step == 0:
                self._save(monitors)
            return self._steps(last, monitors, bar, stop)

    def _last_step(self) -> int | None:
        """Return the update after which training ends at the latest, or None."""
        limits = [self.options.max_steps, self.options.epochs * self.order.batches_per_epoch, self.config.decay_steps]
        return min((limit for limit in limits if limit), default=None)

    def _why_end(self, step: int, last: int | None) -> str:
        """Say why training ends after an update; empty when it goes on."""
        if last is not None and step >= last:
            return f"all {last} updates are done"
        if self.options.patience and self.progress.n_since_better >= self.options.patience:
            return f"{self.progress.n_since_better} validations gave no better error rate or loss"
        return ""

    def _steps(self, last: int | None, monitors: RecogniserMonitors, bar: tqdm, stop: StopRequest) -> str:
        step = self.update.step
        batches = iter(padded_batches(self.training, self.order.from_batch(step)))
        validate_every = self.options.validate_steps or self.order.batches_per_epoch
        recent: list[dict[str, tf.Tensor]] = []
        while True:
            recent.append(self.update(next(batches)))
            step += 1
            bar.update()
            is_validation = step % validate_every == 0 or step == last
            if step % SUMMARY_STEPS == 0 or is_validation or stop:
                values, recent = self._values(step, recent), []
                result = self._validate(step, monitors) if is_validation else None
                monitors.row(step, values, result)
                bar.set_postfix(loss=f"{values['loss']:.3f}", error=f"{self.progress.best_error_rate:.3f}",
                                refresh=False)
            if is_validation or stop or time.monotonic() - self.saved_at >= self.options.save_secs > 0:
                self._save(monitors)
            if stop:
                raise stop.interrupt(f"stopped at update {step}, saved; the same command goes on from there")
            if reason := self._why_end(step, last):
                return reason

    def _values(self, step: int, recent: list[dict[str, tf.Tensor]]) -> dict[str, float]:
        """Return the means of the last updates and the step size; numbers leave the device only here."""
        values = {name: float(tf.reduce_mean([r[name] for r in recent])) for name in recent[0]}
        for name, value in values.items():
            if not math.isfinite(value):
                raise TrainingError(f"`{name}` (={value}) must be finite; it is not any more at update {step}; begin a "
                                    "new run with a smaller --learning-rate or another --seed")
        return {**values, "learning_rate": float(self.update.optimizer.learning_rate)}

    def _validate(self, step: int, monitors: RecogniserMonitors) -> Evaluation:
        """Score the held-out speakers; keep the network when it is better than all before."""
        result = self.evaluator.evaluate(self.validation)
        monitors.texts(step, result)
        seconds = time.monotonic() - self.drawn_at
        if self.options.picture_secs and (seconds >= self.options.picture_secs or step == self._last_step()):
            n_pictures = min(N_PICTURES, len(self.validation))
            monitors.pictures(step, result, [self.validation[i] for i in range(n_pictures)])
            self.drawn_at = time.monotonic()
        if self.progress.note(step, result.errors.rate, result.loss):
            save_best(self.run, self.update.network, {"step": step, **result.scalars()})
        return result

    def _save(self, monitors: RecogniserMonitors) -> None:
        monitors.sync()
        progress = {name: value if math.isfinite(value) else None
                    for name, value in dataclasses.asdict(self.progress).items()}
        state = {"data_fingerprint": self.fingerprint, "seed": self.config.seed, "versions": versions(),
                 "progress": progress}
        write_checkpoint(self.run, self.update.step, self._files(), state)
        prune_checkpoints(self.run, self.options.keep)
        self.saved_at = time.monotonic()


def _fingerprint(examples: Sequence[Example]) -> str:
    """Name utterances and labels in 32 hexadecimal digits."""
    facts = [[e.utterance.id, e.utterance.split, e.utterance.n_samples, e.labels] for e in examples]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]
