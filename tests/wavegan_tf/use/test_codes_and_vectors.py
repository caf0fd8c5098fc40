"""Codes as users write them, and the latent vectors that come of a request."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.use.codes import all_codes, parse_code
from wavegan_tf.use.generation import Request, choose_vectors
from wavegan_tf.use.vector_files import read_vectors
from wavegan_tf.use.vectors import Interpolation, Sweep, draw_vectors

ONEHOT = NetworkConfig(dim=1, code="onehot", code_dim=5, latent_dim=12)
BINARY = NetworkConfig(dim=1, code="binary", code_dim=3, latent_dim=12)
NONE = NetworkConfig(dim=1, latent_dim=12)


@pytest.mark.parametrize(("text", "config", "name", "values"), [
    ("3", ONEHOT, "3", [0, 0, 0, 1, 0]),
    ("0", ONEHOT, "0", [1, 0, 0, 0, 0]),
    ("00010", ONEHOT, "3", [0, 0, 0, 1, 0]),
    ("01010", ONEHOT, "01010", [0, 1, 0, 1, 0]),  # two at once: no code of training, but one that is used
    ("0,2.5,0,-1,0", ONEHOT, "0_2.5_0_-1_0", [0, 2.5, 0, -1, 0]),
    ("011", BINARY, "011", [0, 1, 1]),
    ("3", BINARY, "110", [1, 1, 0]),  # bit 0 comes first
    ("6", BINARY, "011", [0, 1, 1]),
    (" 1, 0, 15 ", BINARY, "1_0_15", [1, 0, 15]),
    ("1", NetworkConfig(dim=1, code="binary", code_dim=1), "1", [1]),
    ("-2.5", NetworkConfig(dim=1, code="binary", code_dim=1), "-2.5", [-2.5]),
    ("10", NetworkConfig(dim=1, code="onehot", code_dim=13), "10", [0.0] * 10 + [1, 0, 0]),
    ("10", NetworkConfig(dim=1, code="onehot", code_dim=2), "0", [1, 0]),
])
def test_parse_code(text, config, name, values):
    code = parse_code(text, config)
    assert code.name == name and code.values.dtype == np.float32
    np.testing.assert_array_equal(code.values, np.float32(values))


@pytest.mark.parametrize("text", ["5", "-1", "0101", "010101", "0,1", "0,1,0,0,0,0", "1,a,0,0,0", "nan,0,0,0,0", "word",
                                  "", "2.5", "1e9", ","])
def test_codes_of_the_wrong_length_or_kind(text):
    with pytest.raises(ConfigError) as error:
        parse_code(text, ONEHOT)
    assert str(error.value).startswith(
        f"code (={text.strip()}) must be the number of a class from 0 to 4, 5 zeros and ones such as 01010, or 5 "
        "values such as 0,2.5,0,2.5,0; this model's code has 5 values")


def test_a_model_without_a_code():
    for ask in (lambda: parse_code("1", NONE), lambda: all_codes(NONE),
                lambda: choose_vectors(Request(code_scale=2.0), NONE)):
        with pytest.raises(ConfigError, match="it was trained without a code"):
            ask()


def test_all_codes_in_order():
    assert [code.name for code in all_codes(BINARY)] == ["000", "100", "010", "110", "001", "101", "011", "111"]
    assert [code.name for code in all_codes(ONEHOT)] == ["0", "1", "2", "3", "4"]


def test_drawn_vectors_are_those_of_training():
    drawn = draw_vectors(4000, ONEHOT, 0)
    assert drawn.z.shape == (4000, 12) and drawn.z.dtype == np.float32
    code, noise = drawn.z[:, :5], drawn.z[:, 5:]
    assert np.all(code.sum(axis=1) == 1) and set(np.unique(code)) == {0.0, 1.0}
    assert np.all(np.abs(code.mean(axis=0) - 0.2) < 0.03)
    assert -1 <= noise.min() < -0.99 and 0.99 < noise.max() < 1
    assert list(drawn.table["code"]) == [str(i) for i in code.argmax(axis=1)]
    assert draw_vectors(1, NONE, 0).table["code"].tolist() == [""]


def test_the_seed_decides_and_the_noise_does_not_depend_on_the_code():
    a, b = choose_vectors(Request(n=3, seed=4), BINARY), choose_vectors(Request(n=3, seed=4), BINARY)
    np.testing.assert_array_equal(a.z, b.z)
    assert not np.array_equal(a.z, choose_vectors(Request(n=3, seed=5), BINARY).z)
    coded = choose_vectors(Request(n=3, seed=4, codes=("011",)), BINARY)
    np.testing.assert_array_equal(coded.z[:, 3:], a.z[:, 3:])
    more = choose_vectors(Request(n=5, seed=4), BINARY)
    np.testing.assert_array_equal(more.z[:3, 3:], a.z[:, 3:])


def test_every_base_vector_gets_every_code():
    vectors = choose_vectors(Request(n=2, all_codes=True, code_scale=2.0), BINARY)
    assert vectors.z.shape == (16, 12)
    np.testing.assert_array_equal(vectors.z[6:8, :3], [[2, 2, 0]] * 2)
    np.testing.assert_array_equal(vectors.z[::2, 3:], vectors.z[[0] * 8, 3:])
    assert vectors.table["base"].tolist() == [0, 1] * 8
    assert vectors.table["code"].tolist()[6:8] == ["110", "110"]


def test_sweeps_keep_all_else():
    vectors = choose_vectors(Request(n=2, codes=("1",), sweeps=(Sweep(7, -5, 5, 2.5), Sweep(11, 1, 0, -0.5))), ONEHOT)
    base = choose_vectors(Request(n=2, codes=("1",)), ONEHOT).z
    assert vectors.z.shape == (2 * 5 + 2 * 3, 12)
    np.testing.assert_array_equal(vectors.z[:5, 7], [-5, -2.5, 0, 2.5, 5])
    np.testing.assert_array_equal(vectors.z[10:13, 11], [1, 0.5, 0])
    for rows, dim, row in ((slice(0, 5), 7, 0), (slice(5, 10), 7, 1), (slice(10, 13), 11, 0)):
        others = np.arange(12) != dim
        np.testing.assert_array_equal(vectors.z[rows][:, others], np.repeat(base[row : row + 1, others],
                                                                            rows.stop - rows.start, axis=0))
    assert vectors.table["sweep_dim"].tolist() == [7] * 10 + [11] * 6
    np.testing.assert_array_equal(vectors.table["sweep_value"][:5].astype(float), vectors.z[:5, 7])


def test_a_swept_code_has_no_name():
    vectors = choose_vectors(Request(n=1, codes=("011",), sweeps=(Sweep(0, 0, 4, 2),)), BINARY)
    np.testing.assert_array_equal(vectors.z[:, :3], [[0, 1, 1], [2, 1, 1], [4, 1, 1]])
    assert vectors.table["code"].tolist() == ["", "", ""]


@given(st.integers(-50, 50), st.integers(0, 400), st.sampled_from([0.1, 0.25, 0.5, 0.7, 1.0]), st.sampled_from([1, -1]))
def test_sweeps_include_both_ends(start, n, step, sign):
    values = Sweep(0, start / 10, start / 10 + sign * n * step, sign * step).values()
    assert len(values) == n + 1
    np.testing.assert_allclose(values[[0, -1]], [start / 10, start / 10 + sign * n * step], atol=1e-6)
    np.testing.assert_allclose(np.diff(values), sign * step, atol=1e-6)


@pytest.mark.parametrize(("text", "message"), [
    ("3:0:1", "must read DIM:FROM:TO:STEP"), ("a:0:1:1", "must read DIM:FROM:TO:STEP"),
    ("3:0:1:1:1", "must read DIM:FROM:TO:STEP"), ("3:0:1:0", "a step that is not 0"),
    ("3:0:1:-1", "must lead from FROM to TO"), ("3:0:1e9:1", "in at most 100000 steps"),
    ("3:nan:1:1", "a step that is not 0"),
    ("12:0:1:1", r"sweep \(DIM=12\) must name one of the 12 latent variables, 0 to 11"),
    ("-1:0:1:1", r"sweep \(DIM=-1\) must name"),
])
def test_sweeps_that_cannot_be(text, message):
    with pytest.raises(ConfigError, match=message):
        choose_vectors(Request(n=1, sweeps=(Sweep.parse(text),)), ONEHOT)


def test_interpolation_between_seeds():
    way = choose_vectors(Request(interpolation=Interpolation(3, 8, 5), codes=("2",)), ONEHOT)
    first, last = (choose_vectors(Request(n=1, seed=seed, codes=("2",)), ONEHOT).z[0] for seed in (3, 8))
    assert way.z.shape == (5, 12)
    np.testing.assert_array_equal(way.z[[0, 4]], [first, last])
    np.testing.assert_allclose(way.z[1], 0.75 * first + 0.25 * last, atol=1e-7)
    assert way.table["position"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert way.table["code"].tolist() == ["2"] * 5


def test_interpolation_between_rows_goes_between_codes_too(tmp_path):
    z = choose_vectors(Request(n=2, all_codes=True), BINARY).z
    np.save(tmp_path / "z.npy", z)
    way = choose_vectors(Request(z_file=str(tmp_path / "z.npy"), interpolation=Interpolation(0, 15, 3)), BINARY)
    np.testing.assert_array_equal(way.z[:, :3], [[0, 0, 0], [0.5, 0.5, 0.5], [1, 1, 1]])
    np.testing.assert_array_equal(way.z[[0, 2]], z[[0, 15]])
    assert way.table["code"].tolist() == ["", "", ""]
    with pytest.raises(ConfigError, match=r"interpolation \(row 16\) must be between rows 0 to 15"):
        choose_vectors(Request(z_file=str(tmp_path / "z.npy"), interpolation=Interpolation(0, 16, 3)), BINARY)


@pytest.mark.parametrize(("request_", "message"), [
    (Request(n=0), r"`n` \(=0\) must be at least 1"),
    (Request(seed=-1), r"`seed` \(=-1\) must be 0 or more"),
    (Request(interpolation=Interpolation(1, 2, 1)), r"interpolation \(STEPS=1\) must have 2 to"),
    (Request(n=2, interpolation=Interpolation(1, 2, 3)), "must be left out with an interpolation"),
    (Request(sweeps=(Sweep(0, 0, 1, 1),), interpolation=Interpolation(1, 2, 3)), "must not come together"),
    (Request(codes=("1",), all_codes=True), "use one of the two"),
    (Request(code_scale=float("nan")), r"`code_scale` \(=nan\) must be a finite number"),
])
def test_requests_that_cannot_be(request_, message):
    with pytest.raises(ConfigError, match=message):
        choose_vectors(request_, ONEHOT)


def test_vectors_from_files_are_exact(tmp_path):
    z = np.random.default_rng(0).normal(size=(3, 12)).astype(np.float32)
    np.save(tmp_path / "z.npy", z)
    np.savez(tmp_path / "two.npz", other=np.zeros(3), z=z)
    np.savez(tmp_path / "one.npz", latents=z)
    lines = [",".join(repr(float(x)) for x in row) for row in z]
    (tmp_path / "plain.csv").write_text("\n".join(lines))
    (tmp_path / "named.csv").write_text("\n".join([",".join(f"z{i}" for i in range(12)), *lines]))
    (tmp_path / "counted.csv").write_text("\n".join([",".join(str(i) for i in range(12)), *lines]))
    for path in sorted(tmp_path.iterdir()):
        np.testing.assert_array_equal(read_vectors(path, ONEHOT).z, z, err_msg=path.name)
    np.save(tmp_path / "row.npy", z[0])
    np.testing.assert_array_equal(read_vectors(tmp_path / "row.npy", ONEHOT).z, z[:1])
    two = choose_vectors(Request(z_file=str(tmp_path / "z.npy"), n=2), ONEHOT)
    np.testing.assert_array_equal(two.z, z[:2])
    replaced = choose_vectors(Request(z_file=str(tmp_path / "z.npy"), codes=("4",)), ONEHOT).z
    np.testing.assert_array_equal(replaced[:, 5:], z[:, 5:])
    np.testing.assert_array_equal(replaced[:, :5], [[0, 0, 0, 0, 1]] * 3)
    with pytest.raises(ConfigError, match=r"`n` \(=4\) must be from 1 to the 3 rows"):
        choose_vectors(Request(z_file=str(tmp_path / "z.npy"), n=4), ONEHOT)


def test_vectors_are_named_by_their_codes(tmp_path):
    z = np.zeros((3, 12), np.float32)
    z[0, 2] = 1
    z[1, :2] = 1
    z[2, 4] = 2.5
    np.save(tmp_path / "z.npy", z)
    assert read_vectors(tmp_path / "z.npy", ONEHOT).table["code"].tolist() == ["2", "1_1_0_0_0", "0_0_0_0_2.5"]
    assert read_vectors(tmp_path / "z.npy", BINARY).table["code"].tolist() == ["001", "110", "000"]


def write_bytes(path, content):
    path.write_bytes(content)


@pytest.mark.parametrize(("name", "write", "message"), [
    ("none.npy", None, "must exist"),
    ("short.npy", lambda p: np.save(p, np.zeros((2, 11))), r"shape \[2, 11\]\) must hold rows of 12 numbers"),
    ("deep.npy", lambda p: np.save(p, np.zeros((2, 12, 1))), r"shape \[2, 12, 1\]\) must hold rows"),
    ("empty.npy", lambda p: np.save(p, np.zeros((0, 12))), "must hold rows of 12 numbers"),
    ("nan.npy", lambda p: np.save(p, np.full((1, 12), np.nan)), "must hold finite numbers; 12 are not"),
    ("words.npy", lambda p: np.save(p, np.array(["a"])), "with numbers"),
    ("objects.npy", lambda p: np.save(p, np.array([{}]), allow_pickle=True), "with numbers"),
    ("zero.npy", lambda p: write_bytes(p, b""), "with numbers"),
    ("cut.npz", lambda p: write_bytes(p, b"PK\x03\x04 and no more"), "with numbers"),
    ("many.npz", lambda p: np.savez(p, a=np.zeros(1), b=np.zeros(1)), "must hold an array `z`; it holds a, b"),
    ("words.csv", lambda p: write_bytes(p, b"z0\nword\n"), "with numbers"),
    ("empty.csv", lambda p: write_bytes(p, b""), "with numbers"),
    ("words.npz", lambda p: np.savez(p, z=np.full((1, 12), "0.12345678")), "with numbers; it holds <U10"),
    ("complex.npz", lambda p: np.savez(p, z=np.zeros((1, 12), complex)), "with numbers; .*real numbers or words"),
    ("words.npy", lambda p: np.save(p, np.full((1, 12), "0.1")), "must hold real numbers; it holds <U3"),
    ("z.txt", lambda p: write_bytes(p, b"0"), r"must end in .npy, .npz or .csv"),
])
def test_files_that_hold_no_vectors(tmp_path, name, write, message):
    if write:
        write(tmp_path / name)
    with pytest.raises(DataError, match=message):
        read_vectors(tmp_path / name, ONEHOT)
