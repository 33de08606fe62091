"""Chapter 7's checks: right answers pass, and each usual mistake is named."""

from math import comb, erfc, sqrt

import numpy as np
import pytest
from verdicts import right, wrong

from helpers.checks import chapter_7
from helpers.scores import wilson_interval

NONSENSE = [None, "0.9", [1, 2], float("nan"), lambda *arguments: "many"]


@pytest.mark.parametrize("check, arity", [
    (chapter_7.left_in_the_cell, 3),
    (chapter_7.as_many_weights, 3),
    (chapter_7.words_shuffled, 1),
    (chapter_7.on_the_same_wires, 1),
    (chapter_7.keeps_its_word, 1),
])  # fmt: skip
def test_nonsense_is_answered_politely(capsys, check, arity):
    for answer in NONSENSE:
        wrong(capsys, check, *[answer] * arity, because="")


# 1. What a gate keeps


@pytest.mark.parametrize(
    "answers", [(0.9**17, 0.9**33, 0.5 ** (1 / 33)), (0.17, 0.03, 0.98), (1 / 6, 0.031, 0.979)]
)
def test_shares_pass_exactly_and_rounded(capsys, answers):
    right(capsys, chapter_7.left_in_the_cell, *answers)


@pytest.mark.parametrize("after_17, after_33, because", [
    (16.7, 3.1, "a share from 0 to 1"),
    (1 - 0.9**17, 1 - 0.9**33, "share that is lost"),
    (1 - 0.1 * 17, 1 - 0.1 * 33, "a tenth of what is still there"),
    (0, 0, "a tenth of what is still there"),
    (0.9**16, 0.9**32, "one step off"),
    (0.9**18, 0.9**34, "one step off"),
    ((1 / (1 + np.exp(-0.9))) ** 17, 0.031, "through the logistic function already"),
    (0.9, 0.9, "after two, after three"),
    (0.17, 0.17, "after_33"),
])  # fmt: skip
def test_a_wrong_share_is_named(capsys, after_17, after_33, because):
    wrong(capsys, chapter_7.left_in_the_cell, after_17, after_33, 0.98, because=because)


@pytest.mark.parametrize("gate, because", [
    (0.5 ** (1 / 17), "half after 17 steps"),
    (1 - 0.5 / 33, "equal piece"),
    (np.log(0.979 / 0.021), "above 1"),
    (0.0, "shut"),
    (0.95, "less than a half"),
    (0.999, "more than a half"),
])  # fmt: skip
def test_a_wrong_gate_is_named(capsys, gate, because):
    wrong(capsys, chapter_7.left_in_the_cell, 0.17, 0.03, gate, because=because)


# 2. As many weights


def vanilla(features, units):
    return features * units + units**2 + units


def lstm(features, units):
    return 4 * vanilla(features, units)


def most_units(features, units):
    fits = 1
    while vanilla(features, fits + 1) <= lstm(features, units):
        fits += 1
    return fits


def by_root(features, units):
    half = (features + 1) / 2
    return np.floor(-half + np.sqrt(half**2 + lstm(features, units)))


@pytest.mark.parametrize("units", [most_units, by_root])
def test_counts_of_weights_pass(capsys, units):
    right(capsys, chapter_7.as_many_weights, vanilla, lstm, units)


@pytest.mark.parametrize("count, because", [
    (lambda d, n: 4 * (d * n + n**2), "forgets the biases"),
    (lambda d, n: 4 * (d * n + n**2) + n, "biases once"),
    (lambda d, n: 4 * (d * n + n), "from state to state"),
    (lambda d, n: 4 * (n**2 + n), "from the input"),
    (lambda d, n: 4 * (d * n + n**2 + d), "one bias for each feature"),
    (lambda d, n: 4 * (d * n + d**2 + d), "features and units for each other"),
    (lambda d, n: 3 * vanilla(d, n), "The candidate has weights"),
    (vanilla, "one gate, or of a vanilla layer"),
    (lambda d, n: 10400, "shape of each array"),
])  # fmt: skip
def test_a_wrong_count_of_the_lstm_is_named(capsys, count, because):
    wrong(capsys, chapter_7.as_many_weights, vanilla, count, most_units, because=because)


def test_a_wrong_count_of_the_vanilla_layer_is_named(capsys):
    wrong(
        capsys,
        chapter_7.as_many_weights,
        lstm,
        lstm,
        most_units,
        because="vanilla_weights counts the weights of an LSTM",
    )
    wrong(
        capsys,
        chapter_7.as_many_weights,
        lambda d, n: d * n + n**2,
        lstm,
        most_units,
        because="forgets the biases",
    )


@pytest.mark.parametrize("units, because", [
    (lambda d, n: 2 * n, "2 times the units"),
    (lambda d, n: 4 * n, "4 times the units"),
    (lambda d, n: most_units(d, n) + 1, "too many"),
    (lambda d, n: most_units(d, n) - 1, "one unit more"),
    (lambda d, n: 122, "too many"),
    (lambda d, n: 0, "one unit or more"),
    (lambda d, n: by_root(d, n) + 0.5, "whole number"),
])  # fmt: skip
def test_a_wrong_number_of_units_is_named(capsys, units, because):
    wrong(capsys, chapter_7.as_many_weights, vanilla, lstm, units, because=because)


# 3. Words shuffled


def control(wires, rng):
    return [[*wire[:1], *rng.permutation(wire[1:-2]).tolist(), *wire[-2:]] for wire in wires]


def with_arrays(wires, rng):
    result = []
    for wire in wires:
        wire = np.array(wire)
        wire[1:-2] = rng.permutation(wire[1:-2])
        result.append(wire)
    return result


@pytest.mark.parametrize("shuffled", [control, with_arrays])
def test_a_control_passes_as_lists_and_as_arrays(capsys, shuffled):
    right(capsys, chapter_7.words_shuffled, shuffled)


def in_place(wires, rng):
    for wire in wires:
        words = wire[1:-2]
        rng.shuffle(words)
        wire[1:-2] = words
    return wires


def wires_swapped(wires, rng):
    return [control(wires, rng)[k] for k in rng.permutation(len(wires))]


def pooled(wires, rng):
    words = rng.permutation(np.concatenate([wire[1:-2] for wire in wires])).tolist()
    return [[wire[0], *(words.pop() for _ in wire[1:-2]), *wire[-2:]] for wire in wires]


def with_replacement(wires, rng):
    return [
        [wire[0], *(wire[1:-2][k] for k in rng.integers(len(wire) - 3, size=len(wire) - 3)), *wire[-2:]]
        for wire in wires
    ]


def same_for_all(wires, rng):
    seed = rng.integers(1000)
    return [control([wire], np.random.default_rng(seed))[0] for wire in wires]


@pytest.mark.parametrize("shuffled, because", [
    (in_place, "Work on a copy"),
    (wires_swapped, "changed places"),
    (pooled, "from one wire to another"),
    (same_for_all, "in the same way"),
    (lambda wires, rng: [list(wire) for wire in wires], "old order"),
    (lambda wires, rng: [[wire[0], *wire[-3:0:-1], *wire[-2:]] for wire in wires], "not a random one"),
    (lambda wires, rng: [rng.permutation(wire).tolist() for wire in wires], "start mark"),
    (lambda wires, rng: [[wire[0], *rng.permutation(wire[1:]).tolist()] for wire in wires], "last two"),
    (lambda wires, rng: [[wire[0], *rng.permutation(wire[1:-1]).tolist(), wire[-1]] for wire in wires], "last two"),
    (lambda wires, rng: [rng.permutation(wire[1:-2]).tolist() for wire in wires], "as many ids as before"),
    (lambda wires, rng: control(wires, rng)[1:], "came out"),
    (lambda wires, rng: control(wires, np.random.default_rng()), "Draw from rng only"),
    (with_replacement, "without replacement"),
])  # fmt: skip
def test_a_control_that_changes_more_than_the_order_is_named(capsys, shuffled, because):
    wrong(capsys, chapter_7.words_shuffled, shuffled, because=because)


# 4. On the same wires


def mcnemar(y_true, first, second, tails=2, trials=None):
    first, second = first == y_true, second == y_true
    only_first, only_second = np.sum(first & ~second), np.sum(~first & second)
    trials = trials or int(only_first + only_second)
    tail = sum(comb(trials, k) for k in range(min(only_first, only_second) + 1)) / 2**trials
    return only_first, only_second, min(1.0, tails * tail)


def by_scipy(y_true, first, second):
    from scipy.stats import binomtest

    only_first = int(np.sum((first == y_true) & (second != y_true)))
    only_second = int(np.sum((first != y_true) & (second == y_true)))
    count = only_first + only_second
    return only_first, only_second, binomtest(only_first, count).pvalue if count else 1.0


@pytest.mark.parametrize("test", [mcnemar, by_scipy])
def test_the_exact_test_passes_by_hand_and_by_scipy(capsys, test):
    right(capsys, chapter_7.on_the_same_wires, test)


def any_difference(y_true, first, second):
    return np.sum(first != second), np.sum(first != second), 1.0


def all_right(y_true, first, second):
    return np.sum(first == y_true), np.sum(second == y_true), 1.0


def shares(y_true, first, second):
    only_first, only_second, p = mcnemar(y_true, first, second)
    return only_first / len(y_true), only_second / len(y_true), p


def swapped(y_true, first, second):
    only_first, only_second, p = mcnemar(y_true, first, second)
    return only_second, only_first, p


def not_capped(y_true, first, second):
    only_first, only_second, _ = mcnemar(y_true, first, second)
    return only_first, only_second, 2 * mcnemar(y_true, first, second, tails=1)[2]


def this_very_outcome(y_true, first, second):
    only_first, only_second, _ = mcnemar(y_true, first, second)
    count = int(only_first + only_second)
    return only_first, only_second, comb(count, int(only_first)) / 2**count


def chi_squared(y_true, first, second, correction=0):
    only_first, only_second, _ = mcnemar(y_true, first, second)
    apart = max(0, abs(int(only_first) - int(only_second)) - correction)
    return only_first, only_second, erfc(apart / sqrt(2 * max(1, only_first + only_second)))


@pytest.mark.parametrize("test, because", [
    (any_difference, "both may be wrong"),
    (all_right, "all the wires that each model gets right"),
    (shares, "shares of the wires"),
    (swapped, "changed places"),
    (not_capped, "above 1"),
    (lambda *a: mcnemar(*a, tails=1), "one tail"),
    (this_very_outcome, "this very outcome"),
    (chi_squared, "chi-squared"),
    (lambda *a: chi_squared(*a, correction=1), "chi-squared"),
    (lambda *a: mcnemar(*a, trials=len(a[0])), "once for each wire on which the models differ"),
    (lambda *a: (*mcnemar(*a)[:2], 0.03), "fair coin"),
    (lambda *a: mcnemar(*a)[2], "two counts and a p-value"),
    (lambda *a: (1, 2, 0.5), "mcnemar counts 1"),
])  # fmt: skip
def test_a_wrong_comparison_is_named(capsys, test, because):
    wrong(capsys, chapter_7.on_the_same_wires, test, because=because)


# 5. An interval that keeps its word


def coverage(interval, rate, trials, counts=None, weigh=True):
    held = []
    for count in counts or range(trials + 1):
        low, high = interval(count / trials, trials)
        weight = (
            comb(trials, count) * rate**count * (1 - rate) ** (trials - count) if weigh else 1 / (trials + 1)
        )
        held.append(weight * (low <= rate <= high))
    return sum(held)


def simulated(interval, rate, trials):
    counts = np.random.default_rng(0).binomial(trials, rate, size=20000)
    ends = {count: interval(count / trials, trials) for count in np.unique(counts)}
    return np.mean([ends[count][0] <= rate <= ends[count][1] for count in counts])


@pytest.mark.parametrize("answer", [coverage, simulated])
def test_a_coverage_passes_summed_and_simulated(capsys, answer):
    said = right(capsys, chapter_7.keeps_its_word, answer)
    assert "78 %" in said and "94 %" in said


def holds_the_share(interval, rate, trials):
    ends = [interval(count / trials, trials) for count in range(trials + 1)]
    weights = [comb(trials, c) * rate**c * (1 - rate) ** (trials - c) for c in range(trials + 1)]
    return sum(
        w for c, (w, (low, high)) in enumerate(zip(weights, ends, strict=True)) if low <= c / trials <= high
    )


@pytest.mark.parametrize("answer, because", [
    (lambda *case: 100 * coverage(*case), "percent"),
    (holds_the_share, "the share that was seen"),
    (lambda *case: coverage(*case, weigh=False), "Weigh each"),
    (lambda *case: coverage(*case, counts=range(case[2])), "all right"),
    (lambda *case: coverage(*case, counts=range(1, case[2] + 1)), "none right"),
    (lambda *case: 1 - coverage(*case), "outside"),
    (lambda interval, rate, trials: interval(rate * trials, trials), "raised ValueError"),
    (lambda *case: 0.95, "possible numbers of right answers"),
])  # fmt: skip
def test_a_wrong_coverage_is_named(capsys, answer, because):
    wrong(capsys, chapter_7.keeps_its_word, answer, because=because)


def test_the_check_tries_the_book_s_own_interval(capsys):
    tried = []

    def watching(interval, rate, trials):
        tried.append(interval)
        return coverage(interval, rate, trials)

    right(capsys, chapter_7.keeps_its_word, watching)
    assert wilson_interval in tried
