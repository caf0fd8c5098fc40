"""Words per second through the Q-network with every layer averaged, against one call of the Keras model per word.

The loop calls the same network as a Keras model with one output per layer, a word at a time, and averages in NumPy; the
project (`snap_tf.probe`) computes in batches and averages inside TensorFlow. Both run in turn on the same words, so
that a machine that slows down slows both, and their averages are compared; words per second are of wall time, ratios
of CPU seconds and of wall time, each of the shortest round.

    python benchmarks/layers.py [--dims 64 8] [--rounds 5] [--words 64]

The last line is one JSON object; `ratio` is the loop's CPU seconds over the project's at the first of `--dims`,
`ratios` has one for each, `ratios_wall` the same on the wall.
"""

import argparse
import json
import os
from collections.abc import Callable
from functools import partial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from machine import best_and_median, say_load, timed

from snap_tf.probe import probe
from wavegan_tf.models.q_network import QNetwork

Averages = dict[str, np.ndarray]


def keras_loop(network: QNetwork) -> Callable[[np.ndarray], Averages]:
    """Average as one would without the project: a word, a call, a mean."""
    model = network.tapped()

    def run(words: np.ndarray) -> Averages:
        found: dict[str, list[np.ndarray]] = {}
        for word in words:
            for name, maps in model(word[None], training=False).items():
                maps = np.asarray(maps)[0]
                found.setdefault(name, []).append(maps.mean(axis=-1) if maps.ndim == 2 else maps)
        return {name: np.stack(values) for name, values in found.items()}

    return run


def measure(dim: int, n_words: int, n_rounds: int) -> dict[str, float]:
    """Give words per second of both, and how far their averages are apart."""
    network = QNetwork(8, dim=dim, seed=0)
    words = np.random.default_rng(0).uniform(-1, 1, (n_words, 16384, 1)).astype(np.float32)
    contenders = {"loop": keras_loop(network), "project": probe(network).collect}
    answers = {name: run(words[:32]) for name, run in contenders.items()}  # compiles, too
    contenders["project"](words)
    apart = max(float(np.abs(answers["loop"][name] - values).max()) for name, values in answers["project"].items())
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for _ in range(n_rounds):
        for name, run in contenders.items():
            times[name].append(timed(partial(run, words)))
    wall, cpu = ({name: best_and_median([pair[clock] for pair in pairs])[0] for name, pairs in times.items()}
                 for clock in (0, 1))
    speeds = {name: n_words / seconds for name, seconds in wall.items()}
    return {**speeds, "ratio": cpu["loop"] / cpu["project"], "ratio_wall": wall["loop"] / wall["project"],
            "apart": apart}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dims", type=int, nargs="+", default=[64, 8])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--words", type=int, default=64, help="at dim 64; smaller networks get more")
    args = parser.parse_args()
    machine = say_load()
    print(f"Q-network, every layer averaged, best of {args.rounds} rounds in turn")
    print(f"{'dim':>4} {'loop words/s':>14} {'project words/s':>16} {'ratio: wall':>12} {'CPU':>7} "
          f"{'largest difference':>19}")
    results = {}
    for dim in args.dims:
        result = results[dim] = measure(dim, args.words * max(1, min(8, 64 // dim)), args.rounds)
        print(f"{dim:4} {result['loop']:14.1f} {result['project']:16.1f} {result['ratio_wall']:12.2f} "
              f"{result['ratio']:7.2f} {result['apart']:19.1e}")
    print(json.dumps({
        "benchmark": "layers", "rounds": args.rounds, "tensorflow": tf.__version__, "keras": keras.__version__,
        **machine, "ratio": round(results[args.dims[0]]["ratio"], 3),
        "ratios": {str(dim): round(result["ratio"], 3) for dim, result in results.items()},
        "ratios_wall": {str(dim): round(result["ratio_wall"], 3) for dim, result in results.items()},
        "words_per_second": {str(dim): {name: round(result[name], 1) for name in ("loop", "project")}
                             for dim, result in results.items()}}))


if __name__ == "__main__":
    main()
