"""Synthetic tasks in which only memory helps, with the settings of the literature.

Each function draws its own numbers from its own stream: the same seed gives the same task on every machine,
and tasks with the same seed have nothing to do with each other. Inputs and targets are float32, shaped as Keras
wants them.
"""

from dataclasses import dataclass

import numpy as np

TEMPORAL_ORDER_SYMBOLS = "abcdXYEB"
REBER_SYMBOLS = "BTPSXVE"

# The Reber grammar as a graph: for each node the two symbols that may follow, and the node each leads to.
# After its B a string starts at node 0; at node 5 only the closing E may follow.
REBER_GRAPH = {
    0: {"T": 1, "P": 2},
    1: {"S": 1, "X": 3},
    2: {"T": 2, "V": 4},
    3: {"X": 2, "S": 5},
    4: {"P": 3, "V": 5},
}


def temporal_order(samples, length, classes=4, seed=0):
    """Tell in which order two or three marked symbols came, among distractors.

    A sequence starts with E and ends with B. In between stand distractors drawn from a, b, c, d, except at two
    (three) positions, which hold X or Y. The class says which: XX, XY, YX, YY are 0 to 3 (XXX, XXY, … YYY are 0
    to 7).

    Parameters
    ----------
    samples : int
        Number of sequences.
    length : int
        Steps in each sequence, at least 10.
    classes : {4, 8}
        4 for two marked symbols (experiment 6a), 8 for three (experiment 6b).
    seed : int
        Seed of the random numbers.

    Returns
    -------
    x : array of shape (samples, length, 8)
        One-hot symbols in the order of `TEMPORAL_ORDER_SYMBOLS`.
    y : array of shape (samples, classes)
        One-hot classes, each equally likely.

    Notes
    -----
    Chance level: an accuracy of 1 / classes.

    Source: Hochreiter & Schmidhuber (1997), experiments 6a and 6b (section 5.6),
    https://doi.org/10.1162/neco.1997.9.8.1735. Their sequences have 100 to 110 steps, the length drawn for each;
    the marked symbols stand at 10–20 and 50–60 (6a), or at 10–20, 33–43 and 66–76 (6b). Here all sequences have
    the same length and the positions keep these proportions, so that the lag can be chosen: Pascanu, Mikolov &
    Bengio (2013), https://arxiv.org/abs/1211.5063, do so too, without E and B. Steps are counted from 0.
    """
    samples, rng = start("temporal_order", samples, seed)
    length = whole_number(length, "length", 10)
    if classes not in (4, 8):
        raise ValueError(f"classes: expected 4 (two marked symbols) or 8 (three), got {classes!r}")
    windows = [(10, 20), (50, 60)] if classes == 4 else [(10, 20), (33, 43), (66, 76)]
    symbols = rng.integers(0, 4, size=(samples, length))
    label = np.zeros(samples, int)
    for first, last in windows:  # in percent of the length
        position = rng.integers(length * first // 100, length * last // 100 + 1, size=samples)
        is_y = rng.integers(0, 2, size=samples)
        symbols[np.arange(samples), position] = TEMPORAL_ORDER_SYMBOLS.index("X") + is_y
        label = 2 * label + is_y
    symbols[:, 0] = TEMPORAL_ORDER_SYMBOLS.index("E")
    symbols[:, -1] = TEMPORAL_ORDER_SYMBOLS.index("B")
    return one_hot(symbols, len(TEMPORAL_ORDER_SYMBOLS)), one_hot(label, classes)


def adding(samples, length, seed=0):
    """Add the two marked numbers of a sequence.

    Parameters
    ----------
    samples : int
        Number of sequences.
    length : int
        Steps in each sequence, at least 2.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    x : array of shape (samples, length, 2)
        At each step a number drawn uniformly from [0, 1), and a marker that is 1 at two steps and 0 elsewhere:
        one of them in the first half of the sequence, the other in the second.
    y : array of shape (samples, 1)
        The sum of the two marked numbers, between 0 and 2.

    Notes
    -----
    Baseline: always predicting 1 has a mean squared error of 1/6 = 0.1667, the variance of the sum of two
    uniform numbers (1/12 each).

    Sources: the task with numbers from [0, 1) and the sum as the target is the one of Le, Jaitly & Hinton
    (2015), https://arxiv.org/abs/1504.00941, whose text was not at hand to check the markers against; one
    marker in each half is the setting of Arjovsky, Shah & Bengio (2016), https://arxiv.org/abs/1511.06464. The
    original, experiment 4 of Hochreiter & Schmidhuber (1997), https://doi.org/10.1162/neco.1997.9.8.1735,
    differs: numbers from [-1, 1], markers -1 at both ends, one mark among the first ten steps and the other in
    the first half, a length between T and 1.1 T, and 0.5 + sum / 4 as the target, right when off by less than
    0.04.
    """
    samples, rng = start("adding", samples, seed)
    length = whole_number(length, "length", 2)
    x = np.zeros((samples, length, 2), np.float32)
    x[:, :, 0] = rng.random((samples, length), dtype=np.float32)
    rows = np.arange(samples)
    early = rng.integers(0, length // 2, size=samples)
    late = rng.integers(length // 2, length, size=samples)
    x[rows, early, 1] = x[rows, late, 1] = 1
    return x, (x[rows, early, 0] + x[rows, late, 0])[:, np.newaxis]


def delayed_recall(samples, length, distractors=50, seed=0):
    """Name at the end of a sequence the symbol that came at its beginning.

    A sequence starts with b and then x or y, goes on with distractors and ends with the trigger e. Then it has
    to be said whether it was x or y: `length` - 2 steps later.

    Parameters
    ----------
    samples : int
        Number of sequences.
    length : int
        Steps in each sequence, at least 3.
    distractors : int
        How many different distractors there are.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    x : array of shape (samples, length, distractors + 4)
        One-hot symbols: the distractors, then e, b, x, y.
    y : array of shape (samples, 2)
        One-hot: x or y, each equally likely.

    Notes
    -----
    Chance level: an accuracy of 1/2.

    Source: Hochreiter & Schmidhuber (1997), experiment 2c (section 5.2),
    https://doi.org/10.1162/neco.1997.9.8.1735. There the sequences have different lengths (the trigger comes
    with probability 1/10 at each step after a minimal lag of q + 1 steps; 50 distractors and q = 50 is the
    first line of their table 3). Here they all have the same length, so that the lag can be chosen.
    """
    samples, rng = start("delayed_recall", samples, seed)
    length = whole_number(length, "length", 3)
    distractors = whole_number(distractors, "distractors", 1)
    trigger, beginning, first_key = distractors, distractors + 1, distractors + 2
    symbols = rng.integers(0, distractors, size=(samples, length))
    label = rng.integers(0, 2, size=samples)
    symbols[:, 0] = beginning
    symbols[:, 1] = first_key + label
    symbols[:, -1] = trigger
    return one_hot(symbols, distractors + 4), one_hot(label, 2)


@dataclass(frozen=True)
class ReberTask:
    """Strings to be read one symbol at a time, with the next symbol as the target at each step.

    Attributes
    ----------
    inputs : array of shape (samples, timesteps, 7)
        One-hot symbols in the order of `REBER_SYMBOLS`; zeros after the end of a string.
    targets : array of shape (samples, timesteps, 7)
        The symbol that comes next, one-hot; zeros after the end.
    possible : array of shape (samples, timesteps, 7)
        1 for every symbol that the grammar allows next.
    mask : array of bool, shape (samples, timesteps)
        True on the steps of a string, False after its end.
    recall : array of bool, shape (samples, timesteps)
        True where the next symbol is the last but one of its string: only memory of the second symbol tells it.
    strings : list of str
        What each row holds, with the target of its last step.
    """

    inputs: np.ndarray
    targets: np.ndarray
    possible: np.ndarray
    mask: np.ndarray
    recall: np.ndarray
    strings: list


def embedded_reber(samples, seed=0):
    """Predict the next symbol in strings of the embedded Reber grammar.

    A string is B, then T or P, then a string of the Reber grammar, then the *same* T or P again, then E. At a
    fork of the grammar both ways are equally likely.

    Parameters
    ----------
    samples : int
        Number of strings.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    ReberTask
        One string a row, padded with zeros after its end.

    Notes
    -----
    Chance level where only memory helps (`recall`): an accuracy of 1/2, T or P. A string has at least 9 symbols,
    on average 12; the symbol to be remembered is read at least 5 steps before it has to be named. At a fork two
    symbols are possible, so no model names the very next symbol every time: a prediction is right when it is
    possible.

    Source: Hochreiter & Schmidhuber (1997), experiment 1 (section 5.1),
    https://doi.org/10.1162/neco.1997.9.8.1735, with 256 strings to train on and 256 to test on. The edges of the
    grammar are given there as a picture; they were taken from public descriptions of the same grammar.
    """
    samples, rng = start("embedded_reber", samples, seed)
    return reber_task([embedded_reber_string(rng) for _ in range(samples)])


def continual_embedded_reber(samples, length, seed=0):
    """Predict the next symbol in endless streams of embedded Reber strings, with nothing between them.

    A model that is not told where a string ends has to forget the last string by itself.

    Parameters
    ----------
    samples : int
        Number of streams.
    length : int
        Steps in each stream, at least 1. The last string is cut where the stream ends.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    ReberTask
        One stream a row; every step is read.

    Notes
    -----
    Chance level where only memory helps (`recall`): an accuracy of 1/2, T or P.

    Source: Gers, Schmidhuber & Cummins (2000), https://doi.org/10.1162/089976600300015015. There a stream goes
    on until the first wrong prediction or for a very long time, and states are never reset; here its length is
    chosen. That paper was not at hand; its setting was checked in detailed notes on it only.
    """
    samples, rng = start("continual_embedded_reber", samples, seed)
    length = whole_number(length, "length", 1)
    return reber_task([reber_stream(rng, length + 1) for _ in range(samples)])


def embedded_reber_string(rng):
    """Draw one string of the embedded Reber grammar."""
    remembered = "TP"[rng.integers(2)]
    return "B" + remembered + reber_string(rng) + remembered + "E"


def reber_string(rng):
    """Draw one string of the Reber grammar: walk through its graph from B to E."""
    string, node = "B", 0
    while node in REBER_GRAPH:
        symbol = list(REBER_GRAPH[node])[rng.integers(2)]
        string, node = string + symbol, REBER_GRAPH[node][symbol]
    return string + "E"


def reber_stream(rng, symbols):
    """Draw embedded Reber strings one after the other until there are so many symbols."""
    stream = ""
    while len(stream) < symbols:
        stream += embedded_reber_string(rng)
    return stream[:symbols]


def reber_task(strings):
    """Turn strings into what a network reads, predicts and is judged by."""
    shape = (len(strings), max(map(len, strings)) - 1)
    inputs, targets, possible = (np.zeros((*shape, len(REBER_SYMBOLS)), np.float32) for _ in range(3))
    mask, recall = np.zeros(shape, bool), np.zeros(shape, bool)
    for row, string in enumerate(strings):
        for t, (allowed, remembered) in enumerate(walk(string[:-1])):
            inputs[row, t, REBER_SYMBOLS.index(string[t])] = 1
            targets[row, t, REBER_SYMBOLS.index(string[t + 1])] = 1
            possible[row, t, [REBER_SYMBOLS.index(symbol) for symbol in allowed]] = 1
            mask[row, t], recall[row, t] = True, remembered
    return ReberTask(inputs, targets, possible, mask, recall, strings)


def walk(stream):
    """Yield, after each symbol of a stream of embedded Reber strings, which may come next and if that is recall."""
    where, outer, node = "outside", None, None
    for symbol in stream:
        if where == "outside":  # the symbol was the outer B
            where, allowed = "choice", "TP"
        elif where == "choice":
            where, outer, allowed = "open", symbol, "B"
        elif where == "open":  # the symbol was the inner B
            where, node, allowed = "inside", 0, REBER_GRAPH[0]
        elif where == "inside" and symbol != "E":
            node = REBER_GRAPH[node][symbol]
            allowed = REBER_GRAPH.get(node, "E")
        elif where == "inside":  # the symbol was the inner E
            where, allowed = "recall", outer
        elif where == "recall":
            where, allowed = "close", "E"
        else:  # the symbol was the outer E; in a stream the next string follows
            where, allowed = "outside", "B"
        yield allowed, where == "recall"


def start(task, samples, seed):
    """Check what every task is asked for; return the number of samples and the task's own random numbers."""
    samples, seed = whole_number(samples, "samples", 1), whole_number(seed, "seed", 0)
    # The name of the task goes into its seed, so that tasks with the same seed share no random numbers.
    return samples, np.random.default_rng([seed, *task.encode()])


def whole_number(value, name, smallest):
    """Return value as an int of at least `smallest`, or say what came instead."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < smallest:
        raise ValueError(f"{name}: expected a whole number of at least {smallest}, got {value!r}")
    return int(value)


def one_hot(numbers, size):
    """Turn an array of numbers below `size` into float32 rows with a single 1, along a new last axis."""
    return np.eye(size, dtype=np.float32)[numbers]
