"""Sanity checks: do profiles depend on the weights, on the groups, on the inputs?

In go a network, frames and a profile file; out come checks against randomised weights and permuted labels.
"""
