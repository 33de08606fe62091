"""The PDF as its readers meet it. `make pdf` runs this, and nothing else does: reading it takes half a minute."""

import json
import re
import unicodedata
from pathlib import Path

import pytest
import yaml
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from scripts import pdf

ROOT = Path(__file__).resolve().parent.parent
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
DOCUMENTS = [TOC["root"]] + [chapter["file"] for part in TOC["parts"] for chapter in part["chapters"]]
NOTEBOOKS = [name for name in DOCUMENTS if (ROOT / f"{name}.ipynb").exists()]


@pytest.fixture(scope="module")
def printed():
    """Return the printed book."""
    path, built = ROOT / "_build" / f"{pdf.stem(ROOT)}.pdf", ROOT / "_build" / ".site-built"
    if not path.exists() or (built.exists() and path.stat().st_mtime < built.stat().st_mtime):
        pytest.fail("the book has not been printed since the site was built: `make pdf` does, and runs this")
    return PdfReader(path)


@pytest.fixture(scope="module")
def words(printed):
    """Return the text of each page, with every space as one."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in printed.pages]


def bookmarks(outline, depth=0):
    """Yield depth, title and destination of every bookmark."""
    for entry in outline:
        if isinstance(entry, list):
            yield from bookmarks(entry, depth + 1)
        else:
            yield depth, entry.title.strip(), entry


def headings(name):
    """Return the headings of levels 1 and 2 of a notebook, without formulas and marks."""
    cells = json.loads((ROOT / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    text = re.sub(r"(?ms)^```.*?^```", "", text)
    found = re.findall(r"(?m)^##? (.*)$", text)
    return [heading for heading in found if not re.search(r"[$`*]", heading)]


def plain(text):
    """Return a text with straight quotation marks, without ligatures, and whole where a line ended at a hyphen."""
    text = unicodedata.normalize("NFKC", text).translate(str.maketrans("‘’“”", "''\"\""))
    return re.sub(r"(?<=\w)- (?=\w)", "-", text)


def test_it_is_a_book_and_not_a_leaflet(printed):
    assert 6 * len(DOCUMENTS) < len(printed.pages) < 40 * len(DOCUMENTS)
    assert printed.metadata.title == pdf.settings(ROOT)["title"] and printed.metadata.author
    width, height = (float(side) / 72 * 25.4 for side in printed.pages[0].mediabox[2:])
    assert abs(width - 210) < 1 and abs(height - 297) < 1


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_heading_is_there_and_has_a_bookmark(printed, words, name):
    text, marks = plain(" ".join(words)), [plain(title) for _, title, _ in bookmarks(printed.outline)]
    wanted = [plain(heading) for heading in headings(name)]
    assert len(wanted) > 5
    assert [heading for heading in wanted if heading not in text or heading not in marks] == []


def test_the_contents_give_the_right_pages(printed, words):
    top = [(title, entry) for depth, title, entry in bookmarks(printed.outline) if depth == 0]
    assert len(top) == len(DOCUMENTS) + 2
    contents = plain(words[1])
    for title, entry in top[2:]:
        number = printed.get_destination_page_number(entry) + 1
        assert f"{plain(title)} {number}" in contents, title
        assert plain(words[number - 1]).count(plain(title)) >= 2, f"{title}: not on page {number}"


def test_pages_are_numbered_but_for_the_title_page(words):
    assert not words[0].rstrip().endswith("1")
    wrong = [number for number, text in enumerate(words[1:], 2) if not text.rstrip().endswith(str(number))]
    first_or_last = [n for n in wrong if not re.search(rf"(?:^| ){n}(?: |$)", words[n - 1])]
    assert first_or_last == []


def test_links_inside_the_book_have_a_destination(printed):
    names, inside, outside = set(printed.named_destinations), 0, 0
    for page in printed.pages:
        for note in page.get("/Annots") or []:
            link = note.get_object()
            if link.get("/Subtype") != "/Link":
                continue
            action = link.get("/A", {})
            target = link.get("/Dest", action.get("/D"))
            if target is None:
                address = action["/URI"]
                assert address.startswith(("https://", "http://")), address
                outside += 1
                continue
            inside += 1
            if not isinstance(target, (list, tuple)):
                assert str(target).lstrip("/") in {name.lstrip("/") for name in names}, target
    assert inside > 8 * len(DOCUMENTS) and outside > 2 * len(DOCUMENTS)


def test_formulas_are_set(printed, words):
    text = " ".join(words)
    assert re.findall(r"\\\(|\\frac|\\tanh|\\begin\{|\\odot|\$\$", text) == []
    # of the notation: read back from shapes, these are signs of MathJax's fonts, which a PDF holds as type 3
    assert "ct = ft ⊙ct−1" in text.replace(" ⊙ ", " ⊙")
    assert "Type 3" in {name for page in printed.pages for name in fonts_of(page)}


def test_every_font_is_in_the_file(printed):
    missing = {name for page in printed.pages for name, held in fonts_of(page).items() if not held}
    assert not missing


def fonts_of(page):
    """Return the fonts of a page by name, each with whether its shapes are in the file."""
    found = {}
    for font in (page["/Resources"].get_object().get("/Font") or {}).values():
        font = font.get_object()
        inner = font["/DescendantFonts"][0].get_object() if font["/Subtype"] == "/Type0" else font
        shapes = inner.get("/FontDescriptor", {})
        shapes = shapes.get_object() if isinstance(shapes, IndirectObject) else shapes
        held = font["/Subtype"] == "/Type3" or any(f"/FontFile{n}" in shapes for n in ("", 2, 3))
        found[str(font.get("/BaseFont", font.get("/Name", "Type 3")))] = held
    return found


def test_solutions_are_printed_and_hidden_code_is_not(words):
    text = " ".join(words)
    assert text.count("Solution") > len(NOTEBOOKS)
    assert "find_spec" not in text and "Show code cell source" not in text and "Hide code cell" not in text
