"""Sanity checks: do profiles depend on the weights, on the groups, on the inputs?

In go a network and data; out come tables against randomised weights, permuted labels and noise as input.
"""
