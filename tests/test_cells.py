"""The NumPy cells are the Keras layers: the same numbers forwards, the same gradients backwards."""

import os
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.cells import GRU, LSTM, SimpleRNN
from helpers.cells.common import sigmoid

KINDS = ["SimpleRNN", "LSTM", "GRU"]
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
MASKS = ["none", "before", "after", "middle", "rows", "random", "everything"]
# Keras is called eagerly, so nothing is traced; a deadline would only measure the other jobs on the machine.
cases = settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def draw_mask(kind, rng, batch, timesteps):
    """Masks of the kinds that texts have: padding on either side or within, and rows without a word."""
    steps = np.arange(timesteps)
    some = rng.integers(0, timesteps + 1, size=(batch, 1))
    if kind == "none":
        return None
    if kind == "before":
        return steps >= some
    if kind == "after":
        return steps < some
    if kind == "middle":
        return ~((steps >= 1) & (steps < timesteps - 1) & (steps <= some))
    if kind == "rows":
        return np.repeat(rng.random((batch, 1)) < 0.5, timesteps, axis=1)
    if kind == "random":
        return rng.random((batch, timesteps)) < 0.6
    return np.zeros((batch, timesteps), bool)


@st.composite
def situations(draw):
    """What `situation_of` needs to make a layer with random weights and something for it to read."""
    batch, timesteps = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    features, units = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    use_bias = draw(st.booleans())
    mask_kind = draw(st.sampled_from(MASKS))
    with_state = draw(st.booleans())
    seed = draw(st.integers(0, 2**32 - 1))
    return batch, timesteps, features, units, use_bias, mask_kind, with_state, seed


def situation_of(kind, dtype, batch, timesteps, features, units, use_bias, mask_kind, with_state, seed):
    """Return layer, input, mask or None, initial states or None, and the generator that made them."""
    rng = np.random.default_rng(seed)
    layer = built_layer(kind, units, features, rng, dtype=dtype, use_bias=use_bias)
    x = rng.normal(size=(batch, timesteps, features)).astype(dtype)
    states = [rng.normal(size=(batch, units)).astype(dtype) for _ in range(2 if kind == "LSTM" else 1)]
    return layer, x, draw_mask(mask_kind, rng, batch, timesteps), states if with_state else None, rng


def built_layer(kind, units, features, rng, **options):
    options = {"return_sequences": True, "return_state": True} | options
    layer = getattr(keras.layers, kind)(units, **options)
    layer.build((None, None, features))
    layer.set_weights([0.7 * rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def cell_of(layer):
    return {"SimpleRNN": SimpleRNN, "LSTM": LSTM, "GRU": GRU}[type(layer).__name__].from_keras(layer)


def run_cell(layer, x, mask, states):
    cell = cell_of(layer)
    if states is None:
        return cell, cell.forward(x, mask)
    return cell, cell.forward(x, mask, states if len(states) == 2 else states[0])


def run_keras(layer, x, mask, states):
    mask = None if mask is None else tf.constant(mask)
    outputs, *last_states = layer(x, mask=mask, initial_state=states)
    return outputs, last_states


def assert_close(ours, theirs, dtype):
    theirs = np.asarray(theirs)
    assert ours.dtype == theirs.dtype == dtype and ours.shape == theirs.shape
    scale = max(1.0, np.abs(theirs).max(initial=0))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE[str(dtype)] * scale)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
@cases
@given(situation=situations())
def test_forward_is_keras(kind, dtype, situation):
    layer, x, mask, states, _ = situation_of(kind, dtype, *situation)
    outputs, last_states = run_keras(layer, x, mask, states)
    _, trace = run_cell(layer, x, mask, states)
    assert_close(trace.outputs, outputs, x.dtype)
    # The states are what the trace carries, also where Keras shows zeros because nothing was read yet.
    assert_close(trace.hidden[:, -1], last_states[0], x.dtype)
    if len(last_states) == 2:
        assert_close(trace.cell[:, -1], last_states[1], x.dtype)
    if states is None:
        assert_close(trace.hidden, outputs, x.dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
@cases
@given(situation=situations())
def test_gradients_are_those_of_keras(kind, dtype, situation):
    layer, x, mask, states, rng = situation_of(kind, dtype, *situation)
    cell, trace = run_cell(layer, x, mask, states)
    weight = rng.normal(size=trace.hidden.shape).astype(x.dtype)  # the loss is the weighted sum of all outputs
    sources = [tf.constant(x), *(tf.constant(s) for s in states or [])]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        outputs, _ = run_keras(layer, sources[0], mask, sources[1:] or None)
        loss = tf.reduce_sum(outputs * weight)
    theirs = tape.gradient(
        loss, [*sources, *(w.value for w in layer.weights)], unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    # Keras shows zeros instead of the state before the first step that is read: no gradient comes from there.
    started = np.ones(x.shape[:2], bool) if mask is None else np.logical_or.accumulate(mask, axis=1)
    ours = cell.backward(weight * started[:, :, np.newaxis])
    initial = ours.initial_state if isinstance(ours.initial_state, tuple) else (ours.initial_state,)
    weights = [ours.kernel, ours.recurrent_kernel, ours.bias][: len(layer.weights)]
    for our, their in zip([ours.inputs, *initial[: len(sources) - 1], *weights], theirs, strict=True):
        assert_close(our, their, x.dtype)
    assert (ours.bias is None) == (len(layer.weights) == 2)


@pytest.mark.parametrize("mask_kind", ["none", "before", "middle", "random"])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_finite_differences(kind, mask_kind):
    rng = np.random.default_rng(4)
    layer = built_layer(kind, 3, 2, rng, dtype="float64")
    x = rng.normal(size=(2, 5, 2))
    mask = draw_mask(mask_kind, rng, 2, 5)
    states = [rng.normal(size=(2, 3)) for _ in range(2 if kind == "LSTM" else 1)]
    cell, trace = run_cell(layer, x, mask, states)
    target = rng.normal(size=trace.hidden.shape)  # the loss is the squared distance of all hidden states to it
    gradients = cell.backward(2 * (trace.hidden - target))
    initial = gradients.initial_state if kind == "LSTM" else (gradients.initial_state,)

    def loss():
        return ((cell.forward(x, mask, states if kind == "LSTM" else states[0]).hidden - target) ** 2).sum()

    values = [x, cell.kernel, cell.recurrent_kernel, cell.bias, *states]
    analytic = [gradients.inputs, gradients.kernel, gradients.recurrent_kernel, gradients.bias, *initial]
    for array, gradient in zip(values, analytic, strict=True):
        np.testing.assert_allclose(gradient, differences(loss, array), rtol=0, atol=1e-7)


def differences(loss, array, step=1e-6):
    """Central differences of a loss with respect to every number of an array that it reads."""
    result = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + step
        above = loss()
        array[index] = kept - step
        result[index] = (above - loss()) / (2 * step)
        array[index] = kept
    return result


@pytest.mark.parametrize("kind", KINDS)
def test_total_gradients_of_the_states_are_finite_differences(kind):
    """Change a state after step t, let the cell read on from there, and see how the loss moves."""
    rng = np.random.default_rng(5)
    cell = cell_of(built_layer(kind, 3, 2, rng, dtype="float64"))
    x = rng.normal(size=(2, 5, 2))
    trace = cell.forward(x)
    weight = rng.normal(size=trace.hidden.shape)
    gradients = cell.backward(weight)
    for t in range(4):
        states = [trace.hidden[:, t].copy()] + ([trace.cell[:, t].copy()] if kind == "LSTM" else [])

        def loss(t=t, states=states):
            later = cell.forward(x[:, t + 1 :], None, states if kind == "LSTM" else states[0])
            return (later.hidden * weight[:, t + 1 :]).sum() + (states[0] * weight[:, t]).sum()

        np.testing.assert_allclose(gradients.hidden[:, t], differences(loss, states[0]), rtol=0, atol=1e-8)
        if kind == "LSTM":
            # The cell state also reaches the loss through the hidden state of its own step.
            through_hidden = gradients.hidden[:, t] * trace.output_gate[:, t] * (1 - np.tanh(states[1]) ** 2)
            expected = differences(loss, states[1]) + through_hidden
            np.testing.assert_allclose(gradients.cell[:, t], expected, rtol=0, atol=1e-8)
    assert np.array_equal(gradients.hidden[:, -1], weight[:, -1])


def test_padding_changes_nothing_that_was_read():
    rng = np.random.default_rng(6)
    for kind in KINDS:
        cell = cell_of(built_layer(kind, 3, 2, rng))
        x = rng.normal(size=(2, 4, 2)).astype("float32")
        padded = np.concatenate([x[:, :2], 9 * np.ones((2, 3, 2), "float32"), x[:, 2:]], axis=1)
        mask = np.array([[True, True, False, False, False, True, True]] * 2)
        assert np.array_equal(cell.forward(padded, mask).hidden[:, -1], cell.forward(x).hidden[:, -1])


def test_lstm_shows_its_gates_in_the_order_of_keras():
    """One block of weights at a time is made huge: only its gate may open."""
    names = ["input_gate", "forget_gate", "candidate", "output_gate"]
    for position, name in enumerate(names):
        kernel = np.zeros((1, 8))
        kernel[:, 2 * position : 2 * position + 2] = 50.0
        trace = LSTM(kernel, np.zeros((2, 8))).forward(np.ones((1, 1, 1)))
        opened = {n for n in names if np.allclose(getattr(trace, n), 1)}
        assert opened == {name}


def test_gru_shows_its_gates_in_the_order_of_keras():
    names = ["update_gate", "reset_gate", "candidate"]
    for position, name in enumerate(names):
        kernel = np.zeros((1, 6))
        kernel[:, 2 * position : 2 * position + 2] = 50.0
        trace = GRU(kernel, np.zeros((2, 6))).forward(np.ones((1, 1, 1)))
        opened = {n for n in names if np.allclose(getattr(trace, n), 1)}
        assert opened == {name}


@pytest.mark.parametrize("kind", KINDS)
def test_options_that_change_no_number_are_accepted(kind):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(2, 4, 3)).astype("float32")
    mask = np.array([[False, True, True, False], [True, False, True, True]])
    every = [{"unroll": True}, {"dropout": 0.5, "recurrent_dropout": 0.5}, {"return_sequences": False}]
    for options in every + ([] if kind == "SimpleRNN" else [{"implementation": 1}]):
        layer = built_layer(kind, 4, 3, rng, **options)
        outputs, _ = run_keras(layer, x, mask, None)
        _, trace = run_cell(layer, x, mask, None)
        ours = trace.outputs if layer.return_sequences else trace.outputs[:, -1]
        assert_close(ours, outputs, np.dtype("float32"))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("SimpleRNN", {"activation": "relu"}),
        ("LSTM", {"activation": "linear"}),
        ("LSTM", {"recurrent_activation": "hard_sigmoid"}),
        ("GRU", {"reset_after": False}),
        ("GRU", {"go_backwards": True}),
        ("SimpleRNN", {"stateful": True}),
        ("LSTM", {"zero_output_for_mask": True}),
        ("LSTM", {"dtype": "mixed_float16"}),
        ("SimpleRNN", {"dtype": "float16", "recurrent_initializer": "zeros"}),
    ],
)
def test_unsupported_options_are_refused_by_name(kind, options):
    layer = getattr(keras.layers, kind)(2, **options)
    layer.build((1, 3, 2))
    with pytest.raises(ValueError, match=f"^{next(iter(options))}: "):
        cell_of(layer)


def test_layers_that_cannot_be_read_are_refused():
    with pytest.raises(ValueError, match="^layer: it has no weights yet"):
        LSTM.from_keras(keras.layers.LSTM(2))
    layer = keras.layers.GRU(2)
    layer.build((None, None, 2))
    with pytest.raises(TypeError, match="expected a keras.layers.LSTM, got GRU"):
        LSTM.from_keras(layer)


def cell_with(blocks, cls):
    return cls(np.zeros((3, 2 * blocks)), np.zeros((2, 2 * blocks)))


@pytest.mark.parametrize(("cls", "blocks"), [(SimpleRNN, 1), (LSTM, 4), (GRU, 3)])
def test_wrong_input_is_told_what_was_expected(cls, blocks):
    cell = cell_with(blocks, cls)
    x = np.zeros((2, 5, 3))
    missing = x.copy()
    missing[1, 2, 0] = np.nan
    wrong_state = (np.zeros((1, 2)), np.zeros((1, 2))) if cls is LSTM else np.zeros((1, 2))
    with pytest.raises(RuntimeError, match="call forward first"):
        cell.backward(np.zeros((2, 5, 2)))
    for error, message, arguments in [
        (ValueError, r"^x: expected shape \(batch, timesteps, 3\).*got \(2, 5\)", (x[:, :, 0],)),
        (ValueError, r"^x: expected shape \(batch, timesteps, 3\).*got \(2, 5, 2\)", (x[:, :, :2],)),
        (ValueError, r"^x: .*nothing empty, got \(2, 0, 3\)", (x[:, :0],)),
        (ValueError, r"^x: expected finite numbers", (missing,)),
        (TypeError, r"^x: expected numbers, got <U1", (np.full((2, 5, 3), "a"),)),
        (ValueError, r"^mask: expected shape \(2, 5\).*got \(2, 4\)", (x, np.ones((2, 4), bool))),
        (TypeError, r"^mask: expected booleans.*got float64", (x, np.ones((2, 5)))),
        (ValueError, r"^initial_state.*expected shape .*\(2, 2\), got \(1, 2\)", (x, None, wrong_state)),
    ]:
        with pytest.raises(error, match=message):
            cell.forward(*arguments)
    cell.forward(x)
    with pytest.raises(ValueError, match=r"^d_hidden: expected shape .*\(2, 5, 2\).*got \(2, 2\)"):
        cell.backward(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="^d_hidden: expected finite numbers"):
        cell.backward(np.full((2, 5, 2), np.inf))


def test_lstm_wants_both_states():
    with pytest.raises(ValueError, match="^initial_state: expected a pair"):
        cell_with(4, LSTM).forward(np.zeros((2, 5, 3)), None, np.zeros((2, 2)))


@pytest.mark.parametrize(("cls", "blocks"), [(SimpleRNN, 1), (LSTM, 4), (GRU, 3)])
def test_wrong_weights_are_told_what_was_expected(cls, blocks):
    kernel, recurrent = np.zeros((3, 2 * blocks)), np.zeros((2, 2 * blocks))
    for error, message, arguments in [
        (ValueError, "^recurrent_kernel: expected shape", (kernel, recurrent[:, 1:])),
        (ValueError, "^kernel: expected shape", (kernel[:, 1:], recurrent)),
        (ValueError, "^bias: expected shape", (kernel, recurrent, np.zeros(1))),
        (TypeError, "^kernel: expected float32 or float64", (kernel.astype(int), recurrent)),
        (TypeError, "^recurrent_kernel: expected float64", (kernel, recurrent.astype("float32"))),
        (ValueError, "^kernel: expected finite", (kernel + np.inf, recurrent)),
    ]:
        with pytest.raises(error, match=message):
            cls(*arguments)


def test_sigmoid_keeps_its_dtype_and_does_not_overflow():
    z = np.array([-1e4, -20.0, 0.0, 20.0, 1e4], "float32")
    with np.errstate(all="raise"):
        values = sigmoid(z)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, [0, 2.06e-9, 0.5, 1, 1], atol=1e-7)


def test_cells_need_no_tensorflow():
    code = "import sys, helpers.cells, helpers.tasks; sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
