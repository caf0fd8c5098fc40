"""Read label files: lines `begin end label` (.PHN, .WRD), one sentence (.TXT), texts by name (.trans.txt)."""

from __future__ import annotations

import re
from pathlib import Path

from wavegan_tf.data.corpus import Problem, Segment
from wavegan_tf.data.labels.label_text import label_lines, label_text

__all__ = ["read_intervals", "read_sentence", "read_texts"]

# samples of a recording have at most 15 digits; longer numbers are damage, and too long ones no numbers to Python
_INTERVAL = re.compile(r"\s*(-?[0-9]{1,15})\s+(-?[0-9]{1,15})\s+(\S.*?)\s*")


def read_intervals(path: str | Path, what: str = "label file") -> tuple[list[Segment], list[Problem]]:
    """Read a label file with lines `begin end label` in samples.

    Returns:
        The intervals in the order of the lines, and a problem for each line that is none.

    Raises:
        DataError: the file cannot be read, or is not text.
    """
    segments, problems = [], []
    for number, line in enumerate(label_lines(path, what), 1):
        if match := _INTERVAL.fullmatch(line):
            segments.append(Segment(int(match[1]), int(match[2]), match[3]))
        elif line.strip():
            problems.append(Problem(f"{path}:{number}", f"must read `begin end label` in samples, not {line[:60]!r}; "
                                    "left out", "line that is no label"))
    return segments, problems


def read_sentence(path: str | Path) -> str:
    """Read the transcript of one utterance: a line `0 N sentence`, as in TIMIT's .TXT, or plain text.

    Raises:
        DataError: the file cannot be read, or is not text.
    """
    return re.sub(r"^[0-9]+ [0-9]+ ", "", " ".join(label_text(path, "text").split()))


def read_texts(path: str | Path) -> list[tuple[str, str]]:
    """Read the transcripts of several utterances: lines `name TEXT` (LibriSpeech's .trans.txt); names in lower case.

    Raises:
        DataError: the file cannot be read, or is not text.
    """
    named = (line.partition(" ") for line in label_lines(path, "texts"))
    return [(name.lower(), text.strip()) for name, _, text in named if name]
