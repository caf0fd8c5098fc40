"""First derivatives of curves and of differences: where a curve rises or falls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.inference.grids.grid import Grid
from snap_tf.gamm.inference.population import N_POINTS, intervals

__all__ = ["derivatives"]

_STEP = 1e-5  # of the variable's range
KINDS = ("curves", "differences")


def derivatives(fit: FittedModel, pairs: Iterable[tuple[object, object]] | None = None, *, of: str = "curves",
                n_points: int = N_POINTS, group: str | Sequence[str] | None = None,
                at: Mapping[str, object] | None = None, along: str | None = None, level: float = 0.95) -> pd.DataFrame:
    """Compute the first derivative of every curve, or of differences, with pointwise and simultaneous intervals.

    `stretches` finds in the result where a curve rises (sign +1) or falls.

    Args:
        fit: the fit.
        pairs: as for `differences`; only with `of="differences"`.
        of: `curves` or `differences`.
        n_points: as for `curves`.
        group: as for `curves`.
        at: as for `curves`.
        along: as for `curves`.
        level: as for `differences`.

    Returns:
        Table with group (for differences, a and b), time, derivative (of the linear predictor, per unit of `along`),
        se, lower, upper, lower_simultaneous, upper_simultaneous; further columns as in `curves`.

    Raises:
        GammError: as `differences`.
    Source: Wood 2017, section 7.2.4 (derivatives by finite differences); Simpson, gratia (derivatives).

    Example:
        >>> from snap_tf.gamm import derivatives, gamm_words, simulate_words, stretches
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> slopes = derivatives(fit)
        >>> stretches(slopes)[["group", "start", "end", "sign"]].round(1).to_numpy().tolist()[:2]
        [['ask', 0.0, 0.3, 1], ['ask', 0.6, 1.0, -1]]
    """
    if of not in KINDS:
        raise GammError(f"of (={of}) must be one of {', '.join(KINDS)}")
    if of == "curves" and pairs is not None:
        raise GammError('pairs must be left out of derivatives of curves; write of="differences" for those of pairs')
    grid = Grid(fit, n_points, group, at, along)
    step = _STEP * float(np.ptp(fit.frame[grid.along]))
    # at the ends the derivative a step inside stands for that at the end
    centre = np.clip(grid.points, grid.points[0] + step, grid.points[-1] - step)
    tables = []
    for condition in grid.conditions:
        designs = {own: _slope(grid, condition, own, centre, step) for own in grid.groups}
        if of == "curves":
            chosen = [({"group": grid.label(own), **grid.columns(condition, own)}, design)
                      for own, design in designs.items()]
        else:
            chosen = [({"a": grid.label(a), "b": grid.label(b), **grid.columns(condition)}, designs[b] - designs[a])
                      for a, b in grid.pairs(pairs)]
        tables += [pd.DataFrame({**named, "time": grid.points, "derivative": design @ fit.beta,
                                 **intervals(fit, design, design @ fit.beta, level)}) for named, design in chosen]
    return pd.concat(tables, ignore_index=True)


def _slope(grid: Grid, condition: Mapping[str, object], group: tuple[object, ...], points: np.ndarray,
           step: float) -> np.ndarray:
    above, below = (grid.rows(condition, group, points + sign * step).fixed for sign in (1, -1))
    return (above - below) / (2 * step)
