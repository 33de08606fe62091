"""A table is HTML in a notebook and text elsewhere, and both hold the same cells."""

import os
import re
import subprocess
import sys

import IPython
import IPython.display
import numpy as np
import pytest
from bs4 import BeautifulSoup

from helpers import results, scores, tables

HEADER = ["seeds", "accuracy", "difference to the row above", "a name that takes four lines"]
ROWS = {
    "LSTM": ["10", "0.895 ±0.010", "", "0.1"],
    'a <b>"fast"</b> GRU & more': ["5", "0.88", "−0.014 (−0.027 to 0.000), to LSTM", "0.25"],
}
WORDS = ["difference to the row above"]


def cells_of(page):
    """Return the header and the rows of a table in HTML, as texts."""
    table = BeautifulSoup(page, "html.parser").table
    return [[cell.get_text() for cell in row(["th", "td"])] for row in table("tr")]


def words_of(grid):
    """Return the words of a table in the order of its columns, from rows of cells."""
    return [word for column in zip(*grid, strict=True) for cell in column for word in cell.split()]


def read_back(text, columns):
    """Return the cells of a table of text, told apart by the places that are blank in every line."""
    lines = text.split("\n")
    width = max(map(len, lines))
    lines = [line.ljust(width) for line in lines]
    blank = "".join(" " if all(line[place] == " " for line in lines) else "x" for place in range(width))
    spans = [match.span() for match in re.finditer(r"\S+(?: \S+)*", blank)]
    assert len(spans) == columns
    return [[line[start:end].strip() for start, end in spans] for line in lines]


@pytest.fixture
def shown(monkeypatch):
    """Return a list of what is displayed, as if in a notebook."""
    found = []

    def display(data, *, raw):
        assert raw and data.keys() == {"text/html", "text/plain"}
        found.append(data)

    monkeypatch.setattr(IPython, "get_ipython", lambda: object())
    monkeypatch.setattr(IPython.display, "display", display)
    return found


def test_html_and_text_hold_the_same_cells():
    grid = [["", *HEADER], *([name, *row] for name, row in ROWS.items())]
    assert cells_of(tables.to_html(HEADER, ROWS, left=WORDS)) == grid
    text = read_back(tables.to_text(HEADER, ROWS, left=WORDS), len(grid[0]))
    assert words_of(text) == words_of(grid) and text[-2:] == grid[1:]


def test_the_tables_of_the_chapters_hold_the_same_cells_in_both_forms(shown, capsys):
    y_true = np.array([3, 3, 4])
    scores.table({"always earn": np.array([3, 3, 3]), "right": y_true}, y_true)
    scores.log({"guess": [np.array([3, 3, 3]), np.array([3, 4, 4])], "one": [y_true]}, y_true)
    rows = {
        "always earn": ("article_controls", "Always earn"),
        "LSTM": ("article_networks", "LSTM"),
        "stacked": ("article_networks", "Stacked LSTM"),
    }
    results.table(rows)
    results.log(rows, against={"stacked": "always earn"})
    assert capsys.readouterr().out == "" and len(shown) == 4
    for data in shown:
        grid = cells_of(data["text/html"])
        caption = BeautifulSoup(data["text/html"], "html.parser").caption
        text = data["text/plain"]
        if caption:
            first, _, text = text.partition("\n")
            assert first == caption.get_text()
        assert words_of(read_back(text, len(grid[0]))) == words_of(grid)
    assert "to always earn" in shown[3]["text/html"] and "±" in shown[3]["text/plain"]


def test_the_html_is_a_table_that_can_be_read_aloud_and_has_no_colours():
    page = tables.to_html(HEADER, ROWS, caption="A & B", left=WORDS)
    table = BeautifulSoup(page, "html.parser").table
    assert table.caption.get_text() == "A & B" and "A &amp; B" in page
    assert [cell["scope"] for cell in table.thead("th")] == ["col"] * 4
    assert [[cell["scope"] for cell in row("th")] for row in table.tbody("tr")] == [["row"], ["row"]]
    assert not table("b") and "&lt;b&gt;" in page
    body = "text-align:right;white-space:nowrap"
    styles = {"border-spacing:1em 0.2em", "text-align:left", "text-align:right", body}
    assert set(re.findall(r'style="([^"]*)"', page)) == styles
    assert table.tbody["style"] == body
    assert [cell.get("style") for cell in table.tbody.tr("td")] == [None, None, "text-align:left", None]


def test_numbers_are_aligned_right_and_words_left_under_headers_of_several_lines():
    text = tables.to_text(
        ["n", "mean over seeds", "why"], {"a": ["1", "0.5", "so"], "bcd": ["20", "0.25", ""]}
    )
    assert text.split("\n") == [
        "          mean",
        "          over",
        "      n  seeds  why",
        "a     1    0.5   so",
        "bcd  20   0.25",
    ]
    assert tables.to_text(["why"], {"a": ["so"]}, caption="Of a", left=["why"]) == "Of a\n   why\na  so"


def test_a_row_with_too_few_cells_is_refused():
    for form in (tables.to_html, tables.to_text):
        with pytest.raises(ValueError):
            form(["a", "b"], {"x": ["1"]})


def test_outside_of_a_notebook_the_text_is_printed_and_ipython_is_not_imported():
    program = (
        "import sys; from helpers import results, scores, tables; tables.show(['n'], {'a': ['1']});"
        "print(sorted({'IPython', 'tensorflow', 'keras', 'pandas'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, text=True)
    assert done.stdout == "   n\na  1\n[]\n", done.stderr[-2000:]
