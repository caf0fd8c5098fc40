"""Small models in both forms: as blocks of tokens and as whole matrices."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from twins import gamm_dense as twin

from snap_tf.gamm.model.formula import parse_formula
from snap_tf.gamm.model.table import prepare_table
from snap_tf.gamm.solver.autoregression import log_jacobian
from snap_tf.gamm.solver.blocks import BlockSystem
from snap_tf.gamm.solver.design import Design, token_patterns
from snap_tf.gamm.solver.reml import Likelihood

FORMULAS = {
    "fs": "Value ~ Word + s(Sample, k=6) + s(Sample, by=ordered(Word), k=6) + fs(Sample, Token, k=4)",
    "fs2": "Value ~ Word + s(Sample, k=6) + s(Sample, by=ordered(Word), k=6) + fs(Sample, Token, k=5, m=2)",
    "re": "Value ~ Word + s(Sample, by=Word, k=5) + re(Token)",
    "none": "Value ~ Word + s(Sample, k=6) + s(Sample, by=ordered(Word), k=5, m=1)",
    "level": "Value ~ Word + re(Token)",
}


@dataclass
class Problem:
    """One small model, in blocks and as whole matrices."""

    likelihood: Likelihood
    columns: np.ndarray
    response: np.ndarray
    penalties: list[np.ndarray]
    white: np.ndarray
    starts: np.ndarray
    method: str

    def dense(self, log_sp: np.ndarray) -> twin.DenseFit:
        return twin.dense_fit(self.columns, self.response, self.penalties, log_sp, self.white, self.method)


def table(unequal: bool, n_tokens: int = 9) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = []
    for token in range(n_tokens):
        n = int(rng.integers(3, 12)) if unequal else 8
        u = np.arange(n) / 7
        value = np.sin(2 * u) + (token % 3) * u + rng.normal(0, 0.4) + rng.normal(0, 0.2, n)
        rows += [(token, "abc"[token % 3], t, v) for t, v in zip(range(n), value, strict=True)]
    return pd.DataFrame(rows, columns=["Token", "Word", "Sample", "Value"])


def make(name: str, rho: float, method: str = "REML", unequal: bool = False) -> Problem:
    model = parse_formula(FORMULAS[name]).with_by_kinds(frozenset())
    prepared = prepare_table(model, table(unequal), token="Token")
    design = Design(model, prepared)
    patterns = token_patterns(design, prepared)
    response = prepared.frame["Value"].to_numpy()
    n_tokens = prepared.blocks[-1] + 1
    system = BlockSystem([pattern.block(response, rho) for pattern in patterns], design.fixed_penalties(),
                         design.random_penalties(n_tokens))
    jacobian = log_jacobian(len(response), prepared.starts.sum(), rho)
    likelihood = Likelihood(system, design.unpenalised.shape[1], jacobian,
                            design.penalised if method == "ML" else None)
    fixed, own = design.fixed_rows(prepared.frame), design.random_rows(prepared.frame)
    q = own.shape[1]
    columns = np.hstack([fixed, np.zeros((len(fixed), q * n_tokens))])
    for row, token in enumerate(prepared.blocks):
        columns[row, design.p + q * token : design.p + q * (token + 1)] = own[row]
    penalties = []
    for penalty in design.fixed_penalties():
        whole = np.zeros((columns.shape[1],) * 2)
        whole[penalty.columns, penalty.columns] = penalty.matrix
        penalties.append(whole)
    for item in design.random_penalties(n_tokens):
        whole = np.zeros((columns.shape[1],) * 2)
        whole[design.p :, design.p :] = np.diag(np.tile(item.diagonal, n_tokens))
        penalties.append(whole)
    return Problem(likelihood, columns, response, penalties, twin.whitening(prepared.starts, rho), prepared.starts,
                   method)
