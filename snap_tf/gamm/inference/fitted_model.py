"""A fitted model: its tables of terms, coefficients, covariance, residuals, effective degrees of freedom, AIC."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.inference.coefficients import Coefficients
from snap_tf.gamm.model.families import family_of
from snap_tf.gamm.model.terms import Model
from snap_tf.gamm.problems.problem import Optimum, Problem
from snap_tf.gamm.problems.smoothing_uncertainty import LARGEST_DENSE, added_degrees
from snap_tf.gamm.solver.autoregression import Autocorrelation
from snap_tf.gamm.solver.design import Design

__all__ = ["FittedModel", "RandomEffects"]


@dataclass(frozen=True, eq=False)
class RandomEffects:
    """The coefficients of a random factor.

    Attributes:
        factor: its column.
        levels: its levels.
        values: float [n_levels, width], the columns of all its terms side by side.
    """

    factor: str
    levels: tuple[object, ...]
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class FittedModel:
    """The numbers of a fit, from which curves, tests and printed tables are made; users get a `GammFit`.

    Attributes:
        model: the model.
        method: `REML` or `ML`.
        design: turns tables into rows of the model matrix.
        frame: the table as fitted, sorted, factors categorical.
        rows: int [n], where every row of `frame` stood in the table given.
        n_left_out: rows of the table given in which something was missing.
        starts: bool [n], where a series begins in `frame`.
        parametric: table with term, estimate, se, t, p; z instead of t where the scale is known.
        smooths: table with term, edf, ref_df, F, F_other_sign, p; Chi.sq instead of F where the scale is known.
        score: minus the log restricted likelihood (or likelihood) at its maximum.
        sig2: the residual variance; 1 where the scale is known.
        sp: smoothing parameters by term, on mgcv's scale.
        theta: parameters of the family, by name: df and sigma of `scat`; none for the others.
        errors: rho and where it comes from.
        edf_total: effective degrees of freedom of the whole model.
        n: rows that were fitted.
        n_series: series (tokens) with errors of their own; 0 if nothing tells series apart.
        fitted: float [n], on the response's scale, in the order of the table given, for its rows `kept`.
        resid: float [n], response minus fitted, in the same order.
        linear_predictor: float [n], fitted values on the scale of the link, in the same order.
        white_residuals: float [n], residuals without their AR(1) part, in the order of `frame`; for families other
            than Gaussian, deviance residuals.
        log_likelihood: at the estimates, random effects included; at its largest over the residual variance.
        deviance: for a Gaussian response, the (weighted) residual sum of squares.
        null_deviance: that of the model with nothing but an intercept (and the offset).
        beta: float [p], coefficients of the fixed part.
        covariance: float [p, p], their Bayesian covariance at the estimated smoothing parameters.
        coefficients: the joint distribution of all coefficients, the random ones included.
        between_df: degrees of freedom behind a comparison of words. With one random factor: its levels less the
            parametric columns that are constant in every level. With several: the fewest that a random factor leaves
            of whose levels each has one word, less what the factors outside it take. Without: the residual ones.
        random: the coefficients of every random factor, in the order of the formula.
        n_steps: Newton steps taken.
        gradient: largest slope of the score at the end.
        converged: whether that is zero within rounding.
        notices: what was decided for the user.
        seconds: time the fit took.
        problem: the model and its table made numeric.
        optimum: the solution of the problem.
        about_speakers: what was done about speakers, for models chosen by keywords; else empty.
    """

    model: Model
    method: str
    design: Design = field(repr=False)
    frame: pd.DataFrame = field(repr=False)
    rows: np.ndarray = field(repr=False)
    n_left_out: int
    starts: np.ndarray = field(repr=False)
    parametric: pd.DataFrame = field(repr=False)
    smooths: pd.DataFrame = field(repr=False)
    score: float
    sig2: float
    sp: dict[str, float]
    theta: dict[str, float]
    errors: Autocorrelation
    edf_total: float
    n: int
    n_series: int
    fitted: np.ndarray = field(repr=False)
    resid: np.ndarray = field(repr=False)
    linear_predictor: np.ndarray = field(repr=False)
    white_residuals: np.ndarray = field(repr=False)
    log_likelihood: float
    deviance: float
    null_deviance: float
    beta: np.ndarray = field(repr=False)
    covariance: np.ndarray = field(repr=False)
    coefficients: Coefficients = field(repr=False)
    between_df: float
    random: tuple[RandomEffects, ...] = field(repr=False)
    n_steps: int
    gradient: float
    converged: bool
    notices: tuple[str, ...]
    seconds: float
    problem: Problem = field(repr=False)
    optimum: Optimum = field(repr=False)
    about_speakers: str = ""

    @property
    def family(self) -> str:
        """Distribution of the response."""
        return self.model.family

    @property
    def link(self) -> str:
        """What joins expected response and linear predictor."""
        return family_of(self.model.family).link

    @property
    def scale_known(self) -> bool:
        """Whether there is no residual variance to estimate, so that tests are z and chi-square."""
        return family_of(self.model.family).scale_known

    @property
    def statistics(self) -> tuple[str, str]:
        """Columns of the statistics of parametric terms and smooths: z and Chi.sq with a known scale, else t and F."""
        return ("z", "Chi.sq") if self.scale_known else ("t", "F")

    @property
    def deviance_explained(self) -> float:
        """Proportion of the null deviance."""
        return 1 - self.deviance / self.null_deviance

    @property
    def kept(self) -> np.ndarray:
        """Which rows of the table given were fitted, counted from 0; int [n], ascending."""
        return np.sort(self.rows)

    @property
    def order(self) -> np.ndarray:
        """Where every row of `frame` stands in `fitted` and `resid`; int [n]."""
        return np.searchsorted(self.kept, self.rows)

    @property
    def rho(self) -> float:
        """The AR(1) coefficient used."""
        return self.errors.rho

    @property
    def reml(self) -> float:
        """Minus the log restricted likelihood (for `method="ML"`, minus the log likelihood)."""
        return self.score

    @property
    def group(self) -> str | None:
        """The factor whose levels have a curve each: that of the by-smooths, else the first of the parametric part."""
        if self.model.factors:
            return self.model.factors[0]
        factors = [name for name in self.model.parametric if name in self.frame.columns
                   and isinstance(self.frame[name].dtype, pd.CategoricalDtype)]
        return factors[0] if factors else None

    @property
    def levels(self) -> list[object]:
        """The levels of `group`, the reference first."""
        return [] if self.group is None else list(self.frame[self.group].cat.categories)

    @cached_property
    def log_likelihood_df(self) -> float:
        """Degrees of freedom that belong to `log_likelihood`: corrected edf, and the distribution's parameters.

        The correction allows for the smoothing parameters being estimated. As in mgcv its second part is there without
        AR(1) errors only (`gam`; `bam` leaves it out), and for models of up to 1,000 coefficients.

        Source: Wood, Pya & Saefken 2016, JASA 111:1548, section 4.
        """
        return self.edf_total + self.n_further + self.degrees_of_smoothing(self.has_second_correction)

    @property
    def n_further(self) -> int:
        """Estimated parameters of the distribution: the residual variance, or theta."""
        return len(self.theta) if self.scale_known else 1

    @property
    def has_second_correction(self) -> bool:
        """Whether `log_likelihood_df` has both parts of the correction."""
        return self.rho == 0 and self.design.p + self.problem.rows.n_coefficients <= LARGEST_DENSE

    def degrees_of_smoothing(self, second: bool) -> float:
        """By how much the uncertainty of the smoothing parameters raises the edf, with or without its second part."""
        if self.model.family != "gaussian":
            return 0.0
        return added_degrees(self.problem, self.optimum, self.sig2 / self.problem.unit**2, second)

    @property
    def aic(self) -> float:
        """Conditional AIC with corrected degrees of freedom, as mgcv's `AIC()`: -2 log likelihood + 2 df."""
        return -2 * self.log_likelihood + 2 * self.log_likelihood_df

    @property
    def aic_plain(self) -> float:
        """Conditional AIC as if the smoothing parameters were known: -2 log likelihood + 2 df."""
        return -2 * self.log_likelihood + 2 * (self.edf_total + self.n_further)

    @property
    def adjusted_r2(self) -> float:
        """Adjusted R squared: 1 less the ratio of the variances of residuals and response, with their df."""
        total, resid = self.fitted + self.resid, self.resid
        if self.model.weights is not None:  # as mgcv: of rows with equal variances
            weights = self.frame[self.model.weights].to_numpy(float)[np.argsort(self.rows)]
            total, resid = np.sqrt(weights) * (total - np.average(total, weights=weights)), np.sqrt(weights) * resid
        return 1 - float(np.var(resid) * (self.n - 1) / (np.var(total) * (self.n - self.edf_total)))

    @property
    def formula(self) -> str:
        """The model in mgcv's words, all defaults written out."""
        return str(self.model)

    def random_effects(self, factor: str | None = None) -> pd.DataFrame:
        """Give the random coefficients of a factor (by default the first of the formula), a row for each level.

        Raises:
            GammError: the factor has no random term.
        """
        names = [item.factor for item in self.random]
        if not names or factor not in (None, *names):
            raise GammError(f"factor (={factor}) must be one with a random term; there are "
                            f"{', '.join(names) or 'none'}")
        item = self.random[0 if factor is None else names.index(factor)]
        return pd.DataFrame(item.values, index=pd.Index(item.levels, name=item.factor))
