"""The figures of chapter 6 show the gates and the numbers they are given, and say them in their alternative text."""

import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from helpers.plots import gates

COLOURS = {"forget": "#d55e00", "input": "#0072b2", "output": "#cc79a7"}
SUBSETS = [subset for count in range(4) for subset in itertools.combinations(COLOURS, count)]
WORDS = ["shr", "37", "27", "reuter"]


@pytest.fixture
def page(monkeypatch):
    """Return a function that draws a figure and gives its HTML."""
    shown = []
    monkeypatch.setattr("helpers.plots.style.display", lambda data, raw: shown.append(data["text/html"]))

    def draw(figure, *arguments, **options):
        figure(*arguments, **options)
        return shown.pop()

    return draw


def svg_texts(page):
    root = ElementTree.fromstring(re.search(r"<svg.*</svg>", page, re.DOTALL)[0])
    return ["".join(text.itertext()).strip() for text in root.iter("{http://www.w3.org/2000/svg}text")]


def alt(page):
    return re.search(r'aria-label="([^"]*)"', re.search(r"<svg[^>]*>", page)[0])[1]


def title(page):
    return re.search(r"<strong>(.*?)</strong>", page)[1]


@pytest.mark.parametrize("subset", SUBSETS, ids="+".join)
def test_a_cell_shows_the_gates_that_it_has_and_no_other(page, subset):
    drawn = page(gates.cell_with, *subset)
    texts = " ".join(svg_texts(drawn))
    for gate, colour in COLOURS.items():
        told = f"the {gate} gate" in alt(drawn)
        assert (colour in drawn) == (f"{gate} gate" in texts) == told == (gate in subset)
    assert "candidate" in texts and "#009e73" in drawn


@pytest.mark.parametrize("subset", SUBSETS, ids="+".join)
def test_the_equations_hold_the_gates_that_there_are(page, subset):
    texts = [re.sub(r"\s", "", text) for text in svg_texts(page(gates.cell_with, *subset))]
    cell = next(text for text in texts if text.startswith("ct="))
    hidden = next(text for text in texts if text.startswith("ht="))
    assert ("ft" in cell, "it" in cell, "ot" in hidden) == tuple(gate in subset for gate in COLOURS)


def test_the_cells_of_a_page_have_different_titles(page):
    titles = [title(page(gates.cell_with, *subset)) for subset in SUBSETS]
    assert len(set(titles)) == len(SUBSETS)
    assert {"The bare cell state.", "A cell with forget gate.", "A cell with input gate."} <= set(titles)


@pytest.mark.parametrize("wrong", [("update",), ("forget", "forget"), ("forget", "cell")])
def test_gates_that_there_are_not_are_refused(wrong):
    with pytest.raises(ValueError, match="^gates must be different ones out of forget, input, output"):
        gates.cell_with(*wrong)


def test_the_gru_shows_its_gates_and_equations(page):
    drawn = page(gates.gru_cell)
    texts = svg_texts(drawn)
    assert {"update gate", "reset gate", "candidate", "hidden state"} <= set(texts)
    assert "multiplied by the reset gate r" in alt(drawn)


def test_nothing_of_the_cells_lies_outside_the_drawing(page):
    for drawn in [page(gates.cell_with, *subset) for subset in SUBSETS] + [page(gates.gru_cell)]:
        width, height = (float(number) for number in re.search(r'viewBox="0 0 (\S+) (\S+)"', drawn).groups())
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", drawn):
            assert -1 <= float(x) <= width + 1 and -1 <= float(y) <= height + 1


def test_a_unit_is_followed_word_by_word_for_several_cells(page):
    states = {"bare": ("none", [0.8, 1.154, 1.418, 1.418]), "forget gate": ("forget", [0.01, 0.36, 0.62, 0.62])}
    drawn = page(gates.unit_by_word, WORDS, states, wanted=0.354, title="One unit", ylabel="cell state")
    assert {*WORDS, *states, "to be kept"} <= set(svg_texts(drawn))
    assert "bare: 0.80, 1.15, 1.42, 1.42; forget gate: 0.01, 0.36, 0.62, 0.62" in alt(drawn)
    assert "dotted line marks the number to be kept, 0.35" in alt(drawn)


def test_a_unit_with_a_word_too_few_is_refused():
    with pytest.raises(ValueError, match=r"'bare' has the shape \(3,\), expected \(4,\)"):
        gates.unit_by_word(WORDS, {"bare": ("none", np.zeros(3))}, wanted=0, title="One unit", ylabel="cell state")


def test_lines_over_steps_show_every_seed_and_tell_the_mean(page):
    values = np.array([[1.0, 2.0, 3.0], [3.0, 6.0, 9.0]])
    drawn = page(
        gates.over_steps,
        [10, 20, 30],
        {"bare": ("none", values), "forget gate": ("forget", 0 * values)},
        title="Growth",
        ylabel="size",
        level=("chance", 0.5),
        trained_to=20,
    )
    assert "bare: 2.00 at step 10, 4.00 at step 20, 6.00 at step 30" in alt(drawn)
    assert "marks chance at 0.50" in alt(drawn) and "step 20, where the training streams end" in alt(drawn)
    assert {"bare", "forget gate", "chance"} <= set(svg_texts(drawn))
    curves = len(re.findall(r"<path", drawn))
    fewer = page(gates.over_steps, [10, 20, 30], {"bare": ("none", values)}, title="Growth", ylabel="size")
    assert curves >= len(re.findall(r"<path", fewer)) + 3  # mean and two seeds more


@pytest.mark.parametrize("values", [np.zeros(3), np.zeros((2, 4))])
def test_lines_of_another_shape_are_refused(values):
    with pytest.raises(ValueError, match=r"expected \(seeds, 3\)"):
        gates.over_steps([1, 2, 3], {"bare": ("none", values)}, title="Growth", ylabel="size")


def test_scores_show_every_seed(page):
    rows = {"bare": ("none", [0.5, 0.52, 0.49]), "forget gate": ("forget", [0.99, 0.98, 1.0])}
    drawn = page(gates.scores_by_cell, rows, title="Recall", xlabel="accuracy", baseline=("chance", 0.5))
    assert "bare: 0.490, 0.500, 0.520; forget gate: 0.980, 0.990, 1.000" in alt(drawn)
    assert "marks chance at 0.500" in alt(drawn) and "a bar at their median" in alt(drawn)
    assert {"bare", "forget gate", "chance", "accuracy"} <= set(svg_texts(drawn))


def test_scores_have_a_bar_at_their_median():
    rows = {"all or nothing": ("lstm", [0.01, 0.02, 1.0]), "forget gate": ("forget", [0.9, 0.2])}
    ax = gates._scores_by_cell(rows, "error", ("always 0", 1)).axes[0]
    bars = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "|"]
    assert bars == pytest.approx([0.02, 0.55])
