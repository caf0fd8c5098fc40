"""Alignment accuracy: how often the predicted phone is annotated at the step of highest relevance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from snap_tf.snap.alignment.alignment_counts import AlignmentCounts
from wavegan_tf.errors import DataError

__all__ = ["NOWHERE", "PUBLISHED", "AlignmentSummary", "alignment_summary", "alignment_table", "contingency",
           "offset_table", "phone_table", "published_beside"]

NOWHERE = "(none)"
"""Column of contingencies for steps without annotation."""


@dataclass(frozen=True)
class AlignmentSummary:
    """Alignment accuracy of one model, a row of the table in section 5.1; shares are of all frames, NaN for no frames.

    Attributes:
        centre: share of frames whose predicted phone is annotated at the centre step.
        aligned: the same at the step of highest relevance.
        within: share in which it is annotated at most `tolerance_s` from that step.
        ceiling: share in which it is annotated anywhere in the frame.
        mean_offset_s: mean distance from that step to the phone, over the frames in which it is annotated.
        mean_offset_of_phones_s: mean of the phones' mean offsets: every phone has the same weight.
        n_majority: phones of which more than half of the frames have no offset (a frame without the phone has one).
        n_phones: phones that were predicted at all.
        n_frames: frames.
        tolerance_s: of `within`.
        centre_chance: what `centre` would be with the predictions permuted among the frames (the mean over all
            permutations).
        aligned_chance: the same for `aligned`.
        constant: share in which it is annotated at the same step of every frame, the best one of all: what a network's
            delay gives without any gradient. Relevance says where a phone is only where `aligned` is higher.
        constant_offset_s: that step, from the centre of the frame; negative before it.
    """

    centre: float
    aligned: float
    within: float
    ceiling: float
    mean_offset_s: float
    mean_offset_of_phones_s: float
    n_majority: int
    n_phones: int
    n_frames: int | None
    tolerance_s: float
    centre_chance: float = np.nan
    aligned_chance: float = np.nan
    constant: float = np.nan
    constant_offset_s: float = np.nan


PUBLISHED: Mapping[str, AlignmentSummary] = {
    "W2P_shallow": AlignmentSummary(.037, .593, .803, .936, .026, np.nan, 44, 60, None, .016),
    "W2P": AlignmentSummary(.036, .388, .586, .936, .037, np.nan, 25, 60, None, .016),
}
"""Results on TIMIT. The number of frames is not given; 60 phones are presumed for the shallow model too.

Source: Krug et al., Electronics 10(11):1350 (2021), section 5.1.
"""


def phone_table(counts: AlignmentCounts, rate_hz: float) -> pd.DataFrame:
    """Return accuracy, offset and most frequent confusion of every predicted class, a row each.

    Args:
        counts: of a pass over annotated data.
        rate_hz: steps per second at the input.

    Returns:
        phone, n_frames; centre, aligned, within, ceiling: shares of its frames, see `AlignmentSummary`; absent:
        1 - ceiling; mean_offset_ms, of the frames that have it (NaN where none has); majority: whether more than half
        of the frames have no offset; confused_with: the annotation most frequent at the step of highest relevance.

    Example:
        >>> import numpy as np
        >>> from snap_tf.snap import AlignmentCounts, phone_table
        >>> counts = AlignmentCounts(classes=("s", "t"), annotations=("s", "t"), n_steps=4)
        >>> annotated = np.array([[0, 0, 1, 1], [0, 0, 1, 1]])  # s at steps 0 and 1, t at steps 2 and 3
        >>> counts.add(predicted=np.array([0, 1]), annotated=annotated, tau=np.array([1, 3]))
        >>> table = phone_table(counts, rate_hz=125)
        >>> table["phone"].tolist(), table["centre"].tolist(), table["aligned"].tolist()
        (['s', 't'], [0.0, 1.0], [1.0, 1.0])
    """
    steps = np.arange(counts.n_steps)
    n, at = counts.frames, _own(counts)
    names = [*counts.annotations, NOWHERE]
    rows = []
    for k in np.flatnonzero(n):
        present = counts.present[k]
        matched = {name: _at(getattr(counts, name)[k], at[k]) / n[k] for name in ("centre", "aligned")}
        rows.append({
            "phone": counts.classes[k],
            "n_frames": n[k],
            **matched,
            "within": counts.within[k] / n[k],
            "ceiling": present / n[k],
            "absent": 1 - present / n[k],
            "mean_offset_ms": 1000 * (counts.offsets[k, :-1] @ steps) / present / rate_hz if present else np.nan,
            "majority": bool(2 * counts.offsets[k, 0] > n[k]),
            "confused_with": names[int(counts.aligned[k].argmax())],
        })
    columns = ["phone", "n_frames", "centre", "aligned", "within", "ceiling", "absent", "mean_offset_ms", "majority",
               "confused_with"]
    return pd.DataFrame(rows, columns=columns)


def alignment_summary(counts: AlignmentCounts, rate_hz: float) -> AlignmentSummary:
    """Compute alignment accuracy over all frames: at their centre, and at the step of highest relevance.

    A prediction that is annotated nowhere in its frame is never correct, and has no part in mean offsets.

    Args:
        counts: of a pass over annotated data.
        rate_hz: steps per second at the input.

    Raises:
        DataError: no class is also an annotation, such as letters where phones are annotated.

    Source: Krug et al., Electronics 10(11):1350 (2021), section 5.1.

    Example:
        >>> import numpy as np
        >>> from snap_tf.snap import AlignmentCounts, alignment_summary
        >>> counts = AlignmentCounts(classes=("s", "t"), annotations=("s", "t"), n_steps=4)
        >>> annotated = np.array([[0, 0, 1, 1], [0, 0, 1, 1]])  # s at steps 0 and 1, t at steps 2 and 3
        >>> counts.add(predicted=np.array([0, 1]), annotated=annotated, tau=np.array([1, 3]))
        >>> summary = alignment_summary(counts, rate_hz=125)
        >>> summary.centre, summary.aligned, summary.n_frames
        (0.5, 1.0, 2)
    """
    if not counts.comparable.any():
        raise DataError(f"classes (={', '.join(counts.classes[:5])}, ...) must be among the annotations, "
                        f"{', '.join(counts.annotations[:5])}, ...; only contingencies can be told for this model")
    table = phone_table(counts, rate_hz)
    n = int(table["n_frames"].sum())

    def share(values: pd.Series) -> float:
        return float((values * table["n_frames"]).sum() / n) if n else np.nan

    present, best = int(counts.present.sum()), int(counts.matches.argmax())
    steps = counts.offsets[:, :-1].sum(axis=0) @ np.arange(counts.n_steps)
    return AlignmentSummary(
        centre=share(table["centre"]), aligned=share(table["aligned"]), within=share(table["within"]),
        ceiling=share(table["ceiling"]), mean_offset_s=steps / present / rate_hz if present else np.nan,
        mean_offset_of_phones_s=float(table["mean_offset_ms"].mean()) / 1000, n_majority=int(table["majority"].sum()),
        n_phones=len(table), n_frames=n, tolerance_s=counts.tolerance_steps / rate_hz,
        centre_chance=_chance(counts, counts.centre), aligned_chance=_chance(counts, counts.aligned),
        constant=counts.matches[best] / n if n else np.nan,
        constant_offset_s=(best - counts.n_steps // 2) / rate_hz if n else np.nan)


def contingency(counts: AlignmentCounts, aligned: bool = True) -> pd.DataFrame:
    """Return the contingency table of predicted classes and annotations: a row per predicted class, which sums to 1.

    Args:
        counts: of a pass over annotated data.
        aligned: at the step of highest relevance; else at the centre of the frames.

    Returns:
        A column per annotation and `NOWHERE`; the index holds the classes.

    Example:
        >>> import numpy as np
        >>> from snap_tf.snap import AlignmentCounts, contingency
        >>> counts = AlignmentCounts(classes=("s", "t"), annotations=("s", "t"), n_steps=4)
        >>> annotated = np.array([[0, 0, 1, 1], [0, 0, 1, 1]])  # s at steps 0 and 1, t at steps 2 and 3
        >>> counts.add(predicted=np.array([0, 1]), annotated=annotated, tau=np.array([1, 3]))
        >>> contingency(counts, aligned=False).loc["s"].to_dict()
        {'s': 0.0, 't': 1.0, '(none)': 0.0}
    """
    table = counts.aligned if aligned else counts.centre
    kept = np.flatnonzero(counts.frames)
    return pd.DataFrame(table[kept] / counts.frames[kept, None],
                        index=pd.Index([counts.classes[k] for k in kept], name="predicted"),
                        columns=[*counts.annotations, NOWHERE])


def offset_table(counts: AlignmentCounts, rate_hz: float) -> pd.DataFrame:
    """Return the histogram of offsets between highest relevance and the predicted phone: a row per predicted class.

    Returns:
        Counts of frames: columns -1 (annotated nowhere in the frame) and offsets in ms, rising; the index holds the
        classes.

    Example:
        >>> import numpy as np
        >>> from snap_tf.snap import AlignmentCounts, offset_table
        >>> counts = AlignmentCounts(classes=("s", "t"), annotations=("s", "t"), n_steps=4)
        >>> annotated = np.array([[0, 0, 1, 1], [0, 0, 1, 1]])  # s at steps 0 and 1, t at steps 2 and 3
        >>> counts.add(predicted=np.array([0, 1]), annotated=annotated, tau=np.array([1, 3]))
        >>> offset_table(counts, rate_hz=125).loc["s"].tolist()
        [0, 1, 0, 0, 0]
    """
    kept = np.flatnonzero(counts.frames)
    offsets_ms = np.arange(counts.n_steps) * 1000 / rate_hz
    return pd.DataFrame(np.roll(counts.offsets[kept], 1, axis=1),
                        index=pd.Index([counts.classes[k] for k in kept], name="predicted"),
                        columns=[-1.0, *offsets_ms])


def published_beside(networks: Iterable[str]) -> dict[str, AlignmentSummary]:
    """Return the paper's results for those of its networks that are compared here; others have no row.

    Args:
        networks: names, such as `W2P_shallow`.
    """
    there = set(networks)
    return {name: summary for name, summary in PUBLISHED.items() if name in there}


def alignment_table(summaries: Mapping[str, AlignmentSummary],
                    published: Mapping[str, AlignmentSummary] | None = None) -> pd.DataFrame:
    """Return alignment accuracy as a table to print (section 5.1): a row per model, and the published rows below.

    Args:
        summaries: by name of the model.
        published: the paper's results to compare with, see `published_beside`; by default those of the models that
            have the names of its networks.

    Example:
        >>> import numpy as np
        >>> from snap_tf.snap import AlignmentCounts, alignment_summary, alignment_table
        >>> counts = AlignmentCounts(classes=("s", "t"), annotations=("s", "t"), n_steps=4)
        >>> annotated = np.array([[0, 0, 1, 1], [0, 0, 1, 1]])  # s at steps 0 and 1, t at steps 2 and 3
        >>> counts.add(predicted=np.array([0, 1]), annotated=annotated, tau=np.array([1, 3]))
        >>> table = alignment_table({"small": alignment_summary(counts, rate_hz=125)})
        >>> table[["model", "centre", "aligned"]].to_dict("records")
        [{'model': 'small', 'centre': '50.0 %', 'aligned': '100.0 %'}]
    """
    published = published_beside(summaries) if published is None else published
    rows = [(name, summary, "") for name, summary in summaries.items()]
    rows += [(name, summary, "paper: ") for name, summary in published.items()]
    tolerances = {f"{1000 * summary.tolerance_s:.0f}" for _, summary, _ in rows}
    within = f"within ±{'/'.join(sorted(tolerances))} ms"
    return pd.DataFrame([{
        "model": source + name,
        "frames": "-" if s.n_frames is None else f"{s.n_frames:,}",
        "centre": _percent(s.centre),
        "aligned": _percent(s.aligned),
        "by chance": _percent(s.aligned_chance),
        "best constant place": _percent(s.constant) + ("" if np.isnan(s.constant) else
                                                       f" at {1000 * s.constant_offset_s:+.0f} ms"),
        within: _percent(s.within),
        "ceiling": _percent(s.ceiling),
        "mean offset": "-" if np.isnan(s.mean_offset_s) else f"{1000 * s.mean_offset_s:.0f} ms",
        "majority without offset": f"{s.n_majority} of {s.n_phones} phones",
    } for name, s, source in rows])


def _chance(counts: AlignmentCounts, table: np.ndarray) -> float:
    """Return the share of matches where predictions and annotations are independent, given how often each occurs."""
    n = table.sum()
    if not n:
        return np.nan
    predicted, annotated = table.sum(axis=1) / n, table.sum(axis=0) / n
    return float(sum(predicted[k] * annotated[at] for k, at in enumerate(_own(counts)) if at is not None))


def _own(counts: AlignmentCounts) -> list[int | None]:
    """Return the column of each class among the annotations."""
    place = {name: i for i, name in enumerate(counts.annotations)}
    return [place.get(name) for name in counts.classes]


def _at(row: np.ndarray, column: int | None) -> int:
    return 0 if column is None else int(row[column])


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{100 * share:.1f} %"
