"""Finding what was handed in, and whose it is."""

import csv
import os
import stat
from pathlib import Path

from scripts.grading import course

SKIPPED = {".ipynb_checkpoints", "__MACOSX"}
ROSTER_COLUMNS = ("platform id", "student number")
NO_MATCH = "--number does not match this path, so the path was taken for the number"


class BadRoster(ValueError):
    """A roster that cannot be used; the message says why."""


def find(folder, pattern=None, assignment=None, roster=None):
    """Return the submissions below a folder.

    Parameters
    ----------
    folder : Path
    pattern : re.Pattern, optional
        Its first group is the student's number, or the platform's id, in the path of a notebook.
    assignment : str, optional
        The assignment that every notebook is for.
    roster : dict, optional
        From `read_roster`.

    Returns
    -------
    found : list of dict
        ``path``, ``file`` (the path below the folder), ``number``, ``assignment`` (None if the path does not tell),
        ``problem`` (why it cannot be opened, or None), ``unknown`` (why it is not known whose it is, or None) and
        ``notes`` (a list). A student's folder without a notebook has an entry, too.
    loose : list of str
        The files that lie in no student's folder and are no notebooks, as paths below the folder.
    """
    found, loose, files_of = [], [], {}
    unreadable = {}

    def cannot(error):
        unreadable[Path(error.filename)] = error.strerror

    def add(path, problem=None, about=""):
        below = path.relative_to(folder)
        known = assignment or next((name for name in course.masters() if name in f"{below} {about}"), None)
        entry = {"path": path, "file": str(below), "assignment": known, "problem": problem, "unknown": None}
        inside = below / "any" if path.is_dir() else below
        number, entry["notes"] = student_number(inside, pattern, known), []
        if number is None:
            number, entry["notes"] = str(below), [NO_MATCH]
        if roster is not None and number not in roster:
            entry["unknown"] = f"the id {number!r} is not in the roster"
        elif roster is not None:
            number = roster[number]
        entry["number"] = number.encode("utf-8", "replace").decode("utf-8")  # names on a disk may be no text
        found.append(entry)

    for here, folders, files in os.walk(folder, onerror=cannot):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        links = [name for name in folders if Path(here, name).is_symlink()]
        for name in sorted([*files, *links]):
            path = Path(here, name)
            owner = _students_folder(path.relative_to(folder))
            if not name.lower().endswith(".ipynb") and name not in links:
                if owner is None:
                    loose.append(str(path.relative_to(folder)))
                else:
                    files_of.setdefault(owner, []).append(path.name)
                continue
            regular = stat.S_ISREG(path.lstat().st_mode)
            add(path, None if regular else "this is no ordinary file but a link or a device; it was not opened")
        for name in folders:
            owner = _students_folder(Path(here, name, "file").relative_to(folder))
            if owner is not None and name not in links:
                files_of.setdefault(owner, [])
    for path, reason in unreadable.items():
        if path == Path(folder):
            raise OSError(f"{folder} cannot be read: {reason}")
        add(path, f"the folder cannot be read: {reason}")
    for owner, files in files_of.items():
        if not any(Path(entry["file"]).is_relative_to(owner) for entry in found):
            there = f"there is {', '.join(sorted(files)[:5])}" if files else "the folder is empty"
            add(Path(folder, owner), f"no notebook; {there}", about=" ".join(files))
    return sorted(found, key=lambda entry: Path(entry["file"]).parts), loose


def _students_folder(below):
    """Return the student's folder in which a path lies, or None. Above it there may be an assignment's folder."""
    depth = 2 if below.parts[0] in course.masters() else 1
    return Path(*below.parts[:depth]) if len(below.parts) > depth else None


def student_number(below, pattern, assignment):
    """Return the student number that a path tells, relative to the folder of the submissions.

    None if there is a pattern and it does not match.
    """
    if pattern is not None:
        match = pattern.search(str(below))
        return match[1].strip() if match and match[1] else None
    owner = _students_folder(below)
    if owner is not None:
        return owner.name
    stem = below.stem.replace(assignment, "") if assignment else below.stem
    return stem.strip(" _-.") or below.stem


def read_roster(path):
    """Return the student number for each of a platform's ids.

    Parameters
    ----------
    path : Path
        A CSV file whose first line names the columns; "platform id" and "student number" are among them.

    Raises
    ------
    BadRoster
        If it cannot be read, has no such columns, an empty field, or an id or a number twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadRoster(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadRoster(f"{path} cannot be read: it is not text in UTF-8") from None
    first = text.partition("\n")[0]
    lines = csv.reader(text.splitlines(), delimiter=";" if first.count(";") > first.count(",") else ",")
    names = [name.strip().lower() for name in next(lines, [])]
    if not set(ROSTER_COLUMNS) <= set(names):
        wanted = " and ".join(ROSTER_COLUMNS)
        raise BadRoster(f"{path}: its first line must name the columns {wanted}, got {first[:80]!r}")
    places = [names.index(name) for name in ROSTER_COLUMNS]
    roster = {}
    for count, line in enumerate(lines, 2):
        fields = [line[place].strip() if place < len(line) else "" for place in places]
        if not any(line):
            continue
        if not all(fields):
            raise BadRoster(f"{path}, line {count}: a platform id and a student number are wanted, got {line}")
        for name, field, known in zip(ROSTER_COLUMNS, fields, (roster.keys(), roster.values()), strict=True):
            if field in known:
                raise BadRoster(f"{path}, line {count}: the {name} {field!r} stands there twice")
        roster[fields[0]] = fields[1]
    return roster
