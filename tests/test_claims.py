"""The numbers in the prose: `claim` checks them, and every chapter quotes all of its numbers to `claim`.

What a chapter's author must do: every decimal number, every percentage and every whole number of 100 or more
in the Markdown prose must either

- be quoted in a cell tagged "claims", as `claim("74.8 %", …)` or, for the figure of another work, as
  `cited("5,400", "Greff et al. 2017")`, with the digits that the prose prints; or
- stand as a literal in another code cell, or in a fenced Python block, because it is a setting that the
  reader sees there (`epochs(200)`, `num_words=30_000`); percentages are never settings.

No numbers of this kind are: code spans and fenced code, mathematics, addresses and the targets of links, HTML
tags, years (four digits without a comma, 1900 to 2099), the numbers of arXiv papers and DOIs, versions of
software, numbers of chapters, sections, figures, tables, equations and exercises, whole numbers below the
heading "Sources" (volumes and pages), and digits that belong to a name, as in "Reuters-21578".

And what a claims cell quotes, the prose must print: a quotation left behind is an error, too.
"""

import ast
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import budget
from helpers.claims import cited, claim

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "book").glob("*.ipynb"))


@pytest.fixture(autouse=True)
def full_run(monkeypatch):
    """Let no cap of the surrounding run reach these tests, and let each see the notice anew."""
    monkeypatch.delenv("BOOK_EPOCHS", raising=False)
    monkeypatch.setattr(budget, "_told", False)


# claim


@pytest.mark.parametrize(
    "says, value",
    [
        ("0.748", 448 / 599),
        ("0.748", np.float32(0.748)),
        ("0.75", np.array(0.7479)),
        ("11,228", 11228),
        ("11228", np.int64(11228)),
        ("1,627,658", 1_627_658),
        ("74.8 %", 448 / 599),
        ("74.8%", 448 / 599),
        ("74.8\N{NARROW NO-BREAK SPACE}%", 448 / 599),
        ("75 %", 0.7479),
        ("\N{MINUS SIGN}0.3", -0.31),
        ("-0.3", -0.26),
        ("+2", 2),
        ("1e-5", 1.2e-5),
        ("4e-7", 4.4e-7),
        ("1.5e3", 1_520),
        ("0", 0.0),
    ],
)
def test_a_number_that_rounds_to_the_quoted_one_passes(says, value):
    claim(says, value)


@pytest.mark.parametrize(
    "says, value",
    [
        ("0.748", 0.7486),
        ("0.748", 0.7474),
        ("0.75", 0.7444),
        ("11,228", 11229),
        ("74.8 %", 0.7486),
        ("75 %", 0.7449),
        ("-0.3", 0.3),
        ("1e-5", 1.6e-5),
        ("1e-5", 0),
        ("0.748", math.nan),
        ("0.748", math.inf),
        ("0.748", -math.inf),
    ],
)
def test_any_other_number_fails_and_both_are_named(says, value):
    with pytest.raises(AssertionError) as error:
        claim(says, value, about="the share")
    assert f"the prose says {says} (the share), this run gave" in str(error.value)
    assert "allowed is a difference of" in str(error.value)


@pytest.mark.parametrize("value", [0.7475, 0.7485])
def test_a_number_exactly_between_two_may_be_rounded_either_way(value):
    claim(f"{value - 0.0005:.3f}", value)
    claim(f"{value + 0.0005:.3f}", value)


def test_within_replaces_the_rounding_in_the_unit_of_the_value():
    claim("0.75", 0.7799, within=0.03)
    claim("75 %", 0.7799, within=0.03)
    claim("11,228", 11_300, within=100)
    claim("0.75", 0.75, within=0)
    with pytest.raises(AssertionError, match=r"allowed is a difference of 0\.03"):
        claim("0.75", 0.7801, within=0.03)
    with pytest.raises(AssertionError):
        claim("75 %", 0.7801, within=0.03)
    with pytest.raises(AssertionError):
        claim("0.75", 0.7479, within=0)
    with pytest.raises(AssertionError):
        claim("0.75", math.nan, within=1000)


def test_a_percentage_given_as_such_gets_a_hint():
    with pytest.raises(AssertionError, match="a percentage quotes a fraction"):
        claim("74.8 %", 74.79)


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_whatever_python_prints_passes(value, places):
    claim(f"{value:,.{places}f}", value)
    claim(f"{value:.{places}f}", value)


@given(st.floats(1e-12, 1), st.integers(0, 4))
def test_whatever_python_prints_in_powers_of_ten_or_percent_passes(value, places):
    claim(f"{value:.{places}e}", value)
    claim(f"{100 * value:.{places}f} %", value)


@pytest.mark.parametrize(
    "says", ["", "about 3", "0.7.5", "1,23", "1,2345", ".5", "5.", "1/6", "3 4", "%", "nan"]
)
def test_what_is_no_number_as_prose_prints_it_is_refused(says):
    for quote in (lambda: claim(says, 1.0), lambda: cited(says, "a work")):
        with pytest.raises(ValueError, match="says must be one number as the prose prints it") as error:
            quote()
        assert repr(says) in str(error.value)


def test_arguments_of_the_wrong_kind_are_refused():
    with pytest.raises(TypeError, match="says must be a string.*0.75"):
        claim(0.75, 0.75)
    for value in ("0.75", None, True, np.bool_(True), [0.75], np.array([0.75, 0.76]), 1j):
        with pytest.raises(TypeError, match="value must be one real number"):
            claim("0.75", value)
    with pytest.raises(TypeError, match="within must be one real number"):
        claim("0.75", 0.75, within="0.03")
    for within in (-0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match="within must be zero or a positive number"):
            claim("0.75", 0.75, within=within)


def test_each_claim_prints_one_aligned_line(capsys):
    claim("0.748", 448 / 599, about="majority share of the test wires")
    claim("74.8 %", 448 / 599)
    claim("11,228", 11228, about="wires")
    claim("0.75", 0.7529, within=0.03, trained=True, about="vanilla RNN")
    cited("5,400", "Greff et al. 2017")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == "ok 0.748 this run: 0.7479 majority share of the test wires".split()
    assert lines[1].split() == "ok 74.8 % this run: 74.79 %".split()
    assert lines[2].split() == "ok 11,228 this run: 11,228 wires".split()
    assert lines[3].split() == "ok 0.75 this run: 0.753 (within 0.03) vanilla RNN".split()
    assert lines[4].split() == "cf 5,400 cited, not computed here Greff et al. 2017".split()
    assert {line.index("this run") for line in lines[:4]} == {lines[4].index("cited")}
    assert len({lines[n].index(about) for n, about in [(0, "majority"), (2, "wires"), (3, "van")]}) == 1


def test_what_comes_out_of_training_is_checked_on_full_runs_only(monkeypatch, capsys):
    with pytest.raises(AssertionError):
        claim("0.75", 0.1, trained=True)
    monkeypatch.setenv("BOOK_EPOCHS", "1")
    claim("0.75", 0.1, trained=True, about="vanilla RNN")
    line = capsys.readouterr().out
    assert "0.75" in line and "not checked" in line and "BOOK_EPOCHS" in line and "vanilla RNN" in line
    with pytest.raises(AssertionError):
        claim("0.75", 0.1)
    with pytest.raises(ValueError, match="says must be one number"):
        claim("three", 0.1, trained=True)


def test_a_citation_needs_a_source():
    with pytest.raises(ValueError, match="source must name the work"):
        cited("5,400", " ")
    with pytest.raises(TypeError, match="source must be a string"):
        cited("5,400", None)


# epochs


def test_without_a_cap_all_epochs_are_trained_in_silence(monkeypatch, capsys):
    assert budget.is_full_run() and budget.epochs(200) == 200
    monkeypatch.setenv("BOOK_EPOCHS", "")
    assert budget.is_full_run() and budget.epochs(np.int64(7)) == 7
    assert capsys.readouterr().out == ""


def test_a_cap_is_kept_and_told_once(monkeypatch, capsys):
    monkeypatch.setenv("BOOK_EPOCHS", "2")
    assert not budget.is_full_run()
    assert [budget.epochs(full) for full in (1, 2)] == [1, 2]
    assert capsys.readouterr().out == ""
    assert [budget.epochs(full) for full in (200, 30)] == [2, 2]
    said = "BOOK_EPOCHS=2: this run trains 2 epochs instead of 200, so its numbers mean nothing\n"
    assert capsys.readouterr().out == said


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "one", "\N{SUPERSCRIPT TWO}", "1 2"])
def test_a_cap_that_is_no_number_of_epochs_is_refused(monkeypatch, text):
    monkeypatch.setenv("BOOK_EPOCHS", text)
    for ask in (budget.is_full_run, lambda: budget.epochs(200)):
        with pytest.raises(ValueError, match="BOOK_EPOCHS must be a whole number of 1 or more") as error:
            ask()
        assert repr(text) in str(error.value)


@pytest.mark.parametrize("full", [0, -3, 1.5, "200", None, True])
def test_epochs_must_be_a_whole_number(full):
    with pytest.raises(ValueError, match="full must be a whole number of epochs, 1 or more") as error:
        budget.epochs(full)
    assert repr(full) in str(error.value)


# The prose of the chapters

NUMBER = re.compile(
    r"""
    (?<![^\W_])(?<!\w_)(?<![.,])           # not inside a word or another number ...
    (?<![^\W\d_]-)                          # ... nor the end of a name such as Reuters-21578
    (?P<sign> (?<![\w)]) - )?               # a minus, not a range
    (?P<digits> \d{1,3}(?:,\d{3})+(?![\d]) | \d+ )
    (?P<fraction> \.\d+ )?
    (?P<exponent> e[+-]?\d+ )?
    (?P<percent> \s?% )?
    """,
    re.VERBOSE,
)
SOFTWARE = "Python|TensorFlow|Keras|NumPy|scikit-learn|SciKeras|Matplotlib|Jupyter Book|[Vv]ersion|[Rr]elease"
PLACE = "chapters?|sections?|figures?|figs?|tables?|equations?|eqs?|exercises?|pages?|pp?"
NO_PROSE = [
    r"```.*?```|~~~.*?~~~",  # fenced code
    r"<!--.*?-->",
    r"``.+?``|`[^`\n]*`",  # code spans
    r"\$\$.*?\$\$|(?<![\\\d])\$(?=\S)[^$\n]*?(?<=\S)\$(?!\d)",  # mathematics
    r"(?<=\])\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)",  # targets of links
    r"(?m)^\[[^\]]+\]:\s*\S+.*$",  # the same, below the text
    r"https?://[^\s)>\]]+|(?:doi:\s*)?\b10\.\d{4,}/[^\s)>\]]+",
    r"</?[A-Za-z][^<>]*>",  # tags
    r"(?i)arXiv[:\s]\s*\d{4}\.\d{4,5}(?:v\d+)?",
    r"(?m)^#{1,6}\s+\d+(?:\.\d+)*\.?(?=\s)",  # numbers of headings
    r"(?m)^\s*\d+[.)](?=\s)",  # and of list items
    rf"\b(?:{SOFTWARE})\s+v?\d+(?:\.\d+)*(?:(?:\s*(?:,|and|or|to|–)\s*)v?\d+(?:\.\d+)+)*",
    r"\bv?\d+\.\d+\.\d+(?:\.\w+)*",  # versions
    rf"(?i)\b(?:{PLACE})\.?\s+\d+(?:\.\d+)*(?:\s*(?:and|or|to|–)\s*[1-9]\d*(?:\.\d+)*)*\b(?!,\d|\s?%)",
]
YEAR = re.compile(r"(?:19|20)\d\d")


def prose_numbers(markdown):
    """Return the numbers in a Markdown text that have to be covered, normalised, in their order."""
    text = markdown
    for pattern in NO_PROSE:
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    text = plain(text)
    sources = re.search(r"(?m)^## Sources\s*$", text)
    found = []
    for match in NUMBER.finditer(text):
        bare = match["digits"]
        small = len(bare.replace(",", "").lstrip("0")) < 3
        whole = not (match["fraction"] or match["exponent"] or match["percent"])
        page = sources and match.start() > sources.start()
        if not (whole and (YEAR.fullmatch(bare) or small or page)):
            found.append(normal(match[0]))
    return found


def plain(text):
    """Return a text with one kind of space, minus and percent sign."""
    text = re.sub("[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}]", " ", text)
    text = re.sub(r"&(?:nbsp|thinsp);", " ", text).replace("\\%", "%").replace("&minus;", "-")
    text = re.sub(r"(?<=\d) +(?=%)| per ?cent\b", lambda m: "%" if "cent" in m[0] else "", text)
    return text.replace("\N{MINUS SIGN}", "-")


def normal(number):
    """Return a printed number without what may differ between prose and claim."""
    return re.sub(r"\s|(?<=\d),(?=\d{3})", "", plain(number)).lstrip("+")


def cells_of(notebook, kind):
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == kind]
    return [("".join(cell["source"]), cell.get("metadata", {}).get("tags", [])) for cell in cells]


def quotations(source):
    """Return the numbers that the calls of `claim` and `cited` in a claims cell quote."""
    return {
        normal(node.args[0].value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"claim", "cited"}
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }


def literals(source):
    """Return the numbers that stand in a piece of Python code."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    values = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {float(value) for value in values if type(value) in (int, float)}


def uncovered(notebook):
    """Return the numbers in a notebook's prose that neither its claims nor its settings cover."""
    claimed, settings = set(), set()
    for source, tags in cells_of(notebook, "code"):
        if "claims" in tags:
            claimed |= quotations(source)
        elif "setup" not in tags:
            settings |= literals(source)
    prose = "\n\n".join(source for source, _ in cells_of(notebook, "markdown"))
    for block in re.findall(r"```python\n(.*?)```", prose, flags=re.DOTALL):
        settings |= literals(block)
    return [
        number
        for number in dict.fromkeys(prose_numbers(prose))
        if number not in claimed and ("%" in number or float(number) not in settings)
    ]


def left_behind(notebook):
    """Return what a notebook's claims cell quotes though the prose does not print it."""
    prose = normal("\n\n".join(source for source, _ in cells_of(notebook, "markdown")))
    quoted = set().union(
        *(quotations(source) for source, tags in cells_of(notebook, "code") if "claims" in tags)
    )
    return sorted(q for q in quoted if not re.search(rf"(?<![\d.]){re.escape(q)}(?!\.?\d)", prose))


@pytest.mark.parametrize(
    "markdown, numbers",
    [
        (
            "an accuracy of 0.748, that is 74.8 % or 74.8% or 74.8\N{NO-BREAK SPACE}%.",
            ["0.748"] + 3 * ["74.8%"],
        ),
        ("11,228 wires, 46 topics, 50 units, 200 epochs; 99 is small, 100 is not.", ["11228", "200", "100"]),
        ("75 per cent, 5 percent, 3 %", ["75%", "5%", "3%"]),
        (
            "from \N{MINUS SIGN}0.3 to -0.25, between 0.53-0.57 and 0.61–0.62",
            "-0.3 -0.25 0.53 0.57 0.61 0.62".split(),
        ),
        ("448/599 and 1,395 × 49", ["448", "599", "1395"]),
        ("about 1e-5 or 4e7", ["1e-5", "4e7"]),
        ("**0.5** and _0.6_ | 0.7 | [0.8](https://a.org/0.9) (0.11)", "0.5 0.6 0.7 0.8 0.11".split()),
        ("It ends with 0.5. Then 120.", ["0.5", "120"]),
        ("`units=500` and ``0.3`` and $0.9 + 0.1 = 1.0$ and\n$$\n0.5\n$$", []),
        ("```python\nfit(0.5)\n```\n~~~\n0.6\n~~~\n<!-- 0.7 -->", []),
        ('<span style="width: 0.5em" data-n="200">0.6</span>', ["0.6"]),
        ("<details>\n<summary>Solution 0.4</summary>\n\nIt is 0.3.\n\n</details>", ["0.4", "0.3"]),
        ("Hochreiter & Schmidhuber (1997), Greff et al. 2017, in 1987, 26 September 1997", []),
        ("1,997 wires and 1997.5", ["1997", "1997.5"]),
        ("arXiv 1504.00941, arXiv:1503.04069v2, doi:10.1162/neco.1997.9.8.1735, https://a.org/0.5", []),
        ("[arXiv 1504.00941](https://arxiv.org/abs/1504.00941) [x][1]\n\n[1]: https://a.org/123.5", []),
        ("Reuters-21578, TensorFlow 2.21, Python 3.11 to 3.13, SciKeras 0.13.0, 1.0.4.post1", []),
        ("see chapter 4, section 2.3, exercises 1.1 and 1.2, Figure 12.5", []),
        ("## 4.1 The data\n\n### Exercise 1.2\n\n1. one\n100. hundred", []),
        ("in chapter 4, 0.5 of the wires; chapter 7 reaches 0.84", ["0.5", "0.84"]),
        ("it costs $5 and 0.5 $", ["0.5"]),
        ("x_200 LSTM128 128-bit", ["128"]),
        ("0.75 and 0.750", ["0.75", "0.750"]),
        ("400\n\n## Sources\n\nNeural Computation 9(8), 1735–1780: 0.997, 55 %", ["400", "0.997", "55%"]),
    ],
)
def test_the_numbers_of_a_text_are_found(markdown, numbers):
    assert prose_numbers(markdown) == numbers


def sample(prose, code="", claims=""):
    return {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": prose},
            {"cell_type": "code", "metadata": {}, "source": code},
            {"cell_type": "code", "metadata": {"tags": ["claims"]}, "source": claims},
        ]
    }


def test_a_number_in_the_prose_is_covered_by_a_claim_a_citation_or_a_setting():
    prose = "Of 11,228 wires 74.8 % are earn; others saw 5,400 runs. We train 200 epochs on a split of 0.3."
    code = "epochs(200)\nload(test_split=0.3)"
    claims = 'claim("11,228", n)\nclaim("74.8%", share)\ncited("5,400", "Greff")'
    assert uncovered(sample(prose, code, claims)) == []
    assert uncovered(sample(prose, code)) == ["11228", "74.8%", "5400"]
    assert uncovered(sample(prose, "", claims)) == ["200", "0.3"]
    assert uncovered(sample("30,000 words\n\n```python\nload(num_words=30_000)\n```")) == []


def test_other_digits_percentages_comments_and_the_value_of_a_claim_do_not_cover():
    assert uncovered(sample("0.75", claims='claim("0.750", 0.75)')) == ["0.75"]
    assert uncovered(sample("30 %", "test_split = 0.3")) == ["30%"]
    assert uncovered(sample("0.75", "x = '0.75'  # 0.75")) == ["0.75"]
    assert uncovered(sample("0.75", claims="x = 0.75")) == ["0.75"]
    assert uncovered(sample("200", 'claim("200", n)')) == ["200"]


def test_a_claim_that_the_prose_does_not_print_is_found():
    claims = 'claim("0.75", a)\nclaim("11,228", b)\nclaim("12", c)'
    assert left_behind(sample("12 of 11,228: $0.75$", claims=claims)) == []
    assert left_behind(sample("112 of 11,229: 0.755", claims=claims)) == ["0.75", "11228", "12"]


def test_there_are_chapters():
    assert CHAPTERS, "no notebooks in book/"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_number_in_the_prose_is_covered(path):
    missing = uncovered(json.loads(path.read_text(encoding="utf-8")))
    assert not missing, f"quote these in the claims cell of {path.name}: {', '.join(missing)}"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_claim_is_printed_in_the_prose(path):
    unused = left_behind(json.loads(path.read_text(encoding="utf-8")))
    assert not unused, f"{path.name} claims what its prose does not print: {', '.join(unused)}"
