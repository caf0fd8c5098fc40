"""Saliency maps of single recordings: gradients, SmoothGrad, class activation maps, optimised inputs.

In go a model and one recording; out come maps with axes in seconds and hertz.
"""
