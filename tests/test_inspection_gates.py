"""Gate traces are those of the NumPy cells, and the NumPy cells' outputs are those of the layer itself."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import random

import keras
import numpy as np
import pytest
from keras import layers

from helpers import cells, models
from helpers.inspection import gates

KINDS = ["SimpleRNN", "LSTM", "GRU"]
FLOAT64 = {"dtype": "float64"}
GATES = {
    "SimpleRNN": [],
    "LSTM": ["input_gate", "forget_gate", "candidate", "output_gate"],
    "GRU": ["update_gate", "reset_gate", "candidate"],
}
# Padding after, before and in the middle of the ids; no padding.
WIRES = np.array([[3, 1, 2, 0, 0], [0, 5, 6, 1, 2], [4, 0, 0, 2, 6], [1, 2, 3, 4, 5]])


def randomise(model, seed=0):
    rng = np.random.default_rng(seed)
    model.set_weights([0.8 * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def reader(kind, units=4, **options):
    return getattr(layers, kind)(units, **FLOAT64 | options)


def network(*middle, masked=True):
    """A model in float64 from 5 word ids to three classes, with these layers in the middle."""
    return randomise(
        keras.Sequential([
            keras.Input((5,), dtype="int32"),
            layers.Embedding(7, 2, mask_zero=masked, **FLOAT64),
            *middle,
            layers.Dense(3, activation="softmax", **FLOAT64),
        ])
    )


def output_of(model, layer, x=WIRES):
    """What Keras says that the layer returns; its mask goes with it through the model."""
    return keras.Model(model.inputs, layer.output)(x).numpy()


def vectors(model, x=WIRES):
    return model.layers[0].get_weights()[0][x]


@pytest.mark.parametrize("masked", [False, True], ids=["unmasked", "masked"])
@pytest.mark.parametrize("kind", KINDS)
def test_gates_are_the_cells_and_their_output_is_the_layers(kind, masked):
    model = network(reader(kind, return_sequences=True), masked=masked)
    trace = gates(model, WIRES)
    cell = getattr(cells, kind).from_keras(model.layers[1])
    by_hand = cell.forward(vectors(model), WIRES != 0 if masked else None)
    for name in ["mask", "hidden", *GATES[kind]]:
        assert np.array_equal(getattr(trace, name), getattr(by_hand, name))
    assert np.array_equal(trace.mask, WIRES != 0) if masked else trace.mask.all()
    np.testing.assert_allclose(trace.outputs, output_of(model, model.layers[1]), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_stacked_layers_are_asked_for_by_name(kind):
    model = network(reader(kind, return_sequences=True, name="lower"), reader(kind, units=3, name="upper"))
    lower, upper = gates(model, WIRES, "lower"), gates(model, WIRES, layer="upper")
    np.testing.assert_allclose(lower.outputs, output_of(model, model.layers[1]), atol=1e-12)
    np.testing.assert_allclose(upper.outputs[:, -1], output_of(model, model.layers[2]), atol=1e-12)
    assert np.array_equal(upper.mask, WIRES != 0)
    with pytest.raises(ValueError, match="^layer: expected one of 'lower', 'upper'; none was named"):
        gates(model, WIRES)


@pytest.mark.parametrize("masked", [False, True], ids=["unmasked", "masked"])
@pytest.mark.parametrize("kind", KINDS)
def test_both_parts_of_a_bidirectional_layer_lie_along_the_tokens(kind, masked):
    model = network(layers.Bidirectional(reader(kind, return_sequences=True), **FLOAT64), masked=masked)
    trace = gates(model, WIRES)
    outputs = np.concatenate([trace.forward.outputs, trace.backward.outputs], axis=2)
    if masked:  # a Bidirectional layer returns zeros at masked steps
        outputs *= (WIRES != 0)[:, :, np.newaxis]
    np.testing.assert_allclose(outputs, output_of(model, model.layers[1]), atol=1e-12)
    # The backward part reads the ids in reverse.
    part = model.layers[1].backward_layer
    cell = getattr(cells, kind)(*part.get_weights())
    by_hand = cell.forward(vectors(model)[:, ::-1], (WIRES != 0)[:, ::-1] if masked else None)
    for name in ["mask", "inputs", "hidden", *GATES[kind]]:
        assert np.array_equal(getattr(trace.backward, name), getattr(by_hand, name)[:, ::-1])
    for name, half in [(model.layers[1].forward_layer.name, trace.forward), (part.name, trace.backward)]:
        assert np.array_equal(gates(model, WIRES, name).hidden, half.hidden)


def test_the_last_states_of_a_bidirectional_layer_stand_at_opposite_ends():
    model = network(layers.Bidirectional(reader("LSTM"), **FLOAT64))
    trace = gates(model, WIRES)
    ends = np.concatenate([trace.forward.hidden[:, -1], trace.backward.hidden[:, 0]], axis=1)
    np.testing.assert_allclose(ends, output_of(model, model.layers[1]), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_that_reads_backwards_by_itself(kind):
    model = network(reader(kind, go_backwards=True, return_sequences=True))
    trace = gates(model, WIRES)
    np.testing.assert_allclose(trace.outputs[:, ::-1], output_of(model, model.layers[1]), atol=1e-12)


def test_models_that_are_no_chain():
    """Two readers side by side, one of which starts where the other one ended."""
    ids = keras.Input((5,), dtype="int32")
    embedded = layers.Embedding(7, 2, mask_zero=True, **FLOAT64)(ids)
    states = layers.LSTM(4, return_state=True, name="first", **FLOAT64)(embedded)
    second = layers.LSTM(4, name="second", return_sequences=True, **FLOAT64)(embedded, initial_state=states[1:])
    joined = layers.Concatenate(**FLOAT64)([states[0], layers.GlobalAveragePooling1D(**FLOAT64)(second)])
    model = randomise(keras.Model(ids, layers.Dense(3, **FLOAT64)(joined)))
    first = gates(model, WIRES, "first")
    outputs = keras.Model(ids, states)(WIRES)
    np.testing.assert_allclose(first.hidden[:, -1], outputs[1], atol=1e-12)
    np.testing.assert_allclose(first.cell[:, -1], outputs[2], atol=1e-12)
    trace = gates(model, WIRES, "second")
    np.testing.assert_allclose(trace.initial_state[1], first.cell[:, -1], atol=1e-12)
    np.testing.assert_allclose(trace.outputs, output_of(model, model.get_layer("second")), atol=1e-12)


def test_a_model_inside_a_model_and_a_subclassed_one():
    inner = keras.Sequential([keras.Input((5, 2), **FLOAT64), reader("GRU", name="inside")])
    model = network(inner)

    class Wrapped(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = model

        def call(self, ids):
            return self.inner(ids)

    wrapped = Wrapped()
    wrapped(WIRES)
    assert np.array_equal(gates(wrapped, WIRES).hidden, gates(model, WIRES).hidden)


def test_looking_changes_nothing():
    model = network(reader("LSTM", dropout=0.5, recurrent_dropout=0.5))
    before, answers = model.get_weights(), model.predict(WIRES, verbose=0)
    keras.utils.set_random_seed(1)
    expected = random.random(), np.random.random()
    keras.utils.set_random_seed(1)
    gates(model, WIRES)
    assert (random.random(), np.random.random()) == expected, "the reader's random numbers must stay the same"
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert np.array_equal(model.predict(WIRES, verbose=0), answers)
    assert "call" not in vars(model.layers[1])


def test_the_models_of_the_book():
    model = models.embedded(lambda: layers.LSTM(5), timesteps=8, vocabulary=20, embedding_dim=3, seed=0)
    x = np.array([[1, 5, 9, 7, 0, 0, 0, 0]])
    trace = gates(model, x)
    assert trace.forget_gate.shape == (1, 8, 5) and trace.forget_gate.dtype == np.float32
    np.testing.assert_allclose(trace.hidden[:, -1], output_of(model, model.layers[1], x), atol=1e-6)


# What cannot be looked at


def test_models_without_a_reader_are_told_so():
    with pytest.raises(ValueError, match="^model: expected one with a SimpleRNN, LSTM or GRU layer; it has none"):
        gates(models.mlp(inputs=3), np.ones((1, 3)))
    with pytest.raises(TypeError, match="^model: expected a keras.Model, got LSTM"):
        gates(layers.LSTM(2), WIRES)
    with pytest.raises(ValueError, match="^layer: expected one of .*; got 'nobody'"):
        gates(network(reader("LSTM")), WIRES, "nobody")


@pytest.mark.parametrize(
    ("option", "value"), [("stateful", True), ("activation", "relu"), ("recurrent_activation", "hard_sigmoid")]
)
def test_layers_that_compute_something_else_are_refused_by_name(option, value):
    model = keras.Sequential([keras.Input(batch_shape=(2, 5, 3)), layers.LSTM(4, **{option: value})])
    with pytest.raises(ValueError, match=f"^{option}: only {option}=.* the layer .*has"):
        gates(model, np.ones((2, 5, 3)))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ("shr 37 cts", "^x: expected an array of word ids, got text; helpers.data.encode"),
        (["shr 37 cts"], "^x: expected an array of word ids, got text"),
        ([[1, 2], [3]], "^x: the sequences have different lengths; keras.utils.pad_sequences"),
        ([], r"^x: expected shape \(sequences, 5\), got \(0,\)"),
        (np.zeros((0, 5), int), "^x: expected at least one sequence with at least one step"),
        (WIRES[0], r"^x: expected shape \(sequences, 5\), got \(5,\); one sequence is x\[np.newaxis\]"),
        (WIRES[:, :4], r"^x: expected shape \(sequences, 5\), got \(4, 4\)"),
        ([[1, 2, 3, 4, 7]], "^x: expected ids from 0 to 6, got 7"),
        ([[1, 2, 3, 4, -1]], "^x: expected ids from 0 to 6, got -1"),
        ([[1, 2, 3, 4, 0.5]], "^x: expected ids from 0 to 6, got 0.5"),
        ([[1, 2, 3, 4, np.nan]], "^x: expected finite numbers"),
        ([[1, 2, 3, 4, 5], [0, 0, 0, 0, 0]], "^x: sequence 1 holds nothing but padding.*give it a text"),
    ],
)
def test_sequences_that_cannot_be_read_are_told_what_would(x, message):
    with pytest.raises((ValueError, TypeError), match=message):
        gates(network(reader("LSTM")), x)


def test_a_layer_that_runs_twice_is_refused():
    shared = reader("GRU", units=2, return_sequences=True, name="shared")
    with pytest.raises(ValueError, match="^layer: expected one that runs once in the model, 'shared' runs 2 times"):
        gates(network(shared, shared, layers.GlobalAveragePooling1D(**FLOAT64)), WIRES, "shared")
