"""Make log_mel.npz: log-mel spectrograms by librosa, of a signal with loud and very quiet bands side by side.

Run in this folder, with librosa installed: python make_log_mel.py
"""

import json

import librosa
import numpy as np
import scipy

RATE_HZ = 16000

rng = np.random.default_rng(7)
time_s = np.arange(6000) / RATE_HZ
# a loud glide, a silent stretch, noise at the level of one 16-bit step
glide = 0.8 * np.sin(2 * np.pi * (200 * time_s + 3000 * time_s**2))
waveform = (glide * (time_s < 0.2) + rng.normal(0, 2**-15, len(time_s)) * (time_s > 0.1)).astype(np.float32)

power = librosa.feature.melspectrogram(y=waveform, sr=RATE_HZ, n_fft=512, hop_length=128, n_mels=128)
filters = librosa.filters.mel(sr=RATE_HZ, n_fft=512, n_mels=128)
about = {"what": "log(librosa.feature.melspectrogram(y, sr=16000, n_fft=512, hop_length=128, n_mels=128) + 1e-10)",
         "seed": 7, "librosa": librosa.__version__, "numpy": np.__version__, "scipy": scipy.__version__}
np.savez_compressed("log_mel.npz", waveform=waveform, log_mel=np.log(power.T + 1e-10).astype(np.float32),
                    filter_sums=filters.sum(axis=1, dtype=np.float64), filter_tops=filters.argmax(axis=1),
                    about=json.dumps(about))
