"""Slices per second of the data pipeline, against what a training round consumes.

A folder of 16-bit WAV files is made, and batches are taken from it in three ways: every slice decoded from its file,
from the cache on disk, and from the cache in memory. A round takes 5 batches; its time is given, or measured here on
the same machine with the project's own round (dim 64, wgan-gp with a ciwGAN code).

    python benchmarks/pipeline.py [--files 600] [--seconds 4] [--batch 8] [--round-seconds 2.1]

Files are in the operating system's page cache, since they have just been written. The last line is one JSON object;
`ratio` is the slowest of the three ways over the round's consumption, both by CPU seconds, `ratio_wall` the same on the
wall; with a time of the round given there is the latter only.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import soundfile
import tensorflow as tf
from machine import say_load, timed

from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig, TrainConfig
from wavegan_tf.data.audio.native_audio import tensorflow_io_audio
from wavegan_tf.data.batches.pipeline import open_source

WAYS = {"none": "decoded from WAV files", "disk": "from the cache on disk", "memory": "from the cache in memory"}


def write_recordings(folder: Path, n_files: int, duration_s: float, rate_hz: int) -> None:
    """Write noise that fades in and out, each file with a length of its own."""
    rng = np.random.default_rng(0)
    for i in range(n_files):
        n_samples = int(rate_hz * duration_s * rng.uniform(0.6, 1.4))
        waveform = rng.uniform(-0.5, 0.5, n_samples) * np.hanning(n_samples)
        soundfile.write(folder / f"{i:05}.wav", waveform, rate_hz, subtype="PCM_16")


def slices_per_second(dataset: tf.data.Dataset, seconds: float) -> tuple[float, float]:
    """Take elements [group, batch, ...] for a while, after one to start with: per second on the wall, and of CPU."""
    elements = iter(dataset)
    n_slices, _ = 0, next(elements)
    start, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        shape = next(elements).shape
        n_slices += shape[0] * shape[1]
    return n_slices / (time.perf_counter() - start), n_slices / (time.process_time() - cpu)


def measured_round_seconds(batch: int, rounds: int = 3) -> tuple[float, float]:
    """Time the project's training round with data at hand: seconds on the wall and of CPU, of the shortest."""
    from wavegan_tf.models.family import build_networks
    from wavegan_tf.training.updates.round import TrainingRound

    config = RunConfig(network=NetworkConfig(code="onehot", code_dim=8), train=TrainConfig(batch_size=batch))
    run = tf.function(TrainingRound(build_networks(config.network, seed=0), config).run)
    shape = (config.train.disc_nupdates, batch, config.network.slice_len, 1)
    real = tf.constant(np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32))
    float(run(real)["g_loss"])  # compiles
    wall, cpu = zip(*(timed(lambda: float(run(real)["g_loss"])) for _ in range(rounds)), strict=True)
    return min(wall), min(cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--file-seconds", type=float, default=2.5, help="mean duration of a file")
    parser.add_argument("--rate", type=int, default=16000, help="sampling rate of the files; slices have 16000 Hz")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each way is measured")
    parser.add_argument("--batch", type=int, help="default 64 on a GPU, else 8 as in benchmarks/training_round.py")
    parser.add_argument("--round-seconds", type=float, help="time of a round of that batch; default: measured here")
    args = parser.parse_args()
    machine = say_load()
    batch = args.batch or (64 if tf.config.list_physical_devices("GPU") else 8)
    config = DataConfig()
    rates: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        recordings, cache = Path(folder, "recordings"), Path(folder, "cache")
        recordings.mkdir()
        write_recordings(recordings, args.files, args.file_seconds, args.rate)
        start = time.perf_counter()
        for way in WAYS:
            source = open_source(recordings, config, 0, cache=way, cache_dir=cache, progress=False)
            if way == "none":
                first_start_s, duration_s = time.perf_counter() - start, source.report.duration_s
            rates[way] = slices_per_second(source.batches(batch, group=5), args.seconds)
    round_s, round_cpu_s = (args.round_seconds, None) if args.round_seconds else measured_round_seconds(batch)
    consumed = 5 * batch / round_s
    of_cpu = {way: round(rate[1] * round_cpu_s / (5 * batch), 2) for way, rate in rates.items()} if round_cpu_s else {}
    native = tensorflow_io_audio()[0] is not None
    print(f"{args.files} WAV files of {args.rate} Hz, {duration_s / 60:.1f} min; WAV decoded by "
          f"{'tensorflow-io' if native else 'soundfile'}; {os.cpu_count()} processors")
    print(f"first start, every file decoded and checked: {first_start_s:.2f} s, "
          f"{args.files / first_start_s:.0f} files/s")
    print(f"a round of {5 * batch} slices: {round_s:.3f} s, {consumed:.1f} slices/s")
    for way, text in WAYS.items():
        print(f"{text:26} {rates[way][0]:10.0f} slices/s {rates[way][0] / consumed:10.1f} x the round on the wall"
              + (f" {of_cpu[way]:10.1f} x in CPU seconds" if of_cpu else ""))
    on_wall = {way: round(rate[0] / consumed, 2) for way, rate in rates.items()}
    print(json.dumps({
        "benchmark": "pipeline", "files": args.files, "rate_hz": args.rate, "batch": batch, **machine,
        "tensorflow": tf.__version__, "tensorflow_io": native, "first_start_seconds": round(first_start_s, 3),
        "round_seconds": round(round_s, 4), "round_cpu_seconds": round_cpu_s and round(round_cpu_s, 4),
        "slices_per_second": {way: round(rate[0], 1) for way, rate in rates.items()},
        "ratios": of_cpu, "ratios_wall": on_wall, "ratio": min(of_cpu.values()) if of_cpu else None,
        "ratio_wall": min(on_wall.values())}))


if __name__ == "__main__":
    main()
