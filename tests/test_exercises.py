"""Every exercise: its stub is open, its solution passes the check; every question explains each of its answers."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

from scripts.exercises import DETAILS, exercises, verdicts

BOOK = Path(__file__).parents[1] / "book"
CHAPTERS = sorted(BOOK.glob("0*.ipynb"))
QUESTION = re.compile(r"\*\*Predict, then open one:\*\*(.*?)(?=\n\*\*Predict, then open one:|\Z)", re.DOTALL)


def notebook_of(path):
    return json.loads(path.read_text(encoding="utf-8"))


def source_of(cell):
    return "".join(cell["source"])


def printed_by(code):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "<exercise>", "exec"), {"__name__": "exercise"})
    return out.getvalue()


def all_exercises():
    for path in CHAPTERS:
        for number, exercise in enumerate(exercises(notebook_of(path)), 1):
            yield pytest.param(exercise, id=f"{path.stem[:2]}-{number}")


def test_exercises_are_found_with_their_parts_in_the_pages_order():
    def cell(source, kind="markdown", tags=()):
        return {
            "cell_type": kind,
            "metadata": {"tags": list(tags)},
            "source": source.splitlines(keepends=True),
        }

    def folded(title, text):
        return f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>"

    blocks = "Why.\n\n```python\nfirst()\n```\n\n```python\n## Sources\nlast()\n```"
    cells = [
        cell(f"## A section\n\n**1. No exercise.**\n\n{folded('Solution', 'None.')}"),
        cell("no_stub()", "code", ["exercise"]),
        cell(f"## Exercises\n\n**1. Count.** Do.\n\n{folded('Hint', '**1. No title.**')}"),
        cell("stub()", "code", ["exercise"]),
        cell(f"{folded('Solution', blocks)}\n\n**2. Why?** Say.\n\n{folded('Solution', 'So.')}"),
        cell("no_stub()", "code"),
        cell(f"## Sources\n\n{folded('Hint', 'No.')}"),
    ]
    count, why = exercises({"cells": cells})
    assert (count.title, why.title) == ("1. Count.", "2. Why?")
    assert count.parts == [("Hint", "**1. No title.**"), ("stub", "stub()"), ("Solution", blocks)]
    assert (count.stub, count.blocks) == ("stub()", ["first()\n", "## Sources\nlast()\n"])
    assert (why.stub, why.blocks) == ("", [])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_three_to_six_exercises_each_with_a_hint_a_stub_and_a_solution(path):
    notebook = notebook_of(path)
    found = exercises(notebook)
    assert 3 <= len(found) <= 6
    assert [exercise.title.partition(". ")[0] for exercise in found] == list("123456"[: len(found)])
    for exercise in found:
        kinds = [kind for kind, _ in exercise.parts]
        assert kinds == ["Hint", "stub", "Solution"], f"{exercise.title} has {kinds}"
    stubs = [source_of(cell) for cell in notebook["cells"] if "exercise" in cell["metadata"].get("tags", [])]
    assert stubs == [exercise.stub for exercise in found], "the tag is for stubs below their exercise"


@pytest.mark.parametrize("exercise", list(all_exercises()))
def test_an_untouched_stub_is_told_that_it_is_open(exercise):
    assert "..." in exercise.stub
    assert printed_by(exercise.stub).splitlines()[-1].startswith("Not yet: ")


@pytest.mark.parametrize("exercise", list(all_exercises()))
def test_the_solution_passes_its_check_in_place_of_the_stub(exercise):
    assert exercise.blocks, "the solution has a block of code that replaces the stub"
    solution = exercise.blocks[-1]
    check = re.findall(r"chapter_\d\.\w+", exercise.stub)
    assert check and check == re.findall(r"chapter_\d\.\w+", solution), (
        "stub and solution call the same check"
    )
    found = verdicts(printed_by(solution))
    assert found and all(line.startswith("Right. ") for line in found), found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_two_or_three_questions_with_every_answer_explained(path):
    text = "\n\n".join(
        source_of(cell) for cell in notebook_of(path)["cells"] if cell["cell_type"] == "markdown"
    )
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
