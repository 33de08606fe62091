"""Every target can be worked out again from the inputs alone, and chance is where the docstrings say it is."""

import re
from collections import defaultdict
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import tasks

TASKS = {
    "temporal_order": partial(tasks.temporal_order, length=20),
    "temporal_order_8": partial(tasks.temporal_order, length=20, classes=8),
    "adding": partial(tasks.adding, length=20),
    "delayed_recall": partial(tasks.delayed_recall, length=20),
    "embedded_reber": tasks.embedded_reber,
    "continual_embedded_reber": partial(tasks.continual_embedded_reber, length=20),
}

# The same languages as the graph in helpers.tasks, written down independently as regular expressions.
LOOP = "T*V(PXT*V)*(V|PS)"
REBER = f"B(TS*X(S|X{LOOP})|P{LOOP})E"
EMBEDDED_REBER = f"B(T{REBER}T|P{REBER}P)E"

seeds = st.integers(0, 2**31)
few = settings(max_examples=30, deadline=None)


def spell(one_hot, symbols):
    """Read one-hot rows as strings; every row must hold exactly one 1."""
    assert np.array_equal(one_hot.sum(axis=-1), np.ones(one_hot.shape[:-1]))
    assert set(np.unique(one_hot)) <= {0, 1}
    return ["".join(symbols[k] for k in row) for row in one_hot.argmax(axis=-1)]


@few
@given(length=st.integers(10, 130), classes=st.sampled_from([4, 8]), seed=seeds)
def test_temporal_order(length, classes, seed):
    x, y = tasks.temporal_order(20, length, classes, seed)
    assert x.shape == (20, length, 8) and y.shape == (20, classes) and x.dtype == y.dtype == np.float32
    orders = ["XX", "XY", "YX", "YY"] if classes == 4 else [a + b + c for a in "XY" for b in "XY" for c in "XY"]
    for text, label in zip(spell(x, "abcdXYEB"), y, strict=True):
        assert re.fullmatch("E[abcdXY]+B", text)
        marked = "".join(re.findall("[XY]", text))
        assert label.sum() == 1 and orders[label.argmax()] == marked


@pytest.mark.parametrize(
    ("classes", "windows"), [(4, [(10, 20), (50, 60)]), (8, [(10, 20), (33, 43), (66, 76)])]
)
def test_temporal_order_has_the_positions_of_the_paper(classes, windows):
    x, _ = tasks.temporal_order(4000, 100, classes, 1)
    marked = x[:, :, 4:6].sum(axis=-1)
    positions = np.nonzero(marked)[1].reshape(4000, len(windows))
    for column, (first, last) in zip(positions.T, windows, strict=True):
        assert set(column) == set(range(first, last + 1))


@few
@given(length=st.integers(2, 120), seed=seeds)
def test_adding(length, seed):
    x, y = tasks.adding(20, length, seed)
    assert x.shape == (20, length, 2) and y.shape == (20, 1) and x.dtype == y.dtype == np.float32
    numbers, markers = x[:, :, 0], x[:, :, 1]
    assert numbers.min() >= 0 and numbers.max() < 1
    assert set(np.unique(markers)) <= {0, 1}
    assert (markers[:, : length // 2].sum(axis=1) == 1).all()
    assert (markers[:, length // 2 :].sum(axis=1) == 1).all()
    np.testing.assert_allclose((numbers * markers).sum(axis=1, keepdims=True), y, rtol=1e-6)


def test_adding_has_its_baseline():
    _, y = tasks.adding(50_000, 10, 3)
    assert np.mean((y - 1) ** 2) == pytest.approx(1 / 6, abs=0.004)
    # No constant does better than 1.
    assert np.mean(y) == pytest.approx(1, abs=0.01)


@few
@given(length=st.integers(3, 120), distractors=st.integers(1, 60), seed=seeds)
def test_delayed_recall(length, distractors, seed):
    x, y = tasks.delayed_recall(20, length, distractors, seed)
    assert x.shape == (20, length, distractors + 4) and y.shape == (20, 2)
    names = [chr(0x100 + k) for k in range(distractors)]
    for text, label in zip(spell(x, [*names, "e", "b", "x", "y"]), y, strict=True):
        assert text[0] == "b" and text[-1] == "e" and set(text[2:-1]) <= set(names)
        assert "xy"[label.argmax()] == text[1] and label.sum() == 1


@pytest.mark.parametrize("name", ["temporal_order", "temporal_order_8", "delayed_recall"])
def test_classes_are_balanced(name):
    _, y = TASKS[name](8000, seed=2)
    share = 1 / y.shape[1]
    # Four standard deviations of a share; the seed is fixed, so this either holds or does not.
    np.testing.assert_allclose(y.mean(axis=0), share, atol=4 * np.sqrt(share * (1 - share) / 8000))


@few
@given(seed=seeds)
def test_embedded_reber(seed):
    task = tasks.embedded_reber(20, seed)
    for row, string in enumerate(task.strings):
        steps = len(string) - 1
        assert re.fullmatch(EMBEDDED_REBER, string)
        assert spell(task.inputs[row : row + 1, :steps], tasks.REBER_SYMBOLS) == [string[:-1]]
        assert spell(task.targets[row : row + 1, :steps], tasks.REBER_SYMBOLS) == [string[1:]]
        assert task.mask[row].tolist() == [t < steps for t in range(task.mask.shape[1])]
        # To be recalled is the last symbol but one, which is the second.
        assert np.nonzero(task.recall[row])[0].tolist() == [len(string) - 3]
        assert string[-2] == string[1] and len(string) - 3 - 1 >= 5
    for array in (task.inputs, task.targets, task.possible):
        assert not array[~task.mask].any()


@few
@given(length=st.integers(1, 200), seed=seeds)
def test_continual_embedded_reber(length, seed):
    task = tasks.continual_embedded_reber(5, length, seed)
    assert task.inputs.shape == task.targets.shape == task.possible.shape == (5, length, 7)
    assert task.mask.all()
    read, asked = spell(task.inputs, tasks.REBER_SYMBOLS), spell(task.targets, tasks.REBER_SYMBOLS)
    for row, stream in enumerate(task.strings):
        assert len(stream) == length + 1 and (read[row], asked[row]) == (stream[:-1], stream[1:])
        whole = re.match(f"(?:{EMBEDDED_REBER})*", stream).end()
        assert len(stream) - whole < 200  # what is left is the beginning of one string
        ends = [m.end() for m in re.finditer(EMBEDDED_REBER, stream[:whole])]
        recalled = np.nonzero(task.recall[row])[0] + 1
        assert [k for k in recalled if k < whole] == [end - 2 for end in ends]


def test_streams_are_strings_one_after_the_other():
    stream = tasks.continual_embedded_reber(1, 20_000, 0).strings[0]
    rest = re.sub(EMBEDDED_REBER, "", stream)
    assert len(rest) < 100 and stream.endswith(rest)


@pytest.mark.parametrize("make", [tasks.embedded_reber, partial(tasks.continual_embedded_reber, length=12)])
def test_possible_symbols_are_those_that_occur(make):
    """After each beginning that is met often enough, exactly the symbols called possible are seen, equally often."""
    task = make(6000, seed=5)
    seen, possible = defaultdict(list), defaultdict(set)
    for row, string in enumerate(task.strings):
        for t in range(min(10, len(string) - 1)):
            seen[string[: t + 1]].append(string[t + 1])
            possible[string[: t + 1]].add("".join(np.array(list(tasks.REBER_SYMBOLS))[task.possible[row, t] == 1]))
    frequent = {beginning: symbols for beginning, symbols in seen.items() if len(symbols) >= 60}
    assert len(frequent) > 40
    for beginning, symbols in frequent.items():
        assert possible[beginning] == {"".join(s for s in tasks.REBER_SYMBOLS if s in set(symbols))}
        for symbol in set(symbols):
            share = 1 / len(set(symbols))
            spread = np.sqrt(share * (1 - share) / len(symbols))
            assert abs(symbols.count(symbol) / len(symbols) - share) <= 4.5 * spread


def test_reber_strings_are_as_long_as_the_docstring_says():
    lengths = [len(string) for string in tasks.embedded_reber(20_000, 8).strings]
    assert min(lengths) == 9
    assert np.mean(lengths) == pytest.approx(12, abs=0.15)


@pytest.mark.parametrize("make", [tasks.embedded_reber, partial(tasks.continual_embedded_reber, length=60)])
def test_recall_is_a_coin_flip_without_memory(make):
    task = make(3000, seed=4)
    answers = task.targets[task.recall]
    assert (task.possible[task.recall].sum(axis=-1) == 1).all()
    share_of_t = answers[:, tasks.REBER_SYMBOLS.index("T")].mean()
    assert answers[:, [tasks.REBER_SYMBOLS.index(s) for s in "TP"]].sum() == len(answers)
    assert abs(share_of_t - 0.5) <= 4 * 0.5 / np.sqrt(len(answers))


def arrays(result):
    return [result.inputs, result.targets] if isinstance(result, tasks.ReberTask) else list(result)


@pytest.mark.parametrize("make", TASKS.values(), ids=TASKS)
def test_the_seed_decides(make):
    first, again, other = arrays(make(30, seed=7)), arrays(make(30, seed=7)), arrays(make(30, seed=8))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(a.shape == b.shape and np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_tasks_leave_the_global_random_numbers_alone_and_do_not_use_them():
    np.random.seed(0)
    before = [arrays(make(5, seed=1)) for make in TASKS.values()]
    drawn = np.random.random()
    np.random.seed(0)
    assert np.random.random() == drawn
    after = [arrays(make(5, seed=1)) for make in TASKS.values()]
    assert all(np.array_equal(a, b) for x, y in zip(before, after, strict=True) for a, b in zip(x, y, strict=True))


def test_tasks_with_the_same_seed_are_independent():
    """The labels of one task do not tell those of another, as they would if both began with the same numbers."""
    of_order = tasks.temporal_order(4000, 20, seed=3)[1].argmax(axis=1) // 2
    of_recall = tasks.delayed_recall(4000, 20, seed=3)[1].argmax(axis=1)
    of_reber = np.array([string[1] == "P" for string in tasks.embedded_reber(4000, 3).strings])
    of_stream = np.array([s[1] == "P" for s in tasks.continual_embedded_reber(4000, 2, 3).strings])
    labels = [of_order, of_recall, of_reber, of_stream]
    correlation = np.corrcoef(np.array(labels, float))
    assert np.abs(correlation - np.eye(4)).max() < 4 / np.sqrt(4000)


@pytest.mark.parametrize("make", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("samples", [0, -1, 2.0, "3", True, None])
def test_bad_samples_are_refused(make, samples):
    with pytest.raises(ValueError, match="^samples: expected a whole number of at least 1, got"):
        make(samples)


@pytest.mark.parametrize("make", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("seed", [-1, 0.5, None, "0"])
def test_bad_seeds_are_refused(make, seed):
    with pytest.raises(ValueError, match="^seed: expected a whole number of at least 0, got"):
        make(3, seed=seed)


@pytest.mark.parametrize(
    ("make", "smallest"),
    [
        (tasks.temporal_order, 10),
        (tasks.adding, 2),
        (tasks.delayed_recall, 3),
        (tasks.continual_embedded_reber, 1),
    ],
)
def test_sequences_that_are_too_short_are_refused(make, smallest):
    make(3, smallest)
    for length in [smallest - 1, float(smallest)]:
        with pytest.raises(ValueError, match=f"^length: expected a whole number of at least {smallest}, got"):
            make(3, length)


def test_other_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="^classes: expected 4 .* or 8 .*, got 2"):
        tasks.temporal_order(3, 20, 2)
    with pytest.raises(ValueError, match="^distractors: expected a whole number of at least 1, got 0"):
        tasks.delayed_recall(3, 20, 0)
