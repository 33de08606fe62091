"""The setup cell, the same in every chapter: its text, and how it gets into a notebook.

``python -m scripts.setup_cell NOTEBOOK …`` writes it into notebooks: over the cell tagged "setup", or into a
new cell before the first code cell. ``python -m scripts.home`` refreshes it in all chapters when the address
or the release changes.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
TAG = "setup"

TEMPLATE = """\
# Setup: find the book's helpers; where only this notebook was opened (as on Colab), fetch them.
import sys
from importlib.util import find_spec
from pathlib import Path
from subprocess import run

REPOSITORY, RELEASE = "{repository}", "{release}"
done = "nothing to do"
if find_spec("helpers") is None:
    here = Path.cwd()
    folders = [here, *here.parents, here / Path(REPOSITORY).name]
    home = next((f for f in folders if (f / "helpers" / "claims.py").exists()), folders[-1])
    if not (home / "helpers").exists():
        run(["git", "clone", "--quiet", "--depth=1", "--branch", RELEASE, REPOSITORY, home], check=True)
    sys.path.insert(0, str(home))
    done = f"using the helpers in the folder {{home.name}}"
if find_spec("scikeras") is None:
    run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "scikeras==0.13.0"], check=True)
print("Setup:", done)"""


def repository(root=ROOT):
    """Return the repository's address: ``repository.url`` in ``_config.yml``, its one place.

    Raises
    ------
    ValueError
        If ``_config.yml`` holds no such address.
    """
    config = Path(root) / "_config.yml"
    address = (yaml.safe_load(config.read_text(encoding="utf-8")).get("repository") or {}).get("url")
    if not isinstance(address, str) or not address.strip("/"):
        raise ValueError(f"{config} must give the repository's address as repository: url:, got {address!r}")
    return address.rstrip("/")


def version(root=ROOT):
    """Return the version of the book: ``__version__`` in ``helpers/__init__.py``, its one place.

    The file is read, not imported, so that a copy of the tree gives its own version.
    """
    path = Path(root) / "helpers" / "__init__.py"
    match = re.search(r'^__version__ = "(\d+\.\d+\.\d+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise ValueError(f'{path} must hold a line such as __version__ = "0.1.0"')
    return match[1]


def setup_source(root=ROOT):
    """Return the text of the setup cell for the address and the release of the tree at ``root``."""
    return TEMPLATE.format(repository=repository(root), release=f"v{version(root)}")


def is_setup(cell):
    """Tell whether a cell (a dict) is the setup cell, by its tag."""
    return cell["cell_type"] == "code" and TAG in cell.get("metadata", {}).get("tags", [])


def put_setup(notebook, source):
    """Write the setup cell into a notebook, a dict; its outputs stay as they are.

    Returns
    -------
    bool
        Whether that changed the notebook.
    """
    found = [cell for cell in notebook["cells"] if is_setup(cell)]
    if len(found) > 1:
        raise ValueError(f"a notebook has one cell tagged {TAG!r}, this one has {len(found)}")
    if not found:
        cell = {
            "cell_type": "code",
            "execution_count": None,
            "id": TAG,
            "metadata": {"tags": [TAG, "hide-input"]},
            "outputs": [],
            "source": "",
        }
        kinds = [cell["cell_type"] for cell in notebook["cells"]]
        notebook["cells"].insert(kinds.index("code") if "code" in kinds else len(kinds), cell)
        found = [cell]
    if "".join(found[0]["source"]) == source:
        return False
    found[0]["source"] = source.splitlines(keepends=True)
    return True


def rewrite(path, change):
    """Apply ``change`` to a notebook's JSON, and write it back, formatted as before, if that changed it.

    Parameters
    ----------
    path : Path
        The notebook.
    change : callable
        Takes the notebook as a dict, changes it in place and returns whether it did.

    Returns
    -------
    bool
        What ``change`` returned.
    """
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    if not change(notebook):
        return False
    indent = re.match(r"\{\n( +)", text)
    width = len(indent[1]) if indent else 1
    path.write_text(json.dumps(notebook, indent=width, ensure_ascii=False) + "\n", encoding="utf-8")
    return True


def main(arguments=None):
    """Write the setup cell into the notebooks that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m scripts.setup_cell", description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    source = setup_source()
    for path in parser.parse_args(arguments).notebooks:
        changed = rewrite(path, lambda notebook: put_setup(notebook, source))
        print(f"{path}: {'setup cell written' if changed else 'setup cell is up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
