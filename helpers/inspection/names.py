"""Can units be named? A search for plain properties of a text that a unit's state follows, and its controls.

Not imported by `helpers.inspection`: only chapter 8 searches.
"""

from collections import Counter

import numpy as np

from helpers.data import decode, get_label_names

NAMED, LEANS = 0.9, 0.7
"""From these scores on the wires that judge, a unit has a name, or leans to one."""

WORDS, CURRENT = 200, 10  # the most frequent words: that many as "read so far", that many as "this is the word"
NUMBERS, POSITIONS = (2, 5, 10), (5, 10, 20, 30)
TOPICS = ("earn", "acq", "crude", "trade", "money-fx", "interest", "grain", "ship")
FEWEST = 20  # a property that holds at fewer tokens, or at all but so few, gets no score


def properties(wires, topics, vocabulary):
    """Say of every token of every wire which plain properties the text read so far has.

    Parameters
    ----------
    wires : sequence of list of int
        Word ids with the start mark, unpadded. The start mark is left out.
    topics : sequence of int
        The wires' labels.
    vocabulary : list of int
        Ids of the words to look for, as from `frequent_words`.

    Returns
    -------
    names : list of str
    holds : list of bool array
        One array of shape (tokens, properties) a wire.
    """
    label_names = get_label_names()
    words = [decode([i]) for i in vocabulary]
    names = [f"{word!r} has been read" for word in words] + [f"the word is {word!r}" for word in words[:CURRENT]]
    names += ["the word is a number", *(f"more than {n} numbers have been read" for n in NUMBERS)]
    names += [f"more than {n} words have been read" for n in POSITIONS]
    names += [f"the topic is {name}" for name in TOPICS]
    distinct = sorted({i for wire in wires for i in wire[1:]})
    is_number = {i: word.isdigit() for i, word in zip(distinct, decode(distinct).split(" "), strict=True)}
    holds = []
    for wire, topic in zip(wires, topics, strict=True):
        ids = np.array(wire[1:], int)
        current = ids[:, np.newaxis] == np.array(vocabulary)
        number = np.array([is_number[i] for i in ids.tolist()], bool)
        columns = [np.logical_or.accumulate(current), current[:, :CURRENT], number[:, np.newaxis]]
        columns += [number.cumsum()[:, np.newaxis] > NUMBERS, np.arange(1, len(ids) + 1)[:, np.newaxis] > POSITIONS]
        columns.append(np.tile([label_names[topic] == name for name in TOPICS], (len(ids), 1)))
        holds.append(np.concatenate(columns, axis=1))
    return names, holds


def frequent_words(wires):
    """Return the ids of the most frequent words of some wires, the most frequent first, without the start mark."""
    return [i for i, _ in Counter(i for wire in wires for i in wire[1:]).most_common(WORDS)]


def search(states, holds, states_judged, holds_judged):
    """Choose for each unit the property that its state detects best, and judge it on other wires.

    Parameters
    ----------
    states, holds : list of array
        For each wire that chooses, states of shape (tokens, units) and properties of shape (tokens, properties).
    states_judged, holds_judged : list of array
        The same of the wires that judge.

    Returns
    -------
    chosen : int array of shape (units,)
        Number of the chosen property.
    scores : array of shape (units,)
        Its score on the wires that judge, from 0 to 1; see `detection`.
    """
    chosen = detection(np.concatenate(states), np.concatenate(holds)).argmax(axis=1)
    judged = detection(np.concatenate(states_judged), np.concatenate(holds_judged))
    return chosen, judged[np.arange(len(chosen)), chosen]


def detection(states, holds):
    """Score each unit as a detector of each property: how far its state tells tokens with it from those without.

    Parameters
    ----------
    states : array of shape (tokens, units)
    holds : bool array of shape (tokens, properties)

    Returns
    -------
    array of shape (units, properties)
        ``abs(2 * AUC - 1)``, where AUC is the chance that a token with the property has the higher state than one
        without it: 0 for no relation, 1 for a perfect one, whichever of the two is higher.
    """
    ranks = states.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable") + 1.0
    has = holds.sum(axis=0)
    has_not = len(holds) - has
    enough = np.minimum(has, has_not) >= FEWEST
    pairs = np.where(enough, has * has_not, 1)
    wins = ranks.T @ holds.astype(float) - has * (has + 1) / 2
    return np.where(enough, np.abs(2 * wins / pairs - 1), 0)


def exchanged(holds, rng):
    """Give each wire the properties of another one, cut or repeated to its length: what chance would find."""
    order = rng.permutation(len(holds))
    return [holds[other][np.arange(len(own)) % len(holds[other])] for own, other in zip(holds, order, strict=True)]


def random_mixture(units, rng):
    """Return a random rotation of so many units, of shape (units, units): each column mixes all of them."""
    return np.linalg.qr(rng.normal(size=(units, units)))[0]


def mixed(states, like, mixture):
    """Turn units into mixtures of all of them, standardised by the mean and the spread of the states `like`."""
    every = np.concatenate(like)
    return [(values - every.mean(axis=0)) / every.std(axis=0) @ mixture for values in states]
