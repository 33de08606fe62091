"""The book's address and release stand in one place each; a fork moves everything with one command."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import home, setup_cell
from scripts.fingerprint import fingerprint

ROOT = Path(__file__).resolve().parent.parent
OLD = "https://github.com/first-owner/old_book"
NEW = "https://github.com/Teacher-1/my.fork"


def code_cell(source, *tags):
    return {
        "cell_type": "code",
        "execution_count": 1,
        "id": f"c{len(source)}",
        "metadata": {"tags": list(tags)},
        "outputs": [{"name": "stdout", "output_type": "stream", "text": [f"see {OLD}\n"]}],
        "source": source.splitlines(keepends=True),
    }


@pytest.fixture
def tree(tmp_path):
    """Return a small copy of the book's layout, at home at OLD."""
    root = tmp_path / "tree"
    (root / "helpers").mkdir(parents=True)
    (root / "book").mkdir()
    (root / "_config.yml").write_text(
        f"title: T\nrepository:\n  url: {OLD}  # the one place\n  branch: v0.0.1\n", encoding="utf-8"
    )
    (root / "helpers" / "__init__.py").write_text('"""H."""\n\n__version__ = "1.2.3"\n', encoding="utf-8")
    (root / "helpers" / "claims.py").write_text("HERE = True\n", encoding="utf-8")
    (root / "README.md").write_text(
        f"# T\r\n[clone]({OLD}.git), <https://first-owner.github.io/old_book/>, {OLD}-tools, first-owner\r\n"
        "[![Colab](x)](https://colab.research.google.com/github/first-owner/old_book/blob/v0.0.1/book/a.ipynb)",
        encoding="utf-8",
        newline="",
    )
    (root / "CITATION.cff").write_text(f"version: 0.0.1\nrepository-code: {OLD}\n", encoding="utf-8")
    (root / "picture.png").write_bytes(b"\x89PNG\0" + OLD.encode())
    cells = [
        {"cell_type": "markdown", "id": "m", "metadata": {}, "source": [f"# é [a]({OLD}/issues)\n", "b"]},
        code_cell("print('an old setup cell')", "setup"),
        code_cell(f"address = '{OLD}'  # code of the chapter's own"),
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    (root / "book" / "a.ipynb").write_text(text, encoding="utf-8")
    return root


def contents(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_moving_rewrites_every_form_of_the_address(tree):
    assert home.main([NEW], root=tree) == 0
    assert setup_cell.repository(tree) == NEW
    assert (tree / "_config.yml").read_text() == (
        f"title: T\nrepository:\n  url: {NEW}  # the one place\n  branch: v1.2.3\n"
    )
    assert (tree / "README.md").read_bytes().decode() == (
        f"# T\r\n[clone]({NEW}.git), <https://teacher-1.github.io/my.fork/>, {OLD}-tools, first-owner\r\n"
        "[![Colab](x)](https://colab.research.google.com/github/Teacher-1/my.fork/blob/v1.2.3/book/a.ipynb)"
    )
    assert (tree / "CITATION.cff").read_text() == f"version: 1.2.3\nrepository-code: {NEW}\n"


def test_moving_rewrites_the_setup_cell_and_the_prose_but_neither_outputs_nor_freshness(tree):
    path = tree / "book" / "a.ipynb"
    before, stamp = json.loads(path.read_text()), fingerprint(path, tree)
    assert home.main([NEW], root=tree) == 0
    after = json.loads(path.read_text())
    assert after["cells"][0]["source"] == [f"# é [a]({NEW}/issues)\n", "b"]
    setup = "".join(after["cells"][1]["source"])
    assert setup == setup_cell.setup_source(tree)
    assert f'REPOSITORY, RELEASE = "{NEW}", "v1.2.3"' in setup
    assert after["cells"][2] == before["cells"][2]
    assert [cell.get("outputs") for cell in after["cells"]] == [
        cell.get("outputs") for cell in before["cells"]
    ]
    assert fingerprint(path, tree) == stamp


def test_a_notebook_keeps_its_formatting(tree):
    path = tree / "book" / "a.ipynb"
    before = path.read_text()
    assert home.main([NEW], root=tree) == 0
    old, new = before.splitlines(), path.read_text().splitlines()
    untouched = [line for line in old if OLD not in line and "setup cell" not in line]
    assert [line for line in new if line in untouched] == untouched
    assert path.read_text().endswith("}\n")


def test_moving_twice_changes_nothing_more_and_moving_back_restores_the_addresses(tree):
    home.main([], root=tree)
    settled = contents(tree)
    home.main([NEW], root=tree)
    moved = contents(tree)
    home.main([NEW], root=tree)
    assert contents(tree) == moved != settled
    home.main([OLD], root=tree)
    assert contents(tree) == settled


def test_files_that_are_no_text_and_files_without_the_address_stay(tree):
    (tree / "_build").mkdir()
    (tree / "_build" / "page.html").write_text(OLD)
    home.main([NEW], root=tree)
    assert OLD.encode() in (tree / "picture.png").read_bytes()
    assert (tree / "_build" / "page.html").read_text() == OLD
    assert (tree / "helpers" / "claims.py").read_text() == "HERE = True\n"


def test_git_ignored_files_stay(tree):
    subprocess.run(["git", "init", "--quiet", tree], check=True)
    (tree / ".gitignore").write_text("notes.txt\n")
    (tree / "notes.txt").write_text(OLD)
    (tree / "new.txt").write_text(OLD)
    home.main([NEW], root=tree)
    assert (tree / "notes.txt").read_text() == OLD
    assert (tree / "new.txt").read_text() == NEW


def test_a_new_version_reaches_setup_cells_and_links_without_an_address(tree):
    home.main([], root=tree)
    init = tree / "helpers" / "__init__.py"
    init.write_text(init.read_text().replace("1.2.3", "2.0.0"))
    assert home.main([], root=tree) == 0
    assert f'RELEASE = "{OLD}", "v2.0.0"' in (tree / "book" / "a.ipynb").read_text().replace('\\"', '"')
    assert "version: 2.0.0" in (tree / "CITATION.cff").read_text()
    assert "/blob/v2.0.0/" in (tree / "README.md").read_text()


@pytest.mark.parametrize("given", [f"{NEW}/", f"{NEW}.git", f" {NEW} "])
def test_harmless_endings_are_dropped(given):
    assert home.checked(given) == NEW


@pytest.mark.parametrize(
    "given, better",
    [
        ("http://github.com/a/b", "https://github.com/a/b"),
        ("git@github.com:a/b.git", "https://github.com/a/b"),
        ("github.com/a/b", "https://github.com/a/b"),
        ("https://www.github.com/a/b", "https://github.com/a/b"),
        ("https://example.org/a/b", None),
        ("https://github.com/a", None),
        ("https://github.com/a/b/c", None),
        ("https://github.com/-a/b", None),
        ("https://github.com/an_owner/b", None),
        ("https://github.com/a/..", None),
        ("https://github.com/a/b c", None),
        ("", None),
    ],
)
def test_other_addresses_are_refused_with_what_would_be_right(tree, capsys, given, better):
    before = contents(tree)
    assert home.main([given], root=tree) == 1
    message = capsys.readouterr().err
    assert repr(given) in message and "https://github.com/owner/name" in message
    assert ("did you mean" in message) == (better is not None)
    assert better is None or f"did you mean {better}?" in message
    assert contents(tree) == before


# The setup cell, run for real.


def run_setup(cell, folder, path=()):
    """Run a setup cell twice, as a reader may, with only ``path`` to import from; return what it printed."""
    script = f"cell = {cell!r}\nexec(cell)\nexec(cell)\nimport helpers.claims, sys\nprint(helpers.__file__)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    # -S: no installed packages, so that neither a helpers nor a scikeras of this machine is found.
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    *said, where = done.stdout.splitlines()
    return said, Path(where)


@pytest.fixture
def scikeras(tmp_path):
    """Return a folder with a stand-in for scikeras, so that nothing is installed."""
    (tmp_path / "packages" / "scikeras").mkdir(parents=True)
    (tmp_path / "packages" / "scikeras" / "__init__.py").touch()
    return tmp_path / "packages"


@pytest.fixture
def remote(tree):
    """Return the address of a local repository that holds the small tree at its release."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", tree]
    subprocess.run(["git", "init", "--quiet", tree], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=t"], check=True)
    subprocess.run([*git, "tag", "v1.2.3"], check=True)
    (tree / "helpers" / "claims.py").write_text("raise SystemExit('not the release')\n")
    subprocess.run([*git, "commit", "--quiet", "--all", "--message=later"], check=True)
    return tree.as_uri()


def test_where_only_the_notebook_was_opened_the_release_is_fetched_once(tree, remote, scikeras, tmp_path):
    colab = tmp_path / "content"
    colab.mkdir()
    cell = setup_cell.setup_source(tree).replace(OLD, remote)
    said, where = run_setup(cell, colab, [scikeras])
    assert said == ["Setup: using the helpers in the folder tree", "Setup: nothing to do"]
    assert where == colab / "tree" / "helpers" / "__init__.py"
    # After a restart of the kernel the folder is there already: the repository may even be gone.
    shutil.rmtree(tree)
    said, where = run_setup(cell, colab, [scikeras])
    assert said == ["Setup: using the helpers in the folder tree", "Setup: nothing to do"]
    assert where == colab / "tree" / "helpers" / "__init__.py"


def test_in_a_checkout_the_folder_above_is_used(tree, scikeras):
    said, where = run_setup(setup_cell.setup_source(tree), tree / "book", [scikeras])
    assert said == ["Setup: using the helpers in the folder tree", "Setup: nothing to do"]
    assert where == tree / "helpers" / "__init__.py"


def test_where_helpers_can_be_imported_nothing_is_done(tree, scikeras, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    said, where = run_setup(setup_cell.setup_source(tree), empty, [scikeras, tree])
    assert said == ["Setup: nothing to do", "Setup: nothing to do"]
    assert where == tree / "helpers" / "__init__.py"
    assert not list(empty.iterdir())


def test_a_release_that_is_not_there_stops_the_cell_with_the_reason(tree, remote, scikeras, tmp_path):
    colab = tmp_path / "content"
    colab.mkdir()
    cell = setup_cell.setup_source(tree).replace(OLD, remote).replace("v1.2.3", "v9.9.9")
    with pytest.raises(AssertionError, match=r"v9\.9\.9"):
        run_setup(cell, colab, [scikeras])


def test_the_setup_cell_is_short_and_names_no_heavy_package():
    lines = setup_cell.setup_source().splitlines()
    assert len(lines) <= 20
    assert max(map(len, lines)) <= 110
    assert not re.search(
        "tensorflow|keras==|numpy", "\n".join(lines).replace("scikeras==", ""), re.IGNORECASE
    )


def test_the_setup_cell_installs_the_scikeras_that_the_book_was_made_with():
    pinned = re.search(r"(?m)^scikeras==(\S+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"))[1]
    assert f'"scikeras=={pinned}"' in setup_cell.setup_source()


def test_the_setup_cell_goes_into_a_new_notebook_once(tree, monkeypatch):
    path = tree / "book" / "new.ipynb"
    cells = [{"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# T"}, code_cell("1 + 1")]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    setup_cell.main([str(path)])
    setup_cell.main([str(path)])
    notebook = json.loads(path.read_text())
    assert [cell["cell_type"] for cell in notebook["cells"]] == ["markdown", "code", "code"]
    assert "".join(notebook["cells"][1]["source"]) == setup_cell.setup_source()
    assert notebook["cells"][1]["metadata"]["tags"] == ["setup", "hide-input"]


# The real tree.


def test_everything_agrees_with_the_address_and_the_version(tmp_path):
    for path in home.text_files(ROOT):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    changed = home.move(tmp_path, setup_cell.repository(ROOT))
    assert not changed, f"run `make home` to bring these into line: {changed}"


def test_no_file_carries_another_address_of_the_book():
    slug = "/".join(setup_cell.repository(ROOT).split("/")[-2:])
    others = {}
    for path in home.text_files(ROOT):
        found = set(foreign_addresses(path.read_text(encoding="utf-8"), slug))
        if found:
            others[path.name] = found
    assert not others


def foreign_addresses(text, slug):
    """Yield the OWNER/NAME of links to this book (by its name or its first owner) that are not ``slug``."""
    first_owner, name = "your_account", slug.split("/")[1]
    for found in re.findall(r"(?:github\.com|/github|usercontent\.com|/gh)/([\w-]+/[\w.-]+)", text):
        found = found.removesuffix(".git").rstrip(".")
        if found != slug and (found.split("/")[1] == name or found.split("/")[0] == first_owner):
            yield found


def test_another_address_would_be_found():
    text = "https://colab.research.google.com/github/someone/book/blob/main/a.ipynb https://github.com/x/y"
    assert list(foreign_addresses(text, "other/book")) == ["someone/book"]
    assert list(foreign_addresses(text, "someone/book")) == []
