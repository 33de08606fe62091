"""What every chapter's notebook must keep to; each rule is tried on a planted mistake, too.

A rule is a function that takes a notebook, a dict, and returns what is wrong with it, as a list of sentences.
"""

import ast
import contextlib
import copy
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest

from helpers import budget
from helpers.claims import claim
from scripts.execute_book import first_line, output_texts, volatile
from scripts.fingerprint import fingerprint
from scripts.setup_cell import is_setup, setup_source

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "book").glob("*.ipynb"))
LONGEST_CELL = 25
USUAL_CELL = 15
LARGEST_NOTEBOOK = 2_000_000
SKELETON = ["What you will learn", "Claims check", "What to remember", "Exercises", "Sources"]


def source_of(cell):
    return "".join(cell["source"])


def tags_of(cell):
    return cell["metadata"].get("tags", [])


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def markdown(notebook):
    """Yield the Markdown cells without fenced code, code spans and mathematics."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = re.sub(r"(?ms)^( *)(```|~~~)(?!\{).*?^ *\2 *$", "", source_of(cell))
            yield re.sub(r"\$\$.*?\$\$|(?<!\\)\$[^$\n]+\$|(?<!\})`[^`\n]+`", "", text, flags=re.DOTALL)


def headings(notebook):
    """Return the headings as pairs of level and text."""
    found = re.findall(r"(?m)^(#{1,6})\s+(.*?)\s*#*$", "\n\n".join(markdown(notebook)))
    return [(len(marks), text) for marks, text in found]


class Tags(HTMLParser):
    """Collect the opening tags of a piece of HTML with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def html_of(notebook):
    """Yield each piece of HTML in the outputs with the number of its code cell."""
    for number, cell in enumerate(code_cells(notebook), 1):
        for output in cell["outputs"]:
            html = output.get("data", {}).get("text/html")
            if html is not None:
                yield number, "".join(html)


# The rules


def is_valid(notebook):
    # The ids first, because nbformat repairs them silently.
    ids = [cell.get("id") for cell in notebook["cells"]]
    if (notebook["nbformat"], notebook["nbformat_minor"]) != (4, 5) or None in ids:
        return ["format 4.5, with an id in each cell, is wanted; store it with `make execute`"]
    if len(set(ids)) < len(ids):
        return ["two cells have the same id"]
    try:
        nbformat.validate(copy.deepcopy(notebook))
    except nbformat.ValidationError as error:
        return [f"not valid in the notebook format: {error.message}"]
    return []


def ran_once_in_order(notebook):
    counts = [cell["execution_count"] for cell in code_cells(notebook)]
    if counts and counts == list(range(1, len(counts) + 1)):
        return []
    return [f"code cells were executed as {counts}, not once each from top to bottom"]


def has_its_outputs(notebook):
    """Cells that call `print` or `claim` keep what these printed."""
    wrong = [] if any(cell["outputs"] for cell in code_cells(notebook)) else ["no cell has an output"]
    for number, cell in enumerate(code_cells(notebook), 1):
        calls = [node.value for node in ast.parse(source_of(cell)).body if isinstance(node, ast.Expr)]
        names = {getattr(call.func, "id", "") for call in calls if isinstance(call, ast.Call)}
        if names & {"print", "claim"} and not cell["outputs"]:
            wrong.append(f"cell {number} ({first_line(source_of(cell))}) prints, but has no output")
    return wrong


def ran_without_errors(notebook):
    return [
        f"cell {number} ended in {output['ename']}"
        for number, cell in enumerate(code_cells(notebook), 1)
        for output in cell["outputs"]
        if output["output_type"] == "error"
    ]


def ran_in_full(notebook):
    """No output holds the notices of `helpers.budget` and `helpers.claims` about a cap."""
    return [
        f"cell {number} was run under a cap: its output says so"
        for number, cell in enumerate(code_cells(notebook), 1)
        if any(re.search(r"BOOK_EPOCHS(?:=\d| is set)", text) for text in output_texts(cell))
    ]


def shows_nothing_of_the_machine(notebook):
    found = [
        (number, volatile(text))
        for number, cell in enumerate(code_cells(notebook), 1)
        for text in output_texts(cell)
    ]
    return [f"cell {number} shows {what!r}" for number, what in found if what]


def is_fresh(notebook, root=ROOT):
    stored = notebook["metadata"].get("book", {}).get("fingerprint")
    if stored == fingerprint(notebook, root):
        return []
    return ["the outputs are stale, the code has changed since: run `make execute CHAPTER={chapter}`"]


def says_what_it_was_made_with(notebook):
    book = notebook["metadata"].get("book", {})
    wanted = {"fingerprint", "executed", "seconds", "python", "versions", "cpu_threads"}
    missing = wanted - set(book)
    return (
        [f"metadata.book lacks {sorted(missing)}: run `make execute CHAPTER={{chapter}}`"] if missing else []
    )


def has_no_stray_metadata(notebook):
    wrong = sorted(set(notebook["metadata"]) - {"book", "kernelspec", "language_info"})
    for cell in notebook["cells"]:
        wrong += sorted(set(cell["metadata"]) - {"tags"})
    return [f"metadata that only one tool writes: {wrong}"] if wrong else []


def reads_right_outside_the_site(notebook):
    """Colab and Jupyter show plain Markdown only."""
    text = "\n\n".join(markdown(notebook))
    directive, role = r"^ *(?:```|~~~)\{.*|^ *:::+.*", r"\{[\w:.+-]+\}`[^`]*`?"
    target, block_break, empty_link = r"^\([\w-]+\)= *$", r"^\+\+\+.*", r"\[\]\([^)]*\)"
    myst = "|".join([directive, role, target, block_break, empty_link])
    found = re.findall(myst, text, re.MULTILINE)
    return [f"MyST, which only the site understands: {piece}" for piece in found]


def brings_no_pictures_in_its_prose(notebook):
    """A relative picture is lost on Colab, and one from elsewhere asks an outside server."""
    text = "\n\n".join(markdown(notebook))
    wrong = re.findall(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|<img\b[^>]*>", text)
    wrong += ["an attachment" for cell in notebook["cells"] if cell.get("attachments")]
    return [f"a picture in the prose, draw it with helpers.plots: {found}" for found in wrong]


def has_short_cells(notebook):
    cells = [cell for cell in code_cells(notebook) if not {"setup", "claims"} & set(tags_of(cell))]
    lengths = {first_line(source_of(cell)): len(source_of(cell).splitlines()) for cell in cells}
    wrong = [f"{length} lines: {line}" for line, length in lengths.items() if length > LONGEST_CELL]
    long = [line for line, length in lengths.items() if length > USUAL_CELL]
    if len(long) > 0.1 * len(cells):
        wrong.append(f"more than a tenth of the cells has over {USUAL_CELL} lines: {long}")
    return wrong


def begins_with_the_setup_cell(notebook, root=ROOT):
    cells = code_cells(notebook)
    if [is_setup(cell) for cell in cells] != [True] + [False] * (len(cells) - 1):
        return [
            'one cell is tagged "setup", the first code cell: run `python -m scripts.setup_cell NOTEBOOK`'
        ]
    if source_of(cells[0]) != setup_source(root):
        return ["the setup cell is not the book's: run `make home`"]
    return []


def has_the_skeleton(notebook):
    sections = [text for level, text in headings(notebook) if level == 2]
    wrong = [f'no section "{name}"' for name in SKELETON if sections.count(name) != 1]
    order = [name for name in sections if name in SKELETON]
    if not wrong and order != SKELETON:
        wrong.append(f"sections in the order {order}, not {SKELETON}")
    if not wrong and (sections[0] != SKELETON[0] or sections[-4:] != SKELETON[1:]):
        wrong.append("the chapter's own sections go between What you will learn and Claims check")
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    begin = notebook["cells"][: kinds.index("code")] if "code" in kinds else notebook["cells"]
    for label in ("**Time:**", "**Know first:**"):
        if not any(label in source_of(cell) for cell in begin):
            wrong.append(f"no {label} above the setup cell")
    return wrong


def hides_the_solutions(notebook):
    """The exercises have solutions, and each is folded away."""
    text = "\n\n".join(markdown(notebook))
    exercises = text.partition("\n## Exercises")[2].partition("\n## ")[0]
    opened, closed = exercises.count("<details>"), exercises.count("</details>")
    wrong = [] if opened else ["no solution in <details> below Exercises"]
    if text.count("<details>") != text.count("</details>") or opened != closed:
        wrong.append("a <details> is not closed")
    if len(re.findall(r"<details>\s*<summary>[^<]+</summary>\n\s*\n", text)) != text.count("<details>"):
        wrong.append("after each <details> come <summary>…</summary> and an empty line")
    return wrong


def checks_its_claims(notebook):
    """The cells tagged "claims" stand in their section, and `claim` is called there only."""
    wrong, section = [], None
    found = False
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            for level, text in headings({"cells": [cell]}):
                section = text if level == 2 else section
            continue
        tagged = "claims" in tags_of(cell)
        found = found or tagged
        if tagged and section != "Claims check":
            wrong.append(f'a cell tagged "claims" stands below {section}')
        if not tagged and re.search(r"(?m)^\s*(?:claim|cited)\(", source_of(cell)):
            wrong.append(f'a claim in a cell that is not tagged "claims": {first_line(source_of(cell))}')
    return wrong if found else [*wrong, 'no cell is tagged "claims"']


def has_ordered_headings(notebook):
    levels = [level for level, _ in headings(notebook)]
    wrong = (
        []
        if levels.count(1) == 1 and levels[0] == 1
        else ["a chapter begins with its one heading of level 1"]
    )
    for (before, _), (level, text) in zip(headings(notebook), headings(notebook)[1:], strict=False):
        if level > before + 1:
            wrong.append(f"the level jumps from {before} to {level} at {text!r}")
    return wrong


def describes_its_pictures(notebook):
    """Pictures are SVG inside HTML, with a text for those who do not see them."""
    wrong = []
    for number, cell in enumerate(code_cells(notebook), 1):
        for output in cell["outputs"]:
            kinds = set(output.get("data", {}))
            bare = {kind for kind in kinds if kind.startswith("image/") or kind.endswith("widget-view+json")}
            wrong += [
                f"cell {number} shows a bare {kind}: use helpers.plots.style.show" for kind in sorted(bare)
            ]
    for number, html in html_of(notebook):
        for tag, attributes in Tags(html).found:
            label = (attributes.get("aria-label") or "").strip()
            hidden = attributes.get("aria-hidden") == "true"
            if tag == "svg" and not hidden and not (attributes.get("role") == "img" and label):
                wrong.append(f"cell {number}: an <svg> without role=img and an aria-label")
            if tag == "img" and not (attributes.get("alt") or "").strip():
                wrong.append(f"cell {number}: an <img> without alt")
    return wrong


def has_unique_ids(notebook):
    """All outputs end up in one page, where an id that occurs twice makes one figure borrow from another."""
    ids = [
        attributes["id"]
        for _, html in html_of(notebook)
        for _, attributes in Tags(html).found
        if attributes.get("id")
    ]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    return [f"ids that occur more than once in the outputs: {twice[:5]}"] if twice else []


def asks_no_outside_server(notebook):
    """Nothing in an output is loaded from elsewhere; a link that the reader may follow is no such thing."""
    wrong = []
    for number, html in html_of(notebook):
        for tag, attributes in Tags(html).found:
            loads = [attributes.get("src") or ""]
            if tag != "a":
                loads += [attributes.get("href") or "", attributes.get("xlink:href") or ""]
            wrong += [
                f"cell {number}: <{tag}> loads {url}" for url in loads if re.match(r"(?:https?:)?//", url)
            ]
        loads = re.findall(r"(?:@import\s+[\"']|url\(\s*[\"']?)((?:https?:)?//[^\"')]+)", html)
        wrong += [f"cell {number}: a style loads {url}" for url in loads]
    return wrong


def lets_nbval_compare(notebook):
    checked = [cell for cell in code_cells(notebook) if "nbval-check-output" in tags_of(cell)]
    if not checked:
        return ["no cell is tagged nbval-check-output"]
    return [
        f"tagged nbval-check-output, but without an output to compare: {first_line(source_of(cell))}"
        for cell in checked
        if not cell["outputs"]
    ]


def is_small(notebook):
    size = len(json.dumps(notebook, indent=1, ensure_ascii=False).encode())
    return [f"{size:,} bytes, more than {LARGEST_NOTEBOOK:,}"] if size > LARGEST_NOTEBOOK else []


RULES = [
    is_valid,
    ran_once_in_order,
    has_its_outputs,
    ran_without_errors,
    ran_in_full,
    shows_nothing_of_the_machine,
    is_fresh,
    says_what_it_was_made_with,
    has_no_stray_metadata,
    reads_right_outside_the_site,
    brings_no_pictures_in_its_prose,
    has_short_cells,
    begins_with_the_setup_cell,
    has_the_skeleton,
    hides_the_solutions,
    checks_its_claims,
    has_ordered_headings,
    describes_its_pictures,
    has_unique_ids,
    asks_no_outside_server,
    lets_nbval_compare,
    is_small,
]


# The real chapters


def test_there_are_chapters():
    assert CHAPTERS, "no notebooks in book/"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter(path, rule):
    problems = rule(json.loads(path.read_text(encoding="utf-8")))
    assert not problems, "\n".join([path.name, *problems]).replace("{chapter}", path.stem[:2])


# A planted notebook that keeps to all rules, and one mistake after the other

FIGURE = (
    '<figure role="group"><svg role="img" aria-label="A line."><g id="f1-a"></g></svg>'
    '<figcaption>See <a href="https://example.org/">there</a>.</figcaption></figure>'
)


def text(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source, *outputs, tags=()):
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": list(outputs)}
    return {**cell, "metadata": {"tags": list(tags)} if tags else {}, "source": source}


def printed(words):
    return {"name": "stdout", "output_type": "stream", "text": [words]}


def shown(**data):
    data = {kind.replace("_", "/"): value for kind, value in data.items()}
    return {"data": data, "metadata": {}, "output_type": "display_data"}


def good_notebook():
    cells = [
        text(
            "# A chapter\n\n**Time:** a minute. **Know first:** nothing.\n\n## What you will learn\n\nA lot."
        ),
        code(setup_source(), printed("Setup: nothing to do\n"), tags=["setup"]),
        text(
            "## A section\n\n### A part\n\nWe write `{x}` and $\\hat{y}`$ and [a link](https://example.org/)."
        ),
        code("print(3)", printed("3\n"), tags=["nbval-check-output"]),
        code("show()", shown(text_html=FIGURE)),
        text("```python\n# no heading\n![](no-picture.png)\n```"),
        text("## Claims check"),
        code("claim('3', 3)", printed("ok\n"), tags=["claims"]),
        text("## What to remember\n\nAll.\n\n## Exercises\n\n1. Why?"),
        text("<details>\n<summary>Solution</summary>\n\nBecause.\n\n</details>\n\n## Sources\n\n- A work."),
    ]
    for number, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{number}"
    for number, cell in enumerate([cell for cell in cells if cell["cell_type"] == "code"], 1):
        cell["execution_count"] = number
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    notebook["metadata"]["book"] = {
        "fingerprint": fingerprint(notebook, ROOT),
        "executed": "2026-01-01",
        "seconds": 1,
        "python": "3.11.0",
        "versions": {},
        "cpu_threads": 2,
    }
    return notebook


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_notebook_passes(rule):
    assert rule(good_notebook()) == []


def swap(cell, old, new):
    """Return a change that replaces a piece of a cell's source."""

    def change(notebook):
        assert old in notebook["cells"][cell]["source"]
        notebook["cells"][cell]["source"] = notebook["cells"][cell]["source"].replace(old, new)

    return change


def put(cell, key, value):
    """Return a change that sets one entry of a cell."""
    return lambda notebook: notebook["cells"][cell].__setitem__(key, value)


def insert(cell, new):
    """Return a change that inserts a cell."""
    return lambda notebook: notebook["cells"].insert(cell, {"id": "new", **new})


def without(key):
    return lambda notebook: notebook["metadata"]["book"].pop(key)


def many_long_cells(notebook):
    notebook["cells"][4:4] = [code("\n".join(f"x{n} = {m}" for m in range(16))) for n in range(3)]


def notice_of_a_cap(call):
    """Return what a call prints in a run that is capped."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as said:
        patch.setenv("BOOK_EPOCHS", "1")
        patch.setattr(budget, "_told", False)
        call()
    return said.getvalue()


MISTAKES = [
    (is_valid, put(0, "id", "not an id")),
    (is_valid, put(0, "id", "cell-2")),
    (is_valid, put(3, "outputs", None)),
    (is_valid, lambda notebook: notebook.update(nbformat_minor=4)),
    (ran_once_in_order, put(3, "execution_count", 7)),
    (ran_once_in_order, put(3, "execution_count", None)),
    (ran_once_in_order, lambda notebook: notebook["cells"].reverse()),
    (ran_once_in_order, lambda notebook: notebook.update(cells=[])),
    (has_its_outputs, put(3, "outputs", [])),
    (has_its_outputs, put(7, "outputs", [])),
    (has_its_outputs, lambda notebook: [cell.update(outputs=[]) for cell in code_cells(notebook)]),
    (
        ran_without_errors,
        put(3, "outputs", [{"output_type": "error", "ename": "E", "evalue": "", "traceback": []}]),
    ),
    (ran_in_full, put(3, "outputs", [printed(notice_of_a_cap(lambda: budget.epochs(200)))])),
    (ran_in_full, put(3, "outputs", [printed(notice_of_a_cap(lambda: claim("3", 4, trained=True)))])),
    (shows_nothing_of_the_machine, put(3, "outputs", [printed("in /home/somebody/book")])),
    (shows_nothing_of_the_machine, put(3, "outputs", [printed("File '/tmp/ipykernel_1/2.py'")])),
    (shows_nothing_of_the_machine, put(3, "outputs", [printed(r"in C:\Users\somebody")])),
    (shows_nothing_of_the_machine, put(3, "outputs", [printed("lib/python3.11/site-packages/keras")])),
    (shows_nothing_of_the_machine, put(3, "outputs", [shown(text_plain="<object at 0x7f01a2b3c4d5>")])),
    (shows_nothing_of_the_machine, put(3, "outputs", [shown(text_html="<p>/root/x</p>")])),
    (is_fresh, swap(3, "print(3)", "print(4)")),
    (is_fresh, swap(7, "3", "4")),
    (is_fresh, without("fingerprint")),
    (says_what_it_was_made_with, without("versions")),
    (says_what_it_was_made_with, lambda notebook: notebook["metadata"].pop("book")),
    (has_no_stray_metadata, put(3, "metadata", {"execution": {"iopub.execute_input": "2026"}})),
    (has_no_stray_metadata, lambda notebook: notebook["metadata"].update(widgets={})),
    (reads_right_outside_the_site, swap(2, "We", "{doc}`intro`. We")),
    (reads_right_outside_the_site, swap(2, "We", "```{note}\nWe\n```\n")),
    (reads_right_outside_the_site, swap(2, "We", ":::{note}\nWe\n:::\n")),
    (reads_right_outside_the_site, swap(2, "We", "(a-label)=\nWe")),
    (reads_right_outside_the_site, swap(2, "We", "[](other.md) We")),
    (brings_no_pictures_in_its_prose, swap(2, "We", "![a cell](cell.png) We")),
    (brings_no_pictures_in_its_prose, swap(2, "We", "![a badge](https://example.org/badge.svg) We")),
    (brings_no_pictures_in_its_prose, swap(2, "We", '<img src="cell.png" alt="a cell"> We')),
    (brings_no_pictures_in_its_prose, put(2, "attachments", {"a.png": {"image/png": ""}})),
    (has_short_cells, insert(4, code("x = 1\n" * 26))),
    (has_short_cells, many_long_cells),
    (begins_with_the_setup_cell, swap(1, "RELEASE = ", "RELEASE  = ")),
    (begins_with_the_setup_cell, put(1, "metadata", {})),
    (begins_with_the_setup_cell, put(3, "metadata", {"tags": ["setup"]})),
    (begins_with_the_setup_cell, insert(1, code("x = 1"))),
    (has_the_skeleton, swap(0, "## What you will learn", "## Aims")),
    (has_the_skeleton, swap(9, "## Sources", "### Sources")),
    (has_the_skeleton, swap(9, "## Sources", "## Exercises")),
    (has_the_skeleton, swap(8, "## What to remember", "## Another section\n\n## What to remember")),
    (has_the_skeleton, swap(0, "**Time:**", "Time:")),
    (has_the_skeleton, swap(0, "**Know first:**", "")),
    (has_the_skeleton, lambda notebook: notebook["cells"].insert(6, notebook["cells"].pop(8))),
    (hides_the_solutions, swap(9, "details>", "div>")),
    (hides_the_solutions, swap(9, "</details>", "")),
    (hides_the_solutions, swap(9, "<summary>Solution</summary>\n\n", "<summary>Solution</summary>\n")),
    (checks_its_claims, put(7, "metadata", {})),
    (checks_its_claims, lambda notebook: notebook["cells"].pop(7)),
    (checks_its_claims, lambda notebook: notebook["cells"].insert(2, notebook["cells"].pop(7))),
    (checks_its_claims, insert(4, code("claim('4', 4)"))),
    (has_ordered_headings, swap(2, "### A part", "#### A part")),
    (has_ordered_headings, swap(2, "## A section", "# A section")),
    (has_ordered_headings, swap(0, "# A chapter", "A chapter")),
    (describes_its_pictures, put(4, "outputs", [shown(image_png="aGk=")])),
    (describes_its_pictures, put(4, "outputs", [shown(text_html=FIGURE.replace(' role="img"', ""))])),
    (describes_its_pictures, put(4, "outputs", [shown(text_html=FIGURE.replace("A line.", " "))])),
    (describes_its_pictures, put(4, "outputs", [shown(text_html='<img src="data:image/png;base64,aGk=">')])),
    (has_unique_ids, put(4, "outputs", [shown(text_html=FIGURE), shown(text_html=FIGURE)])),
    (
        asks_no_outside_server,
        put(4, "outputs", [shown(text_html='<script src="https://a.org/b.js"></script>')]),
    ),
    (asks_no_outside_server, put(4, "outputs", [shown(text_html='<link href="//a.org/b.css">')])),
    (
        asks_no_outside_server,
        put(4, "outputs", [shown(text_html="<style>@import 'https://a.org/b'</style>")]),
    ),
    (lets_nbval_compare, put(3, "metadata", {})),
    (lets_nbval_compare, put(3, "outputs", [])),
    (is_small, put(3, "outputs", [printed("x" * LARGEST_NOTEBOOK)])),
]


@pytest.mark.parametrize("rule, mistake", MISTAKES, ids=lambda case: getattr(case, "__name__", ""))
def test_a_mistake_is_found(rule, mistake):
    notebook = good_notebook()
    mistake(notebook)
    assert rule(notebook)


def test_every_rule_is_tried_on_a_mistake():
    assert {rule for rule, _ in MISTAKES} == set(RULES)


def test_harmless_outputs_are_no_paths():
    for words in ("shr 3/4 and/or 5", "see https://example.org/usr/local", "</tmp/>", "a /b/c d", "and / or"):
        assert volatile(words) is None
    picture = shown(text_html='<img src="data:image/png;base64,AAAA/tmp/aaaa" alt="a">', image_png="/tmp/aaa")
    assert [volatile(found) for found in output_texts(code("", picture))] == [None]
