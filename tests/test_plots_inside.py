"""The figures of chapter 8 show the numbers they are given, and say them in their alternative text."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from helpers.plots import inside, style

WORDS = ["shr", "37", "cts"]
GATES = {
    "forget": np.array([[0.9, 0.1], [0.5, 0.5], [1.0, 0.0]]),
    "input": np.array([[0.2, 0.2], [0.4, 0.4], [0.6, 0.6]]),
    "output": np.array([[1.0, 1.0], [0.8, 0.8], [0.3, 0.3]]),
}
PROBABILITIES = {"earn": [0.9, 0.4, 0.2], "acq": [0.1, 0.6, 0.7]}
TRAINED = {"forget": [[0.95, 0.95], [0.05, 0.5]], "input": [0.4, 0.6]}
UNTRAINED = {"forget": [0.73, 0.73], "input": [0.5, 0.5]}


@pytest.fixture
def page(monkeypatch):
    """Return a function that draws a figure and gives its HTML."""
    shown = []
    monkeypatch.setattr(style, "display", lambda data, raw: shown.append(data["text/html"]))

    def draw(figure, *arguments, **options):
        figure(*arguments, **{"title": "Inside"} | options)
        return shown.pop()

    return draw


def drawing(page):
    return ElementTree.fromstring(re.search(r"<svg.*</svg>", page, re.DOTALL)[0])


def texts(page):
    found = drawing(page).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()).strip() for text in found]


def alt(page):
    return drawing(page).get("aria-label")


def test_gate_strips_tell_means_and_extremes(page):
    drawn = page(inside.gate_strips, WORDS, GATES)
    assert {*WORDS, "forget gate", "input gate", "output gate"} <= set(texts(drawn))
    told = alt(drawn)
    assert "each of the 3 words" in told and "each of the 2 units" in told
    assert "input gate: mean 0.40, lowest at 'shr' (0.20), highest at 'cts' (0.60)" in told
    assert "output gate: mean 0.70, lowest at 'cts' (0.30), highest at 'shr' (1.00)" in told


def test_a_strip_has_a_pixel_for_each_unit_and_word_in_the_gates_colour():
    """The unit whose forget gate is the most open stands on top; a shut gate is transparent."""
    fig = inside._gate_strips(WORDS, GATES, np.array([1, 0]))
    pixels = fig.axes[0].images[0].get_array()
    assert pixels.shape == (2, 3, 4)
    np.testing.assert_allclose(pixels[..., 3], GATES["forget"].T[[1, 0]])
    assert np.allclose(pixels[..., :3] * 255, [0xD5, 0x5E, 0x00])


def test_units_are_ordered_by_the_first_gate(monkeypatch):
    orders = []
    monkeypatch.setattr(inside, "_gate_strips", lambda words, gates, order: orders.append(order))
    monkeypatch.setattr(inside, "show", lambda *args, **options: None)
    inside.gate_strips(WORDS, GATES, title="x")
    inside.gate_strips(WORDS, {"forget": GATES["forget"][:, ::-1]}, title="x")
    inside.gate_strips(WORDS, GATES, title="x", order=[1, 0])
    assert [order.tolist() for order in orders] == [[0, 1], [1, 0], [1, 0]]


def test_an_image_survives_in_the_page(page):
    images = list(drawing(page(inside.gate_strips, WORDS, GATES)).iter("{http://www.w3.org/2000/svg}image"))
    assert len(images) == 3 and all(image.get("href").startswith("data:image/png") for image in images)


def test_answers_by_word_tell_where_a_topic_passes_one_half(page):
    drawn = page(inside.answer_by_word, WORDS, PROBABILITIES)
    assert {*WORDS, "earn", "acq", "probability"} <= set(texts(drawn))
    told = alt(drawn)
    assert "earn is first above one half after 'shr' (0.90); acq is first above one half after '37' (0.60)" in told
    assert "At the end: earn 0.20, acq 0.70." in told
    assert "no topic is ever above one half" in alt(page(inside.answer_by_word, WORDS, {"earn": [0.1, 0.2, 0.5]}))


def test_gate_values_tell_shares_before_and_after_training(page):
    drawn = page(inside.gate_values, TRAINED, UNTRAINED)
    assert {"forget gate", "input gate", "trained", "untrained"} <= set(texts(drawn))
    told = alt(drawn)
    assert "forget gate: mean 0.61, nearly shut 0.25 and nearly open 0.50 of the time; untrained mean 0.73" in told
    assert "input gate: mean 0.50, nearly shut 0.00 and nearly open 0.00" in told


def test_histograms_hold_every_value():
    fig = inside._gate_values(TRAINED, UNTRAINED)
    heights = [patch.get_xy()[:, 1].max() for patch in fig.axes[0].patches]
    assert heights == [0.5, 1.0]


def test_long_texts_get_a_wider_figure():
    assert inside.width_for(WORDS) == style.WIDTH
    assert inside.width_for(["word"] * 40) == 40 * inside.COLUMN + 60


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inside.gate_strips(WORDS, {}, title="x"), "^gates: expected forget, input, output"),
        (lambda: inside.gate_strips(WORDS, {"update": GATES["input"]}, title="x"), r"^gates: .*got \['update'\]"),
        (lambda: inside.gate_strips(WORDS[:2], GATES, title="x"), "^forget: expected values for 2 words, got 3"),
        (lambda: inside.gate_strips(WORDS, {"input": 2 * GATES["input"]}, title="x"), "^input: .* 0 to 1, got 0.4"),
        (lambda: inside.answer_by_word(WORDS, {}, title="x"), "^probabilities: expected one to 4 topics, got 0"),
        (lambda: inside.answer_by_word(WORDS, {"earn": [0.1]}, title="x"), "^earn: expected values for 3 words"),
        (lambda: inside.gate_values({"update": [0.1]}, {}, title="x"), r"^trained: .*got \['update'\]"),
        (lambda: inside.gate_values(TRAINED, {"input": [0.1]}, title="x"), "^untrained: .* forget, input; got input"),
        (lambda: inside.gate_values({"input": [2]}, {"input": [1]}, title="x"), "^input: expected values from 0 to 1"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
