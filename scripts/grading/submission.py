"""What students hand in: finding it, reading it, and bringing it into a shape that can be graded.

A submission is taken for what it is: bytes from somebody else. What is kept of it are the texts of its cells.
"""

import copy
import json

LARGEST = 50 * 2**20
MOST_CELLS = 2000
LONGEST_CELL = 200_000


class Unreadable(ValueError):
    """A submission that is no notebook; the message says why."""


def read(content):
    """Return the notebook in a file's content, as a dict with the cells' types, texts and ids.

    Parameters
    ----------
    content : bytes

    Raises
    ------
    Unreadable
        If it is no notebook in the format of version 4.
    """
    if not content.strip():
        raise Unreadable("the file is empty")
    if len(content) > LARGEST:
        raise Unreadable(f"the file has {len(content) // 2**20} MB, more than the {LARGEST // 2**20} MB allowed")
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("the file is not text in UTF-8, so it is no notebook") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"the file is no notebook: it is not valid JSON ({str(error)[:80]})") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise Unreadable("the file is no notebook: it has no list of cells")
    if not notebook["cells"]:
        raise Unreadable("the notebook has no cells")
    if len(notebook["cells"]) > MOST_CELLS:
        raise Unreadable(f"the notebook has {len(notebook['cells'])} cells, more than the {MOST_CELLS} allowed")
    cells = [_cell(cell) for cell in notebook["cells"]]
    return {"cells": [cell for cell in cells if cell is not None]}


def _cell(cell):
    """Return what is kept of a cell, or None if it is none."""
    if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown"):
        return None
    try:
        source = source_of(cell)
    except TypeError:
        return None
    source = source.encode("utf-8", "replace").decode("utf-8")[:LONGEST_CELL]
    metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    told = metadata.get("nbgrader") if isinstance(metadata.get("nbgrader"), dict) else {}
    # Colab keeps the cell's id in its metadata.
    ids = [found for found in (told.get("grade_id"), cell.get("id"), metadata.get("id")) if isinstance(found, str)]
    return {"cell_type": cell["cell_type"], "source": source, "ids": ids}


def source_of(cell):
    """Return the text of a cell."""
    return "".join(cell.get("source", ""))


def grade_id_of(cell):
    """Return nbgrader's id of a cell of a released or sanitised notebook, or None."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def normalised(notebook, release):
    """Return a submission with the release's own cells, metadata and all, wherever they are not the student's to write.

    Parameters
    ----------
    notebook : dict
        From `read`.
    release : dict
        The student version.

    Returns
    -------
    notebook : dict
        Every cell of the release that has an id is in it exactly once: with the student's text if it is one to write
        in, with the release's text otherwise. All other cells of the student's are in it without metadata.
    notes : list of str
        What had to be put right.
    """
    originals = {grade_id_of(cell): cell for cell in release["cells"] if grade_id_of(cell)}
    order = list(originals)
    placed, cells, notes = {}, [], []
    for cell in notebook["cells"]:
        grade_id = next((found for found in cell["ids"] if found in originals), None)
        if grade_id is None:
            cells.append(_plain(cell))
            continue
        is_written = originals[grade_id]["metadata"]["nbgrader"].get("solution")
        if grade_id in placed:
            notes.append(f"the cell {grade_id!r} is there more than once")
            if not is_written:
                continue
            # Of several answers the last counts, as it does when the notebook runs; the others run, too.
            cells[cells.index(placed[grade_id])] = _plain(_as_read(placed[grade_id]))
        placed[grade_id] = copy.deepcopy(originals[grade_id])
        if is_written:
            placed[grade_id]["source"] = cell["source"]
        cells.append(placed[grade_id])
    found = [grade_id_of(cell) for cell in cells if grade_id_of(cell)]
    if found != [grade_id for grade_id in order if grade_id in placed]:
        notes.append("the cells are not in their order")
    missing = [grade_id for grade_id in order if grade_id not in placed]
    if len(missing) == len(order):
        notes.append("none of the assignment's cells is there: is it the right notebook?")
    elif missing:
        notes.append("missing and put back: " + ", ".join(missing))
    for grade_id in missing:
        before = order[: order.index(grade_id)]
        place = cells.index(placed[before[-1]]) + 1 if before else 0
        placed[grade_id] = copy.deepcopy(originals[grade_id])
        cells.insert(place, placed[grade_id])
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    base = {key: copy.deepcopy(release[key]) for key in ("metadata", "nbformat", "nbformat_minor")}
    return {**base, "cells": cells}, list(dict.fromkeys(notes))


def _as_read(cell):
    return {"cell_type": cell["cell_type"], "source": source_of(cell)}


def _plain(cell):
    plain = {"cell_type": cell["cell_type"], "metadata": {}, "source": cell["source"]}
    if cell["cell_type"] == "code":
        plain.update(execution_count=None, outputs=[])
    return plain
