"""Trained networks on their way out: SavedModel and weights in one folder, and the original's checkpoints."""
