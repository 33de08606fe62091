"""The vanilla recurrent cell in NumPy."""

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
)


@dataclass(frozen=True)
class SimpleRNNTrace:
    """What happened at each step of `SimpleRNN.forward`.

    Attributes
    ----------
    inputs : array of shape (batch, timesteps, features)
    mask : array of bool, shape (batch, timesteps)
        True where a step was read.
    initial_state : array of shape (batch, units)
    hidden : array of shape (batch, timesteps, units)
        The hidden state after each step. A masked step carries the state before it on.
    """

    inputs: np.ndarray
    mask: np.ndarray
    initial_state: np.ndarray
    hidden: np.ndarray

    @property
    def outputs(self):
        """What ``keras.layers.SimpleRNN(..., return_sequences=True)`` returns. See `keras_outputs`."""
        return keras_outputs(self.hidden, self.mask)


class SimpleRNN:
    """A vanilla recurrent cell with tanh, equal to ``keras.layers.SimpleRNN``.

    Parameters
    ----------
    kernel : array of shape (features, units)
        Weights from the input to the hidden state.
    recurrent_kernel : array of shape (units, units)
        Weights from the hidden state before a step to the one after it.
    bias : array of shape (units,), optional

    Notes
    -----
    The cell computes in the dtype of its weights, float32 or float64.
    Source: Elman (1990), Finding structure in time, https://doi.org/10.1207/s15516709cog1402_1.
    """

    def __init__(self, kernel, recurrent_kernel, bias=None):
        weights = checked_weights(kernel, recurrent_kernel, bias, blocks=1)
        self.kernel, self.recurrent_kernel, self.bias = weights
        self.use_bias = bias is not None
        self.units = self.recurrent_kernel.shape[0]
        self.trace = None

    @classmethod
    def from_keras(cls, layer):
        """Return a cell with the weights of a built ``keras.layers.SimpleRNN``."""
        return cls(*keras_weights(layer, "SimpleRNN"))

    def step(self, x_t, hidden_state):
        """Read one input, (batch, features), and return the next hidden state, (batch, units)."""
        return np.tanh(x_t @ self.kernel + hidden_state @ self.recurrent_kernel + self.bias)

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
        SimpleRNNTrace

        Raises
        ------
        ValueError, TypeError
            For wrong shapes, NaN or infinity, or a mask that is not of booleans.
        """
        x, mask = checked_inputs(x, mask, self.kernel)
        batch, timesteps, _ = x.shape
        initial_state = checked_state(initial_state, "initial_state", (batch, self.units), self.kernel.dtype)
        hidden_state = initial_state
        hidden = []
        for t in range(timesteps):
            read = mask[:, t, np.newaxis]
            hidden_state = np.where(read, self.step(x[:, t], hidden_state), hidden_state)
            hidden.append(hidden_state)
        self.trace = SimpleRNNTrace(x, mask, initial_state, np.stack(hidden, axis=1))
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
        x, mask, hidden = self.trace.inputs, self.trace.mask, self.trace.hidden
        previous = previous_states(self.trace.initial_state, hidden)
        d_kernel, d_recurrent_kernel = np.zeros_like(self.kernel), np.zeros_like(self.recurrent_kernel)
        d_bias = np.zeros_like(self.bias)
        d_x, d_hidden_total = np.zeros_like(x), np.zeros_like(hidden)
        d_state = np.zeros_like(hidden[:, 0])  # what later steps say about the state after step t
        for t in reversed(range(x.shape[1])):
            d_state = d_state + d_hidden[:, t]
            d_hidden_total[:, t] = d_state
            read = mask[:, t, np.newaxis]
            # The derivative of tanh(z) is 1 - tanh(z)². A masked step has no z: its state was copied.
            d_z = np.where(read, d_state * (1 - hidden[:, t] ** 2), 0)
            d_x[:, t] = d_z @ self.kernel.T
            d_kernel += x[:, t].T @ d_z
            d_recurrent_kernel += previous[:, t].T @ d_z
            d_bias += d_z.sum(axis=0)
            d_state = np.where(read, d_z @ self.recurrent_kernel.T, d_state)
        d_bias = d_bias if self.use_bias else None
        return Gradients(d_x, d_kernel, d_recurrent_kernel, d_bias, d_state, d_hidden_total)
