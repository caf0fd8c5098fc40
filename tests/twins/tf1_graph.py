"""The original's networks as plain TensorFlow operations on variables by their original names.

Written from the specification's text (sections 1-3 and 10), with nothing of `wavegan_tf`: random variables of any
variant, and forward passes that read them.
"""

import itertools

import numpy as np
import tensorflow as tf


def strides(slice_len):
    return {16384: [4] * 5, 32768: [4] * 5 + [2], 65536: [4] * 6}[slice_len]


def variables(slice_len=16384, nch=1, latent=100, dim=1, k=25, upsample="zeros", batchnorm=False, pp=0, n_code=0,
              seed=0):
    """Random weights: {name: array}; moving statistics of D and Q are absurd, since nothing may read them."""
    rng = np.random.default_rng(seed)
    v = {}

    def add(name, *shape):
        v[name] = rng.normal(0, 0.1, shape).astype(np.float32)

    def norm(scope, channels, statistics):
        v[f"{scope}/batch_normalization/gamma"] = rng.uniform(0.5, 1.5, channels).astype(np.float32)
        v[f"{scope}/batch_normalization/beta"] = rng.normal(0, 0.1, channels).astype(np.float32)
        mean, variance = rng.normal(0, 0.1, channels), rng.uniform(0.5, 1.5, channels)
        v[f"{scope}/batch_normalization/moving_mean"] = (mean if statistics else mean + 1e6).astype(np.float32)
        v[f"{scope}/batch_normalization/moving_variance"] = (variance if statistics else -variance).astype(np.float32)

    m = 16 if slice_len == 16384 else 32
    widths = [dim * m // 2**i for i in range(5)]
    widths = [*widths, nch] if slice_len == 16384 else [*widths, dim, nch]
    add("G/z_project/dense/kernel", latent, 16 * widths[0])
    add("G/z_project/dense/bias", 16 * widths[0])
    if batchnorm:
        norm("G/z_project", widths[0], True)
    for i, (c_in, c_out) in enumerate(itertools.pairwise(widths)):
        scope = f"G/upconv_{i}"
        if upsample == "zeros":
            add(f"{scope}/conv2d_transpose/kernel", 1, k, c_out, c_in)
            add(f"{scope}/conv2d_transpose/bias", c_out)
        else:
            add(f"{scope}/conv1d/kernel", k, c_in, c_out)
            add(f"{scope}/conv1d/bias", c_out)
        if batchnorm and i < len(widths) - 2:
            norm(scope, c_out, True)
    if pp:
        add("G/pp_filt/conv1d/kernel", pp, nch, 1)
    for prefix, outputs in (("D/", 1), ("Q/Q", n_code)):
        if not outputs:
            continue
        c_in = nch
        for i in range(len(strides(slice_len))):
            add(f"{prefix}downconv_{i}/conv1d/kernel", k, c_in, dim * 2**i)
            add(f"{prefix}downconv_{i}/conv1d/bias", dim * 2**i)
            c_in = dim * 2**i
            if batchnorm and i:
                norm(f"{prefix}downconv_{i}", c_in, False)
        add(f"{prefix}output/dense/kernel", 16 * c_in, outputs)
        add(f"{prefix}output/dense/bias", outputs)
    return v


def slots(v, loss="wgan-gp", step=3, disc_nupdates=5, seed=1):
    """Random optimiser slots, powers of beta and step for variables `v`, as the original's trainer saves them."""
    rng = np.random.default_rng(seed)
    trainable = [name for name in v if "moving" not in name]
    info = any(name.startswith("Q/") for name in v)
    s = {"global_step": np.asarray(step, np.int64)}
    adam = loss in ("wgan-gp", "dcgan")

    def add(name, kind, positive):
        values = rng.uniform(1e-6, 1e-4, v[name].shape) if positive else rng.normal(0, 1e-3, v[name].shape)
        s[f"{name}/{kind}"] = values.astype(np.float32)

    for name in trainable:
        if not name.startswith("Q/"):
            add(name, "Adam" if adam else "RMSProp", not adam)
            add(name, "Adam_1" if adam else "RMSProp_1", adam)
        if info and not name.startswith("D/"):
            add(name, "RMSProp", True)
            s[f"{name}/RMSProp_1"] = np.zeros_like(v[name])
    if not adam:
        s |= {name: np.zeros_like(value) for name, value in s.items() if name.endswith("RMSProp_1")}
    if adam:
        beta_2 = {"wgan-gp": 0.9, "dcgan": 0.999}[loss]
        for suffix, updates in (("", step), ("_1", step * disc_nupdates)):
            for name, beta in (("beta1_power", 0.5), ("beta2_power", beta_2)):
                power = np.float32(1)
                for _ in range(updates + 1):
                    power = power * np.float32(beta)
                s[f"{name}{suffix}"] = np.asarray(power, np.float32)
    return s


def generator(v, z, slice_len=16384):
    """Run G in inference mode: float32 [batch, slice_len, nch]."""
    x = tf.matmul(z, v["G/z_project/dense/kernel"]) + v["G/z_project/dense/bias"]
    x = tf.reshape(x, [len(z), 16, -1])
    x = tf.nn.relu(_moving_norm(v, "G/z_project", x))
    steps = strides(slice_len)
    for i, s in enumerate(steps):
        scope = f"G/upconv_{i}"
        if f"{scope}/conv1d/kernel" in v:
            x = tf.nn.conv1d(tf.repeat(x, s, axis=1), v[f"{scope}/conv1d/kernel"], 1, "SAME")
            x += v[f"{scope}/conv1d/bias"]
        else:
            kernel = v[f"{scope}/conv2d_transpose/kernel"]
            shape = [len(z), 1, x.shape[1] * s, kernel.shape[2]]
            x = tf.nn.conv2d_transpose(x[:, None], kernel, shape, [1, 1, s, 1], "SAME")[:, 0]
            x += v[f"{scope}/conv2d_transpose/bias"]
        x = tf.tanh(x) if i == len(steps) - 1 else tf.nn.relu(_moving_norm(v, scope, x))
    if "G/pp_filt/conv1d/kernel" in v:
        x = tf.nn.conv1d(x, v["G/pp_filt/conv1d/kernel"], 1, "SAME")
    return x.numpy()


def downward(v, audio, prefix="D/", slice_len=16384):
    """Run D (prefix `D/`) or Q (prefix `Q/Q`) without phase shuffle: float32 [batch, outputs]."""
    x = tf.constant(audio)
    for i, s in enumerate(strides(slice_len)):
        scope = f"{prefix}downconv_{i}"
        x = tf.nn.conv1d(x, v[f"{scope}/conv1d/kernel"], s, "SAME") + v[f"{scope}/conv1d/bias"]
        if f"{scope}/batch_normalization/gamma" in v:
            mean, variance = tf.nn.moments(x, [0, 1])  # always the batch's own statistics
            x = _norm(v, scope, x, mean, variance)
        x = tf.maximum(0.2 * x, x)
    x = tf.reshape(x, [len(audio), -1])
    return (tf.matmul(x, v[f"{prefix}output/dense/kernel"]) + v[f"{prefix}output/dense/bias"]).numpy()


def _moving_norm(v, scope, x):
    name = f"{scope}/batch_normalization"
    if f"{name}/gamma" not in v:
        return x
    return _norm(v, scope, x, v[f"{name}/moving_mean"], v[f"{name}/moving_variance"])


def _norm(v, scope, x, mean, variance):
    name = f"{scope}/batch_normalization"
    return (x - mean) / tf.sqrt(variance + 1e-3) * v[f"{name}/gamma"] + v[f"{name}/beta"]


def save(folder, tensors, name="model.ckpt-3", shards=1):
    """Write a checkpoint in format V2 with raw operations; returns the prefix."""
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(tensors)
    parts = [folder / f"part{i}" for i in range(shards)]
    for i, part in enumerate(parts):
        mine = names[i::shards]
        tf.raw_ops.SaveV2(prefix=str(part), tensor_names=mine, shape_and_slices=[""] * len(mine),
                          tensors=[tf.constant(tensors[n]) for n in mine])
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[str(part) for part in parts],
                                  destination_prefix=str(folder / name), delete_old_dirs=False)
    return folder / name
