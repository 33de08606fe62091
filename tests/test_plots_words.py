"""The figures of chapter 9 show the numbers they are given, and say them in their alternative text."""

import re
from xml.etree import ElementTree

import pytest

from helpers.plots import style, words

ROWS = {
    "frequencies": ("linear", [226.0]),
    "pairs": ("linear", [38.1]),
    "LSTM": ("lstm", [31.0, 33.0, 32.0]),
}


@pytest.fixture
def page(monkeypatch):
    """Return a function that draws a figure and gives its HTML."""
    shown = []
    monkeypatch.setattr(style, "display", lambda data, raw: shown.append(data["text/html"]))

    def draw(figure, *arguments, **options):
        figure(*arguments, **{"title": "Next word"} | options)
        return shown.pop()

    return draw


def drawing(page):
    return ElementTree.fromstring(re.search(r"<svg.*</svg>", page, re.DOTALL)[0])


def test_perplexities_tell_mean_and_range_of_every_model(page):
    svg = drawing(page(words.perplexities, ROWS))
    told = svg.get("aria-label")
    assert "frequencies 226.0; pairs 38.1; LSTM 32.0 (31.0 to 33.0 over 3 seeds)" in told
    found = {"".join(text.itertext()).strip() for text in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert {*ROWS, "226.0", "38.1", "32.0", "perplexity"} <= found


def test_every_seed_has_a_mark_and_the_stroke_stands_at_the_mean():
    ax = words._perplexities(ROWS).axes[0]
    lines = [line.get_xdata().tolist() for line in ax.lines]
    assert [31.0, 33.0, 32.0] in lines and [32.0, 32.0] in lines and [226.0] in lines
    heights = next(line.get_ydata() for line in ax.lines if len(line.get_xdata()) == 3)
    assert len(set(heights)) == 3, "equal seeds do not hide one another"


def test_the_scale_is_logarithmic_and_its_ticks_are_plain_numbers():
    ax = words._perplexities(ROWS).axes[0]
    assert ax.get_xscale() == "log"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["20", "50", "100", "200"]


def test_a_perplexity_below_1_is_refused():
    with pytest.raises(ValueError, match=r"^LSTM: got a perplexity of 0.5, expected 1 or more"):
        words.perplexities({"LSTM": ("lstm", [0.5, 3.0])}, title="x")
