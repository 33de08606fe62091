"""One look for every figure, and the one way to show a figure in a notebook.

A figure is drawn with matplotlib and shown as SVG inside the page. Its text and axes take the colour of the
surrounding text, and its background is transparent, so the same figure reads on a light and on a dark page.
A figure function looks like this::

    @applied()
    def accuracy(values):
        fig, ax = subplots(height=240)
        ax.plot(values, **SERIES["lstm"])
        show(fig, title="Accuracy", alt=f"Accuracy rises from {values[0]:.2f} to {values[-1]:.2f}.")

Anything drawn in black becomes the colour of the surrounding text.
"""

import hashlib
import html
import io
import re
import unicodedata
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import matplotlib.style
from IPython.display import display
from matplotlib.figure import Figure

# One accent per concept, the same in every equation, diagram and plot. Each keeps a contrast of 3:1 on white
# and on the dark page, and stays apart from its neighbours for colour-blind readers (tests/test_colours.py).
# The gates' colours are those of Okabe and Ito, Color Universal Design (2008).
FORGET = "#D55E00"
INPUT = "#0072B2"
CANDIDATE = "#009E73"
OUTPUT = "#CC79A7"
CELL = INK = "#000000"  # becomes the colour of the surrounding text
NEUTRAL = "#7F7F7F"  # guides, padding, whatever is only there to compare with

SERIES = {
    "majority": {"color": NEUTRAL, "linestyle": (0, (2, 2)), "marker": ""},
    "linear": {"color": "#B5892B", "linestyle": "-", "marker": "D"},
    "feed_forward": {"color": "#A1522D", "linestyle": "-", "marker": "^"},
    "random_forest": {"color": "#56648A", "linestyle": "-", "marker": "v"},
    "vanilla_rnn": {"color": "#2A9BCB", "linestyle": "-", "marker": "s"},
    "lstm": {"color": "#8B35E8", "linestyle": "-", "marker": "o"},
}
"""Keyword arguments of ``Axes.plot`` for each kind of model; ``SERIES["lstm"]["color"]`` for a bar."""

LINES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
"""Line styles for several curves of one colour: a paler colour would not stand out from the page."""

WIDTH = 440  # CSS pixels at which a diagram is drawn; narrow, so that its text is still legible on a phone
PLOT_WIDTH = 400  # plots are drawn narrower still: a phone shrinks their numbers less
_LARGEST, _SMALLEST = 1.3, 0.74  # how far the page may scale a figure; below that it scrolls sideways
_FONT = "DejaVu Sans"
_FONTS = f"'{_FONT}',Verdana,sans-serif"

_RC = {
    "figure.dpi": 72,  # one unit of the drawing is one CSS pixel
    "figure.constrained_layout.use": True,
    "font.family": _FONT,
    "font.size": 12,
    "mathtext.fontset": "dejavusans",
    "axes.titlesize": 12,
    "axes.labelsize": 12,
    "axes.facecolor": "none",
    "axes.linewidth": 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": mpl.cycler(color=[look["color"] for look in SERIES.values() if look["marker"]]),
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "legend.fontsize": 12,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "grid.color": NEUTRAL,
    "grid.alpha": 0.3,
    "svg.fonttype": "none",  # text stays text: small, and it can be searched
    "svg.hashsalt": "book",  # the same figure gives the same bytes
}


def applied():
    """Return a context manager, which is a decorator too, under which matplotlib draws in the book's style.

    Whatever the reader has set is put back afterwards.
    """
    return matplotlib.style.context(["default", _RC])


def subplots(nrows=1, ncols=1, *, width=PLOT_WIDTH, height=300, **options):
    """Return a figure and its axes, as ``pyplot.subplots`` does, with the size given in CSS pixels."""
    with applied():
        fig = Figure(figsize=(width / 72, height / 72))
        return fig, fig.subplots(nrows, ncols, **options)


def show(fig, *, title, alt, caption=None):
    """Show a figure in the notebook, and close it.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    title : str
        What the figure is, in a few words; it stands in bold below the figure.
    alt : str
        What a reader sees in the figure, for those who cannot see it: its message and its main numbers.
    caption : str, optional
        What to look at; it follows the title.

    Raises
    ------
    ValueError
        If the title or the alternative text is empty.
    """
    page = to_html(fig, title=title, alt=alt, caption=caption)
    plt.close(fig)
    display({"text/html": page, "text/plain": f"{_one_line(title)}: {_one_line(alt)}"}, raw=True)


def to_html(fig, *, title, alt, caption=None):
    """Return a figure as the HTML that :func:`show` displays; the parameters are the same."""
    for name, text in (("title", title), ("alt", alt)):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name} must be a text that describes the figure, got {text!r}")
    title, alt = _one_line(title), _one_line(alt)

    svg = ElementTree.fromstring(_matplotlib_svg(fig))
    width, height = (float(number) for number in svg.get("viewBox").split()[2:])
    largest, smallest = round(_LARGEST * width), round(_SMALLEST * width)
    _clean(svg)
    svg.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {_short(width)} {_short(height)}",
        "role": "img",
        "aria-label": alt,
        "fill": "currentColor",
        "stroke-linejoin": "round",
        "font-family": _FONTS,
        "style": f"display:block;width:100%;min-width:{smallest}px;max-width:{largest}px;height:auto",
    }
    drawing = _rename_ids(ElementTree.tostring(svg, encoding="unicode"), title)
    # One element a line, so that a changed figure gives a readable difference.
    drawing = re.sub(r"(?=<(?:g|path|text|use|defs|clipPath|/svg)\b)", "\n", drawing)

    box = "overflow-x:auto"
    if smallest > _SMALLEST * WIDTH + 1:  # a box that scrolls on a phone must be reachable from the keyboard
        box += f'" role="group" aria-label="{html.escape(title)}" tabindex="0'
    words = f"<strong>{html.escape(title)}{'' if title[-1] in '.?!' else '.'}</strong>"
    if caption:
        words += f" {html.escape(_one_line(caption))}"
    return (
        '<figure class="book-figure" role="group" style="margin:0.5em 0">\n'
        f'<div style="{box}">{drawing}</div>\n'
        f'<figcaption style="max-width:{largest}px;margin:0.5em 0 0;text-align:left;font-size:0.9em">'
        f"{words}</figcaption>\n</figure>"
    )


def _one_line(text):
    return " ".join(text.split())


def _matplotlib_svg(fig):
    buffer = io.StringIO()
    with applied():
        fig.savefig(buffer, format="svg", transparent=True)
    return buffer.getvalue()


def _short(number):
    """Write a coordinate with two decimals at most."""
    return f"{round(float(number), 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _clean(svg):
    """Strip namespaces, metadata, invisible paths, decimals and nesting; black becomes currentColor."""
    for parent in list(svg.iter()):
        for child in list(parent):
            name = child.tag.rpartition("}")[2]
            style = child.get("style", "").replace(" ", "")
            if name in ("metadata", "style") or (name == "path" and style == "fill:none"):
                parent.remove(child)
    for element in svg.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        element.tail = None
        if element.tag not in ("text", "tspan"):
            element.text = None
        for key, value in element.attrib.items():
            if key in ("d", "x", "y", "width", "height", "transform"):
                value = re.sub(r"-?\d+\.\d+(?:e-?\d+)?", lambda match: _short(match[0]), value)
                element.attrib[key] = " ".join(value.split()).replace(" L ", "L").replace("M ", "M")
        if element.get("transform", "").startswith("rotate(-0 "):
            del element.attrib["transform"]
        if "style" in element.attrib:
            style = _clean_style(element.get("style"))
            if element.tag == "tspan":  # matplotlib fades a formula twice, as a whole and glyph by glyph
                style = re.sub(r";?opacity:[^;]*", "", style)
            element.set("style", style)
        if element.tag == "text" and len(element):
            _reading_order(element)
    _unwrap(svg)


def _unwrap(element):
    """Take away the groups that matplotlib nests around everything, and the ids it gives them."""
    children = []
    for child in element:
        _unwrap(child)
        if child.tag == "g":
            child.attrib.pop("id", None)
        if child.tag == "g" and not child.attrib:
            children += child
        elif len(child) or child.tag not in ("g", "defs"):
            children.append(child)
    element[:] = children


def _clean_style(style):
    pairs = [part.split(":", 1) for part in style.split(";") if part.strip()]
    pairs = [(key.strip(), value.strip()) for key, value in pairs]
    pairs = [(key, value) for key, value in pairs if not (key == "font-family" and _FONT in value)]
    pairs = [(key, "currentColor" if value == "#000000" else value) for key, value in pairs]
    return ";".join(f"{key}:{value}" for key, value in pairs)


def _reading_order(text):
    """Sort the glyphs of a formula, which matplotlib groups by font; join accents to their letters."""
    single = []
    for run in text:  # older versions of matplotlib write several glyphs as one run with a list of positions
        xs, ys = run.get("x").split(), run.get("y").split()
        for number, character in enumerate(run.text):
            place = {"x": xs[number], "y": ys[number] if len(ys) > 1 else ys[0], "style": run.get("style")}
            glyph = ElementTree.Element("tspan", place)
            glyph.text = character
            single.append(glyph)
    glyphs = []
    for glyph in sorted(single, key=lambda glyph: float(glyph.get("x"))):
        if unicodedata.combining(glyph.text):
            size = _font_size(glyph)
            # The letter is the last one of its size: an index may start further left than the accent.
            letter = next(letter for letter in reversed(glyphs) if _font_size(letter) == size)
            letter.text += glyph.text
        else:
            glyphs.append(glyph)
    text[:] = glyphs
    text.text = None


def _font_size(glyph):
    return re.search(r"font-size:[^;]*", glyph.get("style"))[0]


def _rename_ids(drawing, title):
    """Keep only the ids that something refers to, under names that no other figure of the page has."""
    targets = dict.fromkeys(re.findall(r'(?:href="|url\()#([\w.:-]+)', drawing))
    names = {target: number for number, target in enumerate(targets, start=1)}
    drawing = re.sub(r' id="([^"]*)"', lambda match: match[0] if match[1] in names else "", drawing)
    digest = hashlib.sha256(drawing.encode()).hexdigest()[:8]
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower())[:30].strip("-")
    return re.sub(
        r'( id="|href="#|url\(#)([\w.:-]+)',
        lambda match: f"{match[1]}figure-{slug}-{digest}-{names[match[2]]}",
        drawing,
    )
