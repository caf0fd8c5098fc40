"""Facts about a run for the model card: training data, machine and time, metrics of the exported step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wavegan_tf.export.layout import run_root
from wavegan_tf.training.metrics import METRICS_NAME, rows_until
from wavegan_tf.training.runs import finished_sessions, read_sessions

__all__ = ["run_facts"]


def run_facts(run: str | Path, step: int) -> dict[str, list[str]]:
    """Collect sections for the model card: lines by heading; what the run does not tell is left out.

    Args:
        run: the folder of the run.
        step: of the checkpoint.
    """
    root = run_root(run)
    sessions = read_sessions(root)
    facts = {"Data": _data(sessions, step), "Machine and time": _time(sessions, step),
             "Metrics": _metrics(root / METRICS_NAME, step)}
    return {heading: lines for heading, lines in facts.items() if lines}


def _data(sessions: list[dict[str, Any]], step: int) -> list[str]:
    """Name the data of every session that began before a step: the end of its path, without the machine's part."""
    lines: list[str] = []
    for entry in sessions:
        data, split = entry.get("data"), (entry.get("options") or {}).get("split")
        if isinstance(data, str) and entry.get("step", 0) < max(step, 1):
            parts = [f"- {'/'.join(Path(data).parts[-2:])}"]
            parts += [f"split {split}"] if split else []
            parts += [f"{entry['slices_per_epoch']:g} slices per epoch"] if entry.get("slices_per_epoch") else []
            parts += [f"fingerprint {entry['data_fingerprint']}"] if entry.get("data_fingerprint") else []
            lines.append(", ".join(parts))
    return list(dict.fromkeys(lines))


def _time(sessions: list[dict[str, Any]], step: int) -> list[str]:
    """Say how long each session before a step took, start to end, and on what."""
    lines = []
    for start, end, seconds in finished_sessions(sessions):
        if start.get("step", 0) < max(step, 1):
            machine = start.get("machine") or {}
            gpus = ", ".join(machine.get("gpus") or []) or "no GPU"
            lines.append(f"- steps {start.get('step', 0)} to {end.get('step', '?')} in {seconds / 3600:.1f} h on "
                         f"{machine.get('processor', '?')}, {machine.get('cpu_count', '?')} processors, {gpus}")
    return lines


def _metrics(path: Path, step: int) -> list[str]:
    """Return the last row up to a step."""
    rows = rows_until(path, step)
    if not rows:
        return []
    values = [f"- {name}: {value}" for name, value in rows[-1].items() if name and value and name != "step"]
    return [f"At step {rows[-1]['step']}:", "", *values]
