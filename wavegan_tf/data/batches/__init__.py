"""The tf.data pipeline: audio files to training batches; decoding in parallel, cache, shuffling.

In goes a folder of audio; out come float32 batches `[group, batch, samples, channels]`, the same for the same seed.
"""
