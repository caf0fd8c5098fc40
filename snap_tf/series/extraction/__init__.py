"""Extraction of layers: run a network and write the activations of its layers as time series.

In go a probe and recordings or latent vectors; out come series by layer, tokens and phone intervals, on disk.
"""
