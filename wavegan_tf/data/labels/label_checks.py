"""Checks of labelled intervals: positive length, inside the recording, sorted, no duplicates."""

from __future__ import annotations

from collections.abc import Iterable

from wavegan_tf.data.corpus import Problem, Segment

__all__ = ["checked_segments"]


def checked_segments(segments: Iterable[Segment], n_samples: int, where: str, tolerance: int = 0, *,
                     fold: bool = False) -> tuple[tuple[Segment, ...], list[Problem]]:
    """Sort intervals, leave out invalid ones and duplicates, cut those that pass the end of the recording.

    Args:
        segments: intervals in samples.
        n_samples: length of the recording.
        where: named in the problems.
        tolerance: samples by which an interval may pass the end without a report (times that were rounded).
        fold: whether labels that differ in upper and lower case only are the same, as words are.

    Returns:
        The intervals to use, and a problem for each one left out or cut.
    """
    kept, problems = [], []
    for s in sorted(segments, key=lambda s: (s.start, s.end)):
        named = f"`{s.label}` from {s.start} to {s.end}"
        if s.start >= s.end:
            problems.append(Problem(where, f"{named} has no length; left out", "interval without length"))
        elif s.start < 0 or s.start >= n_samples:
            problems.append(Problem(where, f"{named} begins outside the {n_samples} samples of the recording; left out",
                                    "interval outside the recording"))
        elif s.end > n_samples:
            if s.end > n_samples + tolerance:
                problems.append(Problem(where, f"{named} passes the end of the recording at {n_samples}; cut there",
                                        "interval outside the recording"))
            kept.append(Segment(s.start, n_samples, s.label))
        else:
            kept.append(s)
    return _once(kept, where, problems, fold), problems


def _once(segments: list[Segment], where: str, problems: list[Problem], fold: bool) -> tuple[Segment, ...]:
    """Keep the first of duplicate intervals: otherwise one sound would be counted, and cut, as two tokens."""
    kept: dict[tuple[int, int, str], Segment] = {}
    for s in segments:
        first = kept.setdefault((s.start, s.end, s.label.lower() if fold else s.label), s)
        if first is not s:
            problems.append(Problem(where, f"`{s.label}` from {s.start} to {s.end} is there twice; read once",
                                    "interval there twice"))
    return tuple(kept.values())
