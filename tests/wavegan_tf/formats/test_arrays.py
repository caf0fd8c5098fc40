"""Arrays in files: damage, promises that are not kept, and Python objects are one line each."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wavegan_tf.errors import DataError
from wavegan_tf.formats import arrays
from wavegan_tf.formats.arrays import open_npz, read_npy

VALUES = np.arange(12, dtype=np.float32).reshape(3, 4)


def npy(array: np.ndarray, **how: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **how)
    return stream.getvalue()


def with_shape(shape: str) -> bytes:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header.encode() + VALUES.tobytes()


DAMAGE = {
    "empty": b"", "text": b"hello\n" * 20, "cut header": npy(VALUES)[:40], "cut": npy(VALUES)[:-1],
    "longer": npy(VALUES) + b"x", "objects": npy(np.array([{}, 1], dtype=object), allow_pickle=True),
    "huge": with_shape("(1000000, 1000000, 1000)"), "huger": with_shape(f"({'9' * 60},)"),
    "negative": with_shape("(-1, 4)"), "no numbers": with_shape("('a',)"), "code": with_shape("(__import__('os'),)"),
    "deep": b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535, "version": b"\x93NUMPY\x09\x00" + npy(VALUES)[8:],
    "words": npy(np.array(["1.5"])), "complex": npy(np.array([1j])), "times": npy(np.zeros(2, "M8[s]")),
    "record": npy(np.zeros(2, dtype=[("a", "<f4")])),
}


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_arrays_are_one_line(tmp_path: Path, kind: str, mapped: bool) -> None:
    (tmp_path / "a.npy").write_bytes(DAMAGE[kind])
    with pytest.raises(DataError, match=r"layer \(=.*a.npy\) must ") as caught:
        read_npy(tmp_path / "a.npy", "layer", mapped=mapped)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


@pytest.mark.parametrize("array", [VALUES, np.asfortranarray(VALUES), np.zeros((0, 3)), np.array(1.5),
                                   np.array([True])])
@pytest.mark.parametrize("mapped", [False, True])
def test_whole_arrays_are_read(tmp_path: Path, array: np.ndarray, mapped: bool) -> None:
    np.save(tmp_path / "a.npy", array)
    found = read_npy(tmp_path / "a.npy", mapped=mapped)
    assert np.array_equal(found, array) and found.dtype == array.dtype and found.shape == array.shape


def cut(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def flipped(raw: bytes) -> bytes:
    place = raw.index(b"about.npy") + 300
    return raw[:place] + bytes([raw[place] ^ 255]) + raw[place + 1 :]


def other_method(raw: bytes) -> bytes:
    place, entry = raw.index(b"PK\x01\x02"), 10
    return raw[:8] + b"\x63\x00" + raw[10 : place + entry] + b"\x63\x00" + raw[place + entry + 2 :]


def encrypted(raw: bytes) -> bytes:
    place = raw.index(b"PK\x01\x02") + 8
    return raw[:6] + b"\x01" + raw[7:place] + b"\x01" + raw[place + 1 :]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("damage", [cut, flipped, other_method, encrypted, lambda raw: b"", lambda raw: b"PK" * 99])
def test_damaged_archives_are_one_line(tmp_path: Path, damage: Callable[[bytes], bytes], save: Callable) -> None:
    save(tmp_path / "a.npz", about=np.random.default_rng(1).random(100))
    (tmp_path / "a.npz").write_bytes(damage((tmp_path / "a.npz").read_bytes()))
    with pytest.raises(DataError, match=r"profile file \(=.*a.npz\) must") as caught, \
            open_npz(tmp_path / "a.npz", "profile file") as found:
        found["about"]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [kind for kind in DAMAGE if kind != "words"])
def test_damaged_members_are_one_line_with_the_name_of_the_array(tmp_path: Path, kind: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("sums.npy", DAMAGE[kind])
    with open_npz(tmp_path / "a.npz") as found, \
            pytest.raises(DataError, match=r"array `sums` in file of arrays \(=.*a.npz\)"):
        found["sums"]


def test_arrays_of_archives_are_read_by_name(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", a=VALUES, b=np.array("{}"))
    with open_npz(tmp_path / "a.npz") as found:
        assert "a" in found and "c" not in found
        assert list(found) == ["a", "b"] and len(found) == 2 and found.shape("a") == (3, 4)
        assert np.array_equal(found["a"], VALUES) and str(found["b"]) == "{}"
        with pytest.raises(DataError, match=r"must hold an array `c`; it holds a, b"):
            found["c"]


def test_what_swells_beyond_memory_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(2**21))
    assert (tmp_path / "a.npz").stat().st_size < 2**15
    np.save(tmp_path / "a.npy", np.zeros(2**21))
    monkeypatch.setattr(arrays, "available_memory_bytes", lambda: 2**20)
    with open_npz(tmp_path / "a.npz") as found, pytest.raises(DataError, match="must fit into memory; it takes"):
        found["a"]
    with pytest.raises(DataError, match="must fit into memory"):
        read_npy(tmp_path / "a.npy")
    assert read_npy(tmp_path / "a.npy", mapped=True).shape == (2**21,)
