"""The training loop: from the first step or the newest checkpoint to the last step, an interrupt or divergence."""

from __future__ import annotations

import dataclasses
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

from wavegan_tf.checkpoint_folders import newest_checkpoint, prune_checkpoints, remove_leftovers, set_damaged_aside
from wavegan_tf.config import RunConfig
from wavegan_tf.data.batches.pipeline import SliceSource, open_source
from wavegan_tf.errors import ConfigError, TrainingError
from wavegan_tf.models.family import build_networks
from wavegan_tf.tensors import Tensor
from wavegan_tf.training.checkpoints import restore_checkpoint, save_checkpoint
from wavegan_tf.training.devices import describe_devices
from wavegan_tf.training.interrupts import StopRequest, catch_stop_requests
from wavegan_tf.training.monitors import Monitors
from wavegan_tf.training.options import SessionOptions
from wavegan_tf.training.runs import check_run, create_run, lock_run, log_session, versions
from wavegan_tf.training.starting_point import StartingPoint
from wavegan_tf.training.updates.health import Health
from wavegan_tf.training.updates.round import TrainingRound
from wavegan_tf.training.updates.strategies import Team, form_team

__all__ = ["TrainResult", "train"]


@dataclass(frozen=True)
class TrainResult:
    """How a session ended.

    Attributes:
        run: the folder of the run.
        step: generator updates in all.
        steps_done: generator updates of this session.
        checkpoint: the newest checkpoint.
        seconds: how long the session trained.
    """

    run: Path
    step: int
    steps_done: int
    checkpoint: Path | None
    seconds: float


def train(config: RunConfig, data: str | Path | Sequence[str | Path], run: str | Path, *,
          options: SessionOptions | None = None, command: str = "",
          start: StartingPoint | None = None) -> TrainResult:
    """Train a WaveGAN, ciwGAN or fiwGAN: begin a new run, or resume an existing one from its newest checkpoint.

    A run that was killed and is started again has the same weights after the same step as one that was not: bit for
    bit on one CPU, when `wavegan_tf.training.devices.prepare_devices` was called first. SIGINT
    (Ctrl-C), SIGTERM and SIGHUP end training after the current round, with a checkpoint. A damaged checkpoint is passed
    over.

    Args:
        config: the settings of the run; those of an existing run must be the same.
        data: a folder with audio, an audio file or a list of files.
        run: the folder of the run.
        options: how long, how often to save, on what.
        command: the command line, for the log of sessions.
        start: trained networks that a new run begins with; a run that has checkpoints goes on from those.

    Raises:
        ConfigError: settings that cannot be, other settings than the run has, other data, a run that is in use.
        DataError: no usable audio.
        ExportError: every checkpoint is damaged, or one cannot be written.
        TrainingError: training diverged; the message names the last good checkpoint.
        KeyboardInterrupt: it was asked to end; everything is saved.

    Example:
        >>> from wavegan_tf.presets import change_settings, load_preset
        >>> from wavegan_tf.training import SessionOptions, train
        >>> config = change_settings(load_preset("small").config,
        ...                          {"dim": 1, "kernel_len": 5, "batch_size": 2, "disc_nupdates": 1})
        >>> options = SessionOptions(max_steps=1, summary_secs=0.0, progress=False)
        >>> result = train(config, "corpus", "new_run", options=options)
        >>> result.step, result.checkpoint.name
        (1, 'step-000000001')
    """
    options = options or SessionOptions()
    run = Path(run)
    check_run(run, config)
    if start is not None:
        start.check(config.network)
    team = form_team(options.strategy)
    team.check(config)
    with ExitStack() as stack:
        if team.is_chief:
            stack.enter_context(lock_run(run))
        source = open_source(data, config.data, config.train.seed, split=options.split or None, cache=options.cache,
                             cache_dir=options.cache_dir or None, progress=options.progress)
        if options.progress and team.is_chief:
            print(source.report, flush=True)
        if team.is_chief:
            create_run(run, config)
            remove_leftovers(run)
        session = _Session(config, source, run, options, team, start)
        stack.enter_context(session.logged(data, command))
        return session.train()


class _Session:
    """One start of a run, from restoring to the last checkpoint."""

    def __init__(self, config: RunConfig, source: SliceSource, run: Path, options: SessionOptions, team: Team,
                 start: StartingPoint | None) -> None:
        self.config, self.source, self.run, self.options, self.team = config, source, run, options, team
        self.start = start
        with team.strategy.scope():
            self.training = TrainingRound(build_networks(config.network, seed=config.train.seed), config)
            self.checkpoint = self._restore()
        self.first_step = self.step = int(self.training.step.numpy())
        team.agree({"settings": config.to_json(), "--max-steps": str(options.max_steps),
                    "training data": source.fingerprint, "newest checkpoint": str(self.step)})
        self.health = Health(self.training)
        self.monitors: Monitors | None = None  # of the chief only
        self.saved_at = self.heard_at = time.monotonic()

    def _restore(self) -> Path | None:
        """Load the newest undamaged checkpoint into the training round and return it; None where there is none yet."""
        newest = newest_checkpoint(self.run)
        if newest is None:
            if self.start is not None:
                self.start.put_into(self.training.networks)
            return None
        state = restore_checkpoint(self.training, newest)
        known = state["data_fingerprint"]
        if known is not None and known != self.source.fingerprint and not self.options.new_data:
            raise ConfigError(f"`data` (={self.source.report.root}) must hold the recordings that run {self.run} was "
                              f"trained on up to step {state['step']}; they are not the same any more; bring them "
                              "back, or say --new-data to go on with these")
        if self.team.is_chief:
            set_damaged_aside(self.run, newest)
        return newest

    @contextmanager
    def logged(self, data: str | Path | Sequence[str | Path], command: str) -> Iterator[None]:
        """Note start and end of the session in the run's log."""
        if not self.team.is_chief:
            yield
            return
        folder = str(Path(data).absolute()) if isinstance(data, str | Path) else None
        log_session(self.run, "start", step=self.step, data=folder, data_fingerprint=self.source.fingerprint,
                    slices_per_epoch=self.source.slices_per_epoch, command=command,
                    options=dataclasses.asdict(self.options), n_devices=self.team.n_replicas, versions=versions(),
                    machine=describe_devices(), began_with=self.start and f"{self.start.source} step {self.start.step}")
        reason = "done"
        try:
            yield
        except BaseException as error:
            reason = f"{type(error).__name__}: {error}".strip(": ")
            raise
        finally:
            with suppress(OSError):  # on a full disk, what has gone wrong before is what counts
                log_session(self.run, "end", step=self.step, reason=reason)

    def train(self) -> TrainResult:
        """Do the steps that are missing."""
        began, last = time.monotonic(), self.options.max_steps or None
        if last is None or self.step < last:
            try:
                stopped = self._steps(last)
            except TrainingError as error:
                raise TrainingError(f"{error}; the last good checkpoint is {self.checkpoint}; use that one, or begin "
                                    "a new run with a smaller --learning-rate or another --seed") from error
            except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
                if self.team.n_workers == 1:
                    raise
                raise TrainingError(f"workers must all stay; one of {self.team.n_workers} has gone after step "
                                    f"{self.step}; the last checkpoint is {self.checkpoint}; start all of them "
                                    "again") from error
            if stopped is not None:
                raise stopped.interrupt(f"stopped at step {self.step}, saved as {self.checkpoint}; the same command "
                                        "goes on from there")
        return TrainResult(self.run, self.step, self.step - self.first_step, self.checkpoint,
                           time.monotonic() - began)

    def _steps(self, last: int | None) -> StopRequest | None:
        """Do round after round; return the request to stop if it ended by one."""
        batches = self.team.batches(self.source, self.config, self.step * self.config.train.disc_nupdates)
        run_round = self.team.compile(self.training)
        with ExitStack() as stack:
            stop = stack.enter_context(catch_stop_requests())
            if self.team.is_chief:
                after = -1 if self.checkpoint is None else self.step
                self.monitors = stack.enter_context(
                    Monitors(self.run, self.config, self.training.networks.generator, after))
            bar = stack.enter_context(self._bar(last))
            if self.checkpoint is None:
                first = next(batches)
                self._begin(first)
                batches = itertools.chain([first], batches)
            bar.set_description("compiling")
            while True:
                scalars = run_round(next(batches))
                self.step += 1
                bar.update()
                stopped = self.team.any_worker(bool(stop))
                self._look(scalars, bar, is_last=stopped or self.step == last)
                if self.step == self.first_step + 1:
                    bar.set_description("training")
                    if self.monitors:
                        self.monitors.start_clock(self.step)
                if stopped or self.step == last:
                    return stop if stopped else None

    def _begin(self, real: Tensor) -> None:
        """Write step 0 of a new run: settings, real and generated audio, first checkpoint."""
        if self.monitors is None:
            return
        self.monitors.settings()
        if self.options.summary_secs:
            batches = self.team.strategy.experimental_local_results(real)[0]
            self.monitors.real(0, batches[0].numpy())
            self.monitors.generated(0)
        self._save()

    def _look(self, scalars: dict[str, tf.Tensor], bar: tqdm, is_last: bool) -> None:
        """Check, show and save what is due after a round; scalars are copied from the device only when something is."""
        now = time.monotonic()
        is_row = self.step % self.options.summary_steps == 0
        is_save = is_last or self.options.save_is_due(self.step, now - self.saved_at)
        if is_row or is_save:
            values = {name: float(value) for name, value in scalars.items() if value.shape.rank == 0}
            self.health.look_at(self.step, values)
            bar.set_postfix({name: f"{values[name]:.3g}" for name in ("d_loss", "g_loss", "q_loss") if name in values},
                            refresh=False)
            if is_row and self.monitors:
                self.monitors.scalars(self.step, values)
        hear_every = self.options.summary_secs
        if self.monitors and hear_every and (is_last or now - self.heard_at >= hear_every):
            self.monitors.generated(self.step)
            self.heard_at = time.monotonic()
        if is_save:
            self._save()

    def _save(self) -> None:
        """Make a checkpoint, in the process that writes and only when the losses are within bounds."""
        if self.monitors is None:
            return
        self.saved_at = time.monotonic()
        if not self.health.good:
            tqdm.write(f"no checkpoint at step {self.step}: a loss is out of bounds; the last good one is "
                       f"{self.checkpoint}", file=sys.stderr)
            return
        self.health.look_at_weights(self.step)
        self.monitors.sync()
        self.checkpoint = save_checkpoint(self.training, self.run, data_fingerprint=self.source.fingerprint)
        prune_checkpoints(self.run, self.options.keep, self.options.keep_every)

    def _bar(self, last: int | None) -> tqdm:
        return tqdm(total=last, initial=self.step, unit="step", dynamic_ncols=True,
                    mininterval=0.2 if sys.stderr.isatty() else 10.0,
                    disable=not (self.options.progress and self.team.is_chief))
