"""Checks for the exercises of chapter 8: saturation, a shut gate, leaving words out, a name's score, luck."""

from math import comb

import numpy as np

from helpers.checks.verdict import NotYet, array, called, exercise, number
from helpers.inspection.names import FEWEST, detection

# 1. Saturation


@exercise
def saturation(shares):
    """Check a function that counts how often a gate is nearly shut and nearly open.

    Parameters
    ----------
    shares : function
        Of a gate, (wires, timesteps, units), and a mask, (wires, timesteps), True where a word was read; returns the
        share of values below 0.1 and the share above 0.9.
    """
    rng = np.random.default_rng(8)
    for wires, timesteps, units in ((3, 6, 4), (1, 9, 1), (5, 4, 2)):
        gate = rng.beta(0.6, 0.4, (wires, timesteps, units))
        lengths = rng.integers(1, timesteps, wires)
        mask = np.arange(timesteps) < lengths[:, np.newaxis]
        gate[~mask] = 0.95  # what a gate holds at padding, nobody reads
        found = array(called(shares, "shares", gate.copy(), mask.copy()), "shares(gate, mask)", (2,))
        _explain_shares(found, gate, mask)
    return "Only the words count, and each word of each unit counts once."


def _explain_shares(found, gate, mask):
    def of(values):
        return np.array([np.mean(values < 0.1), np.mean(values > 0.9)])

    right = of(gate[mask])
    if np.allclose(found, right, atol=1e-9):
        return
    per_wire = np.mean([of(g[m]) for g, m in zip(gate, mask, strict=True)], axis=0)
    slips = (
        (of(gate), "the padding has been counted, too. Take the values where the mask is True."),
        (right[::-1], "the two shares have changed places. Nearly shut comes first."),
        (100 * right, "these are percentages. A share lies between 0 and 1."),
        (right * gate[mask].size, "these are counts. Divide by the number of values that were read."),
        (
            of(np.where(mask[:, :, np.newaxis], gate, 0)),
            "the padding counts as shut. Leave it out, do not zero it.",
        ),
        (
            of(gate[mask].mean(axis=-1)),
            "the units have been averaged first. Each unit's gate counts by itself.",
        ),
        (
            per_wire,
            "the wires have been averaged: a short one then counts as much as a long one. Count words.",
        ),
    )
    for slip, told in slips:
        if np.allclose(found, slip, atol=1e-9):
            raise NotYet(told)
    raise NotYet(
        f"for {gate.shape[0]} wires of up to {mask.sum(axis=1).max()} words these are not the shares."
    )


# 2. A shut gate


@exercise
def input_shut(cell_states):
    """Check a function that computes the cell state of a unit whose input gate is shut from some step on.

    Parameters
    ----------
    cell_states : function
        Of the forget gate, the input gate and the candidate, (timesteps,) each, and a start; returns the cell state
        after each step, (timesteps,), with the input gate at 0 from step `start` on, counted from 0.
    """
    rng = np.random.default_rng(9)
    for timesteps, start in ((6, 3), (5, 0), (7, 6), (4, 4)):
        forget, write = rng.uniform(0.3, 0.95, (2, timesteps))
        candidate = rng.uniform(-1, 1, timesteps)
        arguments = forget.copy(), write.copy(), candidate.copy(), start
        found = array(called(cell_states, "cell_states", *arguments), "the cell states", (timesteps,))
        right = _cell_states(forget, write, candidate, start)
        if not np.allclose(found, right, atol=1e-9):
            raise NotYet(_slip_of_shut_gate(found, forget, write, candidate, start))
    return "Nothing comes in any more, and the forget gate goes on taking its share."


def _cell_states(forget, write, candidate, start, *, freeze=False):
    states, c = [], 0.0
    for t, (f, i, g) in enumerate(zip(forget, write, candidate, strict=True)):
        shut = t >= start
        c = (1.0 if shut and freeze else f) * c + (0.0 if shut else i) * g
        states.append(c)
    return np.array(states)


def _slip_of_shut_gate(found, forget, write, candidate, start):
    right = _cell_states(forget, write, candidate, start)
    slips = (
        (_cell_states(forget, write, candidate, len(forget)), "the input gate was never shut."),
        (_cell_states(forget, write, candidate, start, freeze=True), "the state stays as it is. Only the input gate is "
         "shut; the forget gate goes on."),
        (_cell_states(forget, write, candidate, start + 1), "the gate shuts one step too late: `start` is the first "
         "step at which it is shut."),
        (_cell_states(forget, write, candidate, start - 1), "the gate shuts one step too early: `start` is the first "
         "step at which it is shut."),
        (np.where(np.arange(len(forget)) >= start, 0, right), "the state is emptied. A shut input gate lets nothing "
         "in; what is there stays, times the forget gate."),
        (_cell_states(write, forget, candidate, start), "forget gate and input gate have changed places."),
    )  # fmt: skip
    for slip, told in slips:
        if np.allclose(found, slip, atol=1e-9) and not np.allclose(slip, right, atol=1e-9):
            return told
    return f"with start={start} and {len(forget)} steps the states are not these. Go through it step by step."


# 3. Leave one out


@exercise
def leave_one_out(speaks):
    """Check a function that says how much each word of a text speaks for an answer.

    Parameters
    ----------
    speaks : function
        Of a function that returns the probability of the answer for a list of ids, and the list; returns by how much
        the log-odds fall when each id is left out.
    """
    rng = np.random.default_rng(10)
    weights = rng.normal(0, 0.8, 20)

    def probability(ids):
        if not isinstance(ids, list):
            raise TypeError(f"it reads a list of ids, got {type(ids).__name__}")
        held = sum(weights[i] * 0.9**k for k, i in enumerate(reversed(ids)))  # what came last counts most
        return 1 / (1 + np.exp(-held))

    for ids in ([3, 1, 4, 1, 5], [9, 2, 6], [7, 7, 7, 8]):
        given = list(ids)
        found = array(called(speaks, "speaks", probability, given), "speaks(probability, ids)", (len(ids),))
        if given != ids:
            raise NotYet(
                "your function has changed the list that it was given. Make a new one without the word."
            )
        _explain_leaving_out(found, probability, ids)
    return "One forward pass a word, and no gradient."


def _explain_leaving_out(found, probability, ids):
    def log_odds(text):
        p = probability(text)
        return np.log(p / (1 - p))

    shorter = [ids[:k] + ids[k + 1 :] for k in range(len(ids))]
    right = log_odds(ids) - np.array([log_odds(text) for text in shorter])
    if np.allclose(found, right, atol=1e-9):
        return
    by_value = [[i for i in ids if i != word] for word in ids]
    zeroed = [[*ids[:k], 0, *ids[k + 1 :]] for k in range(len(ids))]
    prefix = np.array([log_odds(ids[: k + 1]) - log_odds(ids[:k]) for k in range(len(ids))])
    slips = (
        (-right, "the sign is the other way round: a word that speaks for the answer is missed."),
        (probability(ids) - np.array([probability(text) for text in shorter]), "these are differences of "
         "probabilities. Take the log-odds first."),
        (np.log(probability(ids)) - np.log([probability(text) for text in shorter]), "these are differences of "
         "log-probabilities. The log-odds are ln(p / (1 - p))."),
        (log_odds(ids) - np.array([log_odds(text) for text in by_value]), "a word that stands there twice has been "
         "left out twice. Leave out one place at a time."),
        (log_odds(ids) - np.array([log_odds(text) for text in zeroed]), "the word has been replaced by a 0. Leave it "
         "out, so that the text gets shorter."),
        (prefix, "this is what each word adds to the words before it. Leave it out of the whole text."),
    )  # fmt: skip
    for slip, told in slips:
        if np.allclose(found, slip, atol=1e-9):
            raise NotYet(told)
    raise NotYet(f"for a text of {len(ids)} ids these are not the differences. Try one word by hand.")


# 4. A name's score


@exercise
def score_of_a_name(score):
    """Check a function that says how well a property names a unit.

    Parameters
    ----------
    score : function
        Of the states, floats of shape (tokens,), and of where the property holds, bools of the same shape; returns
        ``abs(2 * AUC - 1)``.
    """
    rng = np.random.default_rng(11)
    for tokens, shift in ((120, 1.5), (90, -2.0), (200, 0.0)):
        holds = rng.random(tokens) < 0.4
        holds[:FEWEST], holds[-FEWEST:] = True, False
        states = rng.normal(size=tokens) + shift * holds
        found = number(called(score, "score", states.copy(), holds.copy()), "score(states, holds)")
        right = float(detection(states[:, np.newaxis], holds[:, np.newaxis])[0, 0])
        if abs(found - right) > 1e-9:
            raise NotYet(_slip_of_score(found, states, holds, right))
    return "It does not matter which of the two is higher, only how well they are apart."


def _slip_of_score(found, states, holds, right):
    auc = np.mean(states[holds][:, np.newaxis] > states[~holds])
    slips = (
        (auc, "this is the AUC. The score is abs(2 * AUC - 1)."),
        (1 - auc, "this is the AUC the other way round. The score is abs(2 * AUC - 1)."),
        (
            max(auc, 1 - auc),
            "this lies between 0.5 and 1. The score begins at 0 for no relation: abs(2 * AUC - 1).",
        ),
        (
            2 * auc - 1,
            "the sign is still there. A unit that is low where the property holds is as good a detector.",
        ),
        (
            1 - 2 * auc,
            "the sign is still there. A unit that is low where the property holds is as good a detector.",
        ),
        (
            abs(np.corrcoef(states, holds)[0, 1]),
            "this is a correlation. Compare pairs: one token with, one without.",
        ),
        (
            np.mean((states > np.median(states)) == holds),
            "this is a share of tokens on the right side of a threshold. The AUC needs none: compare pairs.",
        ),
    )
    for slip, told in slips:
        if abs(found - slip) < 1e-9 and abs(slip - right) > 1e-9:
            return told
    return "for 40 % of tokens with the property this is not the score. How many pairs (with, without) are there?"


# 5. Luck


@exercise
def luck(chance):
    """Check a function that says how easily seeds alone would part two cells so far.

    Parameters
    ----------
    chance : function
        Of the number of seeds that learned with one cell, with another, and of seeds each has; returns the
        probability of a split at least as uneven if it were luck alone which of all runs learned.
    """
    for a, b, seeds in ((4, 1, 5), (5, 3, 5), (0, 5, 5), (2, 2, 5), (1, 6, 8), (3, 0, 3)):
        found = number(called(chance, "chance", a, b, seeds), f"chance({a}, {b}, {seeds})")
        right = _chance(a, b, seeds)
        if abs(found - right) > 1e-9:
            raise NotYet(_slip_of_chance(found, a, b, seeds, right))
    return "Three seeds of five against five of five: luck does that often. None against five: hardly."


def _ways(learned, seeds):
    """Return the probability of each number of learners in the first cell, of so many in both."""
    both = comb(2 * seeds, learned)
    return {
        k: comb(seeds, k) * comb(seeds, learned - k) / both
        for k in range(max(0, learned - seeds), min(seeds, learned) + 1)
    }


def _chance(a, b, seeds):
    return sum(p for k, p in _ways(a + b, seeds).items() if abs(2 * k - (a + b)) >= abs(a - b))


def _slip_of_chance(found, a, b, seeds, right):
    ways = _ways(a + b, seeds)
    coin = [comb(seeds, k) / 2**seeds for k in range(seeds + 1)]
    slips = (
        (ways[a], "this is the probability of exactly this split. Add those that are more uneven."),
        (right / 2, "this counts one direction only. It would have been as uneven the other way round."),
        (1 - right, "this is the probability of a more even split."),
        (
            right - ways[a] * (2 if a != b else 1),
            "splits that are just as uneven count, too: at least, not more.",
        ),
        (
            sum(p * q for i, p in enumerate(coin) for j, q in enumerate(coin) if abs(i - j) >= abs(a - b)),
            "each run has been given a chance of one half. Keep the number of runs that learned, and deal them out.",
        ),
    )
    for slip, told in slips:
        if abs(found - slip) < 1e-9 and abs(slip - right) > 1e-9:
            return told
    return f"for {a} and {b} of {seeds} this is not the probability. Deal {a + b} learners out to {2 * seeds} runs."
