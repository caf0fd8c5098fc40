"""Mangled inputs: the good ones are made once a session; a table of what became of the mangled ones ends it."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest
from fuzz.oracle import FAULTS

_COUNTS = "counts of mangled inputs"


@pytest.fixture(scope="session")
def good_inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of good inputs, one below it a kind."""
    return tmp_path_factory.mktemp("good")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts by kind of input and by kind of damage, of whichever process a test ran in."""
    rows = [row for reports in terminalreporter.stats.values() for report in reports
            for name, value in getattr(report, "user_properties", ()) if name == _COUNTS and report.when == "call"
            for row in value]
    if rows:
        terminalreporter.section("mangled inputs")
        for title, at in (("kind of input", 0), ("damage", 1)):
            terminalreporter.write_line(table(title, [(row[at], row[2]) for row in rows]))


def table(title: str, rows: list[tuple[str, str]]) -> str:
    """Count verdicts by name, faults last."""
    by_name: dict[str, Counter[str]] = defaultdict(Counter)
    for name, verdict in rows:
        by_name[name][verdict] += 1
    verdicts = sorted({verdict for _, verdict in rows}, key=lambda verdict: (verdict in FAULTS, verdict))
    lines = [[title, "cases", *verdicts]]
    lines += [[name, str(counts.total()), *(str(counts[v] or "") for v in verdicts)]
              for name, counts in sorted(by_name.items())]
    total = Counter(verdict for _, verdict in rows)
    lines.append(["all", str(len(rows)), *(str(total[v] or "") for v in verdicts)])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in
                               enumerate(zip(line, widths, strict=True))) for line in lines) + "\n"
