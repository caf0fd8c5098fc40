"""The Q-network: estimates the latent code from audio; layers as in the discriminator, no weights in common."""

from __future__ import annotations

from typing import Any

from wavegan_tf.models.discriminator import DownwardStack
from wavegan_tf.models.layers import REGISTER
from wavegan_tf.tensors import Tensor

__all__ = ["QNetwork"]


@REGISTER
class QNetwork(DownwardStack):
    """The Q-network: float [batch, slice_len, channels] -> one logit per value of the code, float [batch, code_dim].

    In training it sees generated audio only. Phase shuffle as in `Discriminator`, with the same radius.

    Source: Beguš 2021, sections 3.1 and 3.2; the released code.
    """

    output_layer = "logits"

    def __init__(self, code_dim: int, slice_len: int = 16384, channels: int = 1, dim: int = 64, kernel_len: int = 25,
                 batchnorm: str = "off", phaseshuffle: int = 2, seed: int | None = None, name: str = "q_network",
                 **kwargs: Any) -> None:
        super().__init__(slice_len, channels, dim, kernel_len, batchnorm, phaseshuffle, seed, code_dim, name, **kwargs)
        self.code_dim = code_dim

    def call(self, audio: Tensor, training: bool = False, phases: Tensor | None = None) -> Tensor:
        """Estimate the code: float [batch, slice_len, channels] -> logits, float [batch, code_dim]."""
        return self.top(audio, training, phases)

    def get_config(self) -> dict[str, Any]:
        """Return every constructor argument."""
        return {**super().get_config(), "code_dim": self.code_dim}
