"""Convolution with SAME padding, its transpose and phase shuffle, in plain loops from their definitions."""

import numpy as np


def strided_convolution(x, kernel, stride):
    """y[j, f] = sum over taps i and channels c of x[s j - left + i, c] k[i, c, f]."""
    batch, steps, _ = x.shape
    taps, _, filters = kernel.shape
    left = max(taps - stride, 0) // 2
    y = np.zeros((batch, steps // stride, filters))
    for j in range(steps // stride):
        for i in range(taps):
            source = stride * j - left + i
            if 0 <= source < steps:
                y[:, j] += x[:, source] @ kernel[i]
    return y


def transposed_convolution(x, kernel, stride):
    """y[s j - left + i, f] gets x[j, c] k[i, f, c]: the convolution above, read backwards."""
    batch, steps, _ = x.shape
    taps, filters, _ = kernel.shape
    left = max(taps - stride, 0) // 2
    y = np.zeros((batch, steps * stride, filters))
    for j in range(steps):
        for i in range(taps):
            target = stride * j - left + i
            if 0 <= target < steps * stride:
                y[:, target] += x[:, j] @ kernel[i].T
    return y


def phase_shuffle(x, shift):
    """Pad by reflection on one side, cut on the other, example by example."""
    left, right = max(shift, 0), max(-shift, 0)
    rows = []
    for example in x:
        padded = [example[i] for i in range(left, 0, -1)] + list(example)
        padded += [example[len(example) - 2 - i] for i in range(right)]
        rows.append(padded[right : right + len(example)])
    return np.array(rows)
