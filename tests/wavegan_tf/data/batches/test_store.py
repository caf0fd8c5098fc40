"""Decoded samples are the same wherever they are kept, and a cache is whole or built again."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from audio_folders import voices, write

from wavegan_tf.config import DataConfig
from wavegan_tf.data.audio.recording_audio import normalize_peak, read_audio
from wavegan_tf.data.batches import decoding, store
from wavegan_tf.data.batches.audio_files import find_audio_files
from wavegan_tf.errors import ConfigError, ExportError
from wavegan_tf.memory import available_memory_bytes

CONFIG = DataConfig()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of several ways of decoding, one of them silent."""
    folder = tmp_path / "audio"
    write(folder / "a.wav", voices(3000, 16000, seed=1))
    write(folder / "b.wav", voices(1500, 8000, 2, seed=2), 8000)
    write(folder / "c.flac", voices(4000, 44100, seed=3), 44100, ("FLAC", "PCM_16"))
    write(folder / "d.wav", np.zeros([100, 1], np.float32))
    write(folder / "e.wav", voices(2000, 16000, seed=4), kind=("WAV", "FLOAT"))
    return folder


def opened(folder: Path, config: DataConfig = CONFIG, **options) -> store.RecordingStore:
    cache_dir = folder.parent / "cache"
    return store.open_store(find_audio_files(folder), config, progress=False, cache_dir=cache_dir, **options)


def decodings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many files each decoding pass begins with."""
    passes: list[int] = []

    def counted(files, config, *, progress):
        passes.append(len(files))
        return decoding.decode_files(files, config, progress=progress)

    monkeypatch.setattr(store, "decode_files", counted)
    return passes


@pytest.mark.parametrize("normalize", [True, False])
def test_samples_are_those_of_the_plain_reader(folder: Path, normalize: bool) -> None:
    """Bit for bit, but where tensorflow-io changes the rate: within one 16-bit step (achieved 1e-6)."""
    held = opened(folder, DataConfig(normalize=normalize), cache="memory")
    assert [file.name for file in held.files] == ["a.wav", "b.wav", "c.flac", "e.wav"]
    assert held.skipped == (("d.wav", "it is silent: every sample is 0"),)
    for file, waveform, n_samples in zip(held.files, held.waveforms, held.n_samples, strict=True):
        expected = read_audio(file.path, 16000)
        expected = normalize_peak(expected) if normalize else expected
        assert waveform.shape == expected.shape == (n_samples, 1)
        np.testing.assert_allclose(waveform, expected, rtol=0, atol=1e-5 if file.name == "b.wav" else 0)
        if normalize:
            assert np.abs(waveform).max() == pytest.approx(1.0)


def test_memory_and_disk_hold_the_same_bits(folder: Path) -> None:
    memory, disk, index = (opened(folder, cache=cache) for cache in ("memory", "disk", "none"))
    assert index.waveforms is None
    for other in (disk, index):
        assert other.files == memory.files and other.skipped == memory.skipped
        for name in ("n_samples", "content_hashes", "native"):
            np.testing.assert_array_equal(getattr(other, name), getattr(memory, name))
    for one, two in zip(memory.waveforms, disk.waveforms, strict=True):
        np.testing.assert_array_equal(one, two)
    assert memory.place.startswith("in memory") and str(folder.parent / "cache") in disk.place


@pytest.mark.parametrize("cache", ["disk", "none"])
def test_the_second_start_decodes_nothing(folder: Path, cache: str, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = decodings(monkeypatch)
    for _ in range(3):
        opened(folder, cache=cache)
    assert passes == [5]
    opened(folder, DataConfig(pad_end=True, slice_len=32768), cache=cache)  # slicing comes after decoding
    assert passes == [5]


@pytest.mark.parametrize("change", [
    lambda folder: (folder / "a.wav").unlink(),
    lambda folder: write(folder / "f.wav", voices(100, 16000)),
    lambda folder: os.utime(folder / "a.wav", (1, 1)),
    lambda folder: write(folder / "a.wav", voices(3001, 16000)),
])
def test_changed_files_are_decoded_again(folder: Path, change, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = decodings(monkeypatch)
    opened(folder, cache="disk")
    change(folder)
    opened(folder, cache="disk")
    assert len(passes) == 2


def test_other_settings_of_decoding_have_their_own_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = decodings(monkeypatch)
    all_settings = [{}, {"sample_rate_hz": 8000}, {"channels": 2}, {"normalize": False}]
    for settings in all_settings + all_settings:
        opened(folder, DataConfig(**settings), cache="disk")
    assert len(passes) == 4


def damage_samples(cache: Path) -> None:
    samples = np.memmap(next(cache.rglob("samples.f32")), np.float32, "r+")
    samples[len(samples) // 2] += 1e-6
    samples.flush()


def cut_samples(cache: Path) -> None:
    path = next(cache.rglob("samples.f32"))
    path.write_bytes(path.read_bytes()[:-4])


def forget_a_file(cache: Path) -> None:
    path = next(cache.rglob("index.json"))
    index = json.loads(path.read_text())
    path.write_text(json.dumps({**index, "files": index["files"][1:]}))


def break_index(cache: Path) -> None:
    next(cache.rglob("index.json")).write_text("{")


def remove_index(cache: Path) -> None:
    next(cache.rglob("index.json")).unlink()


def remove_samples(cache: Path) -> None:
    next(cache.rglob("samples.f32")).unlink()


def test_a_damaged_cache_is_built_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = decodings(monkeypatch)
    expected = [np.array(waveform) for waveform in opened(folder, cache="disk").waveforms]
    for damage in (damage_samples, cut_samples, forget_a_file, break_index, remove_index, remove_samples):
        passes.clear()
        damage(folder.parent / "cache")
        again = opened(folder, cache="disk")
        assert passes == [5], damage.__name__
        for one, two in zip(expected, again.waveforms, strict=True):
            np.testing.assert_array_equal(one, two)
        del again  # an open map keeps a file from being replaced on some systems


def test_an_interrupted_build_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(files, config, *, progress):
        yield next(decoding.decode_files(files, config, progress=progress))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "decode_files", interrupted)
        with pytest.raises(KeyboardInterrupt):
            opened(folder, cache="disk")
    assert not (folder.parent / "cache").exists()
    assert len(opened(folder, cache="disk").files) == 4


BUILD = """
import os, sys
from pathlib import Path
from wavegan_tf.atomic import atomic_folder
with atomic_folder(sys.argv[1], replace=True) as temporary:
    (temporary / "samples.f32").write_bytes(b"half")
    print("begun", flush=True)
    if sys.stdin.readline():
        {ending}
"""


def test_what_a_killed_build_left_is_removed_by_the_next(folder: Path) -> None:
    opened(folder, cache="disk")
    cache = folder.parent / "cache"
    name = next(cache.iterdir()).name
    damage_samples(cache / name)
    subprocess.run([sys.executable, "-c", BUILD.format(ending="os._exit(9)"), cache / name], input="\n", text=True,
                   check=False)
    assert len(list(cache.iterdir())) == 3
    opened(folder, cache="disk")
    assert [path.name for path in cache.iterdir()] == [name]


def test_what_another_worker_builds_is_waited_for(folder: Path) -> None:
    expected = opened(folder, cache="disk").n_samples
    cache = folder.parent / "cache"
    name = next(cache.iterdir()).name
    (cache / name).rename(cache / "whole")
    copy = (f"import shutil; shutil.copytree({str(cache / 'whole')!r}, temporary, dirs_exist_ok=True); "
            "(temporary / 'by_the_other').touch()")
    other = subprocess.Popen([sys.executable, "-c", BUILD.format(ending=copy), cache / name], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == "begun\n"
    threading.Timer(0.5, lambda: other.communicate("\n")).start()
    assert (opened(folder, cache="disk").n_samples == expected).all()
    assert (cache / name / "by_the_other").exists()


def test_auto_is_memory_until_the_samples_do_not_fit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = decodings(monkeypatch)
    assert opened(folder).place.startswith("in memory")
    spilled = opened(folder, memory_budget_bytes=20000)
    assert spilled.place.startswith("on disk")
    assert len(passes) == 2  # what was in memory went to the disk; nothing was decoded twice
    for one, two in zip(opened(folder, cache="memory").waveforms, spilled.waveforms, strict=True):
        np.testing.assert_array_equal(one, two)
    assert len(passes) == 3
    opened(folder, memory_budget_bytes=20000)
    assert len(passes) == 3


def test_a_file_that_tensorflow_io_refuses_is_read_the_other_way(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(content):
        import tensorflow as tf

        with tf.control_dependencies([tf.debugging.Assert(False, ["refused"])]):
            return tf.zeros([1, 1])

    if not decoding.DecodingGraph(find_audio_files(folder).files, CONFIG).native.any():
        pytest.skip("tensorflow-io does not load here")
    expected = opened(folder, cache="memory")
    assert expected.native.tolist() == [True, True, False, False]
    monkeypatch.setattr(decoding.native_audio, "decode_wav", refuse)
    held = opened(folder, cache="memory")
    assert held.files == expected.files and held.skipped == expected.skipped and not held.native.any()
    np.testing.assert_array_equal(held.content_hashes, expected.content_hashes)
    for one, two in zip(held.waveforms, expected.waveforms, strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-5)


def test_an_unknown_cache_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"`cache` \(=cloud\) must be one of auto, memory, disk, none"):
        opened(folder, cache="cloud")


def test_a_cache_folder_that_cannot_be_written_is_an_error(folder: Path) -> None:
    (folder.parent / "cache").write_text("a file where the folder should be")
    with pytest.raises(ExportError, match=r"must be where one can be made; .*cache is no folder"):
        opened(folder, cache="disk")


def test_available_memory_is_plausible() -> None:
    assert 2**26 < available_memory_bytes() < 2**50
