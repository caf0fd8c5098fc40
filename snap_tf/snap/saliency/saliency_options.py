"""Settings of saliency maps; the command's flags are made from this."""

from __future__ import annotations

from dataclasses import dataclass

from wavegan_tf.config import CheckedSettings, option, require
from wavegan_tf.errors import ConfigError

__all__ = ["METHODS", "SaliencyOptions"]

METHODS = ("input", "smoothgrad", "gradcam", "scorecam", "optimised")


@dataclass(frozen=True)
class SaliencyOptions(CheckedSettings):
    """Settings of a saliency map: method, layer, noise, updates; kept in its file."""

    method: str = option("input", "input: gradient with respect to the input; smoothgrad: its mean over noisy copies; "
                         "gradcam, scorecam: class activation maps; optimised: how the input must change for the class "
                         "to score as high as possible", choices=METHODS)
    layer: str = option("", "gradcam, scorecam: which layer, by default the last convolution before the output")
    n_samples: int = option(50, "smoothgrad: noisy copies")
    noise: float = option(0.1, "smoothgrad: standard deviation of the noise as a share of the input's range")
    l1: float = option(2e-3, "optimised: price of one unit of change in one cell; more gives fewer changed cells")
    n_steps: int = option(200, "optimised: updates")
    seed: int = option(0, "smoothgrad: of the noise")

    def __post_init__(self) -> None:
        self.check_fields()
        require(self.n_samples > 0, "n_samples", self.n_samples, "positive")
        require(self.noise >= 0, "noise", self.noise, "0 or more")
        require(self.l1 >= 0, "l1", self.l1, "0 or more")
        require(self.n_steps > 0, "n_steps", self.n_steps, "positive")
        require(0 <= self.seed < 2**32, "seed", self.seed, "from 0 to 4294967295")
        if self.layer and self.method not in ("gradcam", "scorecam"):
            raise ConfigError(f"`layer` (={self.layer}) goes with gradcam and scorecam; leave it out for {self.method}")
