"""The tables of grades, and writing files so that they are there as a whole or not at all."""

import csv
import io
import os
import tempfile
from pathlib import Path

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


def why_not_writable(path):
    """Return why a file cannot be written, or None; its folder is made if it is missing."""
    if path.is_dir():
        return f"a file such as {path / 'grades.csv'} is wanted, and {path} is a folder"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        return f"{path} cannot be written: {error.strerror}"
    return None


def mark_repeated(rows):
    """Say so where a student has several submissions of an assignment: which one counts is for a person to say."""
    groups = {}
    for row in rows:
        groups.setdefault((row["number"], row["assignment"]), []).append(row)
    for group in groups.values():
        for row in group:
            row["repeated"] = len(group) > 1
            if row["repeated"]:
                text = f"{len(group)} files for this student and assignment: choose one"
                row["message"] = "; ".join(filter(None, [text, row["message"]]))
                row["status"] = "repeated" if row["status"] == "graded" else row["status"]


def write_tables(path, rows):
    """Write the table of all rows and, beside it, one for each assignment, which a platform can import.

    In an assignment's table the rows of a student with several files have no score, so that none is imported before
    one is chosen.

    Returns
    -------
    list of Path
        The files.
    """
    write_atomically(path, table(rows))
    written = [path]
    for name in sorted({row["assignment"] for row in rows} - {""}):
        own = [{**row, "score": ""} if row["repeated"] else row for row in rows if row["assignment"] == name]
        written.append(path.with_name(f"{path.stem}-{name}{path.suffix}"))
        write_atomically(written[-1], table(own))
    return written


def table(rows):
    """Return rows as CSV, with no field that a spreadsheet would take for a formula.

    The first character says "UTF-8"; spreadsheets that do not find it read names wrongly.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS.values())
    writer.writerows([_field(row[name]) for name in COLUMNS] for row in rows)
    return "\N{BYTE ORDER MARK}" + text.getvalue()


def _field(value):
    if isinstance(value, (int, float)):
        return f"{value:g}"
    text = "".join(character if character.isprintable() else " " for character in str(value))[:LONGEST]
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


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
