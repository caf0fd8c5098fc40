"""Settings of the acoustic measures, with the defaults of Praat where it has them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from wavegan_tf.errors import ConfigError

__all__ = ["BASELINES", "AcousticSettings"]

BASELINES = ("median", "minimum", "zero")
"""The baseline of a series for durations: the median (most of a padded clip is silence), the minimum, or 0."""


@dataclass(frozen=True)
class AcousticSettings:
    """Settings of the acoustic measures: F0, intensity, formants, duration, frication, spectrum.

    The papers name the measures and give no settings; these are this project's defaults.

    Example:
        >>> from snap_tf.series import AcousticSettings, refusal
        >>> print(refusal("f0", 250, AcousticSettings(f0_floor_hz=60)))
        None
    """

    analysis_rate_hz: float = 16000.0  # rate to which slower series are brought, band-limited, for F0 and intensity
    silence_db: float = 50.0  # frames this far below the loudest of their series have no formants and no frication
    f0_floor_hz: float = 75.0  # 60 for low male voices; a layer's Nyquist frequency must be twice this
    f0_ceiling_hz: float = 600.0  # lowered to 0.8 of the Nyquist frequency where that is less: 400 Hz at 1000 Hz
    f0_step_s: float = 0.01  # between frames
    f0_voicing_threshold: float = 0.45  # weakest autocorrelation that counts as voiced, 0 to 1
    intensity_floor_hz: float = 100.0  # minimum pitch: windows of 3.2 periods of it; Nyquist must be twice this
    formant_step_s: float = 0.005  # between frames
    formant_window_s: float = 0.025  # effective length; Praat's Gaussian is twice as long
    formant_ceiling_hz: float = 0.0  # highest formant; 0 for the Nyquist frequency, at most 5500 Hz
    formant_spacing_hz: float = 1000.0  # a vocal tract of 17.5 cm has one formant in each of these
    formant_preemphasis_hz: float = 50.0  # +6 dB per octave above this
    duration_low: float = 0.1  # share of the peak deviation where an event begins and ends
    duration_high: float = 0.5  # share of the peak deviation that an event must reach
    duration_gap_s: float = 0.02  # shorter dips do not end an event: periods of a voice
    duration_baseline: str = "median"  # what counts as rest, see BASELINES
    frication_low_hz: float = 3000.0  # energy above this counts as frication
    frication_step_s: float = 0.01  # between frames
    frication_window_s: float = 0.025  # Hann
    spectrum_window_s: float = 0.064  # Hann, half overlapping; at least 16 steps
    spectrum_ceiling_hz: float = 0.0  # highest frequency of spectra; 0 for the Nyquist frequency

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            may_be_zero = field.name.endswith("ceiling_hz") and field.name != "f0_ceiling_hz"
            if field.name.endswith(("_hz", "_s", "_db")) and not (value > 0 or (may_be_zero and value == 0)):
                raise ConfigError(f"`{field.name}` (={value}) must be positive{' or 0' if may_be_zero else ''}")
        if not self.f0_floor_hz < self.f0_ceiling_hz:
            raise ConfigError(f"`f0_floor_hz` (={self.f0_floor_hz}) must be below `f0_ceiling_hz` "
                              f"(={self.f0_ceiling_hz})")
        if not 0 < self.duration_low <= self.duration_high < 1:
            raise ConfigError(f"`duration_low` (={self.duration_low}) must be above 0 and at most `duration_high` "
                              f"(={self.duration_high}), which must be below 1")
        if not 0 <= self.f0_voicing_threshold <= 1:
            raise ConfigError(f"`f0_voicing_threshold` (={self.f0_voicing_threshold}) must be between 0 and 1")
        if self.duration_baseline not in BASELINES:
            raise ConfigError(f"`duration_baseline` (={self.duration_baseline}) must be one of {', '.join(BASELINES)}")
