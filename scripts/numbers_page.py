"""The tables of runs on the page "How the numbers were made", from what full runs stored in the notebooks.

`make execute` writes them at its end; ``python -m scripts.numbers_page`` does so by hand.
"""

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = "book/how-the-numbers-were-made.md"
BEGIN, END = "% begin: runs", "% end: runs"
PACKAGES = {"tensorflow": "TensorFlow", "keras": "Keras", "numpy": "NumPy", "scikit-learn": "scikit-learn"}
NOT_STORED = "–"


def update(root=ROOT):
    """Write the tables between the two marks of the page; return whether that changed it.

    Raises
    ------
    ValueError
        If the page does not hold the two marks, each once.
    """
    path = Path(root, PAGE)
    before = path.read_text(encoding="utf-8")
    after = with_tables(before, tables(root))
    if after != before:
        path.write_text(after, encoding="utf-8")
    return after != before


def with_tables(page, text):
    """Return the page's text with `text` between its two marks."""
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"{PAGE} must hold the lines {BEGIN!r} and {END!r}, in this order and each once")
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{text}\n{END}{rest.split(END)[1]}"


def tables(root=ROOT):
    """Return two tables in Markdown, of the runs and of the packages, with a row for each chapter."""
    runs, packages = [], []
    for path in chapters(root):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        book = notebook["metadata"].get("book", {})
        versions = book.get("versions", {})
        link = f"[{title(notebook) or path.stem}]({path.name})"
        runs.append([link, *(book.get(key) for key in ("executed", "seconds", "cpu_threads"))])
        packages.append([path.name[:2].lstrip("0"), book.get("python"), *map(versions.get, PACKAGES)])
    return (
        table(["chapter", "run on", "seconds", "CPU threads"], runs)
        + "\n"
        + table(["chapter", "Python", *PACKAGES.values()], packages)
    )


def chapters(root=ROOT):
    """Return the notebooks that `_toc.yml` lists, in its order: a page can link to no others."""
    toc = yaml.safe_load(Path(root, "_toc.yml").read_text(encoding="utf-8"))
    paths = [Path(root, f"{chapter['file']}.ipynb") for part in toc["parts"] for chapter in part["chapters"]]
    return [path for path in paths if path.exists()]


def title(notebook):
    """Return the first heading of a notebook (a dict), or None."""
    for cell in notebook["cells"]:
        match = re.search(r"^# (.+)$", "".join(cell["source"]), re.MULTILINE)
        if cell["cell_type"] == "markdown" and match:
            return match[1].strip()
    return None


def table(head, rows):
    """Return a table in Markdown; None becomes a dash."""
    lines = [head, ["---"] * len(head), *rows]
    cells = [[NOT_STORED if cell is None else str(cell) for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


if __name__ == "__main__":
    print(f"{PAGE}: {'changed' if update() else 'up to date'}")
