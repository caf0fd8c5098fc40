"""Profiles: sums of activations and saliency over frames, kept in a file, and what they say of every group.

In go frames and a network; out come SNAPs, NAPs and NAvAIs by group and layer.
"""
