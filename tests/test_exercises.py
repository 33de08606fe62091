"""Every exercise: its stub is open, its solution passes the check; every question explains each of its answers."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[1] / "book"
CHAPTERS = sorted(BOOK.glob("0*.ipynb"))
DETAILS = re.compile(r"<details>\s*<summary>([^<]+)</summary>\s*(.*?)\s*</details>", re.DOTALL)
QUESTION = re.compile(r"\*\*Predict, then open one:\*\*(.*?)(?=\n\*\*Predict, then open one:|\Z)", re.DOTALL)


def cells_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def source_of(cell):
    return "".join(cell["source"])


def exercises(cells):
    """Return the exercises as triples: what is asked, the stub's code, what is told below it."""
    found, asked = [], None
    for before, cell, after in zip(cells, cells[1:], cells[2:], strict=False):
        if "exercise" in cell["metadata"].get("tags", []):
            asked = (
                source_of(before).rpartition("\n**")[2] if "\n**" in source_of(before) else source_of(before)
            )
            found.append((asked, source_of(cell), source_of(after)))
    return found


def numbered(cells):
    """Return the titles of the exercises, such as "1. Count."."""
    text = "\n\n".join(source_of(cell) for cell in cells if cell["cell_type"] == "markdown")
    return re.findall(
        r"(?m)^\*\*(\d\. [^*]+)\*\*", text.partition("\n## Exercises")[2] or text.partition("## Exercises")[2]
    )


def solution_of(told):
    """Return the last block of code in the solution: what replaces the stub."""
    solutions = [text for title, text in DETAILS.findall(told) if title == "Solution"]
    blocks = re.findall(r"(?s)```python\n(.*?)```", solutions[0]) if solutions else []
    return blocks[-1] if blocks else None


def printed_by(code):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "<exercise>", "exec"), {"__name__": "exercise"})
    return out.getvalue()


def all_exercises():
    for path in CHAPTERS:
        for number, exercise in enumerate(exercises(cells_of(path)), 1):
            yield pytest.param(*exercise, id=f"{path.stem[:2]}-{number}")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_three_to_six_exercises_each_with_a_stub_a_hint_and_a_solution(path):
    cells = cells_of(path)
    titles, found = numbered(cells), exercises(cells)
    assert 3 <= len(titles) <= 6
    assert len(found) == len(titles), "each exercise has one cell tagged exercise"
    text = "\n".join(source_of(cell) for cell in cells if cell["cell_type"] == "markdown").partition(
        "## Exercises"
    )[2]
    folded = [title for title, _ in DETAILS.findall(text)]
    assert folded == ["Hint", "Solution"] * len(titles)


@pytest.mark.parametrize(("asked", "stub", "told"), all_exercises())
def test_an_untouched_stub_is_told_that_it_is_open(asked, stub, told):
    assert "..." in stub
    assert printed_by(stub).splitlines()[-1].startswith("Not yet: ")


@pytest.mark.parametrize(("asked", "stub", "told"), all_exercises())
def test_the_solution_passes_its_check_in_place_of_the_stub(asked, stub, told):
    solution = solution_of(told)
    assert solution, "the solution has a block of code that replaces the stub"
    check = re.findall(r"chapter_\d\.\w+", stub)
    assert check and check == re.findall(r"chapter_\d\.\w+", solution), (
        "stub and solution call the same check"
    )
    verdicts = [line for line in printed_by(solution).splitlines() if re.match(r"Right\. |Not yet: ", line)]
    assert verdicts and all(line.startswith("Right. ") for line in verdicts), verdicts


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_two_or_three_questions_with_every_answer_explained(path):
    text = "\n\n".join(source_of(cell) for cell in cells_of(path) if cell["cell_type"] == "markdown")
    asked = QUESTION.findall(text.partition("## Claims check")[0])
    assert 2 <= len(asked) <= 3
    for question in asked:
        # The answers follow the question at once; what comes after them is the chapter's text.
        answers = re.match(r".*?\n\n((?:<details>.*?</details>\s*)+)", question, re.DOTALL)
        assert answers, f"no answers in <details> below: {question[:80]}"
        told = [text for _, text in DETAILS.findall(answers[1])]
        assert len(told) >= 3
        assert sum(text.startswith("**Right.**") for text in told) == 1, question
        assert all(text.startswith(("**Right.**", "**No.**")) for text in told), question
        assert all(len(text.split()) >= 12 for text in told), "each answer says why it is right or wrong"
