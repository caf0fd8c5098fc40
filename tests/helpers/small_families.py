"""Small models of other families than Gaussian in both forms: as cells of rows and as whole matrices."""

from dataclasses import dataclass

import numpy as np
from small_models import FORMULAS, make, table
from twins import gamm_laplace as twin

from snap_tf.gamm.model.columns import resolve_model
from snap_tf.gamm.model.families import family_of
from snap_tf.gamm.model.formula import parse_formula
from snap_tf.gamm.model.table import prepare_table
from snap_tf.gamm.problems.laml import Laplace
from snap_tf.gamm.problems.weighted import WeightedSystem
from snap_tf.gamm.solver.design import Design, group_rows
from snap_tf.gamm.solver.system import Cells

FAMILIES = ("binomial", "poisson", "scat")


@dataclass
class Problem:
    """One small model with weights and offset, as `Laplace` and as whole matrices (rows in the table's order)."""

    laplace: Laplace
    columns: np.ndarray
    penalties: list[np.ndarray]
    order: np.ndarray
    response: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    method: str

    def dense(self, point: np.ndarray) -> twin.DenseLaplace:
        return twin.dense_laplace(self.laplace.family.name, self.columns, self.response, self.penalties, point,
                                  self.weights, self.offset, self.method)


def rows(family: str, value: np.ndarray, seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw response, prior weights and offset for a curve."""
    rng = np.random.default_rng(seed)
    offset = rng.normal(0, 0.3, len(value))
    if family == "binomial":
        trials = rng.integers(1, 5, len(value)).astype(float)
        return rng.binomial(trials.astype(int), 1 / (1 + np.exp(-value - offset))) / trials, trials, offset
    weights = rng.uniform(0.5, 2, len(value))
    if family == "poisson":
        return rng.poisson(np.exp(value + offset)).astype(float), weights, offset
    return value + offset + 0.3 * rng.standard_t(4, len(value)), weights, offset


def make_family(name: str, family: str, method: str = "REML", unequal: bool = False) -> Problem:
    data = table(unequal)
    model = resolve_model(parse_formula(FORMULAS[name]), data, ("Token",))
    prepared = prepare_table(model, data, token="Token")
    design = Design(model, prepared)
    grouped = group_rows(design, prepared)
    response, weights, offset = rows(family, prepared.frame["Value"].to_numpy())
    order = np.concatenate([pattern.rows.reshape(-1) for pattern in grouped.patterns])
    system = WeightedSystem([Cells(pattern.columns, response[pattern.rows], pattern.cells)
                             for pattern in grouped.patterns], grouped.units, grouped.layout,
                            design.penalties(grouped.layout))
    laplace = Laplace(system, family_of(family), response[order], weights[order], offset[order], method)
    whole = make(name, 0.0, method, unequal)
    return Problem(laplace, whole.columns, whole.penalties, order, response, weights, offset, method)
