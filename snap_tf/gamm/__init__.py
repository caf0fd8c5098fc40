"""Generalised additive mixed models for curves of words over time: long table in, fit out, equal to mgcv's.

Needs NumPy, SciPy, pandas, patsy and statsmodels only.

```
from snap_tf.gamm import gamm
fit = gamm("Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)", table, rho="auto")
print(fit)
fit.differences([("ask", "wash")])
```
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
