"""Inference from a fit: tests of terms, curves and differences with intervals, residual checks, model comparison.

In goes an optimum; out come `GammFit` and tables.
"""
