"""One look into a network: its layers, targets, activations, and gradients restricted to the receptive field.

In go a model and frames; out come activations and saliency of every layer for one target.
"""
