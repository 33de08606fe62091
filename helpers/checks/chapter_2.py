"""Checks for the exercises of chapter 2: pairs in a bag, two kinds of reach, training in all places, the next word."""

from collections import Counter
from itertools import combinations

import numpy as np

from helpers.checks.verdict import NotYet, called, exercise, number, shown, whole_number

# 1. A bag of pairs

ID_LISTS = [[53, 14, 39, 14], [7, 7, 7, 7, 9], [14, 39, 14, 39, 14, 53], [5, 8], [5]]


@exercise
def a_bag_of_pairs(pairs_of):
    """Check a function that returns the pairs of neighbours in a text.

    Parameters
    ----------
    pairs_of : function of ids
        Returns a list of the pairs (id, next id), or a Counter of them.
    """
    answers = [_as_bag(called(pairs_of, f"pairs_of({ids})", list(ids)), ids) for ids in ID_LISTS]
    right = [_neighbours(ids) for ids in ID_LISTS]
    if answers == right:
        return "(a, b) and (b, a) are two things now, so a text and its twin need not have the same bag."
    for told, mistake in MISTAKEN_PAIRS.items():
        if answers == [mistake(ids) for ids in ID_LISTS]:
            raise NotYet(told)
    first = next(k for k, answer in enumerate(answers) if answer != right[k])
    raise NotYet(
        f"pairs_of({ID_LISTS[first]}) holds {dict(answers[first])}. Which pairs stand side by side there?"
    )


def _as_bag(answer, ids):
    """Return an answer as a Counter of pairs, those that occur 0 times left out."""
    try:
        counts = Counter(answer) if isinstance(answer, dict) else Counter(tuple(pair) for pair in answer)
        if all(len(pair) == 2 for pair in counts) and not isinstance(answer, str):
            return +counts
    except TypeError:
        pass
    raise NotYet(
        f"pairs_of({ids}) should return the pairs (id, next id), as a list or a Counter; got {shown(answer)}."
    )


def _neighbours(ids):
    return Counter(zip(ids, ids[1:], strict=False))


MISTAKEN_PAIRS = {
    "each pair is there once only. A bag knows how often.": lambda ids: Counter(set(_neighbours(ids))),
    "the pairs have no order: (14, 39) and (39, 14) fell together.": lambda ids: Counter(
        tuple(sorted(pair)) for pair in zip(ids, ids[1:], strict=False)
    ),
    "the pairs stand the wrong way round. The word that comes first comes first.": lambda ids: Counter(
        (b, a) for a, b in zip(ids, ids[1:], strict=False)
    ),
    "the pairs do not overlap. Every word but the last begins one.": lambda ids: Counter(
        zip(ids[::2], ids[1::2], strict=False)
    ),
    "the last word is paired with the first. A text is no ring.": lambda ids: Counter(
        zip(ids, ids[1:] + ids[:1], strict=True)
    ),
    "words that stand apart are paired, too. Only neighbours count.": lambda ids: Counter(
        combinations(ids, 2)
    ),
    "the last pair is missing.": lambda ids: _neighbours(ids[:-1]),
    "the first pair is missing.": lambda ids: _neighbours(ids[1:]),
}

# 2. A wider window

KERNEL_SIZES = [5, 3, 4, 8, 9, 14]


@exercise
def reach_of_a_window(last_gap):
    """Check the largest gap at which a window can tell the second amount from the first.

    Parameters
    ----------
    last_gap : function of kernel_size
        Returns a number of words, for windows of 3 words and more.
    """
    answers = [
        whole_number(called(last_gap, f"last_gap({size})", size), f"last_gap({size})")
        for size in KERNEL_SIZES
    ]
    if answers == [_last_gap(size) for size in KERNEL_SIZES]:
        return "The edge moves one word for each word of window. It is still an edge, fixed before training."
    for told, mistake in {
        "this asks for both numbers in one window. At a gap of 3 no window of 5 held both, and it worked.": (
            lambda size: size - 3
        ),
        "this asks for both amounts in one window, from the first number to the second “cts”. Less is needed.": (
            lambda size: size - 4
        ),
        "this counts the words of the gap only. With which words at its ends does the window have to hold it?": (
            lambda size: size
        ),
        "this lets one word at the edge of the gap be enough. Which two does the window need?": (
            lambda size: size - 1
        ),
        "this is what a window of 5 reaches, whatever the window.": lambda size: 3,
        "this is half the window, as if the filter had to stand in its middle.": lambda size: size // 2,
    }.items():
        if answers == [mistake(size) for size in KERNEL_SIZES]:
            raise NotYet(told)
    if answers[0] != _last_gap(KERNEL_SIZES[0]):
        raise NotYet(f"last_gap(5) gives {answers[0]}, but the chapter has measured another last gap.")
    first = next(size for size, gap in zip(KERNEL_SIZES, answers, strict=True) if gap != _last_gap(size))
    raise NotYet(f"last_gap(5) is what was measured, but last_gap({first}) is not so.")


def _last_gap(kernel_size):
    """Return the largest gap at which the window that ends on the second number still holds the first "cts"."""
    for gap in range(kernel_size, -1, -1):
        first_cts, second_number = 1, 2 + gap  # places, counted from the first number
        if second_number - kernel_size + 1 <= first_cts:
            return gap
    return None


# 3. A stack of windows

STACKS = [(1, 5), (2, 5), (3, 3), (4, 2), (2, 1), (6, 7)]  # layers, kernel_size


@exercise
def reach_of_a_stack(words_seen):
    """Check how many words one output of stacked convolutions depends on.

    Parameters
    ----------
    words_seen : function of (layers, kernel_size)
        Returns a number of words.
    """
    calls = [f"words_seen{stack}" for stack in STACKS]
    answers = [
        whole_number(called(words_seen, call, *stack), call)
        for stack, call in zip(STACKS, calls, strict=True)
    ]
    right = [_words_seen(*stack) for stack in STACKS]
    if answers == right:
        return "Each layer adds a little to both ends; a far-off word costs a high stack."
    for told, mistake in {
        "the windows are laid end to end. Neighbouring windows overlap.": lambda layers, size: layers * size,
        "every layer is taken to multiply the reach. Its inputs are neighbours, and they see mostly the same words.": (
            lambda layers, size: size**layers
        ),
        "one word is missing: what does a single layer see?": lambda layers, size: layers * (size - 1),
        "one word is too many in each layer.": lambda layers, size: layers * size + 1,
        "this is the reach of one layer, however high the stack.": lambda layers, size: size,
        "one layer is not counted.": lambda layers, size: (layers - 1) * (size - 1) + 1,
        "each layer widens the window to one side only by half of what it adds.": (
            lambda layers, size: size + (layers - 1) * (size // 2)
        ),
    }.items():
        if answers == [mistake(*stack) for stack in STACKS]:
            raise NotYet(told)
    first = next(k for k, answer in enumerate(answers) if answer != right[k])
    raise NotYet(
        f"{calls[first]} gives {answers[first]}. Draw the layers and follow one output down to the words."
    )


def _words_seen(layers, kernel_size):
    """Spread one output down through the layers, and count the words that it reaches."""
    reached = np.ones(1)
    for _ in range(layers):
        reached = np.convolve(reached, np.ones(kernel_size))
    return int(np.count_nonzero(reached))


# 4. Training in all places

FEW, MANY = (0.44, 0.80), (0.90, 1.0)  # three seeds gave 0.50 to 0.62, and 0.97 to 0.98


@exercise
def training_in_all_places(few, many):
    """Check what an MLP scores on new texts after training on amounts at all places.

    Parameters
    ----------
    few, many : float
        Accuracies on new texts, from 0 to 1, after ten epochs on 2,000 and on 20,000 pairs.
    """
    few, many = number(few, "few"), number(many, "many")
    if max(few, many) > 1 or min(few, many) < 0:
        raise NotYet(
            f"accuracies lie between 0 and 1, got {few:g} and {many:g}. Percentages are a hundred times that."
        )
    if many < 0.3:
        raise NotYet(
            "guessing gives one half here; this looks like the loss. evaluate returns the accuracy second."
        )
    if few > many:
        raise NotYet("more texts are said to be worse. Are the two exchanged?")
    if few > FEW[1]:
        raise NotYet(
            f"{few:g} is a good deal for 2,000 pairs and ten epochs. Did the amounts start anywhere, start=(0, 20), "
            "in the new texts as well, and was it new texts?"
        )
    if few < FEW[0]:
        raise NotYet(f"{few:g} is worse than guessing. Is it measured on 500 new pairs?")
    if many < MANY[0]:
        raise NotYet(
            f"{many:g} is little for 20,000 pairs. Were there ten epochs, and amounts in the same places?"
        )
    return "Ten times the examples do what shared weights would have done for nothing."


# 5. Guess the next word

QUARTERS = [
    "vs 30 cts net 8",
    "shr 37 cts vs 27 cts net 1",
    "shr 12 cts vs 27 cts net 4",
    "shr 37 cts vs 10 cts net 2",
    "div 27 cts prior 5",
    "div 27 cts prior 6",
    "div 27 cts prior 7",
    "div 12 cts prior 9",
    "div 12 cts prior 10",
    "qtly 11 cts prior 3",
]
GRAIN = ["wheat rose a", "wheat rose a", "corn rose b", "corn rose b", "corn rose b"]
RUNS = [  # wires, the words before the one to guess
    (QUARTERS, "vs 27 cts"),
    (QUARTERS, "div 27 cts"),
    (QUARTERS, "cts"),
    (QUARTERS, "vs"),
    (GRAIN, "wheat rose"),
    (GRAIN, "rose"),
    (QUARTERS, "vs 99 cts"),  # shortened to "cts"
    (QUARTERS, "oat 37 cts"),  # shortened to "37 cts"
    (GRAIN, "oats corn"),
    (GRAIN, "corn a"),  # "a" stands at the ends only, so nothing ever followed it
    (QUARTERS, "1"),
    (GRAIN, "cocoa"),
]
KNOWN_RUNS = 6


@exercise
def next_word(guess):
    """Check a function that guesses the next word from the longest run that it has met.

    Parameters
    ----------
    guess : function of (wires, run)
        `wires` is a list of lists of words, `run` a list of words. Returns a word.
    """
    answers = []
    for lines, run in RUNS:
        call = f"guess(wires, {run.split()})"
        try:
            answer = called(guess, call, [line.split() for line in lines], run.split())
        except NotYet as reason:
            if len(answers) < KNOWN_RUNS:
                raise
            raise NotYet(
                f"{reason} This run never had a follower; shorten it, and in the end guess without it."
            ) from None
        if not isinstance(answer, str):
            raise NotYet(f"{call} should return a word, got {shown(answer)}.")
        answers.append(answer)
    right = [_guess(*case) for case in RUNS]
    if answers == right:
        return "As long a run as was met before, and no longer. What stands further back still has no say."
    for told, mistake in MISTAKEN_GUESSES.items():
        if answers == [_guess(*case, **mistake) for case in RUNS]:
            raise NotYet(told)
    # A mistake in one of the two halves, with something else wrong in the other.
    for told, mistake in MISTAKEN_GUESSES.items():
        wrong = [_guess(*case, **mistake) for case in RUNS[:KNOWN_RUNS]]
        if answers[:KNOWN_RUNS] == wrong != right[:KNOWN_RUNS]:
            raise NotYet(told)
    first = next(k for k, answer in enumerate(answers) if answer != right[k])
    lines, run = RUNS[first]
    wires = " / ".join(
        lines if len(lines) < 8 else [line for line in lines if set(run.split()) & set(line.split())]
    )
    raise NotYet(
        f"after “{run}” it says “{answers[first]}”. Read the wires that matter here: {wires or lines}."
    )


def _shorter(run):
    return run[1:]


def _guess(lines, run, *, shorten=_shorter, most=1, context=None, joined=False, first_met=False):
    """Return the guess for a run, with a mistake if one is wanted."""
    wires = [line.split() for line in lines]
    if joined:
        wires = [[word for wire in wires for word in wire]]
    run = run.split()
    run = run if context is None else run[max(len(run) - context, 0) :]
    while True:
        found = [
            wire[end]
            for wire in wires
            for end in range(len(run), len(wire))
            if wire[end - len(run) : end] == run
        ]
        if found:
            counts = Counter(found)
            return found[0] if first_met else max(counts, key=lambda word: most * counts[word])
        run = shorten(run)


MISTAKEN_GUESSES = {
    "only the last word is looked at. The words before it decide, where they were met.": {"context": 1},
    "the run is shortened at its end. The words nearest to the gap should stay.": {
        "shorten": lambda run: run[:-1]
    },
    "a run that never occurred is given up at once. Its last words may have occurred.": {
        "shorten": lambda run: []
    },
    "an unknown run is shortened to its last word in one go; shorten it word by word.": {
        "shorten": lambda run: run[-1:] if len(run) > 1 else []
    },
    "the last word of a wire is followed by the first of the next. These are two messages.": {"joined": True},
    "the first follower that was met is taken, not the most frequent.": {"first_met": True},
    "the rarest follower is taken.": {"most": -1},
    "no run is looked at; this is the most frequent word.": {"context": 0},
}
