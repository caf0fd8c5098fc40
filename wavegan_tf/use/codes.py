"""Parsing of latent codes that a user writes: a class number, bits, or any values."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.latent import code_from_index, code_name, enumerate_codes

__all__ = ["NamedCode", "all_codes", "parse_code"]


@dataclass(frozen=True)
class NamedCode:
    """A code: its name for tables and files, and its values, float32 [code_dim]."""

    name: str
    values: np.ndarray


def parse_code(text: str, config: NetworkConfig) -> NamedCode:
    """Parse a latent code: a class number, bits, or any values.

    Args:
        text: `3`: class 3 of a one-hot code, or the number that the bits make, bit 0 first; `011`: as many zeros and
            ones as the code has values; `0,2.5,0`: any values, also outside [0, 1].
        config: says what kind of code the model has and how long it is.

    Raises:
        ConfigError: the model has no code, or the text is none of its codes.

    Example:
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.use import parse_code
        >>> fiwgan = NetworkConfig(code="binary", code_dim=3)
        >>> parse_code("011", fiwgan).values.tolist()
        [0.0, 1.0, 1.0]
        >>> parse_code("0,2.5,0", fiwgan).values.tolist()
        [0.0, 2.5, 0.0]
    """
    if config.code == "none":
        raise ConfigError(f"code (={text}) must be left out for this model; it was trained without a code")
    n, text = config.code_dim, text.strip()
    if re.fullmatch(r"[01]+", text) and len(text) == n:
        return NamedCode(_name_bits(text, config), np.array([float(bit) for bit in text], np.float32))
    if re.fullmatch(r"\d+", text) and (text == "0" or text[0] != "0"):
        n_codes = n if config.code == "onehot" else 2**n
        if int(text) < n_codes:
            return NamedCode(code_name(int(text), config), code_from_index(int(text), config))
    elif "," in text or re.fullmatch(r"[-+]?\d*\.\d+|[-+]\d+", text):
        try:
            values = np.array([float(part) for part in text.split(",")], np.float32)
        except ValueError:
            values = np.zeros(0, np.float32)
        if len(values) == n and np.isfinite(values).all():
            return NamedCode("_".join(f"{value:g}" for value in values), values)
    raise ConfigError(f"code (={text}) must be {_expected(config)}")


def all_codes(config: NetworkConfig) -> list[NamedCode]:
    """List all codes of a ciwGAN (classes) or fiwGAN (combinations of bits).

    Raises:
        ConfigError: the model has no code, or too many to list.

    Example:
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.use import all_codes
        >>> codes = all_codes(NetworkConfig(code="binary", code_dim=2))
        >>> [(code.name, code.values.tolist()) for code in codes]
        [('00', [0.0, 0.0]), ('10', [1.0, 0.0]), ('01', [0.0, 1.0]), ('11', [1.0, 1.0])]
    """
    if config.code == "none":
        raise ConfigError("all codes (--all-codes) cannot be listed for this model; it was trained without a code; "
                          "leave --all-codes out")
    return [NamedCode(code_name(i, config), values) for i, values in enumerate(enumerate_codes(config))]


def _name_bits(text: str, config: NetworkConfig) -> str:
    if config.code == "onehot" and text.count("1") == 1:
        return str(text.index("1"))
    return text


def _expected(config: NetworkConfig) -> str:
    n = config.code_dim
    kind, count = ("class", n) if config.code == "onehot" else ("code", 2**n)
    bits, values = "".join(["0", "1"] * n)[:n], ",".join((["0", "2.5"] * n)[:n])
    return (f"the number of a {kind} from 0 to {count - 1}, {n} zeros and ones such as {bits}, or {n} values such "
            f"as {values}; this model's code has {n} values; write --code=... before a minus sign")
