"""What a model would have answered with a gate held or a unit silenced."""

import copy
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from helpers.inspection.layers import (
    as_reading,
    checked_sequences,
    in_order,
    is_pair,
    numpy_cell,
    one_of,
    readings,
    recurrent_layers,
    replaced,
)
from helpers.inspection.traces import in_token_order


def intervene(
    model, x, *, forget=None, input=None, output=None, units=None, start=0, layer=None
):  # `input` shadows a built-in function that nobody needs here; the gate has that name
    """Answer with a gate clamped, or with units silenced, from a chosen token on.

    Parameters
    ----------
    model : keras.Model
        With an LSTM layer; to silence units a SimpleRNN or GRU layer will do.
    x : array of shape (batch, timesteps, ...)
        What the model reads, for instance word ids.
    forget, input, output : float or array, optional
        The value at which the gate is held, from 0 (shut) to 1 (open). An array must fit
        (batch, timesteps, units): one of shape (units,) holds each unit at its own value.
    units : int or sequence of int, optional
        The units that are meant, numbered from 0. With a gate to hold: only theirs is held, instead of everyone's.
        Without: they are silenced, that is, their hidden state is 0 for the next step and for the layers above.
    start : int or array of shape (batch,)
        The token from which on, numbered from 0 along x, padding counted: one for all sequences or one for each.
        The layer reads what comes before as ever. "From which on" is meant as the layer reads: the backward part
        of a Bidirectional layer goes from there towards the first token.
    layer : str, optional
        Name of the layer, needed where the model has several, as in `gates`. Of a Bidirectional layer one part
        has to be named.

    Returns
    -------
    array
        What ``model.predict(x)`` would have returned, for instance (batch, classes).

    Raises
    ------
    ValueError, TypeError
        If there is nothing to do, or no such layer, gate or unit; for a value outside 0 to 1, or a start where
        the sequence is over; for the x that `gates` refuses.

    Notes
    -----
    The layer is computed by its NumPy cell, with the change; everything else by Keras. At masked steps the
    states are carried on as ever.
    """
    clamps = {"forget": forget, "input": input, "output": output}
    clamps = {name: value for name, value in clamps.items() if value is not None}
    return intervened(model, x, clamps, units, start, layer)[0]


def intervened(model, x, clamps, units, start, name):
    """Return the prediction of `intervene` and the layer's trace, in which the gates hold what was used."""
    if not clamps and units is None:
        raise ValueError(
            "forget, input, output, units: expected a gate to hold or units to silence; the model's own answer is "
            "model.predict(x)"
        )
    layers = {n: found for n, found in recurrent_layers(model).items() if not is_pair(found)}
    chosen = one_of(layers, name, "a SimpleRNN, LSTM or GRU layer")
    if clamps and not isinstance(chosen, keras.layers.LSTM):
        raise ValueError(
            f"{next(iter(clamps))}: expected an LSTM layer, which has this gate; {chosen.name!r} is a "
            f"{type(chosen).__name__}"
        )
    x = checked_sequences(model, x)
    [reading] = readings(model, [chosen], x)
    shape = (*reading.mask.shape, chosen.units)
    meant = checked_units(units, chosen.units)
    from_there = checked_start(start, reading.mask, chosen.go_backwards)
    change = Change(
        clamps={gate: in_order(chosen, checked_clamp(gate, value, shape)) for gate, value in clamps.items()},
        where=in_order(chosen, from_there[:, :, np.newaxis] & meant),
        silence=not clamps,
    )
    cell, traces = changed_cell(numpy_cell(chosen), change), []
    with replaced(chosen, changed_call(chosen, cell, traces)):
        prediction = model(x, training=False)
    return tf.nest.map_structure(np.asarray, prediction), in_token_order(chosen, traces[0])


@dataclass(frozen=True)
class Change:
    """What is done to a layer, in its reading order.

    Attributes
    ----------
    clamps : dict
        The values, of shape (batch, timesteps, units), at which gates are held, by "forget", "input", "output".
    where : array of bool, shape (batch, timesteps, units)
        True where the change applies.
    silence : bool
        Whether the hidden state is 0 there.
    """

    clamps: dict
    where: np.ndarray
    silence: bool


def changed_call(layer, cell, traces):
    """Return a `call` for the layer that computes it with the NumPy cell and appends the trace of it to `traces`."""

    def call(sequences, initial_state=None, mask=None, training=False):
        reading = as_reading(sequences, initial_state, mask)
        inputs, read = (in_order(layer, values) for values in (reading.inputs, reading.mask))
        run = cell.forward(inputs, read, reading.initial_state)
        traces.append(run)
        outputs = np.where(read[:, :, np.newaxis], run.outputs, 0) if layer.zero_output_for_mask else run.outputs
        outputs = tf.constant(outputs if layer.return_sequences else outputs[:, -1])
        if not layer.return_state:
            return outputs
        states = [run.hidden, run.cell] if isinstance(layer, keras.layers.LSTM) else [run.hidden]
        return [outputs, *(tf.constant(state[:, -1]) for state in states)]

    return call


def changed_cell(cell, change):
    """Return a NumPy cell that computes as the given one, but for the change. It is good for one `forward`."""
    own_step = cell.step
    steps = iter(range(change.where.shape[1]))

    def step(x_t, *states):
        t = next(steps)
        where = change.where[:, t]
        after = own_step(x_t, *states)
        hidden, *others = after if isinstance(after, tuple) else (after,)
        if change.clamps:
            held = {gate: (where, values[:, t]) for gate, values in change.clamps.items()}
            hidden, *others = clamped(states[1], *others[1:], held)
        if change.silence:
            hidden = np.where(where, 0, hidden).astype(hidden.dtype)
        return (hidden, *others) if others else hidden

    changed = copy.copy(cell)
    changed.step = step
    return changed


def clamped(previous_cell, input_gate, forget_gate, candidate, output_gate, held):
    """Compute the states of an LSTM step again with some gates held; return what `cells.LSTM.step` returns."""
    now = {"input": input_gate, "forget": forget_gate, "output": output_gate}
    now |= {gate: np.where(where, value, now[gate]) for gate, (where, value) in held.items()}
    cell_state = now["forget"] * previous_cell + now["input"] * candidate
    hidden_state = now["output"] * np.tanh(cell_state)
    return hidden_state, cell_state, now["input"], now["forget"], candidate, now["output"]


def checked_clamp(gate, value, shape):
    """Return the values at which a gate is held as (batch, timesteps, units), or say what is wrong with them."""
    values = np.asarray(value)
    if values.dtype.kind not in "iuf":
        raise TypeError(f"{gate}: expected a number from 0 to 1, got {value!r}")
    outside = values[~((values >= 0) & (values <= 1))]
    if outside.size:
        raise ValueError(f"{gate}: expected a value from 0 (shut) to 1 (open), got {outside[0]}")
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise ValueError(
            f"{gate}: expected one number, or an array that fits (batch, timesteps, units) = {shape}, "
            f"got shape {values.shape}"
        ) from None


def checked_units(units, size):
    """Return a boolean for each unit of the layer, True where it is meant, or say which unit does not exist."""
    if units is None:
        return np.ones(size, bool)
    numbers = np.atleast_1d(np.asarray(units))
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1 or numbers.size == 0:
        raise ValueError(f"units: expected the number of a unit, or several, got {units!r}")
    strange = numbers[(numbers < 0) | (numbers >= size)]
    if strange.size:
        raise ValueError(f"units: expected numbers from 0 to {size - 1}, got {strange[0]}; the layer has {size} units")
    return np.isin(np.arange(size), numbers)


def checked_start(start, mask, backwards):
    """Return booleans of shape (batch, timesteps), True from the start on, or say where no token is left."""
    batch, timesteps = mask.shape
    first = np.asarray(start)
    if first.dtype.kind not in "iu" or first.shape not in [(), (batch,)]:
        raise ValueError(f"start: expected a whole number, or one for each of the {batch} sequences, got {start!r}")
    first = np.broadcast_to(first, batch)[:, np.newaxis]
    steps = np.arange(timesteps)
    from_there = steps <= first if backwards else steps >= first
    beyond = np.flatnonzero(~(from_there & mask).any(axis=1) | (first[:, 0] < 0) | (first[:, 0] >= timesteps))
    if beyond.size:
        row = beyond[0]
        tokens = np.flatnonzero(mask[row])
        raise ValueError(
            f"start: expected a token from {tokens[0]} to {tokens[-1]} for sequence {row}, whose text is there, "
            f"got {first[row, 0]}"
        )
    return from_there
