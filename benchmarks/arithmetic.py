"""What the matrix products of an epoch take by themselves, on one core: no way of training can be much below it."""

import time

import numpy as np
from threadpoolctl import threadpool_limits


def products(batch, layers):
    """Return the (rows, inner, columns) of every matrix product of one time step, forward and backward.

    Parameters
    ----------
    batch : int
    layers : sequence of (int, int, int)
        Numbers that a recurrent layer reads at a step, its units, and its gates (1 or 4).
    """
    shapes = []
    for features, units, gates in layers:
        for width in [units] + [features] * (features > 1):  # one number a step needs no matrix
            columns = gates * units
            shapes += [(batch, width, columns), (batch, columns, width), (width, batch, columns)]
    return shapes


def measure(shapes, repeats=5, seconds=0.05):
    """Return the seconds that the products take one after another, and their rate in GFLOP/s; medians."""
    draw = np.random.default_rng(0)
    total = 0.0
    with threadpool_limits(1):
        for rows, inner, columns in shapes:
            a = draw.standard_normal((rows, inner), dtype="float32")
            b = draw.standard_normal((inner, columns), dtype="float32")
            out = np.empty((rows, columns), "float32")
            calls = 1 + int(seconds / max(timed(a, b, out, 20) / 20, 1e-7))
            total += float(np.median([timed(a, b, out, calls) / calls for _ in range(repeats)]))
    operations = sum(2 * rows * inner * columns for rows, inner, columns in shapes)
    return total, operations / total / 1e9


def timed(a, b, out, calls):
    start = time.perf_counter()
    for _ in range(calls):
        np.matmul(a, b, out=out)
    return time.perf_counter() - start
