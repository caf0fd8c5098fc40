"""Request for acoustic measures of a folder of layers: layers, tokens, measures, and which of them go together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from snap_tf.series.acoustics.measures.acoustic_settings import AcousticSettings
from snap_tf.series.acoustics.measures.formants import HIGHEST_HZ
from snap_tf.series.acoustics.measures.frication import FEWEST_STEPS, spectrum
from snap_tf.series.acoustics.measures.measuring import MEASURES, SPECTRUM, check_measures, measure, refusal
from snap_tf.series.acoustics.places import Place
from snap_tf.series.extraction.store import LayerStore
from wavegan_tf.errors import ConfigError, DataError, UserError

__all__ = ["COMPARISONS", "STIMULUS", "AcousticRequest", "MeasuredLayer", "Refused", "carried", "measured_layers",
           "select_rows"]

COMPARISONS = ("level", "intensity", "f0")
"""What is compared: `level`, the layer's own values, smoothed, with the waveform's envelope; `intensity`, the envelope
of the layer's sound with the waveform's; `f0`, both tracks of F0."""
STIMULUS = "stimulus"
"""Name under which the audio that the network got is measured, like a layer."""


@dataclass(frozen=True)
class AcousticRequest:
    """Which layers, tokens and acoustic measures are wanted.

    Attributes:
        layers: names; all with time, and the stimulus, when empty.
        measures: f0, intensity, formants, duration, frication, spectrum; all when empty.
        labels: only tokens with these labels.
        tokens: only these tokens.
        phones: only inside the intervals of these phones, each an item of its own; whole clips when empty.
        compare: comparisons with the waveform: level, intensity, f0, see `COMPARISONS`; none when empty.
        max_lag_s: largest lag of these.
        permutations: of tokens, for the chance level of comparisons.
        seed: of the permutations.
        sounds: layers that are also written as WAV files.
        sound_rate_hz: of the WAVs.
    """

    layers: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    compare: tuple[str, ...] = ()
    max_lag_s: float = 0.2
    permutations: int = 199
    seed: int = 0
    sounds: tuple[str, ...] = ()
    sound_rate_hz: int = 16000

    def __post_init__(self) -> None:
        check_measures(self.measures)
        for name in self.compare:
            if name not in COMPARISONS:
                raise ConfigError(f"comparison (={name}) must be one of {', '.join(COMPARISONS)}")
        if self.phones and self.compare:
            raise ConfigError(f"`compare` (={','.join(self.compare)}) must be left out with phones "
                              f"(={','.join(self.phones)}); it compares whole clips: give --labels or --tokens instead")
        if self.permutations < 0:
            raise ConfigError(f"`permutations` (={self.permutations}) must be 0 or more")
        if not self.max_lag_s >= 0:
            raise ConfigError(f"`max_lag_s` (={self.max_lag_s}) must be 0 or more")


@dataclass(frozen=True)
class MeasuredLayer:
    """A layer, or the stimulus: name, values float32 [tokens, steps], steps per second, highest frequency in it."""

    name: str
    values: np.ndarray
    rate_hz: float
    band_hz: float = np.inf

    def settings(self, settings: AcousticSettings) -> AcousticSettings:
        """Lower frequency ceilings that were not set to the highest frequency in the recordings.

        Otherwise formants would be searched for above that frequency, where the recordings have no energy.
        """
        if self.band_hz >= self.rate_hz / 2:
            return settings
        return replace(settings, formant_ceiling_hz=settings.formant_ceiling_hz or min(HIGHEST_HZ, self.band_hz),
                       spectrum_ceiling_hz=settings.spectrum_ceiling_hz or self.band_hz)


@dataclass(frozen=True)
class Refused:
    """An acoustic measure that a layer's sampling rate does not allow, and why."""

    layer: str
    measure: str
    reason: str
    nyquist_hz: float


def measured_layers(store: LayerStore, names: Sequence[str], rows: Sequence[int]) -> list[MeasuredLayer]:
    """Return the layers with time that were named, or all and the stimulus.

    Args:
        store: the layers.
        names: of layers; all of them and the stimulus when empty.
        rows: tokens that will be measured; all stimuli are measured up to the lowest of their highest frequencies, so
            that they can be compared.

    Raises:
        ConfigError: no such layer; lists those there are.
    """
    stimuli = store.stimuli
    there = {STIMULUS: None} if stimuli is not None else {}
    wanted = list(dict.fromkeys(names)) or [*there, *store]
    found = []
    for name in wanted:
        if name == STIMULUS and stimuli is not None:
            found.append(MeasuredLayer(STIMULUS, stimuli[:, :, 0], store.rate_hz, store.band_hz(rows)))
            continue
        try:
            series = store[name]
        except KeyError as error:
            titles = [layer.title for layer in store.layers if layer.has_time]
            raise ConfigError(f"layer (={name}) must be one of {', '.join([*there, *titles])}") from error
        found.append(MeasuredLayer(series.paper_name, series.values, series.rate_hz))
    return found


def select_rows(store: LayerStore, labels: Sequence[str] = (), tokens: Sequence[str] = ()) -> list[int]:
    """Return the rows of the tokens that have one of some labels, or are named; all when neither is given.

    Raises:
        DataError: no such label or token.
    """
    table = store.tokens
    for column, asked in (("label", labels), ("token", tokens)):
        unknown = [name for name in asked if name not in set(table[column])]
        if unknown:
            raise DataError(f"{column} (={', '.join(unknown)}) must be in {store.folder / 'tokens.csv'}; it has "
                            f"{', '.join(list(dict.fromkeys(table[column]))[:12])}")
    keep = np.ones(len(table), bool)
    if labels:
        keep &= table["label"].isin(labels).to_numpy()
    if tokens:
        keep &= table["token"].isin(tokens).to_numpy()
    if not keep.any():
        raise DataError(f"tokens of {store.folder} must be left; none of {', '.join(tokens) or 'the tokens'} has the "
                        f"label {', '.join(labels) or '(any)'}")
    return np.flatnonzero(keep).tolist()


def carried(layers: Sequence[MeasuredLayer], measures: Sequence[str], settings: AcousticSettings, named_layers: bool,
            named_measures: bool, places: Sequence[Place]) -> tuple[dict[str, list[str]], list[Refused]]:
    """Find out which acoustic measures the sampling rate of each layer allows.

    Args:
        layers: the layers.
        measures: names of measures.
        settings: of the measures.
        named_layers: whether the layers were asked for; then each must allow one of the measures.
        named_measures: whether the measures were asked for; then one of the layers must allow each.
        places: what will be measured; lengths are tried on it.

    Returns:
        carried: measures by name of the layer.
        refused: all other pairs, with the reason.

    Raises:
        ConfigError: what was asked for is refused everywhere; says why.
    """
    refused = [Refused(layer.name, name, reason, layer.rate_hz / 2) for layer in layers for name in measures
               if (reason := _reason(layer, name, settings, places))]
    _refuse_what_nothing_carries(refused, layers, measures, named_layers, named_measures)
    out = {(item.layer, item.measure) for item in refused}
    return {layer.name: [name for name in measures if (layer.name, name) not in out] for layer in layers}, refused


def _reason(layer: MeasuredLayer, name: str, settings: AcousticSettings, places: Sequence[Place]) -> str | None:
    settings = layer.settings(settings)
    reason = refusal(name, layer.rate_hz, settings)
    if reason is None and name == SPECTRUM and places[0].is_interval:
        return _too_short(layer, places)
    if reason is None:
        one: Callable[[], object] = ((lambda: spectrum(layer.values[places[0].row], layer.rate_hz, settings))
                                     if name == SPECTRUM else
                                     lambda: measure(name, layer.values[places[0].row], layer.rate_hz, settings))
        try:  # all tokens of a layer have one length
            one()
        except UserError as error:
            reason = str(error)
    return reason


def _too_short(layer: MeasuredLayer, places: Sequence[Place]) -> str | None:
    """Say why intervals have no spectrum: the median one has too few steps."""
    steps = [place.steps(layer.values.shape[1], layer.rate_hz) for place in places]
    points = np.array([part.stop - part.start for part in steps])
    if np.median(points) >= FEWEST_STEPS:
        return None
    return (f"intervals (={points.min()} to {points.max()} steps, median {np.median(points):g}, at {layer.rate_hz:g} "
            f"Hz) must have at least {FEWEST_STEPS} steps for a spectrum; take a layer with a higher rate")


def _refuse_what_nothing_carries(refused: Sequence[Refused], layers: Sequence[MeasuredLayer],
                                 measures: Sequence[str], named_layers: bool, named_measures: bool) -> None:
    """Raise where a named measure, or a named layer, has been refused throughout."""
    assert set(measures) <= {*MEASURES, SPECTRUM}
    for name in measures if named_measures else ():
        reasons = [item for item in refused if item.measure == name]
        if len(reasons) == len(layers):
            best = max(reasons, key=lambda item: next(x.rate_hz for x in layers if x.name == item.layer))
            raise ConfigError(f"{name} of {best.layer}: {best.reason}")
    for layer in layers if named_layers else ():
        reasons = [item for item in refused if item.layer == layer.name]
        if len(reasons) == len(measures):
            raise ConfigError(f"{reasons[0].measure} of {layer.name}: {reasons[0].reason}")
