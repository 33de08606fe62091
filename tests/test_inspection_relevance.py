"""Attribution says what is known beforehand of models whose reasons are known."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest
from keras import layers

from helpers import models
from helpers.inspection import attribution, relevance

FLOAT64 = {"dtype": "float64"}
WIRES = np.array([[3, 1, 2, 0, 0], [0, 5, 6, 1, 2], [4, 0, 0, 2, 6], [1, 2, 3, 4, 5]])
METHODS = ["gradient", "leave_one_out"]


class Sum(layers.Layer):
    """Adds up the vectors of a text, but those of the padding."""

    def __init__(self):
        super().__init__(**FLOAT64)
        self.supports_masking = True

    def call(self, vectors, mask=None):
        read = 1.0 if mask is None else keras.ops.cast(mask, vectors.dtype)[:, :, None]
        return keras.ops.sum(vectors * read, axis=1)

    def compute_mask(self, vectors, mask=None):
        return None


def adder(classes=2, activation="softmax", masked=True):
    """A linear reader: every word gives each class a fixed number of points."""
    model = keras.Sequential([
        keras.Input((5,), dtype="int32"),
        layers.Embedding(7, 3, mask_zero=masked, **FLOAT64),
        Sum(),
        layers.Dense(classes, activation=activation, **FLOAT64),
    ])
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def points(model):
    """What each word gives each class, (words, classes)."""
    table, kernel, _ = model.get_weights()
    return table @ kernel


@pytest.mark.parametrize("method", METHODS)
def test_of_two_classes_each_word_gives_its_points(method):
    """The log-odds of one of two classes is the difference between what they have."""
    model = adder()
    found = attribution(model, WIRES, target=1, method=method)
    each = points(model)[:, 1] - points(model)[:, 0]
    np.testing.assert_allclose(found, np.where(WIRES != 0, each[WIRES], np.nan), atol=1e-10)
    np.testing.assert_allclose(attribution(model, WIRES, [1, 0, 1, 0], method=method)[[0, 2]], found[[0, 2]])
    np.testing.assert_allclose(attribution(model, WIRES, [1, 0, 1, 0], method=method)[[1, 3]], -found[[1, 3]])


@pytest.mark.parametrize("activation", ["sigmoid", "linear"])
@pytest.mark.parametrize("method", METHODS)
def test_with_a_sigmoid_or_no_activation_too(method, activation):
    model = adder(classes=1, activation=activation)
    found = attribution(model, WIRES, method=method)
    np.testing.assert_allclose(found, np.where(WIRES != 0, points(model)[WIRES, 0], np.nan), atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_without_a_mask_the_padding_counts(method):
    """Taking out a word then leaves one more padding behind, which gives its own points."""
    model = adder(masked=False)
    found = attribution(model, WIRES, target=1, method=method)
    each = points(model)[:, 1] - points(model)[:, 0]
    expected = each[WIRES] - (0 if method == "gradient" else each[0])
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_on_numbers_instead_of_words(method):
    model = keras.Sequential([keras.Input((4, 2), **FLOAT64), layers.Flatten(**FLOAT64), layers.Dense(1, **FLOAT64)])
    x = np.random.default_rng(1).integers(-4, 5, size=(3, 4, 2)).astype(float)
    weights = np.arange(8.0).reshape(8, 1)
    model.set_weights([weights, np.ones(1)])
    expected = (x * weights.reshape(4, 2)).sum(axis=2)
    np.testing.assert_allclose(attribution(model, x, method=method), expected, atol=1e-10)


def test_by_default_it_is_the_answer_that_is_explained():
    model = adder(classes=3)
    answers = model.predict(WIRES, verbose=0).argmax(axis=1)
    assert len(set(answers)) > 1
    for method in METHODS:
        found, expected = attribution(model, WIRES, method=method), attribution(model, WIRES, answers, method=method)
        assert np.array_equal(found, expected, equal_nan=True)


def recurrent(masked=True, kind="LSTM"):
    model = keras.Sequential([
        keras.Input((5,), dtype="int32"),
        layers.Embedding(7, 2, mask_zero=masked, **FLOAT64),
        getattr(layers, kind)(4, **FLOAT64),
        layers.Dense(3, activation="softmax", **FLOAT64),
    ])
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def log_odds(model, x, target):
    p = model(x).numpy()[np.arange(len(x)), target]
    return np.log(p) - np.log1p(-p)


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_the_gradient_is_finite_differences(kind):
    model = recurrent(kind=kind)
    target = np.array([0, 1, 2, 2])
    found = attribution(model, WIRES, target)
    table = model.layers[0].get_weights()[0]
    inner = keras.Sequential([keras.Input((5, 2), **FLOAT64), *model.layers[1:]])
    mask = keras.ops.convert_to_tensor(WIRES != 0)

    def score(vectors):
        state = inner.layers[0](keras.ops.convert_to_tensor(vectors), mask=mask)
        p = inner.layers[1](state).numpy()[np.arange(4), target]
        return np.log(p) - np.log1p(-p)

    for t in range(5):
        longer, shorter = table[WIRES], table[WIRES]
        longer[:, t] *= 1 + 1e-6
        shorter[:, t] *= 1 - 1e-6
        slope = (score(longer) - score(shorter)) / 2e-6
        read = WIRES[:, t] != 0
        np.testing.assert_allclose(found[read, t], slope[read], atol=1e-7)
        assert np.isnan(found[~read, t]).all()


@pytest.mark.parametrize("at_once", [1024, 3])
def test_leave_one_out_is_the_model_on_the_shorter_text(monkeypatch, at_once):
    monkeypatch.setattr(relevance, "AT_ONCE", at_once)
    model = recurrent()
    target = np.array([0, 1, 2, 2])
    found = attribution(model, WIRES, target, method="leave_one_out")
    whole = log_odds(model, WIRES, target)
    shorter = {(0, 1): [3, 2, 0, 0, 0], (1, 1): [0, 0, 6, 1, 2], (2, 0): [0, 0, 2, 6, 0], (3, 4): [1, 2, 3, 4, 0]}
    for (row, t), text in shorter.items():
        expected = whole[row] - log_odds(model, np.array([text]), target[row])[0]
        np.testing.assert_allclose(found[row, t], expected, atol=1e-10)
    assert np.array_equal(np.isnan(found), WIRES == 0)


def test_the_rest_of_the_text_stays_where_the_padding_leaves_it():
    """Without a mask it makes a difference on which side the new padding stands."""
    model = recurrent(masked=False)
    found = attribution(model, WIRES, 1, method="leave_one_out")
    whole = log_odds(model, WIRES, 1)
    shorter = {(0, 1): [3, 2, 0, 0, 0], (1, 2): [0, 0, 5, 1, 2], (3, 0): [2, 3, 4, 5, 0], (0, 4): [3, 1, 2, 0, 0]}
    for (row, t), text in shorter.items():
        np.testing.assert_allclose(found[row, t], whole[row] - log_odds(model, np.array([text]), 1)[0], atol=1e-10)


def test_a_very_sure_model_still_has_reasons():
    """In float32 its probability is exactly 1, whose slope is 0."""
    model = models.embedded(lambda: layers.LSTM(5), timesteps=5, vocabulary=7, embedding_dim=3, classes=3, seed=0)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([1e6 * np.sign(kernel), bias])
    assert (model.predict(WIRES, verbose=0).max(axis=1) == 1).all()
    for method in METHODS:
        found = attribution(model, WIRES, method=method)
        assert np.isfinite(found[WIRES != 0]).all() and (np.abs(found[WIRES != 0]) > 1e-3).any()


def test_the_model_is_left_as_it_was():
    model = adder()
    before = model.predict(WIRES, verbose=0)
    for method in METHODS:
        attribution(model, WIRES, method=method)
        assert np.array_equal(model.predict(WIRES, verbose=0), before)
    assert model.layers[-1].activation is keras.activations.softmax


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "magic"}, "^method: expected 'gradient' or 'leave_one_out', got 'magic'"),
        ({"target": 2}, "^target: expected classes from 0 to 1, got 2"),
        ({"target": [0, 1]}, "^target: expected a class, or one for each of the 4 sequences"),
        ({"target": 0.5}, "^target: expected a class"),
    ],
)
def test_arguments_that_do_not_fit_are_told_what_would(arguments, message):
    with pytest.raises(ValueError, match=message):
        attribution(adder(), WIRES, **arguments)


@pytest.mark.parametrize("x", [[[0, 0, 0, 0, 0]], np.zeros((0, 5), int), "profits rose", [[1, 2, 3, 4, 9]]])
@pytest.mark.parametrize("method", METHODS)
def test_nothing_to_read_is_refused(x, method):
    with pytest.raises((ValueError, TypeError), match="^x: "):
        attribution(adder(), x, method=method)


def test_models_of_another_kind_are_refused():
    with pytest.raises(ValueError, match=r"^model: expected one that ends in a Dense layer.*\(activation: relu\)"):
        attribution(adder(activation="relu"), WIRES)
    with pytest.raises(TypeError, match="^model: expected a keras.Model, got Dense"):
        attribution(layers.Dense(2), WIRES)
    every_step = keras.Sequential([keras.Input((5,), dtype="int32"), layers.Embedding(7, 2), layers.Dense(3)])
    with pytest.raises(ValueError, match=r"^model: expected one answer for each sequence, got the shape \(4, 5, 3\)"):
        attribution(every_step, WIRES)
