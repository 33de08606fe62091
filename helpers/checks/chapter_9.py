"""Checks of the exercises of chapter 9, beating the bag of words."""

from math import ceil

import numpy as np

from helpers.checks.verdict import NotYet, called, exercise, number, shown, whole_number


@exercise
def perplexity_of_wires(perplexity):
    """Check a perplexity over wires of different lengths.

    Parameters
    ----------
    perplexity : function of (losses, lengths)
        Takes losses in nats, an array of shape (wires, steps) with zeros behind the text, and the number of words of
        each wire; returns the perplexity.
    """
    rng = np.random.default_rng(0)
    cases = []
    for wires, steps in ((6, 9), (40, 20), (1, 5), (3, 4)):
        lengths = rng.integers(1, steps + 1, size=wires)
        lengths[0] = 2  # so that there is padding, and the wires differ
        losses = rng.gamma(1.0, 1.5 + 2 * rng.random((wires, 1)), size=(wires, steps))
        losses[np.arange(steps) >= lengths[:, None]] = 0
        cases.append((losses, lengths))
    cases.append((np.full((2, 3), np.log(10)), np.array([3, 3])))
    # A model may be sure of a word: its loss is 0, and still a word.
    cases.append((np.array([[0.0, np.log(4), 0.0], [np.log(4), 0.0, 0.0]]), np.array([2, 3])))

    answers = [
        number(called(perplexity, "perplexity", losses.copy(), lengths.copy()), "the perplexity")
        for losses, lengths in cases
    ]
    if _same(answers, [_perplexity(*case) for case in cases]):
        return "Every word of every wire counts the same, wherever it stands."
    wrong = {
        "that is the mean loss. The perplexity is e to that.": lambda x, n: x.sum() / n.sum(),
        "the mean is taken over the padding as well: it is no word, and lowers the mean.": lambda x, n: (
            np.exp(x.mean())
        ),
        "2 is raised to a loss in nats. The base must be that of the logarithm.": lambda x, n: (
            2 ** (x.sum() / n.sum())
        ),
        "the wires count the same, so a word of a short wire counts more than one of a long wire. Take the mean over "
        "all words.": lambda x, n: np.exp(np.mean(x.sum(axis=1) / n)),
        "that is the mean of the wires' perplexities. The mean comes first, e to it last.": lambda x, n: (
            np.mean(np.exp(x.sum(axis=1) / n))
        ),
        "e is taken of each loss, and then the mean. The mean comes first.": lambda x, n: (
            np.sum(np.exp(x) * (np.arange(x.shape[1]) < n[:, None])) / n.sum()
        ),
        "a loss of 0 is not always padding: a model may be sure of a word. Go by the lengths.": lambda x, n: (
            np.exp(x.sum() / max(1, np.count_nonzero(x)))
        ),
        "that is e to minus the mean loss, the probability of a typical word.": lambda x, n: np.exp(
            -x.sum() / n.sum()
        ),
    }
    for what, formula in wrong.items():
        if _same(answers, [formula(*case) for case in cases]):
            raise NotYet(what)
    place = _first_difference(answers, [_perplexity(*case) for case in cases])
    losses, lengths = cases[place]
    raise NotYet(
        f"for {len(lengths)} wires with {lengths.sum()} words in all, the perplexity is not {answers[place]:.4g}. "
        "What is the mean loss of one word?"
    )


def _perplexity(losses, lengths):
    return float(np.exp(losses.sum() / lengths.sum()))


@exercise
def company_beyond_chance(positive_pmi):
    """Check positive pointwise mutual information.

    Parameters
    ----------
    positive_pmi : function of counts
        Takes how often two words met, an array of shape (words, words), symmetric, and every word met some word;
        returns an array of the same shape.
    """
    rng = np.random.default_rng(0)
    tables = [np.array([[0.0, 4.0, 1.0], [4.0, 0.0, 1.0], [1.0, 1.0, 6.0]])]
    for words in (2, 5, 12):
        half = rng.poisson(1.2, size=(words, words)) + np.eye(words)
        tables.append((half + half.T) * rng.choice([0.5, 1.0, 3.0]))
    tables.append(np.outer([1.0, 2.0, 4.0], [1.0, 2.0, 4.0]))  # all by chance
    answers = []
    for counts in tables:
        before = counts.copy()
        with np.errstate(divide="ignore", invalid="ignore"):
            given = called(positive_pmi, "positive_pmi", counts)
        if not np.array_equal(counts, before):
            raise NotYet("positive_pmi changes the counts that it is given. Work on a copy.")
        answers.append(_table(given, counts.shape))
    wanted = [_pmi(counts) for counts in tables]
    if _same_tables(answers, wanted):
        return "Words that meet by chance get 0, however often they meet."
    if any(not np.isfinite(answer).all() for answer in answers):
        raise NotYet(
            "where two words never met, the logarithm of 0 is not a number one can go on with. These pairs get 0."
        )
    wrong = {
        "some values are negative. Pairs that meet less often than by chance get 0.": _pmi_signed,
        "the logarithm has the base 2, the text takes the natural one: your values are too large by one factor.": (
            lambda c: _pmi(c) / np.log(2)
        ),
        "the values are all too low, by one and the same amount before they are cut off at 0: is the total of the "
        "counts in it?": lambda c: _pmi_general(c, c / np.outer(c.sum(1), c.sum(1))),
        "this compares with how frequent one of the two words is. Chance depends on both.": lambda c: (
            _pmi_general(c, c / c.sum(axis=1, keepdims=True))
        ),
        "this is the ratio of counted and expected, without its logarithm.": lambda c: (
            c * c.sum() / np.outer(c.sum(1), c.sum(1))
        ),
        "the logarithm is of one plus the ratio. Then nothing is ever below chance.": lambda c: np.log1p(
            c * c.sum() / np.outer(c.sum(1), c.sum(1))
        ),
        "the power 0.75 of the neighbours' counts is a refinement that was not asked for here.": _pmi_powered,
    }
    for what, formula in wrong.items():
        with np.errstate(divide="ignore", invalid="ignore"):
            if _same_tables(answers, [formula(counts) for counts in tables]):
                raise NotYet(what)
    if any((answer < -1e-9).any() for answer in answers):
        raise NotYet("some values are negative. Pairs that meet less often than by chance get 0.")
    place = next(k for k in range(len(tables)) if not np.allclose(answers[k], wanted[k], atol=1e-6))
    a, b = np.argwhere(~np.isclose(answers[place], wanted[place], atol=1e-6))[0]
    met = tables[place]
    raise NotYet(
        f"two words that met {met[a, b]:g} times, and {met[a].sum():g} and {met[b].sum():g} times any word, of "
        f"{met.sum():g} in all, do not get {answers[place][a, b]:.4g}. How often would they have met by chance?"
    )


def _table(answer, shape):
    try:
        values = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        raise NotYet(f"positive_pmi should return an array of numbers, got {shown(answer)}.") from None
    if values.shape != shape:
        raise NotYet(f"positive_pmi should return an array of shape {shape}, got {values.shape}.")
    return values


def _pmi_general(counts, ratio):
    surprise = np.log(ratio, out=np.full(counts.shape, -np.inf), where=counts > 0)
    return np.maximum(surprise, 0)


def _pmi(counts):
    return _pmi_general(counts, counts * counts.sum() / np.outer(counts.sum(axis=1), counts.sum(axis=1)))


def _pmi_signed(counts):
    ratio = counts * counts.sum() / np.outer(counts.sum(axis=1), counts.sum(axis=1))
    return np.log(ratio, out=np.zeros(counts.shape), where=counts > 0)


def _pmi_powered(counts):
    totals = counts.sum(axis=1)
    chance = totals**0.75 / np.sum(totals**0.75)
    return _pmi_general(counts, counts / np.outer(totals, chance))


@exercise
def nearest_word(nearest):
    """Check a search for the word most like another.

    Parameters
    ----------
    nearest : function of (vectors, word)
        Takes an array of shape (words, features), of which some rows may be zero, and the number of one row that is
        not; returns the number of another row, the one with the largest cosine.
    """
    rng = np.random.default_rng(0)
    cases, wanted = [], []
    for words, features in ((5, 3), (30, 4), (200, 10), (12, 2)):
        vectors = rng.normal(size=(words, features)) * rng.gamma(1.0, 2.0, size=(words, 1))
        vectors[3] = vectors[0] + 0.1  # so that some word is like the first and the last one
        vectors[2] = vectors[-1] - 0.1
        vectors[1] = 0  # a word that no text uses
        for word in (0, *range(4, words, 5), words - 1):
            if _cosines(vectors, word)[np.arange(words) != word].max() < 0.1:
                continue  # a row of zeros might win
            cases.append((vectors, word))
            wanted.append(_nearest(vectors, word))
    answers = []
    for vectors, word in cases:
        with np.errstate(divide="ignore", invalid="ignore"):
            answer = whole_number(called(nearest, "nearest", vectors.copy(), word), "nearest(vectors, word)")
        if not 0 <= answer < len(vectors):
            raise NotYet(f"there are rows 0 to {len(vectors) - 1}, and nearest returns {answer}.")
        answers.append(answer)
    if answers == wanted:
        return "The angle counts, not the length: how frequent a word is makes no difference."
    if answers == [word for _, word in cases]:
        raise NotYet("the word most like a word is the word itself. Leave it out.")
    if all(answer == 1 for answer in answers):
        raise NotYet(
            "a row of zeros has no direction, and dividing by its length gives nan, which wins. Watch for it."
        )
    wrong = {
        "long rows win, whatever their direction. Divide by the lengths.": lambda v, w: v @ v[w],
        "that is the row at the smallest distance. A word in the same direction may be far away, if its row is long.": (
            lambda v, w: -np.linalg.norm(v - v[w], axis=1)
        ),
        "that is the least alike: the smallest cosine.": lambda v, w: -_cosines(v, w),
        "a row in the opposite direction is not alike. The sign of the cosine counts.": lambda v, w: np.abs(
            _cosines(v, w)
        ),
    }
    for what, likeness in wrong.items():
        if answers == [_best(likeness(*case), case[1]) for case in cases]:
            raise NotYet(what)
    if any(answer == 1 for answer in answers):
        raise NotYet("once it finds the row of zeros, which is like nothing. Its cosine should not win.")
    if any(answer == word for answer, (_, word) in zip(answers, cases, strict=True)):
        raise NotYet("once it finds the word itself. Leave it out.")
    place = _first_difference(answers, wanted)
    vectors, word = cases[place]
    raise NotYet(
        f"among {len(vectors)} rows of {vectors.shape[1]} numbers, row {answers[place]} is not the one with the "
        f"largest cosine to row {word}."
    )


def _cosines(vectors, word):
    lengths = np.linalg.norm(vectors, axis=1)
    directions = vectors / np.where(lengths > 0, lengths, 1)[:, None]
    return directions @ directions[word]


def _best(likeness, word):
    likeness = np.array(likeness, dtype=float)
    likeness[word] = -np.inf
    return int(np.argmax(likeness))


def _nearest(vectors, word):
    return _best(np.where(vectors.any(axis=1), _cosines(vectors, word), -np.inf), word)


@exercise
def honest_report(report):
    """Check which accuracy is reported for a setting that had to be chosen.

    Parameters
    ----------
    report : function of (validation, test)
        Takes two arrays of shape (settings, seeds), accuracies on validation and on test wires; returns the accuracy
        that an honest page reports.
    """
    rng = np.random.default_rng(0)
    cases = []
    for settings, seeds in 3 * ((4, 5), (20, 3), (7, 5), (12, 10), (3, 2)):
        good = rng.normal(0.9, 0.02, size=(settings, 1))
        validation = good + rng.normal(0, 0.02, size=(settings, seeds))
        test = good + rng.normal(0, 0.02, size=(settings, seeds))
        cases.append((np.round(validation, 4), np.round(test, 4)))
    answers = [
        number(called(report, "report", validation.copy(), test.copy()), "the accuracy")
        for validation, test in cases
    ]
    if _same(answers, [_honest(*case) for case in cases]):
        gain = _flattered(20, 0.92, 599)
        return (
            "The test wires had no say in it. With 20 settings that are all equally good, choosing on 599 test wires "
            f"would have flattered the report by {100 * gain:.1f} points on average."
        )
    wrong = {
        "the test wires choose the setting here. Then they can no longer tell how good it is.": lambda v, t: (
            t.mean(axis=1).max()
        ),
        "that is the best of all runs on the test wires: they chose both the setting and the seed.": lambda v, t: (
            t.max()
        ),
        "that is the accuracy on the validation wires by which the setting was chosen. It flatters it; the test wires "
        "are for the report.": lambda v, t: v.mean(axis=1).max(),
        "the right setting, but of its seeds the one that did best on the test wires.": lambda v, t: t[
            v.mean(axis=1).argmax()
        ].max(),
        "the single best run on the validation wires decides. A lucky seed is no better setting: compare the means, "
        "and report the mean.": lambda v, t: t.ravel()[v.argmax()],
        "the setting of the single luckiest run is chosen. Compare the means over seeds.": lambda v, t: t[
            np.unravel_index(v.argmax(), v.shape)[0]
        ].mean(),
        "that is one seed of the chosen setting. Report the mean over its seeds.": lambda v, t: t[
            v.mean(axis=1).argmax(), 0
        ],
        "that is one seed of the chosen setting, picked on the validation wires. Report the mean over its seeds.": (
            lambda v, t: t[v.mean(axis=1).argmax(), v[v.mean(axis=1).argmax()].argmax()]
        ),
        "that is the worst setting.": lambda v, t: t[v.mean(axis=1).argmin()].mean(),
        "that is the mean over all settings. One had to be chosen.": lambda v, t: t.mean(),
        "validation and test wires choose together here. The test wires should have no say.": lambda v, t: t[
            (v + t).mean(axis=1).argmax()
        ].mean(),
    }
    for what, formula in wrong.items():
        if _same(answers, [formula(*case) for case in cases]):
            raise NotYet(what)
    place = _first_difference(answers, [_honest(*case) for case in cases])
    settings, seeds = cases[place][0].shape
    raise NotYet(
        f"with {settings} settings and {seeds} seeds of each, {answers[place]:.4f} is not what an honest page reports. "
        "Which wires choose, and which are for the report?"
    )


def _honest(validation, test):
    return float(test[validation.mean(axis=1).argmax()].mean())


def _flattered(settings, rate, wires):
    """Return how much the best of some equally good models seems better than it is, on average."""
    right = np.random.default_rng(0).binomial(wires, rate, size=(4000, settings))
    return float(right.max(axis=1).mean() / wires - rate)


@exercise
def enough_wires(wires_needed):
    """Check how many test wires a difference between two models needs.

    Parameters
    ----------
    wires_needed : function of (only_first, only_second)
        Takes the share of wires that only the first model gets right, and that only the second does; returns the
        smallest number of test wires at which the difference is at least 1.96 standard errors.
    """
    cases = [(0.005, 0.015), (0.0025, 0.0125), (0.1, 0.2), (0.03, 0.01), (0.0, 0.02), (0.4, 0.1)]
    answers = [number(called(wires_needed, "wires_needed", *case), f"wires_needed{case}") for case in cases]
    exact = [_wires_before_rounding(*case) for case in cases]
    if np.all(np.abs(np.subtract(answers, exact)) < 1):
        if any(answer != int(answer) or answer < least for answer, least in zip(answers, exact, strict=True)):
            raise NotYet("with so many wires the difference is not quite 1.96 standard errors. Round up.")
        return (
            "If eight wires of 599 fall to one side and two to the other, it takes about "
            f"{ceil(_wires_before_rounding(2 / 599, 8 / 599)):,} wires like these to tell the difference from "
            "nothing by this rule."
        )
    formulas = {
        "the two models are treated as if they had read different wires. Only those on which they disagree make the "
        "difference uncertain.": lambda a, b: 1.96**2 * 2 * 0.92 * 0.08 / (a - b) ** 2,
        "that is the number of wires on which the models disagree. The question is how many there are in all.": (
            lambda a, b: 1.96**2 * (a + b - (a - b) ** 2) / (a - b) ** 2 * (a + b)
        ),
        "1.96 standard errors are wanted, not one.": lambda a, b: (a + b - (a - b) ** 2) / (a - b) ** 2,
        "1.96 must be squared, too, when the equation is solved for the number of wires.": lambda a, b: (
            1.96 * (a + b - (a - b) ** 2) / (a - b) ** 2
        ),
        "the standard error falls with the square root of the number of wires, so the difference enters squared.": (
            lambda a, b: 1.96**2 * (a + b - (a - b) ** 2) / abs(a - b)
        ),
    }
    for what, formula in formulas.items():
        if _near(answers, [formula(*case) for case in cases]):
            raise NotYet(what)
    # Without the square of the difference it is a little too many wires, which shows where the difference is large.
    if _near(answers, [1.96**2 * (a + b) / (a - b) ** 2 for a, b in cases]):
        raise NotYet(
            "nearly: the variance of one wire is the mean of the squares less the square of the mean, and the second "
            "part is missing."
        )
    if any(answer <= 0 for answer in answers):
        raise NotYet(
            "a number of wires came out at 0 or below. Which model is the better one should not matter."
        )
    place = int(np.argmax(np.abs(np.subtract(answers, exact)) >= 1))
    raise NotYet(
        f"wires_needed{cases[place]} is not {answers[place]:,.0f}. Let each wire count 1, −1 or 0. What is the mean, "
        "what the variance, and what the standard error of the mean of n wires?"
    )


def _wires_before_rounding(only_first, only_second):
    difference = only_first - only_second
    variance = only_first + only_second - difference**2
    return 1.96**2 * variance / difference**2 - 1e-9


def _near(answers, values):
    return bool(np.all(np.abs(np.subtract(answers, values)) <= 1.0 + 1e-3 * np.abs(values)))


def _same(answers, values):
    return bool(np.allclose(answers, values, rtol=1e-6, atol=1e-9))


def _same_tables(answers, values):
    return all(
        np.isfinite(value).all() and np.allclose(answer, value, atol=1e-6)
        for answer, value in zip(answers, values, strict=True)
    )


def _first_difference(answers, values):
    return int(np.argmax(~np.isclose(answers, values, rtol=1e-6, atol=1e-9)))
