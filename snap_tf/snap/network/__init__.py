"""Activations and saliency of a network: its layers, its targets, and gradients restricted to the receptive field.

In go a model and frames; out come activations and saliency of every layer for one target.
"""
