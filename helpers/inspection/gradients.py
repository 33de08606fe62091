"""How far a network's gradient reaches back in time, and why."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from helpers.inspection.layers import read_by, split_at


def gradient_reach(model, x, y, *, layer=None, state="hidden"):
    """Measure how strongly the loss depends on the state at each step.

    Parameters
    ----------
    model : keras.Model
        Compiled; a chain of layers with a SimpleRNN, LSTM or GRU among them.
    x, y : array
        Inputs and targets, as for ``model.fit``.
    layer : str, optional
        Name of the recurrent layer, needed where the model has several.
    state : {"hidden", "cell"}
        Which state of the layer; only an LSTM has a cell state.

    Returns
    -------
    array of shape (batch, timesteps)
        Euclidean norm of the gradient of a sequence's own loss with respect to its state after step t: the
        *total* gradient, directly and through all later steps. NaN at masked steps, which have no state of
        their own: average over sequences with `numpy.nanmean`.

    Raises
    ------
    ValueError, TypeError
        If the model is no chain, is not compiled, or has no such layer; if the layer has an option that is not
        supported; if x and y do not belong together.

    Notes
    -----
    The loss is the one that the model was compiled with, before averaging over the batch, so that a result does
    not depend on who else is in the batch; where the model predicts at every step, Keras' average over the steps
    that are not masked stays. Dropout is off. A gradient smaller than the model's dtype can hold (about 1e-45 in
    float32) becomes 0.

    Sources: Bengio, Simard & Frasconi (1994), https://doi.org/10.1109/72.279181; Pascanu, Mikolov & Bengio
    (2013), https://arxiv.org/abs/1211.5063.
    """
    if state not in ("hidden", "cell"):
        raise ValueError(f"state: expected 'hidden' or 'cell', got {state!r}")
    if not model.compiled:
        raise ValueError("model: it has no loss yet; compile it first")
    before, recurrent, after = split_at(model, layer)
    if state == "cell" and not isinstance(recurrent, keras.layers.LSTM):
        raise ValueError(f"state: only an LSTM has a cell state, {recurrent.name!r} is a {type(recurrent).__name__}")
    inputs, mask = read_by(before, model, x)
    if len(y) != len(inputs):
        raise ValueError(f"y: expected {len(inputs)} targets, one for each sequence in x, got {len(y)}")
    # The state at each step is moved by zero. The gradient with respect to that zero is the one looked for.
    nudge = tf.zeros((*inputs.shape[:2], recurrent.units), recurrent.compute_dtype)
    with tf.GradientTape() as tape:
        tape.watch(nudge)
        states = unroll(recurrent, inputs, mask, **{state: nudge})
        output = states[0] if recurrent.return_sequences else states[0][:, -1]
        if recurrent.return_sequences:
            output._keras_mask = mask  # where Keras itself keeps a mask, for the layers after this one
        for following in after:
            output = following(output)
        loss = model.compute_loss(y=tf.convert_to_tensor(y), y_pred=output) * len(inputs)
    norms = np.linalg.norm(tape.gradient(loss, nudge).numpy(), axis=-1)
    return norms if mask is None else np.where(mask.numpy(), norms, np.nan)


@dataclass(frozen=True)
class JacobianSpectrum:
    """Singular values, largest first.

    `size` is the number of units; for an LSTM twice that, since its state is the pair of hidden and cell state.

    Attributes
    ----------
    step : array of shape (batch, timesteps, size)
        Of the state after step t differentiated by the state before it. NaN at masked steps.
    product : array of shape (batch, timesteps, size)
        Of the last state differentiated by the state after step t: the product of all later Jacobians. Its
        largest value says by how much a gradient can have grown or shrunk on its way back from the end to t.
        All 1 at the last step; NaN at masked steps.
    recurrent_kernel : array of shape (units,), or None
        Of a SimpleRNN's recurrent kernel. None for LSTM and GRU, to whose blocks the condition does not apply.
    """

    step: np.ndarray
    product: np.ndarray
    recurrent_kernel: np.ndarray | None


def jacobian_spectrum(model, x, *, layer=None):
    """Measure by how much one step of a recurrent layer, and all steps to the end, stretch a change of the state.

    Parameters
    ----------
    model : keras.Model
        A chain of layers with a SimpleRNN, LSTM or GRU among them.
    x : array
        Inputs, as for ``model.predict``. A few sequences will do: the cost is batch * timesteps * size**3.
    layer : str, optional
        Name of the recurrent layer, needed where the model has several.

    Returns
    -------
    JacobianSpectrum

    Raises
    ------
    ValueError, TypeError
        As in `gradient_reach`.

    Notes
    -----
    One step of a vanilla cell multiplies a gradient by the recurrent kernel and by the slope of the activation,
    which is at most gamma (1 for tanh, 1/4 for the sigmoid). So if the *largest singular value* of the recurrent
    kernel is below 1 / gamma, gradients must vanish, exponentially with the lag; for them to explode it has to be
    above 1 / gamma, which alone is not enough.

    Source: Pascanu, Mikolov & Bengio (2013), section 2.1, https://arxiv.org/abs/1211.5063. Their proof bounds
    each step by the largest singular value; where the arXiv text speaks of the largest eigenvalue instead, that
    holds for a linear cell only. With tanh, the kernel [[8, 8], [-8, -8]] has no eigenvalue but 0, and gradients
    can explode all the same.
    """
    before, recurrent, _ = split_at(model, layer)
    inputs, mask = read_by(before, model, x)
    states = unroll(recurrent, inputs, mask)
    jacobians = step_jacobians(recurrent, inputs, states)
    batch, timesteps, size, _ = jacobians.shape
    read = np.ones((batch, timesteps), bool) if mask is None else mask.numpy()
    jacobians[~read] = np.eye(size)  # a masked step hands its state on
    step = np.linalg.svd(jacobians, compute_uv=False)
    product = np.empty_like(step)
    onwards = np.broadcast_to(np.eye(size), (batch, size, size))
    for t in reversed(range(timesteps)):
        product[:, t] = np.linalg.svd(onwards, compute_uv=False)
        onwards = onwards @ jacobians[:, t]
    step[~read] = product[~read] = np.nan
    kernel = None
    if isinstance(recurrent, keras.layers.SimpleRNN):
        kernel = np.linalg.svd(recurrent.cell.recurrent_kernel.numpy().astype(np.float64), compute_uv=False)
    return JacobianSpectrum(step, product, kernel)


def unroll(layer, inputs, mask, hidden=None, cell=None):
    """Run a recurrent layer step by step and return its states, each of shape (batch, timesteps, units).

    `hidden` and `cell`, of that shape too, are added to the states as they arise.
    """
    states = layer.get_initial_state(len(inputs))
    over_time = []
    for t in range(inputs.shape[1]):
        if cell is None:
            new_states = layer.cell(inputs[:, t], states, training=False)[1]
        else:
            new_states = lstm_step(layer.cell, inputs[:, t], states, cell[:, t])
        if mask is not None:
            new_states = [tf.where(mask[:, t, None], new, old) for new, old in zip(new_states, states, strict=True)]
        if hidden is not None:
            new_states = [new_states[0] + hidden[:, t], *new_states[1:]]
        states = new_states
        over_time.append(states)
    return [tf.stack(values, axis=1) for values in zip(*over_time, strict=True)]


def lstm_step(cell, x_t, states, nudge):
    """Compute one step of an LSTM, with something added to the cell state before the hidden state is made of it."""
    hidden_state, cell_state = states
    z = x_t @ cell.kernel + hidden_state @ cell.recurrent_kernel
    if cell.use_bias:
        z += cell.bias
    z_i, z_f, z_c, z_o = tf.split(z, 4, axis=1)
    gate, squash = cell.recurrent_activation, cell.activation
    cell_state = gate(z_f) * cell_state + gate(z_i) * squash(z_c) + nudge
    return [gate(z_o) * squash(cell_state), cell_state]


def step_jacobians(layer, inputs, states):
    """Return d(state after step t) / d(state before it), float64 of shape (batch, timesteps, size, size).

    All steps of all sequences are differentiated at once: the state before each is known by now.
    """
    batch, timesteps, features = inputs.shape
    first = layer.get_initial_state(batch)
    before = [tf.concat([s[:, None], over_time[:, :-1]], axis=1) for s, over_time in zip(first, states, strict=True)]
    before = [tf.reshape(values, (batch * timesteps, -1)) for values in before]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(before)
        after = layer.cell(tf.reshape(inputs, (-1, features)), before, training=False)[1]
        units = [unit for values in after for unit in tf.unstack(values, axis=1)]
    zeros = tf.UnconnectedGradients.ZERO
    rows = [tf.concat(tape.gradient(unit, before, unconnected_gradients=zeros), axis=1) for unit in units]
    size = len(rows)
    return tf.stack(rows, axis=1).numpy().astype(np.float64).reshape(batch, timesteps, size, size)
