"""Write the students' versions of the assignments.

``python -m scripts.assignments`` takes the masters in assignments/ and writes into _build/assignments/ what the
students get: the same notebooks without solutions, hidden tests, notes for the teacher and outputs. nbgrader makes
them, and `leaks` makes sure of it before a file is written. Their setup cells fetch the helpers and nothing else of
the book, since the masters are part of it.
"""

import argparse
import json
import sys
from pathlib import Path

from scripts.grading import course
from scripts.grading.submission import source_of
from scripts.setup_cell import is_setup

# How the book's setup cell fetches the whole book, and how a student's fetches the helpers alone.
WHOLE_BOOK = """\
        run(["git", "clone", "--quiet", "--depth=1", "--branch", RELEASE, REPOSITORY, home], check=True)
"""
HELPERS_ONLY = """\
        with TemporaryDirectory() as folder:
            only = ["--depth=1", "--filter=blob:none", "--no-checkout", "--branch", RELEASE]
            run(["git", "clone", "--quiet", *only, REPOSITORY, folder], check=True)
            run(["git", "-C", folder, "checkout", "--quiet", "HEAD", "--", "helpers"], check=True)
            copytree(Path(folder, "helpers"), home / "helpers")
"""
IMPORT = "from subprocess import run\n"
MORE_IMPORTS = "from shutil import copytree\nfrom subprocess import run\nfrom tempfile import TemporaryDirectory\n"

OUT = course.ROOT / "_build" / "assignments"


class Leak(RuntimeError):
    """A student's version would show what it must not."""


def main(arguments=None):
    """Write the versions that the command line names, or all; return 0 if all were written."""
    parser = argparse.ArgumentParser(prog="python -m scripts.assignments", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a number such as 2, or a name")
    parser.add_argument("--to", type=Path, default=OUT, metavar="FOLDER", help="by default _build/assignments")
    options = parser.parse_args(arguments)
    masters = course.masters()
    wanted = {name for name in masters if not options.names or {name, name.split("-")[0]} & set(options.names)}
    if len(wanted) < len(set(options.names)) or not wanted:
        print(f"there is {', '.join(masters) or 'no assignment'}; got {' '.join(options.names)}", file=sys.stderr)
        return 1
    try:
        options.to.mkdir(parents=True, exist_ok=True)
        return write(sorted(wanted), options.to)
    except OSError as error:
        print(f"--to: {error.filename or options.to} cannot be written: {error.strerror}", file=sys.stderr)
        return 1


def write(names, folder):
    """Write the students' versions of assignments into a folder; return 0 if all were written."""
    masters = course.masters()
    for name in names:
        try:
            version = for_students(masters[name].read_bytes(), name)
        except (Leak, course.GradingFailed) as error:
            print(f"{name}: not written: {error}", file=sys.stderr)
            return 1
        path = folder / f"{name}.ipynb"
        path.write_text(json.dumps(version, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        tested, read = points(version)
        print(f"{path}: {tested} points by tests, {read} by a teacher")
    return 0


def for_students(master, name):
    """Return the student's version of a master.

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

    Raises
    ------
    Leak
        If it shows a line of a solution or a hidden test, or would fetch the masters.
    """
    version = course.student_version(master, name)
    for cell in version["cells"]:
        if is_setup(cell):
            cell["source"] = fetching_helpers_only(source_of(cell))
    shown = leaks(json.loads(master), version)
    if shown:
        raise Leak(f"it would show the line {shown[0]!r}")
    return version


def fetching_helpers_only(source):
    """Return the text of a setup cell that does not fetch the assignments' masters with the helpers."""
    if source.count(WHOLE_BOOK) != 1 or source.count(IMPORT) != 1:
        raise Leak("the setup cell has changed, and may fetch the masters: see HELPERS_ONLY in scripts/assignments.py")
    return source.replace(IMPORT, MORE_IMPORTS).replace(WHOLE_BOOK, HELPERS_ONLY)


def leaks(master, version):
    """Return the lines of solutions and hidden tests that a student's version shows.

    A line counts as hidden if it stands in such a region of the master and nowhere outside of one.
    """
    hidden, visible = set(), set()
    for cell in master["cells"]:
        inside = False
        for line in source_of(cell).splitlines():
            if "### BEGIN " in line:
                inside = True
            elif "### END " in line:
                inside = False
            else:
                (hidden if inside else visible).add(line.strip())
    everything = json.dumps(version, ensure_ascii=False)
    secret = {line for line in hidden - visible if len(line) > 2}
    found = [line for line in secret if json.dumps(line, ensure_ascii=False)[1:-1] in everything]
    lines = {line.strip() for cell in version["cells"] for line in source_of(cell).splitlines()}
    marks = [mark for mark in ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME") if mark in everything]
    # A short line may be part of a longer one that is there for everybody to see.
    return sorted(marks + [line for line in found if line in lines or not any(line in other for other in visible)])


def points(version):
    """Return the points that tests give, and those that a teacher gives."""
    told = [cell["metadata"].get("nbgrader", {}) for cell in version["cells"]]
    graded = [entry for entry in told if entry.get("grade")]
    by_test = sum(entry["points"] for entry in graded if not entry["solution"])
    return by_test, sum(entry["points"] for entry in graded) - by_test


if __name__ == "__main__":
    sys.exit(main())
