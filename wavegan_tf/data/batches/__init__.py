"""Audio files to training batches: the tf.data pipeline, its order, its cache.

In goes a folder of audio; out come float32 batches `[batch, samples, channels]`, the same for the same seed.
"""
