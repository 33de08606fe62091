"""Only a full run of a whole chapter is stored, without what differs from run to run."""

import json
import time

import nbformat
import pytest
from nbformat.v4 import new_output

from scripts import execute_book
from scripts.execute_book import as_shown, clean_outputs, find_chapters, first_line, main
from scripts.fingerprint import fingerprint


@pytest.fixture(autouse=True)
def no_cap(monkeypatch):
    monkeypatch.delenv("BOOK_EPOCHS", raising=False)


@pytest.fixture
def tree(tmp_path):
    """Return a top level with one helper and an empty book."""
    (tmp_path / "book").mkdir()
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text('"""H."""\n')
    (tmp_path / "helpers" / "answer.py").write_text("ANSWER = 42\n")
    return tmp_path


def add(tree, name, *sources):
    """Write a notebook as an editor may leave it, and return its path."""
    cells = [{"cell_type": "markdown", "metadata": {"collapsed": True}, "source": "# Old prose"}]
    for source in sources:
        metadata = {"tags": ["claims"], "ExecuteTime": {"end_time": "now"}}
        cell = {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": []}
        cells.append({**cell, "source": source})
    notebook = {"cells": cells, "metadata": {"colab": {}, "widgets": {}}, "nbformat": 4, "nbformat_minor": 4}
    path = tree / "book" / f"{name}.ipynb"
    path.write_text(json.dumps(notebook, indent=2), encoding="utf-8")
    return path


def add_solutions(path, *solutions):
    """Append exercises with these blocks of code in their solutions, a list for each."""
    notebook = json.loads(path.read_text())
    text = "## Exercises"
    for number, blocks in enumerate(solutions, 1):
        fenced = "\n\n".join(f"```python\n{block}\n```" for block in blocks)
        text += f"\n\n**{number}. One.** Do.\n\n<details>\n<summary>Hint</summary>\n\n```python\n1 / 0\n```"
        text += f"\n\n</details>\n\n<details>\n<summary>Solution</summary>\n\n{fenced}\n\n</details>"
    notebook["cells"].append({"cell_type": "markdown", "metadata": {}, "source": text})
    path.write_text(json.dumps(notebook))


def outputs(path):
    return [cell["outputs"] for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]


def test_a_chapter_is_run_stored_and_skipped_until_its_code_changes(tree, capsys):
    path = add(
        tree,
        "01-a",
        "from pathlib import Path\nfrom helpers.answer import ANSWER",
        "# a comment\nprint(Path.cwd().name, ANSWER)\nANSWER + 1",
    )
    assert main([], tree) == 0
    said = capsys.readouterr().out
    assert "01-a: running 2 cells" in said and "01-a: stored" in said
    assert "01-a: cell 2/2  print(Path.cwd().name, ANSWER)" in said

    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    nbformat.validate(notebook)
    assert text.endswith("}\n") and not text.endswith("\n\n") and text.startswith('{\n "cells"')
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = notebook["cells"]
    assert [cell["id"] for cell in cells] == ["cell-01", "cell-02", "cell-03"]
    assert [cell["metadata"] for cell in cells] == [{}, {"tags": ["claims"]}, {"tags": ["claims"]}]
    assert [cell.get("execution_count") for cell in cells] == [None, 1, 2]
    stream, result = cells[2]["outputs"]
    assert stream["text"] == ["book 42\n"]
    assert result["data"] == {"text/plain": ["43"]} and result["execution_count"] == 2
    assert notebook["metadata"].keys() == {"book", "kernelspec", "language_info"}
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    book = notebook["metadata"]["book"]
    assert book.keys() == {"fingerprint", "executed", "seconds", "python", "versions", "cpu_threads"}
    assert book["fingerprint"] == fingerprint(path, tree)
    assert book["versions"]["numpy"] and book["cpu_threads"] >= 1

    assert main([], tree) == 0
    assert "01-a: fresh, skipped" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == text

    (tree / "helpers" / "answer.py").write_text("ANSWER = 43\n")
    assert main([], tree) == 0
    assert "01-a: stored" in capsys.readouterr().out
    assert outputs(path)[1][0]["text"] == ["book 43\n"]

    assert main(["--force"], tree) == 0
    assert "01-a: stored" in capsys.readouterr().out


def test_a_fresh_chapter_without_all_its_outputs_is_run_again(tree, capsys):
    path = add(tree, "01-a", "print(1)")
    main([], tree)
    notebook = json.loads(path.read_text())
    notebook["cells"][1].update(outputs=[], execution_count=None)
    path.write_text(json.dumps(notebook))
    assert main([], tree) == 0
    assert outputs(path)[0][0]["text"] == ["1\n"]


def test_a_run_under_a_cap_is_refused(tree, monkeypatch, capsys):
    path = add(tree, "01-a", "print(1)")
    before = path.read_bytes()
    monkeypatch.setenv("BOOK_EPOCHS", "1")
    assert main(["--force"], tree) == 1
    assert "a run under a cap can never be stored" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_failing_cell_is_named_and_nothing_of_its_chapter_is_stored(tree, capsys):
    good, bad = add(tree, "01-a", "print(1)"), add(tree, "02-b", "x = 1", "x / 0")
    before = bad.read_bytes()
    assert main([], tree) == 1
    error = capsys.readouterr().err
    assert "02-b: cell 2/2 failed" in error and "ZeroDivisionError" in error and "\x1b" not in error
    assert outputs(good)[0]
    assert bad.read_bytes() == before
    assert sorted(path.name for path in (tree / "book").iterdir()) == ["01-a.ipynb", "02-b.ipynb"]


def test_a_kernel_that_dies_is_reported(tree, capsys):
    path = add(tree, "01-a", "import os, sys\nsys.__stderr__.write('last words')\nos._exit(3)")
    before = path.read_bytes()
    assert main([], tree) == 1
    assert "01-a: cell 1/1: the kernel died" in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize("source", ["import os\nprint(os.getcwd())", "object()"])
def test_what_differs_from_machine_to_machine_is_not_stored(tree, capsys, source):
    path = add(tree, "01-a", source)
    before = path.read_bytes()
    assert main([], tree) == 1
    assert "01-a: cell 1" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_solutions_are_run_after_the_chapter_in_the_pages_order_and_leave_no_trace(tree, capsys):
    show = "from IPython.display import display\nshown = display(1, display_id='one')\nx = 3\nprint(x)"
    path = add(tree, "01-a", show)
    update = "assert x == 4\nshown = display(2, display_id='one', update=True)"
    add_solutions(path, ["x += 1", "import time\ntime.sleep(4)\nprint('Not yet: is no check.')"], [update])
    start = time.monotonic()
    assert main([], tree) == 0
    total = time.monotonic() - start
    said = capsys.readouterr().out
    steps = ["cell 1/1", "'1. One.', block 1/2", "'1. One.', block 2/2", "'2. One.', block 1/1", "stored"]
    assert sorted(steps, key=said.index) == steps
    picture, printed = outputs(path)[0]
    assert (picture["data"]["text/plain"], printed["text"]) == (["1"], ["3\n"])
    notebook = json.loads(path.read_text())
    assert [cell["cell_type"] for cell in notebook["cells"]] == ["markdown", "code", "markdown"]
    assert notebook["metadata"]["book"]["seconds"] <= total - 4 + 0.5  # it is rounded


RIGHT, WRONG, CHECK = "print('Right. Yes.')", "print('Not yet: no.')", "chapter_1.check(7)"


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ("1 / 0", "failed\n"),
        (CHECK, "does not pass its check\nit printed no verdict"),
        (f"{WRONG}\n{CHECK}", "does not pass its check\nNot yet: no."),
        (f"{RIGHT}\n{WRONG}\n{CHECK}", "does not pass its check\nRight. Yes.\nNot yet: no."),
        ("import os\nos._exit(3)", ": the kernel died"),
    ],
)
def test_a_solution_that_fails_is_named_and_its_chapter_not_stored(tree, capsys, last, told):
    path = add(tree, "01-a", "class chapter_1:\n    check = print")
    add_solutions(path, [f"{RIGHT}\n{CHECK}"], [f"{WRONG}\n{CHECK}", last])
    before = path.read_bytes()
    assert main([], tree) == 1
    error = capsys.readouterr().err
    where, _, message = error.partition("not stored: 01-a: exercise '2. One.', block 2/2")
    assert not where and message.lstrip().startswith(told), error
    assert last != "1 / 0" or "ZeroDivisionError: division by zero" in message
    assert path.read_bytes() == before


def test_a_solution_that_takes_too_long_is_stopped(tree, capsys, monkeypatch):
    monkeypatch.setattr(execute_book, "SOLUTION_LIMIT", 2)
    path = add(tree, "01-a", "import time")
    add_solutions(path, ["time.sleep(30)"])
    assert main([], tree) == 1
    assert "01-a: exercise '1. One.', block 1/1 took more than 2 seconds" in capsys.readouterr().err


def test_prose_that_was_edited_during_the_run_is_kept(tree):
    edit = "import pathlib\npath = pathlib.Path('01-a.ipynb')\n"
    edit += "n = path.write_text(path.read_text().replace('# Old pro' + 'se', '# New prose'))\nprint(1)"
    path = add(tree, "01-a", edit)
    assert main([], tree) == 0
    assert json.loads(path.read_text())["cells"][0]["source"] == ["# New prose"]
    assert outputs(path)[0][0]["text"] == ["1\n"]


def test_code_that_was_edited_during_the_run_is_not_stored(tree, capsys):
    edit = "import pathlib\nimport helpers.answer\n"
    edit += "n = pathlib.Path('../helpers/answer.py').write_text('ANSWER = 1')"
    path = add(tree, "01-a", edit)
    before = path.read_bytes()
    assert main([], tree) == 1
    assert "changed while it ran" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_standard_error_is_stored_with_a_warning(tree, capsys):
    path = add(tree, "01-a", "import sys\nprint('careful', file=sys.stderr)")
    assert main([], tree) == 0
    assert "01-a: cell 1 (import sys) wrote to stderr" in capsys.readouterr().err
    assert outputs(path)[0][0]["name"] == "stderr"


def test_chapters_are_found_by_number_name_and_path(tree, capsys):
    one, four = add(tree, "01-a"), add(tree, "04-d")
    assert find_chapters([], tree) == [one, four]
    assert find_chapters(["04"], tree) == [four]
    assert find_chapters(["04-d", str(one)], tree) == [four, one]
    assert find_chapters(["book/04-d.ipynb"], tree) == [four]
    for name in ("05", "book/05-e.ipynb", "0"):
        assert main([name], tree) == 1
        assert f"{name!r} stands for 0 notebooks; there are: 01-a, 04-d" in capsys.readouterr().err


def test_an_empty_book_and_a_broken_notebook_are_errors(tree, capsys):
    assert main([], tree) == 1
    assert "no notebooks in book/" in capsys.readouterr().err
    (tree / "book" / "01-a.ipynb").write_text("{")
    assert main([], tree) == 1
    assert "01-a.ipynb is no notebook" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, shown",
    [
        ("plain\n", "plain\n"),
        ("1/3\r2/3\r3/3\n", "3/3\n"),
        ("long line\rshort\n", "shortline\n"),
        ("long line\r\x1b[Kshort\n", "short\n"),
        ("abc\b\bX\n", "aXc\n"),
        ("\b\b1\n", "1\n"),
        ("one\r\ntwo\n", "one\ntwo\n"),
        ("\x1b[1mbold\x1b[0m \x1b[38;5;34mgreen\x1b[0m\n", "bold green\n"),
        ("epoch 1\rdone   \r", "done"),
        ("kept  \n", "kept  \n"),
    ],
)
def test_streams_read_as_a_terminal_finally_shows_them(text, shown):
    assert as_shown(text) == shown


def test_pieces_of_a_stream_are_joined_and_native_logs_dropped():
    log = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        "I0000 00:00:1795424656.649913   14749 port.cc:153] oneDNN custom operations are on.\n"
        "2026-01-01 00:00:00.000000: ours\n"
    )
    cleaned = clean_outputs(
        [
            new_output("stream", name="stdout", text="1/2"),
            new_output("stream", name="stderr", text="I0000 00:00:1795424656.649913 1 a.cc:1] b\n"),
            new_output("stream", name="stdout", text="\r2/2\n"),
            new_output("display_data", data={"text/plain": "x"}),
            new_output("stream", name="stdout", text="end\n"),
            new_output("stream", name="stderr", text=log),
        ]
    )
    found = [(output.get("name"), output.get("text")) for output in cleaned]
    assert found == [
        ("stdout", "2/2\n"),
        (None, None),
        ("stdout", "end\n"),
        ("stderr", "2026-01-01 00:00:00.000000: ours\n"),
    ]


def test_the_first_line_of_code_is_found():
    assert first_line("# why\n\n  x = 1\ny = 2") == "x = 1"
    assert first_line("# only a comment") == "(no code)"
