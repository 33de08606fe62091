"""Make a release: check everything that can be checked, then commit and tag it. Nothing is pushed.

``python -m scripts.release 0.2.0`` refuses, with every reason that it finds, or puts the version wherever it stands,
dates the changelog, runs the tests, prints the PDF, packs the archive, commits, runs the chapters as Colab does, and
tags the commit. If something fails on the way, the files are as they were before, and there is no tag.
"""

import argparse
import datetime
import re
import subprocess
import sys
from pathlib import Path

from scripts import execute_book, home
from scripts.setup_cell import ROOT, repository, version

CHANGELOG = "CHANGELOG.md"
VERSION_FILE = Path("helpers", "__init__.py")
NOBODY = "your_account"  # the owner in the address that the book has before it has a home
BEFORE_COMMIT = (["make", "test"], ["make", "pdf"], ["make", "archive"])
AFTER_COMMIT = (["make", "test-colab"],)  # it tests the last commit


class Refused(Exception):
    """There is no release; the message says why."""


def main(arguments=None, root=ROOT, run=None):
    """Make the release that the command line names; return 0 if it is there, tagged."""
    parser = argparse.ArgumentParser(prog="python -m scripts.release", description=__doc__.splitlines()[0])
    parser.add_argument("version", help="such as 0.2.0")
    new = parser.parse_args(arguments).version
    try:
        release(Path(root), new, run or command)
    except Refused as error:
        print(f"no release: {error}", file=sys.stderr)
        return 1
    print(
        f"The release v{new} is there, on this machine only. When you have looked at it:\n"
        f"  git push origin HEAD v{new}\n"
        f"and attach {home_name(root)}-{new}.pdf and .zip, in _build/, to the release on GitHub."
    )
    return 0


def release(root, new, run, today=None):
    """Make the release ``new`` of the tree at ``root``.

    Parameters
    ----------
    root : Path
        A tree in Git.
    new : str
        The version.
    run : callable
        Takes a command, a list, and the folder to run it in; raises `Refused` if it fails.
    today : datetime.date, optional
        The day of the release.

    Raises
    ------
    Refused
        If something speaks against it; the tree is then as it was.
    """
    reasons = [*about_version(root, new), *about_git(root, new), *about_changelog(root, new), *about_home(root)]
    if not reasons:
        reasons = about_outputs(root)
    if reasons:
        raise Refused("\n  ".join(["", *reasons]))
    before = {path: path.read_bytes() for path in home.text_files(root)}
    start = git(root, "rev-parse", "HEAD")
    try:
        put_version(root, new)
        home.move(root, repository(root))
        date_changelog(root, new, today or datetime.date.today())
        for step in BEFORE_COMMIT:
            run(step, root)
        if git(root, "status", "--porcelain"):
            git(root, "commit", "--quiet", "--all", "--message", f"Release {new}")
        for step in AFTER_COMMIT:
            run(step, root)
    except BaseException:
        git(root, "reset", "--quiet", "--soft", start)
        for path, content in before.items():
            if path.read_bytes() != content:
                path.write_bytes(content)
        git(root, "reset", "--quiet")
        raise
    git(root, "tag", "--annotate", f"v{new}", "--message", f"Release {new}")


def command(words, root):
    """Run a command in the open; raise `Refused` if it fails."""
    print(f"== {' '.join(words)}", flush=True)
    if subprocess.run(words, cwd=root).returncode != 0:
        raise Refused(f"`{' '.join(words)}` failed, see above; the files are as they were")


def git(root, *arguments):
    """Return what Git answers; raise `Refused` if it cannot."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def home_name(root):
    """Return the name of the repository."""
    return repository(root).split("/")[-1]


# --- what speaks against a release ---


def about_version(root, new):
    """Return reasons that lie in the version: its form, or its place in the order."""
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", new):
        return [f"VERSION must have three numbers, such as 0.2.0, got {new!r}"]
    old = version(root)
    if numbers(new) < numbers(old):
        return [f"VERSION {new} comes before {old}, which the book has now"]
    return []


def numbers(text):
    """Return the numbers of a version."""
    return tuple(map(int, text.split(".")))


def about_git(root, new):
    """Return reasons that lie in the repository: no commit, changes, the tag."""
    try:
        changes = git(root, "status", "--porcelain").splitlines()
        tags = git(root, "tag", "--list").split()
        git(root, "rev-parse", "HEAD")
    except Refused as error:
        return [f"the book must be in Git, with a commit: {error}"]
    reasons = []
    if changes:
        some = ", ".join(line[3:] for line in changes[:5]) + (", …" if len(changes) > 5 else "")
        reasons.append(f"{len(changes)} changes are not committed: {some}")
    if f"v{new}" in tags:
        reasons.append(f"there is a tag v{new}; a release that has been given out is not made again")
    return reasons


def about_changelog(root, new):
    """Return reasons that lie in the changelog: nothing to release, or the version is told already."""
    path = Path(root, CHANGELOG)
    sections = changelog(path.read_text(encoding="utf-8")) if path.exists() else {}
    if "Unreleased" not in sections:
        return [f"{CHANGELOG} must have a section `## [Unreleased]`"]
    reasons = []
    if not re.search(r"(?m)^- ", sections["Unreleased"]) and new not in sections:
        reasons.append(f"{CHANGELOG} says of {new} nothing: its section [Unreleased] is empty")
    if new in sections and not re.search(rf"(?m)^## \[{re.escape(new)}\] - \d{{4}}-\d\d-\d\d$", path.read_text()):
        reasons.append(f"{CHANGELOG} has a section [{new}] without a date")
    if new in sections and re.search(r"(?m)^- ", sections["Unreleased"]):
        reasons.append(f"{CHANGELOG} has a section [{new}], and unreleased changes as well")
    return reasons


def changelog(text):
    """Return the sections of a changelog by what stands in the brackets of their headings."""
    pieces = re.split(r"(?m)^## \[([^\]]+)\].*$", text)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def about_home(root):
    """Return reasons that lie in the address: a notebook on Colab clones what the setup cell names."""
    address = repository(root)
    if NOBODY in address.split("/"):
        return [f"the address is still {address}: run `make home REPOSITORY=…`, or Colab finds no helpers"]
    return []


def about_outputs(root):
    """Return the chapters whose stored outputs are not those of a full run of the code as it is."""
    chapters = sorted(Path(root, "book").glob("*.ipynb"))
    stale = [path.stem for path in chapters if not execute_book.is_fresh(execute_book.read(path), root)]
    return [f"the outputs are stale in {', '.join(stale)}: run `make execute`"] if stale else []


# --- what a release changes ---


def put_version(root, new):
    """Write the version into the one place where it stands."""
    path = Path(root, VERSION_FILE)
    text = re.sub(r'(?m)^__version__ = ".*"$', f'__version__ = "{new}"', path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")


def date_changelog(root, new, today):
    """Give what was unreleased its version and its date; a section that the version has stays."""
    path = Path(root, CHANGELOG)
    text = path.read_text(encoding="utf-8")
    if new not in changelog(text):
        text = text.replace("## [Unreleased]", f"## [Unreleased]\n\n## [{new}] - {today.isoformat()}", 1)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
