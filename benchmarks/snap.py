"""Milliseconds per frame of SNAPs at the full width of W2L: eager and storing everything, by frames, by utterances.

Run:
    python benchmarks/snap.py [--width 1] [--frames 48] [--rounds 3] [--threads 1]

(a) is what a notebook does: one frame after the other, one tape, eager, every activation and gradient kept, shifted
with np.pad. (b) and (c) are `snap_tf.snap.profiling` with mode frame and utterance. All take the same frames, no frame
is left out as blank, and (b) and (c) also make NAPs and NAvAIs. The three take turns; the fastest round of each counts,
so that other work on the machine matters less. Tracing is not counted.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import time
from collections.abc import Callable
from typing import Any

BYTES_PER_KIB = 1 if platform.system() == "Darwin" else 1024  # of ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=float, default=1.0, help="factor on W2L's filters (default: 1)")
    parser.add_argument("--frames", type=int, default=48, help="frames of a round for (b) and (c) (default: 48)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["OMP_NUM_THREADS"] = os.environ["TF_NUM_INTRAOP_THREADS"] = str(args.threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    measure(args)


def measure(args: argparse.Namespace) -> None:
    import numpy as np

    from snap_tf.asr.alphabet import LETTERS
    from snap_tf.asr.wav2letter import build_network
    from snap_tf.snap.frames import SequenceFrames
    from snap_tf.snap.networks import open_network
    from snap_tf.snap.profiling import start_pass
    from snap_tf.snap.settings import ProfileOptions

    network = build_network("W2L", args.width, seed=0)
    opened = open_network(network, rate_hz=125.0, classes=LETTERS.symbols)
    rng = np.random.default_rng(0)
    long = [rng.normal(-8, 4, (206 + 2 * (args.frames - 1), 128)) for _ in range(8)]
    source = SequenceFrames(long, 206, rate_hz=125.0)
    passes = {mode: start_pass(opened, source, ProfileOptions(mode=mode)) for mode in ("frame", "utterance")}
    for mode, run in passes.items():
        run.add(0)  # everything is traced and allocated
        assert run.result((1, 2)).options.mode == mode
    frames = source.block(0).frames(np.arange(4))
    store_everything(network, frames[:1])
    kinds: dict[str, tuple[Callable[[], Any], int]] = {
        "(a) eager, one tape, everything stored": (lambda: store_everything(network, frames), len(frames)),
        "(b) frame": (lambda: passes["frame"].add(1), args.frames),
        "(c) utterance": (lambda: passes["utterance"].add(1), args.frames)}
    best = {name: min(timed(call) / n for _ in range(args.rounds)) for name, (call, n) in kinds.items()}
    print(f"W2L, width {args.width:g}, {args.threads} thread(s), {args.frames} frames a round, best of {args.rounds}")
    first = next(iter(best.values()))
    for name, seconds in best.items():
        print(f"{name:40} {1000 * seconds:8.1f} ms per frame   {first / seconds:5.1f} times (a)")
    peak = [peak_bytes()]
    for number in range(2, 8):
        for run in passes.values():
            run.add(number)
        peak.append(peak_bytes())
    sums = sum(run.n_bytes for run in passes.values())
    print(f"sums of both modes {sums / 2**20:.0f} MiB; peak memory {peak[0] / 2**20:.0f} MiB after {2 * args.frames} "
          f"frames of each, {peak[-1] / 2**20:.0f} MiB after {8 * args.frames}")


def store_everything(network: Any, frames: Any) -> list[Any]:
    """Do what the paper says for one frame after the other, and keep it all."""
    import numpy as np
    import tensorflow as tf

    stored = []
    for frame in frames:
        x = tf.constant(frame[None])
        with tf.GradientTape() as tape:
            tape.watch(x)
            here, watched = x, [x]
            for layer in network.layers[1:]:
                here = layer(here, training=False)
                if hasattr(layer, "kernel"):
                    watched.append(here)
            centre = here[0, here.shape[1] // 2]
            score = centre[int(tf.argmax(centre))]
        gradients = tape.gradient(score, watched)
        for activation, saliency in zip(watched, gradients, strict=True):
            a, s = activation[0].numpy(), saliency[0].numpy()
            pooled = tf.nn.avg_pool2d(s[None, ..., None], 2, 1, "SAME").numpy()[0, ..., 0]
            raised = a - a.min() if activation is watched[0] or activation is watched[-1] else a
            tau = int(np.argmax((np.abs(pooled) * raised).max(axis=1)))
            shift = len(a) // 2 - tau
            stored.append((a, s, moved(a, shift), moved(s, shift)))
    return stored


def moved(values: Any, shift: int) -> Any:
    """Crop one side and fill the other with zeros."""
    import numpy as np

    n = len(values)
    if shift >= 0:
        return np.pad(values[:n - shift], ((shift, 0), (0, 0)))
    return np.pad(values[-shift:], ((0, -shift), (0, 0)))


def timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_KIB


if __name__ == "__main__":
    main()
