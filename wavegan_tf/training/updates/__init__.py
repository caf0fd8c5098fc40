"""One round of training: draws, gradients, optimisers, updates of D, G and Q, on one or several devices.

In go networks and batches; out come updated weights and scalars.
"""
