"""Find the recurrent layers of a Keras model, and what they read."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from helpers import cells

RECURRENT = (keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU)


# Models that are a chain of layers


def split_at(model, name):
    """Return the layers before a recurrent layer, the layer, and those after it."""
    layers = chain(model)
    found = [k for k, layer in enumerate(layers) if type(layer) in RECURRENT and name in (None, layer.name)]
    if len(found) != 1:
        names = [layer.name for layer in layers if type(layer) in RECURRENT]
        wanted = "exactly one SimpleRNN, LSTM or GRU, or the name of one" if name is None else f"one called {name!r}"
        raise ValueError(f"layer: expected {wanted}; the model has {names}")
    recurrent = layers[found[0]]
    for option in ("go_backwards", "stateful", "return_state", "zero_output_for_mask"):
        if getattr(recurrent, option):
            raise ValueError(f"{option}: only {option}=False is supported, the layer {recurrent.name!r} has True")
    return layers[: found[0]], recurrent, layers[found[0] + 1 :]


def chain(model):
    """Return the layers of a model in which each layer reads what the one before it gives."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"model: expected a keras.Model, got {type(model).__name__}")
    if not model.built:
        raise ValueError("model: it has no weights yet; begin it with keras.Input, or call it on an input")
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    if not isinstance(model, keras.Sequential):
        # What each layer reads, and the model's outputs. A mask is read beside the values, as booleans.
        read = [[t for t in keras.tree.flatten(layer.input) if t.dtype != "bool"] for layer in layers]
        read.append(keras.tree.flatten(model.outputs))
        given = [keras.tree.flatten(model.inputs), *(keras.tree.flatten(layer.output) for layer in layers)]
        if any(len(r) != 1 or len(g) != 1 or r[0] is not g[0] for r, g in zip(read, given, strict=True)):
            raise ValueError("model: expected a chain, in which each layer reads what the one before it gives")
    return layers


def read_by(layers, model, x):
    """Run x through the layers before the recurrent one; return what that one reads, and its mask or None."""
    values = tf.cast(tf.convert_to_tensor(x), model.inputs[0].dtype)
    if values.dtype.is_floating and not np.isfinite(values.numpy()).all():
        raise ValueError("x: expected finite numbers, got NaN or infinity among them")
    for layer in layers:
        values = layer(values)
    if len(values.shape) != 3:
        raise ValueError(f"x: expected what becomes (batch, timesteps, features), got shape {np.shape(x)}")
    return values, getattr(values, "_keras_mask", None)


# Any model


def recurrent_layers(model):
    """Return the SimpleRNN, LSTM and GRU layers of a model by name, with a Bidirectional one before its two parts."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"model: expected a keras.Model, got {type(model).__name__}")
    found = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found |= recurrent_layers(layer)
        elif type(layer) in RECURRENT:
            found[layer.name] = layer
        elif is_pair(layer):
            pair = (layer.forward_layer, layer.backward_layer)
            if all(type(part) in RECURRENT for part in pair):
                found |= {layer.name: layer} | {part.name: part for part in pair}
    return found


def one_of(layers, name, what):
    """Return the layer of that name, or the only one there is; `what` says what was looked for."""
    if not layers:
        raise ValueError(f"model: expected one with {what}; it has none")
    if name is None and len(layers) == 1:
        return next(iter(layers.values()))
    if name not in layers:
        got = "none was named" if name is None else f"got {name!r}"
        raise ValueError(f"layer: expected one of {', '.join(map(repr, layers))}; {got}")
    return layers[name]


def checked_sequences(model, x):
    """Return x as an array that the model can read, or say what is wrong with it."""
    first = x[0] if isinstance(x, (list, tuple)) and len(x) else x
    if isinstance(x, str) or isinstance(first, str):
        raise TypeError("x: expected an array of word ids, got text; helpers.data.encode turns text into ids")
    try:
        values = np.asarray(x)
    except ValueError:
        raise ValueError("x: the sequences have different lengths; keras.utils.pad_sequences pads them") from None
    if values.dtype.kind not in "iuf":
        raise TypeError(f"x: expected numbers, got {values.dtype}")
    shape = getattr(model, "input_shape", None) if model.built else None
    if isinstance(shape, tuple) and (
        values.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape[1:], values.shape[1:], strict=True))
    ):
        wanted = ", ".join(["sequences", *("any" if n is None else str(n) for n in shape[1:])])
        hint = "; one sequence is x[np.newaxis]" if values.ndim == len(shape) - 1 else ""
        raise ValueError(f"x: expected shape ({wanted}), got {values.shape}{hint}")
    if values.ndim < 2 or values.size == 0:
        raise ValueError(f"x: expected at least one sequence with at least one step, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("x: expected finite numbers, got NaN or infinity among them")
    table = embedding(model)
    if table is not None:
        strange = values[(values < 0) | (values >= table.input_dim) | (values != np.floor(values))]
        if strange.size:
            raise ValueError(f"x: expected ids from 0 to {table.input_dim - 1}, got {strange[0]}")
    return values


def first_layer(model):
    """Return the layer that reads what a model is given, or None for a model without layers."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    if not layers:
        return None
    return first_layer(layers[0]) if isinstance(layers[0], keras.Model) else layers[0]


def embedding(model):
    """Return the embedding that a model begins with, or None."""
    first = first_layer(model)
    return first if isinstance(first, keras.layers.Embedding) else None


def is_pair(layer):
    """Tell whether a layer is a Bidirectional one."""
    return isinstance(layer, keras.layers.Bidirectional)


@contextmanager
def replaced(layer, call):
    """Let a layer answer with `call`, a function like its method of that name, as long as the context lasts."""
    # With cuDNN, Keras computes both parts of a Bidirectional layer at once and calls neither.
    use_cudnn = getattr(layer, "use_cudnn", None)
    layer.call = call
    if use_cudnn is not None:
        layer.use_cudnn = False
    try:
        yield
    finally:
        del layer.call
        if use_cudnn is not None:
            layer.use_cudnn = use_cudnn


@dataclass(frozen=True)
class Reading:
    """What a recurrent layer reads in a run of its model, as NumPy arrays.

    Attributes
    ----------
    inputs : array of shape (batch, timesteps, features)
    mask : array of bool, shape (batch, timesteps)
        True where a step is read.
    initial_state : array of shape (batch, units), a pair of them for an LSTM, or None
    """

    inputs: np.ndarray
    mask: np.ndarray
    initial_state: np.ndarray | tuple | None


def readings(model, layers, x):
    """Run a model once and return what each of some of its recurrent layers reads."""
    heard = {layer.name: [] for layer in layers}
    with ExitStack() as stack:
        for layer in layers:
            stack.enter_context(replaced(layer, listener(layer, heard[layer.name])))
        model(x, training=False)
    for name, calls in heard.items():
        if len(calls) != 1:
            raise ValueError(f"layer: expected one that runs once in the model, {name!r} runs {len(calls)} times")
        checked_mask(calls[0].mask)
    return [calls[0] for calls in heard.values()]


def listener(layer, calls):
    """Return the layer's own `call`, which now also notes in `calls` what it read."""
    own_call = layer.call

    def call(sequences, initial_state=None, mask=None, training=False):
        calls.append(as_reading(sequences, initial_state, mask))
        return own_call(sequences, initial_state=initial_state, mask=mask, training=training)

    return call


def as_reading(sequences, initial_state, mask):
    """Turn what a recurrent layer is called with into a `Reading`."""
    inputs = np.asarray(sequences)
    mask = np.ones(inputs.shape[:2], bool) if mask is None else np.asarray(mask).astype(bool)
    if initial_state is not None:
        states = tuple(np.asarray(state) for state in tf.nest.flatten(initial_state))
        initial_state = states if len(states) > 1 else states[0]
    return Reading(inputs, mask, initial_state)


def checked_mask(mask):
    """Return the mask; refuse a sequence without a step to read."""
    unread = np.flatnonzero(~mask.any(axis=1))
    if unread.size:
        raise ValueError(
            f"x: sequence {unread[0]} holds nothing but padding, so that there is nothing to look at; "
            "leave it out, or give it a text"
        )
    return mask


def numpy_cell(layer):
    """Return the NumPy cell of a built Keras layer; the order in which the layer reads is left to the caller."""
    if layer.stateful:
        raise ValueError(f"stateful: only stateful=False is supported, the layer {layer.name!r} has True")
    # A twin that reads forwards. It draws no random numbers, so that looking changes nothing that comes after.
    changes = {"go_backwards": False, "zero_output_for_mask": False, "seed": 0}
    changes |= {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
    twin = type(layer).from_config(layer.get_config() | changes)
    twin.build((None, None, layer.cell.kernel.shape[0]))
    twin.set_weights(layer.get_weights())
    return getattr(cells, type(layer).__name__).from_keras(twin)


def in_order(layer, values):
    """Turn (batch, timesteps, ...) from the order of the tokens to the layer's reading order, or back."""
    return values[:, ::-1] if layer.go_backwards else values
