"""Log-mel spectrograms inside the TensorFlow graph, equal to librosa's and differentiable.

The powers are computed in float64: in a loud frame the rounding of a float32 Fourier transform is larger than the
quiet bands (measured: 1.3e-3 in the logarithm, against 2e-6 with float64).

Source: Krug et al. 2021, section 3.1 (16 kHz, windows of 512, hops of 128, 128 bands, no normalisation); Slaney 1998,
Auditory Toolbox (the mel scale and the area of its bands).
"""

from __future__ import annotations

import keras
import tensorflow as tf

from snap_tf.asr.spectrograms.mel import mel_centres_hz, mel_filters
from snap_tf.asr.spectrograms.spectrogram_geometry import HOP_SAMPLES, N_FFT, N_MELS

__all__ = ["FLOOR", "LogMel", "log_mel", "mel_centres_hz", "mel_filters"]

FLOOR = 1e-10
"""Added to the mel power before the logarithm."""


def log_mel(waveform: tf.Tensor) -> tf.Tensor:
    """Compute log-mel spectrograms with centred frames.

    Step t looks at samples 128 t - 256 to 128 t + 255, zeros beyond both ends. Zeros appended to a waveform therefore
    append steps and change none of the others.

    Args:
        waveform: float [..., n_samples], full scale [-1, 1], at 16 kHz.

    Returns:
        float32 [..., n_steps, 128], n_steps = 1 + n_samples // 128: natural logarithm of the mel power plus `FLOOR`.

    Example:
        >>> import numpy as np
        >>> from snap_tf.asr import log_mel
        >>> tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)  # one second at 1 kHz
        >>> spectrogram = log_mel(tone)
        >>> tuple(spectrogram.shape), int(spectrogram.numpy()[60].argmax())  # the band of 1 kHz
        ((126, 128), 42)

    Source: librosa 0.11, `feature.melspectrogram` with its defaults.
    """
    wide = tf.cast(waveform, tf.float64)
    around = [[0, 0]] * (len(wide.shape) - 1) + [[N_FFT // 2, N_FFT // 2]]
    frames = tf.signal.frame(tf.pad(wide, around), N_FFT, HOP_SAMPLES)  # [..., n_steps, 512]
    spectrum = tf.signal.rfft(frames * tf.signal.hann_window(N_FFT, dtype=tf.float64))  # [..., n_steps, 257]
    power = tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
    mel_power = tf.linalg.matmul(power, tf.constant(mel_filters(), tf.float64))  # [..., n_steps, 128]
    return tf.cast(tf.math.log(mel_power + FLOOR), tf.float32)


@keras.saving.register_keras_serializable("snap_tf")
class LogMel(keras.layers.Layer):
    """Log-mel spectrograms as a Keras layer: with it as first layer, a recogniser takes audio.

    float [batch, n_samples] or [batch, n_samples, 1] -> float32 [batch, n_steps, 128]; see `log_mel`.
    """

    def call(self, waveform: tf.Tensor) -> tf.Tensor:
        """Compute the spectrograms."""
        return log_mel(waveform[..., 0] if len(waveform.shape) == 3 else waveform)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return [batch, n_steps, 128]."""
        n_samples = input_shape[1]
        return (input_shape[0], None if n_samples is None else 1 + n_samples // HOP_SAMPLES, N_MELS)
