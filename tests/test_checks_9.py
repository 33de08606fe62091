"""Chapter 9's checks: right answers pass, and each usual mistake is named."""

import math

import numpy as np
import pytest
from verdicts import right, wrong

from helpers.checks import chapter_9

NONSENSE = [None, "0.9", [1, 2], float("nan"), lambda *arguments: "many", lambda *arguments: 0.92]


@pytest.mark.parametrize(
    "check",
    [
        chapter_9.perplexity_of_wires,
        chapter_9.company_beyond_chance,
        chapter_9.nearest_word,
        chapter_9.honest_report,
        chapter_9.enough_wires,
    ],
)
def test_nonsense_is_answered_politely(capsys, check):
    for answer in NONSENSE:
        wrong(capsys, check, answer, because="")


# 1. Perplexity


def by_mask(losses, lengths):
    is_word = np.arange(losses.shape[1]) < lengths[:, None]
    return np.exp(losses[is_word].mean())


@pytest.mark.parametrize("perplexity", [by_mask, lambda x, n: math.exp(x.sum() / n.sum())])
def test_the_perplexity_passes(capsys, perplexity):
    right(capsys, chapter_9.perplexity_of_wires, perplexity)


@pytest.mark.parametrize("perplexity, because", [
    (lambda x, n: x.sum() / n.sum(), "that is the mean loss"),
    (lambda x, n: np.exp(x.mean()), "padding"),
    (lambda x, n: 2 ** (x.sum() / n.sum()), "base"),
    (lambda x, n: np.exp(np.mean(x.sum(axis=1) / n)), "the wires count the same"),
    (lambda x, n: np.mean(np.exp(x.sum(axis=1) / n)), "mean of the wires' perplexities"),
    (lambda x, n: np.mean([np.exp(v) for row, m in zip(x, n, strict=True) for v in row[:m]]), "e is taken of each"),
    (lambda x, n: np.exp(x[x > 0].mean()), "A loss of 0 is not always padding".lower()),
    (lambda x, n: np.exp(-x.sum() / n.sum()), "e to minus"),
    (lambda x, n: np.exp(x[:, 0].mean()), "What is the mean loss of one word?"),
])  # fmt: skip
def test_a_wrong_perplexity_is_named(capsys, perplexity, because):
    wrong(capsys, chapter_9.perplexity_of_wires, perplexity, because=because)


# 2. Positive PMI


def by_maximum(counts):
    totals = counts.sum(axis=1)
    return np.log(np.maximum(counts * counts.sum() / np.outer(totals, totals), 1))


def by_shares(counts):
    joint = counts / counts.sum()
    single = joint.sum(axis=0)
    with np.errstate(divide="ignore"):
        pmi = np.log(joint) - np.log(single)[:, None] - np.log(single)
    return np.where(pmi > 0, pmi, 0)


def pmi(counts):
    with np.errstate(divide="ignore"):
        totals = counts.sum(axis=1)
        return np.log(counts * counts.sum() / np.outer(totals, totals))


def changes_its_argument(counts):
    answer = by_maximum(counts)
    counts /= counts.sum()
    return answer


def powered(counts):
    totals = counts.sum(axis=1)
    chance = totals**0.75 / np.sum(totals**0.75)
    return np.log(np.maximum(counts / np.outer(totals, chance), 1))


@pytest.mark.parametrize("positive_pmi", [by_maximum, by_shares, lambda c: by_maximum(c).tolist()])
def test_positive_pmi_passes(capsys, positive_pmi):
    right(capsys, chapter_9.company_beyond_chance, positive_pmi)


@pytest.mark.parametrize("positive_pmi, because", [
    (pmi, "the logarithm of 0"),
    (lambda c: np.where(c > 0, pmi(c), 0), "some values are negative"),
    (lambda c: by_maximum(c) / np.log(2), "base 2"),
    (lambda c: np.log(np.maximum(c / np.outer(c.sum(1), c.sum(1)), 1)), "total"),
    (lambda c: np.log(np.maximum(c / c.sum(axis=1, keepdims=True), 1)), "Not yet"),
    (lambda c: c * c.sum() / np.outer(c.sum(1), c.sum(1)), "without its logarithm"),
    (lambda c: np.log1p(c * c.sum() / np.outer(c.sum(1), c.sum(1))), "one plus the ratio"),
    (powered, "0.75"),
    (changes_its_argument, "changes the counts"),
    (lambda c: by_maximum(c)[0], "shape"),
    (lambda c: np.zeros(c.shape), "Not yet"),
])  # fmt: skip
def test_a_wrong_pmi_is_named(capsys, positive_pmi, because):
    wrong(capsys, chapter_9.company_beyond_chance, positive_pmi, because=because)


# 3. The nearest word


def by_cosine(vectors, word):
    lengths = np.linalg.norm(vectors, axis=1)
    likeness = vectors @ vectors[word] / np.where(lengths > 0, lengths, 1)
    likeness[lengths == 0] = -np.inf
    likeness[word] = -np.inf
    return likeness.argmax()


def by_sorting(vectors, word):
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    order = np.argsort((vectors / lengths) @ (vectors / lengths)[word])[::-1]
    return [number for number in order if number != word][0]


def divided_by_zero(vectors, word):
    with np.errstate(invalid="ignore"):
        rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = rows @ rows[word]
    likeness[word] = -np.inf
    return likeness.argmax()


def best(likeness, word):
    likeness[word] = -np.inf
    return likeness.argmax()


def cosines(vectors, word):
    lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)
    return vectors @ vectors[word] / lengths / lengths[word]


@pytest.mark.parametrize("nearest", [by_cosine, by_sorting])
def test_the_nearest_word_passes(capsys, nearest):
    right(capsys, chapter_9.nearest_word, nearest)


@pytest.mark.parametrize("nearest, because", [
    (lambda v, w: cosines(v, w).argmax(), "the word itself"),
    (divided_by_zero, "nan"),
    (lambda v, w: best(v @ v[w], w), "long rows win"),
    (lambda v, w: best(-np.linalg.norm(v - v[w], axis=1), w), "smallest distance"),
    (lambda v, w: cosines(v, w).argmin(), "least alike"),
    (lambda v, w: best(np.abs(cosines(v, w)), w), "opposite direction"),
    (lambda v, w: len(v), "there are rows 0 to"),
    (lambda v, w: 0 if w else 2, "largest cosine"),
])  # fmt: skip
def test_a_wrong_neighbour_is_named(capsys, nearest, because):
    wrong(capsys, chapter_9.nearest_word, nearest, because=because)


# 4. What may be reported


def honest(validation, test):
    return test[np.argmax(validation.mean(axis=1))].mean()


def test_the_report_passes_and_tells_what_a_leak_would_have_gained(capsys):
    said = right(capsys, chapter_9.honest_report, honest)
    right_of_599 = np.random.default_rng(5).binomial(599, 0.92, size=(20000, 20)).max(axis=1)
    gain = 100 * (right_of_599.mean() / 599 - 0.92)
    assert f"{gain:.1f} points" in said


@pytest.mark.parametrize("report, because", [
    (lambda v, t: t.mean(axis=1).max(), "the test wires choose the setting"),
    (lambda v, t: t.max(), "best of all runs"),
    (lambda v, t: v.mean(axis=1).max(), "flatters"),
    (lambda v, t: t[v.mean(axis=1).argmax()].max(), "did best on the test wires"),
    (lambda v, t: t.ravel()[v.argmax()], "A lucky seed"),
    (lambda v, t: t[v.max(axis=1).argmax()].mean(), "single luckiest run"),
    (lambda v, t: t[v.mean(axis=1).argmax()][0], "one seed of the chosen setting. Report"),
    (lambda v, t: t[v.mean(axis=1).argmin()].mean(), "worst setting"),
    (lambda v, t: t.mean(), "over all settings"),
    (lambda v, t: t[(v + t).mean(axis=1).argmax()].mean(), "choose together"),
    (lambda v, t: t[0].mean(), "Which wires choose"),
])  # fmt: skip
def test_a_leak_is_named(capsys, report, because):
    wrong(capsys, chapter_9.honest_report, report, because=because)


# 5. How many wires


def needed(a, b):
    return math.ceil(1.96**2 * (a + b - (a - b) ** 2) / (a - b) ** 2)


def by_trying(a, b):
    """Return the first number of wires at which the difference is large enough."""
    wires = np.arange(1, 20000)
    error = np.sqrt((a + b - (a - b) ** 2) / wires)
    return wires[abs(a - b) >= 1.96 * error][0]


@pytest.mark.parametrize("wires_needed", [needed, by_trying])
def test_the_number_of_wires_passes(capsys, wires_needed):
    said = right(capsys, chapter_9.enough_wires, wires_needed)
    assert f"{needed(2 / 599, 8 / 599):,} wires" in said


@pytest.mark.parametrize("wires_needed, because", [
    (lambda a, b: 1.96**2 * 2 * 0.92 * 0.08 / (a - b) ** 2, "different wires"),
    (lambda a, b: needed(a, b) * (a + b), "on which the models disagree"),
    (lambda a, b: math.ceil((a + b - (a - b) ** 2) / (a - b) ** 2), "not one"),
    (lambda a, b: 1.96 * (a + b - (a - b) ** 2) / (a - b) ** 2, "1.96 must be squared"),
    (lambda a, b: 1.96**2 * (a + b - (a - b) ** 2) / abs(a - b), "the difference enters squared"),
    (lambda a, b: 1.96**2 * (a + b) / (a - b) ** 2, "the second part is missing"),
    (lambda a, b: 1.96**2 * (a + b - (a - b) ** 2) / (a - b) ** 2, "Round up"),
    (lambda a, b: needed(a, b) - 1, "Round up"),
    (lambda a, b: 1.96 / (a - b), "should not matter"),
    (lambda a, b: 1000, "Let each wire count"),
])  # fmt: skip
def test_a_wrong_number_of_wires_is_named(capsys, wires_needed, because):
    wrong(capsys, chapter_9.enough_wires, wires_needed, because=because)
