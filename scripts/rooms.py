#!/usr/bin/env python3
"""Draw docs/pictures/rooms.svg: which part of the packages imports which, read from the source.

    python scripts/rooms.py
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path

__all__ = ["PICTURE", "circles", "imported", "module_graph", "modules", "parts", "picture", "rooms_of"]

PROJECT = Path(__file__).resolve().parent.parent
PICTURE = PROJECT / "docs" / "pictures" / "rooms.svg"
PACKAGES = ("wavegan_tf", "snap_tf")

Graph = dict[str, set[str]]


def modules() -> dict[str, Path]:
    """Give every module of the packages by its dotted name; packages by theirs."""
    paths = [path for name in PACKAGES for path in sorted(PROJECT.glob(f"{name}/**/*.py"))]
    return {".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imported(source: str, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Give line and full name of everything a module of `package` imports, at its top or inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def module_graph() -> Graph:
    """Give which module imports which, inside functions too; a name of a package counts as the module it is from."""
    found = modules()
    known = {name: path for name, path in found.items() if path.name != "__init__.py"}
    public = {f"{package}.{name}": module for package, path in found.items() if path.name == "__init__.py"
              for name, module in public_names(package, path.with_suffix(".pyi"))}
    graph: Graph = {name: set() for name in known}
    for name, path in known.items():
        for _, full in imported(path.read_text(encoding="utf-8"), path.relative_to(PROJECT).parent.parts):
            targets = {public.get(full, full), full.rpartition(".")[0]}
            graph[name] |= (targets & known.keys()) - {name}
    return graph


def public_names(package: str, stub: Path) -> Iterator[tuple[str, str]]:
    """Give the names that a package takes from its modules, as its stub says, each with its module."""
    for node in ast.parse(stub.read_text(encoding="utf-8")).body if stub.is_file() else ():
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.name, f"{package}.{node.module}") for alias in node.names)


def merged(graph: Graph, part_of: dict[str, str]) -> Graph:
    """Put modules together into parts: which part imports which."""
    made: Graph = {part: set() for part in part_of.values()}
    for name, targets in graph.items():
        if name in part_of:
            made[part_of[name]] |= {part_of[target] for target in targets if target in part_of} - {part_of[name]}
    return made


def circles(graph: Graph) -> list[set[str]]:
    """Give the sets of nodes that all import each other, directly or through others."""
    reach = {name: reachable(graph, name) for name in graph}
    found = {frozenset({other for other in reach[name] if name in reach[other]} | {name})
             for name in graph if name in reach[name]}
    return sorted(map(set, found), key=sorted)


def reachable(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    todo = list(graph[start])
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += graph[name]
    return seen


def rooms_of(package: str, graph: Graph) -> Graph:
    """Give which room of a package, or module beside its rooms, imports which other."""
    depth = package.count(".") + 1
    return merged(graph, {name: name.split(".")[depth] for name in graph if name.startswith(f"{package}.")})


def parts(graph: Graph) -> Graph:
    """Give the boxes of the picture: folders below the packages; what lies beside them is `base` or `networks`."""
    def part(name: str) -> str:
        package, first, *rest = name.split(".")
        if name.startswith(APART):
            return APART.removesuffix(".")
        if first == "cli":
            first = "commands"
        elif not rest:
            first = "base" if package == "wavegan_tf" else "networks"
        return f"{package}.{first}"
    return merged(graph, {name: part(name) for name in graph})


def without_detours(graph: Graph) -> Graph:
    """Leave out every arrow that a longer way stands for too."""
    return {name: {target for target in targets
                   if not any(target in reachable(graph, other) for other in targets - {target})}
            for name, targets in graph.items()}


def levels(graph: Graph) -> dict[str, int]:
    """Give how many arrows lie below a box at most."""
    found: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in found:
            found[name] = max((level(target) + 1 for target in graph[name]), default=0)
        return found[name]
    for name in graph:
        level(name)
    return found


def rows_from_the_top(graph: Graph) -> list[list[str]]:
    """Put every box in the first row below all that import it."""
    importers: Graph = {name: {other for other in graph if name in graph[other]} for name in graph}
    row_of = levels(importers)
    return [[name for name in graph if row_of[name] == n] for n in range(max(row_of.values()) + 1)]


def with_way_points(rows: list[list[str]], arrows: Graph) -> tuple[list[list[str]], dict[str, list[str]]]:
    """Let every arrow over several rows pass a point in each, so that it keeps clear of boxes; give its points."""
    row_of = {name: n for n, row in enumerate(rows) for name in row}
    rows, ways = [list(row) for row in rows], {}
    for name in arrows:
        for target in sorted(arrows[name]):
            points = [f"{name}>{target}>{n}" for n in range(row_of[name] + 1, row_of[target])]
            for n, point in enumerate(points, start=row_of[name] + 1):
                rows[n].append(point)
            ways[f"{name}>{target}"] = [name, *points, target]
    return rows, ways


# the boxes that everything uses, drawn as one bar below
GROUND = {"wavegan_tf.base": "settings and errors", "wavegan_tf.formats": "formats", "wavegan_tf.files": "files"}
# a room with a box of its own: it draws pictures, and so stands above the figures; its package stands below them
APART = "snap_tf.asr.training."
TITLES = {"snap_tf.networks": "probe and sources"}
CHARACTER, LINE, PAD, GAP, RISE = 7.3, 19, 12, 26, 62  # pixels
WRAP = 34  # characters


def picture(graph: Graph) -> str:
    """Draw the boxes in levels, what is imported below what imports it; rooms inside a box stand low to high."""
    drawn = {name: targets - GROUND.keys() for name, targets in parts(graph).items() if name not in GROUND}
    if circles(drawn):
        raise ValueError(f"parts import each other: {circles(drawn)}")
    rows, ways = with_way_points(rows_from_the_top(drawn), without_detours(drawn))
    order_rows(rows, ways)
    texts = {name: box_text(name, graph) for name in drawn}
    size = {name: (PAD * 2 + CHARACTER * max(map(len, texts[name])), PAD * 1.4 + LINE * len(texts[name]))
            if name in drawn else (0.0, 0.0) for row in rows for name in row}
    width = max(sum(size[name][0] + GAP for name in row) for row in rows) + GAP
    place, y = {}, float(GAP)
    for row in rows:
        height = max(size[name][1] for name in row)
        free = (width - sum(size[name][0] for name in row)) / (len(row) + 1)
        x = free
        for name in row:
            if name not in drawn:
                size[name] = (0.0, height)  # a point is passed from the upper to the lower edge of its row
            place[name] = (x, y + (height - size[name][1]) / 2)
            x += size[name][0] + free
        y += height + RISE
    lines = [*(arrow([(place[name], size[name]) for name in way]) for way in ways.values()),
             *(box(name, texts[name], *place[name], *size[name]) for name in drawn),
             *bar(GAP, y - RISE / 2, width - 2 * GAP)]
    height = y - RISE / 2 + 2 * LINE + GAP
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" font-family="Helvetica, Arial, sans-serif" font-size="13">')
    tip = ('<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
           'orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 Z" fill="#667"/></marker></defs>')
    return "\n".join([head, "<title>Which part imports which</title>", tip,
                      f'<rect width="{width:.0f}" height="{height:.0f}" fill="white"/>', *lines, "</svg>", ""])


def box_text(name: str, graph: Graph) -> list[str]:
    """Give the title of a box and its rooms, low to high, a few to a line."""
    lines = [TITLES.get(name, name)]
    if name in TITLES:
        return lines
    folders = {path.name for path in PROJECT.joinpath(*name.split(".")).iterdir() if (path / "__init__.py").is_file()}
    inner = rooms_of(name, {module: targets for module, targets in graph.items() if not module.startswith(APART)})
    high = levels(inner)
    for room in sorted(folders & inner.keys(), key=lambda room: (high[room], room)):
        if len(lines) == 1 or len(lines[-1]) + len(room) + 3 > WRAP:
            lines.append(room)
        else:
            lines[-1] += f" · {room}"
    return lines


def order_rows(rows: list[list[str]], ways: dict[str, list[str]]) -> None:
    """Put every box near its neighbours above and below, by turns (barycentre method: Sugiyama and others 1981)."""
    above: dict[str, list[str]] = {name: [] for row in rows for name in row}
    below: dict[str, list[str]] = {name: [] for row in rows for name in row}
    for way in ways.values():
        for upper, lower in pairwise(way):
            above[lower].append(upper)
            below[upper].append(lower)
    spot = {name: (i + 0.5) / len(row) for row in rows for i, name in enumerate(sorted(row))}
    for neighbours, some_rows in [(above, rows), (below, rows[::-1])] * 6 + [(above, rows)]:
        for row in some_rows:
            row.sort(key=lambda name: (mean([spot[other] for other in neighbours[name]], spot[name]), name))
            spot |= {name: (i + 0.5) / len(row) for i, name in enumerate(row)}


def mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def box(name: str, lines: list[str], x: float, y: float, width: float, height: float) -> str:
    fill = "#e8f0fb" if name.startswith("wavegan_tf") else "#fdf1e1"
    looks = ["font-weight='bold' fill='#112'"] + ["fill='#445'"] * (len(lines) - 1)
    texts = "".join(f'<text x="{x + PAD:.0f}" y="{y + PAD + 4 + LINE * i:.0f}" {look}>{escape(line)}</text>'
                    for i, (line, look) in enumerate(zip(lines, looks, strict=True)))
    return (f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="6" fill="{fill}" '
            f'stroke="#889"/>{texts}')


def arrow(way: list[tuple[tuple[float, float], tuple[float, float]]]) -> str:
    """Draw a curve from the first box's lower edge through all points to the last one's upper edge."""
    (x, y), (width, height) = way[0]
    x, y = x + width / 2, y + height
    path = f"M{x:.0f} {y:.0f}"
    for i, ((x1, y1), (width, height)) in enumerate(way[1:], start=2):
        x1, bend = x1 + width / 2, (y1 - y) / 2
        path += f" C{x:.0f} {y + bend:.0f} {x1:.0f} {y1 - bend:.0f} {x1:.0f} {y1:.0f}"
        x, y = x1, y1
        if i < len(way):
            y += height
            path += f" V{y:.0f}"
    return f'<path d="{path}" fill="none" stroke="#667" marker-end="url(#tip)"/>'


def bar(x: float, y: float, width: float) -> list[str]:
    text = "below all, in wavegan_tf: " + ", ".join(GROUND.values())
    return [f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{2 * LINE:.0f}" rx="6" fill="#eee" '
            f'stroke="#889"/><text x="{x + width / 2:.0f}" y="{y + LINE + 5:.0f}" text-anchor="middle">'
            f"{escape(text)}</text>"]


if __name__ == "__main__":
    PICTURE.write_text(picture(module_graph()), encoding="utf-8")
