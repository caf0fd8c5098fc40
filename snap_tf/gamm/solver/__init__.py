"""Estimation: model matrix, penalised least squares, REML, AR(1) errors.

In go a model and its table; out come coefficients, smoothing parameters and effective degrees of freedom.
"""
