"""Inference from a fit: tests of terms, curves and differences with intervals, residual checks, model comparison.

In goes the optimum that the solver found; out come a `GammFit` and tables.
"""
