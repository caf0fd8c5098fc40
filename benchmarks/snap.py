"""Milliseconds per frame of SNAPs at the full width of W2L: eager and storing everything, by frames, by utterances.

Run:
    python benchmarks/snap.py [--width 1] [--frames 48] [--rounds 3] [--threads 1]

(a) is what a notebook does: one frame after the other, one tape, eager, every activation and gradient kept, shifted
with np.pad. (b) and (c) are `snap_tf.snap.profiles.profiling` with mode frame and utterance. All take the same frames,
no frame is left out as blank, and (b) and (c) also make NAPs and NAvAIs. The three take turns; the fastest round of
each counts, and the median beside it, on the wall and in CPU seconds, so that other work on the machine matters less.
Tracing is not counted. The last line is one JSON object; `ratio` is (a) over (c) in CPU seconds, `ratios` has both
modes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
from collections.abc import Callable
from typing import Any

from machine import best_and_median, say_load, timed

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
    measure(args, say_load())


def measure(args: argparse.Namespace, machine: dict[str, Any]) -> None:
    import keras
    import numpy as np
    import tensorflow as tf

    from snap_tf.asr.network.wav2letter import build_network
    from snap_tf.asr.transcripts.alphabet import LETTERS
    from snap_tf.snap.frames.frame_blocks import SequenceFrames
    from snap_tf.snap.network.networks import open_network
    from snap_tf.snap.profiles.profiling import start_pass
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
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    for _ in range(args.rounds):
        for name, (call, n) in kinds.items():
            times[name].append(tuple(1000 * seconds / n for seconds in timed(call)))  # type: ignore[arg-type]
    wall, cpu = ({name: best_and_median([pair[clock] for pair in pairs]) for name, pairs in times.items()}
                 for clock in (0, 1))
    print(f"W2L, width {args.width:g}, {args.threads} thread(s), {args.frames} frames a round, {args.rounds} rounds in "
          "turn; milliseconds per frame")
    first = next(iter(kinds))
    print(f"{'':40} {'wall: best':>11} {'median':>8} {'CPU: best':>11} {'median':>8}   times (a): wall, CPU (best)")
    for name in kinds:
        print(f"{name:40} {wall[name][0]:11.1f} {wall[name][1]:8.1f} {cpu[name][0]:11.1f} {cpu[name][1]:8.1f}   "
              f"{wall[first][0] / wall[name][0]:6.1f} {cpu[first][0] / cpu[name][0]:6.1f}")
    peak = [peak_bytes()]
    for number in range(2, 8):
        for run in passes.values():
            run.add(number)
        peak.append(peak_bytes())
    sums = sum(run.n_bytes for run in passes.values())
    print(f"sums of both modes {sums / 2**20:.0f} MiB; peak memory {peak[0] / 2**20:.0f} MiB after {2 * args.frames} "
          f"frames of each, {peak[-1] / 2**20:.0f} MiB after {8 * args.frames}")
    short = dict(zip(kinds, ("eager", "frame", "utterance"), strict=True))
    ratios = {short[name]: round(cpu[first][0] / cpu[name][0], 2) for name in kinds if name != first}
    print(json.dumps({
        "benchmark": "snap", "width": args.width, "threads": args.threads, "frames": args.frames,
        "rounds": args.rounds, **machine, "tensorflow": tf.__version__, "keras": keras.__version__,
        "wall_ms_per_frame": {short[name]: round(ms[0], 2) for name, ms in wall.items()},
        "cpu_ms_per_frame": {short[name]: round(ms[0], 2) for name, ms in cpu.items()},
        "ratios": ratios, "ratios_wall": {short[name]: round(wall[first][0] / wall[name][0], 2) for name in kinds
                                          if name != first},
        "ratio": ratios["utterance"], "peak_mib": [round(peak[0] / 2**20), round(peak[-1] / 2**20)]}))


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


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_KIB


if __name__ == "__main__":
    main()
