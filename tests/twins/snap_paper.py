"""Saliency-adjusted profiles as the paper describes them, line by line: one frame at a time, everything kept.

Slow on purpose: a tape for each layer, loops over cells, float64 sums of stored maps. For tests only.

Source: Krug et al. 2021, section 3.3.
"""

from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf


@dataclass
class Stored:
    """Everything about one frame: maps [T, channels] by layer, input first, and the step to align at."""

    predicted: int
    activation: dict[str, np.ndarray] = field(default_factory=dict)
    saliency: dict[str, np.ndarray] = field(default_factory=dict)
    scores: dict[str, np.ndarray] = field(default_factory=dict)
    tau: dict[str, int] = field(default_factory=dict)
    navai_tau: int = 0


def store_frame(parts, frame, *, unit=None) -> Stored:
    """Steps 2 to 5 for one frame, as the paper has them.

    `parts` are (name, function) from the input to the logits, in order; the last is the output layer. A tape for each
    layer: its activation is held fixed and the rest of the network runs from there.
    """
    x = tf.constant(frame[None], tf.float32)
    maps = {"input": x}
    for name, part in parts:
        x = part(x)
        maps[name] = x
    logits = x.numpy()[0]
    centre = len(logits) // 2
    k = int(np.argmax(logits[centre])) if unit is None else unit
    stored = Stored(k)
    names = list(maps)
    for position, name in enumerate(names):
        with tf.GradientTape() as tape:
            here = tf.identity(maps[name])
            tape.watch(here)
            y = here
            for _, part in parts[position:]:
                y = part(y)
            target = y[0, centre, k]
        stored.activation[name] = maps[name].numpy()[0].astype(np.float64)
        stored.saliency[name] = tape.gradient(target, here).numpy()[0].astype(np.float64)
        sign = "minimum" if name in ("input", names[-1]) else "raw"
        scores = frame_scores(stored.activation[name], stored.saliency[name], sign=sign)
        stored.scores[name] = scores
        stored.tau[name] = first_largest(scores)
    largest = np.abs(stored.saliency["input"]).max(axis=1)
    stored.navai_tau = first_largest(largest)
    return stored


def frame_scores(activation, saliency, pooling="same", pooling_sign="signed", score="product",
                 sign="raw") -> np.ndarray:
    """What is compared between steps: one number a step."""
    if score == "grad_mean":
        return np.abs(saliency).mean(axis=1)
    pooled = np.abs(pool_cells(np.abs(saliency) if pooling_sign == "absolute" else saliency, pooling))
    if sign == "minimum":
        activation = activation - activation.min()
    elif sign == "absolute":
        activation = np.abs(activation)
    cells = pooled * activation
    return cells.max(axis=1) if score == "product" else cells.sum(axis=1)


def pool_cells(values, pooling) -> np.ndarray:
    """Average pooling cell by cell, over the neighbours that exist."""
    if pooling == "none":
        return values
    steps = {"same": (0, 1), "time": (0, 1), "centred": (-1, 0, 1)}[pooling]
    channels = {"same": (0, 1), "time": (0,), "centred": (-1, 0, 1)}[pooling]
    n_steps, n_channels = values.shape
    pooled = np.zeros_like(values)
    for t in range(n_steps):
        for f in range(n_channels):
            there = [values[t + i, f + j] for i in steps for j in channels
                     if 0 <= t + i < n_steps and 0 <= f + j < n_channels]
            pooled[t, f] = sum(there) / len(there)
    return pooled


def first_largest(scores) -> int:
    if not np.any(scores):
        return len(scores) // 2
    return int(np.argmax(scores))


def moved(values, shift) -> np.ndarray:
    """Step 6: crop one side, fill the other with zeros."""
    result = np.zeros_like(values)
    for t in range(len(values)):
        if 0 <= t + shift < len(values):
            result[t + shift] = values[t]
    return result


def paper_profiles(frames: list[Stored], groups, n_groups, taus=None) -> dict[str, dict[str, np.ndarray]]:
    """Steps 6 to 9, NAP and NAvAI: by kind and layer, float64 [groups, T, channels].

    `groups` has n_groups for a frame that belongs to none. `taus`: by layer, steps to align at in the place of the
    frames' own.
    """
    groups = np.asarray(groups)
    kinds: dict[str, dict[str, np.ndarray]] = {"snap": {}, "normalised": {}, "mask": {}, "nap": {}, "navai": {}}
    for name in frames[0].activation:
        n_steps = len(frames[0].activation[name])
        steps = [frame.tau[name] for frame in frames] if taus is None else taus[name]
        shifts = [n_steps // 2 - tau for tau in steps]
        aligned = np.stack([moved(f.activation[name], d) for f, d in zip(frames, shifts, strict=True)])
        saliency = np.stack([moved(f.saliency[name], d) for f, d in zip(frames, shifts, strict=True)])
        plain = np.stack([f.activation[name] for f in frames])
        found = {kind: [] for kind in ("snap", "normalised", "mask", "nap", "navai")}
        for group in range(n_groups):
            members = groups == group
            normalised = aligned[members].mean(axis=0) - aligned.mean(axis=0)
            mask = np.abs(saliency[members]).mean(axis=0)
            mask = mask / mask.max() if mask.max() > 0 else mask
            found["normalised"].append(normalised)
            found["mask"].append(mask)
            found["snap"].append(mask * normalised)
            nap = plain[members].mean(axis=0) - plain.mean(axis=0)
            found["nap"].append(-np.sort(-nap, axis=0))
        for kind in ("snap", "normalised", "mask", "nap"):
            kinds[kind][name] = np.stack(found[kind])
    n_steps = len(frames[0].activation["input"])
    navai = np.stack([moved(f.activation["input"], n_steps // 2 - f.navai_tau) for f in frames])
    kinds["navai"]["input"] = np.stack([navai[groups == g].mean(axis=0) - navai.mean(axis=0) for g in range(n_groups)])
    return kinds
