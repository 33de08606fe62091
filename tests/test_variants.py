"""The layer with parts left out: whole it is Keras' LSTM, and each variant is what its few equations say."""

import inspect
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.training import fit, fit_compiled
from helpers.variants import LSTMVariant

VARIANTS = {
    "bare cell state": {"input_gate": False, "forget_gate": False, "output_gate": False},
    "forget gate only": {"input_gate": False, "output_gate": False},
    "no input gate": {"input_gate": False},
    "no forget gate": {"forget_gate": False},
    "no output gate": {"output_gate": False},
    "input gate only": {"forget_gate": False, "output_gate": False},
    "output gate only": {"input_gate": False, "forget_gate": False},
    "coupled": {"coupled": True},
    "cell state shown as it is": {"cell_activation": "linear"},
    "JANET": {"coupled": True, "output_gate": False, "cell_activation": "linear"},
    "whole": {},
}
# How many blocks of weights each variant has: the candidate, and the gates that exist.
BLOCKS = dict(zip(VARIANTS, (1, 2, 3, 3, 3, 2, 2, 3, 4, 2, 4), strict=True))
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
variants = pytest.mark.parametrize("name", VARIANTS)


def built(layer, features=3, seed=1):
    """Build a layer and give it random weights."""
    layer.build((None, None, features))
    rng = np.random.default_rng(seed)
    layer.set_weights([0.7 * rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def some_input(dtype="float32", seed=2):
    """Return sequences and a mask with gaps before, after, in the middle, and a row without a step."""
    x = np.random.default_rng(seed).normal(size=(4, 6, 3)).astype(dtype)
    mask = np.ones((4, 6), bool)
    mask[0, :2], mask[1, 4:], mask[2, 2:4], mask[3] = False, False, False, False
    return x, mask


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def by_hand(x, weights, mask, *, input_gate=True, forget_gate=True, output_gate=True, coupled=False, **options):
    """Compute hidden and cell states after every step, gate by gate, each from weights of its own."""
    kernel, recurrent_kernel, bias = weights
    units = len(recurrent_kernel)
    own = [input_gate and not coupled, forget_gate, True, output_gate]  # i, f, c, o
    place = np.cumsum([0, *own])
    linear = options.get("cell_activation") == "linear"

    def block(number, x_t, h):
        columns = slice(place[number] * units, (place[number] + 1) * units)
        return x_t @ kernel[:, columns] + h @ recurrent_kernel[:, columns] + bias[columns]

    h = c = np.zeros((len(x), units))
    hidden, cell = [], []
    for t in range(x.shape[1]):
        f = sigmoid(block(1, x[:, t], h)) if forget_gate else 1
        i = 1 - f if coupled else sigmoid(block(0, x[:, t], h)) if input_gate else 1
        o = sigmoid(block(3, x[:, t], h)) if output_gate else 1
        new_c = f * c + i * np.tanh(block(2, x[:, t], h))
        new_h = o * (new_c if linear else np.tanh(new_c))
        read = mask[:, t, np.newaxis]
        h, c = np.where(read, new_h, h), np.where(read, new_c, c)
        hidden.append(h)
        cell.append(c)
    return np.stack(hidden, axis=1), np.stack(cell, axis=1)


@variants
@pytest.mark.parametrize("masked", [False, True], ids=["unmasked", "masked"])
def test_a_variant_is_what_its_equations_say(name, masked):
    layer = built(LSTMVariant(5, return_sequences=True, return_state=True, dtype="float64", **VARIANTS[name]))
    x, mask = some_input("float64")
    mask = mask if masked else np.ones_like(mask)
    outputs, *states = layer(x, mask=tf.constant(mask) if masked else None)
    hidden, cell = by_hand(x, layer.get_weights(), mask, **VARIANTS[name])
    for theirs, ours in [(outputs, hidden), (states[0], hidden[:, -1]), (states[1], cell[:, -1])]:
        np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("masked", [False, True], ids=["unmasked", "masked"])
@pytest.mark.parametrize("return_sequences", [False, True])
def test_the_whole_is_the_lstm_of_keras(dtype, masked, return_sequences):
    options = {"return_sequences": return_sequences, "return_state": True, "dtype": dtype}
    ours, theirs = built(LSTMVariant(5, **options)), built(keras.layers.LSTM(5, **options))
    x, mask = some_input(dtype)
    mask = tf.constant(mask) if masked else None
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]
    for our, their in zip(ours(x, mask=mask), theirs(x, mask=mask), strict=True):
        assert our.dtype == their.dtype == dtype
        np.testing.assert_allclose(our, their, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("masked", [False, True], ids=["unmasked", "masked"])
def test_its_gradients_are_those_of_keras(dtype, masked):
    x, mask = some_input(dtype)
    x, mask = tf.constant(x), tf.constant(mask) if masked else None
    weight = np.random.default_rng(3).normal(size=(4, 6, 5)).astype(dtype)
    gradients = []
    for layer in (LSTMVariant, keras.layers.LSTM):
        layer = built(layer(5, return_sequences=True, dtype=dtype))
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, mask=mask) * weight)
        gradients.append(tape.gradient(loss, [x, *(w.value for w in layer.weights)]))
    for our, their in zip(*gradients, strict=True):
        scale = max(1, np.abs(their).max())
        np.testing.assert_allclose(our, their, rtol=0, atol=TOLERANCE[dtype] * scale)


@variants
def test_weights_are_those_of_the_gates_that_exist(name):
    layer = LSTMVariant(5, **VARIANTS[name])
    layer.build((None, None, 3))
    assert layer.count_params() == BLOCKS[name] * 5 * (3 + 5 + 1)
    assert [w.name for w in layer.weights] == ["kernel", "recurrent_kernel", "bias"]


def test_variants_with_the_same_seed_share_their_first_weights_with_the_lstm_of_keras():
    def first_weights(build):
        keras.utils.set_random_seed(7)
        layer = build()
        layer.build((None, None, 3))
        return [np.split(w, w.shape[-1] // 5, axis=-1) for w in layer.get_weights()]

    i, f, c, o = range(4)
    whole = first_weights(lambda: keras.layers.LSTM(5))
    kept = {"whole": [i, f, c, o], "no input gate": [f, c, o], "JANET": [f, c], "bare cell state": [c]}
    for name, blocks in kept.items():
        variant = first_weights(lambda name=name: LSTMVariant(5, **VARIANTS[name]))
        for ours, theirs in zip(variant, whole, strict=True):
            np.testing.assert_array_equal(ours, [theirs[block] for block in blocks])


@pytest.mark.parametrize(
    "name, place, blocks", [("whole", 1, 4), ("no input gate", 0, 3), ("coupled", 0, 3), ("JANET", 0, 2)]
)
def test_the_forget_bias_starts_where_it_is_told(name, place, blocks):
    layer = LSTMVariant(5, forget_bias=3.5, **VARIANTS[name])
    layer.build((None, None, 3))
    expected = np.zeros((blocks, 5))
    expected[place] = 3.5
    np.testing.assert_array_equal(layer.get_weights()[2].reshape(blocks, 5), expected)


def two_classes():
    """Sequences whose class is the sign of their first number, padded after the end."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 8, 3)).astype(np.float32)
    y = keras.utils.to_categorical(x[:, 0, 0] > 0, 2)
    x[::2, 5:] = 0
    return x, y


def classifier(seed=0, **options):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((8, 3)),
            keras.layers.Masking(),
            LSTMVariant(6, **options),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("name", ["whole", "no forget gate", "JANET"])
def test_it_trains_in_a_compiled_program_as_in_keras_fit(name):
    x, y = two_classes()
    settings = {"epochs": 2, "batch_size": 50, "validation_data": None, "callbacks": [], "verbose": 0}
    weights = []
    for run in (fit_compiled, keras.Model.fit):
        model = classifier(**VARIANTS[name])
        keras.utils.set_random_seed(5)
        run(model, x, y, **settings)
        weights.append(model.get_weights())
    for compiled, usual in zip(*weights, strict=True):
        np.testing.assert_allclose(compiled, usual, rtol=0, atol=1e-4)


def test_it_learns_what_needs_memory():
    model, (x, y) = classifier(), two_classes()
    history = fit(model, x, y, epochs=30, batch_size=20, seed=0)
    assert history["accuracy"][-1] > 0.9


@variants
def test_it_can_be_saved_and_read_back(name, tmp_path):
    model, (x, _) = classifier(**VARIANTS[name]), two_classes()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert again.layers[1].get_config() == model.layers[1].get_config()


@pytest.mark.parametrize(
    "name, value",
    [
        ("units", 0),
        ("units", 2.5),
        ("units", True),
        ("input_gate", 1),
        ("forget_gate", None),
        ("output_gate", "no"),
        ("coupled", 0.5),
        ("cell_activation", "relu"),
        ("cell_activation", None),
        ("forget_bias", "one"),
        ("forget_bias", float("nan")),
        ("forget_bias", True),
    ],
)
def test_unsuitable_arguments_are_refused_by_name(name, value):
    arguments = {"units": 5} | {name: value}
    with pytest.raises(ValueError, match=f"^{name}: expected .*, got "):
        LSTMVariant(**arguments)


@pytest.mark.parametrize("missing", ["input_gate", "forget_gate"])
def test_a_gate_cannot_be_both_coupled_and_left_out(missing):
    with pytest.raises(ValueError, match=f"^coupled: .*{missing}=False"):
        LSTMVariant(5, coupled=True, **{missing: False})


def test_gates_are_named_not_counted():
    kinds = [parameter.kind for parameter in list(inspect.signature(LSTMVariant).parameters.values())[1:7]]
    assert set(kinds) == {inspect.Parameter.KEYWORD_ONLY}
