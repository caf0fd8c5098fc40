"""Run a network and keep its layers as time series: stimuli in, a folder of layers and a long table out.

In go a probe and recordings or latent vectors; out come series by layer, tokens and phone intervals, on disk.
"""
