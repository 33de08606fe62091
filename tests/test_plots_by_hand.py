"""The figures of chapter 3 show the numbers they are given, and say them in their alternative text."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from helpers.plots import by_hand

WORDS = ["shr", "37", "cts"]
INPUTS = np.array([[0.0], [0.37], [0.0]])
HIDDEN = np.array([[0.0, 0.4621], [0.354, 0.8998], [-0.3399, 0.8627]])


@pytest.fixture
def page(monkeypatch):
    """Return a function that draws a figure and gives its HTML."""
    shown = []
    monkeypatch.setattr("helpers.plots.style.display", lambda data, raw: shown.append(data["text/html"]))

    def draw(figure, *arguments):
        figure(*arguments)
        return shown.pop()

    return draw


def svg_texts(page):
    root = ElementTree.fromstring(re.search(r"<svg.*</svg>", page, re.DOTALL)[0])
    return ["".join(text.itertext()).strip() for text in root.iter("{http://www.w3.org/2000/svg}text")]


def alt(page):
    return re.search(r'aria-label="([^"]*)"', re.search(r"<svg[^>]*>", page)[0])[1]


def test_every_number_stands_in_the_drawing_and_in_its_text(page):
    drawn = page(by_hand.three_axes, WORDS, INPUTS, HIDDEN)
    texts = svg_texts(drawn)
    assert {*WORDS, "0.37", "0.46", "0.35", "0.90", "−0.34", "0.86"} <= set(texts)
    assert {"3 time steps", "1 feature", "2 units"} <= set(texts)
    assert "cts: input 0.00, state −0.34, 0.86" in alt(drawn)


def test_features_and_units_are_counted_from_the_arrays(page):
    texts = svg_texts(page(by_hand.three_axes, WORDS, np.ones((3, 2)), np.ones((3, 1))))
    assert {"2 features", "1 unit"} <= set(texts)


def test_a_number_that_rounds_to_zero_has_no_minus(page):
    assert "−0.00" not in svg_texts(page(by_hand.three_axes, WORDS, -0.001 * INPUTS, HIDDEN))


@pytest.mark.parametrize(
    "words, inputs, hidden, name",
    [
        ("shr 37 cts", INPUTS, HIDDEN, "words"),
        (["shr"], INPUTS[:1], HIDDEN[:1], "words"),
        (WORDS, INPUTS[:2], HIDDEN, "inputs"),
        (WORDS, INPUTS[:, 0], HIDDEN, "inputs"),
        (WORDS, INPUTS, np.ones((3, 5)), "hidden"),
    ],
)
def test_what_does_not_fit_into_the_drawing_is_refused(words, inputs, hidden, name):
    with pytest.raises(ValueError, match=f"^{name} must"):
        by_hand.three_axes(words, inputs, hidden)


def test_a_unit_is_followed_word_by_word(page):
    states = {"37 vs 27": HIDDEN[:, 0], "27 vs 37": -HIDDEN[:, 0]}
    drawn = page(by_hand.unit_by_word, WORDS, states)
    assert {*WORDS, *states} <= set(svg_texts(drawn))
    assert "37 vs 27: 0.00, 0.35, −0.34; 27 vs 37: 0.00, −0.35, 0.34" in alt(drawn)


def test_texts_of_another_length_or_too_many_are_refused():
    with pytest.raises(ValueError, match="'long' has the shape"):
        by_hand.unit_by_word(WORDS, {"long": np.zeros(4)})
    with pytest.raises(ValueError, match="one or two texts, got 3"):
        by_hand.unit_by_word(WORDS, {name: np.zeros(3) for name in "abc"})
