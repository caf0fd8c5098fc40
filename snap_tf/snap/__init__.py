"""Saliency-adjusted neuron activation profiles: what decides a prediction, averaged over many frames."""
