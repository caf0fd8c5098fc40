"""Standard deviations of random terms and smooths, with confidence intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from snap_tf.gamm.bases.random_basis import SmoothBasis
from snap_tf.gamm.errors import GammError
from snap_tf.gamm.inference.fitted_model import FittedModel
from snap_tf.gamm.problems.problem import Problem
from snap_tf.gamm.problems.smoothing_uncertainty import smoothing_hessian
from snap_tf.gamm.solver.reml import penalised_vectors

__all__ = ["vcomp"]

_FLAT = 1e-7  # eigenvalues of the Hessian below this part of the largest belong to flat directions


def vcomp(fit: FittedModel, level: float = 0.95) -> pd.DataFrame:
    """Give the standard deviations of random terms and smooths with confidence intervals, as gam.vcomp in mgcv.

    A smooth is a random effect with variance (residual variance) / (smoothing parameter); its penalty is that of the
    basis before it is scaled.

    Args:
        fit: the fit.
        level: of the intervals; they are symmetric for the logarithm.

    Returns:
        Table with term (one row for every smoothing parameter, then `scale`, the residual), sd, lower, upper. Where the
        score is flat the interval is 0 to infinity.

    Raises:
        GammError: a family without a residual variance.
    Source: Wood 2017, section 6.6 (REML Hessian for log standard deviations).

    Example:
        >>> from snap_tf.gamm import gamm_words, simulate_words, vcomp
        >>> table = simulate_words(n_tokens=6, seed=1)
        >>> fit = gamm_words(table, reference="ask", random="intercept")
        >>> found = vcomp(fit).set_index("term").loc["s(token)"]
        >>> bool(found["lower"] < found["sd"] < found["upper"]), len(vcomp(fit))
        (True, 4)
    """
    optimum, problem = fit.optimum, fit.problem
    if fit.model.family != "gaussian":
        raise GammError(f"vcomp needs a residual variance; family {fit.model.family} has none")
    solution, weights = optimum.solution, np.exp(optimum.log_sp)
    scale = solution.penalised_ss / optimum.dof
    quadratic = np.array([sum(float(np.sum(a * b)) for a, b in zip(solution.vectors, pull, strict=True))
                          for pull in penalised_vectors(optimum.system, solution, weights)])
    n_sp = len(weights)
    # the profile Hessian is a Schur complement of the one that has the logarithm of the scale as last parameter
    joint = np.zeros((n_sp + 1, n_sp + 1))
    last = optimum.dof / 2
    cross = -quadratic / (2 * scale)
    joint[:n_sp, :n_sp] = smoothing_hessian(optimum) + np.outer(cross, cross) / last if n_sp else 0.0
    joint[:n_sp, n_sp], joint[n_sp, :n_sp], joint[n_sp, n_sp] = cross, cross, last
    values, vectors = np.linalg.eigh(joint)
    flat = values <= _FLAT * values.max()
    view = np.hstack([-np.eye(n_sp), np.ones((n_sp, 1))]) / 2
    view = np.vstack([view, np.append(np.zeros(n_sp), 0.5)]) @ vectors
    spread = np.sqrt(np.sum(view[:, ~flat] ** 2 / values[~flat], axis=1))
    spread[np.any(np.abs(view[:, flat]) > 1e-3, axis=1)] = np.inf
    factors = np.append(_penalty_scales(problem), 1.0)
    sd = problem.unit * np.sqrt(scale * factors / np.append(weights, 1.0))
    half = stats.norm.ppf((1 + level) / 2) * spread
    table = pd.DataFrame({"term": [*fit.sp, "scale"], "sd": sd, "lower": sd * np.exp(-half),
                          "upper": sd * np.exp(half)})
    names = [*_names_by_formula(problem), "scale"]
    return table.set_index("term").loc[names].reset_index()


def _names_by_formula(problem: Problem) -> list[str]:
    """Names of the smoothing parameters: smooths, then random terms in the order of the formula."""
    names = [name for smooth in problem.design.smooths for name in smooth.sp_names]
    terms = [term for factor in problem.design.random for term in factor.terms]
    terms.sort(key=lambda term: problem.model.random.index(term.term))
    return names + [name for term in terms for name in term.sp_names]


def _penalty_scales(problem: Problem) -> np.ndarray:
    """What every penalty was divided by, in the order of the smoothing parameters."""
    found: list[float] = []
    for smooth in problem.design.smooths:
        own = _scales(smooth.basis)
        found += own + [1.0] * (len(smooth.basis.penalties) - len(own))
    for factor in problem.rows.layout.order:
        for term in problem.design.random[factor].terms:
            found += [1.0] * len(term.penalties) if term.basis is None else _random_scales(term.basis)
    return np.array(found)


def _random_scales(basis: SmoothBasis) -> list[float]:
    """For `fs`: the bending penalty in its coordinates, and 1 for every polynomial, by the size that was given them."""
    first = basis.coordinates[:, 0]
    bending = float(first @ basis.base.penalty @ first) * basis.base.penalty_scale
    sizes = [float(penalty.max()) for penalty in basis.penalties]
    return [(bending if j == 0 else 1.0) / size for j, size in enumerate(sizes)]


def _scales(basis: object) -> list[float]:
    while basis is not None:
        for name in ("penalty_scales", "penalty_scale"):
            if hasattr(basis, name):
                return list(np.atleast_1d(getattr(basis, name)).astype(float))
        basis = getattr(basis, "base", None)
    return []
