"""Lasso regression of a label of the output on latent variables: which of them predict it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from snap_tf.series.latents.penalised_paths import coefficient_path, held_out_loss, largest_penalty, predictions
from wavegan_tf.errors import ConfigError, DataError

__all__ = ["LatentRegression", "RegressionSettings", "regress_label"]


@dataclass(frozen=True)
class RegressionSettings:
    """Settings of the lasso regression of a label on latent variables.

    Attributes:
        folds: of the cross-validation that chooses lambda.
        n_lambdas: penalties tried, from the one that keeps nothing down to `smallest` of it.
        smallest: see `n_lambdas`.
        test_share: of outputs held out of everything but the last score.
        permutations: of the labels, for the baseline of score and coefficients; 0: none.
        seed: of folds, test share and permutations.
    """

    folds: int = 10
    n_lambdas: int = 40
    smallest: float = 0.01
    test_share: float = 0.2
    permutations: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        if self.folds < 3:
            raise ConfigError(f"`folds` (={self.folds}) must be at least 3")
        if self.n_lambdas < 2 or not 0 < self.smallest < 1:
            raise ConfigError(f"`n_lambdas` (={self.n_lambdas}) must be at least 2 and `smallest` (={self.smallest}) "
                              "between 0 and 1")
        if not 0 < self.test_share < 1:
            raise ConfigError(f"`test_share` (={self.test_share}) must be between 0 and 1")
        if self.permutations < 0 or self.seed < 0:
            raise ConfigError(f"`permutations` (={self.permutations}) and `seed` (={self.seed}) must be 0 or more")


@dataclass(frozen=True)
class LatentRegression:
    """Result of a lasso regression of a label on latent variables.

    Attributes:
        table: a row per latent variable, strongest first: rank, variable (from 0, the code first), name, b (per
            standard deviation of the variable), b_per_unit, selected, fold_share (of folds that select it),
            sign_share (of those, how many agree with the sign of b), p (family-wise, against permuted labels; NaN
            without), ridge_b, ridge_rank.
        path: a row per lambda: lambda, loss (mean over folds), loss_se, n_selected.
        coefficients: float64 [lambdas, variables], on all outputs, per standard deviation.
        lambda_min: of the lowest mean loss.
        lambda_1se: the largest within one standard error of it; `table` is for this one.
        score_name: `auc` of a binary label, `r2` of a measure.
        score: on outputs held out.
        null_scores: float64 [permutations], scores with labels permuted, at the same lambda.
        null_largest: float64 [permutations], largest |b| of each.
        null_largest_ridge: float64 [permutations], largest |ridge_b| of each: penalties of two kinds shrink
            differently, so that neither is a threshold for the other.
        n: outputs with a label.
        n_positive: of a binary label; -1 otherwise.
        settings: how it was done.
    """

    table: pd.DataFrame
    path: pd.DataFrame
    coefficients: np.ndarray
    lambda_min: float
    lambda_1se: float
    score_name: str
    score: float
    null_scores: np.ndarray
    null_largest: np.ndarray
    null_largest_ridge: np.ndarray
    n: int
    n_positive: int
    settings: RegressionSettings

    @property
    def p_value(self) -> float:
        """How often permuted labels score as well: (1 + number) / (1 + permutations); NaN without permutations."""
        n = len(self.null_scores)
        return float((1 + (self.null_scores >= self.score).sum()) / (1 + n)) if n else float("nan")

    def facts(self) -> dict[str, Any]:
        """Return everything but the arrays, for JSON."""
        null = self.null_scores
        return {"n": self.n, "n_positive": self.n_positive if self.n_positive >= 0 else None,
                "lambda_min": self.lambda_min, "lambda_1se": self.lambda_1se,
                "n_selected": int(self.table["selected"].sum()), "score_name": self.score_name, "score": self.score,
                "permuted_score_mean": float(null.mean()) if len(null) else None,
                "permuted_score_95": float(np.quantile(null, 0.95)) if len(null) else None,
                "p": self.p_value if len(null) else None,
                "largest_lambda_chosen": bool(self.lambda_1se == self.path["lambda"].iloc[0]),
                "smallest_lambda_best": bool(self.lambda_min == self.path["lambda"].iloc[-1]),
                "settings": asdict(self.settings)}


def regress_label(z: np.ndarray, y: np.ndarray, names: list[str] | None = None, *, binary: bool,
                  settings: RegressionSettings | None = None, progress: bool = False) -> LatentRegression:
    """Fit a lasso (L1) regression of a label on latent variables and rank these by |b|.

    The penalty is the largest whose cross-validated loss lies within one standard error of the smallest. Variables
    are standardised, so that values of a code and noise compare.

    Args:
        z: float [n, variables].
        y: float [n]; 0 and 1 where `binary`; rows with NaN are left out.
        names: of the variables.
        binary: logistic regression, else linear.
        settings: folds, penalties, seed.
        progress: show a bar on stderr.

    Raises:
        DataError: too few outputs, one class only, or a label that does not vary.

    Source: Tibshirani 1996 (lasso); Friedman, Hastie & Tibshirani 2010, section 2.5 (path) and Hastie, Tibshirani &
        Friedman 2009, section 7.10 (one standard error).

    Example:
        >>> import numpy as np
        >>> from snap_tf.series import RegressionSettings, regress_label
        >>> z = np.random.default_rng(0).uniform(-1, 1, (200, 5))
        >>> loudness = 3 * z[:, 2]
        >>> found = regress_label(z, loudness, binary=False, settings=RegressionSettings(folds=5, permutations=9))
        >>> found.table["name"].iloc[0], int(found.table["selected"].sum())
        ('z2', 1)
        >>> found.score_name, round(found.score, 2), found.p_value
        ('r2', 1.0, 0.1)
    """
    settings = settings or RegressionSettings()
    z, y = np.asarray(z, float), np.asarray(y, float)
    z, y = z[np.isfinite(y)], y[np.isfinite(y)]
    _check(y, binary, settings)
    rng = np.random.default_rng(settings.seed)
    sd = z.std(axis=0)
    x = np.divide(z - z.mean(axis=0), sd, out=np.zeros_like(z), where=sd > 0)
    test = _test_rows(y, binary, settings.test_share, rng)
    x_train, y_train = x[~test], y[~test]
    top = largest_penalty(x_train, y_train)
    lambdas = np.geomspace(top, top * settings.smallest, settings.n_lambdas)
    options: dict[str, Any] = {"logistic": binary, "seed": settings.seed}

    fold_of = _folds(y_train, binary, settings)
    losses, fold_paths = [], []
    for k in tqdm(range(settings.folds), desc="folds", disable=not progress):
        inside = fold_of != k
        path = coefficient_path(x_train[inside], y_train[inside], lambdas, lasso=True, **options)
        losses.append(held_out_loss(y_train[~inside], predictions(x_train[~inside], path), binary))
        fold_paths.append(path)
    mean, se = np.mean(losses, axis=0), np.std(losses, axis=0, ddof=1) / np.sqrt(settings.folds)
    best = int(mean.argmin())
    chosen = int(np.flatnonzero(mean <= mean[best] + se[best])[0])  # lambdas fall: the first is the largest

    full = coefficient_path(x, y, lambdas, lasso=True, **options)
    b = full[chosen, :-1]
    train = coefficient_path(x_train, y_train, lambdas[: chosen + 1], lasso=True, **options)[-1:]
    ridge, ridge_lambda = _ridge(x, y, 10 * lambdas, options, binary, settings)
    null_scores, null_largest, null_ridge = _permuted(
        x_train, y_train, x[test], y[test], lambdas[chosen: chosen + 1], ridge_lambda, options, binary,
        settings.permutations, rng, progress)
    of_folds = np.array([path[chosen, :-1] for path in fold_paths])
    in_folds = of_folds != 0
    agree = (np.sign(of_folds) == np.sign(b)) & in_folds
    n_folds = in_folds.sum(axis=0)
    table = pd.DataFrame({
        "variable": np.arange(len(b)), "name": names or [f"z{i}" for i in range(len(b))], "b": b,
        "b_per_unit": np.divide(b, sd, out=np.zeros_like(b), where=sd > 0), "selected": b != 0,
        "fold_share": in_folds.mean(axis=0),
        "sign_share": np.divide(agree.sum(axis=0), n_folds, out=np.full(len(b), np.nan), where=n_folds > 0),
        "p": ((1 + (null_largest[:, None] >= np.abs(b)).sum(axis=0)) / (1 + len(null_largest))
              if len(null_largest) else np.nan),
        "ridge_b": ridge})
    table["ridge_rank"] = table["ridge_b"].abs().rank(ascending=False, method="first").astype(int)
    # variables without a coefficient follow in the order of the ridge
    order = np.lexsort((table["ridge_rank"], -table["b"].abs()))
    table = table.iloc[order].reset_index(drop=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    steps = pd.DataFrame({"lambda": lambdas, "loss": mean, "loss_se": se,
                          "n_selected": (full[:, :-1] != 0).sum(axis=1)})
    return LatentRegression(table, steps, full[:, :-1], float(lambdas[best]), float(lambdas[chosen]),
                            "auc" if binary else "r2", _score(y[test], predictions(x[test], train)[:, 0], binary),
                            null_scores, null_largest, null_ridge, len(y), int(y.sum()) if binary else -1, settings)


def _check(y: np.ndarray, binary: bool, settings: RegressionSettings) -> None:
    needed = 2 * settings.folds
    if len(y) < needed:
        raise DataError(f"outputs with a label (={len(y)}) must be at least {needed} for {settings.folds} folds; "
                        "generate more (-n) or label more")
    if binary:
        counts = [int((y == 0).sum()), int((y == 1).sum())]
        if sum(counts) != len(y):
            raise DataError("a binary label must be 0 or 1")
        if min(counts) < needed:
            raise DataError(f"label must have at least {needed} outputs of either class for {settings.folds} folds; it "
                            f"has {counts[1]} of one and {counts[0]} of the other; generate more, or change the "
                            "threshold")
    elif not y.std() > 0:
        raise DataError(f"label must vary over outputs; all {len(y)} have {y[0]:g}")


def _test_rows(y: np.ndarray, binary: bool, share: float, rng: np.random.Generator) -> np.ndarray:
    """Choose outputs to hold out, the same share of each class: bool [n]."""
    test = np.zeros(len(y), bool)
    for rows in ([np.flatnonzero(y == value) for value in (0, 1)] if binary else [np.arange(len(y))]):
        test[rng.permutation(rows)[: max(2, round(share * len(rows)))]] = True
    return test


def _folds(y: np.ndarray, binary: bool, settings: RegressionSettings) -> np.ndarray:
    """Number the folds, classes spread evenly: int [n]."""
    from sklearn.model_selection import KFold, StratifiedKFold

    kind = StratifiedKFold if binary else KFold
    fold_of = np.zeros(len(y), int)
    splits = kind(settings.folds, shuffle=True, random_state=settings.seed).split(y[:, None], y)
    for k, (_, rows) in enumerate(splits):
        fold_of[rows] = k
    return fold_of


def _ridge(x: np.ndarray, y: np.ndarray, lambdas: np.ndarray, options: dict[str, Any], binary: bool,
           settings: RegressionSettings) -> tuple[np.ndarray, np.ndarray]:
    """Fit the ridge with the lowest cross-validated loss: float64 [variables], and its penalty, [1]."""
    fold_of, lambdas = _folds(y, binary, settings), lambdas[::4]
    losses = [held_out_loss(y[fold_of == k], predictions(x[fold_of == k], coefficient_path(
        x[fold_of != k], y[fold_of != k], lambdas, lasso=False, **options)), binary) for k in range(settings.folds)]
    best = int(np.mean(losses, axis=0).argmin())
    its_own = lambdas[best: best + 1]
    return coefficient_path(x, y, its_own, lasso=False, **options)[0, :-1], its_own


def _permuted(x: np.ndarray, y: np.ndarray, x_test: np.ndarray, y_test: np.ndarray, lambdas: np.ndarray,
              ridge_lambda: np.ndarray, options: dict[str, Any], binary: bool, n: int, rng: np.random.Generator,
              progress: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit lasso and ridge again with permuted labels.

    Returns:
        Scores of the lasso on the outputs held out, its largest |b|, and that of the ridge: float64 [n] each.
    """
    scores, largest, largest_ridge = [], [], []
    for _ in tqdm(range(n), desc="permutations", disable=not progress):
        permuted = rng.permutation(y)
        path = coefficient_path(x, permuted, lambdas, lasso=True, **options)
        scores.append(_score(y_test, predictions(x_test, path)[:, 0], binary))
        largest.append(np.abs(path[0, :-1]).max())
        ridge = coefficient_path(x, permuted, ridge_lambda, lasso=False, **options)
        largest_ridge.append(np.abs(ridge[0, :-1]).max())
    return np.array(scores), np.array(largest), np.array(largest_ridge)


def _score(y: np.ndarray, predicted: np.ndarray, binary: bool) -> float:
    from sklearn.metrics import r2_score, roc_auc_score

    return float(roc_auc_score(y, predicted) if binary else r2_score(y, predicted))
