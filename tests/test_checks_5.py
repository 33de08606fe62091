"""The checks of chapter 5 take right answers in their usual forms, and tell typical mistakes by name."""

import numpy as np
import pytest

from helpers.cells import SimpleRNN
from helpers.checks import chapter_5
from helpers.tasks import adding, temporal_order


def told(check, *answers):
    """Return what a check prints."""
    with pytest.MonkeyPatch.context() as patch:
        said = []
        patch.setattr("builtins.print", lambda text: said.append(text))
        check(*answers)
    (verdict,) = said
    return verdict


def assert_right(check, *answers):
    verdict = told(check, *answers)
    assert verdict.startswith("Right. "), verdict


def assert_not_yet(words, check, *answers):
    verdict = told(check, *answers)
    assert verdict.startswith("Not yet: ") and words in verdict, verdict


FUNCTIONS = [
    chapter_5.a_guess,
    chapter_5.keep_it_longer,
    chapter_5.no_eigenvalue,
    chapter_5.safety_belt,
    chapter_5.backwards_through_time,
]


@pytest.mark.parametrize("check", FUNCTIONS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(
    "nonsense",
    [
        7,
        "seven",
        None,
        lambda *given: None,
        lambda *given: "seven",
        lambda *given: given[7],
        lambda *given: [],
    ],
)
def test_nonsense_is_told_politely(check, nonsense):
    assert told(check, nonsense).startswith("Not yet: ")


@pytest.mark.parametrize("check", FUNCTIONS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("value", [0.0, 1.0, [0.25, np.log(4), 1 / 6]])
def test_a_constant_is_never_right(check, value):
    assert told(check, lambda *given: value).startswith("Not yet: ")


# 1. What guessing costs


def guess(accuracy=lambda k: 0.5**k, entropy=lambda k: np.log(2**k), squared=lambda k: k / 12):
    return lambda marks: (accuracy(marks), entropy(marks), squared(marks))


def test_the_cost_of_guessing_is_that_of_the_tasks_themselves():
    _, y = temporal_order(8, 20, classes=8)
    _, sums = adding(50_000, 20)
    assert y.shape[1] == 2**3
    assert np.var(sums) == pytest.approx(2 / 12, rel=0.02)
    assert_right(chapter_5.a_guess, guess())
    assert_right(chapter_5.a_guess, lambda marks: np.array([1 / 2**marks, marks * np.log(2), marks / 12]))


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ({"accuracy": lambda k: 100 / 2**k}, "percentage"),
        ({"accuracy": lambda k: 1 - 1 / 2**k}, "share of wrong answers"),
        ({"accuracy": lambda k: 1 / (2 * k)}, "two classes a mark"),
        ({"accuracy": lambda k: 1 / k}, "may be X or Y"),
        ({"accuracy": lambda k: 1 / 4}, "that of two marks"),
        ({"accuracy": lambda k: 1 / 3**k}, "How many classes"),
        ({"entropy": lambda k: np.log2(2**k)}, "in bits"),
        ({"entropy": lambda k: np.log10(2**k)}, "base 10"),
        ({"entropy": lambda k: np.log(1 / 2**k)}, "minus before the logarithm"),
        ({"entropy": lambda k: -np.log(1 / 2**k) / 2**k}, "no factor in front"),
        ({"entropy": lambda k: np.log(4)}, "that of two marks"),
        ({"entropy": lambda k: -np.log(1 - 1 / 2**k)}, "minus the logarithm of the probability"),
        ({"squared": lambda k: 1 / 12}, "one number"),
        ({"squared": lambda k: 1 / 6}, "that of two marks"),
        ({"squared": lambda k: 0.1767}, "it is a mistake"),
        ({"squared": lambda k: (k / 12) ** 0.5}, "no root"),
        ({"squared": lambda k: k**2 / 12}, "independent"),
        ({"squared": lambda k: k / 12 + (k / 2) ** 2}, "answers 0"),
        ({"squared": lambda k: k / 12 + (1 - k / 2) ** 2}, "best for two marks only"),
        ({"squared": lambda k: k / 12 + (k / 2 - 1 / 2) ** 2}, "answers a half"),
        ({"squared": lambda k: k / 13}, "not right for 2 (4 of 4 examples)"),
    ],
)
def test_a_mistake_about_guessing_is_named(mistake, words):
    assert_not_yet(words, chapter_5.a_guess, guess(**mistake))


# 2. Keep it longer


def bias(gate):
    return lambda share, steps: np.log(gate(share, steps)) - np.log(1 - gate(share, steps))


def test_a_forget_bias_may_be_worked_out_or_searched_for():
    def search(share, steps):
        biases = np.linspace(-10, 20, 300_001)
        return biases[np.abs((1 / (1 + np.exp(-biases))) ** steps - share).argmin()]

    assert_right(chapter_5.keep_it_longer, bias(lambda share, steps: share ** (1 / steps)))
    assert_right(chapter_5.keep_it_longer, search)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda share, steps: np.exp(np.log(share) / steps), "returns the gate"),
        (bias(lambda share, steps: share), "forgets the steps"),
        (lambda share, steps: -bias(lambda a, n: a ** (1 / n))(share, steps), "sign"),
        (bias(lambda share, steps: 1 - (1 - share) / steps), "the same piece"),
        (bias(lambda share, steps: share / steps), "divided by the steps"),
        (lambda share, steps: np.log(share ** (1 / steps)), "not the logarithm alone"),
        (lambda share, steps: np.log2(1 / (share ** (-1 / steps) - 1)), "another base"),
        (bias(lambda share, steps: share ** (1 / (steps + 1))), "for 0.5, 1 (5 of 5 examples)"),
    ],
)
def test_a_mistake_about_the_bias_is_named(mistake, words):
    assert_not_yet(words, chapter_5.keep_it_longer, mistake)


# 3. No eigenvalue, no explosion?


def walk(U, slopes, step=lambda U, s: np.diag(s) @ U.T, backwards=True, size=lambda p: np.linalg.norm(p, 2)):
    product = np.eye(len(U))
    for s in slopes[::-1] if backwards else slopes:
        product = product @ step(U, s)
    return size(product)


def test_the_stretch_may_be_found_by_sending_gradients_back():
    def by_the_worst_gradient(U, slopes):
        sent = np.eye(len(U))
        for s in reversed(slopes):
            sent = (sent * s) @ U.T
        return np.sqrt(np.linalg.eigvalsh(sent.T @ sent).max())

    assert_right(chapter_5.no_eigenvalue, walk)
    assert_right(chapter_5.no_eigenvalue, by_the_worst_gradient)


def radius(matrix):
    return max(abs(np.linalg.eigvals(matrix)))


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda U, s: walk(U, s, backwards=False), "from the first to the last"),
        (lambda U, s: walk(U, s, step=lambda U, s: np.diag(s) @ U), "through the transpose"),
        (lambda U, s: walk(U, s, step=lambda U, s: U.T @ np.diag(s)), "tanh comes first"),
        (lambda U, s: np.linalg.norm(np.linalg.matrix_power(U.T, len(s)), 2), "slopes are left out"),
        (lambda U, s: np.prod([walk(U, [row]) for row in s]), "values of the single steps"),
        (lambda U, s: np.linalg.svd(U)[1][0] ** len(s), "a power of the largest singular value"),
        (lambda U, s: walk(U, s, size=radius), "eigenvalue of the product"),
        (lambda U, s: radius(U) ** len(s), "a power of the largest eigenvalue"),
        (lambda U, s: walk(U, s, size=np.linalg.norm), "another norm"),
        (lambda U, s: walk(U, [s[-1]] * len(s)), "slopes of the last one"),
        (lambda U, s: walk(U, s[1:]), "first row of slopes"),
        (lambda U, s: walk(U, s[:-1]), "last row of slopes"),
        (lambda U, s: walk(U, s, size=np.sum), "Begin with the identity"),
    ],
)
def test_a_mistake_about_the_stretch_is_named(mistake, words):
    assert_not_yet(words, chapter_5.no_eigenvalue, mistake)


# 4. A vanilla RNN begun badly


@pytest.mark.parametrize(
    ("reach", "right"), [(3.5e-9, 1.0), (np.float32(6.6e-9), 0.95), (4e-10, np.array([1.0]))]
)
def test_what_honest_runs_find_is_right(reach, right):
    assert_right(chapter_5.begun_badly, reach, right)


@pytest.mark.parametrize(
    ("reach", "right", "words"),
    [
        (2.05, 1.0, "after the training"),
        (0.13, 1.0, "a better start"),
        (1e-6, 1.0, "over 20 steps"),
        (1e-21, 1.0, "not 50 or 100"),
        (-9, 1.0, "exponent"),
        (3.5e-9, 100, "percentage"),
        (3.5e-9, 25, "percentage"),
        (3.5e-9, -1, "from 0 to 1"),
        (3.5e-9, 0.25, "what a guess gets"),
        (3.5e-9, 0.6, "lower than in our runs"),
        ("little", 1.0, "reach_before should be one number"),
        (3.5e-9, None, "right_after should be one number"),
        (3.5e-9, ..., "there is no answer here"),
    ],
)
def test_what_no_honest_run_finds_is_told(reach, right, words):
    assert_not_yet(words, chapter_5.begun_badly, reach, right)


# 5. Without the safety belt


def length(gradients):
    return np.sqrt(sum((part**2).sum() for part in gradients))


def clip(gradients, largest):
    return [part * largest / max(length(gradients), largest) for part in gradients]


def in_place(gradients, largest):
    factor = largest / max(length(gradients), largest)
    for part in gradients:
        part *= factor
    return gradients


def first_in_place(gradients, largest):
    result = clip(gradients, largest)
    gradients[0][:] = 0
    return result


def dividing(gradients, largest):
    with np.errstate(invalid="ignore"):
        return [part * np.minimum(length(gradients), largest) / length(gradients) for part in gradients]


def test_clipping_is_that_of_keras_and_may_come_as_a_tuple():
    keras = pytest.importorskip("keras")
    rng = np.random.default_rng(0)
    for size in (0.01, 1, 100):
        gradients = [size * rng.normal(size=shape).astype("float32") for shape in ((2, 3), (4,))]
        kept = keras.optimizers.SGD(global_clipnorm=2.0)._clip_gradients(gradients)
        for ours, theirs in zip(chapter_5._clipped(gradients, 2.0), kept, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert_right(chapter_5.safety_belt, clip)
    assert_right(chapter_5.safety_belt, lambda gradients, largest: tuple(clip(gradients, largest)))


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda g, largest: [np.clip(part, -largest, largest) for part in g], "another direction"),
        (lambda g, largest: [clip([part], largest)[0] for part in g], "as with clipnorm"),
        (lambda g, largest: [part * largest / max(length(g), 1e-9) for part in g], "made longer"),
        (lambda g, largest: [part * largest / max(length(g) ** 2, largest) for part in g], "is its root"),
        (
            lambda g, largest: [part * largest / max(sum(length([p]) for p in g), largest) for part in g],
            "Lengths do not add up",
        ),
        (
            lambda g, largest: [part * largest / max(*(abs(p).max() for p in g), largest) for part in g],
            "largest number is taken",
        ),
        (lambda g, largest: [part / (length(g) if length(g) > largest else 1) for part in g], "made 1 long"),
        (lambda g, largest: list(g), "nothing is shortened"),
        (in_place, "changes the arrays"),
        (first_in_place, "changes the arrays"),
        (dividing, "becomes nan"),
        (lambda g, largest: clip(g, largest)[:2], "list of 4 arrays"),
        (lambda g, largest: np.concatenate([part.ravel() for part in clip(g, largest)]), "list of 4 arrays"),
        (lambda g, largest: [part.ravel() for part in clip(g, largest)], "should have the shape (2, 3)"),
        (lambda g, largest: [-part for part in clip(g, largest)], "One factor for all arrays"),
    ],
)
def test_a_mistake_about_clipping_is_named(mistake, words):
    assert_not_yet(words, chapter_5.safety_belt, mistake)


# 6. An answer at every step


def with_the_books_cell(x, states, U, sent):
    """Return the gradients from the book's own cell; the kernel and bias that lead to the states do not matter."""
    cell = SimpleRNN(np.zeros((x.shape[1], U.shape[0])), U, np.zeros(len(U)))
    trace = cell.forward(x[np.newaxis], initial_state=states[:1])
    trace.hidden[0] = states[1:]
    found = cell.backward(sent[np.newaxis])
    return found.kernel, found.recurrent_kernel, found.bias


def by_nudging(x, states, U, sent):
    """Return the gradient of U by finite differences; W and b are recovered from the states."""
    before, after = states[:-1], np.arctanh(states[1:])
    inputs = after - before @ U  # (timesteps, units): x W + b, which a nudge of U leaves alone

    def loss(U):
        h, total = states[0], 0.0
        for z, s in zip(inputs, sent, strict=True):
            h = np.tanh(z + h @ U)
            total += h @ s
        return total

    gradient = np.zeros_like(U)
    for place in np.ndindex(U.shape):
        nudge = np.zeros_like(U)
        nudge[place] = 1e-6
        gradient[place] = (loss(U + nudge) - loss(U - nudge)) / 2e-6
    return gradient


def back(x, states, U, sent):
    d_W, d_U, d_b, carried = (
        np.zeros((x.shape[1], len(U))),
        np.zeros_like(U),
        np.zeros(len(U)),
        np.zeros(len(U)),
    )
    for t in range(len(x), 0, -1):
        epsilon = (sent[t - 1] + carried) * (1 - states[t] ** 2)
        d_W += np.outer(x[t - 1], epsilon)
        d_U += np.outer(states[t - 1], epsilon)
        d_b += epsilon
        carried = epsilon @ U.T
    return d_W, d_U, d_b


def test_backpropagation_agrees_with_the_books_cell_and_with_finite_differences():
    assert_right(chapter_5.backwards_through_time, back)
    assert_right(chapter_5.backwards_through_time, lambda *given: list(back(*given)))
    assert_right(chapter_5.backwards_through_time, with_the_books_cell)
    assert_right(
        chapter_5.backwards_through_time,
        lambda *given: (back(*given)[0], by_nudging(*given), back(*given)[2]),
    )


def changed(old, new):
    """Return `back` with a mistake in its source."""
    import inspect

    source = inspect.getsource(back)
    assert source.count(old) == 1, old
    space = {"np": np}
    exec(source.replace(old, new), space)
    return space["back"]


def last_step_only(x, states, U, sent):
    return back(x[-1:], states[-2:], U, sent[-1:])


def first_step_only(x, states, U, sent):
    whole, rest = back(x, states, U, sent), back(x[1:], states[1:], U, sent[1:])
    return [a - b for a, b in zip(whole, rest, strict=True)]


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (last_step_only, "only the last step counts"),
        (first_step_only, "each step overwrites"),
        (lambda *given: [part / len(given[0]) for part in back(*given)], "mean over the steps"),
        (changed(" * (1 - states[t] ** 2)", ""), "slope of tanh is missing"),
        (changed("states[t] ** 2", "states[t]"), "slope of tanh is not 1 - h"),
        (changed("states[t] ** 2", "np.tanh(states[t]) ** 2"), "tanh is taken a second time"),
        (changed("states[t] ** 2", "states[t - 1] ** 2"), "state before the step"),
        (changed("epsilon @ U.T", "epsilon @ U"), "not transposed"),
        (changed("sent[t - 1] + carried", "sent[t - 1]"), "nothing is carried back"),
        (
            changed("sent[t - 1] + carried", "sent[-1] * (t == len(x)) + carried"),
            "before the last is left out",
        ),
        (changed("outer(states[t - 1]", "outer(states[t]"), "the state after it"),
        (changed("outer(states[t - 1]", "outer((t > 1) * states[t - 1]"), "h_0"),
        (changed("outer(states[t - 1], epsilon)", "outer(epsilon, states[t - 1])"), "swapped"),
        (changed("d_b += epsilon", "d_b -= epsilon"), "Nudge one weight"),
        (changed("return d_W, d_U, d_b", "return d_W, d_U"), "should return three arrays"),
        (
            changed("return d_W, d_U, d_b", "return d_W.T, d_U, d_b"),
            "the gradient of W should have the shape",
        ),
    ],
)
def test_a_mistake_on_the_way_back_is_named(mistake, words):
    assert_not_yet(words, chapter_5.backwards_through_time, mistake)
