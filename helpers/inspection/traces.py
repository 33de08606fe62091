"""What the gates and states of a recurrent layer hold at each token."""

import dataclasses
from dataclasses import dataclass

from helpers.cells.common import keras_outputs
from helpers.cells.gru import GRUTrace
from helpers.cells.lstm import LSTMTrace
from helpers.cells.vanilla import SimpleRNNTrace
from helpers.inspection.layers import (
    checked_sequences,
    in_order,
    is_pair,
    numpy_cell,
    one_of,
    readings,
    recurrent_layers,
)


class ReadBackwards:
    """A trace of a layer that reads from the last token to the first, laid out in the order of the tokens.

    ``hidden[:, t]`` is the state after token t, and so after all tokens to the right of it.
    """

    @property
    def outputs(self):
        """What the layer returns with ``return_sequences=True``, put back into the order of the tokens."""
        return keras_outputs(self.hidden[:, ::-1], self.mask[:, ::-1])[:, ::-1]


class BackwardSimpleRNNTrace(ReadBackwards, SimpleRNNTrace):
    """`ReadBackwards` for a SimpleRNN."""


class BackwardLSTMTrace(ReadBackwards, LSTMTrace):
    """`ReadBackwards` for an LSTM."""


class BackwardGRUTrace(ReadBackwards, GRUTrace):
    """`ReadBackwards` for a GRU."""


BACKWARDS = {
    SimpleRNNTrace: BackwardSimpleRNNTrace,
    LSTMTrace: BackwardLSTMTrace,
    GRUTrace: BackwardGRUTrace,
}


@dataclass(frozen=True)
class BidirectionalTrace:
    """The traces of the two parts of a Bidirectional layer, both laid out in the order of the tokens.

    Attributes
    ----------
    forward : SimpleRNNTrace, LSTMTrace or GRUTrace
        ``forward.hidden[:, t]`` is the state after reading from the first token up to token t.
    backward : ReadBackwards
        ``backward.hidden[:, t]`` is the state after reading from the last token down to token t.
    """

    forward: SimpleRNNTrace | LSTMTrace | GRUTrace
    backward: ReadBackwards


def gates(model, x, layer=None):
    """Follow the gates and states of a recurrent layer over the tokens of some sequences.

    Parameters
    ----------
    model : keras.Model
        With a SimpleRNN, LSTM or GRU layer, alone, stacked or in a Bidirectional wrapper.
    x : array of shape (batch, timesteps, ...)
        What the model reads, for instance word ids.
    layer : str, optional
        Name of the layer, needed where the model has several. The parts of a Bidirectional layer have names of
        their own, such as ``"forward_lstm"`` and ``"backward_lstm"``.

    Returns
    -------
    helpers.cells trace, or BidirectionalTrace
        For an LSTM ``input_gate``, ``forget_gate``, ``output_gate``, ``candidate``, ``cell`` and ``hidden``; for
        a GRU ``update_gate``, ``reset_gate``, ``candidate`` and ``hidden``; for a SimpleRNN ``hidden``. Each has
        the shape (batch, timesteps, units), along the tokens as x holds them. ``mask`` says which steps were
        read; at the others both states are carried on, and the gates hold what the cell did not use. For a
        Bidirectional layer a pair of them: ``forward`` and ``backward``.

    Raises
    ------
    ValueError, TypeError
        If the model has no such layer, or one with an option that the NumPy cells do not know; if x is empty, is
        text, or has a sequence of nothing but padding.

    Notes
    -----
    The model runs once, as in ``model.predict``. The layer is then computed again by the NumPy cell of
    `helpers.cells` from what it read in that run, in the dtype of its weights.
    """
    layers = recurrent_layers(model)
    parts = {part for found in layers.values() if is_pair(found) for part in names(found)}
    whole = {name: found for name, found in layers.items() if name not in parts}
    only = next(iter(whole)) if layer is None and len(whole) == 1 else layer
    chosen = one_of(layers, only, "a SimpleRNN, LSTM or GRU layer")
    x = checked_sequences(model, x)
    if is_pair(chosen):
        pair = (chosen.forward_layer, chosen.backward_layer)
        return BidirectionalTrace(*map(trace, pair, readings(model, pair, x)))
    return trace(chosen, *readings(model, [chosen], x))


def names(pair):
    """Return the names of the two parts of a Bidirectional layer."""
    return pair.forward_layer.name, pair.backward_layer.name


def trace(layer, reading):
    """Return the trace of a layer for what it read, in the order of the tokens."""
    inputs, mask = (in_order(layer, values) for values in (reading.inputs, reading.mask))
    return in_token_order(layer, numpy_cell(layer).forward(inputs, mask, reading.initial_state))


def in_token_order(layer, run):
    """Return the trace of a layer that reads backwards in the order of the tokens; leave any other as it is."""
    if not layer.go_backwards:
        return run
    values = {field.name: getattr(run, field.name) for field in dataclasses.fields(run)}
    turned = {name: in_order(layer, value) for name, value in values.items() if name != "initial_state"}
    return BACKWARDS[type(run)](initial_state=run.initial_state, **turned)
