"""nbgrader's part: student versions from masters, and points from verdicts.

The folders that nbgrader wants (a course with ``source/``, ``release/``, ``submitted/`` and ``autograded/``) are made
for the moment and thrown away.
"""

import functools
import hashlib
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.preprocessors import (
    CheckCellMetadata,
    NbGraderPreprocessor,
    OverwriteCells,
    SaveAutoGrades,
)
from nbgrader.utils import is_grade, is_solution
from traitlets.config import Config

from scripts.grading.judge import names_defined
from scripts.grading.submission import grade_id_of, normalised, source_of

ROOT = Path(__file__).resolve().parent.parent.parent
MASTERS = ROOT / "assignments"
ALONE = threading.Lock()  # nbgrader changes the working directory of the whole process
STUDENT = "student"  # nbgrader's name for the only student of a course that is thrown away
NOT_RUN = {"setup", "train"}  # cells that fetch what the sandbox has, or take too long to be run again
START_UP = 90  # seconds for what is not the student's: starting Python, loading data, the tests' own work


class GradingFailed(RuntimeError):
    """A submission could not be graded, and it is not the submission's fault."""


def masters():
    """Return the assignments' names with the paths of their masters."""
    return {path.stem: path for path in sorted(MASTERS.glob("[0-9]*.ipynb"))}


def student_version(master, name):
    """Return the student version of a master, as nbgrader releases it.

    Parameters
    ----------
    master : bytes
        The master, a notebook file.
    name : str
        The assignment's name.

    Returns
    -------
    dict
        The notebook.
    """
    return json.loads(released(bytes(master), name)[0])


@functools.lru_cache(maxsize=8)
def released(master, name):
    """Let nbgrader release a master.

    Returns
    -------
    release : str
        The student version, a notebook file.
    gradebook : bytes
        The gradebook that belongs to it, a database file.
    most : dict
        ``ids``: the tasks that tests decide about; ``tested``: the points they can give.
    """
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        source = Path(folder, "source", name, f"{name}.ipynb")
        source.parent.mkdir(parents=True)
        source.write_bytes(master)
        Path(folder, "gradebook.db").write_bytes(_empty_gradebook())
        config = _config(folder)
        _run(lambda: NbGraderAPI(config=config).generate_assignment(name))
        release = Path(folder, "release", name, f"{name}.ipynb").read_text(encoding="utf-8")
        gradebook = Path(folder, "gradebook.db").read_bytes()
    points = {}
    for cell in json.loads(release)["cells"]:
        told = cell["metadata"].get("nbgrader", {})
        if told.get("grade") and not told.get("solution"):
            points[told["grade_id"]] = told["points"]
    return release, gradebook, {"ids": list(points), "tested": sum(points.values())}


@functools.lru_cache(maxsize=1)
def _empty_gradebook():
    """Return a new gradebook, the contents of a file. nbgrader takes seconds to make one, so it is made once."""
    with tempfile.TemporaryDirectory(prefix="gradebook-") as folder:
        path = Path(folder, "gradebook.db")

        def make():
            Gradebook(f"sqlite:///{path}").close()
            return {"success": True}

        _run(make)
        return path.read_bytes()


def _config(folder):
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.db_url = f"sqlite:///{folder}/gradebook.db"
    config.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError"}
    return config


def _run(step):
    """Run a step of nbgrader, quietly; what it says is shown only if it fails."""
    with ALONE:
        outcome = _run_quietly(step)
    if not outcome["success"]:
        lines = (outcome.get("log") or outcome.get("error") or "").strip().splitlines()
        errors = [line.strip() for line in lines if line.strip().partition(":")[0].endswith("Error")]
        raise GradingFailed(f"nbgrader: {(errors or lines or ['no reason given'])[-1]}")


def _run_quietly(step):
    path = os.environ.get("PATH", os.defpath)
    # For a new gradebook nbgrader starts the command `alembic`, which lies beside Python.
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), path])
    logger = logging.getLogger("traitlets")
    handlers, propagate = logger.handlers[:], logger.propagate
    logger.handlers[:], logger.propagate = [logging.NullHandler()], False
    try:
        return step()
    finally:
        os.environ["PATH"] = path
        logger.handlers[:], logger.propagate = handlers, propagate


def grade(master, released, name, notebook, number, limits, trusted=False, scratch=None):
    """Grade one submission.

    Parameters
    ----------
    master : bytes
        The assignment's master.
    released : tuple
        What `released` made of it.
    name : str
        The assignment's name.
    notebook : dict
        The submission, as `submission.read` returns it.
    number : str
        The student's number, which decides the variant.
    limits : dict
        The fields of `sandbox.Limits`.
    trusted : bool
        Run the student's code without a sandbox.
    scratch : str, optional
        A folder for what is temporary.

    Returns
    -------
    dict
        ``tasks``: a list with, for each graded cell, ``id``, ``title``, ``question`` (of an answer in words), ``score``
        (None for an answer that a teacher has to read), ``max``, ``message``, ``hidden``; ``cells``: the student's
        cells with what they printed; ``written``: the answers that a teacher reads; ``own_words``: what `own_words`
        returned; ``stated``: the student number in the notebook; ``notes``: what was found on the way; ``ends``: why
        the sandbox had to be ended, each time.
    """
    release, gradebook, _ = released
    release = json.loads(release)
    clean, notes = normalised(notebook, release)
    own = number_in(notebook)
    if own is not None and own.strip() != number.strip():
        notes.append(f"the notebook says student number {own[:40]!r}; graded with the one it was handed in under")
    job = {"number": number, "limits": limits, "trusted": trusted}
    with tempfile.TemporaryDirectory(prefix="grade-", dir=scratch) as folder:
        Path(folder, "gradebook.db").write_bytes(gradebook)
        submitted = Path(folder, "submitted", STUDENT, name, f"{name}.ipynb")
        submitted.parent.mkdir(parents=True)
        submitted.write_text(json.dumps(clean), encoding="utf-8")
        Path(folder, "source", name).mkdir(parents=True)
        judge = type("Judge", (Judge,), {"job": job, "asked": _asked(master)})
        config = _config(folder)
        config.Autograde.sanitize_preprocessors = [OverwriteCells, CheckCellMetadata]
        config.Autograde.autograde_preprocessors = [judge, SaveAutoGrades, CheckCellMetadata]
        _run(lambda: NbGraderAPI(config=config).autograde(name, STUDENT))
        if judge.failed:
            raise GradingFailed(judge.failed)
        with Gradebook(f"sqlite:///{folder}/gradebook.db") as book:
            found = book.find_submission_notebook(name, name, STUDENT)
            points = {grade.name: (grade.auto_score, grade.max_score) for grade in found.grades}
    verdicts = {verdict["id"]: verdict for verdict in judge.verdicts["tests"]}
    own_cells = own_words(clean, release)
    tasks = []
    for grade_id, title, question in _titles(release):
        score, most = points[grade_id]
        verdict = verdicts.get(grade_id, {"message": "", "hidden": False})
        if score is not None and own_cells.get(grade_id) and grade_id not in verdicts:
            score = None  # nbgrader gives 0 where the answer's own cell was left as it was
            notes.append(f"{grade_id}: the answer seems to stand in a cell of its own; it has to be read")
        tasks.append({"id": grade_id, "title": title, "question": question, "score": score, "max": most})
        tasks[-1] |= {"message": verdict["message"], "hidden": verdict["hidden"]}
    _name_earlier_mistakes(tasks, _built_on(master))
    return {
        "tasks": tasks,
        "cells": judge.verdicts["shown"],
        "written": {grade_id_of(cell): source_of(cell) for cell in clean["cells"] if _is_written(cell)},
        "own_words": own_cells,
        "stated": own,
        "notes": notes,
        "ends": judge.verdicts["ends"],
    }


def own_words(clean, release):
    """Return the texts of the Markdown cells that a student added or changed, by the written answer they belong to.

    Parameters
    ----------
    clean : dict
        The submission, from `submission.normalised`.
    release : dict
        The student version.

    Returns
    -------
    dict
        A list of texts for the id of each written answer. Between two answers, a text above the second one's question
        belongs to the first, a text below it to the second, and if the question is gone, to both. What stands before
        the first question has the id "".
    """
    known = {_plainly(source_of(cell)) for cell in release["cells"] if cell["cell_type"] == "markdown"}
    texts, waiting, last, anything_between = {}, [], "", True
    for cell in [*clean["cells"], None]:
        if cell is not None and cell["cell_type"] == "markdown" and not grade_id_of(cell):
            if _plainly(source_of(cell)) not in {"", *known}:
                waiting.append(source_of(cell))
                continue
        is_answer = cell is not None and _is_written(cell)
        owners = [grade_id_of(cell)] if is_answer else [last]
        if is_answer and not anything_between:
            owners.append(last)
        for owner in owners if waiting else ():
            texts.setdefault(owner, []).extend(waiting)
        waiting, anything_between = [], not is_answer
        last = grade_id_of(cell) if is_answer else last
    return texts


def _plainly(text):
    return " ".join(text.split())


def _built_on(master):
    """Return for the id of each test the ids of earlier tests whose functions the solution of its task uses."""
    defined, built_on, sources, names = {}, {}, "", []
    for cell in json.loads(master)["cells"]:
        told = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] != "code" or not (told.get("solution") or told.get("grade")):
            continue
        if told.get("solution"):
            sources += source_of(cell) + "\n"
            names += names_defined(source_of(cell))
        else:
            used = [test for name, test in defined.items() if re.search(rf"\b{name}\(", sources)]
            built_on[told["grade_id"]] = list(dict.fromkeys(used))
            defined |= dict.fromkeys(names, told["grade_id"])
            sources, names = "", []
    return built_on


def _name_earlier_mistakes(tasks, built_on):
    """Say at a failed task which earlier ones failed that it is built on."""
    failed = {task["id"]: task for task in tasks if task["message"]}
    for task in failed.values():
        earlier = [failed[test]["title"] for test in built_on.get(task["id"], ()) if test in failed]
        task["earlier"] = list(dict.fromkeys(earlier))


class Judge(NbGraderPreprocessor):
    """Takes the place of nbgrader's execution: the cells' outcomes come from `scripts.grading.judge`."""

    job, asked, verdicts, failed = {}, {}, {}, None

    def preprocess(self, notebook, resources):
        """Put into the outputs of each test what came of it."""
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        tests = [cell for cell in code if is_grade(cell) and not is_solution(cell)]
        taken = [cell for cell in code if cell not in tests and grade_id_of(cell) not in NOT_RUN]
        cells = []
        for cell in taken:
            # Not with `ast`: a student's text is not to be parsed outside of the sandbox.
            seen = re.findall(r"(?m)^(?:def |class )?(\w+)\s*[(=:]", cell.source)
            names = {*self.asked.get(grade_id_of(cell), ()), *seen}
            cells.append({"source": cell.source, "given": _is_given(cell), "names": sorted(names)})
        job = {**self.job, "cells": cells, "tests": [self.test(cell) for cell in tests]}
        try:
            found = ask_judge(job)
        except GradingFailed as problem:
            type(self).failed = str(problem)
            found = {"cells": [], "tests": [], "ends": []}
        by_id = {verdict["id"]: verdict for verdict in found["tests"]}
        for cell in tests:
            verdict = by_id.get(cell.metadata.nbgrader.grade_id, {"passed": False, "message": "not run"})
            cell.outputs = [] if verdict["passed"] else [_failure(verdict["message"])]
        shown = []
        for cell, outcome in zip(taken, found["cells"], strict=False):
            shown.append({"id": grade_id_of(cell), "source": cell.source, "given": _is_given(cell), **outcome})
        type(self).verdicts = {"tests": found["tests"], "shown": shown, "ends": found["ends"]}
        return notebook, resources

    def test(self, cell):
        """Return what the judge needs to know about a test."""
        lines = cell.source.splitlines()
        hidden, inside = [], False
        for number, line in enumerate(lines, 1):
            inside = (inside or "BEGIN HIDDEN TESTS" in line) and "END HIDDEN TESTS" not in line
            if inside:
                hidden.append(number)
        names = [name for names in self.asked.values() for name in names if name in cell.source]
        return {"id": cell.metadata.nbgrader.grade_id, "source": cell.source, "names": names, "hidden": hidden}


def ask_judge(job):
    """Return the verdicts of a judge, a process of its own.

    Raises
    ------
    GradingFailed
        If there are none.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    command = [sys.executable, "-m", "scripts.grading.judge"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(job).encode(),
            capture_output=True,
            timeout=job["limits"].get("seconds", 300) + START_UP,
            env=environment,
            cwd=ROOT,
        )
    except subprocess.TimeoutExpired:
        raise GradingFailed("the judge took too long") from None
    if done.returncode != 0:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no reason given"]
        raise GradingFailed(f"the judge: {last[0][:500]}")
    return json.loads(done.stdout)


def _is_given(cell):
    return bool(cell.metadata.get("nbgrader", {}).get("locked"))


def _is_written(cell):
    return cell["cell_type"] == "markdown" and grade_id_of(cell) is not None


def _failure(message):
    error = CellExecutionError(message, "AssertionError", message)
    return nbformat.v4.new_output("error", ename=error.ename, evalue=message, traceback=[message])


def _asked(master):
    """Return for each solution cell of a master, by its id, the names that it defines."""
    return {
        grade_id_of(cell): names_defined(source_of(cell))
        for cell in json.loads(master)["cells"]
        if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("solution")
    }


def tests_of(master):
    """Return the source of each test of a master, by its id."""
    found = {}
    for cell in json.loads(master)["cells"]:
        told = cell["metadata"].get("nbgrader", {})
        if told.get("grade") and not told.get("solution"):
            found[told["grade_id"]] = source_of(cell)
    return found


def number_in(notebook):
    """Return the student number that a submission states, or None."""
    stated = [re.search(r"""(?m)^\s*student_number\s*=\s*["']?([^"'\n#]*)""", c["source"]) for c in notebook["cells"]]
    return next((match[1] for match in stated if match), None)


def _titles(release):
    """Yield the id of each graded cell, the heading it stands under, without the points, and its question.

    The question is the paragraph that begins with a letter in brackets, as "**(a)** Why?"; other cells have none.
    """
    heading, question = "", ""
    for cell in release["cells"]:
        if cell["cell_type"] == "markdown" and not grade_id_of(cell):
            for line in source_of(cell).splitlines():
                heading = re.sub(r" \(\d+ points?\)$", "", line[3:].strip()) if line.startswith("## ") else heading
            asked = re.search(r"(?ms)^\*\*(\(\w\))\*\* (.*?)(?:\n\n|\Z)", source_of(cell))
            question = f"{asked[1]} {_plainly(asked[2])}" if asked else ""
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            yield grade_id_of(cell), heading, question if _is_written(cell) else ""


def fingerprint(master, limits, trusted):
    """Return a hash of everything besides the submission that decides about its grade."""
    digest = hashlib.sha256(bytes(master))
    for path in sorted([*Path(__file__).parent.glob("*.py"), *(ROOT / "helpers").rglob("*.py")]):
        digest.update(path.read_bytes())
    digest.update(json.dumps([limits, trusted], sort_keys=True).encode())
    return digest.hexdigest()
