"""How long a class takes to be graded: up to a hundred submissions of assignment 1, each in its sandbox."""

import copy
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.record import ROOT
from scripts import assignments
from scripts.grading import course

ASSIGNMENT = "1-data-and-baselines"
CLASSES = ((25, 1), (25, 2), (50, 2), (100, 2))  # submissions, and how many are graded at a time


def measure(record, small=False):
    results = {"assignment": ASSIGNMENT, "classes": []}
    for size, jobs in [(2, 2)] if small else CLASSES:
        results["classes"].append({"size": size, "jobs": jobs, "seconds": seconds(size, jobs)})
        print(
            "  {size} submissions, {jobs} at a time: {seconds:.0f} s".format(**results["classes"][-1]),
            flush=True,
        )
        record.save(results)
    record.save(results, complete=True)


def seconds(size, jobs):
    """Hand in and grade `size` submissions, `jobs` at a time, and return how long the grading took."""
    with tempfile.TemporaryDirectory() as folder:
        for number, notebook in enumerate(handed_in(size), start=1):
            path = Path(folder, "in", str(1000 + number), f"{ASSIGNMENT}.ipynb")
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(notebook), encoding="utf-8")
        out = Path(folder, "grades.csv")
        command = [sys.executable, "-m", "scripts.grade", str(Path(folder, "in")), "--out", str(out)]
        start = time.perf_counter()
        done = subprocess.run([*command, "--jobs", str(jobs)], cwd=ROOT, capture_output=True, text=True)
        took = time.perf_counter() - start
        graded = out.read_text(encoding="utf-8").count(",graded,") if out.exists() else 0
        if done.returncode or graded != size:
            raise RuntimeError(
                f"{graded} of {size} submissions were graded:\n{(done.stdout + done.stderr)[-2000:]}"
            )
    return took


def handed_in(size):
    """Yield submissions in turn: all tasks solved, half of them, none."""
    master = course.masters()[ASSIGNMENT].read_bytes()
    release = assignments.for_students(master, ASSIGNMENT)
    answers = {cell["id"]: cell["source"] for cell in json.loads(master)["cells"] if is_answer(cell)}
    for number in range(size):
        kept = list(answers)[: (len(answers), len(answers) // 2, 0)[number % 3]]
        notebook = copy.deepcopy(release)
        for cell in notebook["cells"]:
            if cell["id"] in kept:
                cell["source"] = answers[cell["id"]]
        yield notebook


def is_answer(cell):
    told = cell["metadata"].get("nbgrader", {})
    return bool(told.get("solution")) and cell["cell_type"] == "code"
