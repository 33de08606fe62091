"""An intervention answers as the model would with that one change, computed here by hand."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest
from keras import layers

from helpers import cells, models
from helpers.inspection import gates, intervene
from helpers.inspection.interventions import intervened

FLOAT64 = {"dtype": "float64"}
KINDS = ["SimpleRNN", "LSTM", "GRU"]
WIRES = np.array([[3, 1, 2, 0, 0], [0, 5, 6, 1, 2], [4, 0, 0, 2, 6], [1, 2, 3, 4, 5]])
ALONE = {"forget": "forget_gate", "input": "input_gate", "output": "output_gate"}


def network(*middle):
    """A model in float64 from 5 word ids, 0 being masked, to three classes, with these layers in the middle."""
    model = keras.Sequential([
        keras.Input((5,), dtype="int32"),
        layers.Embedding(7, 2, mask_zero=True, **FLOAT64),
        *middle,
        layers.Dense(3, activation="softmax", **FLOAT64),
    ])
    rng = np.random.default_rng(0)
    model.set_weights([0.8 * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def reader(kind="LSTM", units=4, **options):
    return getattr(layers, kind)(units, **FLOAT64 | options)


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


def answer(model, hidden):
    """The answer of the dense layer to a last hidden state."""
    kernel, bias = model.layers[-1].get_weights()
    return softmax(hidden @ kernel + bias)


def by_hand(model, x, start, change):
    """Read each wire with the weights, token by token; `change` gets the gates from `start` on."""
    kernel, recurrent_kernel, bias = model.layers[1].get_weights()
    table = model.layers[0].get_weights()[0]
    units = len(recurrent_kernel)
    states = []
    for row, wire in enumerate(x):
        h, c = np.zeros(units), np.zeros(units)
        for t, word in enumerate(wire):
            if word == 0:
                continue
            z = table[word] @ kernel + h @ recurrent_kernel + bias
            gate = dict(zip("ifgo", np.split(z, 4), strict=True))
            gate = {name: np.tanh(v) if name == "g" else 1 / (1 + np.exp(-v)) for name, v in gate.items()}
            if t >= np.broadcast_to(start, len(x))[row]:
                change(gate, row, t)
            c = gate["f"] * c + gate["i"] * gate["g"]
            h = gate["o"] * np.tanh(c) * gate.get("heard", 1)
        states.append(h)
    return answer(model, np.array(states))


@pytest.mark.parametrize("start", [0, 2, [0, 3, 4, 1]])
@pytest.mark.parametrize("gate", ALONE)
def test_a_clamped_gate_equals_the_computation_by_hand(gate, start):
    model = network(reader())

    def change(values, row, t):
        values[gate[0]] = np.full(4, 0.3)

    found = intervene(model, WIRES, **{gate: 0.3}, start=start)
    np.testing.assert_allclose(found, by_hand(model, WIRES, start, change), atol=1e-12)
    assert not np.allclose(found, model.predict(WIRES, verbose=0), atol=1e-3), "the clamp must make a difference"


def test_two_gates_in_two_units_with_values_of_their_own():
    model = network(reader())
    values = np.random.default_rng(1).random((4, 5, 4))

    def change(gate, row, t):
        gate["f"][[1, 3]] = values[row, t, [1, 3]]
        gate["o"][[1, 3]] = 0.9

    found = intervene(model, WIRES, forget=values, output=0.9, units=[3, 1], start=1)
    np.testing.assert_allclose(found, by_hand(model, WIRES, 1, change), atol=1e-12)


@pytest.mark.parametrize("start", [0, 2])
@pytest.mark.parametrize("gate", ALONE)
def test_a_gate_held_where_it_is_changes_nothing(gate, start):
    model = network(reader())
    value = getattr(gates(model, WIRES), ALONE[gate])
    found = intervene(model, WIRES, **{gate: value}, start=start)
    np.testing.assert_allclose(found, model.predict(WIRES, verbose=0), atol=1e-6)


def test_input_shut_and_forget_open_hold_the_cell_state():
    model = network(reader())
    usual = gates(model, WIRES)
    _, trace = intervened(model, WIRES, {"forget": 1, "input": 0}, None, 2, None)
    assert np.array_equal(trace.cell[:, :2], usual.cell[:, :2]), "before the start everything is as ever"
    for t in (2, 3, 4):
        assert np.array_equal(trace.cell[:, t], usual.cell[:, 1])
    assert (usual.cell[:, 4] != usual.cell[:, 1]).all()


def test_an_input_gate_shut_all_along_leaves_the_bias():
    model = network(reader())
    bias = model.layers[-1].get_weights()[1]
    np.testing.assert_allclose(intervene(model, WIRES, input=0), np.tile(softmax(bias), (4, 1)), atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_all_units_silenced_leave_the_bias(kind):
    model = network(reader(kind))
    bias = model.layers[-1].get_weights()[1]
    found = intervene(model, WIRES, units=range(4))
    np.testing.assert_allclose(found, np.tile(softmax(bias), (4, 1)), atol=1e-12)


def test_a_silenced_unit_is_heard_neither_above_nor_at_the_next_step():
    model = network(reader())
    silent = np.array([1, 0, 1, 1])

    def change(gate, row, t):
        gate["heard"] = silent

    found = intervene(model, WIRES, units=1, start=2)
    np.testing.assert_allclose(found, by_hand(model, WIRES, 2, change), atol=1e-12)
    np.testing.assert_allclose(found, intervene(model, WIRES, output=0, units=[1], start=2), atol=1e-12)
    # With its rows of both kernels gone, a unit has nothing to say either.
    weights = model.get_weights()
    weights[2][1], weights[4][1] = 0, 0
    model.set_weights(weights)
    np.testing.assert_allclose(intervene(network(reader()), WIRES, units=1), model.predict(WIRES, verbose=0), atol=1e-6)


@pytest.mark.parametrize("kind", ["SimpleRNN", "GRU"])
def test_silenced_units_of_other_cells(kind):
    model = network(reader(kind))
    weights = model.get_weights()
    cell = getattr(cells, kind)(*model.layers[1].get_weights())
    h = np.zeros((4, 4))
    for t in range(5):
        after = cell.step(weights[0][WIRES[:, t]], h)
        after = (after[0] if kind == "GRU" else after) * (np.arange(4) != 2)
        h = np.where(WIRES[:, [t]] != 0, after, h)
    np.testing.assert_allclose(intervene(model, WIRES, units=2), answer(model, h), atol=1e-12)


def test_a_lower_layer_is_heard_through_the_upper_one():
    model = network(reader(return_sequences=True, name="lower"), reader("GRU", units=3, name="upper"))
    lower = gates(model, WIRES, "lower")
    found = intervene(model, WIRES, units=[0, 2], layer="lower", output=0.0)
    # Only what the lower layer passes on matters: nothing from two units.
    _, trace = intervened(model, WIRES, {"output": 0}, [0, 2], 0, "lower")
    assert (trace.hidden[:, :, [0, 2]] == 0).all() and (lower.hidden[:, :, [0, 2]] != 0).any()
    upper = cells.GRU(*model.layers[2].get_weights()).forward(trace.outputs, WIRES != 0)
    np.testing.assert_allclose(found, answer(model, upper.hidden[:, -1]), atol=1e-12)


@pytest.mark.parametrize("sequences", [False, True], ids=["last state", "every state"])
def test_one_part_of_a_bidirectional_layer(sequences):
    side_by_side = [layers.Flatten(**FLOAT64)] if sequences else []
    both = layers.Bidirectional(reader(name="lstm", return_sequences=sequences), **FLOAT64)
    model = network(both, *side_by_side)
    usual = gates(model, WIRES)
    found, trace = intervened(model, WIRES, {"input": 0}, None, [2, 2, 3, 2], "backward_lstm")
    # It reads from the right, so nothing changes right of the start, and nothing comes in left of it.
    for row, start in enumerate([2, 2, 3, 2]):
        assert np.array_equal(trace.hidden[row, start + 1 :], usual.backward.hidden[row, start + 1 :])
        assert (trace.input_gate[row, : start + 1] == 0).all()
    if sequences:
        read = (WIRES != 0)[:, :, np.newaxis]
        states = np.concatenate([usual.forward.outputs * read, trace.outputs * read], axis=2).reshape(4, -1)
    else:
        states = np.concatenate([usual.forward.hidden[:, -1], trace.hidden[:, 0]], axis=1)
    np.testing.assert_allclose(found, answer(model, states), atol=1e-12)
    with pytest.raises(ValueError, match="^layer: expected one of 'forward_lstm', 'backward_lstm'; none was named"):
        intervene(model, WIRES, forget=1)


def test_the_model_is_left_as_it_was():
    model = network(reader())
    before = model.predict(WIRES, verbose=0)
    intervene(model, WIRES, forget=0)
    with pytest.raises(ValueError):
        intervene(model, WIRES, forget=2)
    assert np.array_equal(model.predict(WIRES, verbose=0), before)


# What cannot be done


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "^forget, input, output, units: expected a gate to hold or units to silence"),
        ({"forget": 1.5}, r"^forget: expected a value from 0 \(shut\) to 1 \(open\), got 1.5"),
        ({"input": -0.1}, "^input: expected a value from 0 .*, got -0.1"),
        ({"output": np.nan}, "^output: expected a value from 0 .*, got nan"),
        ({"output": "open"}, "^output: expected a number from 0 to 1, got 'open'"),
        ({"forget": True}, "^forget: expected a number from 0 to 1, got True"),
        ({"forget": np.ones(3)}, r"^forget: .*fits \(batch, timesteps, units\) = \(4, 5, 4\), got shape \(3,\)"),
        ({"units": 4}, "^units: expected numbers from 0 to 3, got 4; the layer has 4 units"),
        ({"units": [0, -1]}, "^units: expected numbers from 0 to 3, got -1"),
        ({"units": []}, r"^units: expected the number of a unit, or several, got \[\]"),
        ({"units": [0.5]}, "^units: expected the number of a unit"),
        ({"units": [True, False, True, True]}, "^units: expected the number of a unit"),
        ({"forget": 1, "start": 5}, "^start: expected a token from 0 to 2 for sequence 0, whose text is there, got 5"),
        ({"forget": 1, "start": 3}, "^start: expected a token from 0 to 2 for sequence 0.*got 3"),
        ({"forget": 1, "start": -1}, "^start: expected a token from 0 to 2 for sequence 0.*got -1"),
        ({"forget": 1, "start": [0, 5, 0, 0]}, "^start: expected a token from 1 to 4 for sequence 1.*got 5"),
        ({"forget": 1, "start": [0, 0]}, "^start: expected a whole number, or one for each of the 4 sequences"),
        ({"forget": 1, "start": 0.5}, "^start: expected a whole number"),
    ],
)
def test_arguments_that_do_not_fit_are_told_what_would(arguments, message):
    arguments = {"start": [0, 1, 0, 0]} | arguments if "start" not in arguments else arguments
    with pytest.raises((ValueError, TypeError), match=message):
        intervene(network(reader()), WIRES, **arguments)


@pytest.mark.parametrize("x", [[[0, 0, 0, 0, 0]], np.zeros((0, 5), int), "profits rose", [[1, 2, 3, 4, 9]]])
def test_nothing_to_read_is_refused(x):
    with pytest.raises((ValueError, TypeError), match="^x: "):
        intervene(network(reader()), x, forget=1)


def test_models_that_cannot_be_changed_so_are_told_why():
    with pytest.raises(ValueError, match="^forget: expected an LSTM layer, which has this gate; .* is a GRU"):
        intervene(network(reader("GRU")), WIRES, forget=1)
    with pytest.raises(ValueError, match="^activation: only activation='tanh' is supported, the layer has 'relu'"):
        intervene(network(reader(activation="relu")), WIRES, forget=1)
    with pytest.raises(ValueError, match="^model: expected one with a SimpleRNN, LSTM or GRU layer; it has none"):
        intervene(models.mlp(inputs=3), np.ones((1, 3)), units=0)
