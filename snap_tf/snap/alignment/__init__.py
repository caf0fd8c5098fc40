"""Alignment: the step at which a frame is aligned, and how often that step lies in the annotated phone.

In go saliency, activations and annotations; out come steps, counts and alignment accuracy.
"""
