"""Run the book's notebooks in full and store their outputs.

``python -m scripts.execute_book`` runs every chapter whose stored outputs are stale or incomplete, one
after the other; ``python -m scripts.execute_book 04`` looks at chapter 4 only; ``--force`` runs fresh
chapters, too. A chapter is written only when all of its cells have run and, after them, the code in the
solutions of its exercises, of which nothing is stored. A run that failed or was interrupted can be repeated: it
goes on with the first chapter that is not done.
"""

import argparse
import contextlib
import copy
import datetime
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from helpers.budget import VARIABLE, is_full_run
from scripts import numbers_page
from scripts.exercises import exercises, verdicts
from scripts.fingerprint import fingerprint

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "matplotlib", "scikeras")
CELL_METADATA = ("tags",)
NOTEBOOK_METADATA = ("book", "kernelspec", "language_info")
SOLUTION_LIMIT = 900  # seconds for one block of code in a solution

# Runs in the kernel after the last cell, so that it tells what the outputs were made with.
ASK_VERSIONS = f"""
import importlib.metadata, json, os, platform, sys
def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
tensorflow = sys.modules.get("tensorflow")
threads = tensorflow.config.threading.get_intra_op_parallelism_threads() if tensorflow else 0
cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
print(json.dumps({{
    "python": platform.python_version(),
    "versions": {{name: version(name) for name in {PACKAGES!r}}},
    "cpu_threads": threads or cpus,
}}))
"""


class NotStored(Exception):
    """A chapter was not stored; the message says why."""


def main(arguments=None, root=ROOT):
    """Run the chapters that the command line names; return 0 if all of them are stored."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.execute_book", description=__doc__.splitlines()[0]
    )
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="a number such as 04, or a path")
    parser.add_argument("--force", action="store_true", help="run chapters that are fresh, too")
    options = parser.parse_args(arguments)
    status = 0
    try:
        if not is_full_run():
            raise NotStored(
                f"{VARIABLE} is set, and a run under a cap can never be stored; unset it and run again"
            )
        for path in find_chapters(options.chapters, root):
            if not options.force and is_fresh(read(path), root):
                print(f"{path.stem}: fresh, skipped", flush=True)
            else:
                run_chapter(path, root)
    except (NotStored, ValueError) as error:
        print(f"not stored: {error}", file=sys.stderr)
        status = 1
    # After a failure, too: chapters before the one that failed have been stored.
    if Path(root, numbers_page.PAGE).exists() and numbers_page.update(root):
        print(f"{numbers_page.PAGE}: tables of runs updated", flush=True)
    return status


def find_chapters(names, root):
    """Return the notebooks that ``names`` stand for (numbers or paths), or all of the book if there are none.

    Raises
    ------
    NotStored
        If a name stands for no notebook, or for several.
    """
    chapters = sorted(Path(root, "book").glob("*.ipynb"))
    if not names:
        if not chapters:
            raise NotStored("there are no notebooks in book/")
        return chapters
    found = []
    for name in names:
        if name.endswith(".ipynb"):
            fits = [path for path in (Path(name), Path(root, name)) if path.is_file()][:1]
        else:
            fits = [path for path in chapters if path.stem == name or path.stem.startswith(f"{name}-")]
        if len(fits) != 1:
            known = ", ".join(path.stem for path in chapters) or "none"
            raise NotStored(f"{name!r} stands for {len(fits)} notebooks; there are: {known}")
        found += fits
    return found


def read(path):
    """Return the notebook in a file, as a dict.

    Raises
    ------
    NotStored
        If the file is no notebook.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["cells"], notebook["metadata"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotStored(f"{path.name} is no notebook in the format of version 4 ({error!r})") from error
    return notebook


def is_fresh(notebook, root):
    """Tell whether a notebook holds the outputs of a full run of the code as it is now."""
    counts = [cell.get("execution_count") for cell in notebook["cells"] if cell["cell_type"] == "code"]
    stored = notebook["metadata"].get("book", {}).get("fingerprint")
    return counts == list(range(1, len(counts) + 1)) and stored == fingerprint(notebook, root)


def run_chapter(path, root):
    """Run one notebook in full and store it, with its outputs and what they were made with.

    Raises
    ------
    NotStored
        If a cell or a solution fails, an output holds what must not be stored, or the code changed while it ran.
    """
    before = fingerprint(read(path), root)
    notebook = _as_node(read(path))
    count = sum(cell.cell_type == "code" for cell in notebook.cells)
    print(f"{path.stem}: running {count} cells", flush=True)
    start = time.monotonic()
    with _kernel(notebook, root) as run:
        made_with = _run_cells(path.stem, notebook, run)
        seconds = round(time.monotonic() - start)
        # A copy, because what the solutions show may replace what cells have shown before.
        ran = copy.deepcopy([cell for cell in notebook.cells if cell.cell_type == "code"])
        for cell in ran:
            cell.outputs = clean_outputs(cell.outputs)
        _check_outputs(path, ran, root)
        _run_solutions(path.stem, notebook, run)

    # Someone may have edited the prose meanwhile: the outputs go into the notebook as it is now.
    latest = read(path)
    if fingerprint(latest, root) != before:
        raise NotStored(f"the code of {path.stem} or of its helpers changed while it ran; run it again")
    latest = _as_node(latest)
    for cell, done in zip((c for c in latest.cells if c.cell_type == "code"), ran, strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    latest.metadata["book"] = {
        "fingerprint": before,
        "executed": datetime.date.today().isoformat(),
        "seconds": seconds,
        **made_with,
    }
    write(path, latest)
    print(f"{path.stem}: stored, {seconds} s", flush=True)


@contextlib.contextmanager
def _kernel(notebook, root):
    """Start a new kernel; give the function that runs a cell of the notebook in it, with a line of progress."""
    client = nbclient.NotebookClient(
        notebook,
        timeout=None,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(Path(root, "book"))}},
    )
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # What the kernel writes past the notebook is of interest only if the kernel dies.
        log = stack.enter_context(open(scratch / "log", "w+", encoding="utf-8", errors="replace"))
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")])),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "IPYTHONDIR": str(scratch),  # nobody's own startup files
        }
        stack.enter_context(client.setup_kernel(env=environment, stdout=log, stderr=log))

        def run(where, index, number=None, limit=None):
            cell = notebook.cells[index]
            print(f"{where}  {first_line(cell.source):<60.60}", end="", flush=True)
            start = time.monotonic()
            client.timeout = limit
            try:
                client.execute_cell(cell, index, execution_count=number, store_history=number is not None)
            except CellExecutionError as error:
                print("  failed", flush=True)
                raise NotStored(f"{where} failed\n{as_shown(str(error))}") from error
            except CellTimeoutError as error:
                print("  failed", flush=True)
                raise NotStored(f"{where} took more than {limit} seconds") from error
            except DeadKernelError as error:
                print("  failed", flush=True)
                log.seek(0)
                raise NotStored(f"{where}: the kernel died\n{log.read()[-2000:]}") from error
            print(f"  {time.monotonic() - start:7.1f} s", flush=True)

        yield run


def _run_cells(name, notebook, run):
    """Run the code cells; return what the kernel says it runs on."""
    code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    for number, index in enumerate(code, 1):
        run(f"{name}: cell {number}/{len(code)}", index, number)
    return json.loads(_printed_by(ASK_VERSIONS, notebook, run, f"{name}: what it runs on"))


def _run_solutions(name, notebook, run):
    """Run the code of the solutions in the chapter's kernel, in the page's order.

    Raises
    ------
    NotStored
        If a block fails, or if a solution's last block calls a check that does not find it right.
    """
    for exercise in exercises(notebook):
        for number, block in enumerate(exercise.blocks, 1):
            where = f"{name}: exercise {exercise.title!r}, block {number}/{len(exercise.blocks)}"
            found = verdicts(as_shown(_printed_by(block, notebook, run, where, SOLUTION_LIMIT)))
            checked = number == len(exercise.blocks) and re.search(r"\bchapter_\d+\.\w+\(", block)
            if checked and not (found and all(line.startswith("Right. ") for line in found)):
                said = "\n".join(found) or "it printed no verdict"
                raise NotStored(f"{where} does not pass its check\n{said}")


def _printed_by(source, notebook, run, where, limit=None):
    """Return what a piece of code prints that is no cell of the notebook."""
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    run(where, len(notebook.cells) - 1, limit=limit)
    outputs = notebook.cells.pop().outputs
    return "".join(output.text for output in outputs if output.get("name") == "stdout")


def first_line(source):
    """Return the first line of a cell that is neither empty nor a comment."""
    lines = [line.strip() for line in source.splitlines()]
    return next((line for line in lines if line and not line.startswith("#")), "(no code)")


def clean_outputs(outputs):
    """Return a cell's outputs as they are stored.

    Streams read as a terminal would finally show them, neighbouring pieces of one stream are joined, the log
    lines that TensorFlow's C++ parts write are dropped.
    """
    cleaned = []
    for output in outputs:
        last = cleaned[-1] if cleaned else None
        if output.output_type == "stream":
            text = without_native_log(output.text) if output.name == "stderr" else output.text
            if last and last.output_type == "stream" and last.name == output.name:
                last.text += text
                continue
            output.text = text
        if output.output_type != "stream" or output.text:
            cleaned.append(output)
    for output in cleaned:
        if output.output_type == "stream":
            output.text = as_shown(output.text)
    return [output for output in cleaned if output.output_type != "stream" or output.text]


def without_native_log(text):
    """Return standard error without the log lines of TensorFlow's C++ parts, such as ``I0000 00:00:17…``."""
    log = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d|WARNING: All log messages before absl")
    return "".join(line for line in text.splitlines(keepends=True) if not log.match(line))


def as_shown(text):
    """Return what a terminal finally shows of a text: no colours, carriage returns and backspaces obeyed."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-JL-Za-z]", "", text)  # all escapes but "erase to the end of the line"
    return "\n".join(_shown_line(line) for line in text.split("\n"))


def _shown_line(line):
    if not re.search("[\r\b\x1b]", line):
        return line
    shown, column = [], 0
    for piece in re.findall(r"\x1b\[[0-2]?K|.", line, re.DOTALL):
        if piece == "\r":
            column = 0
        elif piece == "\b":
            column = max(column - 1, 0)
        elif piece.startswith("\x1b"):
            del shown[column:]
        else:
            shown[column : column + 1] = piece
            column += 1
    return "".join(shown).rstrip()


def _check_outputs(path, cells, root):
    """Raise NotStored if an output must not be stored; warn of what the kernel wrote to stderr."""
    for number, cell in enumerate(cells, 1):
        where = f"{path.stem}: cell {number} ({first_line(cell.source)})"
        for text in output_texts(cell):
            found = volatile(text, [str(root), sys.prefix, tempfile.gettempdir()])
            if found:
                raise NotStored(
                    f"{where} shows {found!r}, which differs from machine to machine and must not be stored"
                )
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                print(f"{where} wrote to stderr, which the page will show:\n{output.text}", file=sys.stderr)


def output_texts(cell):
    """Yield the texts in a code cell's outputs, without pictures in base64.

    Parameters
    ----------
    cell : dict
        A code cell; its texts may be strings or, as in the file, lists of lines.
    """
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            yield "".join(output["text"])
        for kind, data in output.get("data", {}).items():
            if isinstance(data, (str, list)) and (not kind.startswith("image/") or kind == "image/svg+xml"):
                yield re.sub(r";base64,[A-Za-z0-9+/=\s]+", ";base64,", "".join(data))


def volatile(text, folders=()):
    """Return the first thing in a text that differs between machines or runs, or None.

    That is a path on somebody's disk (below a usual folder or one of ``folders``) or an object's address.
    """
    usual = "/home /root /tmp /Users /usr /opt /var /mnt /srv /content /private".split()
    folders = [*usual, *(folder.rstrip("/\\") for folder in folders if len(folder) > 1)]
    starts = "|".join(map(re.escape, sorted(folders, key=len, reverse=True)))
    # What comes before a path is no part of an address (https://…/usr/) and no end of a tag (</tmp/).
    path = rf"(?<![\w.:/<-])(?:{starts})/[\w.@+-]+[^\s\"'<>]*"
    match = re.search(
        rf"{path}|\b[A-Za-z]:\\\w[^\s\"'<>]*|\S*(?:site|dist)-packages\S*|\bat 0x[0-9a-fA-F]{{6,}}", text
    )
    return match[0] if match else None


def _as_node(notebook):
    """Return a notebook as nbformat's own type, in its current format and without stray metadata."""
    notebook = dict(notebook, nbformat=4, nbformat_minor=5)
    taken = {cell.get("id") for cell in notebook["cells"]}
    for number, cell in enumerate(notebook["cells"], 1):
        if not cell.get("id"):
            names = (f"cell-{number:02d}{suffix}" for suffix in ("", *"abcdefghijklmnopqrstuvwxyz"))
            cell["id"] = next(name for name in names if name not in taken)
            taken.add(cell["id"])
        cell["metadata"] = {key: cell["metadata"][key] for key in CELL_METADATA if key in cell["metadata"]}
        if cell["cell_type"] == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
    notebook["metadata"] = {
        key: notebook["metadata"][key] for key in NOTEBOOK_METADATA if key in notebook["metadata"]
    }
    notebook["metadata"]["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    notebook["metadata"]["language_info"] = {"name": "python"}
    return nbformat.reads(json.dumps(notebook), as_version=4)


def write(path, notebook):
    """Write a notebook in one step: the file is either the old or the new one, never half of it."""
    # The kernel's own answer replaces language_info while it runs.
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.validate(notebook)
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()


if __name__ == "__main__":
    sys.exit(main())
