"""Batches: the right slices, the same however the stream is entered, wherever the samples are kept."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from audio_folders import voices, write
from twins import loader as twin

from wavegan_tf.config import DataConfig
from wavegan_tf.data.audio.recording_audio import normalize_peak, read_audio
from wavegan_tf.data.batches.pipeline import SliceSource, open_source
from wavegan_tf.errors import ConfigError, DataError

CONFIG = DataConfig(slice_len=256, overlap_ratio=0.5)
LENGTHS = (1000, 300, 700, 255, 2000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "audio"
    for i, n_samples in enumerate(LENGTHS):
        kind = ("FLAC", "PCM_16") if i == 2 else ("WAV", "PCM_16")
        write(folder / f"{i}.wav", voices(n_samples, 16000, seed=i), kind=kind)
    return folder


def source(folder: Path, config: DataConfig = CONFIG, seed: int = 0, **options) -> SliceSource:
    return open_source(folder, config, seed, cache_dir=folder.parent / "cache", progress=False, **options)


def take(dataset: tf.data.Dataset, n: int) -> np.ndarray:
    return np.stack(list(dataset.take(n).as_numpy_iterator()))


def test_an_epoch_is_what_the_slow_twin_cuts(folder: Path) -> None:
    """Every slice of the first epoch occurs in the recording, at one offset for each recording, once."""
    made = source(folder)
    order = made._order
    n_slices = next(n for n in range(1000) if order.epoch_of(n) == 1)
    found = take(made.batches(1), n_slices)[:, 0, 0]
    places = order.places(np.arange(n_slices))
    expected = {}
    for recording in range(len(LENGTHS)):
        starts = places.start[places.recording == recording]
        if len(starts):
            waveform = normalize_peak(read_audio(folder / f"{recording}.wav"))
            frames = twin.slices(waveform, 256, offset=starts.min(), overlap_ratio=0.5)
            expected |= {(recording, starts.min() + 128 * i): frame for i, frame in enumerate(frames)}
    assert len(expected) == n_slices
    for row, recording, start in zip(found, places.recording, places.start, strict=True):
        np.testing.assert_array_equal(row, expected.pop((recording, start)))
    assert not expected


def test_shape_type_and_range(folder: Path) -> None:
    dataset = source(folder).batches(6, group=3)
    assert dataset.element_spec == tf.TensorSpec([3, 6, 256, 1], tf.float32)
    batch = take(dataset, 1)
    assert batch.shape == (1, 3, 6, 256, 1) and np.abs(batch).max() <= 1.0 and batch.std() > 0.01


@pytest.mark.parametrize("cache", ["memory", "disk", "none"])
def test_a_stream_entered_anywhere_goes_on_bit_for_bit(folder: Path, cache: str) -> None:
    """70 batches of 7 are several epochs of about 48 slices."""
    made = source(folder, cache=cache)
    whole = take(made.batches(7), 70)[:, 0]
    assert made.epoch_of(69, 7) > 5
    for first in (1, 6, 33, 69):
        np.testing.assert_array_equal(take(made.batches(7, first_batch=first), 1)[0, 0], whole[first])
    later = source(folder, cache=cache).batches(7, group=5, first_batch=20)
    np.testing.assert_array_equal(take(later, 10).reshape(50, 7, 256, 1), whole[20:])


def test_entering_far_into_the_stream_needs_no_walk_through_it(folder: Path) -> None:
    made = source(folder)
    far = take(made.batches(64, first_batch=100_000), 1)
    assert made.epoch_of(100_000, 64) > 100_000
    np.testing.assert_array_equal(far, take(source(folder).batches(64, first_batch=100_000), 1))


def test_all_caches_give_the_same_bits(folder: Path) -> None:
    config = DataConfig(slice_len=256, sample_rate_hz=32000, pad_end=True)  # with a change of rate and padding
    memory, disk, none = (take(source(folder, config, cache=cache).batches(8, group=2), 20)
                          for cache in ("memory", "disk", "none"))
    np.testing.assert_array_equal(disk, memory)
    np.testing.assert_array_equal(none, memory)


@pytest.mark.parametrize("n_shards", [2, 4])
def test_shards_together_are_the_whole_batch(folder: Path, n_shards: int) -> None:
    made = source(folder)
    whole = take(made.batches(8, group=3, first_batch=5), 4)
    parts = [take(made.batches(8, group=3, first_batch=5, shard=(w, n_shards)), 4) for w in range(n_shards)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=2), whole)


def test_seeds_and_epochs_differ_and_repeat(folder: Path) -> None:
    one, same, other = (take(source(folder, seed=seed).batches(64), 2) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    assert (one[0] != one[1]).any()


def test_first_slice_takes_the_beginning_of_every_file_and_pads_with_zeros(folder: Path) -> None:
    made = source(folder, DataConfig(slice_len=512, first_slice=True))
    assert made.slices_per_epoch == len(LENGTHS)
    rows = take(made.batches(len(LENGTHS)), 1)[0, 0, :, :, 0]
    expected = [np.pad(normalize_peak(read_audio(folder / f"{i}.wav"))[:512, 0], [0, max(0, 512 - n)])
                for i, n in enumerate(LENGTHS)]
    assert sorted(row.tobytes() for row in rows) == sorted(row.astype(np.float32).tobytes() for row in expected)


def test_normalisation_is_of_the_whole_file_and_can_be_switched_off(folder: Path) -> None:
    on = take(source(folder, DataConfig(slice_len=256, first_slice=True)).batches(5), 1)
    off = take(source(folder, DataConfig(slice_len=256, first_slice=True, normalize=False)).batches(5), 1)
    peaks = [np.abs(read_audio(folder / f"{i}.wav")).max() for i in range(5)]
    assert np.abs(on).max() <= 1.0 and np.abs(off).max() < 0.6
    ratios = np.abs(off).max(axis=(0, 1, 3, 4)) / np.abs(on).max(axis=(0, 1, 3, 4))
    assert sorted(ratios) == pytest.approx(sorted(peaks), rel=1e-5)


def test_two_channels(folder: Path) -> None:
    batch = take(source(folder, DataConfig(slice_len=256, channels=2)).batches(4), 1)[0, 0]
    assert batch.shape == (4, 256, 2)
    np.testing.assert_array_equal(batch[..., 0], batch[..., 1])


def test_fingerprint_follows_content_and_settings_not_place_and_time(folder: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(folder, tmp_path / "elsewhere" / "audio", copy_function=shutil.copy)
    first = source(folder).fingerprint
    assert len(first) == 32
    assert source(tmp_path / "elsewhere" / "audio").fingerprint == first
    assert source(folder, cache="disk").fingerprint == source(folder, cache="none").fingerprint == first
    assert source(folder, DataConfig(slice_len=256)).fingerprint != first
    write(folder / "1.wav", voices(300, 16000, seed=77))
    assert source(folder).fingerprint != first


def test_report_says_where_the_samples_are(folder: Path) -> None:
    (folder / "broken.wav").write_bytes(b"")
    report = source(folder, cache="disk").report
    assert (report.n_found, report.n_used) == (6, 5)
    assert "broken.wav: audio file must hold audio; it has 0 bytes" in str(report)
    assert f"in {folder.parent / 'cache'}" in str(report)
    assert source(folder, cache="disk").report == report


@pytest.mark.parametrize(("options", "message"), [
    ({"batch_size": 0}, r"`batch_size` \(=0\) must be a positive multiple"),
    ({"batch_size": 7, "shard": (0, 2)}, r"`batch_size` \(=7\) must be a positive multiple of the 2 workers"),
    ({"batch_size": 8, "shard": (2, 2)}, r"`shard` \(=2 of 2\) must be from 0 to 1"),
    ({"batch_size": 8, "group": 0}, r"`group` \(=0\) must be positive"),
])
def test_batches_that_cannot_be_made(folder: Path, options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        source(folder).batches(**options)


def test_errors_come_before_any_decoding(folder: Path) -> None:
    with pytest.raises(ConfigError, match="`overlap_ratio`"):
        source(folder, DataConfig(overlap_ratio=0.99999))
    with pytest.raises(DataError, match="must be an existing folder"):
        source(folder / "nowhere")
    with pytest.raises(DataError, match=r"files of 255 to 2000 samples at 16000 Hz give none; add --data_first_slice"):
        source(folder, DataConfig())


def test_a_file_that_changes_during_an_uncached_run_stops_it(folder: Path) -> None:
    made = source(folder, cache="none")
    for i in range(5):
        write(folder / f"{i}.wav", voices(4000, 16000))
    with pytest.raises(tf.errors.InvalidArgumentError, match="changed since it was checked"):
        take(made.batches(4), 1)


def test_only_a_split_of_the_manifest(folder: Path) -> None:
    (folder / "manifest.csv").write_text("file,split\n0.wav,train\n4.wav,train\n1.wav,test\n")
    assert source(folder, split="train").report.n_used == 2


def test_elements_are_put_on_a_device_ahead_of_time(folder: Path) -> None:
    made = source(folder)
    placed = made.batches(4, device="/CPU:0")
    np.testing.assert_array_equal(take(placed, 3), take(made.batches(4, device=None), 3))


@pytest.mark.gpu
def test_elements_are_put_on_the_gpu(folder: Path) -> None:
    if not tf.config.list_logical_devices("GPU"):
        pytest.skip("there is no GPU here")
    assert "GPU" in next(iter(source(folder).batches(4))).device


LEAVE = """
import sys
from wavegan_tf.config import DataConfig
from wavegan_tf.data.batches.pipeline import open_source
streams = []
for cache in ("memory", "none"):
    source = open_source(sys.argv[1], DataConfig(slice_len=256, pad_end=True), 0, cache=cache, cache_dir=sys.argv[2],
                         progress=False)
    streams.append(iter(source.batches(64, group=5)))
for batches in streams:
    for _ in range(3):
        next(batches)
"""


def test_a_process_leaves_while_batches_are_being_made(folder: Path) -> None:
    """Threads that still call Python when the interpreter ends would keep the process for ever (CPython 3.13)."""
    command = [sys.executable, "-c", LEAVE, str(folder), str(folder.parent / "cache")]
    left = subprocess.run(command, timeout=120, capture_output=True, text=True, cwd=Path(__file__).parents[4])
    assert left.returncode == 0, left.stderr[-2000:]


@pytest.mark.shared
def test_real_recordings(shared_dir: Path, tmp_path: Path) -> None:
    digits = open_source(shared_dir / "data" / "fsdd" / "recordings", DataConfig(first_slice=True), 0, cache="memory",
                         progress=False)
    assert digits.slices_per_epoch == 300
    batch = take(digits.batches(300), 1)[0, 0]
    assert batch.shape == (300, 16384, 1)
    np.testing.assert_allclose(np.abs(batch).max(axis=(1, 2)), 1.0, atol=0.05)  # the peak may lie behind the slice
    readers = open_source(shared_dir / "data" / "librispeech_layout", DataConfig(), 0, cache="disk", cache_dir=tmp_path,
                          progress=False)
    assert 20 < readers.slices_per_epoch < 40
    assert take(readers.batches(16), 4).std() > 0.01
