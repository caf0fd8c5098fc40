"""The network settings that the shapes in a checkpoint of the original tell, and the questions they leave open."""

from __future__ import annotations

from typing import Any

from wavegan_tf.errors import ConfigError, ExportError
from wavegan_tf.export.tf1.tf1_checkpoint import Checkpoint
from wavegan_tf.export.tf1.tf1_names import batchnorm_name

__all__ = ["CODES", "is_long", "network_from_shapes"]

CODES = {"none": "none", "ciw": "onehot", "fiw": "binary"}
"""Our kind of code by the word for the original: WaveGAN, ciwGAN, fiwGAN."""

_KERNELS = {"zeros": "conv2d_transpose", "nn": "conv1d"}


def is_long(checkpoint: Checkpoint) -> bool:
    """Tell whether the networks are those of 32768 or 65536 samples, which share names and shapes."""
    return any(f"G/upconv_5/{kind}/kernel" in checkpoint for kind in _KERNELS.values())


def network_from_shapes(checkpoint: Checkpoint, code: str | None) -> dict[str, Any]:
    """Infer everything about the networks but what shapes cannot tell: length (when long) and phase shuffle.

    Args:
        checkpoint: the original's.
        code: `none`, `ciw`, `fiw` or None; needed when there is a Q-network.

    Returns:
        Fields of `NetworkConfig`; `slice_len` only where it is 16384.

    Raises:
        ConfigError: `code` does not fit, or is needed.
        ExportError: it is no checkpoint of the original.
    """
    upsample = next((word for word, kind in _KERNELS.items() if f"G/upconv_0/{kind}/kernel" in checkpoint), "zeros")
    long = is_long(checkpoint)
    first = _shape(checkpoint, f"G/upconv_0/{_KERNELS[upsample]}/kernel", 4 if upsample == "zeros" else 3)
    last = _shape(checkpoint, f"G/upconv_{5 if long else 4}/{_KERNELS[upsample]}/kernel", len(first))
    width, channels = first[2], last[2]  # [1, taps, out, in] or [taps, in, out]
    taps = first[-3]
    per_dim = 16 if long else 8
    if width % per_dim:
        raise ExportError(f"checkpoint (={checkpoint.prefix}) must be of the original networks; its G/upconv_0 has "
                          f"{width} channels, which is no multiple of {per_dim}")
    settings: dict[str, Any] = {
        "channels": channels, "kernel_len": taps, "dim": width // per_dim, "upsample": upsample,
        "latent_dim": _shape(checkpoint, "G/z_project/dense/kernel", 2)[0],
        "batchnorm": "tf1" if batchnorm_name("G/z_project", "gamma") in checkpoint else "off",
        **_post_filter(checkpoint, channels), **_code(checkpoint, code)}
    return settings if long else {**settings, "slice_len": 16384}


def _post_filter(checkpoint: Checkpoint, channels: int) -> dict[str, Any]:
    name = "G/pp_filt/conv1d/kernel"
    if name not in checkpoint:
        return {"post_filter": False}
    taps, inputs, outputs = _shape(checkpoint, name, 3)
    if channels != 1 or inputs != 1 or outputs != 1:
        raise ExportError(f"checkpoint (={checkpoint.prefix}) must have one audio channel when it has a post filter; "
                          f"it has {channels}; the original mixes them to one there, and its discriminator breaks")
    return {"post_filter": True, "post_filter_len": taps}


def _code(checkpoint: Checkpoint, code: str | None) -> dict[str, Any]:
    if code is not None and code not in CODES:
        raise ConfigError(f"`code` (={code}) must be one of {', '.join(CODES)}")
    name = "Q/Qoutput/dense/bias"
    if name not in checkpoint:
        if code not in (None, "none"):
            raise ConfigError(f"`code` (={code}) must be none for this checkpoint (={checkpoint.prefix}); it has no "
                              "Q-network; it is a WaveGAN")
        return {"code": "none", "code_dim": 0}
    code_dim = _shape(checkpoint, name, 1)[0]
    if code in (None, "none"):
        raise ConfigError(f"`code` (={code}) must be ciw ({code_dim} classes, ciwGAN) or fiw ({code_dim} bits, fiwGAN) "
                          f"for this checkpoint (={checkpoint.prefix}); it has a Q-network of {code_dim} outputs, and "
                          "weights do not tell which")
    return {"code": CODES[code], "code_dim": code_dim}


def _shape(checkpoint: Checkpoint, name: str, rank: int) -> tuple[int, ...]:
    shape = checkpoint.shapes.get(name)
    if shape is None:
        there = sorted(checkpoint.shapes)
        raise ExportError(f"checkpoint (={checkpoint.prefix}) must be of WaveGAN, ciwGAN or fiwGAN, TensorFlow 1; it "
                          f"lacks {name}; it holds {len(there)} variables: {', '.join(there[:5])}, ...")
    if len(shape) != rank or 0 in shape:
        raise ExportError(f"{name} (shape {list(shape)}) must have {rank} axes; {checkpoint.prefix} is of another "
                          "program")
    return shape
