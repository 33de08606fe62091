"""The fingerprint of a chapter changes with the code behind its outputs, and with nothing else."""

import json

import pytest

from scripts.fingerprint import essence, fingerprint, helper_modules

CELL = """\
from helpers.plots import curves

# a comment
print(f"{curves.height():#x}", "# not a comment")  # another"""

FILES = {
    "__init__.py": '"""The package."""\n\n__version__ = "0.1.0"\n',
    "plots/__init__.py": '"""Figures."""\n',
    "plots/curves.py": '''\
"""Curves – with a dash that takes three bytes."""

from . import style
from ..budget import LIMIT


def height(x="é"):  # é
    """Return a height.

    Over several lines.
    """
    text = """one

two   # not a comment
"""
    return len(text) + style.WIDTH + LIMIT


class Curve: "One line."; points = (1, 2)
''',
    "plots/style.py": "WIDTH = 3\n",
    "budget.py": "LIMIT = 5\n",
    "scores.py": "BEST = 1\n",
}

# The fingerprint of the sample above, the same on Python 3.11, 3.12 and 3.13. If it changes, so do the
# fingerprints of all chapters, and every one of them has to run in full again.
SAMPLE = "da1ad61610152e6ea16e9da1694cc484c81ee25f869e87686efd2c306bc8484e"


def notebook(*sources):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "# Prose"}]
    for source in sources:
        tags = ["setup"] if source.startswith("# Setup") else []
        cells.append({"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": []})
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def tree(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "helpers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def edit(tree, name, old, new):
    path = tree / "helpers" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_sample_has_its_known_fingerprint(tree):
    assert fingerprint(notebook(CELL), tree) == SAMPLE


def test_a_file_and_its_content_give_the_same(tree):
    book = notebook(CELL)
    path = tree / "chapter.ipynb"
    book["cells"][1]["source"] = CELL.splitlines(keepends=True)
    path.write_text(json.dumps(book), encoding="utf-8")
    assert fingerprint(path, tree) == SAMPLE


@pytest.mark.parametrize(
    "cell",
    [
        CELL.replace("# a comment\n", ""),
        CELL.replace("# a comment", "# an altogether\n\n# different comment"),
        CELL.replace("  # another", ""),
        CELL + "\n\n\n",
    ],
)
def test_comments_and_blank_lines_in_a_cell_do_not_count(tree, cell):
    assert cell != CELL
    assert fingerprint(notebook(cell), tree) == SAMPLE


@pytest.mark.parametrize(
    "cell",
    [
        CELL.replace("curves.height()", "curves.height() + 1"),
        CELL.replace("# not a comment", "# not  a comment"),
        CELL.replace(":#x", ":#o"),
        "'shown to the reader'\n" + CELL,
    ],
)
def test_code_and_strings_in_a_cell_count(tree, cell):
    assert fingerprint(notebook(cell), tree) != SAMPLE


def test_prose_outputs_and_the_setup_cell_do_not_count(tree):
    book = notebook("# Setup\nREPOSITORY = 'elsewhere'", CELL)
    book["cells"][0]["source"] = "# Other prose"
    book["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "17"}]
    assert fingerprint(book, tree) == SAMPLE


def test_the_order_of_cells_and_where_they_end_count(tree):
    one, two = "a = 1", "b = 2"
    prints = {fingerprint(notebook(*cells), tree) for cells in [(one, two), (two, one), (f"{one}\n{two}",)]}
    assert len(prints) == 3


@pytest.mark.parametrize(
    "name, old, new",
    [
        ("plots/curves.py", '"""Curves – with a dash that takes three bytes."""', '"""Bends."""'),
        ("plots/curves.py", "    Over several lines.\n", "    Over\n\n    many more\n\n    lines.\n"),
        ("plots/curves.py", "  # é", ""),
        ("plots/curves.py", "    text =", "    # why\n\n    text ="),
        ("plots/curves.py", '"One line."', "'Another line.'"),
        ("plots/style.py", "WIDTH = 3", "# a comment\nWIDTH = 3  # another"),
        ("__init__.py", '"""The package."""', '"""This package."""'),
        ("__init__.py", "0.1.0", "0.2.0"),
        ("scores.py", "BEST = 1", "BEST = 2"),
    ],
)
def test_docstrings_comments_the_version_and_unrelated_helpers_do_not_count(tree, name, old, new):
    edit(tree, name, old, new)
    assert fingerprint(notebook(CELL), tree) == SAMPLE


@pytest.mark.parametrize(
    "name, old, new",
    [
        ("plots/curves.py", "len(text)", "len(text) + 1"),
        ("plots/curves.py", "one\n\ntwo", "one\ntwo"),
        ("plots/curves.py", "two   #", "two #"),
        ("plots/curves.py", "points = (1, 2)", "points = (1, 3)"),
        ("plots/style.py", "WIDTH = 3", "WIDTH = 4"),
        ("budget.py", "LIMIT = 5", "LIMIT = 6"),
        ("plots/__init__.py", '"""Figures."""', "import helpers.scores"),
        ("__init__.py", "__version__", "version"),
    ],
)
def test_code_in_a_helper_imported_directly_or_not_counts(tree, name, old, new):
    edit(tree, name, old, new)
    assert fingerprint(notebook(CELL), tree) != SAMPLE


@pytest.mark.parametrize(
    "source, names",
    [
        ("import helpers", {"helpers"}),
        ("import helpers.budget as b", {"helpers", "helpers.budget"}),
        ("from helpers.budget import LIMIT", {"helpers", "helpers.budget"}),
        ("from helpers import budget, scores", {"helpers", "helpers.budget", "helpers.scores"}),
        ("def f():\n    from helpers import scores", {"helpers", "helpers.scores"}),
        (
            "from helpers.plots.curves import height",
            {"helpers", "helpers.budget", "helpers.plots", "helpers.plots.curves", "helpers.plots.style"},
        ),
        ("from helpers.plots import WIDTH", {"helpers", "helpers.plots"}),
        ("%matplotlib inline\nimport helpers.budget", {"helpers", "helpers.budget"}),
        ("import numpy, helpers_of_others.budget", set()),
    ],
)
def test_imports_are_followed(tree, source, names):
    assert set(helper_modules([source], tree)) == names


def test_modules_that_import_each_other_are_followed_once(tree):
    edit(tree, "budget.py", "LIMIT", "import helpers.scores\nLIMIT")
    edit(tree, "scores.py", "BEST", "import helpers.budget\nBEST")
    assert set(helper_modules(["import helpers.scores"], tree)) == {
        "helpers",
        "helpers.budget",
        "helpers.scores",
    }


def test_a_missing_helper_is_named(tree):
    with pytest.raises(ValueError, match=r"helpers\.plotz is imported, but there is no helpers/plotz\.py"):
        helper_modules(["import helpers.plotz"], tree)


def test_comments_between_the_parts_of_a_string_do_not_count():
    plain = 'x = (\n    "a"\n    "b"\n)'
    commented = 'x = (\n    "a"  # first\n    # second\n    "b"\n)'
    assert essence(plain) == essence(commented)


def test_essence_shows_what_is_left(tree):
    left = essence(FILES["plots/curves.py"])
    assert left.splitlines() == [
        "from . import style",
        "from ..budget import LIMIT",
        'def height(x="é"):',
        '    text = """one',
        "",
        "two   # not a comment",
        '"""',
        "    return len(text) + style.WIDTH + LIMIT",
        "class Curve:; points = (1, 2)",
    ]
