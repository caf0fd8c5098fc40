"""Find the TextGrids of a corpus, beside the recordings or in another folder, and add their words and phones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from wavegan_tf.data.corpus import Problem, Utterance
from wavegan_tf.data.folders import require_folder, walk_files
from wavegan_tf.data.labels.textgrid_tiers import Alignment, TierNames, read_alignment
from wavegan_tf.data.media import audio_stem
from wavegan_tf.errors import DataError

__all__ = ["TextGridSource"]


class TextGridSource:
    """The TextGrids of a corpus; problems found while reading them are added to `problems`."""

    def __init__(self, root: Path, textgrids: str | Path | None = None, word_tier: TierNames = None,
                 phone_tier: TierNames = None) -> None:
        """Look for TextGrids.

        Args:
            root: folder of the recordings.
            textgrids: folder of the TextGrids; `root` when not given.
            word_tier: names of word tiers, see `textgrid_tiers.choose_tiers`.
            phone_tier: names of phone tiers.

        Raises:
            DataError: no such folder.
        """
        self.problems: list[Problem] = []
        self._root = root
        self._folder = require_folder(textgrids) if textgrids is not None else root
        self._tiers = (word_tier, phone_tier)
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        for path in walk_files(self._folder, self.problems):
            if path.suffix.lower() == ".textgrid":
                self._by_stem[path.stem.lower()].append(path)
        self._first_failure: DataError | None = None
        self._any_read = False
        self._used: set[Path] = set()
        self._read: list[tuple[Path, Alignment]] = []

    def find(self, audio: Path) -> Path | None:
        """Return the TextGrid with a recording's stem: the one in the same folder or, in a folder of TextGrids, in the
        folder of the same name, else the only one.

        Raises:
            DataError: several fit.
        """
        candidates = self._by_stem.get(audio_stem(audio), [])
        self._used.update(candidates)
        if len(candidates) > 1:
            parallel = self._folder / audio.parent.relative_to(self._root)
            candidates = [c for c in candidates if c.parent == parallel] or candidates
        if len(candidates) > 1:
            raise DataError(f"TextGrid of the recording (={audio}) must be one file; {len(candidates)} have its name: "
                            f"{', '.join(map(str, candidates[:3]))}; keep them in folders like the recordings'")
        return candidates[0] if candidates else None

    def add_times(self, utterance: Utterance) -> list[Utterance]:
        """Return the utterance with words and phones; one per speaker where the tiers name several.

        What fails becomes a problem, and the utterance stays without times.
        """
        try:
            path = self.find(utterance.audio_path)
            if path is None:
                self.problems.append(Problem(str(utterance.audio_path), "no TextGrid: words and phones without times",
                                             "no TextGrid"))
                return [utterance]
            alignments, problems = read_alignment(path, utterance.n_samples, utterance.rate_hz, *self._tiers)
        except (DataError, OSError) as error:
            if isinstance(error, DataError):
                self._first_failure = self._first_failure or error
            self.problems.append(Problem(str(utterance.audio_path), str(error), "TextGrid not usable"))
            return [utterance]
        self._any_read = True
        self.problems += problems
        self._read += [(path, replace(alignment, words=(), phones=())) for alignment in alignments]
        return [replace(utterance, words=a.words, phones=a.phones, speaker=a.speaker or utterance.speaker,
                        word_tier=a.word_tier, phone_tier=a.phone_tier,
                        id=f"{utterance.id}_{a.speaker}" if a.speaker else utterance.id) for a in alignments]

    def without_recording(self) -> list[Problem]:
        """Report TextGrids without a recording; those of a separate folder, which may hold more, as one problem."""
        what, kind = "no recording of its name", "TextGrid without a recording"
        unused = sorted(path for paths in self._by_stem.values() for path in paths if path not in self._used)
        if len(unused) > 1 and self._folder != self._root:
            return [Problem(str(self._folder), f"{len(unused)} TextGrids have no recording of their name; the first is "
                                               f"{unused[0]}", kind)]
        return [Problem(str(path), what, kind) for path in unused]

    def refuse_if_none_usable(self) -> None:
        """Raise the first failure when there were TextGrids and every one failed.

        Raises:
            DataError: what was wrong with the first TextGrid, its tiers among it.
        """
        if self._first_failure is not None and not self._any_read:
            raise self._first_failure

    def tiers_missing(self) -> tuple[list[Problem], list[str]]:
        """Return a problem for each TextGrid without a tier that others have, and a note where none has phones."""
        problems = []
        for kind, option in (("phone", "--phone-tier"), ("word", "--word-tier")):
            names = sorted({name for _, a in self._read if (name := getattr(a, f"{kind}_tier"))})
            problems += [Problem(str(path), f"no {kind} tier{f' of {a.speaker}' * bool(a.speaker)}; its tiers are "
                                 f"{a.tiers}; if one holds {kind}s: {option} {','.join(names)},NAME", f"no {kind} tier")
                         for path, a in self._read if names and not getattr(a, f"{kind}_tier")]
        if not self._read or any(a.phone_tier for _, a in self._read):
            return problems, []
        return problems, [f"no phone tier was known in {len(self._read)} TextGrids; the tiers of the first are "
                          f"{self._read[0][1].tiers}; if one holds phones: --phone-tier NAME"]
