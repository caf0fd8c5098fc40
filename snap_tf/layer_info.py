"""Name, shape, sampling rate and activation function of a layer, known before the network is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["STAGES", "LayerInfo", "LeftOut"]

STAGES = ("post", "pre", "relu")
"""Which tensor of a layer: `post`, after its activation, as the papers average it; `pre`, before the activation, bias
and normalisation included; `relu`, as `post` with a plain ReLU in the place of a leaky one."""


@dataclass(frozen=True)
class LayerInfo:
    """One layer whose activations can be read: its names, shape, sampling rate and activation function.

    Attributes:
        name: the network's own name, such as `downconv_2`.
        paper_name: convolutions counted from 1, as in Beguš & Zhou 2022, such as `Conv3`; else the same as `name`.
        steps: time steps; 0 for an output without time (score, logits); None where they depend on the input.
        channels: feature maps.
        rate_hz: steps per second; 0 without time.
        activation: what turns `pre` into `post`: relu, leaky_relu, tanh, ...; `linear` for nothing.
    """

    name: str
    paper_name: str
    steps: int | None
    channels: int
    rate_hz: float
    activation: str

    @property
    def has_time(self) -> bool:
        """Whether the layer is a series of steps; outputs such as logits are not."""
        return self.steps != 0

    @property
    def title(self) -> str:
        """The name for messages: `Conv3 (downconv_2)`."""
        return self.name if self.name == self.paper_name else f"{self.paper_name} ({self.name})"

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LayerInfo:
        """Make a `LayerInfo` of JSON values; unknown keys are ignored.

        Raises:
            KeyError, ValueError: a field is missing, or has a value of another type.
        """
        found = cls(**{name: values[name] for name in cls.__dataclass_fields__})
        words = all(isinstance(word, str) for word in (found.name, found.paper_name, found.activation))
        numbers = (found.steps or 0, found.channels, found.rate_hz)
        kinds = all(isinstance(n, int) for n in numbers[:2]) and isinstance(found.rate_hz, int | float)
        if not words or not kinds or not all(0 <= n < 2**53 and not isinstance(n, bool) for n in numbers):
            raise ValueError(f"the layer {values} is none")
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class LeftOut:
    """A layer whose activations cannot be read as a time series, and why.

    Attributes:
        name: the layer's.
        reason: why, as the rest of a sentence about its output.
    """

    name: str
    reason: str

    @staticmethod
    def lines(layers: Sequence[LeftOut]) -> list[str]:
        """Say which layers are left out, in one line for each reason."""
        by_reason: dict[str, list[str]] = {}
        for layer in layers:
            by_reason.setdefault(layer.reason, []).append(layer.name)
        return [f"layer{'s' if len(names) > 1 else ''} left out: {', '.join(names)}: {reason}"
                for reason, names in by_reason.items()]
