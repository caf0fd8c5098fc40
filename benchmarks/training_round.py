"""Time of one training round (5 D + 1 joint G and Q update) against plain strided Keras convolutions.

Both sides run the same round, compiled as a whole, on the same data with the same weights; they differ in how a
strided and a transposed convolution is computed, and (last rows) in precision or in who compiles. Rounds are timed in
turn, so that a machine that slows down slows both; wall time and CPU seconds, the shortest and the median of each.

    python benchmarks/training_round.py [--dim 64] [--batch 8] [--rounds 5] [--bfloat16-rounds 1] [--xla-rounds 0]

Processors without bfloat16 arithmetic convert every number on the way; there a round in bfloat16 is far slower than in
float32, and is timed once only. XLA is far slower than TensorFlow's own kernels on a CPU, and left out unless asked
for.

The last line is one JSON object; `ratio` is plain over project, CPU seconds in float32, `ratio_wall` the same on the
wall (both of the shortest rounds).
"""

import argparse
import dataclasses
import json
import os
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from machine import best_and_median, say_load, timed

from wavegan_tf.config import NetworkConfig, RunConfig, TrainConfig
from wavegan_tf.models import layers
from wavegan_tf.models.family import build_networks
from wavegan_tf.training.updates.round import TrainingRound


def plain_strided(x, kernel, stride):
    """What keras.layers.Conv1D(strides=stride, padding="same") computes."""
    return ops.conv(x, kernel, strides=stride, padding="same")


def plain_transposed(x, kernel, stride):
    """What keras.layers.Conv1DTranspose(strides=stride, padding="same") computes."""
    return ops.conv_transpose(x, kernel, strides=stride, padding="same")


def make_round(config: RunConfig, plain: bool) -> Callable[[], float]:
    """Compile a round and return a function that runs it once."""
    networks = build_networks(config.network, seed=0)
    training = TrainingRound(networks, config)
    shape = (config.train.disc_nupdates, config.train.batch_size, config.network.slice_len, 1)
    real = tf.constant(np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32))
    compiled = tf.function(training.run)
    ours = layers.strided_convolution, layers.transposed_convolution
    if plain:
        layers.strided_convolution, layers.transposed_convolution = plain_strided, plain_transposed
    try:
        compiled(real)  # traces with whichever convolutions are in place
    finally:
        layers.strided_convolution, layers.transposed_convolution = ours

    return lambda: float(compiled(real)["g_loss"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bfloat16-rounds", type=int, default=1, help="rounds in bfloat16; 0 leaves it out")
    parser.add_argument("--xla-rounds", type=int, default=0, help="rounds compiled by XLA (default: none)")
    args = parser.parse_args()
    machine = say_load()
    network = NetworkConfig(dim=args.dim, code="onehot", code_dim=8)
    config = RunConfig(network=network, train=TrainConfig(batch_size=args.batch))
    half = dataclasses.replace(config, train=dataclasses.replace(config.train, precision="bfloat16"))
    contenders = {"plain float32": make_round(config, plain=True), "project float32": make_round(config, plain=False)}
    if args.bfloat16_rounds:
        contenders["plain bfloat16"] = make_round(half, plain=True)
        contenders["project bfloat16"] = make_round(half, plain=False)
    if args.xla_rounds:
        by_xla = dataclasses.replace(config, train=dataclasses.replace(config.train, xla=True))
        contenders["project XLA"] = make_round(by_xla, plain=False)
    asked = {"bfloat16": args.bfloat16_rounds, "XLA": args.xla_rounds}
    rounds = {name: asked.get(name.split()[-1], args.rounds) for name in contenders}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for i in range(max(rounds.values())):
        for name, run in contenders.items():
            if i < rounds[name]:
                times[name].append(timed(run))
    wall, cpu = ({name: best_and_median([pair[clock] for pair in pairs]) for name, pairs in times.items()}
                 for clock in (0, 1))
    first = "plain float32"
    print(f"one round, dim {args.dim}, batch {args.batch}, {args.rounds} rounds in turn "
          f"(bfloat16 {args.bfloat16_rounds}, XLA {args.xla_rounds})")
    print(f"{'':18} {'wall: best':>11} {'median':>9} {'CPU: best':>11} {'median':>9}   times {first}: wall, CPU (best)")
    for name in contenders:
        print(f"{name:18} {wall[name][0]:9.3f} s {wall[name][1]:7.3f} s {cpu[name][0]:9.3f} s {cpu[name][1]:7.3f} s   "
              f"{wall[first][0] / wall[name][0]:6.2f} {cpu[first][0] / cpu[name][0]:6.2f}")

    def ratio(clock: dict[str, tuple[float, float]], over: str, under: str) -> float:
        return round(clock[over][0] / clock[under][0], 3)

    figures = {"benchmark": "training_round", "dim": args.dim, "batch": args.batch, "rounds": args.rounds, **machine,
               "tensorflow": tf.__version__, "keras": keras.__version__,
               "wall_seconds": {name.replace(" ", "_"): round(s[0], 4) for name, s in wall.items()},
               "cpu_seconds": {name.replace(" ", "_"): round(s[0], 4) for name, s in cpu.items()},
               "ratio": ratio(cpu, first, "project float32"), "ratio_wall": ratio(wall, first, "project float32")}
    if args.bfloat16_rounds:
        figures["ratio_bfloat16"] = ratio(cpu, "plain bfloat16", "project bfloat16")
    if args.xla_rounds:
        figures["xla_over_project"] = ratio(cpu, "project XLA", "project float32")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
