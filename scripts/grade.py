"""Grade a folder of submissions, each in a sandbox of its own.

``python -m scripts.grade SUBMISSIONS --out grades.csv`` grades every notebook below the folder SUBMISSIONS and writes
grades.csv with a line for each; beside it, in the folder grades/, a page of feedback for each student and the results.
Started again, it goes on where it was stopped, and grades only what is new or has changed.

A student's number is the name of the folder below SUBMISSIONS that the notebook lies in, or, for a notebook that lies
there directly, its name without the assignment's. ``--number`` takes it out of the path in another way.
"""

import argparse
import csv
import hashlib
import json
import os
import re
import stat
import sys
import tempfile
import time
import unicodedata
import warnings
from dataclasses import asdict
from pathlib import Path

from scripts.grading import course, feedback, sandbox, submission

TRUST = "--without-sandbox-i-trust-every-submission"
SKIPPED = {".ipynb_checkpoints", "__MACOSX"}
COLUMNS = {
    "number": "Student number",
    "assignment": "Assignment",
    "score": "Score",
    "max": "Maximum",
    "to_be_read": "To be read",
    "status": "Status",
    "message": "Message",
    "file": "File",
}
LONGEST = 500  # characters in a field of the table


def main(arguments=None):
    """Do what the command line asks; return 0 if every submission was graded as far as it could be."""
    options = _parser().parse_args(arguments)
    trusted = options.trusted
    if not trusted and (problem := sandbox.why_not()):
        print(
            f"Nothing was graded. Student code must not run with your rights, and there can be no sandbox: {problem}.\n"
            f"If you wrote or read every submission yourself, say so: {TRUST}",
            file=sys.stderr,
        )
        return 2
    if not options.submissions.is_dir():
        print(f"SUBMISSIONS must be a folder, got {options.submissions}", file=sys.stderr)
        return 2
    if options.assignment is not None and options.assignment not in course.masters():
        print(f"--assignment: there is {', '.join(course.masters())}, got {options.assignment!r}", file=sys.stderr)
        return 2
    given = {"cell_seconds": options.cell_seconds, "seconds": options.seconds}
    limits = asdict(sandbox.Limits(**given, memory=options.memory * sandbox.MEGABYTE))
    folder = options.out.with_suffix("")
    if folder == options.out or folder.resolve() == options.submissions.resolve():
        folder = options.out.with_name(f"{options.out.stem}-results")
    for name in ("results", "feedback"):
        (folder / name).mkdir(parents=True, exist_ok=True)

    found = find(options.submissions, options.number, options.assignment)
    if not found:
        print(f"there is no notebook below {options.submissions}", file=sys.stderr)
        return 2
    results = grade_all(found, folder, limits, trusted, options)
    rows = [result["row"] for result in results]
    mark_repeated(rows)
    for result in results:
        write_feedback(folder / "feedback", result, options.show_hidden_tests)
    write_table(options.out, rows)
    failed = sum(row["status"] == "grader failed" for row in rows)
    print(f"{options.out}: {len(rows)} submissions", f"({failed} not graded: see Status)" if failed else "")
    print(f"{folder / 'feedback'}: a page for each")
    return 1 if failed else 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m scripts.grade",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    limits = sandbox.Limits()
    add = parser.add_argument
    add("submissions", type=Path, metavar="SUBMISSIONS", help="a folder")
    add("--out", type=Path, required=True, metavar="FILE", help="the table to write, such as grades.csv")
    add("--assignment", metavar="NAME", help="take every notebook for this assignment, whatever its name")
    add("--number", type=_pattern, metavar="REGEX", help="its first group is the student number in a notebook's path")
    add("--jobs", type=_count, default=os.cpu_count(), metavar="N", help="submissions at a time (as many as cores)")
    add("--dask", metavar="ADDRESS", help="grade on the machines of this Dask scheduler, such as tcp://host:8786")
    add("--again", action="store_true", help="grade also what has been graded")
    add("--cell-seconds", type=float, default=limits.cell_seconds, metavar="S", help="time for a cell or a call (60)")
    add("--seconds", type=float, default=limits.seconds, metavar="S", help="time for a submission (300)")
    add("--memory", type=_count, default=limits.memory // sandbox.MEGABYTE, metavar="MB", help="memory for it (2048)")
    add("--show-hidden-tests", action="store_true", help="print the hidden tests on the students' pages")
    add(TRUST, action="store_true", dest="trusted", help="run the code with your own rights")
    return parser


def _count(text):
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {text}")
    return count


def _pattern(text):
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None
    if not pattern.groups:
        raise argparse.ArgumentTypeError(f"{text!r} has no group: put brackets around the number, as in '_(\\d+)_'")
    return pattern


def find(folder, pattern=None, assignment=None):
    """Return the submissions below a folder.

    Returns
    -------
    list of dict
        ``path``, ``file`` (the path below the folder), ``number``, ``assignment`` (None if the path does not tell) and
        ``problem`` (why it cannot be opened, or None).
    """
    found = []
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        links = [name for name in folders if Path(here, name).is_symlink()]
        for name in sorted([*files, *links]):
            if not name.lower().endswith(".ipynb") and name not in links:
                continue
            path = Path(here, name)
            below = path.relative_to(folder)
            known = assignment or next((key for key in course.masters() if key in str(below)), None)
            entry = {"path": path, "file": str(below), "assignment": known, "problem": None}
            number = student_number(below, pattern, known)
            entry["number"] = number.encode("utf-8", "replace").decode("utf-8")  # names on a disk may be no text
            if not stat.S_ISREG(path.lstat().st_mode):
                entry["problem"] = "this is no ordinary file but a link or a device; it was not opened"
            found.append(entry)
    return found


def student_number(below, pattern, assignment):
    """Return the student number that a path tells, relative to the folder of the submissions."""
    if pattern is not None:
        match = pattern.search(str(below))
        return match[1].strip() if match and match[1] else str(below)
    if len(below.parts) > 1:
        return below.parts[0]
    stem = below.stem.replace(assignment, "") if assignment else below.stem
    return stem.strip(" _-.") or below.stem


def grade_all(found, folder, limits, trusted, options):
    """Return a result for each submission: the one that is stored, or a new one, which is stored at once."""
    masters = {name: path.read_bytes() for name, path in course.masters().items()}
    made_with = {name: course.fingerprint(master, limits, trusted) for name, master in masters.items()}
    results, todo = {}, []
    for place, entry in enumerate(found):
        try:
            content = b"" if entry["problem"] else read_bounded(entry["path"])
            if entry["assignment"] is None:
                entry["assignment"] = _assignment_by_content(content)
        except OSError as error:
            content, entry["problem"] = b"", f"the file cannot be read: {error.strerror}"
        digest = hashlib.sha256(content)
        told = [entry["number"], entry["file"], entry["problem"], made_with.get(entry["assignment"])]
        digest.update(json.dumps(told).encode("utf-8", "surrogateescape"))
        key = digest.hexdigest()
        stored = None if options.again else stored_result(folder, entry, key)
        if stored is not None:
            results[place] = stored
        else:
            plain = {name: entry[name] for name in ("file", "number", "assignment", "problem")}
            todo.append((place, plain, key, content))
    if len(results):
        print(f"{len(results)} of {len(found)} submissions were graded before", file=sys.stderr)
    progress = Progress(len(todo))
    for place, key, result in run_all(todo, limits, trusted, options):
        result["key"] = key
        if result["row"]["status"] != "grader failed":  # that may go better next time
            write_atomically(result_path(folder, found[place]), json.dumps(result))
        results[place] = result
        progress.step()
    progress.end()
    return [results[place] for place in range(len(found))]


def read_bounded(path):
    """Return a file's content, cut a little above the largest that is read."""
    with open(path, "rb") as file:
        return file.read(submission.LARGEST + 1)


def _assignment_by_content(content):
    """Return the assignment most of whose cells' ids a notebook has, or None."""
    try:
        cells = submission.read(content)["cells"]
    except submission.Unreadable:
        return None
    ids = {found for cell in cells for found in cell["ids"]}
    shares = {}
    for name, path in course.masters().items():
        wanted = {cell["id"] for cell in json.loads(path.read_bytes())["cells"] if not cell["id"].startswith("cell-")}
        wanted -= {"setup", "variant", "check", "student-number"}
        shares[name] = len(ids & wanted) / max(1, len(wanted))
    best = max(shares, key=shares.get, default=None)
    return best if best is not None and shares[best] > 0.2 else None


def run_all(todo, limits, trusted, options):
    """Grade what is to be graded; yield place, key and result of each as it is done."""
    from joblib import Parallel, delayed, parallel_config

    if not todo:
        return
    names = {entry["assignment"] for _, entry, _, _ in todo} - {None}
    masters = {name: path.read_bytes() for name, path in course.masters().items() if name in names}
    courses = {name: course.released(master, name) for name, master in masters.items()}
    jobs = (
        delayed(_grade_one)(place, key, entry, content, masters.get(name), courses.get(name), limits, trusted)
        for place, entry, key, content in todo
        for name in [entry["assignment"]]
    )
    if options.dask:
        client = _dask_client(options.dask)
        with parallel_config(backend="dask"):
            yield from Parallel(return_as="generator_unordered")(jobs)
        client.close()
    else:
        yield from Parallel(n_jobs=min(options.jobs, len(todo)), return_as="generator_unordered", batch_size=1)(jobs)


def _dask_client(address):
    try:
        from distributed import Client
    except ImportError:
        raise SystemExit("--dask needs the package distributed: pip install distributed") from None
    return Client(address, timeout=20)


def _grade_one(place, key, entry, content, master, released, limits, trusted):
    warnings.simplefilter("ignore")  # nbgrader's database layer warns of itself
    return place, key, grade_one(entry, content, master, released, limits, trusted)


def grade_one(entry, content, master, released, limits, trusted):
    """Grade one submission, whatever it is.

    Parameters
    ----------
    entry : dict
        ``file``, ``number``, ``assignment``, ``problem``.
    content : bytes
        The file.
    master : bytes or None
        The assignment's master, and `released` what `course.released` made of it.
    released : tuple or None
    limits : dict
    trusted : bool

    Returns
    -------
    dict
        ``row``: the fields of its line in the table; and, if it was graded, what `course.grade` returned.
    """
    start = time.monotonic()
    row = {"number": entry["number"], "assignment": entry["assignment"] or "", "score": "", "max": "", "to_be_read": ""}
    row |= {"file": entry["file"], "status": "", "message": ""}
    problem, notebook = entry["problem"], None
    if problem is None:
        try:
            notebook = submission.read(content)
        except submission.Unreadable as error:
            problem = str(error)
    if master is None:
        unknown = "this is none of the assignments; name one with --assignment"
        row |= {"status": "unknown", "message": problem or unknown}
        return {"row": row}
    most = released[2]
    if problem is not None:
        row |= {"status": "unreadable", "message": problem, "score": 0, "max": most["tested"], "to_be_read": 0}
        return {"row": row}
    try:
        graded = course.grade(master, released, entry["assignment"], notebook, entry["number"], limits, trusted)
    except Exception as error:  # one submission must not stop the others
        row |= {"status": "grader failed", "message": f"{type(error).__name__}: {error}"}
        return {"row": row}
    tested = [task for task in graded["tasks"] if task["id"] in most["ids"]]
    read = [task for task in graded["tasks"] if task["id"] not in most["ids"] and task["score"] is None]
    row |= {"score": sum(task["score"] for task in tested), "max": most["tested"]}
    row |= {"to_be_read": sum(task["max"] for task in read)}
    row["status"] = "ended" if graded["ends"] else "graded"
    row["message"] = "; ".join(dict.fromkeys([*graded["ends"], *graded["notes"]]))
    return {"row": row, "seconds": round(time.monotonic() - start, 1), **graded}


def mark_repeated(rows):
    """Say so where a student has several submissions of an assignment: which one counts is for a person to say."""
    groups = {}
    for row in rows:
        groups.setdefault((row["number"], row["assignment"]), []).append(row)
    for group in groups.values():
        if len(group) > 1:
            for row in group:
                text = f"{len(group)} files for this student and assignment: choose one"
                row["message"] = "; ".join(filter(None, [text, row["message"]]))
                row["status"] = "repeated" if row["status"] == "graded" else row["status"]


def result_path(folder, entry):
    return folder / "results" / f"{slug(entry)}.json"


def slug(entry):
    """Return a plain file name for a submission, different for different submissions."""
    text = unicodedata.normalize("NFKD", f"{entry['number']}-{entry['assignment'] or 'unknown'}")
    plain = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60]
    digest = hashlib.sha256(entry["file"].encode("utf-8", "surrogateescape")).hexdigest()[:10]
    return f"{plain}-{digest}"


def stored_result(folder, entry, key):
    """Return the stored result of a submission if it is still good, or None."""
    try:
        result = json.loads(result_path(folder, entry).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return result if result.get("key") == key else None


def write_atomically(path, text):
    """Write a text file in one step: it is either there as a whole or not at all."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with open(handle, "w", encoding="utf-8", errors="replace", newline="") as file:
            file.write(text)
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def write_feedback(folder, result, show_hidden_tests):
    """Write the page of feedback on a submission."""
    tests = None
    if show_hidden_tests and result["row"]["assignment"]:
        tests = course.tests_of(course.masters()[result["row"]["assignment"]].read_bytes())
    write_atomically(folder / f"{slug(result['row'])}.html", feedback.page(result, tests))


def write_table(path, rows):
    """Write the table, with no field that a spreadsheet would take for a formula."""
    lines = [list(COLUMNS.values())]
    lines += [[_field(row[name]) for name in COLUMNS] for row in rows]
    handle, draft = tempfile.mkstemp(dir=path.resolve().parent, prefix=".part-")
    with open(handle, "w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file).writerows(lines)
    os.chmod(draft, 0o644)
    os.replace(draft, path)


def _field(value):
    if isinstance(value, (int, float)):
        return f"{value:g}"
    text = "".join(character if character.isprintable() else " " for character in str(value))[:LONGEST]
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


class Progress:
    """One line that is rewritten as submissions are graded."""

    def __init__(self, total):
        self.total, self.done, self.start = total, 0, time.monotonic()
        self.write()

    def step(self):
        self.done += 1
        self.write()

    def write(self, end=""):
        seconds = time.monotonic() - self.start
        todo = self.total - self.done
        left = f", about {seconds / self.done * todo:.0f} s left" if self.done and todo else ""
        bar = "#" * (20 * self.done // max(1, self.total))
        sys.stderr.write(f"\rgrading [{bar:<20}] {self.done}/{self.total}, {seconds:.0f} s{left}   {end}")
        sys.stderr.flush()

    def end(self):
        if self.total:
            self.write("\n")


if __name__ == "__main__":
    sys.exit(main())
