"""From recordings to training batches: corpora, slices, decoding, the tf.data pipeline."""
