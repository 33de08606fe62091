"""Chapter 6's checks: right answers pass, and each usual mistake is named."""

import keras
import numpy as np
import pytest
from verdicts import right, wrong

from helpers.cells import LSTM
from helpers.checks import chapter_6

NONSENSE = [None, "0.9", [1, 2], float("nan"), {"a": 1}, lambda *arguments: "many"]


@pytest.mark.parametrize("check, arity", [
    (chapter_6.two_wires, 3),
    (chapter_6.four_counts, 4),
    (chapter_6.onnx_step, 1),
    (chapter_6.half_life, 1),
    (chapter_6.around_the_output_gate, 1),
    (chapter_6.around_the_input_gate, 1),
])  # fmt: skip
def test_nonsense_is_answered_politely(capsys, check, arity):
    for answer in NONSENSE:
        wrong(capsys, check, *[answer] * arity, because="")


# 1. Two wires


@pytest.mark.parametrize("held", [(2.25, 0.83, 0.48), (2.249308, 0.826993, 0.472847), (2.25, 0.82, 0.47)])
def test_cell_states_pass_by_pencil_and_exactly(capsys, held):
    right(capsys, chapter_6.two_wires, *held)


@pytest.mark.parametrize("bare, forgetting, writing, because", [
    (0.83, 0.83, 0.48, "bare holds only the second wire"),
    (0.8 + 0.83, 0.83, 0.48, "bare goes on from 0.80"),
    (1.42, 0.83, 0.48, "bare stops after the first wire"),
    (0.8 + 0.37 + 0.27 + 0.52 + 0.37, 0.83, 0.48, "bare adds the amounts as they are"),
    (np.tanh(2.25), 0.83, 0.48, "bare is the hidden state"),
    (2.25, 2.25, 0.48, "forgetting has kept the first wire's amounts"),
    (2.25, 0.62, 0.48, "forgetting stops after the first wire"),
    (2.25, np.tanh(0.83), 0.48, "forgetting is the hidden state"),
    (2.25, 0.48, 0.48, "forgetting has written 52 only"),
    (2.25, 0.83, 0.83, "writing has written 37 as well as 52"),
    (2.25, 0.83, 0.52, "writing adds the amounts as they are"),
    (2.25, 0.83, 0.44, "writing is the hidden state"),
    (2.25, 0.83, 0.1, "writing is off: 0.1"),
    ("much", 0.83, 0.48, "bare should be one number"),
])  # fmt: skip
def test_a_slip_of_the_pencil_is_named(capsys, bare, forgetting, writing, because):
    wrong(capsys, chapter_6.two_wires, bare, forgetting, writing, because=because)


# 2. Count


def test_the_four_counts_are_those_of_keras(capsys):
    layers = [keras.layers.LSTM(50), keras.layers.GRU(50)]
    for layer in layers:
        layer.build((None, None, 64))
    lstm, gru = (layer.count_params() for layer in layers)
    right(capsys, chapter_6.four_counts, lstm, lstm * 3 / 4, lstm * 3 // 4, gru)


@pytest.mark.parametrize("counts, because", [
    ((4 * 50 * 114, 17250, 17250, 17400), "lstm leaves out the biases"),
    ((4 * 50 * 114 + 50, 17250, 17250, 17400), "lstm counts the biases once"),
    ((5750, 17250, 17250, 17400), "lstm is one part of several"),
    ((4 * 64 * 115, 17250, 17250, 17400), "lstm has features and units exchanged"),
    ((4 * 50 * 65, 17250, 17250, 17400), "lstm leaves out the weights from state to state"),
    ((4 * 50 * 51, 17250, 17250, 17400), "lstm leaves out the weights from the input"),
    ((17250, 17250, 17250, 17400), "lstm counts one part too few. The candidate"),
    ((23000, 23000, 17250, 17400), "no_input_gate counts one part too many"),
    ((23000, 17250, 23000, 17400), "coupled counts one part too many"),
    ((23000, 17250, 11500, 17400), "coupled counts one part too few"),
    ((23000, 17250, 17250, 17250), "gru has one bias for each unit and part"),
    ((23000, 17250, 17250, 23000), "gru is the count of an LSTM"),
    ((23000, 17250, 17250, 17401), "gru is off: 17,401"),
    ((23000.5, 17250, 17250, 17400), "lstm should be a whole number"),
])  # fmt: skip
def test_a_miscount_is_named(capsys, counts, because):
    wrong(capsys, chapter_6.four_counts, *counts, because=because)


# 3. The wrong order


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def stepper(order="iofc", squash=np.tanh, gate=sigmoid, keep=None, write=None, show=None, hear=None):
    """Return an `onnx_step` in which one thing may be replaced."""
    keep = keep or (lambda f, c: f * c)
    write = write or (lambda i, f, candidate: i * candidate)
    show = show or (lambda o, c, old: o * np.tanh(c))
    hear = hear or (lambda x_t, h, W, U, b: x_t @ W + h @ U + b)

    def onnx_step(x_t, h, c, W, U, b):
        blocks = dict(zip(order, np.split(hear(x_t, h, W, U, b), 4, axis=1), strict=True))
        i, f, o = (gate(blocks[name]) for name in "ifo")
        new = keep(f, c) + write(i, f, squash(blocks["c"]))
        return show(o, new, c), new

    return onnx_step


def by_the_book(x_t, h, c, W, U, b):
    def in_keras_order(weights):
        i, o, f, candidate = np.split(weights, 4, axis=-1)
        return np.concatenate([i, f, candidate, o], axis=-1)

    cell = LSTM(*map(in_keras_order, (W, U, b)))
    return list(cell.step(x_t, h, c)[:2])


@pytest.mark.parametrize("step", [stepper(), by_the_book])
def test_every_right_step_passes(capsys, step):
    right(capsys, chapter_6.onnx_step, step)


@pytest.mark.parametrize("step, because", [
    (stepper("ifco"), "blocks in Keras's order"),
    (stepper("foic"), "block 1 is taken for the forget gate"),
    (stepper("ifoc"), "block 2 is taken for the forget gate"),
    (stepper("iocf"), "block 3 is taken for the candidate"),
    (lambda *a: stepper()(*a)[::-1], "returns c and h"),
    (stepper(hear=lambda x_t, h, W, U, b: x_t @ W + b), "does not hear the hidden state"),
    (stepper(hear=lambda x_t, h, W, U, b: x_t @ W + h @ U), "bias is missing"),
    (stepper(gate=np.tanh), "your gates have tanh"),
    (stepper(squash=sigmoid), "the candidate goes through the sigmoid"),
    (stepper(squash=lambda z: z), "the candidate is the bare sum"),
    (stepper(keep=lambda f, c: 0), "the old cell state is lost"),
    (stepper(keep=lambda f, c: c), "forget gate multiplies nothing"),
    (stepper(keep=lambda f, c: (1 - f) * c), "forget gate is the wrong way round"),
    (stepper(write=lambda i, f, candidate: candidate), "input gate multiplies nothing"),
    (stepper(write=lambda i, f, candidate: (1 - f) * candidate), "1 minus the forget gate"),
    (stepper(show=lambda o, c, old: o * c), "One tanh is missing on the way out"),
    (stepper(show=lambda o, c, old: o * sigmoid(c)), "goes through the sigmoid. It should be tanh"),
    (stepper(show=lambda o, c, old: o * np.tanh(old)), "from before the step"),
    (stepper(show=lambda o, c, old: np.tanh(c)), "output gate multiplies nothing"),
    (stepper("ifco", squash=sigmoid), "sigmoid, so it can never take anything off the cell state. And the blocks"),
    (stepper(show=lambda o, c, old: o), "c is right, and h is wrong, from empty states"),
    (stepper(keep=lambda f, c: f * c**2), "c is wrong, as soon as the states are not empty"),
    (lambda *a: stepper()(*a)[0], "return two arrays"),
    (lambda *a: [part.T for part in stepper()(*a)], "should have the shape"),
    (lambda x_t, h, c, W, U, b: (h, c), "wrong"),
])  # fmt: skip
def test_a_misstep_is_named(capsys, step, because):
    wrong(capsys, chapter_6.onnx_step, step, because=because)


def test_the_product_of_what_is_kept_and_what_is_written_is_named(capsys):
    def onnx_step(x_t, h, c, W, U, b):
        i, o, f, candidate = np.split(x_t @ W + h @ U + b, 4, axis=1)
        c = sigmoid(f) * c * sigmoid(i) * np.tanh(candidate)
        return sigmoid(o) * np.tanh(c), c

    wrong(capsys, chapter_6.onnx_step, onnx_step, because="The two are added")


def test_every_fourth_column_is_told_from_a_block(capsys):
    def onnx_step(x_t, h, c, W, U, b):
        z = (x_t @ W + h @ U + b).reshape(*h.shape, 4)
        i, o, f = (sigmoid(z[..., k]) for k in range(3))
        c = f * c + i * np.tanh(z[..., 3])
        return o * np.tanh(c), c

    wrong(capsys, chapter_6.onnx_step, onnx_step, because="every fourth column")


# 4. Half-life


def in_block(value, block=1):
    """Return a `first_bias` that puts value(steps) into one block."""

    def first_bias(steps, units):
        bias = np.zeros((4, units))
        bias[block] = value(steps)
        return bias.ravel()

    return first_bias


def wanted(steps):
    gate = 0.5 ** (1 / steps)
    return np.log(gate / (1 - gate))


def test_a_first_bias_with_that_half_life_passes(capsys):
    right(capsys, chapter_6.half_life, in_block(wanted))
    right(capsys, chapter_6.half_life, in_block(lambda steps: -np.log(2 ** (1 / steps) - 1)))
    right(capsys, chapter_6.half_life, lambda *case: in_block(wanted)(*case).tolist())
    right(capsys, chapter_6.half_life, in_block(lambda steps: round(wanted(steps), 3)))


@pytest.mark.parametrize("first_bias, because", [
    (in_block(wanted, block=0), "in the block of the input gate"),
    (in_block(wanted, block=2), "in the block of the candidate"),
    (in_block(wanted, block=3), "in the block of the output gate"),
    (in_block(wanted, block=[0, 1]), "is not 0 for the input gate"),
    (in_block(wanted, block=[0, 1, 2, 3]), "gives all four parts that bias"),
    (lambda steps, units: in_block(wanted)(steps, units).reshape(4, units).T.ravel(), "numbers of a unit together"),
    (lambda steps, units: in_block(wanted)(steps, units).reshape(4, units), "a row for each part"),
    (lambda steps, units: wanted(steps), "biases of one part at most"),
    (lambda steps, units: np.full(units, wanted(steps)), "biases of one part at most"),
    (in_block(lambda n: 0.5 ** (1 / n)), "the value of the gate"),
    (in_block(lambda n: -wanted(n)), "sign is turned round"),
    (in_block(lambda n: wanted(n) / np.log(2)), "not the one to base 2"),
    (in_block(lambda n: np.arctanh(0.5 ** (1 / n))), "inverse of tanh"),
    (in_block(lambda n: -np.log(np.exp(1 / n) - 1)), "1/e is left"),
    (in_block(lambda n: wanted(n / 2)), "after half of the steps"),
    (in_block(lambda n: np.log((1 - 0.5 / n) / (0.5 / n))), "an equal piece"),
    (in_block(lambda n: 0.0), "half at a single step"),
    (in_block(lambda n: -np.log(2**n - 1.0) if n < 1000 else -693.1472), "what a gate of 0.5 leaves"),
    (in_block(lambda n: np.log(n / np.log(2))), "approximation for many steps"),
    (in_block(lambda n: 1.0), "forget gate starts at 0.7311"),
    (in_block(lambda n: wanted(100)), "first_bias(10, 1) the forget gate starts at 0.9931"),
    (lambda n, units: in_block(wanted)(n, units) * np.resize([1, 2], 4 * units), "different biases"),
    (in_block(lambda n: np.inf), "inf"),
    (lambda n: n, "TypeError"),
])  # fmt: skip
def test_a_wrong_first_bias_is_told_where_or_why(capsys, first_bias, because):
    wrong(capsys, chapter_6.half_life, first_bias, because=because)


# 5. and 6. Two ways around a gate


def around_output():
    deaf = np.zeros((2, 2))
    return {
        "c": (np.array([[0.1, 0], [0, 0], [0, 0]]), np.array([[0.0, 1], [0, 0]]), np.zeros(2)),
        "f": (np.zeros((3, 2)), deaf, np.array([15.0, -15])),
        "i": (np.array([[0, 0], [30.0, 0], [0, 30]]), deaf, np.array([-15.0, -15])),
    }


def around_input():
    deaf = np.zeros((2, 2))
    bias = np.array([-20.0, 0.1 * np.tanh(1)])
    return {
        "c": (np.array([[0.1, 0], [20.0, 0]]), np.array([[0.0, 0.1], [0, 0]]), bias),
        "f": (np.zeros((2, 2)), deaf, np.array([-30.0, 30])),
    }


def changed(parts, *changes):
    """Return weights with some numbers replaced: (letter, 0 for W, 1 for U or 2 for b, index, value)."""
    parts = {letter: [values.copy() for values in part] for letter, part in parts.items()}
    for letter, which, index, value in changes:
        parts[letter][which][index] = value
    return parts


def on_its_side(parts):
    return {letter: (W, U.T, b) for letter, (W, U, b) in parts.items()}


def units_exchanged(parts):
    return {letter: (W[:, ::-1], U[::-1, ::-1], b[::-1]) for letter, (W, U, b) in parts.items()}


def turned(parts):
    return parts | {"f": tuple(-values for values in parts["f"])}


@pytest.mark.parametrize("check, parts", [
    (chapter_6.around_the_output_gate, around_output()),
    (chapter_6.around_the_output_gate, changed(around_output(), ("c", 1, (0, 1), -2), ("c", 0, (0, 0), 0.05))),
    (chapter_6.around_the_input_gate, around_input()),
    (chapter_6.around_the_input_gate, changed(around_input(), ("c", 1, (0, 1), -0.05), ("c", 2, 1, 0))),
])  # fmt: skip
def test_every_set_of_weights_that_does_the_task_passes(capsys, check, parts):
    right(capsys, check, parts)
    right(capsys, check, {letter: [values.tolist() for values in part] for letter, part in parts.items()})


OUT = around_output()


@pytest.mark.parametrize("parts, because", [
    (OUT | {"f": OUT["i"], "i": OUT["f"]}, "forget gate and input gate are exchanged"),
    (on_its_side(OUT), "U is on its side"),
    (units_exchanged(OUT), "unit 1 gives the answer"),
    (turned(OUT), "forget gate is the wrong way round"),
    (changed(OUT, ("f", 2, 1, 15)), "goes on telling after the question"),
    (changed(OUT, ("f", 2, 0, -15)), "does not hold the marked number"),
    (changed(OUT, ("i", 0, (1, 0), 0)), "does not hold the marked number"),
    (changed(OUT, ("i", 2, 1, 15)), "shows something before the question"),
    (changed(OUT, ("c", 1, (0, 1), 0)), "shows the same at every step"),
    (changed(OUT, ("c", 1, (0, 1), 0), ("c", 0, (0, 1), 1)), "what unit 2 shows at the question is not it"),
    (changed(OUT, ("c", 0, (0, 0), 2)), "bent"),
    ({letter: tuple(0 * values for values in part) for letter, part in OUT.items()}, "1.00 of the error is left"),
    (OUT | {"o": OUT["i"]}, "there is an output gate"),
    ({"c": OUT["c"], "f": OUT["f"]}, "the input gate ('i') is missing"),
    (OUT | {"f": (..., ..., ...)}, "the forget gate ('f') still has dots"),
    (OUT | {"f": OUT["f"][:2]}, "should be three arrays"),
    (OUT | {"c": (OUT["c"][0].T, *OUT["c"][1:])}, "should have the shape (3, 2), got (2, 3)"),
    ([OUT["c"], OUT["f"], OUT["i"]], "a dictionary is wanted"),
])  # fmt: skip
def test_what_fails_around_the_output_gate_is_told(capsys, parts, because):
    wrong(capsys, chapter_6.around_the_output_gate, parts, because=because)


IN = around_input()


@pytest.mark.parametrize("parts, because", [
    (on_its_side(IN), "U is on its side"),
    (units_exchanged(IN), "unit 1 gives the answer"),
    (turned(IN), "forget gate is the wrong way round"),
    (changed(IN, ("c", 2, 0, 0)), "adds up all the numbers"),
    (changed(IN, ("c", 0, (1, 0), 0), ("c", 2, 0, 0)), "adds up all the numbers"),
    (changed(IN, ("c", 1, (0, 1), 1)), "Unit 2 has run full"),
    (changed(IN, ("c", 0, (1, 0), 0)), "ends at the same place"),
    (changed(IN, ("f", 2, 1, -30)), "ends at the same place"),
    (changed(IN, ("f", 2, 1, 5)), "something bends it, fades, or is added"),
    (changed(IN, ("c", 0, (0, 0), 3)), "something bends it, fades, or is added"),
    (changed(IN, ("f", 2, 0, 30)), "At the mark unit 1 does not show the marked number"),
    (changed(IN, ("f", 2, 1, 0)), "but unit 2 does not end with it"),
    (changed(IN, ("c", 0, (0, 1), 1), ("c", 1, (0, 1), 0), ("f", 2, 1, 0)), "ends with the last numbers"),
    (IN | {"i": IN["f"]}, "there is an input gate"),
    (IN | {"c": ...}, "the candidate ('c') is missing"),
])  # fmt: skip
def test_what_fails_around_the_input_gate_is_told(capsys, parts, because):
    wrong(capsys, chapter_6.around_the_input_gate, parts, because=because)
