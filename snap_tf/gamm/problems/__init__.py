"""Models with their tables, made numeric and optimised: Gaussian ones by REML or ML, other families by LAML.

In go a model and its sorted table; out come an `Optimum` (smoothing parameters, coefficients, score), linear predictor
and residuals.
"""
