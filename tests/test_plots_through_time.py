"""The figures of chapter 5 show the numbers they are given, and say them in their alternative text."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from helpers.plots import through_time

WORDS = ["shr", "37", "cts"]
STATES = np.array([[0.0, 0.4621], [0.354, 0.8998], [-0.3399, 0.8627]])
GRADIENTS = np.array([[-0.5481, -0.0116], [0.6001, -0.122], [-0.9544, -0.9544]])
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def page(monkeypatch):
    """Return a function that draws a figure and gives its HTML."""
    shown = []
    monkeypatch.setattr("helpers.plots.style.display", lambda data, raw: shown.append(data["text/html"]))

    def draw(figure, *arguments, **options):
        figure(*arguments, **options)
        return shown.pop()

    return draw


def svg(page):
    return ElementTree.fromstring(re.search(r"<svg.*</svg>", page, re.DOTALL)[0])


def texts(page):
    return ["".join(text.itertext()).strip() for text in svg(page).iter(f"{SVG}text")]


def alt(page):
    return svg(page).get("aria-label")


# there_and_back


def test_every_state_and_gradient_stands_in_the_drawing_and_in_its_text(page):
    drawn = page(through_time.there_and_back, WORDS, STATES, GRADIENTS)
    assert {*WORDS, "loss", "states", "gradients", "0.46", "−0.34", "−0.55", "−0.12", "−0.95"} <= set(texts(drawn))
    assert "37: state 0.35, 0.90, gradient 0.60, −0.12" in alt(drawn)


@pytest.mark.parametrize(
    "words, states, gradients, name",
    [
        ("shr 37 cts", STATES, GRADIENTS, "words"),
        (WORDS[:1], STATES[:1], GRADIENTS[:1], "words"),
        (WORDS, STATES[:2], GRADIENTS, "states"),
        (WORDS, STATES, GRADIENTS[:, 0], "gradients"),
        (WORDS, np.ones((3, 5)), GRADIENTS, "states"),
    ],
)
def test_what_does_not_fit_into_the_drawing_is_refused(words, states, gradients, name):
    with pytest.raises(ValueError, match=f"^{name} must"):
        through_time.there_and_back(words, states, gradients)


# by_step


def test_the_ends_of_each_curve_are_told_as_geometric_means(page):
    curves = {"far": ("lstm", np.array([[1e-4, 1.0], [1e-6, 1.0]])), "near": ("vanilla_rnn", [0.5, 0.25])}
    drawn = page(through_time.by_step, curves, title="Reach")
    assert "far 1e-5 at the first step, 1 at the last" in alt(drawn)
    assert "near 0.5 at the first step, 0.25 at the last" in alt(drawn)
    assert "means over 2 seeds" in alt(drawn)
    assert {"far", "near", "step", "gradient norm"} <= set(texts(drawn))


def test_a_single_seed_has_no_spread_to_tell(page):
    assert "seeds" not in alt(page(through_time.by_step, {"one": ("lstm", [1.0, 2.0])}, title="Reach"))


def test_a_gradient_of_nothing_is_told_as_such(page):
    drawn = page(through_time.by_step, {"gone": ("lstm", [0.0, 1.0])}, title="Reach")
    assert "gone 0 at the first step" in alt(drawn)


def test_curves_of_one_kind_differ_in_their_lines(page):
    curves = {name: ("lstm", [1.0, value]) for name, value in (("a", 2.0), ("b", 3.0), ("c", 4.0))}
    drawn = page(through_time.by_step, curves, title="Reach")
    colour = through_time.SERIES["lstm"]["color"].lower()
    styles = [path.get("style") for path in svg(drawn).iter(f"{SVG}path") if colour in (path.get("style") or "")]
    assert len({re.sub(r"stroke-width:[^;]*", "", style) for style in styles}) == 3


# over_words


def test_words_stand_at_their_steps_and_padding_behind_them(page):
    curves = {"RNN": ("vanilla_rnn", np.geomspace(1e-4, 1, 5)), "mask": ("lstm", [0.5, 0.6, 0.7, np.nan, np.nan])}
    drawn = page(through_time.over_words, WORDS, 5, curves)
    assert {*WORDS, "2 × padding", "RNN", "mask"} <= set(texts(drawn))
    assert "3 words and 2 steps of padding" in alt(drawn)
    assert "RNN: 1e-4 at “shr”, 0.01 at “cts”, 1 at the last step" in alt(drawn)
    assert "mask: 0.5 at “shr”, 0.7 at “cts”, masked at the last step" in alt(drawn)


def test_a_wire_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="words: expected 1 to 2"):
        through_time.over_words(WORDS, 2, {})
    with pytest.raises(ValueError, match="'RNN' has 4 steps, expected 5"):
        through_time.over_words(WORDS, 5, {"RNN": ("lstm", np.ones(4))})


# wall


def test_each_descent_is_told_with_its_ends(page):
    bias = np.linspace(-1, 1, 101)
    loss = np.where(bias < -0.2, 2.0, 0.1)
    descents = {"free": ([0.2, -0.1, 9.5], [0.1, 0.1, 0.16]), "clipped": ([0.2, 0.1], [0.1, 0.05])}
    drawn = page(through_time.wall, bias, loss, descents)
    assert {"free", "clipped", "bias", "loss"} <= set(texts(drawn))
    assert "a wall at −0.2" in alt(drawn)
    assert "free: from 0.20 to 9.50 in 2 steps, at most 9.50, final loss 0.16" in alt(drawn)
    with pytest.raises(ValueError, match="got 3"):
        through_time.wall(bias, loss, {name: ([0], [0]) for name in "abc"})


# successes


def test_every_seed_is_a_dot_full_or_hollow(page):
    vanilla, lstm = {10: [1, 1, 0], 50: [0, 0, 0]}, {10: [1, 1, 1], 50: [0, 1, 1]}
    rows = {"vanilla": ("vanilla_rnn", vanilla), "LSTM": ("lstm", lstm)}
    drawn = page(through_time.successes, {"temporal order": rows, "adding": rows})
    assert "temporal order: vanilla 2 of 3 at 10, 0 of 3 at 50; LSTM 3 of 3 at 10, 2 of 3 at 50." in alt(drawn)
    assert {"temporal order", "adding", "vanilla", "LSTM", "10", "50", "length of the sequences"} <= set(texts(drawn))
    dots = [use.get("style") or "" for use in svg(drawn).iter(f"{SVG}use")]
    full = {kind: through_time.SERIES[kind]["color"].lower() for kind in ("vanilla_rnn", "lstm")}
    assert sum(f"fill:{full['vanilla_rnn']}" in re.sub(" ", "", dot) for dot in dots) == 2 * 2
    assert sum(f"fill:{full['lstm']}" in re.sub(" ", "", dot) for dot in dots) == 2 * 5
