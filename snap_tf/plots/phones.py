"""Phone intervals over the panels of a figure: borders and labels."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from snap_tf.plots.style import PHONE_COLOUR

__all__ = ["draw_phones"]

_SIZE, _LINE = 5.5, 0.5
_POINTS_PER_LETTER = 4.0  # of the labels' size; what is narrower than its label goes unnamed


def draw_phones(panels: Sequence[Axes], token: pd.Series, rate_hz: float, end_s: float, width_in: float) -> None:
    """Draw the borders of a token's phones through the panels of its column, and their labels into the first one.

    Args:
        panels: axes with time in seconds from the start of the clip, top to bottom.
        token: row of the table of tokens; one without phones is left as it is.
        rate_hz: samples per second of the clip.
        end_s: where the panels end.
        width_in: width of a column in inches; a tenth of it is outside the panel.
    """
    phones = [phone for phone in token.get("phones", ()) if phone.start / rate_hz < end_s]
    borders = {time / rate_hz for phone in phones for time in (phone.start, phone.end) if time / rate_hz < end_s}
    for axes in panels:
        for border in sorted(borders):
            axes.axvline(border, color=PHONE_COLOUR, lw=_LINE, ls=(0, (2, 2)), zorder=1.5)
    for phone in phones:
        start_s, stop_s = phone.start / rate_hz, min(phone.end / rate_hz, end_s)
        if (stop_s - start_s) / end_s * 0.9 * width_in * 72 >= _POINTS_PER_LETTER * len(phone.label):
            panels[0].text((start_s + stop_s) / 2, 0.985, phone.label, transform=panels[0].get_xaxis_transform(),
                           ha="center", va="top", fontsize=_SIZE, color=PHONE_COLOUR,
                           bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.4})
