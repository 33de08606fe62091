"""Chapter 8's checks: right answers pass, and each usual mistake is named."""

from math import comb

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from verdicts import right, wrong

from helpers.checks import chapter_8

NONSENSE = [None, "0.9", [1, 2], float("nan"), {"a": 1}, lambda *arguments: "many", lambda *arguments: 0.5]


@pytest.mark.parametrize(
    "check",
    [
        chapter_8.saturation,
        chapter_8.input_shut,
        chapter_8.leave_one_out,
        chapter_8.score_of_a_name,
        chapter_8.luck,
    ],
)
def test_nonsense_and_constants_are_answered_politely(capsys, check):
    for answer in NONSENSE:
        wrong(capsys, check, answer, because="")


# 1. Saturation


def shares(gate, mask):
    read = gate[mask]
    return np.mean(read < 0.1), np.mean(read > 0.9)


def test_shares_in_other_forms(capsys):
    def by_loop(gate, mask):
        values = [
            v
            for g, m in zip(gate, mask, strict=True)
            for row, read in zip(g, m, strict=True)
            if read
            for v in row
        ]
        return [sum(v < 0.1 for v in values) / len(values), sum(v > 0.9 for v in values) / len(values)]

    right(capsys, chapter_8.saturation, shares)
    right(capsys, chapter_8.saturation, by_loop)


@pytest.mark.parametrize(
    ("mistake", "because"),
    [
        (lambda gate, mask: shares(gate, np.ones_like(mask)), "padding has been counted"),
        (lambda gate, mask: shares(gate, mask)[::-1], "changed places"),
        (lambda gate, mask: 100 * np.array(shares(gate, mask)), "percentages"),
        (lambda gate, mask: (np.sum(gate[mask] < 0.1), np.sum(gate[mask] > 0.9)), "counts"),
        (lambda gate, mask: shares(gate * mask[:, :, None], np.ones_like(mask)), "counts as shut"),
        (lambda gate, mask: shares(gate.mean(axis=2), mask), "averaged first"),
        (
            lambda gate, mask: np.mean([shares(g, m) for g, m in zip(gate, mask, strict=True)], axis=0),
            "wires have",
        ),
        (lambda gate, mask: shares(gate, mask)[0], "shape (2,)"),
        (lambda gate, mask: (0.2, 0.3), "not the shares"),
    ],
)
def test_mistakes_with_shares_are_named(capsys, mistake, because):
    wrong(capsys, chapter_8.saturation, mistake, because=because)


# 2. A shut gate


def cell_states(forget, write, candidate, start, late=0, frozen=False):
    c, states = 0.0, []
    for t in range(len(forget)):
        shut = t >= start + late
        c = (1 if shut and frozen else forget[t]) * c + (0 if shut else write[t] * candidate[t])
        states.append(c)
    return states


def test_shut_gates_in_other_forms(capsys):
    def on_arrays(forget, write, candidate, start):
        write[start:] = 0
        states = np.zeros(len(forget) + 1)
        for t in range(len(forget)):
            states[t + 1] = forget[t] * states[t] + write[t] * candidate[t]
        return states[1:]

    right(capsys, chapter_8.input_shut, cell_states)
    right(capsys, chapter_8.input_shut, on_arrays)


@pytest.mark.parametrize(
    ("mistake", "because"),
    [
        (lambda f, i, g, start: cell_states(f, i, g, 99), "never shut"),
        (lambda f, i, g, start: cell_states(f, i, g, start, frozen=True), "stays as it is"),
        (lambda f, i, g, start: cell_states(f, i, g, start, late=1), "one step too late"),
        (lambda f, i, g, start: cell_states(f, i, g, start, late=-1), "one step too early"),
        (
            lambda f, i, g, start: np.where(np.arange(len(f)) < start, cell_states(f, i, g, start), 0),
            "emptied",
        ),
        (lambda f, i, g, start: cell_states(i, f, g, start), "changed places"),
        (lambda f, i, g, start: np.tanh(cell_states(f, i, g, start)), "not these"),
        (lambda f, i, g, start: cell_states(f, i, g, start)[-1], "shape"),
    ],
)
def test_mistakes_with_a_shut_gate_are_named(capsys, mistake, because):
    wrong(capsys, chapter_8.input_shut, mistake, because=because)


# 3. Leave one out


def log_odds(p):
    return np.log(p / (1 - p))


def leaving_out(probability, ids, take=log_odds):
    return [take(probability(ids)) - take(probability(ids[:k] + ids[k + 1 :])) for k in range(len(ids))]


def test_leaving_out_in_another_form(capsys):
    def with_pop(probability, ids):
        found = []
        for k in range(len(ids)):
            rest = list(ids)
            rest.pop(k)
            p, q = probability(ids), probability(rest)
            found.append(np.log(p) - np.log1p(-p) - np.log(q) + np.log1p(-q))
        return np.array(found)

    right(capsys, chapter_8.leave_one_out, leaving_out)
    right(capsys, chapter_8.leave_one_out, with_pop)


def by_value(probability, ids):
    whole = log_odds(probability(ids))
    return [whole - log_odds(probability([i for i in ids if i != word])) for word in ids]


def with_zero(probability, ids):
    whole = log_odds(probability(ids))
    return [whole - log_odds(probability([*ids[:k], 0, *ids[k + 1 :]])) for k in range(len(ids))]


def by_prefix(probability, ids):
    path = [log_odds(probability(ids[:k])) for k in range(len(ids) + 1)]
    return np.diff(path)


def changing(probability, ids):
    found = leaving_out(probability, ids)
    ids.pop()
    return found


@pytest.mark.parametrize(
    ("mistake", "because"),
    [
        (lambda p, ids: -np.array(leaving_out(p, ids)), "sign"),
        (lambda p, ids: leaving_out(p, ids, take=lambda value: value), "differences of probabilities"),
        (lambda p, ids: leaving_out(p, ids, take=np.log), "log-probabilities"),
        (by_value, "left out twice"),
        (with_zero, "replaced by a 0"),
        (by_prefix, "words before it"),
        (changing, "changed the list"),
        (lambda p, ids: leaving_out(p, ids)[0], "shape"),
        (lambda p, ids: np.zeros(len(ids)), "not the differences"),
    ],
)
def test_mistakes_with_leaving_out_are_named(capsys, mistake, because):
    wrong(capsys, chapter_8.leave_one_out, mistake, because=because)


# 4. A name's score


def auc(states, holds):
    return np.mean(states[holds][:, np.newaxis] > states[~holds])


def test_scores_in_other_forms(capsys):
    right(capsys, chapter_8.score_of_a_name, lambda states, holds: abs(2 * auc(states, holds) - 1))
    right(capsys, chapter_8.score_of_a_name, lambda states, holds: abs(2 * roc_auc_score(holds, states) - 1))


@pytest.mark.parametrize(
    ("mistake", "because"),
    [
        (auc, "this is the AUC."),
        (lambda states, holds: 1 - auc(states, holds), "other way round"),
        (lambda states, holds: max(auc(states, holds), 1 - auc(states, holds)), "AUC"),
        (lambda states, holds: 2 * auc(states, holds) - 1, "sign"),
        (lambda states, holds: abs(np.corrcoef(states, holds)[0, 1]), "correlation"),
        (lambda states, holds: np.mean((states > np.median(states)) == holds), "threshold"),
        (lambda states, holds: 1.0, "not the score"),
    ],
)
def test_mistakes_with_scores_are_named(capsys, mistake, because):
    wrong(capsys, chapter_8.score_of_a_name, mistake, because=because)


# 5. Luck


def fisher(a, b, seeds):
    both = [
        (k, comb(seeds, k) * comb(seeds, a + b - k) / comb(2 * seeds, a + b))
        for k in range(seeds + 1)
        if 0 <= a + b - k <= seeds
    ]
    return both, abs(a - b)


def chance(a, b, seeds):
    both, gap = fisher(a, b, seeds)
    return sum(p for k, p in both if abs(k - (a + b - k)) >= gap)


def test_luck_in_another_form_is_fishers_exact_test(capsys):
    from scipy.stats import fisher_exact

    right(capsys, chapter_8.luck, chance)
    right(capsys, chapter_8.luck, lambda a, b, n: fisher_exact([[a, n - a], [b, n - b]])[1])


def one_half(a, b, seeds):
    coin = [comb(seeds, k) / 2**seeds for k in range(seeds + 1)]
    return sum(
        coin[i] * coin[j] for i in range(seeds + 1) for j in range(seeds + 1) if abs(i - j) >= abs(a - b)
    )


@pytest.mark.parametrize(
    ("mistake", "because"),
    [
        (lambda a, b, n: dict(fisher(a, b, n)[0])[a], "exactly this split"),
        (lambda a, b, n: chance(a, b, n) / 2, "one direction"),
        (lambda a, b, n: 1 - chance(a, b, n), "more even"),
        (
            lambda a, b, n: sum(p for k, p in fisher(a, b, n)[0] if abs(2 * k - a - b) > abs(a - b)),
            "just as uneven",
        ),
        (one_half, "one half"),
        (lambda a, b, n: abs(a - b) / n, "not the probability"),
    ],
)
def test_mistakes_with_luck_are_named(capsys, mistake, because):
    wrong(capsys, chapter_8.luck, mistake, because=because)
