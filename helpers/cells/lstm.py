"""The LSTM cell in NumPy."""

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
class LSTMTrace:
    """What happened at each step of `LSTM.forward`.

    All arrays but the first three have the shape (batch, timesteps, units). A masked step carries both states
    on; the gates then hold what the cell computed and threw away.

    Attributes
    ----------
    inputs : array of shape (batch, timesteps, features)
    mask : array of bool, shape (batch, timesteps)
        True where a step was read.
    initial_state : pair of arrays of shape (batch, units)
        Hidden state and cell state before the first step.
    hidden, cell : array
        The two states after each step.
    input_gate, forget_gate, candidate, output_gate : array
        Gates between 0 and 1; candidate between -1 and 1.
    """

    inputs: np.ndarray
    mask: np.ndarray
    initial_state: tuple
    hidden: np.ndarray
    cell: np.ndarray
    input_gate: np.ndarray
    forget_gate: np.ndarray
    candidate: np.ndarray
    output_gate: np.ndarray

    @property
    def outputs(self):
        """What ``keras.layers.LSTM(..., return_sequences=True)`` returns. See `keras_outputs`."""
        return keras_outputs(self.hidden, self.mask)


class LSTM:
    """A long short-term memory cell, equal to ``keras.layers.LSTM``.

    Parameters
    ----------
    kernel : array of shape (features, 4 * units)
        Weights from the input, four blocks side by side: input gate, forget gate, candidate, output gate.
    recurrent_kernel : array of shape (units, 4 * units)
        Weights from the hidden state, in the same order.
    bias : array of shape (4 * units,), optional

    Notes
    -----
    The cell computes in the dtype of its weights, float32 or float64.
    Sources: Hochreiter & Schmidhuber (1997), https://doi.org/10.1162/neco.1997.9.8.1735; the forget gate is
    from Gers, Schmidhuber & Cummins (2000), https://doi.org/10.1162/089976600300015015.
    """

    def __init__(self, kernel, recurrent_kernel, bias=None):
        weights = checked_weights(kernel, recurrent_kernel, bias, blocks=4)
        self.kernel, self.recurrent_kernel, self.bias = weights
        self.use_bias = bias is not None
        self.units = self.recurrent_kernel.shape[0]
        self.trace = None

    @classmethod
    def from_keras(cls, layer):
        """Return a cell with the weights of a built ``keras.layers.LSTM``."""
        return cls(*keras_weights(layer, "LSTM"))

    def step(self, x_t, hidden_state, cell_state):
        """Read one input, (batch, features).

        Returns the new hidden state and cell state, then input gate, forget gate, candidate and output gate,
        each of shape (batch, units).
        """
        z = x_t @ self.kernel + hidden_state @ self.recurrent_kernel + self.bias
        z_i, z_f, z_c, z_o = np.split(z, 4, axis=1)
        input_gate = sigmoid(z_i)
        forget_gate = sigmoid(z_f)
        candidate = np.tanh(z_c)
        output_gate = sigmoid(z_o)
        cell_state = forget_gate * cell_state + input_gate * candidate
        hidden_state = output_gate * np.tanh(cell_state)
        return hidden_state, cell_state, input_gate, forget_gate, candidate, output_gate

    def forward(self, x, mask=None, initial_state=None):
        """Read sequences step by step.

        Parameters
        ----------
        x : array of shape (batch, timesteps, features)
        mask : array of bool, shape (batch, timesteps), optional
            False where a step is to be passed over.
        initial_state : pair of arrays of shape (batch, units), optional
            Hidden state and cell state before the first step; zeros if not given.

        Returns
        -------
        LSTMTrace

        Raises
        ------
        ValueError, TypeError
            For wrong shapes, NaN or infinity, or a mask that is not of booleans.
        """
        x, mask = checked_inputs(x, mask, self.kernel)
        batch, timesteps, _ = x.shape
        hidden_state, cell_state = initial_state = self._checked_states(initial_state, batch)
        steps = []
        for t in range(timesteps):
            new_hidden_state, new_cell_state, *gates = self.step(x[:, t], hidden_state, cell_state)
            read = mask[:, t, np.newaxis]
            hidden_state = np.where(read, new_hidden_state, hidden_state)
            cell_state = np.where(read, new_cell_state, cell_state)
            steps.append((hidden_state, cell_state, *gates))
        over_time = [np.stack(values, axis=1) for values in zip(*steps, strict=True)]
        self.trace = LSTMTrace(x, mask, initial_state, *over_time)
        return self.trace

    def _checked_states(self, initial_state, batch):
        pair = (None, None) if initial_state is None else initial_state
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError("initial_state: expected a pair: hidden state and cell state")
        shape, dtype = (batch, self.units), self.kernel.dtype
        hidden_state = checked_state(pair[0], "initial_state[0], the hidden state", shape, dtype)
        return hidden_state, checked_state(pair[1], "initial_state[1], the cell state", shape, dtype)

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
        previous_hidden = previous_states(run.initial_state[0], run.hidden)
        previous_cell = previous_states(run.initial_state[1], run.cell)
        d_kernel, d_recurrent_kernel = np.zeros_like(self.kernel), np.zeros_like(self.recurrent_kernel)
        d_bias = np.zeros_like(self.bias)
        d_x = np.zeros_like(run.inputs)
        d_hidden_total, d_cell_total = np.zeros_like(run.hidden), np.zeros_like(run.cell)
        # What later steps say about the two states after step t.
        d_state, d_cell = np.zeros_like(run.hidden[:, 0]), np.zeros_like(run.cell[:, 0])
        for t in reversed(range(run.inputs.shape[1])):
            read = run.mask[:, t, np.newaxis]
            i, f = run.input_gate[:, t], run.forget_gate[:, t]
            c, o = run.candidate[:, t], run.output_gate[:, t]
            squashed_cell = np.tanh(run.cell[:, t])
            d_state = d_state + d_hidden[:, t]
            # hidden_state = output_gate * tanh(cell_state)
            d_o = d_state * squashed_cell
            d_cell = d_cell + np.where(read, d_state * o * (1 - squashed_cell**2), 0)
            d_hidden_total[:, t], d_cell_total[:, t] = d_state, d_cell
            # cell_state = forget_gate * previous cell state + input_gate * candidate
            d_i, d_f, d_c = d_cell * c, d_cell * previous_cell[:, t], d_cell * i
            # The derivative of a sigmoid s is s (1 - s), that of a tanh c is 1 - c².
            d_z_i, d_z_f = d_i * i * (1 - i), d_f * f * (1 - f)
            d_z_c, d_z_o = d_c * (1 - c**2), d_o * o * (1 - o)
            d_z = np.concatenate([d_z_i, d_z_f, d_z_c, d_z_o], axis=1)
            d_z = np.where(read, d_z, 0)  # a masked step used none of its gates
            d_x[:, t] = d_z @ self.kernel.T
            d_kernel += run.inputs[:, t].T @ d_z
            d_recurrent_kernel += previous_hidden[:, t].T @ d_z
            d_bias += d_z.sum(axis=0)
            d_state = np.where(read, d_z @ self.recurrent_kernel.T, d_state)
            d_cell = np.where(read, d_cell * f, d_cell)
        d_bias = d_bias if self.use_bias else None
        d_initial = (d_state, d_cell)
        return Gradients(d_x, d_kernel, d_recurrent_kernel, d_bias, d_initial, d_hidden_total, d_cell_total)
