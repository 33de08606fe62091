"""Run the chapters the way Colab runs them, and tell what its users would meet.

``python -m scripts.colab`` takes the last commit for the release. For each chapter it lays the notebook, and
nothing else, into an empty folder; runs it with the package versions of ``constraints-colab.txt`` in an environment
of their own, at one epoch; and lets the setup cell clone the release from a local copy of the repository. The
notebooks are not changed for that: Git is told to look for the repository's address on this disk.

``--fork`` then does what a fork does: a clone moves to another address, builds its site and runs a chapter.

The findings go to ``_build/colab/report.md``, the notebooks as they ran into the same folder.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path

import nbclient
import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from scripts.execute_book import as_shown, first_line
from scripts.setup_cell import ROOT, is_setup, repository, version

CONSTRAINTS = "constraints-colab.txt"
ENVIRONMENT = ".venv-colab"
RESULTS = Path("_build", "colab")
PYTHONS = ((3, 13), (3, 12), (3, 11))  # Colab's first, then the newest at hand
CELL_LIMIT = 900  # seconds; at one epoch no cell takes a tenth of that
FORK = "https://github.com/a-fork/of-the-book"

# What stands in for Colab's own package: it can be found and imported, and holds nothing.
STAND_IN = '"""A stand-in for Colab\'s own package: a chapter runs elsewhere, too, and must not need it."""\n'
STARTUP = "import google.colab  # Colab's kernel has it loaded\n"

# What Colab's Markdown shows as it stands in the file.
RAW = {
    "a MyST directive": r"^ *(?:```|~~~)\{.*|^ *:::+.*",
    "a MyST role": r"\{[\w:.+-]+\}`[^`\n]*`?",
    "a MyST target": r"^\([\w-]+\)= *$",
    "a MyST comment or block break": r"^% .*|^\+\+\+.*",
    "a MyST substitution": r"\{\{.*?\}\}",
    "attributes in braces": r"(?<=[\])*_ ])\{[.#][\w-]+[^}\n]*\}",
    "an admonition of GitHub": r"^ *> *\[!\w+\]",
    "a footnote": r"\[\^[^\]\n]+\]",
    "a definition list": r"^: {1,3}\S.*",
    "a formula between backslashes": r"\\\(.*|\\\[.*",
    "a LaTeX environment outside $$": r"^ *\\begin\{.*",
    "Markdown without an empty line after <summary>": r"</summary> *\n(?! *\n)[^\n]*",
}
# What it shows, but what leads nowhere there.
LOST = {
    "a link that is relative": r"\]\((?!https?:|mailto:|#)[^)\n]*\)",
    "a picture that is relative": r"<img\b[^>]*\bsrc=[\"'](?!https?:|data:)[^>]*>",
}


@dataclass
class Visit:
    """What one chapter did on Colab."""

    chapter: str
    problems: list = field(default_factory=list)
    setup_seconds: float = 0.0
    seconds: float = 0.0
    cells: int = 0
    slowest: str = ""
    installed: list = field(default_factory=list)


class CannotTest(Exception):
    """The test could not be made at all; the message says why."""


def main(arguments=None, root=ROOT):
    """Run what the command line asks for; return 0 if a Colab user would meet nothing bad."""
    parser = argparse.ArgumentParser(prog="python -m scripts.colab", description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="a number such as 04; all without one")
    parser.add_argument("--python", help="the Python for Colab's packages (else 3.13, or the newest at hand)")
    parser.add_argument("--environment", type=Path, help=f"where Colab's packages are (else {ENVIRONMENT})")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time (2)")
    parser.add_argument("--fork", action="store_true", help="then move a clone, build it and run a chapter of it")
    options = parser.parse_args(arguments)
    try:
        folder = options.environment or Path(root, ENVIRONMENT)
        python = environment(folder, Path(root, CONSTRAINTS), options.python)
        visits = visit_all(root, options.chapters, python, options.jobs)
        if options.fork:
            visits += visit_fork(root, python)
    except CannotTest as error:
        print(f"not tested: {error}", file=sys.stderr)
        return 2
    text = report(visits, runtime(python), uncommitted(root))
    Path(root, RESULTS, "report.md").write_text(text, encoding="utf-8")
    print(f"\n{text}")
    return 1 if any(visit.problems for visit in visits) else 0


# --- Colab's packages ---


def find_python(wanted=None):
    """Return the path of the Python to use: the one that is wanted, or Colab's version, or the newest at hand.

    Raises
    ------
    CannotTest
        If the wanted one does not run, or there is none.
    """
    if wanted:
        found = _version_of(wanted)
        if found is None:
            raise CannotTest(f"PYTHON_COLAB={wanted} does not run")
        return wanted
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for major, minor in PYTHONS:
        # A name on the path may be a shim of pyenv that leads nowhere; its versions lie in folders.
        named = [f"python{major}.{minor}", *sorted(map(str, pyenv.glob(f"{major}.{minor}.*/bin/python")))]
        for name in named:
            if _version_of(name) == (major, minor):
                return name
    raise CannotTest("there is no Python 3.11, 3.12 or 3.13; name one: make test-colab PYTHON_COLAB=…")


def _version_of(python):
    """Return the version of a Python as two numbers, or None if it does not run."""
    ask = [python, "-c", "import sys, venv; print(*sys.version_info[:2])"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return tuple(map(int, answer.stdout.split())) if answer.returncode == 0 else None


def environment(folder, constraints, python=None):
    """Return the Python of an environment with exactly the packages that a file lists; make it if need be.

    Parameters
    ----------
    folder : Path
        The environment's. One that was made for another list, or another Python, is made anew.
    constraints : Path
        A name and a version a line.
    python : str, optional
        What to make it with, see `find_python`.
    """
    packages = requirements(constraints)
    stamp, ready = Path(folder, ".packages"), Path(folder, "bin", "python").absolute()
    if python is None and _stamp(packages) in _read(stamp).splitlines() and ready.exists():
        return str(ready)
    python = find_python(python)
    made_for = f"{_stamp(packages)}\n{'.'.join(map(str, _version_of(python)))}\n"
    if _read(stamp) == made_for and ready.exists():
        return str(ready)
    print(f"== Making the environment {folder.name} with Colab's packages (about 2 GB)", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    commands = [
        [python, "-m", "venv", folder],
        [ready, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *packages],
    ]
    for command in commands:
        if subprocess.run(command).returncode != 0:
            raise CannotTest(f"Colab's packages could not be installed: {' '.join(map(str, command))}")
    stamp.write_text(made_for, encoding="utf-8")
    return str(ready)


def requirements(constraints):
    """Return what a file of constraints lists, without its comments."""
    lines = [line.split("#")[0].strip() for line in constraints.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line]


def _stamp(packages):
    return hashlib.sha256("\n".join(packages).encode()).hexdigest()


def _read(path):
    return path.read_text(encoding="utf-8") if path.exists() else ""


def runtime(python):
    """Return in words what an environment consists of: Python and the packages that chapters use."""
    names = ("tensorflow", "keras", "numpy", "scikit-learn", "matplotlib", "ipykernel")
    code = (
        "import platform; from importlib.metadata import distributions; "
        "have = {d.metadata['Name'].lower(): d.version for d in distributions()}; "
        f"print('Python', platform.python_version(), *(f', {{n}} {{have[n]}}' for n in {names} if n in have))"
    )
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip().replace(" ,", ",")


# --- the release ---


def make_remote(root, folder):
    """Make a bare repository that holds the last commit of the tree at ``root`` under its release tag.

    Returns
    -------
    str
        Its address, ``file://…``.

    Raises
    ------
    CannotTest
        If the tree is not in Git, or has no commit.
    """
    done = git("clone", "--quiet", "--bare", "--no-local", Path(root).resolve().as_uri(), folder)
    done = done if done.returncode else git("-C", folder, "tag", "--force", f"v{version(root)}", "HEAD")
    if done.returncode:
        raise CannotTest(f"a copy of the repository could not be made: {done.stderr.strip()}")
    return Path(folder).resolve().as_uri()


def git(*arguments):
    """Run Git, silently; the result has its returncode, stdout and stderr."""
    return subprocess.run(["git", *map(str, arguments)], capture_output=True, text=True)


def uncommitted(root):
    """Return the files that the tree has and the tested commit has not, or not in this form."""
    return git("-C", root, "status", "--porcelain").stdout.splitlines()


def chapters_of(root, names=()):
    """Return the chapters of the last commit by name, each with the text of its notebook.

    Parameters
    ----------
    root : Path
        A tree in Git.
    names : sequence of str
        Numbers such as ``04``; all chapters without.
    """
    listed = git("-C", root, "ls-tree", "--name-only", "HEAD", "book/").stdout.splitlines()
    paths = [path for path in listed if path.endswith(".ipynb")]
    chosen = [path for path in paths if not names or Path(path).stem.startswith(tuple(names))]
    if not chosen or any(not any(Path(path).stem.startswith(name) for path in paths) for name in names):
        raise CannotTest(f"the last commit has these chapters, and not {list(names) or 'any'}: {paths}")
    return {Path(path).stem: git("-C", root, "show", f"HEAD:{path}").stdout for path in chosen}


# --- a visit ---


def visit_all(root, names, python, jobs):
    """Run chapters, several at a time; return a list of `Visit`, in the order of the book."""
    results = Path(root, RESULTS)
    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="colab-") as scratch:
        remote = make_remote(root, Path(scratch, "remote.git"))
        chapters = chapters_of(root, names)
        # Each in a process of its own: what nbclient is told through the environment differs between them.
        pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1)
        with pool:
            tasks = {
                name: pool.submit(visit, name, text, python, repository(root), remote, Path(scratch, name), results)
                for name, text in chapters.items()
            }
            visits = []
            for name, task in tasks.items():
                try:
                    visits.append(Visit(**task.result()))
                except Exception as error:  # of whatever kind: the other chapters are still worth knowing about
                    visits.append(Visit(name, [f"it could not be run: {error!r}"]))
                outcome = f"{len(visits[-1].problems)} problems" if visits[-1].problems else "fine"
                print(f"{visits[-1].chapter}: {outcome}, {visits[-1].seconds:.0f} s", flush=True)
    return visits


def visit(name, text, python, address, remote, scratch, results):
    """Run one chapter in a new folder as Colab would; return a `Visit` as a dict."""
    notebook = nbformat.reads(text, as_version=4)
    seen = Visit(name, problems=raw_markdown(notebook))
    content = prepare(scratch, python)
    (content / f"{name}.ipynb").write_text(text, encoding="utf-8")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    os.environ["JUPYTER_PATH"] = str(scratch)
    client = nbclient.NotebookClient(
        notebook, kernel_name="colab", timeout=CELL_LIMIT, record_timing=False, resources=_in(content)
    )
    start = time.monotonic()
    with open(scratch / "log", "w+", encoding="utf-8", errors="replace") as log:
        try:
            settings = colab_settings(scratch, python, address, remote)
            with client.setup_kernel(env=settings, stdout=log, stderr=log):
                _run_cells(notebook, client, seen)
        except DeadKernelError as error:
            log.seek(0)
            seen.problems.append(f"the kernel died ({error}): {log.read()[-1500:]}")
    seen.seconds = time.monotonic() - start
    nbformat.write(notebook, results / f"{name}.ipynb")

    if not (content / address.split("/")[-1] / "helpers").is_dir():
        seen.problems.append("the setup cell has cloned no repository with helpers")
    seen.installed = sorted(path.name.removesuffix(".dist-info") for path in scratch.glob("packages/*.dist-info"))
    heavy = [name for name in seen.installed if re.match("(?i)tensorflow|keras|numpy|scipy", name)]
    if heavy:
        seen.problems.append(f"the setup cell installed over Colab's own packages: {heavy}")
    seen.problems += raw_outputs(notebook)
    return asdict(seen)


def _in(folder):
    return {"metadata": {"path": str(folder)}}


def prepare(scratch, python):
    """Lay out a scratch folder for one visit and return its empty working folder, ``content``."""
    content = scratch / "content"
    for folder in (content, scratch / "home", scratch / "packages"):
        folder.mkdir(parents=True)
    files = {
        scratch / "stand-in" / "google" / "colab" / "__init__.py": STAND_IN,
        scratch / "ipython" / "profile_default" / "startup" / "colab.py": STARTUP,
        scratch / "kernels" / "colab" / "kernel.json": json.dumps(
            {
                "argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": "Colab",
                "language": "python",
            }
        ),
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return content


def colab_settings(scratch, python, address, remote):
    """Return the environment variables of a Colab kernel: nothing of this tree, and Git's view of the world."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "JUPYTER", "GIT_", "VIRTUAL_ENV", "KERAS", "MPL"))
    }
    return kept | {
        "HOME": str(scratch / "home"),  # or a data set that this machine has fetched before would be found
        "IPYTHONDIR": str(scratch / "ipython"),
        "PATH": os.pathsep.join([str(Path(python).parent), os.environ["PATH"]]),
        # What the setup cell installs goes beside the environment, so that each chapter finds it missing.
        "PYTHONPATH": os.pathsep.join([str(scratch / "stand-in"), str(scratch / "packages")]),
        "PIP_TARGET": str(scratch / "packages"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "COLAB_RELEASE_TAG": "stand-in",
        "BOOK_EPOCHS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.{remote}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
        "GIT_CONFIG_KEY_1": "safe.directory",
        "GIT_CONFIG_VALUE_1": "*",
    }


def _run_cells(notebook, client, seen):
    """Run the cells up to the first that fails, as "Run all" does; note times and what went wrong."""
    code = [(index, cell) for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    slowest = 0.0
    for number, (index, cell) in enumerate(code, 1):
        start = time.monotonic()
        try:
            client.execute_cell(cell, index, execution_count=number)
        except CellExecutionError as error:
            message = f"{error.ename}: {error.evalue}"
            where = f"cell {number} of {len(code)} (`{first_line(cell.source)}`)"
            seen.problems.append(f"{where}: {as_shown(message)[:600]}{hint(error.ename, error.evalue, cell)}")
            return
        except CellTimeoutError:
            seen.problems.append(f"cell {number} (`{first_line(cell.source)}`) took over {CELL_LIMIT} seconds")
            return
        took = time.monotonic() - start
        seen.cells = number
        if is_setup(cell):
            seen.setup_seconds = took
        elif took > slowest:
            slowest, seen.slowest = took, f"{took:.0f} s: `{first_line(cell.source)}`"


def hint(name, message, cell):
    """Return what an error of a chapter usually means on Colab, or an empty text."""
    missing = re.search(r"No module named '([\w.]+)'", message)
    if is_setup(cell):
        return " – the setup cell: is the release tagged, and the repository public?"
    if "google.colab" in message:
        return " – a chapter runs outside Colab, too, and must not need it"
    if missing and missing[1].split(".")[0] == "helpers":
        return " – a helper that the release lacks: is it committed?"
    if missing:
        return " – a package that Colab does not bring, or not at this version"
    if name == "FileNotFoundError":
        return " – a file that the release lacks: is it committed?"
    if name in ("ImportError", "AttributeError", "TypeError"):
        return " – perhaps the helpers need a newer package than Colab's"
    return ""


# --- what shows raw ---


def raw_markdown(notebook):
    """Return what in a notebook's prose Colab shows as it stands, or what leads nowhere there."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        prose = cell.source
        # A directive looks like a fence of code; it is looked for before those are taken out.
        directives = re.findall(RAW["a MyST directive"], prose, re.MULTILINE)
        prose = re.sub(r"(?ms)^ *(```|~~~)(?!\{).*?^ *\1 *$", "", prose)
        found += [f"a MyST directive: {piece.strip()}" for piece in directives]
        prose = re.sub(r"`[^`\n]+`", "`code`", prose)
        prose = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$", "formula", prose, flags=re.DOTALL)
        for kind, pattern in {**RAW, **LOST}.items():
            if kind != "a MyST directive":
                found += [f"{kind}: {piece.strip()}" for piece in re.findall(pattern, prose, re.MULTILINE)]
        if cell.get("attachments"):
            found.append("an attachment, which Colab loses")
    return [f"Colab shows this raw, or loses it: {piece}" for piece in found]


def raw_outputs(notebook):
    """Return what in the outputs of a run Colab does not show as the site does."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "application/vnd.jupyter.widget-view+json" in data:
                found.append("a widget")
            page = re.sub(r"(?s)<(svg|style|script|pre|code)\b.*?</\1>", "", data.get("text/html", ""))
            # An output is a page of its own on Colab, and nothing sets formulas there.
            found += re.findall(r"\$[^\s$][^$<>\n]*\$|\\\(.*?\\\)", page)
            found += re.findall(LOST["a picture that is relative"], page)
    return [f"Colab shows this raw in an output: {piece}" for piece in found]


# --- a fork ---


def visit_fork(root, python, address=FORK):
    """Move a clone to another address, build its site, run its first chapter; return a list of `Visit`."""
    with tempfile.TemporaryDirectory(prefix="fork-") as scratch:
        clone = Path(scratch, address.split("/")[-1])
        seen = Visit(f"a fork at {address}")
        start = time.monotonic()
        seen.problems = move_clone(root, clone, address) or build_clone(root, clone, address)
        seen.seconds = time.monotonic() - start
        print(f"{seen.chapter}: {'; '.join(seen.problems) or 'moved and built'}", flush=True)
        if seen.problems:
            return [seen]
        first = min(chapters_of(clone))
        visits = visit_all(clone, [first], python, 1)
        for one in visits:
            one.chapter = f"{one.chapter}, in the fork"
        return [seen, *visits]


def move_clone(root, clone, address):
    """Clone the last commit, and do there what CONTRIBUTING tells a fork to do; return what went wrong."""
    settings = {**os.environ, "PYTHONPATH": str(clone)}
    home = [sys.executable, "-m", "scripts.home", address]
    author = ["-c", "user.name=A fork", "-c", "user.email=fork@example.org"]
    commands = [
        ["git", "clone", "--quiet", "--no-local", Path(root).resolve().as_uri(), clone],
        home,
        ["git", *author, "commit", "--quiet", "--all", "--message", "Move to our own address"],
        ["git", "tag", "--force", f"v{version(root)}"],
    ]
    for number, command in enumerate(commands):
        done = subprocess.run(command, cwd=clone if number else root, env=settings, capture_output=True, text=True)
        if done.returncode:
            return [f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}".strip()]
    left = git("-C", clone, "status", "--porcelain").stdout.strip()
    return [f"not committed after the move: {left}"] if left else []


def build_clone(root, clone, address):
    """Build a clone's site with the packages that are here; return what is wrong with it."""
    # The packages are those of this tree: a clone's requirements are newer files, but say the same.
    make = ["make", "book", f"VENV={Path(sys.prefix).absolute()}", "-o", "requirements.txt", "-o", "constraints.txt"]
    settings = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MAKEFLAGS")}
    done = subprocess.run(make, cwd=clone, env=settings, capture_output=True, text=True)
    if done.returncode:
        return [f"make book: {done.stdout[-1500:]}{done.stderr[-1500:]}"]
    wrong = []
    slug, old = address.removeprefix("https://github.com/"), repository(root).removeprefix("https://github.com/")
    for name in chapters_of(clone):
        page = Path(clone, "_build", "html", "book", f"{name}.html").read_text(encoding="utf-8")
        button = f"https://colab.research.google.com/github/{slug}/blob/v{version(clone)}/book/{name}.ipynb"
        wrong += [] if button in page else [f"{name}: no button that opens {button}"]
        wrong += [f"{name}: the page still names {old}"] if old in page else []
    return wrong


# --- the report ---


def report(visits, runs_on, left_out=()):
    """Return what was found, as Markdown."""
    lines = ["# The book on Colab", "", f"Run with {runs_on}, one epoch each.", ""]
    if left_out:
        lines += [f"Tested is the last commit; {len(left_out)} files of the folder differ from it.", ""]
    lines += ["| chapter | result | cells | setup, s | in all, s | slowest cell |", "|" + " --- |" * 6]
    for one in visits:
        result = f"**{len(one.problems)} problems**" if one.problems else "fine"
        slowest = one.slowest.replace("|", r"\|")
        times = f"{one.cells} | {one.setup_seconds:.1f} | {one.seconds:.0f} | {slowest}"
        lines.append(f"| {one.chapter} | {result} | {times} |")
    for one in visits:
        if one.problems:
            lines += ["", f"## {one.chapter}", "", *(f"- {problem}" for problem in one.problems)]
    installed = sorted({name for one in visits for name in one.installed})
    lines += ["", f"Installed by the setup cell: {', '.join(installed) or 'nothing'}.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
