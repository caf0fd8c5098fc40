"""What a run folder says about a model: the data it was trained on, and how training stood."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from wavegan_tf.export.layout import run_root
from wavegan_tf.training.metrics import METRICS_NAME
from wavegan_tf.training.runs import SESSIONS_NAME

__all__ = ["run_facts"]


def run_facts(run: str | Path, step: int) -> dict[str, list[str]]:
    """Collect sections for the model card: lines by heading; what the run does not tell is left out.

    Args:
        run: the folder of the run.
        step: of the checkpoint.
    """
    root = run_root(run)
    facts = {"Data": _data(root / SESSIONS_NAME, step), "Metrics": _metrics(root / METRICS_NAME, step)}
    return {heading: lines for heading, lines in facts.items() if lines}


def _data(path: Path, step: int) -> list[str]:
    """Name the data of every session that began before a step: the end of its path, without the machine's part."""
    lines: list[str] = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
        try:
            entry: dict[str, Any] = json.loads(text)
            data, began, split = entry.get("data"), entry.get("step", 0), (entry.get("options") or {}).get("split")
        except (json.JSONDecodeError, AttributeError):
            continue
        if isinstance(data, str) and began < max(step, 1):
            parts = [f"- {'/'.join(Path(data).parts[-2:])}"]
            parts += [f"split {split}"] if split else []
            parts += [f"{entry['slices_per_epoch']:g} slices per epoch"] if entry.get("slices_per_epoch") else []
            parts += [f"fingerprint {entry['data_fingerprint']}"] if entry.get("data_fingerprint") else []
            lines.append(", ".join(parts))
    return list(dict.fromkeys(lines))


def _metrics(path: Path, step: int) -> list[str]:
    """Return the last row up to a step."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row.get("step") or "").isdigit() and int(row["step"]) <= step]
    if not rows:
        return []
    values = [f"- {name}: {value}" for name, value in rows[-1].items() if name and value and name != "step"]
    return [f"At step {rows[-1]['step']}:", "", *values]
