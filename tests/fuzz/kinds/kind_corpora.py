"""Corpora and recordings: TIMIT's layout, LibriSpeech with TextGrids, TextGrid folders, every container."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from fuzz.damage_bytes import BYTES, PLACES
from fuzz.damage_formats import SPHERE
from fuzz.damage_text import CELLS, ENCODINGS, LINES, NUMBERS
from fuzz.good_audio import CONTAINERS, RATE_HZ, audio_bytes, noise, read_slowly
from fuzz.kinds.kind import Argv, Kind
from fuzz.oracle import Values
from fuzz.plain_tables import plain_table, rewritten, unmarked

__all__ = ["CORPORA"]

Labels = list[tuple[int, int, str]]

N_SAMPLES = 6400
WORDS: Labels = [(800, 3000, "she"), (3000, 5600, "ask")]
PHONES: Labels = [(0, 800, "h#"), (800, 1900, "sh"), (1900, 3000, "iy"), (3000, 4000, "ae"), (4000, 5000, "s"),
                  (5000, 5600, "k"), (5600, 6400, "h#")]
_TEXT = BYTES | LINES | NUMBERS | ENCODINGS | PLACES
_SLICE: Argv = ("wavegan-tf", "slice", "IN/corpus", "OUT", "--silence-s", "0", "--split", "official")
_INFO: Argv = ("wavegan-tf", "corpus", "info", "IN/corpus", "--json")


def _write_timit(folder: Path, recordings: Iterable[tuple[str, str]]) -> None:
    """Write recordings (suffix of the file, container) with labels, half of them for training."""
    for i, (suffix, container) in enumerate(recordings):
        place = folder / "corpus" / ("TRAIN", "TEST")[i % 2] / "DR1" / ("FAAA0", "MBBB0")[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        subtype = next(kind for name, kind in CONTAINERS.values() if name == container)
        (place / f"SX{i + 1}{suffix}").write_bytes(audio_bytes(noise(i, N_SAMPLES), container, subtype))
        for ending, labels in (("PHN", PHONES), ("WRD", WORDS)):
            (place / f"SX{i + 1}.{ending}").write_text("".join(f"{a} {b} {label}\n" for a, b, label in labels))
        (place / f"SX{i + 1}.TXT").write_text(f"0 {N_SAMPLES} She asks.\n")


def _make_timit(folder: Path) -> None:
    _write_timit(folder, [(".WAV", "WAV"), (".WAV", "SPHERE"), (".WAV", "WAV")])


def _make_recordings(folder: Path) -> None:
    # .rf64.wav would be another stem
    _write_timit(folder, [(suffix.removeprefix(".rf64"), container) for suffix, (container, _) in CONTAINERS.items()])


def _textgrid(words: Labels, phones: Labels) -> str:
    end_s = N_SAMPLES / RATE_HZ
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0 ", f"xmax = {end_s} ",
             "tiers? <exists> ", "size = 2 ", "item []: "]
    for number, (name, labels) in enumerate((("words", words), ("phones", phones)), 1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier" ', f'        name = "{name}" ',
                  "        xmin = 0 ", f"        xmax = {end_s} ", f"        intervals: size = {len(labels)} "]
        for k, (a, b, label) in enumerate(labels, 1):
            lines += [f"        intervals [{k}]:", f"            xmin = {a / RATE_HZ} ",
                      f"            xmax = {b / RATE_HZ} ", f'            text = "{label}" ']
    return "\n".join(lines) + "\n"


_GRID_WORDS: Labels = [(0, 800, ""), *WORDS, (5600, 6400, "")]
_GRID_PHONES: Labels = [(a, b, label.replace("h#", "")) for a, b, label in PHONES]


def _make_textgrids(folder: Path) -> None:
    for i, split in enumerate(("train", "test", "train")):
        place = folder / "corpus" / split / f"speaker{i}"
        place.mkdir(parents=True)
        (place / f"take{i}.wav").write_bytes(audio_bytes(noise(i, N_SAMPLES), "WAV", "PCM_16"))
        (place / f"take{i}.TextGrid").write_text(_textgrid(_GRID_WORDS, _GRID_PHONES))


def _make_librispeech(folder: Path) -> None:
    for i, split in enumerate(("train-clean-100", "test-clean", "train-clean-100")):
        place, aligned = (folder / part / split / f"{19 + i}" / "198" for part in ("corpus", "aligned"))
        place.mkdir(parents=True)
        aligned.mkdir(parents=True)
        name = f"{19 + i}-198-0001"
        (place / f"{name}.flac").write_bytes(audio_bytes(noise(i, N_SAMPLES), "FLAC", "PCM_16"))
        (place / f"{19 + i}-198.trans.txt").write_text(f"{name} SHE ASK\n")
        (aligned / f"{name}.TextGrid").write_text(_textgrid(_GRID_WORDS, _GRID_PHONES))
    (folder / "corpus" / "SPEAKERS.TXT").write_text(
        "; ID |SEX| SUBSET |MINUTES| NAME\n" + "".join(f"{19 + i} | F | test-clean | 25.0 | N\n" for i in range(3)))


def _values(out: Path, printed: str) -> Values:
    """Read slices: words, phones and samples of every utterance."""
    found: dict[str, dict[str, object]] = {}
    with (out / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            audio = read_slowly(out / unmarked(row["file"]))
            assert audio is not None, row
            phones = [re.fullmatch(r"(.*):(\d+)-(\d+)", part) for part in unmarked(row["phones"]).split()]
            found.setdefault(unmarked(row["utterance"]), {}).update(_token(
                (int(row["start_sample"]), int(row["end_sample"]), unmarked(row["label"])),
                [(int(p[2]), int(p[3]), p[1].replace("%20", " ").replace("%25", "%")) for p in phones if p], *audio))
    return found


def _token(word: tuple[int, int, str], phones: Labels, samples: np.ndarray, rate_hz: int) -> dict[str, object]:
    start, end, label = word
    where = f"{start} {end}"
    return {f"word {where} {' '.join(label.split())}": True, f"rate of {where}": rate_hz,
            f"samples of {where}": hashlib.sha256(samples.tobytes()).hexdigest(),
            **{f"phone in {where}: {a} {b} {' '.join(name.split())}": True for a, b, name in phones}}


def _sliced(words: Labels, phones: Labels, samples: np.ndarray, rate_hz: int) -> dict[str, object]:
    """Cut by the rule in the documents: inside the recording, phones with the word that holds their middle."""
    inside = [[(a, min(b, len(samples)), label) for a, b, label in labels if 0 <= a < b and a < len(samples)]
              for labels in (words, phones)]
    found: dict[str, object] = {}
    for start, end, label in inside[0]:
        own = [(max(a, start) - start, min(b, end) - start, name) for a, b, name in inside[1]
               if start <= (a + b) / 2 < end]
        found |= _token((start, end, label.lower()), own, samples[start:end], rate_hz)
    return found


def _decoded(file: Path) -> list[str]:
    raw = file.read_bytes()
    choices = ["utf-16"] if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "latin-1"]
    texts = []
    for coding in choices:
        try:
            texts.append(raw.decode(coding))
        except UnicodeDecodeError:
            continue
    return texts[:1]


def _timit_labels(file: Path) -> Labels:
    if not file.is_file():
        return []
    text = (_decoded(file) or [""])[0]
    found = (re.fullmatch(r"\s*([0-9]{1,18})\s+([0-9]{1,18})\s+(\S.*?)\s*", line)
             for line in re.split(r"\r\n|\r|\n", text))
    return [(int(m[1]), int(m[2]), m[3]) for m in found if m]


def _timit_readings(folder: Path, file: Path) -> list[Values]:
    """Read one damaged recording or label file, the others of its name as they are."""
    stem = file.parent / file.name.split(".")[0]
    audio = next(path for path in sorted(file.parent.glob(f"{stem.name}.*"))
                 if path.suffix not in (".PHN", ".WRD", ".TXT"))
    samples = read_slowly(audio) if audio.is_file() else None
    if samples is None:
        return []
    owner = f"{stem.parent.name}_{stem.name}".lower()
    labels = [_timit_labels(stem.with_suffix(ending)) for ending in (".WRD", ".PHN")]
    return [{owner: _sliced(*labels, *samples)}, {owner: _sliced(labels[0], [], *samples)}]


_INTERVAL = re.compile(r'xmin\s*=\s*(\S+)\s+xmax\s*=\s*(\S+)\s+text\s*=\s*"((?:[^"]|"")*)"')


def _grid_readings(folder: Path, file: Path) -> list[Values]:
    """Read the intervals of a long TextGrid with one regular expression."""
    if file.suffix != ".TextGrid" or not file.is_file():
        return []
    text = (_decoded(file) or [""])[0]
    tiers = re.split(r'name\s*=\s*"(\w+)"', text)
    labels: dict[str, Labels] = {"words": [], "phones": []}
    for name, body in zip(tiers[1::2], tiers[2::2], strict=True):
        for a, b, label in _INTERVAL.findall(body):
            try:
                start, end = (math.floor(float(t) * RATE_HZ + 0.5) for t in (a, b))
            except (ValueError, OverflowError):
                continue
            if label.strip() or name == "phones":
                labels.setdefault(name, []).append((start, end, label.replace('""', '"').strip() or "sil"))
    number = int(re.sub(r"\D", "", file.stem.split("-")[0]) or 0) % 19
    samples = noise(number, N_SAMPLES)[:, None]
    relative = file.relative_to(folder).parts[1:]
    owners = {"/".join(relative).removesuffix(".TextGrid"), file.stem}
    return [{owner: _sliced(labels["words"], labels["phones"], samples, RATE_HZ) for owner in owners}]


def _touched(file: str, owner: str) -> bool:
    return owner.lower().endswith(Path(file).name.split(".")[0].lower())


def _make_mapped(folder: Path) -> None:
    _make_timit(folder)
    labels = dict.fromkeys(label for _, _, label in PHONES)
    (folder / "map.csv").write_text("label,phone\n" + "".join(f"{label},{label.upper()}x\n" for label in labels))


_MAPPED: Argv = (*_SLICE, "--phone-map", "IN/map.csv")

_COMPRESSED = BYTES | PLACES

CORPORA = (
    Kind("TIMIT corpus", 190, _make_timit,
         {"**/*.WRD": _TEXT, "**/*.PHN": _TEXT, "**/SX1.TXT": ENCODINGS | PLACES, "**/*.WAV": PLACES | BYTES},
         (_SLICE, _INFO), _values, _timit_readings, _touched),
    Kind("TextGrid corpus", 150, _make_textgrids, {"**/*.TextGrid": _TEXT, "**/take1.wav": PLACES},
         (_SLICE, _INFO), _values, _grid_readings, _touched),
    Kind("LibriSpeech corpus", 100, _make_librispeech,
         {"**/*.TextGrid": BYTES | LINES, "**/*.flac": _COMPRESSED, "**/*.trans.txt": _TEXT,
          "corpus/SPEAKERS.TXT": _TEXT},
         ((*_SLICE, "--textgrids", "IN/aligned"), (*_INFO, "--textgrids", "IN/aligned")), _values, _grid_readings,
         _touched),
    Kind("map of phones", 40, _make_mapped, {"map.csv": _TEXT | CELLS}, (_MAPPED,), _values,
         rewritten(_MAPPED, _values, plain_table)),
    Kind("recordings", 300, _make_recordings,
         {f"**/*{suffix.removeprefix('.rf64')}": BYTES | PLACES for suffix in CONTAINERS} | {
             "**/*.sph": BYTES | SPHERE},
         (_SLICE,), _values, _timit_readings, _touched, unknowable=("*.mp3:*",)),
)
