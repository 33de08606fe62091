"""Chapter 3's checks: right answers pass, and each usual mistake is named."""

import numpy as np
import pytest
from verdicts import right, wrong

from helpers.cells import SimpleRNN
from helpers.checks import chapter_3

NONSENSE = [None, "0.9", [1, 2], float("nan"), {"a": 1}, lambda *arguments: "many"]


@pytest.mark.parametrize("check, arity", [
    (chapter_3.three_states, 1),
    (chapter_3.weights_of_a_stack, 2),
    (chapter_3.better_plan, 3),
    (chapter_3.in_two_halves, 1),
    (chapter_3.smaller_inputs, 2),
])  # fmt: skip
def test_nonsense_is_answered_politely(capsys, check, arity):
    for answer in NONSENSE:
        wrong(capsys, check, *[answer] * arity, because="")


# 1. With the pencil

W, U, B = np.array([1.0, 2.0]), np.array([[-1.0, 1.0], [0.0, 0.5]]), np.array([0.0, 0.5])
ROUNDED = [[0, 0.46], [0.26, 0.85], [-0.25, 0.83]]


def pencil(amount=0.27, U=U, b=B, step=lambda state: state, squash=np.tanh):
    """Return three states; `step` is what a step hears of the state before it."""
    states = [squash(b)]
    for x_t in (amount, 0.0):
        states.append(squash(x_t * W + step(states[-1]) @ U + b))
    return np.array(states)


def test_states_pass_exactly_and_rounded_at_each_step(capsys):
    right(capsys, chapter_3.three_states, ROUNDED)
    right(capsys, chapter_3.three_states, np.array(ROUNDED))
    right(capsys, chapter_3.three_states, pencil())


@pytest.mark.parametrize("states, because", [
    (pencil(0.37), "27 where that had 37"),
    (pencil(step=np.zeros_like), "forgets the one before it"),
    (pencil(U=U.T), "along the rows of U"),
    (pencil(U=np.diag([-1, 0.5])), "hears itself only"),
    (pencil(U=np.abs(U)), "weight −1, not 1"),
    (pencil(b=np.zeros(2)), "bias is missing"),
    (pencil(squash=lambda z: z), "before tanh"),
    (np.transpose(ROUNDED), "lie on their side"),
    (ROUNDED[-1], "should have the shape (3, 2)"),
    ([[0, 0.46], [0.26, 0.85], [-0.25, 0.93]], "unit 2 is off at step 3"),
    ([[0, 0.46], [0.36, 0.85], [-0.25, 0.83]], "unit 1 is off at step 2"),
])  # fmt: skip
def test_a_slip_of_the_pencil_is_named(capsys, states, because):
    wrong(capsys, chapter_3.three_states, states, because=because)


# 2. Count a stack


def stack(one_layer):
    """Return a counting function for stacks, from one for a layer."""

    def count(features, layers):
        return sum(one_layer(d, n) for d, n in zip([features, *layers], layers, strict=False))

    return count


def truly(features, units):
    return units * (features + units + 1)


def test_a_right_count_passes_in_any_form(capsys):
    def in_a_loop(features, layers):
        weights = np.int64(0)
        while layers:
            units = layers.pop(0)  # the list is the reader's to use up
            weights += features * units + units**2 + units
            features = units
        return weights

    right(capsys, chapter_3.weights_of_a_stack, in_a_loop, 3)
    right(capsys, chapter_3.weights_of_a_stack, stack(truly), 3.0)


@pytest.mark.parametrize("count, because", [
    (stack(lambda d, n: n * (d + n)), "leaves out the biases"),
    (stack(lambda d, n: n * (d + 1)), "weights from state to state"),
    (stack(lambda d, n: n * (d + 2)), "one weight for its own last answer"),
    (stack(lambda d, n: n * (n + 1)), "leaves out the weights from the input"),
    (stack(lambda d, n: d * (d + n + 1)), "features and units exchanged"),
    (stack(lambda d, n: n * (d + n) + d), "a bias for each feature"),
    (stack(lambda d, n: n * (d + n) + 1), "one bias for a layer"),
    (stack(lambda d, n: n * (d + n + 2)), "two biases a unit"),
    (lambda d, layers: sum(truly(d, n) for n in layers), "lets each layer hear the text"),
    (lambda d, layers: truly(d, layers[0]), "lowest layer only"),
    (lambda d, layers: truly(([d, *layers])[-2], layers[-1]), "last layer only"),
    (lambda d, layers: truly(d, sum(layers)), "one wide layer"),
    (lambda d, layers: 10_800, "is not so"),
    (lambda d, layers: 49 * stack(truly)(d, layers), "is not so"),
    (lambda d, layers: layers * d, "should be one number"),
    (lambda d: d, "TypeError"),
])  # fmt: skip
def test_a_miscount_is_named(capsys, count, because):
    wrong(capsys, chapter_3.weights_of_a_stack, count, 3, because=because)


@pytest.mark.parametrize(
    "units, because", [(4, "have 24 weights"), (-5, "at least 1"), (15, "not 15"), (2.5, "whole number")]
)
def test_units_that_do_not_make_15_weights_are_told(capsys, units, because):
    wrong(capsys, chapter_3.weights_of_a_stack, stack(truly), units, because=because)


# 3. A better plan


@pytest.mark.parametrize(
    "weights", [(0.1, -1, 0), (0.1, -1.0, 0.0), (np.float32(0.05), -1, 0), (1e-6, -1, 0)]
)
def test_every_plan_that_gets_all_texts_right_passes(capsys, weights):
    right(capsys, chapter_3.better_plan, *weights)


@pytest.mark.parametrize("weights, because", [
    ((1, -1, 0), "86.6% of the texts are right. All errors are rises called falls"),
    ((0.1, -1.2, 0), "the first amount counts too much"),
    ((0.1, -0.5, 0), "too little of the first amount is left"),
    ((-0.1, -1, 0), "Which sign is to be turned round?"),
    ((0.1, 1, 0), "adds the two amounts up"),
    ((0.1, -1, 0.5), "says rise to every text"),
    ((0.1, -1, -0.5), "says fall to every text"),
    ((0, -1, 0), "same place whatever the amounts are"),
    ((0.1, 0, 0.3), "same place whatever the amounts are"),
    ((1, -1.1, 0), "Among the errors are rises and falls"),
    (("w", -1, 0), "the weight w should be one number"),
])  # fmt: skip
def test_a_plan_is_told_what_it_does_to_the_amounts(capsys, weights, because):
    wrong(capsys, chapter_3.better_plan, *weights, because=because)


# 4. In two halves


def reader(step=None, carry=None, start=None, show=None):
    """Return a `read_on` in which one thing may be replaced.

    step(x_t, W, U, b, heard) makes the new state, carry(take, new, old, first) what the next step hears,
    show(take, new, shown, hidden) what is returned.
    """
    step = step or (lambda x_t, W, U, b, heard: np.tanh(x_t @ W + heard @ U + b))
    carry = carry or (lambda take, new, old, first: np.where(take, new, old))

    def read_on(x, W, U, b, mask, state):
        hidden = first = shown = start(state) if start else state
        states = []
        for t in range(x.shape[1]):
            take = mask[:, t, None]
            new = step(x[:, t], W, U, b, hidden)
            hidden = carry(take, new, hidden, first)
            shown = show(take, new, shown, hidden) if show else hidden
            states.append(shown)
        return np.stack(states, axis=1)

    return read_on


def always(take, new, old, first):
    return new


def by_the_book(x, W, U, b, mask, state):
    return SimpleRNN(W, U, b).forward(x, mask, state).hidden


def text_by_text(x, W, U, b, mask, state):
    """Read one text after the other and return lists."""
    read = []
    for steps, takes, h in zip(x, mask, state, strict=True):
        read.append([])
        for x_t, take in zip(steps, takes, strict=True):
            h = np.tanh(x_t @ W + h @ U + b) if take else h
            read[-1].append(list(h))
    return read


@pytest.mark.parametrize("read_on", [reader(), by_the_book, text_by_text])
def test_every_way_to_read_on_passes(capsys, read_on):
    right(capsys, chapter_3.in_two_halves, read_on)


@pytest.mark.parametrize("read_on, because", [
    (reader(start=np.zeros_like), "begins with zeros"),
    (reader(step=lambda x_t, W, U, b, h: np.tanh(x_t @ W + b)), "does not hear the state before it"),
    (reader(step=lambda x_t, W, U, b, h: np.tanh(x_t @ W + h @ U.T + b)), "U is used the wrong way round"),
    (reader(carry=always), "the mask changes nothing"),
    (reader(carry=lambda take, new, old, first: np.where(take, old, new)), "the mask is used the wrong way"),
    (reader(carry=lambda take, new, old, first: np.where(take, new, 0)), "the state becomes 0"),
    (reader(carry=lambda take, new, old, first: np.where(take, new, first)), "goes back to the one"),
    (reader(carry=always, show=lambda take, new, shown, h: np.where(take, new, 0)), "you show zeros"),
    (reader(carry=always, show=lambda take, new, shown, h: np.where(take, new, shown)), "the state behind it"),
    (reader(step=lambda x_t, W, U, b, h: x_t @ W + h @ U + b), "tanh is missing"),
    (reader(step=lambda x_t, W, U, b, h: 1 / (1 + np.exp(-(x_t @ W + h @ U + b)))), "between 0 and 1"),
    (reader(step=lambda x_t, W, U, b, h: np.tanh(x_t @ W + h @ U)), "the bias is missing"),
    (lambda x, W, U, b, mask, s: by_the_book(x * mask[..., None], W, U, b, None, s), "read zeros"),
    (lambda *a: by_the_book(*a)[:, -1], "last state only"),
    (lambda *a: by_the_book(*a).swapaxes(0, 1), "time steps on the first axis"),
    (lambda *a: by_the_book(*a)[:, :, :1], "should have the shape"),
    (lambda x, W, U, b, mask, s: np.zeros((*mask.shape, len(b))), "goes wrong at step"),
    (reader(start=np.zeros_like, carry=always), "with some steps masked, goes wrong"),
    (reader(step=lambda x_t, W, U, b, h: np.tanh(x_t @ W + h @ U.T)), "with no step masked, goes wrong"),
    (lambda x: x, "TypeError"),
])  # fmt: skip
def test_a_misreading_is_named(capsys, read_on, because):
    wrong(capsys, chapter_3.in_two_halves, read_on, because=because)


def test_every_step_hearing_the_first_state_is_named(capsys):
    def read_on(x, W, U, b, mask, state):
        states, hidden = [], state
        for t in range(x.shape[1]):
            hidden = np.where(mask[:, t, None], np.tanh(x[:, t] @ W + state @ U + b), hidden)
            states.append(hidden)
        return np.stack(states, axis=1)

    wrong(capsys, chapter_3.in_two_halves, read_on, because="every step hears the first state")


# 5. Smaller inputs


def both_readings(divisor):
    """Return how far the units are apart, (steps, units), in the layer that the exercise draws."""
    ids = [1, 53, 539, 26, 14, 318, 26, 39, 19, 3083, 18, 14, 4456, 18, 17, 12]
    turned = [1, 53, 318, 26, 14, 539, *ids[6:]]
    rng = np.random.default_rng(0)
    largest = np.sqrt(6 / (1 + 50))
    kernel = rng.uniform(-largest, largest, (1, 50))
    recurrent_kernel = np.linalg.qr(rng.normal(size=(50, 50)))[0]
    x = np.array([ids, turned])[:, :, None] / divisor
    first, second = SimpleRNN(kernel, recurrent_kernel).forward(x).hidden
    return np.abs(first - second)


BEST = both_readings(1000)[-1]


def test_the_best_divisor_passes_with_its_distance(capsys):
    right(capsys, chapter_3.smaller_inputs, 1000, BEST.max())
    right(capsys, chapter_3.smaller_inputs, 1e3, round(float(BEST.max()), 3))


@pytest.mark.parametrize("divisor, apart, because", [
    (1, 0.0, "Large sums still overwrite"),
    (100, both_readings(100)[-1].max(), "Large sums still overwrite"),
    (10_000, both_readings(10_000)[-1].max(), "hardly reach the state"),
    (10**6, 0.0, "hardly reach the state"),
    (0.001, BEST.max(), "multiplied by"),
    (500, BEST.max(), "power of ten"),
    (0, BEST.max(), "power of ten"),
    (1000, BEST.mean(), "mean difference"),
    (1000, np.linalg.norm(BEST), "rows of 50"),
    (1000, both_readings(1000).max(), "at any step"),
    (1000, 0.9, "are not 0.9 apart"),
])  # fmt: skip
def test_a_wrong_divisor_or_distance_is_told_apart(capsys, divisor, apart, because):
    wrong(capsys, chapter_3.smaller_inputs, divisor, apart, because=because)
