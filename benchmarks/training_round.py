"""Time of one training round (5 D + 1 joint G and Q update) against plain strided Keras convolutions.

Both sides run the same round, compiled as a whole, on the same data with the same weights; they differ in how a
strided and a transposed convolution is computed, and (last row) in precision. Rounds are timed in turn, so that a
machine that slows down slows both.

    python benchmarks/training_round.py [--dim 64] [--batch 8] [--rounds 5] [--bfloat16-rounds 1]

Processors without bfloat16 arithmetic convert every number on the way; there a round in bfloat16 is far slower than in
float32, and is timed once only.

The last line is one JSON object; `ratio` is plain time over project time in float32.
"""

import argparse
import dataclasses
import json
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from wavegan_tf.config import NetworkConfig, RunConfig, TrainConfig
from wavegan_tf.models import layers
from wavegan_tf.models.family import build_networks
from wavegan_tf.training.round import TrainingRound


def plain_strided(x, kernel, stride):
    """What keras.layers.Conv1D(strides=stride, padding="same") computes."""
    return ops.conv(x, kernel, strides=stride, padding="same")


def plain_transposed(x, kernel, stride):
    """What keras.layers.Conv1DTranspose(strides=stride, padding="same") computes."""
    return ops.conv_transpose(x, kernel, strides=stride, padding="same")


def make_round(config: RunConfig, plain: bool) -> Callable[[], float]:
    """Compile a round and return a function that runs it once and gives the seconds it took."""
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

    def run() -> float:
        start = time.perf_counter()
        float(compiled(real)["g_loss"])
        return time.perf_counter() - start

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bfloat16-rounds", type=int, default=1, help="rounds in bfloat16; 0 leaves it out")
    args = parser.parse_args()
    network = NetworkConfig(dim=args.dim, code="onehot", code_dim=8)
    config = RunConfig(network=network, train=TrainConfig(batch_size=args.batch))
    half = dataclasses.replace(config, train=dataclasses.replace(config.train, precision="bfloat16"))
    contenders = {"plain float32": make_round(config, plain=True), "project float32": make_round(config, plain=False)}
    if args.bfloat16_rounds:
        contenders["plain bfloat16"] = make_round(half, plain=True)
        contenders["project bfloat16"] = make_round(half, plain=False)
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for i in range(max(args.rounds, args.bfloat16_rounds)):
        for name, run in contenders.items():
            if i < (args.bfloat16_rounds if "bfloat16" in name else args.rounds):
                times[name].append(run())
    medians = {name: statistics.median(t) for name, t in times.items()}
    print(f"one round, dim {args.dim}, batch {args.batch}, median of {args.rounds} runs in turn")
    for name, seconds in medians.items():
        print(f"{name:18} {seconds:8.3f} s   {medians['plain float32'] / seconds:6.2f} x plain float32")
    figures = {"benchmark": "training_round", "dim": args.dim, "batch": args.batch, "rounds": args.rounds,
               "tensorflow": tf.__version__, "keras": keras.__version__,
               "seconds": {name.replace(" ", "_"): round(s, 4) for name, s in medians.items()},
               "ratio": round(medians["plain float32"] / medians["project float32"], 3)}
    if args.bfloat16_rounds:
        figures["ratio_bfloat16"] = round(medians["plain bfloat16"] / medians["project bfloat16"], 3)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
