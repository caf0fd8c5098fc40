"""Profiles: sums of activations and saliency over frames, kept in a file, and the profile of every group from them.

In go frames and a network; out come SNAPs, NAPs and NAvAIs by group and layer.
"""
