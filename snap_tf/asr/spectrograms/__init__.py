"""Log-mel spectrograms: mel bands, geometry, the computation inside the TensorFlow graph.

In goes audio `[batch, samples]`; out come spectrograms `[batch, steps, bands]`.
"""
