"""Layers as time series: which recordings, which intervals, at which rate; kept on disk, and as tables."""
