"""What the three cells share: the sigmoid, the gradients they return, and checks of what comes in."""

from dataclasses import dataclass

import numpy as np


def sigmoid(z):
    """Squash numbers into (0, 1). Equal to 1 / (1 + exp(-z)), but exp would overflow where tanh does not."""
    return (np.tanh(z / 2) + 1) / 2


@dataclass(frozen=True)
class Gradients:
    """How the loss changes with everything that went into a cell. Each array has the shape of its namesake.

    Attributes
    ----------
    inputs : array of shape (batch, timesteps, features)
    kernel, recurrent_kernel : array
    bias : array, or None for a cell without bias
    initial_state : array of shape (batch, units), for an LSTM a pair (hidden, cell) of them
    hidden : array of shape (batch, timesteps, units)
        The *total* gradient with respect to each hidden state: directly and through all later steps.
    cell : array of shape (batch, timesteps, units), or None
        The same for the cell states of an LSTM.
    """

    inputs: np.ndarray
    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray | None
    initial_state: np.ndarray | tuple
    hidden: np.ndarray
    cell: np.ndarray | None = None


def previous_states(initial_state, states):
    """Return the state that each step started from: shift (batch, timesteps, units) by one step."""
    return np.concatenate([initial_state[:, np.newaxis], states[:, :-1]], axis=1)


def keras_outputs(hidden, mask):
    """Return what Keras outputs with ``return_sequences=True``.

    That is the hidden state, with one exception: before the first step that is not masked Keras outputs
    zeros, even where an initial state was given.
    """
    started = np.logical_or.accumulate(mask, axis=1)
    return np.where(started[:, :, np.newaxis], hidden, np.zeros_like(hidden))


def checked_weights(kernel, recurrent_kernel, bias, *, blocks, bias_rows=None):
    """Return the three weight arrays, or say which one has the wrong shape or type. No bias becomes zeros."""
    kernel, recurrent_kernel = np.asarray(kernel), np.asarray(recurrent_kernel)
    if recurrent_kernel.ndim != 2 or recurrent_kernel.shape[1] != blocks * recurrent_kernel.shape[0]:
        wanted = "(units, units)" if blocks == 1 else f"(units, {blocks} * units)"
        raise ValueError(f"recurrent_kernel: expected shape {wanted}, got {recurrent_kernel.shape}")
    width = recurrent_kernel.shape[1]
    if kernel.ndim != 2 or kernel.shape[1] != width:
        raise ValueError(f"kernel: expected shape (features, {width}), got {kernel.shape}")
    bias_shape = (width,) if bias_rows is None else (bias_rows, width)
    bias = np.zeros(bias_shape, kernel.dtype) if bias is None else np.asarray(bias)
    if bias.shape != bias_shape:
        raise ValueError(f"bias: expected shape {bias_shape} for this recurrent kernel, got {bias.shape}")
    for name, values in [("kernel", kernel), ("recurrent_kernel", recurrent_kernel), ("bias", bias)]:
        if values.dtype not in (np.float32, np.float64) or values.dtype != kernel.dtype:
            wanted = "float32 or float64" if name == "kernel" else f"{kernel.dtype}, as the kernel has,"
            raise TypeError(f"{name}: expected {wanted} numbers, got {values.dtype}")
        if not np.isfinite(values).all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity among them")
    return kernel, recurrent_kernel, bias


def checked_inputs(x, mask, kernel):
    """Return x in the kernel's dtype and a mask of booleans (all True for None), or say what is wrong."""
    x = np.asarray(x)
    features = kernel.shape[0]
    if x.ndim != 3 or x.shape[2] != features or 0 in x.shape:
        raise ValueError(f"x: expected shape (batch, timesteps, {features}) and nothing empty, got {x.shape}")
    x = checked_numbers(x, "x", kernel.dtype)
    if mask is None:
        return x, np.ones(x.shape[:2], bool)
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"mask: expected booleans, True where a step is to be read, got {mask.dtype}")
    if mask.shape != x.shape[:2]:
        raise ValueError(f"mask: expected shape {x.shape[:2]}, one boolean a step, got {mask.shape}")
    return x, mask


def checked_state(state, name, shape, dtype):
    """Return a state in the given dtype, zeros for None, or say what is wrong with it."""
    if state is None:
        return np.zeros(shape, dtype)
    state = np.asarray(state)
    if state.shape != shape:
        raise ValueError(f"{name}: expected shape (batch, units) = {shape}, got {state.shape}")
    return checked_numbers(state, name, dtype)


def checked_d_hidden(d_hidden, trace):
    """Return the gradient that comes into `backward`, or say what is wrong with it."""
    if trace is None:
        raise RuntimeError("backward: call forward first; the gradients belong to its run")
    d_hidden = np.asarray(d_hidden)
    if d_hidden.shape != trace.hidden.shape:
        raise ValueError(
            f"d_hidden: expected shape (batch, timesteps, units) = {trace.hidden.shape}, a gradient for each "
            f"hidden state (zeros where the loss does not look), got {d_hidden.shape}"
        )
    return checked_numbers(d_hidden, "d_hidden", trace.hidden.dtype)


def checked_numbers(values, name, dtype):
    """Return real, finite numbers in the given dtype, or say what came instead."""
    if values.dtype.kind not in "fiu":
        raise TypeError(f"{name}: expected numbers, got {values.dtype}")
    values = values.astype(dtype)
    if not np.isfinite(values).all():
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity among them")
    return values


def keras_weights(layer, kind):
    """Return kernel, recurrent kernel and bias (or None) of a built Keras layer of the class named `kind`.

    Options under which the layer computes something else are refused by name. Dropout is accepted: it does
    nothing outside training, and the cells do not train. `implementation` and `unroll` change how the layer
    computes, not what.
    """
    if type(layer).__name__ != kind:
        raise TypeError(f"layer: expected a keras.layers.{kind}, got {type(layer).__name__}")
    if not layer.built:
        raise ValueError("layer: it has no weights yet; call it once, or call layer.build(input_shape)")
    config = layer.get_config()
    expected = {
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "reset_after": True,
        "go_backwards": False,
        "stateful": False,
    }
    options = {name: config[name] for name in expected if name in config}
    options["zero_output_for_mask"] = getattr(layer, "zero_output_for_mask", False)
    for name, value in options.items():
        wanted = expected.get(name, False)
        if value != wanted:
            raise ValueError(f"{name}: only {name}={wanted!r} is supported, the layer has {value!r}")
    if layer.compute_dtype not in ("float32", "float64") or layer.compute_dtype != layer.variable_dtype:
        raise ValueError(
            "dtype: the layer must hold its weights and compute in float32 or in float64, "
            f"it has {layer.dtype_policy.name!r}"
        )
    weights = layer.get_weights()
    return weights if len(weights) == 3 else [*weights, None]
