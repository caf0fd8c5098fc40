"""Pictures read as a reader reads them: from the pixels, against ticks and legends."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.legend import Legend

SCORES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "red": lambda rgb: rgb[..., 0] - rgb[..., 1:].max(axis=-1),
    "blue": lambda rgb: rgb[..., 2] - rgb[..., 0],
    "dark": lambda rgb: -rgb.sum(axis=-1),
    "light": lambda rgb: rgb.sum(axis=-1),
}


def rendered(figure: Figure) -> np.ndarray:
    """Draw a figure: float [height, width, 3], row 0 at the bottom as in matplotlib's display coordinates."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[::-1, :, :3].astype(float)


def strongest(figure: Figure, axes: Axes, colour: str) -> tuple[float, float]:
    """Find where a panel has most of a colour, in the coordinates of its axes: the middle of these pixels."""
    shown = rendered(figure)
    box = axes.get_window_extent()
    edge = int(min(3, box.width / 4))  # the frame of the panel
    left, bottom = int(np.ceil(box.x0)) + edge, int(np.ceil(box.y0)) + edge
    inside = shown[bottom:int(box.y1) - edge, left:int(box.x1) - edge]
    score = SCORES[colour](inside)
    rows, columns = np.nonzero(score >= score.max() - 2)
    place = axes.transData.inverted().transform((left + columns.mean() + 0.5, bottom + rows.mean() + 0.5))
    return float(place[0]), float(place[1])


def tick(axes: Axes, text: str, which: str = "y") -> float:
    """Return where the tick with a label lies."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    return {label.get_text().replace("−", "-"): float(place) for label, place in
            zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)}[text]


def legend_colours(legend: Legend) -> dict[str, str]:
    """Return the colour that a legend shows beside each of its texts."""
    found = {}
    for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=True):
        colour = handle.get_color() if hasattr(handle, "get_color") else handle.get_facecolor()
        found[text.get_text()] = to_hex(colour)
    return found


def line_colours(axes: Axes) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return the lines of a panel: colour, x and y."""
    return [(to_hex(line.get_color()), np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float))
            for line in axes.lines]
