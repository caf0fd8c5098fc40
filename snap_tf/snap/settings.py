"""Settings of a pass over the data: every choice that decides the numbers in a profile file.

Where the paper leaves something open, there is an option, and its default is the reading that its text supports best.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from wavegan_tf.config import CheckedSettings, option, require
from wavegan_tf.errors import ConfigError

__all__ = ["ALIGNMENTS", "BLANKS", "ENDS", "FOLD_UNITS", "GLOBAL_MEANS", "KINDS", "MASKS", "MASK_SCALES", "MODES",
           "POOLINGS", "POOLING_SIGNS", "SCORES", "SIGNS", "ProfileOptions"]

KINDS = ("snap", "navai", "nap")
"""Profiles that a pass can lead to; `snap` includes the normalised averages and the mask that it is made of."""
MODES = ("frame", "utterance")
SCORES = ("product", "channel_sum", "grad_mean")
BLANKS = ("drop", "nonblank", "keep")
POOLINGS = ("same", "centred", "time", "none")
POOLING_SIGNS = ("signed", "absolute")
SIGNS = ("minimum", "absolute", "corpus_minimum", "raw")
ALIGNMENTS = ("layer", "input", "none")
ENDS = ("inside", "padded")
MASKS = ("mean_abs", "abs_mean")
MASK_SCALES = ("group", "layer")
GLOBAL_MEANS = ("frames", "groups")
FOLD_UNITS = ("utterance", "frame")


@dataclass(frozen=True)
class ProfileOptions(CheckedSettings):
    """Settings of profiles (SNAP, NAP, NAvAI): frames, target, alignment, mask, folds.

    The letters refer to the list of open questions in the documentation of SNAPs; all values are kept in the profile
    file.

    Source: Krug et al. 2021, section 3.
    """

    mode: str = option("frame", "frame: every frame on its own, padding included, as in the paper; utterance: one "
                       "forward pass shared by the frames of an utterance, about three times as fast", choices=MODES)
    kinds: str = option(",".join(KINDS), "which sums to keep, with commas: snap, navai, nap")
    frame_steps: int = option(0, "steps of a frame; 0: 206 for recognisers, else the whole input")
    hop_steps: int = option(2, "input steps from one frame to the next (K)")
    ends: str = option("inside", "frames inside the utterance only, or also over silence at both ends (K)",
                       choices=ENDS)
    target: str = option("argmax", "what the gradient is taken of: argmax (the best class at the target step), "
                         "class:NAME, layer:NAME (the strongest unit of that layer), norm:NAME (the length of its "
                         "vector)")
    target_step: int = option(-1, "step of the output that is the target; -1: the middle, T // 2 (J)")
    blank: str = option("drop", "frames whose best class is CTC's blank: drop; nonblank: take the best other class; "
                        "keep (B)", choices=BLANKS)
    score: str = option("product", "what is largest at the alignment step: product |saliency| x activation; "
                        "channel_sum of it; grad_mean, mean |saliency| over channels (A)", choices=SCORES)
    pooling: str = option("same", "average pooling of the saliency before alignment: same (2 x 2, TensorFlow's SAME); "
                          "centred (3 x 3); time (2 x 1); none (D)", choices=POOLINGS)
    pooling_sign: str = option("signed", "pool signed saliency, or its absolute value (C)", choices=POOLING_SIGNS)
    sign: str = option("minimum", "activations that may be negative (input, output) in the score: minus the frame's "
                       "minimum; absolute; minus the corpus_minimum; raw (E)", choices=SIGNS)
    alignment: str = option("layer", "shifts: each layer its own; that of the input for all; none (H)",
                            choices=ALIGNMENTS)
    mask: str = option("mean_abs", "the mask: mean |saliency|, or |mean saliency| (F)", choices=MASKS)
    mask_scale: str = option("group", "scale of the mask: per group and layer, or one per layer (F)",
                             choices=MASK_SCALES)
    mask_output: bool = option(True, "mask the output layer like all others (I)")
    global_mean: str = option("frames", "what is subtracted: mean over all frames, or mean of the groups' means (G)",
                              choices=GLOBAL_MEANS)
    tolerance_steps: int = option(2, "input steps that count as aligned on either side of the annotation")
    folds: int = option(1, "keep sums for so many parts of the frames, for resampling; each costs its memory")
    fold_by: str = option("utterance", "what goes into one fold as a whole: an utterance (or clip), whose frames "
                          "overlap and are no independent draws; or each frame for itself", choices=FOLD_UNITS)
    seed: int = option(0, "of permuted groupings")

    def __post_init__(self) -> None:
        self.check_fields()
        wrong = [kind for kind in self.kept_kinds if kind not in KINDS]
        if wrong or not self.kept_kinds:
            raise ConfigError(f"`kinds` (={self.kinds}) must name some of {', '.join(KINDS)}, with commas between them")
        require(self.frame_steps >= 0, "frame_steps", self.frame_steps, "0 or more")
        require(self.hop_steps > 0, "hop_steps", self.hop_steps, "positive")
        require(self.target_step >= -1, "target_step", self.target_step, "a step, or -1 for the middle")
        kind, _, name = self.target.partition(":")
        if not (self.target in ("argmax", "callable") or (kind in ("class", "layer", "norm") and name)):
            raise ConfigError(f"`target` (={self.target}) must be argmax, class:NAME, layer:NAME or norm:NAME")
        require(self.tolerance_steps >= 0, "tolerance_steps", self.tolerance_steps, "0 or more")
        require(1 <= self.folds <= 1000, "folds", self.folds, "from 1 to 1000")
        require(0 <= self.seed < 2**31, "seed", self.seed, "from 0 to 2147483647")

    @property
    def kept_kinds(self) -> tuple[str, ...]:
        """The names in `kinds`."""
        return tuple(part.strip() for part in self.kinds.split(",") if part.strip())

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return dataclasses.asdict(self)
