"""The book's colours: legible on a light and on a dark page, and told apart by colour-blind readers.

The bounds are those of WCAG 2.2: text keeps a contrast of 4.5:1 from the page (success criterion 1.4.3; large text,
here the letters of formulas, 3:1), and what a figure is made of keeps 3:1 (1.4.11).

Colour-blind eyes are simulated by colorspacious after Machado, Oliveira and Fernandes (2009),
doi:10.1109/TVCG.2009.113, with one kind of cone lost altogether. How far apart two colours look is their distance in
CAM02-UCS (Luo, Cui and Li 2006, doi:10.1002/col.20227), where about 1 can just be noticed between two large fields
side by side. Thin lines and small marks that lie apart need several times that: Szafir (2018),
doi:10.1109/TVCG.2017.2744359. The bound here is ten times that. Where colour does not reach it, letters have to.
"""

import itertools
import json
import re
import unicodedata
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from bs4 import BeautifulSoup
from colorspacious import cspace_convert

from helpers.plots import curves, diagrams, gates, style

ROOT = Path(__file__).resolve().parent.parent
EXPLORER = ROOT / "book" / "_static" / "explorer"
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))

TEXT, GRAPHICS, APART = 4.5, 3, 10
SHADING = (
    0.2  # an area filled so faintly, or more so, is shading: the band around a line, the ground of a box
)

GATES = {
    "forget": style.FORGET,
    "input": style.INPUT,
    "candidate": style.CANDIDATE,
    "output": style.OUTPUT,
}
SERIES = {kind: look["color"] for kind, look in style.SERIES.items()}
EYES = {
    "all cones": None,
    "protanopia": "protanomaly",
    "deuteranopia": "deuteranomaly",
    "tritanopia": "tritanomaly",
}
SCHEMES = ("light", "dark")

each_eye = pytest.mark.parametrize("eye", EYES)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem[:2] for path in NOTEBOOKS])


# ---- arithmetic


def rgb(colour):
    return np.array(mpl.colors.to_rgb(colour))


def over(colour, opacity, ground):
    """Return what a browser paints: colours are mixed as they are written, not as light."""
    return opacity * rgb(colour) + (1 - opacity) * rgb(ground)


def luminance(colour):
    parts = rgb(colour)
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ (
        0.2126,
        0.7152,
        0.0722,
    )


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def distance(one, other, eye):
    """Return how far apart two colours look to an eye, in CAM02-UCS."""
    return np.linalg.norm(seen(one, eye) - seen(other, eye))


def seen(colour, eye):
    if EYES[eye] is None:
        return cspace_convert(rgb(colour), "sRGB1", "CAM02-UCS")
    space = {"name": "sRGB1+CVD", "cvd_type": EYES[eye], "severity": 100}
    screen = np.clip(cspace_convert(rgb(colour), space, "sRGB1"), 0, 1)
    return cspace_convert(screen, "sRGB1", "CAM02-UCS")


def too_near(colours, eye):
    """Return the pairs of names whose colours the eye hardly tells apart."""
    pairs = itertools.combinations(colours, 2)
    return {pair for pair in pairs if distance(*(colours[name] for name in pair), eye) < APART}


def test_the_arithmetic_gives_the_published_numbers():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)  # the grey that just fails as text
    red = cspace_convert(
        [0.5, 0, 0], {"name": "sRGB1+CVD", "cvd_type": "protanomaly", "severity": 100}, "sRGB1-linear"
    )
    assert red / cspace_convert([0.5, 0, 0], "sRGB1", "sRGB1-linear")[0] == pytest.approx(
        [0.152286, 0.114503, -0.003882], abs=1e-4
    )  # the first column of the paper's matrix for protanopia
    assert too_near({"red": "#C00000", "rust": "#C20400", "blue": "#0000FF"}, "all cones") == {
        ("red", "rust")
    }


# ---- the page


@pytest.fixture(scope="session")
def paper(site):
    """Return the pages' ground and ink, light and dark, as the style sheets of the built site give them."""
    sheets = re.findall(
        r'<link[^>]*?href="\.\./(_static/[^"?]+\.css)', (site / "book" / "intro.html").read_text()
    )
    text = "".join((site / sheet).read_text(encoding="utf-8") for sheet in sheets)
    found = {}
    for selectors, body in re.findall(
        r"([^{}]+)\{([^{}]*)\}", text
    ):  # the last one of equal selectors counts
        for scheme in SCHEMES:
            if re.search(rf"(?:^|,|\s)html\[data-theme=[\"']?{scheme}[\"']?\]\s*(?:,|$)", selectors):
                for name, value in re.findall(r"--pst-color-(background|text-base):\s*(#\w+)", body):
                    found.setdefault(scheme, {})[name] = mpl.colors.to_hex(value)
    assert set(found) == set(SCHEMES) and all(len(colours) == 2 for colours in found.values()), found
    return {scheme: (colours["background"], colours["text-base"]) for scheme, colours in found.items()}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_browser_paints_the_page_and_its_figures_in_the_colours_assumed_here(
    paper, browser, site_address, scheme
):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{site_address}book/{NOTEBOOKS[0].stem}.html")
    colour = "(place, name) => getComputedStyle(document.querySelector(place))[name]"
    painted = [
        page.evaluate(f"([place, name]) => ({colour})(place, name)", place)
        for place in (["body", "backgroundColor"], ["figure.book-figure svg text", "fill"])
    ]
    context.close()
    as_hex = [mpl.colors.to_hex(np.array(re.findall(r"\d+", text)[:3], float) / 255) for text in painted]
    assert tuple(as_hex) == paper[scheme]


# ---- gates


@pytest.mark.parametrize("name", [*GATES, *SERIES])
def test_every_colour_stands_out_from_both_pages(paper, name):
    for ground, _ in paper.values():
        assert contrast((GATES | SERIES)[name], ground) >= GRAPHICS


@pytest.mark.parametrize("scheme", SCHEMES)
@each_eye
def test_gates_and_states_are_told_apart_by_every_eye(paper, eye, scheme):
    colours = GATES | {"cell state": paper[scheme][1], "hidden state": style.NEUTRAL}
    # Green and grey meet in the explorer and in the GRU only, where the letter stands beside: see below.
    allowed = {("candidate", "hidden state")} if eye == "deuteranopia" else set()
    assert too_near(colours, eye) == allowed


def letter(text):
    """Return the letter of a formula such as ``$\\tilde{c}_t$``."""
    text = text.strip("$").removesuffix("_t")
    return unicodedata.normalize("NFC", re.sub(r"\\tilde\{(\w)\}", "\\1\u0303", text))


def letters(fig):
    """Return the letter that stands in each coloured box of a diagram, by the box's colour."""
    fig.draw_without_rendering()
    found = {}
    for box in fig.findobj(mpl.patches.FancyBboxPatch):
        place = box.get_window_extent()
        colour = mpl.colors.to_hex(box.get_edgecolor())
        for text in fig.findobj(mpl.text.Text):
            formula = text.get_text()
            if (
                formula.endswith("_t$")
                and box.get_edgecolor()[3]
                and place.fully_contains(*text.get_position())
            ):
                found.setdefault(colour, set()).add(letter(formula))
    return found


def explorer_rows():
    rows = re.findall(
        r'\{ key: "(\w+)", name: "([\w ]+)", symbol: "([^"]+)"', (EXPLORER / "strips.mjs").read_text()
    )
    return {key: (name, unicodedata.normalize("NFC", symbol)) for key, name, symbol in rows}


@pytest.mark.parametrize(
    "draw", [diagrams._lstm_cell, lambda: gates._cell_with(gates.GATES)], ids=["ch. 7", "ch. 6"]
)
def test_a_gate_has_the_same_letter_and_colour_in_diagrams_and_explorer(draw):
    drawn = letters(draw())
    assert drawn == {GATES[key].lower(): {explorer_rows()[key][1]} for key in GATES}


def test_style_sheets_use_the_colours_of_the_figures():
    book = (ROOT / "book" / "_static" / "book.css").read_text(encoding="utf-8")
    assert dict(re.findall(r"--gate-(\w+): (#\w{6});", book)) == GATES
    assert re.findall(r"--neutral: (#\w{6});", book) == [style.NEUTRAL]
    explorer = (EXPLORER / "explorer.css").read_text(encoding="utf-8")
    mapped = dict(
        re.findall(r"^\.ge-(\w+) \{ --ge-colour: var\(--(?:gate-)?([\w-]+)\); \}", explorer, re.MULTILINE)
    )
    assert mapped == {gate: gate for gate in GATES} | {"cell": "ge-ink", "hidden": "neutral"}


def test_the_explorer_has_no_colours_of_its_own_but_two_greys_that_are_legible(paper):
    for module in EXPLORER.glob("*.mjs"):
        assert not re.search(
            r"#[0-9a-f]{3,8}\b|\brgb|\bhsl", module.read_text(encoding="utf-8"), re.IGNORECASE
        ), module
    sheet = (EXPLORER / "explorer.css").read_text(encoding="utf-8")
    greys = re.findall(r"--ge-unread: (#\w{6});", sheet)
    assert re.findall(r"#[0-9a-f]{3,8}\b(?=[^{}]*;)", sheet) == greys
    for grey, (ground, _) in zip(greys, paper.values(), strict=True):
        assert contrast(grey, ground) >= TEXT


def test_where_green_meets_grey_the_letters_differ():
    rows = explorer_rows()
    assert {"candidate", "hidden"} <= set(rows)
    assert (
        len({symbol for _, symbol in rows.values()}) == len({name for name, _ in rows.values()}) == len(rows)
    )
    drawn = letters(gates._gru_cell())
    assert drawn[style.CANDIDATE.lower()] == {"h\u0303"} and drawn[style.NEUTRAL.lower()] == {"r"}


def test_formulas_are_coloured_only_where_they_are_large():
    # MathJax sets a bold letter at about 20 CSS pixels, which is large text; an index is small.
    pages = sorted((ROOT / "book").glob("*.md")) + NOTEBOOKS
    coloured = r"\\+textcolor\{(#\w{6})\}\{((?:[^{}]|\{[^{}]*\})*)\}"
    found = [
        (path.name, *match)
        for path in pages
        for match in re.findall(coloured, path.read_text(encoding="utf-8"))
    ]
    assert found
    for page, colour, formula in found:
        assert colour in GATES.values(), page
        assert "boldsymbol" in formula and not re.search("[_^]", formula), f"{page}: {formula}"


# ---- kinds of models


@each_eye
def test_kinds_of_models_are_told_apart_by_every_eye(eye):
    assert too_near(SERIES, eye) == set()


def test_kinds_of_models_also_differ_in_mark_or_line():
    shapes = [(look["linestyle"], look["marker"]) for look in style.SERIES.values()]
    assert len(set(shapes)) == len(shapes)


@each_eye
def test_cells_that_look_alike_to_an_eye_differ_in_mark_or_line(eye):
    values = {name: (name, np.zeros((2, 40))) for name in gates.LOOKS}
    [ax] = gates._over_steps(np.arange(40), values, "y", "x", None, None).axes
    shapes = {line.get_label(): (line.get_linestyle(), line.get_marker()) for line in ax.lines}
    colours = {name: look["color"] for name, look in gates.LOOKS.items()}
    assert {pair for pair in too_near(colours, eye) if shapes[pair[0]] == shapes[pair[1]]} == set()


def test_seeds_of_one_colour_differ_in_their_lines():
    [ax] = curves._learning_curves({f"seed {k}": ("lstm", [0, 1]) for k in range(4)}, "accuracy", None).axes
    assert len({line._unscaled_dash_pattern for line in ax.lines}) == 4


# ---- the figures that are stored in the chapters

SVG = "{http://www.w3.org/2000/svg}"


@cache
def figures(path):
    """Return the figures among a notebook's outputs, each as parsed HTML."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    pages = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
    return [page for page in pages if 'class="book-figure"' in page]


def drawing(page):
    return ElementTree.fromstring(re.search(r"<svg.*</svg>", page, re.DOTALL)[0])


def paints(element, inherited=None):
    """Yield (kind, colour, opacity) for everything that is painted; kind is "text", "stroke" or "fill".

    Pictures (``image``) are left out: there the strength of the colour is the value. So is the outline of a clip path.
    """
    look = dict(inherited or {"fill": "currentColor", "stroke": "none", "opacity": 1.0})
    own = {name: value for name, value in element.attrib.items() if name in ("fill", "stroke")}
    own |= dict(
        part.split(":", 1) for part in element.get("style", "").replace(" ", "").split(";") if ":" in part
    )
    look |= own | {"opacity": look["opacity"] * float(own.get("opacity", 1))}
    tag = element.tag.removeprefix(SVG)
    if tag in ("clipPath", "image"):
        return
    if tag in ("text", "tspan"):
        if (element.text or "").strip():
            yield "text", look["fill"], look["opacity"] * float(look.get("fill-opacity", 1))
    elif tag in ("path", "use", "rect", "circle", "line", "polygon"):
        if look["stroke"] != "none" and float(look.get("stroke-width", 1)) > 0:
            yield "stroke", look["stroke"], look["opacity"] * float(look.get("stroke-opacity", 1))
        opacity = look["opacity"] * float(look.get("fill-opacity", 1))
        if look["fill"] != "none" and opacity > SHADING:
            yield "fill", look["fill"], opacity
    for child in element:
        yield from paints(child, look)


def faint(page, paper):
    """Return what does not stand out: (kind, colour, opacity, scheme, contrast)."""
    found = set()
    for kind, colour, opacity in set(paints(drawing(page))):
        for scheme, (ground, ink) in paper.items():
            painted = over(ink if colour == "currentColor" else colour, opacity, ground)
            ratio = contrast(painted, ground)
            if ratio < (TEXT if kind == "text" else GRAPHICS):
                found.add((kind, colour, round(opacity, 2), scheme, round(float(ratio), 2)))
    return found


@each_notebook
def test_text_lines_and_marks_of_stored_figures_stand_out_from_both_pages(path, paper):
    assert figures(path), f"{path.name} holds no figures"
    assert {title(page): faint(page, paper) for page in figures(path) if faint(page, paper)} == {}


@each_notebook
def test_stored_figures_have_a_caption_and_their_numbers_in_words(path):
    for page in figures(path):
        svg = drawing(page)
        alt = svg.get("aria-label", "")
        assert svg.get("role") == "img" and len(alt.split()) > 5, title(page)
        labels = ["".join(text.itertext()).strip() for text in svg.iter(f"{SVG}text")]
        if any(re.fullmatch(r"[−-]?\d[\d.,]*", label) for label in labels):
            assert re.search(r"\d", alt), f"{title(page)}: the figure shows numbers, its text none"
        caption = BeautifulSoup(page, "html.parser").find("figcaption")
        words = caption.get_text(" ", strip=True).removeprefix(caption.strong.get_text(strip=True)).strip()
        assert caption.strong.get_text(strip=True) and len(words.split()) > 3, f"{title(page)}: no caption"


def title(page):
    return BeautifulSoup(page, "html.parser").strong.get_text()


@pytest.mark.parametrize(
    ("spoilt", "found"),
    [
        ('<text style="opacity:0.5">t</text>', {"text"}),
        ('<text style="fill:#d55e00">t</text>', {"text"}),
        ('<g style="opacity:0.6"><path style="stroke:#d55e00;fill:none"/></g>', {"stroke"}),
        ('<path style="fill:none;stroke:#7f7f7f;stroke-opacity:0.35;stroke-width:6"/>', {"stroke"}),
        ('<use style="fill:#fafafa"/>', {"fill"}),
        ('<path style="fill:#d55e00;fill-opacity:0.15"/>', set()),
        ('<path style="fill:#d55e00;opacity:0.15;stroke:#d55e00"/>', {"stroke"}),
        ('<text>t</text><path style="stroke:currentColor;fill:none"/><use style="fill:#0072b2"/>', set()),
    ],
)
def test_what_is_faint_is_found(spoilt, found):
    page = f'<svg xmlns="http://www.w3.org/2000/svg" fill="currentColor">{spoilt}</svg>'
    paper = {"light": ("#ffffff", "#222832"), "dark": ("#121212", "#ced6dd")}
    assert {kind for kind, *_ in faint(page, paper)} == found
