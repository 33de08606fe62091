"""The checks of chapter 2: right answers in their usual forms pass, each typical mistake is told by name."""

from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest

from helpers.checks import chapter_2


@pytest.fixture
def told(capsys):
    """Return a function that returns the verdict on an answer."""

    def verdict(check, *answers):
        check(*answers)
        return capsys.readouterr().out

    return verdict


# 1. A bag of pairs


@pytest.mark.parametrize(
    "pairs_of",
    [
        lambda ids: Counter(zip(ids, ids[1:], strict=False)),
        lambda ids: dict(Counter(pairwise(ids))),
        lambda ids: [[a, b] for a, b in pairwise(ids)],
        lambda ids: pairwise(np.array(ids)),
    ],
)
def test_pairs_pass_as_a_counter_a_dict_or_a_list(pairs_of, told):
    assert told(chapter_2.a_bag_of_pairs, pairs_of).startswith("Right.")


MISTAKEN_PAIRS = [
    (lambda ids: set(pairwise(ids)), "once only"),
    (lambda ids: Counter(tuple(sorted(pair)) for pair in pairwise(ids)), "the pairs have no order"),
    (lambda ids: list(zip(ids[1:], ids, strict=False)), "the wrong way round"),
    (lambda ids: list(zip(ids[::2], ids[1::2], strict=False)), "do not overlap"),
    (lambda ids: [(ids[k - 1], ids[k]) for k in range(len(ids))], "a text is no ring"),
    (lambda ids: list(combinations(ids, 2)), "words that stand apart are paired"),
    (lambda ids: [(ids[k], ids[k + 1]) for k in range(len(ids) - 2)], "the last pair is missing"),
    (lambda ids: [(ids[k], ids[k + 1]) for k in range(1, len(ids) - 1)], "the first pair is missing"),
    (lambda ids: [], "Which pairs stand side by side"),
    (lambda ids: Counter(ids), "should return the pairs (id, next id)"),
    (lambda ids: "14 39", "should return the pairs (id, next id)"),
    (lambda ids: 3, "should return the pairs (id, next id)"),
    (lambda ids: {(14, 39): "often"}, "should return the pairs (id, next id)"),
    (lambda ids: [(ids[k], ids[k + 1]) for k in range(len(ids))], "raised IndexError"),
]


@pytest.mark.parametrize(("answer", "why"), MISTAKEN_PAIRS, ids=[why for _, why in MISTAKEN_PAIRS])
def test_a_mistake_with_pairs_is_told_by_name(answer, why, told):
    said = told(chapter_2.a_bag_of_pairs, answer)
    assert said.startswith("Not yet: ") and why.lower() in said.lower()


# 2. A wider window


def test_the_last_gap_passes(told):
    for answer in (lambda size: size - 2, lambda size: np.float64(size - 2)):
        assert told(chapter_2.reach_of_a_window, answer).startswith("Right.")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda size: size - 3, "both numbers in one window"),
        (lambda size: size - 4, "both amounts in one window"),
        (lambda size: size, "the words of the gap only"),
        (lambda size: size - 1, "one word at the edge"),
        (lambda size: 3, "whatever the window"),
        (lambda size: size // 2, "half the window"),
        (lambda size: 2 * size, "the chapter has measured another"),
        (lambda size: size // 2 + 1, "last_gap(3) is not so"),
        (lambda size: size / 2, "should be a whole number"),
        (7, "should be a function"),
    ],
)
def test_a_mistaken_gap_is_told_by_name(answer, why, told):
    said = told(chapter_2.reach_of_a_window, answer)
    assert said.startswith("Not yet: ") and why in said


def test_the_last_gap_is_the_one_that_the_windows_show():
    """Slide every window over the text and its twin: below the edge some window differs in more than one place."""
    for size in chapter_2.KERNEL_SIZES:
        for gap in range(size + 3):
            text = ["number", "cts", *["filler"] * gap, "number", "cts"]
            padded = ["filler"] * size + text + ["filler"] * size
            seconds = size + 2 + gap
            first, second = (
                {
                    tuple(padded[begin : begin + size]) + (place - begin,)
                    for begin in range(place - size + 1, place + 1)
                }
                for place in (size, seconds)
            )
            assert (first != second) == (gap <= chapter_2._last_gap(size)), (size, gap)


# 3. A stack of windows


def test_the_reach_of_a_stack_passes(told):
    assert told(chapter_2.reach_of_a_stack, lambda layers, size: 1 + layers * (size - 1)).startswith("Right.")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda layers, size: layers * size, "laid end to end"),
        (lambda layers, size: size**layers, "multiply the reach"),
        (lambda layers, size: layers * (size - 1), "one word is missing"),
        (lambda layers, size: layers * size + 1, "one word is too many"),
        (lambda layers, size: size, "the reach of one layer"),
        (lambda layers, size: 1 + (layers - 1) * (size - 1), "one layer is not counted"),
        (lambda layers, size: size + (layers - 1) * (size // 2), "to one side only"),
        (lambda layers, size: 9, "words_seen(1, 5) gives 9"),
        (lambda layers: layers, "raised TypeError"),
        (9, "should be a function"),
    ],
)
def test_a_mistaken_reach_is_told_by_name(answer, why, told):
    said = told(chapter_2.reach_of_a_stack, answer)
    assert said.startswith("Not yet: ") and why in said


# 4. Training in all places


@pytest.mark.parametrize(
    ("few", "many"), [(0.622, 0.968), (0.502, 0.978), (np.float32(0.522), 1), (0.75, 0.93)]
)
def test_honest_runs_pass(few, many, told):
    assert told(chapter_2.training_in_all_places, few, many).startswith("Right.")


@pytest.mark.parametrize(
    ("few", "many", "why"),
    [
        (52.2, 97.6, "between 0 and 1"),
        (0.69, 0.05, "looks like the loss"),
        (0.97, 0.52, "Are the two exchanged?"),
        (0.982, 0.982, "Did the amounts start anywhere"),
        (0.2, 0.97, "worse than guessing"),
        (0.5, 0.6, "is little for 20,000 pairs"),
        (0.5, [0.9, 0.9], "many should be one number"),
        (None, 0.9, "few should be one number"),
        (0.5, ..., "there is no answer here"),
    ],
)
def test_runs_of_something_else_are_told_by_name(few, many, why, told):
    said = told(chapter_2.training_in_all_places, few, many)
    assert said.startswith("Not yet: ") and why in said


# 5. Guess the next word


def followers_of(wires, run):
    return Counter(
        wire[end] for wire in wires for end in range(len(run), len(wire)) if wire[end - len(run) : end] == run
    )


def guess(wires, run):
    """Look the run up; shorten it at its front until it is known."""
    while not followers_of(wires, run):
        run = run[1:]
    return followers_of(wires, run).most_common(1)[0][0]


def by_recursion(wires, run):
    found = followers_of(wires, run)
    return max(found, key=found.get) if found else by_recursion(wires, run[1:])


def test_a_guess_passes(told):
    assert told(chapter_2.next_word, guess).startswith("Right.")
    assert told(chapter_2.next_word, by_recursion).startswith("Right.")


def test_no_guess_hangs_on_a_tie():
    for lines, run in chapter_2.RUNS:
        wires, run = [line.split() for line in lines], run.split()
        while not followers_of(wires, run):
            run = run[1:]
        best, second = ([count for _, count in followers_of(wires, run).most_common(2)] + [0])[:2]
        assert best > second, run


def given_up(wires, run):
    return guess(wires, run if followers_of(wires, run) else [])


def in_one_go(wires, run):
    return guess(wires, run if followers_of(wires, run) else run[-1:])


def shortened_behind(wires, run):
    while not followers_of(wires, run):
        run = run[:-1]
    return guess(wires, run)


def first_met(wires, run):
    while not followers_of(wires, run):
        run = run[1:]
    return next(iter(followers_of(wires, run)))


def rarest(wires, run):
    while not followers_of(wires, run):
        run = run[1:]
    found = followers_of(wires, run)
    return min(found, key=found.get)


def joined(wires, run):
    return guess([[word for wire in wires for word in wire]], run)


MISTAKEN_GUESSES = [
    (lambda wires, run: guess(wires, run[-1:]), "only the last word is looked at"),
    (shortened_behind, "shortened at its end"),
    (given_up, "given up at once"),
    (in_one_go, "in one go"),
    (joined, "These are two messages"),
    (first_met, "the first follower that was met"),
    (lambda wires, run: guess(wires, []), "no run is looked at"),
    (rarest, "the rarest follower"),
    (lambda wires, run: (followers_of(wires, run).most_common(1) or [[None]])[0][0], "never had a follower"),
    (lambda wires, run: followers_of(wires, run).most_common(1)[0][0], "raised IndexError"),
    (
        lambda wires, run: (followers_of(wires, run[-1:]).most_common(1) or [["?"]])[0][0],
        "only the last word",
    ),
    (lambda wires, run: "cts", "Read the wires that matter"),
    (lambda wires, run: 26, "should return a word, got 26"),
    (lambda wires, run: ..., "returned nothing"),
    ("net", "should be a function"),
]


@pytest.mark.parametrize(("answer", "why"), MISTAKEN_GUESSES, ids=[why for _, why in MISTAKEN_GUESSES])
def test_a_mistaken_guess_is_told_by_name(answer, why, told):
    said = told(chapter_2.next_word, answer)
    assert said.startswith("Not yet: ") and why in said


@pytest.mark.parametrize(
    "check",
    [
        chapter_2.a_bag_of_pairs,
        chapter_2.reach_of_a_window,
        chapter_2.reach_of_a_stack,
        chapter_2.next_word,
        lambda answer: chapter_2.training_in_all_places(answer, answer),
    ],
)
@pytest.mark.parametrize(
    "nonsense", [..., None, "?", {}, [[1], [2, 3]], object(), lambda *_: "", lambda *_: np.zeros((2, 3)), 0]
)
def test_nonsense_fails_politely(check, nonsense, told):
    assert told(check, nonsense).startswith("Not yet: ")
