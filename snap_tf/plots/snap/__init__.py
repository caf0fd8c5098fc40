"""Figures of SNAPs: profiles, clusters, alignment, saliency maps, sanity checks.

In go results of `snap_tf.snap`; out come matplotlib figures.
"""
