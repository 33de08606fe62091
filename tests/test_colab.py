"""The test of Colab finds what a Colab user would meet. `make test-colab` itself runs the chapters."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from scripts import colab
from scripts.setup_cell import setup_source

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = "https://github.com/an-owner/a-book"


def prose(*texts):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text) for text in texts])


# --- what shows raw ---


@pytest.mark.parametrize(
    "text",
    [
        "```{note}\nRead this.\n```",
        ":::{tip}\nRead this.\n:::",
        "as {cite}`hochreiter1997` showed",
        "(a-place)=\n# Title",
        "% a comment",
        "one\n\n+++\n\ntwo",
        "{{ version }} is new",
        "[text](https://example.org){.button}",
        "> [!NOTE]\n> Read this.",
        "a claim[^1]",
        "term\n: what it means",
        r"so \(x = 1\) holds",
        "\\begin{align}\nx &= 1\n\\end{align}",
        "<details>\n<summary>Solution</summary>\n**42**\n</details>",
        "see [chapter 4](04-training.ipynb)",
        '<img src="_static/x.png" alt="x">',
    ],
)
def test_what_colab_shows_raw_is_found(text):
    assert colab.raw_markdown(prose("# Fine", text))


@pytest.mark.parametrize(
    "text",
    [
        "A price of $5. Formulas $x_{t}$ and\n\n$$\n\\begin{aligned}\nh &= \\tanh(x)\n\\end{aligned}\n$$\n",
        "```python\nx = {'a': 1}  # {cite}`no`\nprint(f'{{x}}')\n% not a comment\n```",
        "`{cite}` and `\\(x\\)` are code, [this](https://example.org) is a link, [here](#there) another",
        "<details>\n<summary>Solution</summary>\n\n**42**\n\n</details>",
        "| a | b |\n| :-- | --: |\n| 1 | 50 % |",
        "Two kinds: one.\n\n1. first\n2. second\n\n> a quotation",
    ],
)
def test_what_colab_shows_well_is_left_alone(text):
    assert colab.raw_markdown(prose(text)) == []


def test_a_formula_in_an_html_output_is_found_and_one_in_a_drawing_is_not():
    output = nbformat.v4.new_output("display_data", {"text/html": "<p>so $x = 1$</p><svg><text>$y$</text></svg>"})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("show()", outputs=[output])])
    (problem,) = colab.raw_outputs(notebook)
    assert "$x = 1$" in problem


def test_the_chapters_as_they_are_show_nothing_raw():
    found = {}
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        found[path.stem] = colab.raw_markdown(notebook) + colab.raw_outputs(notebook)
    assert found and not any(found.values()), found


# --- Python and its packages ---


def fake_python(path, answer):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{answer}\n")
    path.chmod(0o755)
    return str(path)


def test_colab_s_python_is_found_behind_a_shim_that_leads_nowhere(tmp_path, monkeypatch):
    fake_python(tmp_path / "bin" / "python3.13", "exit 127")
    fake_python(tmp_path / "bin" / "python3.12", "echo 3 12")
    real = fake_python(tmp_path / "versions" / "3.13.5" / "bin" / "python", "echo 3 13")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert colab.find_python() == real
    os.remove(real)
    assert colab.find_python() == "python3.12"
    (tmp_path / "bin" / "python3.12").unlink()
    with pytest.raises(colab.CannotTest, match="PYTHON_COLAB="):
        colab.find_python()


def test_a_python_that_does_not_run_is_refused(tmp_path):
    with pytest.raises(colab.CannotTest, match="does not run"):
        colab.find_python(str(tmp_path / "no-python"))


def test_an_environment_is_made_once_for_a_list_of_packages(tmp_path):
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("# from a page, on a day\na==1.*\n\nb==2.*  # the newest\n")
    packages = colab.requirements(constraints)
    assert packages == ["a==1.*", "b==2.*"]
    python = fake_python(tmp_path / "venv" / "bin" / "python", "exit 0")
    (tmp_path / "venv" / ".packages").write_text(f"{colab._stamp(packages)}\n3.13\n")
    assert colab.environment(tmp_path / "venv", constraints) == python


def test_the_list_says_where_it_is_from_and_fits_the_book_s_own_ranges():
    text = (ROOT / colab.CONSTRAINTS).read_text(encoding="utf-8")
    assert re.search(r"https://github\.com/googlecolab/", text) and re.search(r"20\d\d", text)
    listed = dict(line.split("==") for line in colab.requirements(ROOT / colab.CONSTRAINTS))
    ranges = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for name, version in listed.items():
        least = re.search(rf"(?m)^{name}>=([\d.]+)", ranges)[1]
        assert [int(n) for n in least.split(".")] <= [int(n) for n in version.split(".")[:-1]], name


# --- a small book, from the setup cell to the report ---


def write_notebook(path, setup, *sources):
    cells = [nbformat.v4.new_markdown_cell("# A chapter"), nbformat.v4.new_code_cell(setup)]
    cells[1].metadata["tags"] = ["setup"]
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Return a small book in Git: a chapter that is fine and two that are not; and what became of them."""
    root = tmp_path_factory.mktemp("tree")
    (root / "helpers").mkdir()
    (root / "book").mkdir()
    (root / "_config.yml").write_text(f"repository:\n  url: {ADDRESS}\n")
    (root / "helpers" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (root / "helpers" / "claims.py").write_text("HERE = True\n")
    (root / ".gitignore").write_text("forgotten.py\n_build/\n.venv-colab/\n")
    (root / "helpers" / "forgotten.py").write_text("HERE = True\n")
    setup = setup_source(root)
    alone = "import os; assert sorted(os.listdir()) == ['01-fine.ipynb', 'a-book'], os.listdir()"
    seen = "import os, sys; assert 'google.colab' in sys.modules and os.environ['BOOK_EPOCHS'] == '1'"
    write_notebook(root / "book" / "00-dies.ipynb", setup, "import os; os._exit(3)", "never = 'run'")
    write_notebook(root / "book" / "01-fine.ipynb", setup, alone, seen, "import helpers.claims")
    write_notebook(root / "book" / "02-lost.ipynb", setup, "import helpers.forgotten", "never = 'run'")
    git = ["git", "-c", "user.name=A maintainer", "-c", "user.email=maintainer@example.org"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "All"]):
        subprocess.run([*git, *words], cwd=root, check=True)
    # This Python serves for Colab's: it has a kernel.
    environment = root / ".venv-colab"
    fake_python(environment / "bin" / "python", f'exec "{sys.executable}" "$@"')
    (root / colab.CONSTRAINTS).write_text("ipykernel==6.*\n")
    stamp = colab._stamp(["ipykernel==6.*"])
    (environment / ".packages").write_text(f"{stamp}\n3.13\n")
    status = colab.main([f"--environment={environment}"], root)
    return root, status


def problems(root, chapter):
    text = (root / colab.RESULTS / "report.md").read_text(encoding="utf-8")
    if f"\n## {chapter}\n" not in text:
        return ""
    return text.split(f"\n## {chapter}\n")[1].split("\n## ")[0]


def test_a_chapter_runs_alone_with_the_helpers_of_the_release(book):
    root, _ = book
    assert problems(root, "01-fine") == ""
    ran = json.loads((root / colab.RESULTS / "01-fine.ipynb").read_text(encoding="utf-8"))
    assert "using the helpers in the folder a-book" in "".join(ran["cells"][1]["outputs"][0]["text"])
    assert [cell["execution_count"] for cell in ran["cells"] if cell["cell_type"] == "code"] == [1, 2, 3, 4]


def test_a_helper_that_was_never_committed_is_found(book):
    root, _ = book
    found = problems(root, "02-lost")
    assert "No module named 'helpers.forgotten'" in found and "is it committed?" in found
    ran = json.loads((root / colab.RESULTS / "02-lost.ipynb").read_text(encoding="utf-8"))
    assert ran["cells"][-1]["execution_count"] is None


def test_a_kernel_that_dies_is_told_and_stops_no_other_chapter(book):
    root, _ = book
    assert "the kernel died" in problems(root, "00-dies")


def test_what_goes_wrong_with_the_test_itself_is_told_for_each_chapter(book):
    root, _ = book
    (one,) = colab.visit_all(root, ["01"], "/no/such/python", 1)
    assert "it could not be run" in one.problems[0]


def test_the_report_has_a_line_for_each_and_the_status_tells(book):
    root, status = book
    assert status == 1
    report = (root / colab.RESULTS / "report.md").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^\| (\d\d)-\w+ \| (\S+)", report) == [("00", "**1"), ("01", "fine"), ("02", "**1")]
    assert "Tested is the last commit; 1 files" in report  # the constraints, written after it


def test_the_repository_is_left_as_it_was(book):
    root, _ = book
    assert colab.git("-C", root, "tag").stdout == ""
    assert not (root / "a-book").exists()


def test_an_unknown_chapter_is_refused(book, capsys):
    root, _ = book
    assert colab.main([f"--environment={root / '.venv-colab'}", "77"], root) == 2
    assert "['77']" in capsys.readouterr().err


def test_a_folder_without_git_is_refused(tmp_path):
    with pytest.raises(colab.CannotTest, match="copy of the repository"):
        colab.make_remote(tmp_path, tmp_path / "remote.git")


@pytest.mark.parametrize(
    "name, message, told",
    [
        ("ModuleNotFoundError", "No module named 'pandas'", "Colab does not bring"),
        ("FileNotFoundError", "helpers/reuters/x.npz", "a file that the release lacks"),
        ("TypeError", "unexpected keyword", "newer package"),
        ("ImportError", "cannot import name 'drive' from 'google.colab'", "must not need it"),
        ("AssertionError", "", ""),
    ],
)
def test_an_error_comes_with_what_it_usually_means(name, message, told):
    cell = nbformat.v4.new_code_cell("x")
    assert told in colab.hint(name, message, cell) and bool(told) == bool(colab.hint(name, message, cell))
