"""Checks for the exercises of chapter 7: what a gate keeps, how many weights, a control, a comparison, an interval."""

from collections import Counter
from math import comb, erfc, sqrt

import numpy as np

from helpers.checks.verdict import NotYet, called, exercise, number, shown, whole_number
from helpers.scores import wilson_interval

FORGET = 0.9  # the forget gate of the first exercise


@exercise
def left_in_the_cell(after_17, after_33, gate):
    """Check what a forget gate of 0.9 leaves of a cell state, and the gate that leaves half of it after 33 steps.

    Parameters
    ----------
    after_17, after_33 : float
        Shares of the cell state, from 0 to 1.
    gate : float
    """
    for name, answer, steps in (("after_17", after_17, 17), ("after_33", after_33, 33)):
        _share_left(number(answer, name), name, steps)
    gate = number(gate, "gate")
    if gate > 1:
        raise NotYet(
            "gate lies above 1. A gate is what comes out of the logistic function, so it is between 0 and 1."
        )
    if gate <= 0:
        raise NotYet("a gate that is shut leaves nothing. Which one leaves a half after 33 steps?")
    if abs(gate - 0.5 ** (1 / 17)) < 0.002:
        raise NotYet("gate leaves a half after 17 steps. The question is about 33.")
    if abs(gate - (1 - 0.5 / 33)) < 0.0015:
        raise NotYet(
            "gate takes an equal piece off at each step. A gate multiplies: each step takes less than the last."
        )
    left = gate**33
    if not 0.49 <= left <= 0.52:
        raise NotYet(
            f"a gate of {gate:g} leaves {left:.3f} after 33 steps, {'more' if left > 0.5 else 'less'} than a half."
        )
    return "Gates multiply, so what lies below 1 by a little is far below it after a whole silence."


def _share_left(answer, name, steps):
    """Compare a share with the true one; name the usual ways to miss it."""
    left = FORGET**steps
    if abs(answer - left) <= 0.06 * left:
        return
    if answer > 1:
        raise NotYet(f"{name} should be a share from 0 to 1, got {answer:g}. (16 % is the share 0.16.)")
    if answer <= 0 or abs(answer - (1 - (1 - FORGET) * steps)) < 1e-6:
        raise NotYet(
            f"{name}: each step takes a tenth of what is still there, not a tenth of what was there at first."
        )
    if abs(answer - (1 - left)) < 0.01:
        raise NotYet(f"{name} is the share that is lost. What is left?")
    logistic = 1 / (1 + np.exp(-FORGET))
    if abs(answer - logistic**steps) < 0.1 * logistic**steps:
        raise NotYet(f"{name}: 0.9 is the gate itself. It has been through the logistic function already.")
    if min(abs(answer - FORGET ** (steps + wrong)) for wrong in (-1, 1)) < 0.03 * left:
        raise NotYet(f"{name} is one step off: the gate multiplies once at each of the {steps} steps.")
    raise NotYet(f"{name}: got {answer:g}. What is left after one step, after two, after three?")


@exercise
def as_many_weights(vanilla_weights, lstm_weights, vanilla_units):
    """Check two counts of weights, and how many units make a vanilla layer as large as an LSTM.

    Parameters
    ----------
    vanilla_weights, lstm_weights : function of (features, units)
        Return a number of weights.
    vanilla_units : function of (features, units)
        Returns the most units of a vanilla layer that has no more weights than an LSTM layer of `units`.
    """
    _counts(vanilla_weights, "vanilla_weights", 1)
    _counts(lstm_weights, "lstm_weights", 4)
    for features, units in ((64, 50), (1, 50), (3, 2), (7, 1), (10, 33)):
        case = f"vanilla_units({features}, {units})"
        answer = whole_number(called(vanilla_units, "vanilla_units", features, units), case)
        budget = 4 * _one_set(features, units)
        if answer < 1:
            raise NotYet(f"{case} gives {answer}: a layer has one unit or more.")
        has, with_one_more = _one_set(features, answer), _one_set(features, answer + 1)
        if answer in (2 * units, 4 * units) and (has > budget or with_one_more <= budget):
            raise NotYet(
                f"{case} gives {answer // units} times the units of the LSTM. Weights do not grow in step with the "
                "units: those from state to state grow with their square, those from the input do not."
            )
        if has > budget:
            raise NotYet(
                f"{case} gives {answer}, a layer of {has:,} weights. The LSTM has {budget:,}: that is too many."
            )
        if with_one_more <= budget:
            raise NotYet(
                f"{case} gives {answer}, and one unit more would still be within the LSTM's {budget:,} weights."
            )
    return "Now two cells can be compared that differ in what they do with their weights, not in how many they have."


def _one_set(features, units):
    """Return the weights of a vanilla layer, or of one gate."""
    return features * units + units**2 + units


def _counts(function, name, sets):
    cases = [(1, 50), (64, 50), (3, 2), (7, 1), (10, 33)]
    answers = [whole_number(called(function, name, *case), f"{name}{case}") for case in cases]
    if answers == [sets * _one_set(*case) for case in cases]:
        return
    wrong = {
        "forgets the biases, one for each unit and each set of weights": lambda d, n: sets * (d * n + n**2),
        "counts the biases once. Each set of weights has its own": lambda d, n: sets * (d * n + n**2) + n,
        "leaves out the weights from state to state": lambda d, n: sets * (d * n + n),
        "leaves out the weights from the input": lambda d, n: sets * (n**2 + n),
        "counts one bias for each feature. There is one for each unit": lambda d, n: (
            sets * (d * n + n**2 + d)
        ),
        "takes features and units for each other": lambda d, n: sets * (d * n + d**2 + d),
        "counts three sets of weights, one a gate. The candidate has weights, too": lambda d, n: (
            3 * _one_set(d, n)
        ),
        "counts the weights of one gate, or of a vanilla layer": lambda d, n: _one_set(d, n),
        "counts the weights of an LSTM layer": lambda d, n: 4 * _one_set(d, n),
    }
    for what, formula in wrong.items():
        if answers == [formula(*case) for case in cases]:
            raise NotYet(f"{name} {what}.")
    case, answer = next((c, a) for c, a in zip(cases, answers, strict=True) if a != sets * _one_set(*c))
    raise NotYet(f"{name}{case} gives {answer:,}. Write down the shape of each array of weights, and count.")


@exercise
def words_shuffled(shuffled):
    """Check a control that shuffles the words of every wire.

    Parameters
    ----------
    shuffled : function of (wires, rng)
        Takes a list of lists of ids and a `numpy.random.Generator`; returns the wires in the same order, with the
        words of each in random order, but for its first id and its last two.
    """
    for sizes in ((30, 30, 30, 12, 49), (5, 3, 4, 40), (20,)):
        wires, before = _planted(sizes), _planted(sizes)
        given = _as_lists(called(shuffled, "shuffled", wires, np.random.default_rng(1)))
        if _as_lists(wires) != before:
            raise NotYet("shuffled changes the wires that it is given, so they are gone. Work on a copy.")
        _same_words(given, before)
        _marks_in_place(given, before)
        again = _as_lists(called(shuffled, "shuffled", _planted(sizes), np.random.default_rng(1)))
        if again != given:
            raise NotYet(
                "two generators with the same seed give two results. Draw from rng only, so that it can be repeated."
            )
        other = _as_lists(called(shuffled, "shuffled", _planted(sizes), np.random.default_rng(2)))
        if given == before:
            raise NotYet("the words are still in their old order.")
        if other == given:
            raise NotYet("every generator gives the same order. That is another order, but not a random one.")
    # Wires of one length, in which every id tells where it stood: has each wire an order of its own?
    orders = {
        tuple(i % 1000 for i in wire)
        for wire in _as_lists(shuffled(_planted((30,) * 5), np.random.default_rng(3)))
    }
    if len(orders) == 1:
        raise NotYet(
            "all wires are shuffled in the same way, so a place in the wire still means something. Draw for each."
        )
    return "Only the order is gone. What a network loses by it, it had from the order."


def _planted(sizes):
    """Return wires whose ids tell wire and place, between a start mark and a closing of two words."""
    return [[1, *(1000 * (k + 1) + place for place in range(size - 3)), 8, 9] for k, size in enumerate(sizes)]


def _as_lists(wires):
    try:
        return [[int(word) for word in wire] for wire in wires]
    except (TypeError, ValueError):
        raise NotYet(
            f"shuffled should return a list of wires, each a list of ids, got {shown(wires)}."
        ) from None


def _same_words(given, before):
    """Raise `NotYet` unless each wire has its own words, each as often as before."""
    if len(given) != len(before):
        raise NotYet(f"{len(before)} wires went in, {len(given)} came out.")
    bags, right = [Counter(wire) for wire in given], [Counter(wire) for wire in before]
    if bags == right:
        return
    if sorted(map(sorted, given)) == sorted(map(sorted, before)):
        raise NotYet("the wires have changed places. Their topics have not, and no longer belong to them.")
    if any(len(a) != len(b) for a, b in zip(given, before, strict=True)):
        raise NotYet(
            "a wire has not as many ids as before. First id, last two and the words between them all stay."
        )
    if sum(bags, Counter()) == sum(right, Counter()):
        raise NotYet("words have wandered from one wire to another. Shuffle within each wire.")
    raise NotYet(
        "a wire has other words than before: some are there twice, others are gone. Draw without replacement."
    )


def _marks_in_place(given, before):
    for a, b in zip(given, before, strict=True):
        if a[0] != b[0]:
            raise NotYet(
                "the start mark has left its place. A network that never saw it there is confused by that alone."
            )
        if a[-2:] != b[-2:]:
            raise NotYet('the last two ids, "reuter 3", have left their place.')


@exercise
def on_the_same_wires(mcnemar):
    """Check a comparison of two models on the same test wires.

    Parameters
    ----------
    mcnemar : function of (y_true, first, second)
        Takes three int arrays of shape (wires,); returns how many wires only the first model gets right, how many
        only the second, and the two-sided p-value of McNemar's exact test.
    """
    rng = np.random.default_rng(0)
    for wires, rates in (
        (599, (0.9, 0.92)),
        (599, (0.75, 0.9)),
        (60, (0.5, 0.5)),
        (41, (0.95, 0.6)),
        (5, (1, 0)),
    ):
        y_true = rng.integers(46, size=wires)
        models = [
            np.where(rng.random(wires) < rate, y_true, (y_true + rng.integers(1, 4, wires)) % 46)
            for rate in rates
        ]
        _counted(mcnemar, y_true, *models)
        _counted(mcnemar, y_true, *models[::-1])
    y_true = np.arange(8)
    _counted(mcnemar, y_true, y_true, y_true)  # no wire on which they differ
    even = [np.where(np.arange(8) % 2 == side, y_true, 45) for side in (0, 1)]
    _counted(mcnemar, y_true, *even)  # as many on either side
    return "Only wires on which one model is right and the other wrong bear on the question, and you count these."


def _counted(mcnemar, y_true, first, second):
    result = called(mcnemar, "mcnemar", y_true, first, second)
    try:
        only_first, only_second, p = result
    except (TypeError, ValueError):
        raise NotYet(f"mcnemar should return two counts and a p-value, got {shown(result)}.") from None
    a, b = first == y_true, second == y_true
    counts, right = (
        (number(only_first, "only_first"), number(only_second, "only_second")),
        (np.sum(a & ~b), np.sum(b & ~a)),
    )
    if counts != right:
        if counts == right[::-1]:
            raise NotYet("the two counts have changed places: the wires of the first model come first.")
        if counts == (np.sum(a), np.sum(b)):
            raise NotYet(
                "these are all the wires that each model gets right. Most of them the other gets right, too."
            )
        if counts == (np.sum(a & ~b) / len(a), np.sum(b & ~a) / len(a)):
            raise NotYet("these are shares of the wires. The test wants counts.")
        if counts[0] == counts[1] == np.sum(first != second):
            raise NotYet("where the answers differ, both may be wrong. Compare each with y_true.")
        raise NotYet(
            f"of {len(a)} wires, mcnemar counts {shown(only_first)} for the first model alone and {shown(only_second)} "
            f"for the second; {np.sum(a != b)} wires are right with one and wrong with the other."
        )
    _p_value(number(p, "the p-value"), *map(int, right), len(y_true))


def _p_value(p, only_first, only_second, wires):
    count, few = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(count, k) for k in range(few + 1)) / 2**count
    right = min(1.0, 2 * tail)
    if abs(p - right) <= 1e-6 + 1e-4 * right:
        return
    if p > 1:
        raise NotYet(
            "a p-value came out above 1. Where both sides are equal, the two tails overlap: 1 is the most."
        )
    if abs(p - tail) <= 1e-6 + 1e-4 * tail:
        raise NotYet("that is one tail. Either model might have been the better one, so both tails count.")
    if abs(p - min(1, 2 * comb(count, few) / 2**count)) < 1e-6 or abs(p - comb(count, few) / 2**count) < 1e-6:
        raise NotYet("that is the probability of this very outcome. Add those that are more lopsided.")
    for apart in (abs(only_first - only_second), max(0, abs(only_first - only_second) - 1)):
        if count and abs(p - erfc(apart / sqrt(2 * count))) < 1e-6:
            raise NotYet(
                "that is the approximate test, by chi-squared. With few wires it is off: add up the coins' chances."
            )
    unpaired = sum(comb(wires, k) for k in range(few + 1)) / 2**wires
    if right > 1e-3 and p < 1e-6 and abs(p - 2 * unpaired) < 1e-6:
        raise NotYet(
            "the coin is tossed once for each wire on which the models differ, not once for each test wire."
        )
    raise NotYet(
        f"the p-value for {only_first} wires against {only_second} is not {p:.4g}. How probable is it that a fair "
        "coin, tossed for each of them, falls at least as unevenly?"
    )


@exercise
def keeps_its_word(coverage):
    """Check how often an interval holds the true rate.

    Parameters
    ----------
    coverage : function of (interval, rate, trials)
        Takes a function that makes two ends from a share and a number of trials, the true rate, and the number of
        trials; returns the probability that the rate lies within.
    """
    cases = [
        (wilson_interval, 0.9, 599),
        (_textbook, 0.9, 37),
        (_textbook, 0.5, 2),
        (_textbook, 0.02, 5),
        (wilson_interval, 0.3, 1),
        (lambda share, trials: (0.0, share), 0.33, 20),
        (lambda share, trials: (0.0, 1.0), 0.7, 10),
        (lambda share, trials: (0.5, 0.6), 0.7, 10),
    ]
    answers = [number(called(coverage, "coverage", *case), "coverage(…)") for case in cases]
    wanted = [_coverage(*case) for case in cases]
    if not _all_near(answers, wanted, 0.015):
        wrong = {
            "coverage is a probability, from 0 to 1. This looks like percent.": [
                100 * value for value in wanted
            ],
            "this asks whether the interval holds the share that was seen. It always does; the true rate counts.": [
                _coverage(*case, target="share") for case in cases
            ],
            "every number of right answers counts the same here. Weigh each by its probability.": [
                _coverage(*case, weighted=False) for case in cases
            ],
            "one outcome is left out: all right. Of n trials, 0 to n can be right, n + 1 numbers.": [
                _coverage(*case, last=-1) for case in cases
            ],
            "one outcome is left out: none right. Of n trials, 0 to n can be right, n + 1 numbers.": [
                _coverage(*case, first=1) for case in cases
            ],
            "that is how often the rate lies outside.": [1 - value for value in wanted],
        }
        for what, values in wrong.items():
            if _all_near(answers, values, 0.015 * max(1, np.max(np.abs(values)))):
                raise NotYet(what)
        place = int(np.argmax(np.abs(np.subtract(answers, wanted))))
        raise NotYet(
            f"for a rate of {cases[place][1]} and {cases[place][2]} trials, one of the intervals that were tried has "
            f"a coverage that is not {answers[place]:.3f}. Go through all possible numbers of right answers."
        )
    textbook, wilson = (100 * coverage(interval, 0.96, 37) for interval in (_textbook, wilson_interval))
    return (
        f"With 37 wires and a true rate of 0.96, the textbook's 95 % interval holds the truth in {textbook:.0f} % of "
        f"all cases, Wilson's in {wilson:.0f} %."
    )


def _textbook(share, trials):
    half = 1.96 * sqrt(max(0.0, share * (1 - share)) / trials)
    return share - half, share + half


def _coverage(interval, rate, trials, *, target="rate", weighted=True, first=0, last=0):
    """Return the true coverage, or, with other arguments, what a mistake makes of it."""
    covered, total = 0.0, 0.0
    for right in range(first, trials + 1 + last):
        weight = comb(trials, right) * rate**right * (1 - rate) ** (trials - right) if weighted else 1
        low, high = interval(right / trials, trials)
        covered += weight * (low <= (rate if target == "rate" else right / trials) <= high)
        total += weight
    return covered if weighted else covered / total


def _all_near(answers, values, margin):
    return bool(np.all(np.abs(np.subtract(answers, values)) <= margin))
