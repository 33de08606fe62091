"""What `helpers.inspection` measures in a Keras model is what the NumPy cells work out by hand."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest
from keras import layers

from helpers import cells, models
from helpers.inspection import gradient_reach, jacobian_spectrum

KINDS = ["SimpleRNN", "LSTM", "GRU"]
FLOAT64 = {"dtype": "float64"}


def cross_entropy():
    """Return the loss in float64; by its name Keras would compute it in float32."""
    return keras.losses.CategoricalCrossentropy(**FLOAT64)


def numpy_cell(layer):
    return getattr(cells, type(layer).__name__).from_keras(layer)


def randomise(model, rng, scale=0.7):
    model.set_weights([scale * rng.normal(size=w.shape) for w in model.get_weights()])


def classifier(kind, rng, *, masked, units=4, **options):
    """A model in float64 that reads (5, 2) numbers or, masked, 5 word ids, and names one of three classes."""
    options = FLOAT64 | options
    front = (
        [keras.Input((5,), dtype="int32"), layers.Embedding(7, 2, mask_zero=True, **FLOAT64)]
        if masked
        else [keras.Input((5, 2), **FLOAT64)]
    )
    reader = getattr(layers, kind)(units, **options)
    model = keras.Sequential([*front, reader, layers.Dense(3, activation="softmax", **FLOAT64)])
    model.compile(loss=cross_entropy())
    randomise(model, rng)
    return model


def something_to_read(rng, masked):
    """Four sequences and their classes; masked, with padding after, before and in the middle, and an empty row."""
    y = np.eye(3)[[0, 2, 1, 1]]
    if not masked:
        return rng.normal(size=(4, 5, 2)), y
    return np.array([[3, 1, 2, 0, 0], [0, 5, 6, 1, 2], [4, 0, 0, 2, 6], [0, 0, 0, 0, 0]]), y


def by_hand(model, x, y):
    """Run a classifier with the NumPy cells; return the reader's gradients and the mask."""
    reader, dense = model.layers[-2:]
    inputs, mask = x, np.ones(x.shape[:2], bool)
    if len(model.layers) == 3:
        inputs, mask = model.layers[0].get_weights()[0][x], x != 0
    cell = numpy_cell(reader)
    kernel, bias = dense.get_weights()
    logits = cell.forward(inputs, mask).outputs[:, -1] @ kernel + bias
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    d_hidden = np.zeros_like(cell.trace.hidden)
    d_hidden[:, -1] = (probabilities - y) @ kernel.T  # cross-entropy after softmax
    return cell.backward(d_hidden), mask


def assert_norms(reach, gradients, mask):
    assert reach.shape == mask.shape
    assert np.array_equal(np.isnan(reach), ~mask)
    expected = np.linalg.norm(gradients, axis=-1)
    assert expected[mask].min() > 1e-9
    np.testing.assert_allclose(reach[mask], expected[mask], rtol=1e-7)


@pytest.mark.parametrize("masked", [False, True], ids=["unmasked", "masked"])
@pytest.mark.parametrize("kind", KINDS)
def test_reach_is_the_backward_pass_by_hand(kind, masked):
    rng = np.random.default_rng(1)
    model = classifier(kind, rng, masked=masked)
    x, y = something_to_read(rng, masked)
    gradients, mask = by_hand(model, x, y)
    assert_norms(gradient_reach(model, x, y), gradients.hidden, mask)
    if kind == "LSTM":
        assert_norms(gradient_reach(model, x, y, state="cell"), gradients.cell, mask)


@pytest.mark.parametrize("kind", KINDS)
def test_reach_is_finite_differences(kind):
    """Move the state after step t, let Keras read on from there, and see how the loss moves."""
    rng = np.random.default_rng(2)
    model = classifier(kind, rng, masked=False)
    x, y = something_to_read(rng, masked=False)
    reach = gradient_reach(model, x, y)
    reader, dense = model.layers
    trace = numpy_cell(reader).forward(x)
    for t in range(4):
        states = [trace.hidden[:, t]] + ([trace.cell[:, t]] if kind == "LSTM" else [])

        def losses(moved, t=t, states=states):
            last = reader(x[:, t + 1 :], initial_state=[moved, *states[1:]])
            return keras.losses.categorical_crossentropy(y, dense(last)).numpy()

        step = 1e-6 * np.eye(4)
        slopes = [(losses(states[0] + d) - losses(states[0] - d)) / 2e-6 for d in step]
        np.testing.assert_allclose(reach[:, t], np.linalg.norm(slopes, axis=0), rtol=1e-5)


def test_reach_of_a_sequence_does_not_depend_on_its_company():
    rng = np.random.default_rng(3)
    model = classifier("LSTM", rng, masked=True)
    x, y = something_to_read(rng, masked=True)
    alone = np.concatenate([gradient_reach(model, x[k : k + 1], y[k : k + 1]) for k in range(4)])
    np.testing.assert_allclose(gradient_reach(model, x, y), alone, rtol=1e-12)


def test_reach_with_a_loss_at_every_step():
    """A model that predicts at each word: Keras averages the loss over the words that are not masked."""
    rng = np.random.default_rng(4)
    model = classifier("GRU", rng, masked=True, return_sequences=True)
    x, _ = something_to_read(rng, masked=True)
    y = np.eye(3)[rng.integers(0, 3, size=x.shape)]
    mask = x != 0
    cell = numpy_cell(model.layers[1])
    kernel, bias = model.layers[2].get_weights()
    logits = cell.forward(model.layers[0].get_weights()[0][x], mask).hidden @ kernel + bias
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    d_hidden = (probabilities - y) @ kernel.T * mask[:, :, np.newaxis] * len(x) / mask.sum()
    assert_norms(gradient_reach(model, x, y), cell.backward(d_hidden).hidden, mask)


def test_reach_in_either_of_two_layers():
    rng = np.random.default_rng(5)
    model = keras.Sequential([
        keras.Input((5, 2), **FLOAT64),
        layers.LSTM(3, return_sequences=True, name="lower", **FLOAT64),
        layers.LSTM(4, name="upper", **FLOAT64),
        layers.Dense(3, activation="softmax", **FLOAT64),
    ])
    model.compile(loss=cross_entropy())
    randomise(model, rng)
    x, y = something_to_read(rng, masked=False)
    lower, upper = (numpy_cell(layer) for layer in model.layers[:2])
    kernel, bias = model.layers[2].get_weights()
    logits = upper.forward(lower.forward(x).hidden).hidden[:, -1] @ kernel + bias
    d_hidden = np.zeros((4, 5, 4))
    d_hidden[:, -1] = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) - y) @ kernel.T
    of_upper = upper.backward(d_hidden)
    everything = np.ones((4, 5), bool)
    assert_norms(gradient_reach(model, x, y, layer="upper"), of_upper.hidden, everything)
    assert_norms(gradient_reach(model, x, y, layer="lower"), lower.backward(of_upper.inputs).hidden, everything)
    with pytest.raises(ValueError, match=r"^layer: .*the model has \['lower', 'upper'\]"):
        gradient_reach(model, x, y)


def test_functional_models_are_read_like_sequential_ones():
    rng = np.random.default_rng(6)
    sequential = classifier("GRU", rng, masked=True)
    x, y = something_to_read(rng, masked=True)
    ids = keras.Input((5,), dtype="int32")
    vectors = layers.Embedding(7, 2, mask_zero=True, **FLOAT64)(ids)
    state = layers.GRU(4, **FLOAT64)(vectors)
    functional = keras.Model(ids, layers.Dense(3, activation="softmax", **FLOAT64)(state))
    functional.compile(loss=cross_entropy())
    functional.set_weights(sequential.get_weights())
    assert np.array_equal(gradient_reach(functional, x, y), gradient_reach(sequential, x, y), equal_nan=True)

    started = layers.GRU(4, **FLOAT64)(vectors, initial_state=layers.Flatten()(layers.Dense(4)(state)))
    told = keras.Model(ids, layers.Dense(3)(started))
    fork = keras.Model(ids, layers.Dense(3)(layers.Concatenate()([state, layers.GRU(4, **FLOAT64)(vectors)])))
    for model in [fork, told]:
        model.compile(loss="mse")
        with pytest.raises(ValueError, match="^model: expected a chain"):
            gradient_reach(model, x, y)


def test_the_identity_carries_a_gradient_unchanged():
    """Rectified units with the identity as their recurrent kernel keep what they are told, forever."""
    model = keras.Sequential([
        keras.Input((30, 1)),
        layers.SimpleRNN(4, activation="relu", recurrent_initializer="identity", kernel_initializer="ones"),
        layers.Dense(1),
    ])
    model.compile(loss="mse")
    x = np.random.default_rng(7).random((3, 30, 1))
    reach = gradient_reach(model, x, np.zeros((3, 1)))
    np.testing.assert_allclose(reach, np.repeat(reach[:, -1:], 30, axis=1), rtol=1e-6)


def test_dropout_is_off_and_the_model_is_left_as_it_was():
    rng = np.random.default_rng(8)
    plain = classifier("LSTM", rng, masked=False)
    noisy = classifier("LSTM", rng, masked=False, dropout=0.5, recurrent_dropout=0.5)
    noisy.set_weights(plain.get_weights())
    x, y = something_to_read(rng, masked=False)
    # With recurrent dropout Keras multiplies in another order, hence not equal to the last bit.
    np.testing.assert_allclose(gradient_reach(noisy, x, y), gradient_reach(plain, x, y), rtol=1e-12)
    for before, after in zip(plain.get_weights(), noisy.get_weights()[:5], strict=True):
        assert np.array_equal(before, after)


@pytest.mark.parametrize("build", [models.vanilla_rnn, models.lstm])
def test_the_models_of_the_book_can_be_inspected(build):
    model = build(units=6, input_shape=(8, 1), classes=4, seed=0)
    x, y = np.random.default_rng(9).normal(size=(3, 8, 1)), np.eye(4)[:3]
    reach = gradient_reach(model, x, y)
    assert reach.shape == (3, 8) and reach.dtype == np.float32 and (reach > 0).all()
    assert jacobian_spectrum(model, x).step.shape == (3, 8, 12 if build is models.lstm else 6)


# Jacobians


def jacobians_by_hand(model, x):
    """Differentiate each step of the NumPy cell by finite differences: (batch, timesteps, size, size) and the mask."""
    reader = model.layers[-2]
    inputs, mask = x, np.ones(x.shape[:2], bool)
    if len(model.layers) == 3:
        inputs, mask = model.layers[0].get_weights()[0][x], x != 0
    cell = numpy_cell(reader)
    trace = cell.forward(inputs, mask)
    states = [trace.hidden, trace.cell] if isinstance(cell, cells.LSTM) else [trace.hidden]
    size = len(states) * cell.units

    def next_state(t, state):
        after = cell.step(inputs[:, t], *np.split(state, len(states), axis=1))
        return after if isinstance(cell, cells.SimpleRNN) else np.concatenate(after[: len(states)], axis=1)

    result = np.zeros((*x.shape[:2], size, size))
    for t in range(x.shape[1]):
        state = np.concatenate([s[:, t - 1] if t else np.zeros_like(s[:, 0]) for s in states], axis=1)
        for k, d in enumerate(1e-6 * np.eye(size)):
            result[:, t, :, k] = (next_state(t, state + d) - next_state(t, state - d)) / 2e-6
    return result, mask


@pytest.mark.parametrize("masked", [False, True], ids=["unmasked", "masked"])
@pytest.mark.parametrize("kind", KINDS)
def test_spectrum_is_finite_differences(kind, masked):
    rng = np.random.default_rng(10)
    model = classifier(kind, rng, masked=masked)
    x, _ = something_to_read(rng, masked)
    spectrum = jacobian_spectrum(model, x)
    jacobians, mask = jacobians_by_hand(model, x)
    steps = np.linalg.svd(jacobians, compute_uv=False)
    assert np.array_equal(np.isnan(spectrum.step[:, :, 0]), ~mask)
    np.testing.assert_allclose(spectrum.step[mask], steps[mask], atol=1e-7)
    for row in range(len(x)):
        read = np.nonzero(mask[row])[0]
        for position, t in enumerate(read):
            product = np.eye(jacobians.shape[-1])
            for later in read[position + 1 :]:
                product = jacobians[row, later] @ product
            expected = np.linalg.svd(product, compute_uv=False)
            np.testing.assert_allclose(spectrum.product[row, t], expected, atol=1e-6)
    if kind == "SimpleRNN":
        kernel = model.layers[-2].get_weights()[1]
        np.testing.assert_allclose(spectrum.recurrent_kernel, np.linalg.svd(kernel, compute_uv=False), rtol=1e-12)
    else:
        assert spectrum.recurrent_kernel is None


def test_products_bound_the_reach():
    rng = np.random.default_rng(11)
    model = classifier("SimpleRNN", rng, masked=True)
    x, y = something_to_read(rng, masked=True)
    reach, product = gradient_reach(model, x, y), jacobian_spectrum(model, x).product
    for row, last in [(0, 2), (1, 4), (2, 4)]:
        read = x[row] != 0
        assert (reach[row, read] <= product[row, read, 0] * reach[row, last] * (1 + 1e-9)).all()
        assert (reach[row, read] >= product[row, read, -1] * reach[row, last] * (1 - 1e-9)).all()


def vanilla(recurrent_kernel, kernel, bias, timesteps):
    """A vanilla RNN in float64 with these weights."""
    units = len(recurrent_kernel)
    model = keras.Sequential([keras.Input((timesteps, len(kernel)), **FLOAT64), layers.SimpleRNN(units, **FLOAT64)])
    model.set_weights([np.asarray(kernel), np.asarray(recurrent_kernel), np.asarray(bias)])
    return model


def test_a_largest_singular_value_below_one_makes_gradients_vanish():
    rng = np.random.default_rng(12)
    matrix = rng.normal(size=(5, 5))
    model = vanilla(0.9 * matrix / np.linalg.norm(matrix, 2), rng.normal(size=(2, 5)), np.zeros(5), 30)
    spectrum = jacobian_spectrum(model, rng.normal(size=(3, 30, 2)))
    assert spectrum.recurrent_kernel[0] == pytest.approx(0.9)
    assert (spectrum.step <= 0.9 + 1e-9).all()
    lag = np.arange(29, -1, -1)
    assert (spectrum.product[:, :, 0] <= 0.9**lag + 1e-9).all()


def test_a_largest_eigenvalue_below_one_does_not():
    """The kernel of the docstring: its only eigenvalue is 0, and the gradient doubles at every step."""
    matrix = np.array([[8.0, 8.0], [-8.0, -8.0]])  # for column vectors; Keras holds the transpose
    fixed = np.array([0.0, 0.5])
    bias = np.arctanh(fixed) - matrix @ fixed
    model = vanilla(matrix.T, np.eye(2), bias, 12)
    x = np.zeros((1, 12, 2))
    x[0, 0] = matrix @ fixed  # brings the state to its fixed point in one step
    spectrum = jacobian_spectrum(model, x)
    np.testing.assert_allclose(np.linalg.eigvals(matrix), 0, atol=1e-6)
    assert spectrum.recurrent_kernel[0] == pytest.approx(16)
    largest = spectrum.product[0, :, 0]
    np.testing.assert_allclose(largest[:-2] / largest[1:-1], 2, rtol=1e-6)


# What cannot be inspected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"go_backwards": True}, "^go_backwards: only go_backwards=False"),
        ({"zero_output_for_mask": True}, "^zero_output_for_mask: only"),
    ],
)
def test_layers_with_other_options_are_refused_by_name(options, message):
    rng = np.random.default_rng(13)
    model = classifier("GRU", rng, masked=False, **options)
    x, y = something_to_read(rng, masked=False)
    for measure in [lambda: gradient_reach(model, x, y), lambda: jacobian_spectrum(model, x)]:
        with pytest.raises(ValueError, match=message):
            measure()


def test_models_and_arguments_that_do_not_fit_are_told_what_would():
    rng = np.random.default_rng(14)
    model = classifier("GRU", rng, masked=False)
    x, y = something_to_read(rng, masked=False)
    with pytest.raises(ValueError, match="^state: expected 'hidden' or 'cell', got 'gate'"):
        gradient_reach(model, x, y, state="gate")
    with pytest.raises(ValueError, match="^state: only an LSTM has a cell state"):
        gradient_reach(model, x, y, state="cell")
    with pytest.raises(ValueError, match="^y: expected 4 targets.*got 3"):
        gradient_reach(model, x, y[:3])
    with pytest.raises(ValueError, match="^x: expected finite numbers"):
        gradient_reach(model, np.full_like(x, np.nan), y)
    with pytest.raises(ValueError, match="^layer: expected one called 'nobody'"):
        jacobian_spectrum(model, x, layer="nobody")
    with pytest.raises(TypeError, match="^model: expected a keras.Model, got GRU"):
        jacobian_spectrum(model.layers[0], x)
    with pytest.raises(ValueError, match=r"^layer: .*the model has \[\]"):
        jacobian_spectrum(models.mlp(inputs=3), x)
    with pytest.raises(ValueError, match="^model: it has no loss yet"):
        gradient_reach(vanilla(np.eye(2), np.eye(2), np.zeros(2), 5), x, y)
    with pytest.raises(ValueError, match="^model: it has no weights yet"):
        jacobian_spectrum(keras.Sequential([layers.GRU(2)]), x)
