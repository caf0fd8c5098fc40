"""Training: optimisers with the original's arithmetic, one compiled round, the loop, checkpoints, monitors."""
