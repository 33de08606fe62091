"""Grade a folder of submissions, each in a sandbox of its own.

``python -m scripts.grade SUBMISSIONS --out grades.csv`` grades every notebook below the folder SUBMISSIONS and writes
grades.csv with a line for each; beside it, in the folder grades/, a page of feedback for each student and the results.
Started again, it goes on where it was stopped, and grades only what is new or has changed.

A student's number is the name of the folder below SUBMISSIONS that the notebook lies in, or, for a notebook that lies
there directly, its name without the assignment's. ``--number`` takes it out of the path in another way, and
``--roster`` makes a student number of a learning platform's own id. Beside grades.csv there is a table for each
assignment, such as grades-1-data-and-baselines.csv.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
import time
import unicodedata
import warnings
from dataclasses import asdict
from pathlib import Path

from scripts.grading import course, feedback, handed_in, sandbox, submission, tables

TRUST = "--without-sandbox-i-trust-every-submission"
DASK_SECONDS = 20  # to wait for a scheduler
STOPPED = 130  # what a command returns that Ctrl-C ended


class CannotStart(Exception):
    """Nothing can be graded as things are; the message says why."""


def main(arguments=None):
    """Do what the command line asks; return 0 if every submission was graded as far as it could be."""
    options = _parser().parse_args(arguments)
    try:
        folder = prepare(options)
        roster = handed_in.read_roster(options.roster) if options.roster else None
        found, loose = handed_in.find(options.submissions, options.number, options.assignment, roster)
        if not found:
            raise CannotStart(f"there is no notebook below {options.submissions}")
        client = _dask_client(options.dask) if options.dask else None
    except (CannotStart, handed_in.BadRoster, OSError) as problem:
        print(problem, file=sys.stderr)
        return 2
    if loose:
        more = f" and {len(loose) - 10} more" if len(loose) > 10 else ""
        print(f"skipped, since they are no notebooks: {', '.join(loose[:10])}{more}", file=sys.stderr)
    given = {"cell_seconds": options.cell_seconds, "seconds": options.seconds}
    limits = asdict(sandbox.Limits(**given, memory=options.memory * sandbox.MEGABYTE))
    results = {}
    # One folder for all that is temporary: where a grading process is stopped, nobody else would clear up after it.
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as scratch:
        try:
            for place, result in grade_all(found, folder, limits, options.trusted, options, scratch):
                results[place] = result
        except KeyboardInterrupt:
            print(f"\nStopped; {len(results)} of {len(found)} are kept. The same command goes on.", file=sys.stderr)
            return STOPPED
        except OSError as error:  # a full disk, or machines that do not answer any more
            kept = f"{len(results)} of {len(found)} are kept, and the same command goes on."
            print(f"\nStopped: {error}. {kept}", file=sys.stderr)
            return 2
    if client is not None:
        client.close()
    try:
        return write_everything([results[place] for place in range(len(found))], folder, options)
    except OSError as error:
        kept = f"The results are kept in {folder / 'results'}, and the same command goes on."
        print(f"{error.filename or options.out} cannot be written: {error.strerror}. {kept}", file=sys.stderr)
        return 2


def prepare(options):
    """See to it that everything can be done that was asked for, before anything is graded.

    Returns
    -------
    Path
        The folder of the results, with its subfolders.

    Raises
    ------
    CannotStart
        If something is in the way.
    """
    if not options.submissions.is_dir():
        raise CannotStart(f"SUBMISSIONS must be a folder, got {options.submissions}")
    if options.assignment is not None:
        options.assignment = _known_assignment(options.assignment)
    folder = options.out.with_suffix("")
    if folder == options.out or folder.resolve() == options.submissions.resolve():
        folder = options.out.with_name(f"{options.out.stem}-results")
    if not options.trusted:
        if problem := sandbox.why_not():
            raise CannotStart(
                "Nothing was graded. Student code must not run with your rights, and there can be no sandbox: "
                f"{problem}.\nIf you wrote or read every submission yourself, say so: {TRUST}"
            )
        for what, path in (("The book", course.ROOT), ("SUBMISSIONS", options.submissions), ("--out", folder)):
            if shown := sandbox.shown_below(path):
                raise CannotStart(f"{what} lies below {shown}, which every submission can read; move it: {path}")
    for path in (options.out, folder / "results" / "any.json", folder / "feedback" / "any.html"):
        if problem := tables.why_not_writable(path):
            raise CannotStart(f"--out: {problem}")
    return folder


def _known_assignment(text):
    """Return the name of the assignment that is meant by a name or its number."""
    names = list(course.masters())
    for name in names:
        if text in (name, name.split("-")[0]):
            return name
    raise CannotStart(f"--assignment: there is {', '.join(names)}, got {text!r}")


def write_everything(results, folder, options):
    """Write the pages and the tables, and say what was done; return 0 if every submission was graded."""
    rows = [result["row"] for result in results]
    tables.mark_repeated(rows)
    for result in results:
        write_feedback(folder / "feedback", result, options.show_hidden_tests)
    written = tables.write_tables(options.out, rows)
    failed = sum(row["status"] == "grader failed" for row in rows)
    print(f"{options.out}: {len(rows)} submissions", f"({failed} not graded: see Status)" if failed else "")
    print(f"one table for each assignment: {', '.join(map(str, written[1:])) or 'none'}")
    print(f"{folder / 'feedback'}: a page for each")
    if warning := other_numbers(results):
        print(warning, file=sys.stderr)
    return 1 if failed else 0


def other_numbers(results):
    """Return a warning if most notebooks state another student number than the one that they were graded with."""
    stated = [result for result in results if result.get("stated") is not None]
    others = [result for result in stated if result["stated"].strip() != result["row"]["number"].strip()]
    if 2 * len(others) <= len(stated):
        return None
    first = others[0]
    return (
        f"WARNING: {len(others)} of {len(stated)} notebooks state another student number than the one they were graded "
        f"with, such as {first['stated'][:40]!r} and {first['row']['number']!r} ({first['row']['file']}). The number "
        "decides the variant, so these points may be wrong: see --number and --roster"
    )


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m scripts.grade",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # TRUST is to be written out
    )
    limits = sandbox.Limits()
    add = parser.add_argument
    add("submissions", type=Path, metavar="SUBMISSIONS", help="a folder")
    add("--out", type=Path, required=True, metavar="FILE", help="the table to write, such as grades.csv")
    add("--assignment", metavar="NAME", help="take every notebook for this assignment, whatever its name")
    add("--number", type=_pattern, metavar="REGEX", help="its first group is the student number in a notebook's path")
    add("--roster", type=Path, metavar="FILE", help="a CSV with the columns platform id and student number")
    add("--jobs", type=_count, default=os.cpu_count(), metavar="N", help="submissions at a time (as many as cores)")
    add("--dask", metavar="ADDRESS", help="grade on the machines of this Dask scheduler, such as tcp://host:8786")
    add("--again", action="store_true", help="grade also what has been graded")
    time_for = {"type": _seconds, "metavar": "S"}
    add("--cell-seconds", **time_for, default=limits.cell_seconds, help="time for a cell or a call (60)")
    add("--seconds", **time_for, default=limits.seconds, help="time for a submission (300)")
    add("--memory", type=_count, default=limits.memory // sandbox.MEGABYTE, metavar="MB", help="memory for it (2048)")
    add("--show-hidden-tests", action="store_true", help="print the hidden tests on the students' pages")
    add(TRUST, action="store_true", dest="trusted", help="run the code with your own rights")
    return parser


def _count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more, got {text!r}")
    return int(text)


def _seconds(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text!r}")
    return seconds


def _pattern(text):
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None
    if not pattern.groups:
        raise argparse.ArgumentTypeError(f"{text!r} has no group: put brackets around the number, as in '_(\\d+)_'")
    return pattern


def grade_all(found, folder, limits, trusted, options, scratch):
    """Yield place and result of each submission: those that are stored, then new ones, each stored at once."""
    masters = {name: path.read_bytes() for name, path in course.masters().items()}
    made_with = {name: course.fingerprint(master, limits, trusted) for name, master in masters.items()}
    todo, before = [], 0
    contents = [content_of(entry) for entry in found]
    complete_assignments(found)
    for place, (entry, content) in enumerate(zip(found, contents, strict=True)):
        digest = hashlib.sha256(content)
        plain = {name: value for name, value in entry.items() if name != "path"}
        told = [plain, made_with.get(entry["assignment"])]
        digest.update(json.dumps(told).encode("utf-8", "surrogateescape"))
        key = digest.hexdigest()
        stored = None if options.again else stored_result(folder, entry, key)
        if stored is not None:
            before += 1
            yield place, stored
        else:
            todo.append((place, plain, key, content))
    if before:
        print(f"{before} of {len(found)} submissions were graded before", file=sys.stderr)
    progress = Progress(len(todo))
    for place, key, result in run_all(todo, limits, trusted, options, scratch):
        result["key"] = key
        if result["row"]["status"] != "grader failed":  # that may go better next time
            tables.write_atomically(result_path(folder, found[place]), json.dumps(result))
        progress.step()
        yield place, result
    progress.end()


def content_of(entry):
    """Return a submission's content; note in its entry what is wrong with it, and which assignment it is."""
    if entry["problem"]:
        return b""
    try:
        content = read_bounded(entry["path"])
        if entry["assignment"] is None:
            entry["assignment"] = _assignment_by_content(content)
    except OSError as error:
        entry["problem"] = f"the file cannot be read: {error.strerror}"
        return b""
    except submission.Unreadable as error:
        entry["problem"] = str(error)
    return content


def complete_assignments(found):
    """Where all that can be told is one assignment, take what cannot be read for that one, too."""
    names = {entry["assignment"] for entry in found} - {None}
    for entry in found:
        if entry["problem"] and entry["assignment"] is None and len(names) == 1:
            (entry["assignment"],) = names


def read_bounded(path):
    """Return a file's content, cut a little above the largest that is read."""
    with open(path, "rb") as file:
        return file.read(submission.LARGEST + 1)


def _assignment_by_content(content):
    """Return the assignment most of whose cells' ids a notebook has, or None."""
    cells = submission.read(content)["cells"]
    ids = {found for cell in cells for found in cell["ids"]}
    shares = {}
    for name, path in course.masters().items():
        wanted = {cell["id"] for cell in json.loads(path.read_bytes())["cells"] if not cell["id"].startswith("cell-")}
        wanted -= {"setup", "variant", "check", "student-number"}
        shares[name] = len(ids & wanted) / max(1, len(wanted))
    best = max(shares, key=shares.get, default=None)
    return best if best is not None and shares[best] > 0.2 else None


def run_all(todo, limits, trusted, options, scratch):
    """Grade what is to be graded; yield place, key and result of each as it is done."""
    from joblib import Parallel, delayed, parallel_config

    if not todo:
        return
    names = {entry["assignment"] for _, entry, _, _ in todo} - {None}
    masters = {name: path.read_bytes() for name, path in course.masters().items() if name in names}
    courses = {name: course.released(master, name) for name, master in masters.items()}
    there = None if options.dask else scratch  # other machines have not got the folder
    jobs = (
        delayed(_grade_one)(place, key, entry, content, masters.get(name), courses.get(name), limits, trusted, there)
        for place, entry, key, content in todo
        for name in [entry["assignment"]]
    )
    if options.dask:
        with parallel_config(backend="dask"):
            yield from Parallel(return_as="generator_unordered")(jobs)
    else:
        yield from Parallel(n_jobs=min(options.jobs, len(todo)), return_as="generator_unordered", batch_size=1)(jobs)


def _dask_client(address):
    try:
        from distributed import Client
    except ImportError:
        raise CannotStart("--dask needs the package distributed: pip install distributed") from None
    try:
        return Client(address, timeout=DASK_SECONDS)
    except (OSError, ValueError) as error:
        raise CannotStart(f"--dask: no scheduler answers at {address}: {str(error)[:200]}") from None


def _grade_one(place, key, entry, content, master, released, limits, trusted, scratch):
    warnings.simplefilter("ignore")  # nbgrader's database layer warns of itself
    return place, key, grade_one(entry, content, master, released, limits, trusted, scratch)


def grade_one(entry, content, master, released, limits, trusted, scratch=None):
    """Grade one submission, whatever it is.

    Parameters
    ----------
    entry : dict
        ``file``, ``number``, ``assignment``, ``problem``, ``unknown``, ``notes``.
    content : bytes
        The file.
    master : bytes or None
        The assignment's master, and `released` what `course.released` made of it.
    released : tuple or None
    limits : dict
    trusted : bool
    scratch : str, optional
        A folder for what is temporary.

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
    most = released[2] if released else None
    if entry["unknown"]:
        row |= {"status": "unknown", "message": entry["unknown"]}
        return {"row": row}
    if problem is not None:
        row |= {"status": "unreadable", "message": "; ".join([problem, *entry["notes"]])}
        row |= {"score": 0, "max": most["tested"], "to_be_read": 0} if most else {}
        return {"row": row}
    if most is None:
        row |= {"status": "unknown", "message": "this is none of the assignments; name one with --assignment"}
        return {"row": row}
    whose = entry["number"]
    try:
        graded = course.grade(master, released, entry["assignment"], notebook, whose, limits, trusted, scratch)
    except Exception as error:  # one submission must not stop the others
        row |= {"status": "grader failed", "message": f"{type(error).__name__}: {error}"}
        return {"row": row}
    tested = [task for task in graded["tasks"] if task["id"] in most["ids"]]
    read = [task for task in graded["tasks"] if task["id"] not in most["ids"] and task["score"] is None]
    row |= {"score": sum(task["score"] for task in tested), "max": most["tested"]}
    row |= {"to_be_read": sum(task["max"] for task in read)}
    if trusted:
        graded["notes"].insert(0, "graded without a sandbox")
    row["status"] = "ended" if graded["ends"] else "graded"
    row["message"] = "; ".join(dict.fromkeys([*entry["notes"], *graded["ends"], *graded["notes"]]))
    return {"row": row, "seconds": round(time.monotonic() - start, 1), **graded}


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


def write_feedback(folder, result, show_hidden_tests):
    """Write the page of feedback on a submission."""
    tests = None
    if show_hidden_tests and result["row"]["assignment"]:
        tests = course.tests_of(course.masters()[result["row"]["assignment"]].read_bytes())
    tables.write_atomically(folder / f"{slug(result['row'])}.html", feedback.page(result, tests))


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
