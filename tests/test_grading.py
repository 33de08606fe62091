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
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from scripts import grade
from scripts.grading import course, feedback, judge, messages, sandbox, submission

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
    (folder / "in" / "linked-folder").symlink_to(folder / "in" / "honest")
    before = fingerprints(folder / "in", ROOT / "scripts" / "grading")
    arguments = [str(folder / "in"), "--out", str(folder / "grades.csv"), "--jobs", "2", *BOUNDS]
    status = grade.main(arguments)
    assert status == 0
    assert fingerprints(folder / "in", ROOT / "scripts" / "grading") == before, "files have changed"
    with pytest.raises(BlockingIOError):
        listener.accept()
    listener.close()
    with open(folder / "grades.csv", encoding="utf-8", newline="") as file:
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
    ],
)
def test_what_is_no_notebook_gets_a_line_too(graded, number, says):
    row = graded[0][number]
    assert (row["Status"], row["Score"]) == ("unreadable", "0") and says in row["Message"], row


def test_a_folder_that_is_a_link_is_not_followed(graded):
    row = graded[0]["linked-folder"]
    assert (row["Status"], row["Score"]) == ("unknown", "") and "it was not opened" in row["Message"]


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
    assert "False False False" in printed(graded, "reads")
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
    grade.write_atomically(path, "old")

    def full(*args):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError):
        grade.write_atomically(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_two_files_of_one_student_are_left_to_a_person():
    rows = [{"number": "1", "assignment": "a", "status": "graded", "message": ""} for _ in range(2)]
    grade.mark_repeated(rows)
    assert {row["status"] for row in rows} == {"repeated"} and "2 files" in rows[0]["message"]


def test_without_a_sandbox_nothing_is_graded(tmp_path, monkeypatch, capsys):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / f"{NAME}.ipynb").write_text("{}")
    monkeypatch.setattr(sandbox, "why_not", lambda: "no namespaces here")
    assert grade.main([str(tmp_path), "--out", str(tmp_path / "grades.csv")]) == 2
    said = capsys.readouterr().err
    assert "Nothing was graded" in said and "no namespaces here" in said and grade.TRUST in said
    assert not (tmp_path / "grades.csv").exists()


def test_without_a_sandbox_trusted_submissions_are_graded(release, small_course, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "why_not", lambda: "no namespaces here")
    (tmp_path / "in" / "1").mkdir(parents=True)
    good = {"double": RIGHT, "total": "def total(values):\n    return sum(values)"}
    (tmp_path / "in" / "1" / "any.ipynb").write_text(json.dumps(as_notebook(release, good)))
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "grades.csv"), "--jobs", "1", grade.TRUST]
    assert grade.main(arguments) == 0
    assert "1,9-small,6,6,0,graded" in (tmp_path / "grades.csv").read_text()


def test_an_interrupted_run_goes_on_where_it_stopped(release, small_course, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "why_not", lambda: "no namespaces here")
    for number in ("1", "2"):
        (tmp_path / "in" / number).mkdir(parents=True)
        notebook = as_notebook(release, {"double": RIGHT, "total": WRONG})
        (tmp_path / "in" / number / f"{NAME}.ipynb").write_text(json.dumps(notebook))
    arguments = [str(tmp_path / "in"), "--out", str(tmp_path / "grades.csv"), "--jobs", "1", grade.TRUST]
    whole, asked = grade.run_all, []

    def interrupted(*args):
        yield next(iter(whole(*args)))
        raise KeyboardInterrupt

    def watched(todo, *rest):
        asked.extend(entry["number"] for _, entry, _, _ in todo)
        return whole(todo, *rest)

    monkeypatch.setattr(grade, "run_all", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade.main(arguments)
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
    with open(tmp_path / "grades.csv", encoding="utf-8", newline="") as file:
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
        ("Doe/nb.ipynb", r"_(\d+)_", "Doe/nb.ipynb"),
    ],
)
def test_student_numbers_come_out_of_paths(path, pattern, number):
    pattern = pattern and re.compile(pattern)
    assert grade.student_number(Path(path), pattern, "1-data-and-baselines") == number


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


def test_colabs_way_to_keep_ids_is_understood(release):
    cells = [
        {"cell_type": cell["cell_type"], "source": cell["source"], "metadata": {"id": cell.get("id")}}
        for cell in release["cells"]
    ]
    clean, notes = submission.normalised(submission.read(json.dumps({"cells": cells}).encode()), release)
    assert notes == []
    assert list(map(course.grade_id_of, clean["cells"])) == list(map(course.grade_id_of, release["cells"]))
