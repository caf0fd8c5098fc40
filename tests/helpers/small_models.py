"""Small models in both forms: as cells of rows alike and as whole matrices."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from twins import gamm_dense as twin

from snap_tf.gamm.model.columns import resolve_model
from snap_tf.gamm.model.formula import parse_formula
from snap_tf.gamm.model.table import prepare_table
from snap_tf.gamm.problems.gaussian import GaussianProblem as Fitted
from snap_tf.gamm.solver.reml import Likelihood
from snap_tf.gamm.solver.system import System

FORMULAS = {
    "fs": "Value ~ Word + s(Sample, k=6) + s(Sample, by=ordered(Word), k=6) + fs(Sample, Token, k=4)",
    "fs2": "Value ~ Word + s(Sample, k=6) + s(Sample, by=ordered(Word), k=6) + fs(Sample, Token, k=5, m=2)",
    "re": "Value ~ Word + s(Sample, by=Word, k=5) + re(Token)",
    "none": "Value ~ Word + s(Sample, k=6) + s(Sample, by=ordered(Word), k=5, m=1)",
    "level": "Value ~ Word + re(Token)",
    "nested": "Value ~ Word + s(Sample, k=6) + fs(Sample, Speaker, k=4) + fs(Sample, Token, k=3)",
    "three levels": "Value ~ Word + s(Sample, k=5) + re(Town) + fs(Sample, Speaker, k=3) + re(Token)",
    "crossed": "Value ~ Word + s(Sample, k=6) + re(Speaker) + fs(Sample, Item, k=3)",
    "nested and crossed": "Value ~ Word + s(Sample, k=5) + fs(Sample, Speaker, k=3) + re(Item) + re(Token)",
    "slopes": 'Value ~ Word + s(Sample, k=5) + re(Speaker) + s(Speaker, Sample, bs="re") + s(Speaker, Word, bs="re")',
    "by": "Value ~ Word + s(Sample, k=5) + fs(Sample, Speaker, k=3) + "
          's(Sample, Speaker, by=ordered(Word), bs="fs", k=3, m=1)',
    "te": "Value ~ Word + te(Sample, Dur, k=c(4, 3)) + re(Speaker)",
    "ti": "Value ~ Word + s(Sample, k=5) + s(Dur, k=4) + ti(Sample, Dur, k=c(4, 3)) + re(Token)",
    "numeric by": "Value ~ Word + s(Sample, k=5) + s(Sample, by=Dur, k=4) + re(Token)",
    "cubic": 'Value ~ Word + s(Sample, bs="cr", k=5) + s(Dur, bs="cs", k=4) + re(Token)',
}


@dataclass
class Problem:
    """One small model, in cells and as whole matrices; whole columns are the fixed ones, then factor by factor."""

    likelihood: Likelihood
    columns: np.ndarray
    response: np.ndarray
    penalties: list[np.ndarray]
    white: np.ndarray
    starts: np.ndarray
    method: str
    places: list[slice]

    @property
    def system(self) -> System:
        return self.likelihood.system

    def dense(self, log_sp: np.ndarray) -> twin.DenseFit:
        return twin.dense_fit(self.columns, self.response, self.penalties, log_sp, self.white, self.method)


def table(unequal: bool, n_tokens: int = 9) -> pd.DataFrame:
    """Tokens of three words; speakers, in two towns, say three tokens each; items cross speakers."""
    rng = np.random.default_rng(3)
    rows = []
    for token in range(n_tokens):
        n = int(rng.integers(3, 12)) if unequal else 8
        u = np.arange(n) / 7
        value = np.sin(2 * u) + (token % 3) * u + rng.normal(0, 0.4) + rng.normal(0, 0.2, n)
        own = (token, "abc"[token % 3], f"S{token // 3}", f"T{token // 6}", f"i{token % 4}", token * 37 % 11 / 10)
        rows += [(*own, t, v) for t, v in zip(range(n), value, strict=True)]
    return pd.DataFrame(rows, columns=["Token", "Word", "Speaker", "Town", "Item", "Dur", "Sample", "Value"])


def make(name: str, rho: float, method: str = "REML", unequal: bool = False, n_tokens: int = 9) -> Problem:
    data = table(unequal, n_tokens)
    model = resolve_model(parse_formula(FORMULAS[name]), data, ("Token",))
    fitted = Fitted(model, prepare_table(model, data, token="Token"), method=method)
    fitted.response = fitted.table.frame["Value"].to_numpy()
    layout, penalties = fitted.rows.layout, fitted.design.penalties(fitted.rows.layout)
    cells = [pattern.block(fitted.response, rho) for pattern in fitted.rows.patterns]
    system = System(cells, fitted.rows.units, layout, penalties)
    white = twin.whitening(fitted.table.starts, rho)
    likelihood = Likelihood(system, method, np.linalg.slogdet(white)[1])
    fixed, places, columns = fitted.design.fixed_rows(fitted.table.frame), [], []
    first = fixed.shape[1]
    for factor in layout.order:  # one part after the other, level by level
        own, codes = fitted.design.random_rows(fitted.table.frame, factor), fitted.table.random[factor].codes
        whole = np.zeros((len(own), layout.n_units[factor], own.shape[1]))
        whole[np.arange(len(own)), codes] = own
        columns.append(whole.reshape(len(own), -1))
        places.append(slice(first, first + columns[-1].shape[1]))
        first = places[-1].stop
    whole_penalties = []
    for matrix in penalties.fixed_matrices(np.ones(penalties.n_sp)):
        whole = np.zeros((first, first))
        whole[: penalties.p, : penalties.p] = matrix
        whole_penalties.append(whole)
    for item in penalties.random:
        whole = np.zeros((first, first))
        whole[places[item.part], places[item.part]] = np.diag(np.tile(item.diagonal, item.n_units))
        whole_penalties.append(whole)
    return Problem(likelihood, np.hstack([fixed, *columns]), fitted.response, whole_penalties, white,
                   fitted.table.starts, method, places)
