"""Session options: how long to train, how often to save and to log, on which devices."""

from __future__ import annotations

from dataclasses import dataclass

from wavegan_tf.config import CheckedSettings, option, require

__all__ = ["SessionOptions"]


@dataclass(frozen=True)
class SessionOptions(CheckedSettings):
    """Options of one training session, which may differ from session to session; none changes the weights of a step.

    Each field is one command-line flag, as in `RunConfig`.
    """

    max_steps: int = option(0, "stop when the run has so many steps (generator updates) in all; 0: never")
    save_secs: float = option(300.0, "seconds between checkpoints; 0: not by time", flag="train_save_secs")
    save_steps: int = option(0, "steps between checkpoints; 0: not by steps")
    keep: int = option(5, "how many of the newest checkpoints stay")
    keep_every: int = option(0, "checkpoints at multiples of this step stay for ever (and are made); 0: none")
    summary_steps: int = option(10, "steps between two rows of metrics.csv and TensorBoard's curves")
    summary_secs: float = option(120.0, "seconds between sounds and pictures in TensorBoard; 0: none at all",
                                 flag="train_summary_secs")
    strategy: str = option("one", "one device; mirrored: all GPUs of this machine; multiworker: several machines, "
                           "named in TF_CONFIG", choices=("one", "mirrored", "multiworker"))
    split: str = option("", "train on this split of the data folder's manifest.csv; empty: on all of it")
    cache: str = option("auto", "where decoded audio is kept; auto: memory if it fits, else disk",
                        choices=("auto", "memory", "disk", "none"))
    cache_dir: str = option("", "folder of the disk cache; empty: the user's cache folder")
    new_data: bool = option(False, "go on although the training data are no longer those of the run's checkpoints")
    progress: bool = option(True, "show what is being done")

    def __post_init__(self) -> None:
        self.check_fields()
        for name in ("max_steps", "save_secs", "save_steps", "keep_every", "summary_secs"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        for name in ("keep", "summary_steps"):
            require(getattr(self, name) > 0, name, getattr(self, name), "positive")

    def save_is_due(self, step: int, seconds: float) -> bool:
        """Tell whether a checkpoint is due at this step, `seconds` after the last one."""
        by_steps = any(every and step % every == 0 for every in (self.save_steps, self.keep_every))
        return by_steps or (self.save_secs > 0 and seconds >= self.save_secs)
