"""Latent vectors: random noise, and the code of ciwGAN (one-hot, categorical) and fiwGAN (binary, featural).

z = [code | noise], the code first, the noise uniform in [-1, 1). All functions take and return NumPy arrays; training
samples from the same distributions in TensorFlow.

Source: Donahue et al. 2019, table 1 (noise); Beguš 2021, sections 3.1 (one-hot) and 3.2 (binary).
"""

from __future__ import annotations

import numpy as np

from wavegan_tf.config import NetworkConfig
from wavegan_tf.errors import ConfigError

__all__ = ["code_from_index", "code_index", "code_name", "enumerate_codes", "latent_with_code", "number_of_codes",
           "sample_codes", "sample_noise"]

MOST_CODES = 2**16
"""More codes than this are not listed one by one."""


def sample_noise(n: int, config: NetworkConfig, rng: np.random.Generator) -> np.ndarray:
    """Sample latent noise, the part of z that is not the code: float32 [n, latent_dim - code_dim], uniform in [-1, 1).

    Args:
        n: number of latent vectors.
        config: lengths of z and of the code.
        rng: NumPy's random generator.
    Example:
        >>> import numpy as np
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.latent import sample_noise
        >>> noise = sample_noise(4, NetworkConfig(code="onehot", code_dim=8), np.random.default_rng(0))
        >>> noise.shape, bool((abs(noise) <= 1).all())
        ((4, 92), True)
    """
    return rng.uniform(-1.0, 1.0, (n, config.latent_dim - config.code_dim)).astype(np.float32)


def sample_codes(n: int, config: NetworkConfig, rng: np.random.Generator) -> np.ndarray:
    """Sample codes as in training: float32 [n, code_dim], one-hot with uniform classes, or independent bits.

    Args:
        n: number of codes.
        config: kind and length of the code.
        rng: NumPy's random generator.
    Example:
        >>> import numpy as np
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.latent import sample_codes
        >>> codes = sample_codes(2, NetworkConfig(code="onehot", code_dim=8), np.random.default_rng(0))
        >>> codes.tolist()
        [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]]
    """
    if config.code == "onehot":
        return np.eye(config.code_dim, dtype=np.float32)[rng.integers(0, config.code_dim, n)]
    return rng.integers(0, 2, (n, config.code_dim)).astype(np.float32)


def enumerate_codes(config: NetworkConfig) -> np.ndarray:
    """List all codes that occur in training: float32 [n_codes, code_dim]; n one-hot, 2^n binary ones (bit 0 first).

    Args:
        config: kind and length of the code.
    Raises:
        ConfigError: a binary code has too many values to list.

    Example:
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.latent import enumerate_codes
        >>> enumerate_codes(NetworkConfig(code="binary", code_dim=2)).tolist()
        [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    """
    if config.code == "none":
        return np.zeros((1, 0), np.float32)
    if config.code == "onehot":
        return np.eye(config.code_dim, dtype=np.float32)
    n_codes = 2**config.code_dim
    if n_codes > MOST_CODES:
        raise ConfigError(f"`code_dim` (={config.code_dim}) must be at most 16 to list all codes; name single codes")
    return np.stack([code_from_index(i, config) for i in range(n_codes)])


def code_from_index(index: int, config: NetworkConfig) -> np.ndarray:
    """Make the code with a number: float32 [code_dim]; one-hot class, or bits, where bit i of the number is element i.

    Args:
        index: class, or the number that the bits make, from 0 on.
        config: kind and length of the code.
    Example:
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.latent import code_from_index
        >>> code_from_index(6, NetworkConfig(code="binary", code_dim=3)).tolist()  # 6 = 2 + 4
        [0.0, 1.0, 1.0]
    """
    if config.code == "onehot":
        return np.eye(config.code_dim, dtype=np.float32)[index]
    return np.array([index >> i & 1 for i in range(config.code_dim)], np.float32)


def code_index(scores: np.ndarray, config: NetworkConfig) -> np.ndarray:
    """Convert logits of the Q-network (or codes) to code numbers: int64 [n], the class or the number of the bits.

    Args:
        scores: float [n, code_dim]; a bit counts as set when its logit is above 0 (a code's bit: above 0 too).
        config: says which kind of code it is.

    Example:
        >>> import numpy as np
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.latent import code_index
        >>> logits = np.array([[-1.5, 2.0, 0.5], [3.0, -0.1, -2.0]])
        >>> code_index(logits, NetworkConfig(code="binary", code_dim=3)).tolist()  # bits 011 and 100
        [6, 1]
        >>> code_index(logits, NetworkConfig(code="onehot", code_dim=3)).tolist()
        [1, 0]
    """
    if config.code == "onehot":
        return np.argmax(scores, axis=1)
    return (np.asarray(scores) > 0).astype(np.int64) @ (1 << np.arange(config.code_dim, dtype=np.int64))


def number_of_codes(config: NetworkConfig) -> int:
    """Count the codes that occur in training: n one-hot ones, 2^n binary ones, one where there is no code.

    Args:
        config: kind and length of the code.
    Example:
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.latent import number_of_codes
        >>> [number_of_codes(NetworkConfig(code=kind, code_dim=8)) for kind in ("onehot", "binary")]
        [8, 256]
    """
    return {"none": 1, "onehot": config.code_dim, "binary": 2**config.code_dim}[config.code]


def code_name(index: int, config: NetworkConfig) -> str:
    """Name a code for a file or a table: the class number, or the bits from element 0 on, as in `011`.

    Args:
        index: class, or the number that the bits make, from 0 on.
        config: kind and length of the code.
    Example:
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.latent import code_name
        >>> code_name(6, NetworkConfig(code="binary", code_dim=3))
        '011'
        >>> code_name(6, NetworkConfig(code="onehot", code_dim=8))
        '6'
    """
    if config.code == "onehot":
        return str(index)
    return "".join(str(int(bit)) for bit in code_from_index(index, config))


def latent_with_code(noise: np.ndarray, code: np.ndarray, config: NetworkConfig) -> np.ndarray:
    """Concatenate code and noise to latent vectors z: float32 [n, latent_dim].

    Code values outside [0, 1] are allowed: the papers use them to exaggerate what a code represents.

    Args:
        noise: float [n, latent_dim - code_dim].
        code: float [code_dim] for all, or [n, code_dim].
        config: says how long both must be.

    Raises:
        ConfigError: the code has the wrong length.

    Example:
        >>> import numpy as np
        >>> from wavegan_tf.config import NetworkConfig
        >>> from wavegan_tf.latent import code_from_index, latent_with_code, sample_noise
        >>> config = NetworkConfig(code="onehot", code_dim=8)
        >>> noise = sample_noise(2, config, np.random.default_rng(0))
        >>> z = latent_with_code(noise, 5 * code_from_index(3, config), config)  # class 3, exaggerated five times
        >>> z.shape, z[0, :8].tolist()
        ((2, 100), [0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0])
    """
    code = np.atleast_2d(np.asarray(code, np.float32))
    if code.shape[-1] != config.code_dim:
        raise ConfigError(f"code (={code[0].tolist()}) must be {config.code_dim} values long for this model")
    code = np.broadcast_to(code, (len(noise), config.code_dim))
    return np.concatenate([code, np.asarray(noise, np.float32)], axis=1)
