"""Tables: long tables of layers, manifests beside slices, tables of labels, files of latent vectors."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from fuzz.damage_bytes import BYTES, PLACES, Edit
from fuzz.damage_formats import ARCHIVES, ARRAYS, members
from fuzz.damage_text import CELLS, ENCODINGS, LINES, NUMBERS
from fuzz.good_audio import CONTAINERS, audio_bytes, noise, read_slowly
from fuzz.good_models import LATENT_DIM, write_tiny_model
from fuzz.kinds.kind import Argv, Kind
from fuzz.oracle import Values
from fuzz.plain_tables import plain_table, rewritten, unmarked

__all__ = ["TABLES", "classified", "make_slices", "sounds"]

_CSV = BYTES | LINES | NUMBERS | CELLS | ENCODINGS | PLACES


def _make_long_table(folder: Path) -> None:
    """Two words, eight tokens, nine steps."""
    rng = np.random.default_rng(5)
    rows = ["value,time_s,label,token,speaker"]
    for token in range(8):
        word, level = ("ask", "wash")[token % 2], rng.normal()
        rows += [f"{np.sin(step / 2) + (token % 2) * step / 9 + level + rng.normal(0, 0.2):.6f},{step / 10},{word},"
                 f"t{token},S{token % 3}" for step in range(9)]
    (folder / "long.csv").write_text("\n".join(rows) + "\n")


def _fitted(out: Path, printed: str) -> Values:
    with (out / "fitted.csv").open(newline="") as file:
        rows = {f"row {row['row']}": float(row["fitted"]) for row in csv.DictReader(file)}
    fit = json.loads((out / "fit.json").read_text())
    return {"fit": {**rows, "coefficients": np.array([term["estimate"] for term in fit["parametric"]], float)}}


_GAMM: Argv = ("snap-tf", "gamm", "IN/long.csv", "--random", "none", "--k", "4", "--out", "OUT")
_FORMULA: Argv = ("snap-tf", "gamm", "IN/long.csv", "--formula",
                  'value ~ label + s(time_s, k=4) + s(speaker, bs="re")', "--out", "OUT")


def make_slices(folder: Path) -> None:
    """Six slices of two words, the manifest that `wavegan-tf slice` writes, and a table of other labels."""
    rows = ["file,label,word,speaker,sex,dialect,split,utterance,sentence,start_sample,end_sample,source_rate_hz,"
            "n_samples,rate_hz,phones"]
    labels = ["file,label"]
    for i in range(6):
        word, phone = (("ask", "s"), ("wash", "sh"))[i % 2]
        name, n_samples = f"{'test' if i < 4 else 'train'}/{word}/u{i}_0-4000.wav", 4800 + 10 * i
        (folder / "slices" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "slices" / name).write_bytes(audio_bytes(noise(i, n_samples), "WAV", "PCM_16"))
        rows.append(f"{name},{word},{word},S{i % 3},F,,{name.split('/')[0]},u{i},,0,4000,16000,{n_samples},16000,"
                    f"ae:400-1600 {phone}:1600-3600 k:3600-4400")
        labels.append(f"{name},{'even' if i % 3 else 'odd'}")
    (folder / "slices" / "manifest.csv").write_text("\n".join(rows) + "\n")
    (folder / "labels.csv").write_text("\n".join(labels) + "\n")


def _make_classified(folder: Path) -> None:
    make_slices(folder)
    write_tiny_model(folder / "model")


def classified(out: Path, printed: str) -> Values:
    """Read the table of `classify`: label, length and logits of every file."""
    found = {}
    with (out / "classified.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[unmarked(row["file"])] = {
                "label": unmarked(row["label"]), "n_samples": row["n_samples"], "cropped": row["cropped"],
                "logits": np.array([float(row[f"logit_{i}"]) for i in range(3)])}
    return found


def sounds(out: Path, printed: str) -> Values:
    """Read what `generate` wrote: vectors and samples."""
    z = np.load(out / "z.npy")
    found: dict[str, dict[str, object]] = {f"vector {i}": {"z": row} for i, row in enumerate(z)}
    for i, file in enumerate(sorted(out.glob("*.wav"))):
        audio = read_slowly(file)
        assert audio is not None
        found[f"vector {i}"]["sound"] = audio[0].astype(float) / 32768  # one step of 16 bits is within the tolerance
    return found


_CLASSIFY: Argv = ("wavegan-tf", "classify", "IN/model", "IN/slices", "OUT/classified.csv", "--permutations", "0")
_BY_TABLE: Argv = (*_CLASSIFY, "--labels", "IN/labels.csv")
_LAYERS: Argv = ("snap-tf", "layers", "IN/model", "IN/slices", "OUT", "--phones", "s,sh", "--min-points", "1",
                 "--layers", "Conv3,logits", "--no-stimuli")


def _layers(out: Path, printed: str) -> Values:
    """Read tokens, intervals and series of a folder of layers."""
    with (out / "tokens.csv").open(encoding="utf-8", newline="") as file:
        tokens = list(csv.DictReader(file))
    arrays = {path.stem: np.load(path) for path in sorted(out.glob("*.npy"))}
    found: dict[str, dict[str, object]] = {}
    for i, token in enumerate(tokens):
        found[unmarked(token["file"])] = {name: unmarked(token[name]) for name in ("label", "word", "speaker")} | {
            name: array[i] for name, array in arrays.items()}
    with (out / "intervals.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = f"{row['label']} {row['start_sample']} {row['end_sample']}"
            found[unmarked(tokens[int(row["row"])]["file"])][name] = True
    return found


_WHOLE = ("start_sample", "end_sample", "source_rate_hz", "n_samples", "rate_hz")


def _make_recordings(folder: Path) -> None:
    write_tiny_model(folder / "model")
    (folder / "slices").mkdir()
    for i, (suffix, (container, subtype)) in enumerate(CONTAINERS.items()):
        (folder / "slices" / f"r{i}{suffix}").write_bytes(audio_bytes(noise(i, 6000), container, subtype))


def _plain_audio(file: Path) -> bytes | None:
    """Write what uncompressed audio says as a WAV file, whatever its suffix; the content decides."""
    found = read_slowly(file)
    return audio_bytes(*found[:1], "WAV", "PCM_16", found[1]) if found else None


def _same_file(file: str, owner: str) -> bool:
    return file == f"slices/{owner}"


def _make_vectors(folder: Path) -> None:
    write_tiny_model(folder / "model")
    z = np.random.default_rng(3).uniform(-1, 1, (3, LATENT_DIM)).astype(np.float32)
    np.save(folder / "z.npy", z)
    np.savez(folder / "z.npz", z=z)
    (folder / "z.csv").write_text("".join(",".join(map(str, row)) + "\n" for row in z))


def _plain_vectors(file: Path) -> bytes | None:
    """Read vectors and write them as a plain file of the same kind; None where they are no finite rows of numbers."""
    try:
        if file.suffix == ".csv":
            rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), strict=True))
            z = np.array([[float(cell) for cell in row] for row in rows if row])
        else:
            loaded = np.load(file, allow_pickle=False)
            z = loaded if file.suffix == ".npy" else loaded["z"]
    except Exception:
        return None
    if z.dtype.kind not in "fiu" or z.ndim not in (1, 2) or z.shape[-1] != LATENT_DIM or not np.isfinite(z).all():
        return None
    z, out = np.atleast_2d(z).astype(np.float32), io.BytesIO()
    if file.suffix == ".csv":
        return "".join(",".join(map(str, row)) + "\n" for row in z).encode()
    np.save(out, z) if file.suffix == ".npy" else np.savez(out, z=z)
    return out.getvalue()


def _vectors(suffix: str, n_cases: int, edits: dict[str, Edit]) -> Kind:
    argv: Argv = ("wavegan-tf", "generate", "IN/model", "OUT", "--z", f"IN/z{suffix}")
    return Kind(f"latent vectors ({suffix})", n_cases, _make_vectors, {f"z{suffix}": edits}, (argv,), sounds,
                rewritten(argv, sounds, _plain_vectors))


def _table_of(numbers: tuple[str, ...]) -> Callable[[Path], bytes | None]:
    return lambda file: plain_table(file, numbers)


TABLES = (
    Kind("GAMM table", 100, _make_long_table, {"long.csv": _CSV}, (_GAMM,), _fitted,
         rewritten(_GAMM, _fitted, _table_of(("value", "time_s"))),
         places=r"`(value|time_s|label|token)`|column \(=|the table must|reference|k \(="),
    Kind("GAMM table, formula", 30, _make_long_table, {"long.csv": _CSV}, (_FORMULA,), _fitted,
         rewritten(_FORMULA, _fitted, _table_of(("value", "time_s"))),
         places=r"`(value|time_s|label|token|speaker)`|column \(=|the table must|reference|k \(=|the model \(="),
    Kind("manifest, classified", 60, _make_classified, {"slices/manifest.csv": _CSV}, (_CLASSIFY,), classified,
         rewritten(_CLASSIFY, classified, _table_of(())), unknowable=("slices/manifest.csv: missing",)),
    Kind("manifest, layers", 60, _make_classified, {"slices/manifest.csv": _CSV}, (_LAYERS,), _layers,
         rewritten(_LAYERS, _layers, _table_of(_WHOLE))),
    Kind("recordings, classified", 60, _make_recordings,
         {f"slices/*{suffix}": BYTES | PLACES for suffix in CONTAINERS}, (_CLASSIFY,), classified,
         rewritten(_CLASSIFY, classified, _plain_audio), _same_file, unknowable=("*.mp3:*",)),
    Kind("table of labels", 50, _make_classified, {"labels.csv": _CSV}, (_BY_TABLE,), classified,
         rewritten(_BY_TABLE, classified, _table_of(()))),
    _vectors(".npy", 16, BYTES | ARRAYS | PLACES), _vectors(".csv", 16, BYTES | NUMBERS | ENCODINGS),
    _vectors(".npz", 16, BYTES | ARCHIVES | members(ARRAYS)),
)
