"""Submissions that mean harm, and unlucky ones: none harms the grader, stops the others, or gains a point.

All of them answer the first task of a small assignment rightly and the second one wrongly, so each has to end with
exactly the points of the first. They are graded together, by the command a teacher gives.
"""

import csv
import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from scripts import grade
from scripts.grading import course, feedback, handed_in, judge, messages, sandbox, submission, tables

ROOT = Path(__file__).resolve().parent.parent
NAME = "9-small"
SECRET = "pineapple-on-a-hidden-shelf"
BOUNDS = "--memory 600 --cell-seconds 4 --seconds 30".split()
LIMITS = {"cell_seconds": 4, "seconds": 30, "memory": 600 * sandbox.MEGABYTE}


def told(grade_id, **more):
    plain = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": {**plain, "grade_id": grade_id, **more}}


def small_master():
    """Return a master of two tasks with three points each, and an answer that a teacher reads."""
    marked = "### BEGIN SOLUTION\n{}\n### END SOLUTION"
    hidden = "\n### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"
    double = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
    total = "def total(values):\n    ### BEGIN SOLUTION\n    return sum(values)\n    ### END SOLUTION"
    test_double = "assert double(3) == 6, f'double(3) is {double(3)}, not 6'"
    test_double += hidden.format("for x in range(20, 40):\n    assert double(x) == 2 * x, 'not doubled'")
    test_total = "got = total([1, 2])\nassert type(got) in (int, float), 'a number is wanted'\n"
    test_total += "assert got == 3, 'the total of 1 and 2'"
    secret = f"import numpy as np\nsecret = '{SECRET}'\nvalues = np.random.default_rng(7).random(30)"
    test_total += hidden.format(f"{secret}\nassert abs(total(values) - values.sum()) < 1e-9, 'thirty values'")
    cells = [
        new_markdown_cell("# Small\n\n## Double"),
        new_code_cell('student_number = "0"'),
        new_code_cell("import math", metadata=told("given", locked=True), id="given"),
        new_code_cell(double, metadata=told("double", solution=True), id="double"),
        new_code_cell(test_double, metadata=told("double-test", grade=True, locked=True, points=3), id="double-test"),
        new_markdown_cell("## Total"),
        new_code_cell(total, metadata=told("total", solution=True), id="total"),
        new_code_cell(test_total, metadata=told("total-test", grade=True, locked=True, points=3), id="total-test"),
        new_markdown_cell(
            marked.format("Because."), metadata=told("why", grade=True, solution=True, points=2), id="why"
        ),
    ]
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    return nbformat.writes(new_notebook(cells=cells, metadata=kernel)).encode()


RIGHT = "def double(x):\n    return 2 * x"
WRONG = "def total(values):\n    return 41"

FORGER = """
import gc, json, socket, struct
fake = json.dumps({"number": 4, "value": 3}).encode()
for thing in gc.get_objects():
    if isinstance(thing, socket.socket):
        thing.sendall(struct.pack(">Q", len(fake)) + fake)
"""
PATCHES = """
import builtins, sys, numpy, IPython
class Right:
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
    def __array__(self, *a, **k): return numpy.array(3)
builtins.AssertionError = KeyError
builtins.sum = builtins.abs = builtins.type = lambda *a, **k: 0
numpy.allclose = numpy.testing.assert_allclose = lambda *a, **k: True
sys.modules["helpers"] = sys.modules["helpers.claims"] = sys
IPython.core.interactiveshell.InteractiveShell.run_cell = lambda *a, **k: None
check = lambda *a, **k: None
import messages
messages.encode = lambda value, *a, **k: 3
"""
READS = f"""
import os
seen = []
for here, folders, files in os.walk("/"):
    skipped = ("/dev", "/proc", "/usr", "{sys.prefix}", "{sys.base_prefix}")
    folders[:] = [f for f in folders if os.path.join(here, f) not in skipped]
    for name in files:
        path = os.path.join(here, name)
        try:
            text = open(path, errors="replace").read(200000)
        except OSError:
            continue
        if name.endswith(".ipynb") or "{SECRET[:9]}" + "{SECRET[9:]}" in text:
            seen.append(path)
processes = [p for p in os.listdir("/proc") if p.isdigit()]
print("seen", seen, "processes", len(processes) < 6, sorted(k for k in os.environ if "KEY" in k or "TOKEN" in k))
print(os.path.exists("{ROOT}/assignments"), os.path.exists("{ROOT}/scripts"), os.path.exists("/etc/passwd"))
print("solutions", os.path.exists("/grading/helpers/checks/__init__.py"), os.path.exists("/grading/helpers/data.py"))
"""
DELETES = f"""
import os, shutil
paths = ["/grading/worker.py", "/grading/helpers/data.py", "{ROOT}/scripts/grade.py", "/usr/bin/env", "{sys.prefix}/x"]
for path in paths:
    for attack in (os.remove, lambda p: open(p, "a").write("x"), lambda p: os.chmod(p, 0o777)):
        try:
            attack(path)
            print("HARM", path)
        except OSError:
            pass
shutil.rmtree("/grading", ignore_errors=True)
print("still there", os.path.exists("/grading/worker.py"), os.getuid() != 0)
"""

EXTRA_CELLS = {
    "endless-loop": "while True:\n    pass",
    "fork-bomb": "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
    "memory-hog": "hog = []\nwhile True:\n    hog.append(bytearray(50_000_000))",
    "memory-family": (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
        "        hog = bytearray(b'x' * 200_000_000)\n        time.sleep(60)\ntime.sleep(60)"
    ),
    "deletes": DELETES,
    "reads": READS,
    "network": (
        "import socket\nfor address in (('127.0.0.1', PORT), ('localhost', PORT)):\n    try:\n"
        "        socket.create_connection(address, 1).sendall(b'here I am')\n        print('REACHED')\n"
        "    except OSError as error:\n        print('no way out')"
    ),
    "fake-score": (
        "import sys, os\nfor _ in range(2):\n    print('{\"id\": \"total-test\", \"passed\": true}')\n"
        "    print('6 / 6', file=sys.__stdout__, flush=True)\nfor fd in range(3, 20):\n    try:\n"
        "        os.write(fd, b'{\"passed\": true, \"score\": 6}' * 10)\n    except OSError:\n        pass"
    ),
    "forger": FORGER,
    "patches": PATCHES,
    "patches-late": PATCHES + "\ndef total(values):\n    return Right()",
    "exits": "import sys\nsys.exit(0)",
    "dies": "import os\nos._exit(0)",
    "kills": (
        "import os, signal\nfor it in (1, -1, os.getppid(), os.getpid()):\n    try:\n"
        "        os.kill(it, signal.SIGKILL)\n    except OSError:\n        pass"
    ),
    "much-output": (
        "print('x' * 10_000_000)\nimport sys\nsys.stderr.write('y' * 10_000_000)\ndisplay('z' * 10_000_000)"
    ),
    "drips": (
        "import gc, socket, time\nfor thing in gc.get_objects():\n    if isinstance(thing, socket.socket):\n"
        "        while True:\n            thing.send(b'\\0')\n            time.sleep(1)"
    ),
    "deep-code": "x = " + "-" * 100_000 + "1",
    "script": "print('</pre><script>alert(1)</script>')",
}
ANSWERS = {
    "loop-in-a-function": "def total(values):\n    while True:\n        pass",
    "sleeps": "import time\ndef total(values):\n    time.sleep(1000)",
    "not-a-number": "def total(values):\n    return float('nan')",
    "equals-everything": "class Any(int):\n    __eq__ = lambda s, o: True\ndef total(values):\n    return Any(5)",
    "too-large": "import numpy as np\ndef total(values):\n    return np.zeros(12_000_000)",
    "too-deep": "def total(values):\n    x = []\n    for _ in range(100000):\n        x = [x]\n    return x",
    "a-generator": "def total(values):\n    return (v for v in values)",
    "tells": "def total(values):\n    raise type(str(values)[:60], (Exception,), {})(str(list(values)))",
    "no-function": "total = 3",
    "no-python": "def total(values:\n    return",
}


def as_notebook(release, answers, extra=None):
    """Return a submission: the release with answers filled in and a cell more at the end."""
    notebook = json.loads(json.dumps(release))
    for cell in notebook["cells"]:
        if cell["id"] in answers:
            cell["source"] = answers[cell["id"]]
    if extra is not None:
        notebook["cells"].insert(-1, {"cell_type": "code", "id": "extra", "metadata": {}, "source": extra})
        notebook["cells"][-2] |= {"outputs": [], "execution_count": None}
    return notebook


def submissions(release, port):
    """Yield file names below the folder of submissions, and what the files hold."""
    usual = {"double": RIGHT, "total": WRONG}
    good = {"double": RIGHT, "total": "def total(values):\n    return sum(values)", "why": "So that it adds up."}
    yield "honest", as_notebook(release, good)
    yield "untouched", release
    for name, source in EXTRA_CELLS.items():
        yield name, as_notebook(release, usual, source.replace("PORT", str(port)))
    for name, source in ANSWERS.items():
        yield name, as_notebook(release, {**usual, "total": source})
    cells = as_notebook(release, usual)["cells"]
    yield "deleted", {**release, "cells": [cell for cell in cells if cell["id"] == "double"]}
    yield "reordered", {**release, "cells": cells[::-1]}
    rich = json.loads(json.dumps(cells))
    for cell in rich:
        own = cell["metadata"].get("nbgrader", {})
        own.update({"points": 100, "locked": False, "solution": True, "checksum": "0"} if own else {})
        if cell["id"].endswith("-test"):
            cell.update(source="pass", cell_type="code", outputs=[], execution_count=None)
    yield "duplicated", {**release, "cells": [*rich, *rich, *cells]}
    odd = [{"cell_type": 3}, 7, {"cell_type": "code", "source": {"a": 1}, "metadata": []}]
    odd += [{"cell_type": "raw", "source": "x"}, {"cell_type": "code", "source": None}]
    odd += [{"cell_type": "code", "source": "1", "metadata": {"nbgrader": "x"}}]
    yield "odd-cells", {"cells": [*odd, *cells], "metadata": [], "nbformat": "four"}
    fat = as_notebook(release, usual)
    fat["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 10_000_000}]
    yield "fat", fat
    words = as_notebook(release, usual)
    words["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "Because I say so, here."})
    yield "own-cell", words
    yield "broken", '{"cells": [{"cell_type"'
    yield "empty", ""
    yield "a-list", "[1, 2]"
    yield "a-picture", b"\x89PNG\r\n\x1a\n\xff\xfe\x00"
    yield "nested", "[" * 100_000
    yield "=HYPERLINK(\"x\")", as_notebook(release, usual)
    yield "Zoë 学生 '; rm -rf $HOME; '\U0001f40d", as_notebook(release, {**usual, "why": "naïve \ud800 \U0001f40d"})
    yield "..\\..\\-rf", as_notebook(release, usual)
    yield os.fsdecode(b"caf\xe9"), as_notebook(release, usual)  # a name that is no UTF-8


@pytest.fixture(scope="module")
def release():
    return course.student_version(small_master(), NAME)


@pytest.fixture(scope="module")
def need_sandbox():
    problem = sandbox.why_not()
    if problem and os.environ.get("CI") == "true":
        pytest.fail(f"student code cannot be shut in on this machine: {problem}")
    if problem:
        pytest.skip(f"NOT TESTED: hostile submissions, because student code cannot be shut in here: {problem}")


@pytest.fixture(scope="module")
def small_course(tmp_path_factory):
    """Let the small assignment be the only one."""
    folder = tmp_path_factory.mktemp("masters")
    (folder / f"{NAME}.ipynb").write_bytes(small_master())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course, "MASTERS", folder)
        yield folder


@pytest.fixture(scope="module")
def graded(need_sandbox, small_course, release, tmp_path_factory):
    """Grade all of them at once; return their lines by student number, and where everything lies."""
    folder = tmp_path_factory.mktemp("class")
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    for number, notebook in submissions(release, listener.getsockname()[1]):
        path = folder / "in" / number / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        if isinstance(notebook, dict):
            notebook = json.dumps(notebook)
        path.write_bytes(notebook if isinstance(notebook, bytes) else notebook.encode())
    (folder / "in" / "linked").mkdir()
    (folder / "in" / "linked" / f"{NAME}.ipynb").symlink_to(folder / "in" / "honest" / f"{NAME}.ipynb")
    (folder / "in" / "no-notebook").mkdir()
    (folder / "in" / "no-notebook" / "solution.py").write_text("x = 1")
    (folder / "in" / "linked-folder").symlink_to(folder / "in" / "honest")
    before = fingerprints(folder / "in", ROOT / "scripts" / "grading")
    arguments = [str(folder / "in"), "--out", str(folder / "grades.csv"), "--jobs", "2", *BOUNDS]
    status = grade.main(arguments)
    assert status == 0
    assert fingerprints(folder / "in", ROOT / "scripts" / "grading") == before, "files have changed"
    with pytest.raises(BlockingIOError):
        listener.accept()
    listener.close()
    with open(folder / "grades.csv", encoding="utf-8-sig", newline="") as file:
        rows = {row["Student number"]: row for row in csv.DictReader(file)}
    return rows, folder, arguments


def fingerprints(*folders):
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.suffix != ".pyc"}


def stored(graded, number):
    """Return the stored result of a submission."""
    rows, folder, _ = graded
    found = [json.loads(path.read_text()) for path in (folder / "grades" / "results").glob("*.json")]
    return next(result for result in found if result["row"]["number"] == number)


def printed(graded, number):
    return "".join(cell["output"] for cell in stored(graded, number)["cells"])


def test_an_honest_submission_gets_its_points_and_an_untouched_one_none(graded):
    rows = graded[0]
    assert [rows["honest"][name] for name in ("Score", "Maximum", "To be read")] == ["6", "6", "2"]
    assert [rows["untouched"][name] for name in ("Score", "Maximum", "To be read")] == ["0", "6", "0"]
    assert rows["honest"]["Status"] == rows["untouched"]["Status"] == "graded"


@pytest.mark.parametrize("number", [*EXTRA_CELLS, *ANSWERS, "reordered", "duplicated", "deleted", "odd-cells", "fat"])
def test_no_trick_gains_a_point_or_costs_one(graded, number):
    row = graded[0][number]
    assert row["Score"] == "3", row
    assert row["Status"] in ("graded", "ended")


@pytest.mark.parametrize(
    "number, says",
    [
        ("endless-loop", "it took more than 4 seconds"),
        ("loop-in-a-function", "it took more than 4 seconds"),
        ("sleeps", "it took more than 4 seconds"),
        ("drips", "it took more than 4 seconds"),
        ("fork-bomb", "it took more than 4 seconds|used more than the 600 MB|more processes than it may"),
        ("memory-family", "used more than the 600 MB of memory it may"),
        ("dies", "it ended Python"),
        ("kills", "it ended Python"),
        ("fake-score", "it wrote to the grader's own channel"),
        ("forger", "it wrote to the grader's own channel"),
    ],
)
def test_code_that_had_to_be_ended_says_why(graded, number, says):
    row = graded[0][number]
    assert row["Status"] == "ended" and re.search(says, row["Message"]), row


@pytest.mark.parametrize(
    "number, says",
    [
        ("broken", "it is not valid JSON"),
        ("empty", "the file is empty"),
        ("a-list", "it has no list of cells"),
        ("a-picture", "it is no notebook"),
        ("nested", "it is no"),
        ("linked", "no ordinary file but a link"),
        ("linked-folder", "it was not opened"),
        ("no-notebook", "no notebook; there is solution.py"),
    ],
)
def test_what_is_no_notebook_gets_a_line_too(graded, number, says):
    row = graded[0][number]
    assert (row["Status"], row["Score"]) == ("unreadable", "0") and says in row["Message"], row


def test_an_answer_in_a_cell_of_its_own_is_shown_and_left_to_be_read(graded):
    row = graded[0]["own-cell"]
    assert (row["Score"], row["To be read"]) == ("3", "2")
    assert "why: the answer seems to stand in a cell of its own" in row["Message"]
    (page,) = (graded[1] / "grades" / "feedback").glob(f"own-cell-{NAME}-*.html")
    assert "<p>In a cell of its own:</p><pre tabindex=\"0\">Because I say so, here.</pre>" in page.read_text()


@pytest.mark.parametrize(
    "number, says",
    [
        ("deleted", "missing and put back: given, double-test, total, total-test, why"),
        ("reordered", "the cells are not in their order"),
        ("duplicated", "the cell 'double' is there more than once"),
    ],
)
def test_what_was_done_to_the_cells_is_said(graded, number, says):
    assert says in graded[0][number]["Message"]


def test_a_sandbox_shows_nothing_to_steal_and_nothing_to_break(graded):
    assert "seen [] processes True []" in printed(graded, "reads")
    assert "False False False\nsolutions False True" in printed(graded, "reads")
    assert "HARM" not in printed(graded, "deletes") and "still there True True" in printed(graded, "deletes")
    assert printed(graded, "network") == "no way out\n" * 2


def test_ten_megabytes_of_output_are_cut(graded):
    assert len(printed(graded, "much-output")) < 100_000 and "characters more" in printed(graded, "much-output")
    assert sum(path.stat().st_size for path in (graded[1] / "grades" / "feedback").iterdir()) < 2_000_000


def test_odd_names_are_kept_and_are_no_formulas(graded):
    rows, folder, _ = graded
    assert rows["'=HYPERLINK(\"x\")"]["Score"] == "3"
    assert rows["Zoë 学生 '; rm -rf $HOME; '\U0001f40d"]["Score"] == "3"
    assert rows["..\\..\\-rf"]["Score"] == rows["caf?"]["Score"] == "3"
    names = [path.name for path in (folder / "grades" / "feedback").iterdir()]
    assert len(names) == len(rows) and all(re.fullmatch(r"[A-Za-z0-9-]+\.html", name) for name in names)


def test_a_page_of_feedback_says_what_was_wrong_and_not_how_it_was_tested(graded):
    folder = graded[1] / "grades" / "feedback"
    pages = {path.name.split(f"-{NAME}")[0]: path.read_text() for path in folder.iterdir()}
    assert "the total of 1 and 2" in pages["fat"]
    assert "`total` is not written yet" in pages["untouched"]
    assert "raised TypeError" in pages["too-deep"] or "more than fifty levels" in pages["too-deep"]
    assert "SyntaxError" in pages["no-python"] and "line 1" in pages["no-python"]
    for page in pages.values():
        assert SECRET not in page and "BEGIN HIDDEN" not in page and "default_rng" not in page
        assert "<script>" not in page
    assert "raised an exception" in pages["tells"] and not re.search(r"0\.\d{5}", pages["tells"])


def test_hidden_tests_are_shown_if_the_teacher_wants_it(graded, small_course):
    page = feedback.page(stored(graded, "honest"), course.tests_of(small_master()))
    assert SECRET in page


def test_a_second_run_grades_only_what_has_changed(graded, monkeypatch):
    rows, folder, arguments = graded
    table = (folder / "grades.csv").read_bytes()
    asked = []

    def only_ask(todo, *rest):
        asked.extend(entry["number"] for _, entry, _, _ in todo)
        return []

    monkeypatch.setattr(grade, "run_all", only_ask)
    assert grade.main(arguments) == 0
    assert asked == [] and (folder / "grades.csv").read_bytes() == table
    path = folder / "in" / "broken" / f"{NAME}.ipynb"
    path.write_text("[]")
    with pytest.raises(KeyError):
        grade.main(arguments)  # the stand-in for grading gives no result
    assert asked == ["broken"]
    path.write_text('{"cells": [{"cell_type"')


def test_a_result_is_stored_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    tables.write_atomically(path, "old")

    def full(*args):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError):
        tables.write_atomically(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_two_files_of_one_student_are_left_to_a_person():
    rows = [{"number": "1", "assignment": "a", "status": "graded", "message": ""} for _ in range(2)]
    tables.mark_repeated(rows)
    assert {row["status"] for row in rows} == {"repeated"} and "2 files" in rows[0]["message"]


def test_there_is_a_table_for_each_assignment_and_in_it_no_score_before_a_file_is_chosen(tmp_path):
    row = {"number": "Zoë", "score": 3, "max": 6, "to_be_read": 0, "status": "graded", "message": "", "file": "x"}
    rows = [{**row, "assignment": name} for name in ("1-a", "2-b", "2-b", "")]
    tables.mark_repeated(rows)
    written = tables.write_tables(tmp_path / "grades.csv", rows)
    assert [path.name for path in written] == ["grades.csv", "grades-1-a.csv", "grades-2-b.csv"]
    scores = []
    for path in written:
        assert path.read_bytes().startswith("\ufeffStudent number".encode())
        with open(path, encoding="utf-8-sig", newline="") as file:
            scores.append([line["Score"] for line in csv.DictReader(file)])
    assert scores == [["3", "3", "3", "3"], ["3"], ["", ""]]


@pytest.mark.parametrize(
    "out, says",
    [
        ("in", "a file such as .*/in/grades.csv is wanted, and .*/in is a folder"),
        ("a-file/grades.csv", "cannot be written: (Not a directory|File exists)"),
        ("taken.csv", "taken/results/any.json cannot be written: (Not a directory|File exists)"),
        ("/proc/nope/grades.csv", "cannot be written: No such file or directory"),
    ],
)
def test_a_table_that_cannot_be_written_is_told_before_anything_is_graded(
    out, says, small_course, tmp_path, monkeypatch, capsys
):
    (tmp_path / "in" / "1").mkdir(parents=True)
    (tmp_path / "in" / "1" / "any.ipynb").write_text("{}")
    (tmp_path / "a-file").touch()
    (tmp_path / "taken").touch()
    monkeypatch.setattr(grade, "grade_all", None)
    assert grade.main([str(tmp_path / "in"), "--out", str(tmp_path / out), grade.TRUST]) == 2
    assert re.fullmatch(f"--out: .*{says}\n", capsys.readouterr().err)


def test_a_full_disk_loses_nothing(small_course, tmp_path, monkeypatch, capsys):
    (tmp_path / "in" / "1").mkdir(parents=True)
    (tmp_path / "in" / "1" / f"{NAME}.ipynb").write_text("{}")

    def full(*args):
        raise OSError(28, "No space left on device", "grades.csv")

    monkeypatch.setattr(tables, "write_tables", full)
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "grades.csv"), "--jobs", "1", grade.TRUST]
    with monkeypatch.context() as patch:
        patch.setattr(tables, "write_atomically", full)
        assert grade.main(arguments) == 2
    said = capsys.readouterr().err
    assert "No space left on device: 'grades.csv'. 0 of 1 are kept, and the same command goes on." in said
    assert grade.main(arguments) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("grades.csv cannot be written: No space left on device. The results are kept in")
    assert len(list((tmp_path / "grades" / "results").glob("*.json"))) == 1


@pytest.mark.parametrize(
    "wrong, says",
    [
        (["--jobs", "many"], "argument --jobs: expected a whole number, 1 or more, got 'many'"),
        (["--cell-seconds", "0"], "argument --cell-seconds: expected a number of seconds above 0, got '0'"),
        (["--seconds", "nan"], "argument --seconds: expected a number of seconds above 0, got 'nan'"),
        (["--number", "("], "is no regular expression"),
    ],
)
def test_an_argument_that_makes_no_sense_is_named(wrong, says, tmp_path, capsys):
    with pytest.raises(SystemExit):
        grade.main([str(tmp_path), "--out", str(tmp_path / "grades.csv"), *wrong])
    assert says in capsys.readouterr().err


def test_an_assignment_is_known_by_its_number(small_course):
    assert grade._known_assignment("9") == grade._known_assignment(NAME) == NAME
    with pytest.raises(grade.CannotStart, match="there is 9-small, got '7'"):
        grade._known_assignment("7")


def test_nothing_that_a_submission_must_not_see_may_lie_where_it_looks(small_course, tmp_path, monkeypatch, capsys):
    assert sandbox.shown_below("/usr/share/class") == "/usr" and sandbox.shown_below(sys.prefix) is not None
    assert sandbox.shown_below(tmp_path) is None and sandbox.shown_below("/usrs") is None
    monkeypatch.setattr(sandbox, "why_not", lambda: None)
    monkeypatch.setattr(grade, "grade_all", None)
    monkeypatch.setattr(sandbox, "_pythons_folders", lambda: [str(tmp_path.resolve() / "in")])
    (tmp_path / "in").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "in")
    for folder in ("in", "linked"):
        assert grade.main([str(tmp_path / folder), "--out", str(tmp_path / "grades.csv")]) == 2
        assert "SUBMISSIONS lies below" in capsys.readouterr().err
    monkeypatch.setattr(course, "ROOT", tmp_path / "in" / "book")
    assert grade.main([str(tmp_path), "--out", str(tmp_path / "grades.csv")]) == 2
    assert "The book lies below" in capsys.readouterr().err


def test_a_scheduler_that_does_not_answer_is_named(small_course, tmp_path, monkeypatch, capsys):
    pytest.importorskip("distributed")
    (tmp_path / "in" / "1").mkdir(parents=True)
    (tmp_path / "in" / "1" / "any.ipynb").write_text("{}")
    monkeypatch.setattr(grade, "DASK_SECONDS", 0.5)
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "grades.csv"), grade.TRUST]
    assert grade.main([*arguments, "--dask", "tcp://127.0.0.1:9"]) == 2
    assert "--dask: no scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err


def test_without_a_sandbox_nothing_is_graded(tmp_path, monkeypatch, capsys):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / f"{NAME}.ipynb").write_text("{}")
    monkeypatch.setattr(sandbox, "why_not", lambda: "no namespaces here")
    assert grade.main([str(tmp_path), "--out", str(tmp_path / "grades.csv")]) == 2
    said = capsys.readouterr().err
    assert "Nothing was graded" in said and "no namespaces here" in said and grade.TRUST in said
    assert not (tmp_path / "grades.csv").exists()


@pytest.mark.parametrize("short", [grade.TRUST[:3], grade.TRUST[:-1]])
def test_the_way_around_the_sandbox_has_to_be_written_out(short, small_course, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        grade.main([str(tmp_path), "--out", str(tmp_path / "grades.csv"), short])
    assert ended.value.code == 2 and f"unrecognized arguments: {short}" in capsys.readouterr().err


def test_without_a_sandbox_trusted_submissions_are_graded(release, small_course, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sandbox, "why_not", lambda: "no namespaces here")
    (tmp_path / "in" / "1").mkdir(parents=True)
    good = {"double": RIGHT, "total": "def total(values):\n    return sum(values)"}
    (tmp_path / "in" / "1" / "any.ipynb").write_text(json.dumps(as_notebook(release, good)))
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "grades.csv"), "--jobs", "1", grade.TRUST]
    assert grade.main(arguments) == 0
    assert "1,9-small,6,6,0,graded,graded without a sandbox;" in (tmp_path / "grades.csv").read_text()
    assert "WARNING: 1 of 1 notebooks state another student number" in capsys.readouterr().err


def test_an_interrupted_run_goes_on_where_it_stopped(release, small_course, tmp_path, monkeypatch, capsys):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    made, real = [], tempfile.TemporaryDirectory

    def watched_folder(*args, **kwargs):
        made.append((kwargs["prefix"], kwargs.get("dir")))
        return real(*args, **kwargs)

    monkeypatch.setattr(tempfile, "TemporaryDirectory", watched_folder)
    monkeypatch.setattr(sandbox, "why_not", lambda: "no namespaces here")
    for number in ("1", "2"):
        (tmp_path / "in" / number).mkdir(parents=True)
        notebook = as_notebook(release, {"double": RIGHT, "total": WRONG})
        (tmp_path / "in" / number / f"{NAME}.ipynb").write_text(json.dumps(notebook))
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "grades.csv"), "--jobs", "1", grade.TRUST]
    whole, asked = grade.run_all, []

    def interrupted(*args):
        yield next(iter(whole(*args)))
        Path(args[-1], "grade-left-by-a-process-that-was-stopped").mkdir()
        raise KeyboardInterrupt

    def watched(todo, *rest):
        asked.extend(entry["number"] for _, entry, _, _ in todo)
        return whole(todo, *rest)

    monkeypatch.setattr(grade, "run_all", interrupted)
    assert grade.main(arguments) == grade.STOPPED
    assert "\nStopped; 1 of 2 are kept. The same command goes on.\n" in capsys.readouterr().err
    assert list((tmp_path / "temporary").iterdir()) == []
    parents = [folder for prefix, folder in made if prefix == "grade-"]
    assert len(parents) == 1 and Path(parents[0]).name.startswith("grading-"), "what main clears up is elsewhere"
    monkeypatch.setattr(grade, "run_all", watched)
    assert grade.main(arguments) == 0
    assert asked == ["2"]
    assert len((tmp_path / "grades.csv").read_text().splitlines()) == 3


def test_a_dask_scheduler_can_do_the_work(release, small_course, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(sandbox, "why_not", lambda: "no namespaces here")
    for number in ("1", "2"):
        (tmp_path / "in" / number).mkdir(parents=True)
        notebook = as_notebook(release, {"double": RIGHT, "total": WRONG})
        (tmp_path / "in" / number / f"{NAME}.ipynb").write_text(json.dumps(notebook))
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster:
        arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "grades.csv"), grade.TRUST]
        assert grade.main([*arguments, "--dask", cluster.scheduler_address]) == 0
    with open(tmp_path / "grades.csv", encoding="utf-8-sig", newline="") as file:
        assert [(row["Student number"], row["Score"]) for row in csv.DictReader(file)] == [("1", "3"), ("2", "3")]


def test_a_missing_bubblewrap_is_named(monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    sandbox.why_not.cache_clear()
    try:
        assert "bubblewrap is not installed" in sandbox.why_not()
    finally:
        sandbox.why_not.cache_clear()


@pytest.mark.parametrize(
    "path, pattern, number",
    [
        ("4711/1-data-and-baselines.ipynb", None, "4711"),
        ("1-data-and-baselines-4711.ipynb", None, "4711"),
        ("4711_1-data-and-baselines.ipynb", None, "4711"),
        ("Doe_4711_file/nb.ipynb", r"_(\d+)_", "4711"),
        ("Doe/nb.ipynb", r"_(\d+)_", None),
        ("1-data-and-baselines/4711.ipynb", None, "4711"),
        ("1-data-and-baselines/4711/nb.ipynb", None, "4711"),
        ("4711/1-data-and-baselines/nb.ipynb", None, "4711"),
    ],
)
def test_student_numbers_come_out_of_paths(path, pattern, number, monkeypatch):
    pattern = pattern and re.compile(pattern)
    monkeypatch.setattr(course, "MASTERS", ROOT / "assignments")
    assert handed_in.student_number(Path(path), pattern, "1-data-and-baselines") == number


def test_every_students_folder_has_a_line_and_every_loose_file_is_named(small_course, tmp_path, monkeypatch):
    for name in ("1/a.ipynb", "2/solution.py", f"3/deep/{NAME}.ipynb.txt", f"{NAME}/5/x.ipynb", f"{NAME}/6/x.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in ("4", "7.5", "8/.ipynb_checkpoints"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("list.pdf", f"{NAME}/notes.txt", "9.ipynb"):
        (tmp_path / name).touch()
    real = os.scandir

    def scandir(path):
        if Path(path).name == "4":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found, loose = handed_in.find(tmp_path)
    assert loose == ["list.pdf", f"{NAME}/notes.txt"]
    told = {entry["number"]: (entry["problem"], entry["assignment"]) for entry in found}
    assert told == {
        "1": (None, None),
        "2": ("no notebook; there is solution.py", None),
        "3": (f"no notebook; there is {NAME}.ipynb.txt", NAME),
        "4": ("the folder cannot be read: Permission denied", None),
        "5": (None, NAME),
        "6": ("no notebook; there is x.py", NAME),
        "7.5": ("no notebook; the folder is empty", None),
        "8": ("no notebook; the folder is empty", None),
        "9": (None, None),
    }
    assert len(found) == len(told)


def test_a_roster_makes_a_student_number_of_a_platforms_id(small_course, tmp_path):
    for name in ("Doe_11_assignsubmission_file", "Poe_12_assignsubmission_file", "Moe_file"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / f"{NAME}.ipynb").touch()
    (tmp_path / "roster.csv").write_text("Student number;Name;Platform ID\n0042;Doe, Ann;11\n", encoding="utf-8-sig")
    roster = handed_in.read_roster(tmp_path / "roster.csv")
    assert roster == {"11": "0042"}
    pattern = re.compile(r"_(\d+)_assignsubmission")
    entries = {entry["number"]: entry for entry in handed_in.find(tmp_path / "in", pattern, None, roster)[0]}
    assert entries["0042"]["unknown"] is None and entries["0042"]["notes"] == []
    assert entries["12"]["unknown"] == "the id '12' is not in the roster"
    unmatched = entries[f"Moe_file/{NAME}.ipynb"]
    assert unmatched["notes"] == [handed_in.NO_MATCH] and "is not in the roster" in unmatched["unknown"]
    row = grade.grade_one(entries["12"], b"", b"", ("", b"", {"ids": [], "tested": 6}), {}, True)["row"]
    assert (row["status"], row["score"], row["message"]) == ("unknown", "", "the id '12' is not in the roster")


@pytest.mark.parametrize(
    "text, says",
    [
        ("11,0042\n", "must name the columns platform id and student number, got '11,0042'"),
        ("platform id,student number\n11,42\n11,43\n", "line 3: the platform id '11' stands there twice"),
        ("platform id,student number\n11,42\n12,42\n", "line 3: the student number '42' stands there twice"),
        ("platform id,student number\n11,\n", "line 2: a platform id and a student number are wanted"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_roster_that_is_wrong_is_refused(text, says, small_course, tmp_path, capsys):
    (tmp_path / "1").mkdir()
    if text is not None:
        (tmp_path / "roster.csv").write_text(text)
    roster = ["--roster", str(tmp_path / "roster.csv")]
    assert grade.main([str(tmp_path), "--out", str(tmp_path / "grades.csv"), *roster, grade.TRUST]) == 2
    assert says in capsys.readouterr().err


def test_other_numbers_in_most_notebooks_are_said_aloud():
    def result(stated, number):
        return {"stated": stated, "row": {"number": number, "file": f"{number}/x.ipynb"}}

    odd = result("00", "0")
    assert grade.other_numbers([odd, result("2", "2"), result("3", "3")]) is None
    warning = grade.other_numbers([odd, result("5", "6"), result("3", "3"), result(None, "4")])
    assert "2 of 3 notebooks" in warning and "'00' and '0' (0/x.ipynb)" in warning
    assert grade.other_numbers([{"row": {"number": "1", "file": "x"}}]) is None


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -2.5, float("inf"), "ä\ud800", [1, [2]], (1, (2, "x")), {1: [2], "a": {"b"}}, {1, 2},
        np.float32(1.5), np.arange(6).reshape(2, 3), np.array([True]), np.array(["x", "yz"]), np.zeros((0, 3)),
        np.array([[1], [2, 3]], dtype=object),
    ],
)  # fmt: skip
def test_data_arrives_as_it_was_sent(value):
    ours, theirs = socket.socketpair()
    messages.send(ours, {"value": messages.encode(value)})
    got = messages.decode(messages.receive(theirs)["value"])
    assert type(got) is type(value)
    if isinstance(value, np.ndarray):
        assert got.dtype == value.dtype and got.shape == value.shape
        assert got.tolist() == value.tolist()
    else:
        assert got == value or isinstance(value, str)


@pytest.mark.parametrize(
    "said",
    [
        {"function": "f"}, {"list": 3}, {"array": {}}, {"dict": [[{"list": []}, 1]]}, {"set": [{"list": []}]},
        {"array": {"dtype": "|O", "shape": [1], "bytes": "AAAAAAAAAAA="}}, {"float": "1"}, {"unknown": 1}, {}, [1],
        {"array": {"dtype": "<f8", "shape": [9], "bytes": "AAAAAAAAAAA="}},
        {"array": {"dtype": "<f8", "shape": [-1], "bytes": "AAAAAAAAAAA="}},
        {"array": {"dtype": "<f8,<f8", "shape": [1], "bytes": "AAAAAAAAAAAAAAAAAAAAAA=="}},
    ],
)  # fmt: skip
def test_what_is_no_data_is_refused(said):
    with pytest.raises(messages.Broken):
        messages.decode(said)


def test_code_cannot_be_sent():
    for value in (open, int, object(), (x for x in ()), re.compile("x")):
        with pytest.raises(messages.Unsayable):
            messages.encode(value)


def test_the_judge_is_a_process_that_talks_json():
    job = {"cells": [], "tests": [], "number": "1", "limits": LIMITS, "trusted": True}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.grading.judge"], input=json.dumps(job), capture_output=True, text=True, cwd=ROOT
    )
    assert json.loads(done.stdout) == {"cells": [], "tests": [], "ends": []}


def test_a_test_sees_the_students_names_and_nothing_else_of_theirs():
    cell = {"source": "x = 5\nAssertionError = check = 1", "given": False, "names": ["x"]}
    tests = [
        {"id": "a", "source": "assert x == 5", "names": ["x"], "hidden": []},
        {"id": "b", "source": "assert 'check' not in dir()\nassert x == 6, 'five'", "names": ["x"], "hidden": [2]},
        {"id": "c", "source": "y", "names": ["y"], "hidden": []},
    ]
    job = {"cells": [cell], "tests": tests, "number": "1", "limits": LIMITS, "trusted": True}
    found = judge.judge(job)["tests"]
    assert [(test["passed"], test["message"], test["hidden"]) for test in found] == [
        (True, "", False),
        (False, "five", True),
        (False, "`y` is not defined: the cell that defines it is missing or was changed", False),
    ]


def test_only_the_stubs_own_line_is_taken_for_a_stub():
    """And a magic command of Jupyter's does not look like one, or stop a cell."""
    sources = ["%matplotlib inline\nx = 5", "import asyncio\nasyncio.AbstractEventLoop().stop()\ny = 5"]
    sources += ["raise NotImplementedError\nz = 5", "def f(values):\n    raise NotImplementedError"]
    cells = [{"source": text, "given": False, "names": [name]} for text, name in zip(sources, "xyzf", strict=True)]
    calls = {"x": "assert x == 5", "y": "y", "z": "z", "f": "f([])"}
    tests = [{"id": name, "source": text, "names": [name], "hidden": []} for name, text in calls.items()]
    job = {"cells": cells, "tests": tests, "number": "1", "limits": LIMITS, "trusted": True}
    found = {test["id"]: test["message"] for test in judge.judge(job)["tests"]}
    assert found["x"] == "" and found["z"] == "`z` is not done yet" and found["f"] == "`f` is not written yet"
    assert found["y"].startswith("`y` is not defined, because its cell failed in line 2: NotImplementedError")


def test_a_test_sees_what_a_function_does_to_its_arguments_and_no_other_test_does():
    source = "def f(values, more=None):\n    values[0] = 7\n    (more or {}).pop('x', None)\n    return values"
    cells = [
        {"source": "data = [1, 2]", "given": True, "names": []},
        {"source": source, "given": False, "names": ["f"]},
        {"source": "def total(values):\n    values[:] = [0]\n    return 0", "given": False, "names": ["total"]},
    ]
    tests = [
        {"id": "list", "source": "old = [1]\nf(old)\nassert old == [1], 'changed'", "names": ["f"], "hidden": []},
        {"id": "by name", "source": "d = {'x': 1}\nf([1], more=d)\nassert d, 'lost'", "names": ["f"], "hidden": []},
        {"id": "given", "source": "assert f(data) == [7, 2]", "names": ["f"], "hidden": []},
        {"id": "after", "source": "assert data == [1, 2], 'spoilt'", "names": ["f"], "hidden": []},
    ]
    made_right = "values = [1, 2]\nassert total(values) == sum(values), 'the total'"
    tests.append({"id": "cheat", "source": made_right, "names": ["total"], "hidden": []})
    job = {"cells": cells, "tests": tests, "number": "1", "limits": LIMITS, "trusted": True}
    found = {test["id"]: test["message"] for test in judge.judge(job)["tests"]}
    copy_it = " (`f` changes what it is given; work on a copy)"
    assert found == {
        "list": f"changed{copy_it}",
        "by name": f"lost{copy_it}",
        "given": "",
        "after": "",
        "cheat": "the total",
    }


@pytest.mark.parametrize(
    "old, new",
    [
        (np.array([1, 2]), np.array([3, 4])),
        ([1, np.array([1.5]), (1,)], [2, np.array([2.5]), (2,)]),
        ([1, 2, 3], [4]),
        ([1], [1, [2]]),
        ({"a": [1], "b": 2}, {"a": [3], "c": 4}),
        ({1, 2}, {2, 3}),
    ],
)
def test_an_argument_is_made_to_hold_what_it_held_in_the_sandbox(old, new):
    inner = [part for part in old if isinstance(part, np.ndarray)] if isinstance(old, list) else []
    assert judge.write_into(old, new)
    assert str(old) == str(new)
    assert [part.tolist() for part in inner] == [[2.5] for _ in inner]  # still the same array, with other numbers


def test_own_markdown_belongs_to_the_answer_it_stands_with():
    def text(source, grade_id=None):
        return new_markdown_cell(source, metadata=told(grade_id, grade=True, solution=True) if grade_id else {})

    first, second, ask_a, ask_b = text("A", "a"), text("B", "b"), text("**(a)** Why?"), text("**(b)** How?")
    release = {"cells": [text("## Title"), ask_a, first, ask_b, second]}

    def found(*cells):
        return course.own_words({"cells": list(cells)}, release)

    own = text("mine")
    assert found(own, text("## Title"), ask_a, first, ask_b, second) == {"": ["mine"]}
    assert found(ask_a, own, first, ask_b, second) == {"a": ["mine"]}
    assert found(ask_a, first, own, ask_b, second) == {"a": ["mine"]}
    assert found(ask_a, first, ask_b, own, second) == {"b": ["mine"]}
    assert found(ask_a, first, ask_b, second, text(" "), own) == {"b": ["mine"]}
    changed = text("**(b)** How? So.")  # written into the question's cell
    assert found(ask_a, first, changed, second) == {"b": ["**(b)** How? So."], "a": ["**(b)** How? So."]}


def test_a_page_tells_two_answers_apart_and_names_the_earlier_mistake():
    task = {"title": "9. In your own words", "score": None, "max": 3, "message": "", "hidden": False}
    failed = {"title": "2. Then", "question": "", "score": 0, "max": 3, "message": "x", "hidden": False}
    tasks = [{**failed, "id": "t1", "title": "1. First"}, {**failed, "id": "t2"}]
    tasks += [{**task, "id": name, "question": f"({name}) Why {name}?"} for name in "ab"]
    course._name_earlier_mistakes(tasks, {"t1": [], "t2": ["t1"]})
    row = {"number": "1", "assignment": NAME, "score": 0, "max": 6, "to_be_read": 6, "message": ""}
    page = feedback.page({"row": row, "tasks": tasks, "written": {"a": "x", "b": "y"}, "own_words": {"b": ["z"]}})
    assert "9. In your own words (a) Why a?</td>" in page and "<h3>9. In your own words (b) Why b?</h3>" in page
    assert page.count("This task uses “1. First”; a mistake there shows here, too.") == 1


def test_which_tasks_build_on_which_is_read_from_the_solutions(monkeypatch):
    monkeypatch.setattr(course, "MASTERS", ROOT / "assignments")
    path = next(path for name, path in course.masters().items() if name.startswith("3-"))
    built_on = course._built_on(path.read_bytes())
    assert built_on["gates-test"] == [] and built_on["lstm-step-test"] == ["gates-test"]
    assert built_on["read-test"] == ["lstm-step-test"] and built_on["forget-bias-test"] == []


def test_other_helpers_make_stored_results_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "ROOT", tmp_path)
    (tmp_path / "helpers" / "deep").mkdir(parents=True)
    before = course.fingerprint(b"x", {}, False)
    (tmp_path / "helpers" / "deep" / "new.py").touch()
    (tmp_path / "helpers" / "deep" / "new.py").write_text("x = 1")
    assert course.fingerprint(b"x", {}, False) != before


def test_colabs_way_to_keep_ids_is_understood(release):
    cells = [
        {"cell_type": cell["cell_type"], "source": cell["source"], "metadata": {"id": cell.get("id")}}
        for cell in release["cells"]
    ]
    clean, notes = submission.normalised(submission.read(json.dumps({"cells": cells}).encode()), release)
    assert notes == []
    assert list(map(course.grade_id_of, clean["cells"])) == list(map(course.grade_id_of, release["cells"]))
