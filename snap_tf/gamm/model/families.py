"""Families of the response: log likelihood of every row with its derivatives, mean, deviance, start values.

Every family has one fixed link, and all but the Gaussian a known scale. The scaled t distribution has two parameters
of its own, theta, which are estimated together with the smoothing parameters.

Source: McCullagh & Nelder 1989, chapter 2; Wood, Pya & Saefken 2016, JASA 111:1548, section 3 and appendix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

__all__ = ["Binomial", "Derivatives", "Family", "Gaussian", "Poisson", "ScaledT", "family_of"]

_MIN_DF = 3.0  # degrees of freedom of the scaled t distribution are above this
_ASYMPTOTIC = 200.0  # from here differences of log gamma functions come from their series


@dataclass(frozen=True, eq=False)
class Derivatives:
    """Derivatives of the rows' log likelihood by the linear predictor eta and by theta.

    Attributes:
        first: float [n], l_eta.
        second: float [n], l_eta_eta.
        third: float [n], l_eta_eta_eta.
        theta: float [n_theta], l_theta, summed over rows.
        first_theta: float [n_theta, n], l_eta_theta.
        second_theta: float [n_theta, n], l_eta_eta_theta.
    """

    first: np.ndarray
    second: np.ndarray
    third: np.ndarray
    theta: np.ndarray
    first_theta: np.ndarray
    second_theta: np.ndarray


class Family:
    """A distribution and its link. Prior weights multiply the log likelihood of a row; for `binomial` they are trials.

    Attributes:
        name: as it stands in the formula's `family`.
        link: name of the link.
        n_theta: parameters of the distribution that are estimated.
        scale_known: whether there is no residual variance to estimate: tests use the normal distribution.
    """

    name: str
    link: str
    n_theta: int = 0
    scale_known: bool = True

    def log_likelihood(self, y: np.ndarray, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> float:
        """Sum the log likelihood over rows, constants included.

        Args:
            y: float [n], response.
            eta: float [n], linear predictor.
            theta: float [n_theta].
            weights: float [n], prior weights.
        """
        raise NotImplementedError

    def derivatives(self, y: np.ndarray, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> Derivatives:
        """Differentiate the log likelihood; arguments as for `log_likelihood`."""
        raise NotImplementedError

    def information(self, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Expected -l_eta_eta of every row, above 0; float [n]."""
        raise NotImplementedError

    def mean(self, eta: np.ndarray) -> np.ndarray:
        """Expected response at a linear predictor (the inverse of the link)."""
        raise NotImplementedError

    def deviances(self, y: np.ndarray, mean: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Twice what every row's log likelihood lacks to that of a perfect fit; float [n]."""
        raise NotImplementedError

    def start(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """A linear predictor near the response, to begin with; float [n]."""
        raise NotImplementedError

    def start_theta(self, y: np.ndarray) -> np.ndarray:
        """Values of theta to begin with; float [n_theta]."""
        return np.zeros(0)

    def theta_values(self, theta: np.ndarray) -> dict[str, float]:
        """The parameters on their own scale, by name."""
        return {}

    def rescaled(self, theta: np.ndarray, unit: float) -> np.ndarray:
        """Theta of the response, given that of the response divided by `unit`."""
        return theta

    def null_deviance(self, y: np.ndarray, theta: np.ndarray, weights: np.ndarray, offset: np.ndarray) -> float:
        """Deviance of the model with nothing but an intercept (and the offset)."""
        level = _intercept(self, y, theta, weights, offset)
        return float(self.deviances(y, self.mean(level + offset), theta, weights).sum())


class Gaussian(Family):
    """The normal distribution with the identity link; log likelihood and derivatives for variance 1."""

    name, link, scale_known = "gaussian", "identity", False

    def log_likelihood(self, y: np.ndarray, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> float:
        """Of rows with variance 1 / weight."""
        return float(np.sum(np.log(weights / (2 * np.pi)) - weights * (y - eta) ** 2) / 2)

    def derivatives(self, y: np.ndarray, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> Derivatives:
        """Those of a parabola."""
        return _without_theta(weights * (y - eta), -weights, np.zeros(len(y)))

    def information(self, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The weights."""
        return weights

    def mean(self, eta: np.ndarray) -> np.ndarray:
        """The linear predictor."""
        return np.array(eta, float)

    def deviances(self, y: np.ndarray, mean: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Weighted squared residuals."""
        return weights * (y - mean) ** 2

    def start(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The response."""
        return np.array(y, float)


class Binomial(Family):
    """Proportions of successes with the logit link; prior weights are numbers of trials."""

    name, link = "binomial", "logit"

    def log_likelihood(self, y: np.ndarray, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> float:
        """Binomial coefficients included."""
        hits = weights * y
        constant = special.gammaln(weights + 1) - special.gammaln(hits + 1) - special.gammaln(weights - hits + 1)
        return float(np.sum(hits * eta - weights * np.logaddexp(0, eta) + constant))

    def derivatives(self, y: np.ndarray, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> Derivatives:
        """Those of the canonical link."""
        mean = special.expit(eta)
        spread = weights * mean * special.expit(-eta)
        return _without_theta(weights * (y - mean), -spread, -spread * (1 - 2 * mean))

    def information(self, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The variance of the number of successes."""
        return weights * special.expit(eta) * special.expit(-eta)

    def mean(self, eta: np.ndarray) -> np.ndarray:
        """Probability of success."""
        return special.expit(eta)

    def deviances(self, y: np.ndarray, mean: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Twice the Kullback-Leibler distance, times trials."""
        return 2 * weights * (special.rel_entr(y, mean) + special.rel_entr(1 - y, 1 - mean))

    def start(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The logit with half a success and half a failure added."""
        return special.logit((weights * y + 0.5) / (weights + 1))


class Poisson(Family):
    """Counts with the log link."""

    name, link = "poisson", "log"

    def log_likelihood(self, y: np.ndarray, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> float:
        """Factorials included."""
        with np.errstate(over="ignore"):
            return float(np.sum(weights * (y * eta - np.exp(eta) - special.gammaln(y + 1))))

    def derivatives(self, y: np.ndarray, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> Derivatives:
        """Those of the canonical link."""
        mean = weights * np.exp(eta)
        return _without_theta(weights * y - mean, -mean, -mean)

    def information(self, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The mean."""
        return weights * np.exp(eta)

    def mean(self, eta: np.ndarray) -> np.ndarray:
        """Expected count."""
        return np.exp(eta)

    def deviances(self, y: np.ndarray, mean: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Twice y log(y / mean) - (y - mean)."""
        return 2 * weights * special.kl_div(y, mean)

    def start(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The logarithm with a little added."""
        return np.log(y + 0.1)


class ScaledT(Family):
    """Heavy tails: y = eta + sigma T, T of the t distribution, with the identity link.

    theta is log(df - 3) and log(sigma).
    """

    name, link, n_theta = "scat", "identity", 2

    def log_likelihood(self, y: np.ndarray, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> float:
        """Constants included."""
        df, _, size = _t_parameters(theta)
        constant = _log_gamma_step(df / 2)[0] - 0.5 * np.log(np.pi * size)
        return float(np.sum(weights * (constant - (df + 1) / 2 * np.log1p((y - eta) ** 2 / size))))

    def derivatives(self, y: np.ndarray, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> Derivatives:
        """By way of those by the exponent a = (df + 1) / 2 and the size s = df sigma^2."""
        df, above, size = _t_parameters(theta)
        a, d = (df + 1) / 2, y - eta
        whole = size + d**2
        first, second = 2 * d / whole, -2 * (size - d**2) / whole**2  # both for a = 1
        first_size, second_size = -2 * a * d / whole**2, -2 * a * (3 * d**2 - size) / whole**3
        level_a, level_size = -np.log1p(d**2 / size), a * d**2 / (size * whole)
        a_theta, size_theta = np.array([above / 2, 0.0]), np.array([above / df, 2.0]) * size
        constant = np.array([above / 2 * _log_gamma_step(df / 2)[1], 0.0]) - 0.5 * size_theta / size

        def mixed(by_a: np.ndarray, by_size: np.ndarray) -> np.ndarray:
            return np.asarray(weights * (np.outer(a_theta, by_a) + np.outer(size_theta, by_size)))

        theta_first = mixed(level_a, level_size).sum(1) + constant * weights.sum()
        third = 4 * a * d * (d**2 - 3 * size) / whole**3
        return Derivatives(weights * a * first, weights * a * second, weights * third, theta_first,
                           mixed(first, first_size), mixed(second, second_size))

    def information(self, eta: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The same for every row, but for its weight."""
        df, _, size = _t_parameters(theta)
        return weights * (df + 1) / (df + 3) * df / size

    def mean(self, eta: np.ndarray) -> np.ndarray:
        """The linear predictor."""
        return np.array(eta, float)

    def deviances(self, y: np.ndarray, mean: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(df + 1) log(1 + (y - mean)^2 / (df sigma^2))."""
        df, _, size = _t_parameters(theta)
        return weights * (df + 1) * np.log1p((y - mean) ** 2 / size)

    def start(self, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The response."""
        return np.array(y, float)

    def start_theta(self, y: np.ndarray) -> np.ndarray:
        """Six degrees of freedom, and half of the response's spread."""
        return np.array([np.log(3.0), np.log(np.std(y) / 2)])

    def theta_values(self, theta: np.ndarray) -> dict[str, float]:
        """Degrees of freedom and sigma."""
        return {"df": float(np.exp(theta[0]) + _MIN_DF), "sigma": float(np.exp(theta[1]))}

    def rescaled(self, theta: np.ndarray, unit: float) -> np.ndarray:
        """Only sigma has the response's unit."""
        return theta + np.array([0.0, np.log(unit)])


_FAMILIES: dict[str, type[Family]] = {"gaussian": Gaussian, "binomial": Binomial, "poisson": Poisson, "scat": ScaledT}


def family_of(name: str) -> Family:
    """Give the family of a name."""
    return _FAMILIES[name]()


def _without_theta(first: np.ndarray, second: np.ndarray, third: np.ndarray) -> Derivatives:
    empty = np.zeros((0, len(first)))
    return Derivatives(first, second, third, np.zeros(0), empty, empty)


def _t_parameters(theta: np.ndarray) -> tuple[float, float, float]:
    """Degrees of freedom, what they are above the smallest, and df sigma^2."""
    above = float(np.exp(theta[0]))
    df = above + _MIN_DF
    return df, above, df * float(np.exp(2 * theta[1]))


def _log_gamma_step(x: float) -> tuple[float, float]:
    """log Gamma(x + 1/2) - log Gamma(x), and its derivative, without cancellation for large x.

    Source: Olver et al., NIST Handbook, 5.11.8 and 5.11.2.
    """
    if x < _ASYMPTOTIC:
        return (float(special.gammaln(x + 0.5) - special.gammaln(x)),
                float(special.digamma(x + 0.5) - special.digamma(x)))
    return (float(0.5 * np.log(x) - 1 / (8 * x) + 1 / (192 * x**3) - 1 / (640 * x**5)),
            float(1 / (2 * x) + 1 / (8 * x**2) - 1 / (64 * x**4) + 1 / (128 * x**6)))


def _intercept(family: Family, y: np.ndarray, theta: np.ndarray, weights: np.ndarray, offset: np.ndarray) -> float:
    """The level that, added to the offset, fits best."""
    level = float(np.average(family.start(y, weights) - offset, weights=weights))
    for _ in range(100):
        eta = level + offset
        step = float(family.derivatives(y, eta, theta, weights).first.sum()
                     / family.information(eta, theta, weights).sum())
        level += step if family.link == "identity" else float(np.clip(step, -1, 1))
        if abs(step) < 1e-10 * (1 + abs(level)):
            break
    return level
