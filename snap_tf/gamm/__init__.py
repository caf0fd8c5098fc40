"""Generalised additive mixed models for curves of words over time: long table in, fit out, equal to mgcv's.

Needs NumPy, SciPy, pandas, patsy and statsmodels only.

```
from snap_tf.gamm import gamm
fit = gamm("Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)", table, rho="auto")
print(fit)
fit.differences([("ask", "wash")])
```
"""

from snap_tf.gamm.checks import ResidualCheck, check
from snap_tf.gamm.comparison import compare
from snap_tf.gamm.errors import GammError, GammWarning
from snap_tf.gamm.files import fit_to_dict, read_table, versions, write_fit
from snap_tf.gamm.fit import fit_model, gamm
from snap_tf.gamm.formula import parse_formula
from snap_tf.gamm.layers import ContrastLayers, adjust, fit_layers, layer_tests, lost_contrasts, normalise_time
from snap_tf.gamm.model import Model, RandomTerm, SmoothTerm
from snap_tf.gamm.population import curves, difference_tests, differences, stretches
from snap_tf.gamm.printing import contrast_sentences, summary
from snap_tf.gamm.result import GammFit
from snap_tf.gamm.words import gamm_words, word_model

__all__ = [
    "ContrastLayers", "GammError", "GammFit", "GammWarning", "Model", "RandomTerm", "ResidualCheck", "SmoothTerm",
    "adjust", "check", "compare", "contrast_sentences", "curves", "difference_tests", "differences", "fit_layers",
    "fit_model", "fit_to_dict", "gamm", "gamm_words", "layer_tests", "lost_contrasts", "normalise_time",
    "parse_formula", "read_table", "stretches", "summary", "versions", "word_model", "write_fit",
]
