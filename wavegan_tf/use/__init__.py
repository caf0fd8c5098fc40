"""Using a trained model: audio out of latent vectors, codes out of audio, and how far codes and labels agree."""
