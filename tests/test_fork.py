"""A fork is one command away: `make home`, and its chapters fetch their helpers from the fork.

`make test-colab` does the long way: it builds the fork's site, and runs a chapter of it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import home, setup_cell
from scripts.fingerprint import fingerprint

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = "https://github.com/a-fork/of.the-book"


def run(words, folder, **settings):
    done = subprocess.run(words, cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def git(folder, *words):
    return run(["git", "-c", "user.name=A fork", "-c", "user.email=fork@example.org", *words], folder)


@pytest.fixture(scope="module")
def fork(tmp_path_factory):
    """Return a copy of this tree in Git, at home at another address, and what the move changed."""
    folder = tmp_path_factory.mktemp("fork") / "tree"
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "The book")
    run([sys.executable, "-m", "scripts.home", ADDRESS], folder, PYTHONPATH=str(folder))
    changed = git(folder, "diff", "--name-only").split()
    git(folder, "commit", "--quiet", "--all", "--message", "Move to our own address")
    git(folder, "tag", f"v{setup_cell.version(folder)}")
    return folder, changed


def test_the_move_leaves_no_old_address_and_changes_nothing_else(fork):
    folder, changed = fork
    slug = "/".join(setup_cell.repository(ROOT).split("/")[-2:])
    assert "_config.yml" in changed and any(name.endswith(".ipynb") for name in changed)
    for name in changed:
        assert slug in (ROOT / name).read_text(encoding="utf-8"), f"{name} had no address to change"
    for path in home.text_files(folder):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":  # stored outputs stay what a run printed
            text = "".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        assert slug not in text, path


def test_no_chapter_goes_stale(fork):
    folder, _ = fork
    for path in sorted((folder / "book").glob("*.ipynb")):
        assert fingerprint(path, folder) == fingerprint(ROOT / "book" / path.name, ROOT), path.stem


def test_a_chapter_of_the_fork_fetches_the_fork_s_helpers(fork, tmp_path):
    folder, _ = fork
    cells = set()
    for path in sorted((folder / "book").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells |= {"".join(cell["source"]) for cell in notebook["cells"] if setup_cell.is_setup(cell)}
    (setup,) = cells
    content = tmp_path / "content"
    content.mkdir()
    remote = tmp_path / "fork.git"
    git(tmp_path, "clone", "--quiet", "--bare", "--no-local", folder.as_uri(), str(remote))
    where = "\nimport helpers.data\nprint(helpers.data.__file__, len(helpers.data.get_label_names()))"
    told = run(
        [sys.executable, "-c", setup + where],
        content,
        PYTHONPATH="",
        GIT_TERMINAL_PROMPT="0",
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0=f"url.{remote.as_uri()}.insteadOf",
        GIT_CONFIG_VALUE_0=ADDRESS,
    )
    assert told.splitlines() == [
        "Setup: using the helpers in the folder of.the-book",
        f"{content / 'of.the-book' / 'helpers' / 'data.py'} 46",
    ]
