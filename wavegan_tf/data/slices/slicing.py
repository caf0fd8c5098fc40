"""Cut slices out of a corpus: one WAV file per token with silence around it, a manifest, train and test folders."""

from __future__ import annotations

import dataclasses
import platform
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from wavegan_tf import __version__
from wavegan_tf.atomic import atomic_folder
from wavegan_tf.data.audio.wav_writing import write_wav_file
from wavegan_tf.data.corpora.splits import assign_split
from wavegan_tf.data.corpora.tokens import StopCriteria, phone_tokens, stop_tokens, word_tokens
from wavegan_tf.data.corpus import Corpus, Problem
from wavegan_tf.data.slices.cutting import crop, cut, decode, stored
from wavegan_tf.data.slices.loudness import Loudness, gain_to_fit
from wavegan_tf.data.slices.manifest import MANIFEST_NAME, write_manifest
from wavegan_tf.data.slices.slice_settings import SliceSettings
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.files.outputs import real_path
from wavegan_tf.formats.json_files import json_text
from wavegan_tf.label_names import FolderNames, distinct_names

__all__ = ["Slices", "slice_phones", "slice_stops", "slice_words", "write_slices"]


@dataclass(frozen=True)
class Slices:
    """A folder of slices that was written: its manifest as a table, settings, and what was left out.

    `n_longer` counts tokens longer than `max_samples`; `problems` are those of cutting, `reading_problems` counts by
    kind those that the reader of the corpus had met before; `loudness` counts what did not fit into the files' samples.
    """

    folder: Path
    table: pd.DataFrame
    n_longer: int
    settings: SliceSettings
    problems: tuple[Problem, ...]
    reading_problems: dict[str, int]
    loudness: Loudness

    def __str__(self) -> str:
        counts = pd.crosstab(self.table["label"], self.table["split"])
        hours = (self.table["n_samples"] / self.table["rate_hz"]).sum() / 3600
        rates = ", ".join(f"{rate} Hz" for rate in sorted(self.table["rate_hz"].unique()))
        counts = counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]
        lines = [counts.head(20).to_string()]
        if len(counts) > 20:
            lines.append(f"... and {len(counts) - 20} more labels")
        lines.append(f"{len(self.table)} slices, {len(counts)} labels, {self.table['speaker'].nunique()} speakers, "
                     f"{hours:.3g} h at {rates}; longest {self.table['n_samples'].max()} samples")
        if self.n_longer:
            done = {"refuse": "left out", "crop": "cut at the end", "keep": "kept"}[self.settings.longer]
            lines.append(f"longer than {self.settings.max_samples} samples: {self.n_longer}, {done}")
        lines += self.loudness.lines(self.settings.subtype)
        lines += [f"{problem.where}: {problem.what}" for problem in self.problems[:5]]
        if len(self.problems) > 5:
            lines.append(f"... and {len(self.problems) - 5} more problems, see slices.json")
        if self.reading_problems:
            kinds = ", ".join(f"{kind} {n}" for kind, n in self.reading_problems.items())
            lines.append(f"met while reading the corpus: {kinds}; see them with: wavegan-tf corpus info")
        return "\n".join(lines)


def slice_words(corpus: Corpus, out: str | Path, words: Sequence[str] = (),
                settings: SliceSettings | None = None) -> Slices:
    """Write one slice (WAV file) for each token of some words, or of all words.

    Args:
        corpus: from `open_corpus`.
        out: a new or empty folder outside the corpus.
        words: compared without regard to upper and lower case; all words when empty.
        settings: silence, split, rate, length; those of `SliceSettings` when not given.

    Returns:
        As `write_slices`.

    Raises:
        ConfigError, DataError, ExportError, OSError: as `word_tokens` and `write_slices`.
    Example:
        >>> from wavegan_tf.data import SliceSettings, open_corpus, slice_words
        >>> slices = slice_words(open_corpus("corpus"), "words", ["ask", "wash"], SliceSettings(split="speaker"))
        >>> slices.table.groupby(["split", "label"]).size().to_dict()
        {('test', 'ask'): 1, ('test', 'wash'): 1, ('train', 'ask'): 3, ('train', 'wash'): 3}
    """
    return write_slices(corpus, word_tokens(corpus, words), out, settings, {"kind": "words", "words": list(words)})


def slice_phones(corpus: Corpus, out: str | Path, phones: Sequence[str], words: Sequence[str] = (),
                 settings: SliceSettings | None = None) -> Slices:
    """Write one slice (WAV file) for each token of some phones, anywhere or inside some words.

    Args:
        corpus: from `open_corpus`.
        out: a new or empty folder outside the corpus.
        phones: labels as the corpus has them.
        words: only phones inside these words; anywhere when empty.
        settings: silence, split, rate, length; those of `SliceSettings` when not given.

    Returns:
        As `write_slices`.

    Raises:
        ConfigError, DataError, ExportError, OSError: as `phone_tokens` and `write_slices`.
    Example:
        >>> from wavegan_tf.data import open_corpus, read_audio, slice_phones
        >>> slices = slice_phones(open_corpus("corpus"), "frication", ["s", "sh"], words=["ask", "wash"])
        >>> slices.table["label"].value_counts().sort_index().to_dict()
        {'s': 4, 'sh': 4}
        >>> len(read_audio(f"frication/{slices.table['file'][0]}")) == int(slices.table["n_samples"][0])
        True
    """
    return write_slices(corpus, phone_tokens(corpus, phones, words), out, settings,
                        {"kind": "phones", "phones": list(phones), "words": list(words)})


def slice_stops(corpus: Corpus, out: str | Path, criteria: StopCriteria | None = None,
                settings: SliceSettings | None = None) -> Slices:
    """Write one slice (WAV file) for each word-initial stop + vowel (#TV) and s + stop + vowel (#sTV).

    Args:
        corpus: from `open_corpus`.
        out: a new or empty folder outside the corpus.
        criteria: which phones count; those of `StopCriteria` when not given.
        settings: silence, split, rate, length; those of `SliceSettings` when not given.

    Returns:
        As `write_slices`.

    Raises:
        ConfigError, DataError, ExportError, OSError: as `stop_tokens` and `write_slices`.
    Example:
        >>> from wavegan_tf.data import open_corpus, slice_stops
        >>> slices = slice_stops(open_corpus("corpus"), "stops")
        >>> slices.table["label"].value_counts().to_dict()
        {'TV': 16, 'sTV': 2}
    """
    criteria = criteria or StopCriteria()
    return write_slices(corpus, stop_tokens(corpus, criteria), out, settings,
                        {"kind": "stops", **dataclasses.asdict(criteria)})


def write_slices(corpus: Corpus, tokens: pd.DataFrame, out: str | Path, settings: SliceSettings | None = None,
                 selection: dict[str, Any] | None = None) -> Slices:
    """Cut a table of tokens out of their recordings, one slice (WAV file) each.

    Writes `OUT/<split>/<label>/<utterance>_<start>-<end>.wav` (channels as recorded), `OUT/manifest.csv` and
    `OUT/slices.json` (settings, versions, counts, problems); all of it or nothing.

    Args:
        corpus: where the recordings are.
        tokens: a row per token, from `word_tokens`, `phone_tokens` or `stop_tokens`; rows may be selected.
        out: a new or empty folder outside the corpus.
        settings: silence, split, rate, length; those of `SliceSettings` when not given.
        selection: how the tokens were chosen, for `slices.json`.

    Returns:
        The manifest as a table, and what was left out.

    Raises:
        ConfigError: a setting that cannot be.
        DataError: no token could be cut, or the split is not possible.
        ExportError: `out` is not empty.
        OSError: a file cannot be written.

    Example:
        >>> from wavegan_tf.data import open_corpus, word_tokens, write_slices
        >>> corpus = open_corpus("corpus")
        >>> tokens = word_tokens(corpus)
        >>> long = tokens[tokens["end_sample"] - tokens["start_sample"] > 6000]  # any choice of rows
        >>> slices = write_slices(corpus, long, "long")
        >>> len(tokens), len(slices.table) == len(long)
        (140, True)
    """
    settings, out = settings or SliceSettings(), Path(out)
    if real_path(out).is_relative_to(real_path(corpus.root)):
        raise ConfigError(f"output folder (={out}) must lie outside the corpus (={corpus.root}); choose another place")
    tokens = assign_split(tokens, settings.split, settings.test_share, settings.seed)
    tokens = tokens.assign(file=_file_names(tokens))
    paths = {u.id: u.audio_path for u in corpus.utterances}
    problems: list[Problem] = []
    rows: list[dict[str, Any]] = []
    n_longer, loudness = 0, Loudness(gain_to_fit(tokens, paths, settings) if settings.level == "fit" else 1.0)
    with atomic_folder(out) as folder:
        for name, group in tqdm(tokens.groupby("utterance", sort=True), desc="slicing", unit="utt", leave=False):
            path = paths[str(name)]
            try:
                recording = decode(path, settings.rate_hz, settings.subtype)
            except (DataError, OSError) as error:
                problems.append(Problem(str(path), str(error), "unreadable recording"))
                continue
            for token in group.to_dict("records"):
                audio, phones = cut(recording, token, settings)
                if settings.max_samples and len(audio) > settings.max_samples:
                    n_longer += 1
                    if settings.longer == "refuse":
                        continue
                    if settings.longer == "crop":
                        audio, phones = crop(audio, phones, settings.max_samples)
                kept = stored(audio, settings.subtype, loudness.gain)
                if not kept.samples.any():
                    problems.append(Problem(f"{path} from {token['start_sample']} to {token['end_sample']}",
                                            f"`{token['label']}` is silent; left out", "silent token"))
                    continue
                _write_wav(folder / token["file"], kept.samples, recording.rate_hz, settings.subtype)
                loudness = loudness.with_slice(kept.n_clipped, recording.is_finer)
                rows.append({**token, "source_rate_hz": token["rate_hz"], "n_samples": len(audio),
                             "rate_hz": recording.rate_hz, "phones": phones})
        if not rows:
            first = f" (first problem: {problems[0].what})" if problems else ""
            raise DataError(f"tokens (={len(tokens)}) must give at least one slice; {n_longer} are longer than "
                            f"`max_samples` (={settings.max_samples}), {len(problems)} cannot be read or are silent"
                            f"{first}; change `max_samples` or `longer`, or repair the recordings")
        table = pd.DataFrame(rows)
        write_manifest(table, folder / MANIFEST_NAME)
        slices = Slices(out, table, n_longer, settings, tuple(problems),
                        dict(Counter(p.kind for p in corpus.problems).most_common()), loudness)
        (folder / "slices.json").write_text(_record(corpus, slices, selection or {}), encoding="utf-8")
    return slices


def _file_names(tokens: pd.DataFrame) -> list[str]:
    """Name the file of every token before anything is cut: no two tokens share one, whatever the labels are.

    Raises:
        DataError: a token is there twice.
    """
    labels = distinct_names(tokens["label"])
    folders: dict[str, FolderNames] = defaultdict(FolderNames)
    owners: dict[str, int] = {}
    for row, token in enumerate(tokens.to_dict("records")):
        folder = f"{token['split']}/{labels[token['label']]}"
        place = f"{token['start_sample']}-{token['end_sample']}"
        file = f"{folder}/{folders[folder].name(*str(token['utterance']).split('/'), place)}.wav"
        if owners.setdefault(file, row) != row:
            raise DataError(f"token (=`{token['label']}` in {token['utterance']} from {token['start_sample']} to "
                            f"{token['end_sample']}) must be there once; two would be written into {file}; take the "
                            "doubled line out of its labels")
    return list(owners)


def _write_wav(path: Path, audio: np.ndarray, rate_hz: int, subtype: str = "PCM_16") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise DataError(f"slice (={path.name}) must be the only one of its name in {path.parent.name}; another token "
                        "is there; its disk takes two names for one, choose another place")
    write_wav_file(path, audio, rate_hz, subtype)


def _record(corpus: Corpus, slices: Slices, selection: dict[str, Any]) -> str:
    table = slices.table
    return json_text({
        "corpus": str(corpus.root), "labels": corpus.told, "selection": selection,
        "settings": dataclasses.asdict(slices.settings),
        "counts": {label: dict(rows["split"].value_counts().sort_index()) for label, rows in table.groupby("label")},
        "n_slices": len(table), "n_longer": slices.n_longer, "loudness": dataclasses.asdict(slices.loudness),
        "problems": [dataclasses.asdict(p) for p in slices.problems], "reading_problems": slices.reading_problems,
        "versions": {"wavegan_tf": __version__, "python": platform.python_version(),
                     **{name: version(name) for name in ("numpy", "scipy", "soundfile", "pandas")}},
    }, default=int)
