"""The gated recurrent unit in NumPy."""

from dataclasses import dataclass

import numpy as np

from helpers.cells.common import (
    Gradients,
    checked_d_hidden,
    checked_inputs,
    checked_state,
    checked_weights,
    keras_outputs,
    keras_weights,
    previous_states,
    sigmoid,
)


@dataclass(frozen=True)
class GRUTrace:
    """What happened at each step of `GRU.forward`.

    All arrays but the first three have the shape (batch, timesteps, units). A masked step carries the state
    on; the gates then hold what the cell computed and threw away.

    Attributes
    ----------
    inputs : array of shape (batch, timesteps, features)
    mask : array of bool, shape (batch, timesteps)
        True where a step was read.
    initial_state : array of shape (batch, units)
    hidden : array
        The hidden state after each step.
    update_gate, reset_gate, candidate : array
        Gates between 0 and 1; candidate between -1 and 1. An update gate of 1 keeps the old state.
    """

    inputs: np.ndarray
    mask: np.ndarray
    initial_state: np.ndarray
    hidden: np.ndarray
    update_gate: np.ndarray
    reset_gate: np.ndarray
    candidate: np.ndarray

    @property
    def outputs(self):
        """What ``keras.layers.GRU(..., return_sequences=True)`` returns. See `keras_outputs`."""
        return keras_outputs(self.hidden, self.mask)


class GRU:
    """A gated recurrent unit, equal to ``keras.layers.GRU`` with its default ``reset_after=True``.

    Parameters
    ----------
    kernel : array of shape (features, 3 * units)
        Weights from the input, three blocks side by side: update gate, reset gate, candidate.
    recurrent_kernel : array of shape (units, 3 * units)
        Weights from the hidden state, in the same order.
    bias : array of shape (2, 3 * units), optional
        The first row is added to the input's part, the second to the state's part. They cannot be merged: the
        reset gate multiplies the state's part of the candidate, bias included, and leaves the input's alone.

    Notes
    -----
    The cell computes in the dtype of its weights, float32 or float64.
    Source: Cho et al. (2014), https://arxiv.org/abs/1406.1078, with the reset gate applied after the
    multiplication as in Keras.
    """

    def __init__(self, kernel, recurrent_kernel, bias=None):
        weights = checked_weights(kernel, recurrent_kernel, bias, blocks=3, bias_rows=2)
        self.kernel, self.recurrent_kernel, self.bias = weights
        self.use_bias = bias is not None
        self.units = self.recurrent_kernel.shape[0]
        self.trace = None

    @classmethod
    def from_keras(cls, layer):
        """Return a cell with the weights of a built ``keras.layers.GRU``."""
        return cls(*keras_weights(layer, "GRU"))

    def step(self, x_t, hidden_state):
        """Read one input, (batch, features).

        Returns the new hidden state, then update gate, reset gate and candidate, each (batch, units).
        """
        x_z, x_r, x_c = np.split(x_t @ self.kernel + self.bias[0], 3, axis=1)
        h_z, h_r, h_c = np.split(hidden_state @ self.recurrent_kernel + self.bias[1], 3, axis=1)
        update_gate = sigmoid(x_z + h_z)
        reset_gate = sigmoid(x_r + h_r)
        candidate = np.tanh(x_c + reset_gate * h_c)
        hidden_state = update_gate * hidden_state + (1 - update_gate) * candidate
        return hidden_state, update_gate, reset_gate, candidate

    def forward(self, x, mask=None, initial_state=None):
        """Read sequences step by step.

        Parameters
        ----------
        x : array of shape (batch, timesteps, features)
        mask : array of bool, shape (batch, timesteps), optional
            False where a step is to be passed over.
        initial_state : array of shape (batch, units), optional
            Hidden state before the first step; zeros if not given.

        Returns
        -------
        GRUTrace

        Raises
        ------
        ValueError, TypeError
            For wrong shapes, NaN or infinity, or a mask that is not of booleans.
        """
        x, mask = checked_inputs(x, mask, self.kernel)
        batch, timesteps, _ = x.shape
        initial_state = checked_state(initial_state, "initial_state", (batch, self.units), self.kernel.dtype)
        hidden_state = initial_state
        steps = []
        for t in range(timesteps):
            new_hidden_state, *gates = self.step(x[:, t], hidden_state)
            read = mask[:, t, np.newaxis]
            hidden_state = np.where(read, new_hidden_state, hidden_state)
            steps.append((hidden_state, *gates))
        over_time = [np.stack(values, axis=1) for values in zip(*steps, strict=True)]
        self.trace = GRUTrace(x, mask, initial_state, *over_time)
        return self.trace

    def backward(self, d_hidden):
        """Carry the loss's gradient back through the steps of the last `forward`.

        Parameters
        ----------
        d_hidden : array of shape (batch, timesteps, units)
            The direct gradient of the loss with respect to every hidden state in ``trace.hidden``. A loss
            that looks at the last state only has zeros everywhere else.

        Returns
        -------
        Gradients
        """
        d_hidden = checked_d_hidden(d_hidden, self.trace)
        run = self.trace
        previous = previous_states(run.initial_state, run.hidden)
        d_kernel, d_recurrent_kernel = np.zeros_like(self.kernel), np.zeros_like(self.recurrent_kernel)
        d_bias = np.zeros_like(self.bias)
        d_x, d_hidden_total = np.zeros_like(run.inputs), np.zeros_like(run.hidden)
        d_state = np.zeros_like(run.hidden[:, 0])  # what later steps say about the state after step t
        for t in reversed(range(run.inputs.shape[1])):
            read = run.mask[:, t, np.newaxis]
            z, r, c = run.update_gate[:, t], run.reset_gate[:, t], run.candidate[:, t]
            h_c = np.split(previous[:, t] @ self.recurrent_kernel + self.bias[1], 3, axis=1)[2]
            d_state = d_state + d_hidden[:, t]
            d_hidden_total[:, t] = d_state
            # hidden_state = update_gate * previous hidden state + (1 - update_gate) * candidate
            d_z, d_c = d_state * (previous[:, t] - c), d_state * (1 - z)
            # candidate = tanh(x_c + reset_gate * h_c)
            d_x_c = d_c * (1 - c**2)
            d_h_c, d_r = d_x_c * r, d_x_c * h_c
            d_sigmoids = [d_z * z * (1 - z), d_r * r * (1 - r)]
            d_from_x = np.where(read, np.concatenate([*d_sigmoids, d_x_c], axis=1), 0)
            d_from_h = np.where(read, np.concatenate([*d_sigmoids, d_h_c], axis=1), 0)
            d_x[:, t] = d_from_x @ self.kernel.T
            d_kernel += run.inputs[:, t].T @ d_from_x
            d_recurrent_kernel += previous[:, t].T @ d_from_h
            d_bias += np.stack([d_from_x.sum(axis=0), d_from_h.sum(axis=0)])
            d_state = np.where(read, d_state * z + d_from_h @ self.recurrent_kernel.T, d_state)
        d_bias = d_bias if self.use_bias else None
        return Gradients(d_x, d_kernel, d_recurrent_kernel, d_bias, d_state, d_hidden_total)
