"""Effects to be drawn: surfaces of smooths of two variables, and what every level of a random factor adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from snap_tf.gamm.errors import GammError, name_some
from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.inference.grids.grid import Grid
from snap_tf.gamm.inference.grids.new_rows import model_rows
from snap_tf.gamm.solver.smooths import SmoothColumns

__all__ = ["random_curves", "surfaces"]

_FAR = 0.1  # of the range of both variables: farther from every point of the table a surface is a guess


def surfaces(fit: FittedModel, *, of: str = "terms", n_points: int = 40, group: str | Sequence[str] | None = None,
             at: Mapping[str, object] | None = None) -> pd.DataFrame:
    """Compute surfaces over two variables: of every `te`, `ti` and `s(x, y)`, or of the whole model.

    Args:
        fit: the fit.
        of: `terms` for the effect of every smooth of two variables by itself, centred as it is fitted; `model` for the
            linear predictor over the variables of the first of them, for every level of `group`, all terms but the
            random ones included.
        n_points: points along each variable.
        group: as for `curves`; only with `of="model"`.
        at: as for `curves`; only with `of="model"`.

    Returns:
        Table with term (or group), x_name, y_name, x, y, fit, se, near (whether the table has a point within a tenth of
        the ranges; the surface means little elsewhere). A smooth multiplied with a number is given for the number 1.

    Raises:
        GammError: the model has no smooth of two variables, or as `curves`.
    Source: mgcv, plot.gam and vis.gam; van Rij et al., itsadug (pvisgam, fvisgam).

    Example:
        >>> from snap_tf.gamm import gamm, simulate_words, surfaces
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> table["speed"] = table["token"].str[-1].astype(float)
        >>> fit = gamm("value ~ label + te(time_s, speed, k=c(5, 3))", table)
        >>> surface = surfaces(fit, n_points=3)
        >>> surface["term"].iloc[0], surface[["x", "y"]].to_numpy().tolist()[:4]
        ('te(time_s,speed)', [[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [0.0, 2.5]])
    """
    found = [smooth for smooth in fit.design.smooths if len(smooth.variables) == 2]
    if not found:
        raise GammError(f"the model (={fit.formula}) must have a smooth of two variables: te, ti or s(x, y)")
    if of not in ("terms", "model"):
        raise GammError(f"of (={of}) must be `terms` or `model`")
    if of == "terms":
        return pd.concat([_of_term(fit, smooth, n_points) for smooth in found], ignore_index=True)
    x, y = found[0].variables
    grid = Grid(fit, n_points, group, {**(at or {}), y: _points(fit.frame[y], n_points).tolist()}, x)
    tables = []
    for own in grid.groups:
        for condition in grid.conditions:
            rows = grid.rows(condition, own)
            tables.append(pd.DataFrame({"group": grid.label(own), **grid.columns(condition, own), "x_name": x,
                                        "y_name": y, "x": grid.points, "y": condition[y], "fit": rows.value(fit),
                                        "se": rows.se(fit)}).drop(columns=[y]))
    table = pd.concat(tables, ignore_index=True)
    return table.assign(near=_near(fit.frame[[x, y]], table[["x", "y"]]))


def random_curves(fit: FittedModel, factor: str | None = None, *, n_points: int = 41,
                  at: Mapping[str, float] | None = None, se: bool = True) -> pd.DataFrame:
    """Compute what every level of a random factor adds to the population curve: all its random terms together.

    Args:
        fit: the fit.
        factor: the random factor; by default the first of the formula.
        n_points: points along the variable of its random smooths (or slopes).
        at: values of other columns of numbers that its terms are of; by default their means.
        se: whether standard errors are computed.

    Returns:
        Table with level, time (NaN where the factor has intercepts only), fit, se; between level and time, a column for
        every factor that the terms are by.

    Raises:
        GammError: the factor has no random term.
    Source: mgcv, plot.gam (factor smooths); van Rij et al., itsadug (inspect_random).

    Example:
        >>> from snap_tf.gamm import gamm_words, random_curves, simulate_words
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> added = random_curves(fit)
        >>> len(added), added["level"].iloc[0], round(float(added["fit"].iloc[0]), 1)
        (12, 'ask_0', 0.1)
    """
    names = fit.model.random_factors
    if not names or factor not in (None, *names):
        raise GammError(f"factor (={factor}) must be one with a random term; there are {name_some(names) or 'none'}")
    part = fit.design.random[0 if factor is None else names.index(factor)]
    used = [name for term in part.terms for name in (*term.term.variables, term.term.by) if name is not None]
    others = [name for name in dict.fromkeys(used) if name != part.factor]
    factors = [name for name in others if isinstance(fit.frame[name].dtype, pd.CategoricalDtype)]
    numbers = [name for name in others if name not in factors]
    smooth = [term.term.variable for term in part.terms if term.term.variable is not None]
    along = next(iter((*smooth, *numbers)), None)
    points = np.array([np.nan]) if along is None else _points(fit.frame[along], n_points)
    curves = fit.frame[[part.factor, *factors]].drop_duplicates().sort_values([*factors, part.factor])
    frame = curves.loc[curves.index.repeat(len(points))].reset_index(drop=True)
    for name in numbers:
        value = float((at or {}).get(name, fit.frame[name].mean()))
        frame[name] = np.tile(points, len(curves)) if name == along else value
    labels = {term.label for own in fit.design.random for term in own.terms if own is not part}
    rows = model_rows(fit, frame, frozenset(labels | {item.label for item in fit.design.smooths}), parametric=False)
    found = {"time": np.tile(points, len(curves)), "fit": rows.value(fit), **({"se": rows.se(fit)} if se else {})}
    return frame[[part.factor, *factors]].rename(columns={part.factor: "level"}).astype(object).assign(**found)


def _of_term(fit: FittedModel, smooth: SmoothColumns, n_points: int) -> pd.DataFrame:
    x, y = (_points(fit.frame[name], n_points) for name in smooth.variables)
    frame = pd.DataFrame({smooth.variables[0]: np.tile(x, n_points), smooth.variables[1]: np.repeat(y, n_points)})
    data, by = fit.frame, smooth.term.by
    if smooth.level is not None:
        frame[by] = pd.Categorical([smooth.level] * len(frame), dtype=data[by].dtype)
        data = data[data[by] == smooth.level]
    elif by is not None:
        frame[by] = 1.0
    rows = model_rows(fit, frame, _other_labels(fit, smooth.label), parametric=False)
    points = frame[list(smooth.variables)].set_axis(["x", "y"], axis=1)
    return pd.DataFrame({"term": smooth.label, "x_name": smooth.variables[0], "y_name": smooth.variables[1], **points,
                         "fit": rows.value(fit), "se": rows.se(fit),
                         "near": _near(data[list(smooth.variables)], points)})


def _other_labels(fit: FittedModel, label: str) -> frozenset[str]:
    labels: Iterable[str] = [smooth.label for smooth in fit.design.smooths]
    return frozenset({*labels, *(term.label for part in fit.design.random for term in part.terms)} - {label})


def _points(column: pd.Series, n: int) -> np.ndarray:
    return np.linspace(column.min(), column.max(), n)


def _near(data: pd.DataFrame, points: pd.DataFrame) -> np.ndarray:
    """Whether a point of the table lies near; bool [n]."""
    own, asked = data.drop_duplicates().to_numpy(float), points.to_numpy(float)
    low, size = asked.min(axis=0), np.maximum(np.ptp(asked, axis=0), 1e-300)
    return np.asarray(cKDTree((own - low) / size).query((asked - low) / size)[0] <= _FAR)
