"""The figures of chapter 8 show the numbers they are given, and say them in their alternative text."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb

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


def test_a_key_shows_each_gate_shut_half_open_and_open(page):
    fig = inside._gate_strips(WORDS, GATES, np.array([1, 0]))
    for ax, colour in zip(fig.axes, ("#D55E00", "#0072B2", "#CC79A7"), strict=True):
        keys = [box.images[0].get_array()[0, 0] for box in ax.child_axes]
        assert [key[3] for key in keys] == [0, 0.5, 1]
        assert all(np.allclose(key[:3], to_rgb(colour)) for key in keys)
    assert texts(page(inside.gate_strips, WORDS, GATES)).count("0.5") == 3


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
    assert len(images) == 12 and all(image.get("href").startswith("data:image/png") for image in images)


def test_answers_by_word_tell_where_a_topic_passes_one_half(page):
    drawn = page(inside.answer_by_word, WORDS, PROBABILITIES)
    assert {*WORDS, "earn", "acq", "probability"} <= set(texts(drawn))
    told = alt(drawn)
    assert (
        "earn is first above one half after 'shr' (0.90); acq is first above one half after '37' (0.60)"
        in told
    )
    assert "At the end: earn 0.20, acq 0.70." in told
    assert "no topic is ever above one half" in alt(
        page(inside.answer_by_word, WORDS, {"earn": [0.1, 0.2, 0.5]})
    )


def test_the_end_of_the_text_is_marked_where_padding_follows(page):
    told = alt(page(inside.answer_by_word, WORDS, PROBABILITIES, text_ends=1))
    assert "a vertical line marks the last word of the text, '37': earn 0.40, acq 0.60" in told
    assert "each of 3 words and zeros: " in told
    assert "vertical line" not in alt(page(inside.answer_by_word, WORDS, PROBABILITIES))
    assert "each of 3 words: " in alt(page(inside.answer_by_word, WORDS, PROBABILITIES))
    lines = [line.get_xdata() for line in inside._answer_by_word(WORDS, PROBABILITIES, 1).axes[0].lines]
    assert [1.5, 1.5] in [list(xs) for xs in lines]


LEVELS = {"unchanged": 0.9, "majority": 0.7, "linear": 0.92}


def test_accuracy_by_start_tells_every_point_and_the_three_levels(page):
    drawn = page(inside.accuracy_by_start, [3, 10], {"frozen": [0.75, 0.85], "leaking": [0.2, 0.6]}, **LEVELS)
    told = alt(drawn)
    assert "frozen: 0.750 from 3 on, 0.850 from 10 on; leaking: 0.200 from 3 on" in told
    assert "Unchanged 0.900, majority 0.700, linear 0.920" in told
    assert {"frozen", "leaking", "unchanged", "majority", "linear"} <= set(texts(drawn))


def test_units_stand_in_the_order_of_what_is_left_without_them(page):
    drawn = page(inside.by_unit, [0.9, 0.6, 0.8, 0.85], **LEVELS, named=[1])
    assert "Lowest: 0.600 without unit 1, 0.800 without unit 2, 0.850 without unit 3" in alt(drawn)
    assert "unit 1" in texts(drawn)
    dots = inside._by_unit(np.array([0.9, 0.6, 0.8, 0.85]), 0.9, 0.7, 0.92, [1]).axes[0].lines[0]
    assert dots.get_xdata().tolist() == [0.6, 0.8, 0.85, 0.9]


def test_what_units_are_held_against_stands_below_them_as_empty_circles(page):
    beside = [0.88, 0.7, 0.95]
    told = alt(page(inside.by_unit, [0.9, 0.6, 0.8, 0.85], beside=beside, **LEVELS))
    assert "3 random directions: lowest 0.700, 0.880, 0.950, median 0.880." in told
    assert "random" not in alt(page(inside.by_unit, [0.9, 0.6, 0.8, 0.85], **LEVELS))
    circles = inside._by_unit(np.array([0.9, 0.6]), 0.9, 0.7, 0.92, [], np.array(beside)).axes[1].lines[0]
    assert circles.get_xdata().tolist() == [0.7, 0.88, 0.95]
    assert circles.get_markerfacecolor() == "none"


def test_accuracy_by_held_tells_every_point_and_where_the_gate_is_by_itself(page):
    drawn = page(inside.accuracy_by_held, [0.5, 1], [0.7, 0.8], gate="forget", computed=0.87, **LEVELS)
    told = alt(drawn)
    assert "at which the forget gate is held: 0.700 at 0.5, 0.800 at 1. The network's own mean is 0.87" in told
    assert "Unchanged 0.900, majority 0.700, linear 0.920" in told
    assert {"forget gate held", "its own mean", "unchanged", "majority", "linear"} <= set(texts(drawn))


def test_states_by_word_tell_their_means_before_and_after(page):
    states = {"unit 9": [-1, 0, 2], "mixture": [0, 1, 1]}
    drawn = page(inside.state_by_word, WORDS, states, holds_from=2)
    assert "holds from word 3 on, 'cts'. unit 9: mean -0.50 before and +2.00 from there on; mixture" in alt(drawn)
    assert {*WORDS, *states} <= set(texts(drawn))
    lines = [line.get_xdata() for line in inside._state_by_word(WORDS, states, 2).axes[0].lines]
    assert [1.5, 1.5] in [list(xs) for xs in lines]


def test_weights_of_words_tell_the_ends_of_each_method(page):
    scores = {"gradient": [0.5, -1, 0.2], "leave one out": [0.1, 0.3, -0.4]}
    drawn = page(inside.weights_of_words, WORDS, scores)
    assert {*WORDS, *scores} <= set(texts(drawn))
    assert "gradient: most for it 'shr' +0.50, 'cts' +0.20" in alt(drawn)
    assert "leave one out: most for it '37' +0.30" in alt(drawn)
    bars = inside._weights_of_words(WORDS, {"gradient": np.array([0.5, -1, 0.2])}).axes[0].patches
    assert [bar.get_height() for bar in bars] == [0.5, -1, 0.2]
    assert bars[0].get_facecolor() == bars[2].get_facecolor() != bars[1].get_facecolor()


def test_name_scores_count_who_is_named(page):
    drawn = page(inside.name_scores, {"units": [0.95, 0.9, 0.3], "mixtures": [0.2, 0.5, 0.91]}, named=0.9)
    assert "units: 2 of 3 reach 0.9, median 0.90; mixtures: 1 of 3 reach 0.9, median 0.50" in alt(drawn)
    assert {"units", "mixtures", "2", "1"} <= set(texts(drawn))


def test_as_many_circles_are_filled_as_seeds_have_learned(page):
    counts = {"LSTM": {"order, 20 steps": 3, "adding": 0}, "no gate": {"order, 20 steps": 1, "adding": 2}}
    told = alt(page(inside.learned, counts, 3))
    assert "How many of 3 seeds learned each task. LSTM: order, 20 steps 3, adding 0; no gate" in told
    circles = inside._learned(counts, ["order, 20 steps", "adding"], 3).axes[0].lines
    assert len(circles) == 12
    assert sum(circle.get_markerfacecolor() != "none" for circle in circles) == 6


def test_gate_values_tell_shares_before_and_after_training(page):
    drawn = page(inside.gate_values, TRAINED, UNTRAINED)
    assert {"forget gate", "input gate", "trained", "untrained"} <= set(texts(drawn))
    told = alt(drawn)
    assert (
        "forget gate: mean 0.61, nearly shut 0.25 and nearly open 0.50 of the time; untrained mean 0.73"
        in told
    )
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
        (
            lambda: inside.gate_strips(WORDS, {"update": GATES["input"]}, title="x"),
            r"^gates: .*got \['update'\]",
        ),
        (
            lambda: inside.gate_strips(WORDS[:2], GATES, title="x"),
            "^forget: expected values for 2 words, got 3",
        ),
        (
            lambda: inside.gate_strips(WORDS, {"input": 2 * GATES["input"]}, title="x"),
            "^input: .* 0 to 1, got 0.4",
        ),
        (
            lambda: inside.answer_by_word(WORDS, {}, title="x"),
            "^probabilities: expected one to 4 topics, got 0",
        ),
        (
            lambda: inside.answer_by_word(WORDS, {"earn": [0.1]}, title="x"),
            "^earn: expected values for 3 words",
        ),
        (lambda: inside.gate_values({"update": [0.1]}, {}, title="x"), r"^trained: .*got \['update'\]"),
        (
            lambda: inside.gate_values(TRAINED, {"input": [0.1]}, title="x"),
            "^untrained: .* forget, input; got input",
        ),
        (
            lambda: inside.gate_values({"input": [2]}, {"input": [1]}, title="x"),
            "^input: expected values from 0 to 1",
        ),
        (
            lambda: inside.accuracy_by_start([1], {}, title="x", **LEVELS),
            "^accuracies: expected one to 4 lines, got 0",
        ),
        (
            lambda: inside.accuracy_by_start([1], {"a": [1, 1]}, title="x", **LEVELS),
            "^a: expected values for 1",
        ),
        (
            lambda: inside.accuracy_by_held([1], [1], gate="update", computed=1, title="x", **LEVELS),
            "^gate: expected forget, input, output, got 'update'",
        ),
        (
            lambda: inside.accuracy_by_held([1, 0], [1], gate="input", computed=1, title="x", **LEVELS),
            "^accuracies: expected values for 2",
        ),
        (lambda: inside.state_by_word(WORDS, {}, holds_from=1, title="x"), "^states: expected one to 4, got 0"),
        (
            lambda: inside.state_by_word(WORDS, {"a": [1, 2]}, holds_from=1, title="x"),
            "^a: expected 3 finite numbers",
        ),
        (
            lambda: inside.state_by_word(WORDS, {"a": [1, 2, 3]}, holds_from=3, title="x"),
            "^holds_from: expected 1 to 2, got 3",
        ),
        (lambda: inside.by_unit([90, 80], title="x", **LEVELS), "^accuracies: expected values from 0 to 1"),
        (lambda: inside.weights_of_words(WORDS, {"a": [1, 2]}, title="x"), "^a: expected 3 finite numbers"),
        (
            lambda: inside.weights_of_words(WORDS, {"a": [1, 2, np.nan]}, title="x"),
            "^a: expected 3 finite numbers",
        ),
        (lambda: inside.learned({}, 5, title="x"), "^counts: expected the same tasks"),
        (
            lambda: inside.learned({"a": {"t": 1}, "b": {"u": 1}}, 5, title="x"),
            "^counts: expected the same tasks",
        ),
        (
            lambda: inside.learned({"a": {"t": 6}}, 5, title="x"),
            "^counts: expected numbers from 0 to 5, got 6",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
