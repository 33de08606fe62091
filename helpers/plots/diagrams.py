"""Diagrams of the cells and of what a network sees, all drawn from the same few shapes.

A coloured box holds weights that are learned; a plain box or circle computes without any. Gates keep
their colour and their letter. Positions are in CSS pixels, counted from the lower left corner.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from helpers.plots.style import (
    CANDIDATE,
    FORGET,
    INK,
    INPUT,
    NEUTRAL,
    OUTPUT,
    SERIES,
    WIDTH,
    applied,
    show,
)

LSTM_PARTS = ("cell", "forget", "input", "candidate", "output")

_FAINT = 0.25  # opacity of what a diagram mentions but does not talk about
_LINE = 1.4
_NOTE = 11  # font sizes
_LABEL = 12
_MATHS = 14


def vanilla_cell():
    """Show one step of a vanilla RNN: ``h_t = tanh(x_t W + h_{t-1} U + b)``."""
    show(
        _vanilla_cell(),
        title="One step of a vanilla RNN",
        alt="The input x_t, a vector of features, is multiplied by the kernel W. The hidden state h_{t-1} of "
        "the step before, a vector of units, is multiplied by the recurrent kernel U. Both products and the "
        "bias b are added, and the sum goes through tanh. The result is the new hidden state h_t, which "
        "leaves the cell and is handed to the next step.",
        caption="The coloured boxes are the weights that training changes.",
    )


@applied()
def _vanilla_cell():
    fig, ax = _canvas(284)
    colour = SERIES["vanilla_rnn"]["color"]
    _label(ax, 219, 268, r"$h_t=\tanh(x_t\,W+h_{t-1}U+b)$", size=_MATHS)
    _frame(ax, 72, 62, 366, 248)
    y, plus = 152, 216
    _label(ax, 32, y, r"$h_{t-1}$", size=_MATHS)
    _label(ax, 32, y - 19, "(units)", size=_NOTE)
    _arrow(ax, (58, y), (104, y))
    _box(ax, 130, y, r"$U$", colour)
    _label(ax, 130, y - 23, "recurrent\nkernel", size=_NOTE, va="top")
    _arrow(ax, (156, y), (plus - 12, y))
    _operator(ax, plus, y, "+")
    _box(ax, plus, 88, r"$W$", colour)
    _label(ax, plus + 34, 88, "kernel", size=_NOTE, ha="left")
    _arrow(ax, (plus, 40), (plus, 71))
    _arrow(ax, (plus, 105), (plus, y - 12))
    _label(ax, plus, 24, r"$x_t$", size=_MATHS)
    _label(ax, plus + 16, 24, "(features)", size=_NOTE, ha="left")
    _box(ax, plus, 216, r"$b$", colour)
    _label(ax, plus + 34, 216, "bias", size=_NOTE, ha="left")
    _arrow(ax, (plus, 199), (plus, y + 12))
    _arrow(ax, (plus + 12, y), (278, y))
    _box(ax, 308, y, "tanh", width=60)
    _arrow(ax, (338, y), (388, y))
    _label(ax, 406, y, r"$h_t$", size=_MATHS)
    _label(ax, 406, y - 19, "(units)", size=_NOTE)
    return fig


def unrolled(words):
    """Show a vanilla RNN reading a few words, its cell drawn once per word.

    Parameters
    ----------
    words : sequence of str
        Two to eight words.

    Raises
    ------
    ValueError
        If there are fewer than two or more than eight words.
    """
    words = _words(words, least=2, most=8)
    show(
        _unrolled(words),
        title="A vanilla RNN, unrolled",
        alt=f"The {len(words)} words {_listed(words)} enter the same cell one after the other, from left to "
        "right. Each step hands its hidden state on to the next; the first one starts from zeros. All steps "
        f"share the same weights W, U and b. The last hidden state, h_{len(words)}, goes through a Dense "
        "layer with softmax, which gives the topic.",
        caption="One cell, drawn once per word: the weights are the same at every step.",
    )


@applied()
def _unrolled(words):
    colour = SERIES["vanilla_rnn"]["color"]
    left, half = 46, 23
    longest = max(_text_width(word) for word in words)
    step = max((WIDTH - left) / len(words), longest + 12, 2 * half + 32)
    width = left + step * len(words)
    fig, ax = _canvas(234, width)
    y = 112
    centres = left + step * (np.arange(len(words)) + 0.5)
    _label(ax, 20, y, r"$h_0$", size=_MATHS)
    _label(ax, 20, y - 19, "zeros", size=_NOTE)
    start = 38
    for number, (x, word) in enumerate(zip(centres, words, strict=True), start=1):
        _arrow(ax, (start, y), (x - half, y))
        _box(ax, x, y, "", colour, width=2 * half, height=46)
        _label(ax, x, y + 9, "cell")
        _label(ax, x, y - 11, r"$W\;U\;b$", size=_NOTE)
        _label(ax, x, 20, word)
        _arrow(ax, (x, 34), (x, y - 23))
        _label(ax, x + 6, 60, f"$x_{number}$", size=_MATHS, ha="left")
        start = x + half
        if number < len(words):
            _label(ax, x + step / 2, y + 13, f"$h_{number}$", size=_MATHS)
    last = centres[-1]
    _arrow(ax, (last, y + 23), (last, 192))
    _label(ax, last - 7, 164, f"$h_{len(words)}$", size=_MATHS, ha="right")
    box = 116
    box_centre = min(last, width - box / 2 - 4)
    _box(ax, box_centre, 209, "Dense, softmax", colour, width=box)
    _arrow(ax, (box_centre - box / 2, 209), (box_centre - box / 2 - 30, 209))
    _label(ax, box_centre - box / 2 - 37, 209, "topic", ha="right")
    _label(ax, centres[0] - half, 158, "the same $W$, $U$, $b$ in every cell", ha="left")
    return fig


def lstm_cell(highlight=None):
    """Show one step of an LSTM with its gates and its equations.

    Parameters
    ----------
    highlight : str or sequence of str, optional
        What to talk about: any of ``"cell"``, ``"forget"``, ``"input"``, ``"candidate"`` and ``"output"``.
        The rest is drawn faint. By default everything is drawn in full.

    Raises
    ------
    ValueError
        If a part is unknown.
    """
    parts = _parts(highlight)
    alt = (
        "The cell state runs along the top, from c_{t-1} to c_t: it is multiplied by the forget gate f, then "
        "the input gate i times the candidate c-tilde is added. The input x_t and the hidden state h_{t-1} "
        "reach all four boxes from below: forget, input and output gate with a sigmoid, the candidate with "
        "tanh. The new hidden state h_t is the output gate o times the tanh of c_t. The equations follow."
    )
    title = "One step of an LSTM"
    if highlight is not None:
        names = {"cell": "cell state", "candidate": "candidate"}
        shown = _listed([names.get(part, f"{part} gate") for part in parts])
        alt += f" The {shown} stand{'s' if len(parts) == 1 else ''} out, the rest is faint."
        title += f": the {shown}"
    show(_lstm_cell(highlight), title=title, alt=alt)


@applied()
def _lstm_cell(highlight=None):
    parts = _parts(highlight)

    def look(*of):
        """Opacity of a thing that belongs to these parts, and their names for the drawing."""
        return {"alpha": 1 if set(of) & set(parts) else _FAINT, "gid": " ".join(of)}

    fig, ax = _canvas(404)
    top, middle, gates, bus = 372, 308, 244, 190
    f, i, candidate, o, out = 112, 172, 240, 300, 348
    add = (i + candidate) / 2
    all_gates = ("forget", "input", "candidate", "output")
    _frame(ax, 62, 172, 388, 394)

    # The cell state: a straight line along the top.
    _label(ax, 30, top, r"$c_{t-1}$", size=_MATHS, **look("cell"))
    _arrow(ax, (54, top), (f - 12, top), width=2.2, **look("cell"))
    _operator(ax, f, top, "×", **look("forget"))
    _arrow(ax, (f + 12, top), (add - 12, top), width=2.2, **look("cell"))
    _operator(ax, add, top, "+", **look("cell"))
    _arrow(ax, (add + 12, top), (406, top), width=2.2, **look("cell"))
    _label(ax, 422, top, r"$c_t$", size=_MATHS, **look("cell"))

    # Both inputs reach all four boxes.
    _label(ax, 30, bus, r"$h_{t-1}$", size=_MATHS, **look(*all_gates))
    _label(ax, 82, 146, r"$x_t$", size=_MATHS, **look(*all_gates))
    _line(ax, (54, bus), (o, bus), **look(*all_gates))
    _line(ax, (82, 158), (82, bus), **look(*all_gates))

    boxes = {
        "forget": (f, FORGET, r"$f_t$", "σ"),
        "input": (i, INPUT, r"$i_t$", "σ"),
        "candidate": (candidate, CANDIDATE, r"$\tilde{c}_t$", "tanh"),
        "output": (o, OUTPUT, r"$o_t$", "σ"),
    }
    for part, (x, colour, letter, function) in boxes.items():
        _arrow(ax, (x, bus), (x, gates - 23), **look(part))
        _box(ax, x, gates, "", colour, width=46, height=46, **look(part))
        _label(ax, x, gates + 8, letter, size=_MATHS, **look(part))
        _label(ax, x, gates - 13, function, size=_NOTE, **look(part))

    _arrow(ax, (f, gates + 23), (f, top - 12), color=FORGET, **look("forget"))
    _arrow(ax, (i, gates + 23), (i, middle), (add - 12, middle), color=INPUT, **look("input"))
    corner, end = (candidate, middle), (add + 12, middle)
    _arrow(ax, (candidate, gates + 23), corner, end, color=CANDIDATE, **look("candidate"))
    _operator(ax, add, middle, "×", **look("input", "candidate"))
    _arrow(ax, (add, middle + 12), (add, top - 12), **look("input", "candidate"))

    # What leaves the cell.
    _arrow(ax, (o, gates + 23), (o, 290), (out - 12, 290), color=OUTPUT, **look("output"))
    _line(ax, (out, top), (out, 347), **look("output"))
    _box(ax, out, 334, "tanh", width=46, height=26, **look("output"))
    _arrow(ax, (out, 321), (out, 302), **look("output"))
    _operator(ax, out, 290, "×", **look("output"))
    _arrow(ax, (out + 12, 290), (406, 290), **look("output"))
    _label(ax, 422, 290, r"$h_t$", size=_MATHS, **look("output"))

    rows = [
        ("forget", FORGET, "forget gate", r"$f_t=\sigma(x_t\,W_f+h_{t-1}U_f+b_f)$"),
        ("input", INPUT, "input gate", r"$i_t=\sigma(x_t\,W_i+h_{t-1}U_i+b_i)$"),
        ("candidate", CANDIDATE, "candidate", r"$\tilde{c}_t=\tanh(x_t\,W_c+h_{t-1}U_c+b_c)$"),
        ("output", OUTPUT, "output gate", r"$o_t=\sigma(x_t\,W_o+h_{t-1}U_o+b_o)$"),
        ("cell", INK, "cell state", r"$c_t=f_t\odot c_{t-1}+i_t\odot\tilde{c}_t$"),
        ("output", INK, "hidden state", r"$h_t=o_t\odot\tanh(c_t)$"),
    ]
    for number, (part, colour, name, equation) in enumerate(rows):
        y = 118 - 21 * number
        _line(ax, (66, y - 7), (66, y + 7), color=colour, width=4, **look(part))
        _label(ax, 76, y, name, ha="left", **look(part))
        _label(ax, 168, y, equation, ha="left", **look(part))
    return fig


def windows(words, kernel_size):
    """Show which words a one-dimensional convolution can see at once.

    Parameters
    ----------
    words : sequence of str
        Three to ten words.
    kernel_size : int
        Words in a window; at least 1 and fewer than there are words.

    Raises
    ------
    ValueError
        If the words are too few or too many, or the window is not shorter than the text.
    """
    words = _words(words, least=3, most=10)
    if not 1 <= kernel_size < len(words):
        raise ValueError(
            f"kernel_size must be at least 1 and less than the number of words ({len(words)}), "
            f"got {kernel_size}"
        )
    count = len(words) - kernel_size + 1
    show(
        _windows(words, kernel_size),
        title=f"What a convolution with a window of {kernel_size} sees",
        alt=f"The text is {_listed(words)}. {count} windows of {kernel_size} {_plural('word', kernel_size)} "
        f"lie over it, each one step further on: the first sees {_listed(words[:kernel_size])}, the last "
        f"{_listed(words[-kernel_size:])}. No window sees both the first word, “{words[0]}”, and the last, "
        f"“{words[-1]}”.",
        caption="Each bar is one window; the same weights read every one of them.",
    )


@applied()
def _windows(words, kernel_size):
    colour = SERIES["feed_forward"]["color"]
    gap = 6
    widths = np.array([_text_width(word) + 14 for word in words])
    spare = max(0, WIDTH - 8 - (widths.sum() + gap * (len(words) - 1)))
    widths += spare / len(words)
    lefts = 4 + np.concatenate([[0], np.cumsum(widths[:-1] + gap)])
    rights = lefts + widths
    count = len(words) - kernel_size + 1
    bars = 14 * count
    fig, ax = _canvas(bars + 96, rights[-1] + 4)
    y = bars + 30
    for number, word in enumerate(words):
        end = number in (0, len(words) - 1)
        x = (lefts[number] + rights[number]) / 2
        _box(ax, x, y, word, colour if end else None, width=widths[number], height=28)
    for number in range(count):
        row = bars - 14 * number
        _line(ax, (lefts[number], row), (rights[number + kernel_size - 1], row), color=NEUTRAL, width=5)
    first, last = (lefts[0] + rights[0]) / 2, (lefts[-1] + rights[-1]) / 2
    _line(ax, (first, y + 16), (first, y + 32), (last, y + 32), (last, y + 16), color=colour, dashed=True)
    _label(ax, (first + last) / 2, y + 37, "never in the same window", size=_NOTE, va="bottom")
    return fig


def positions(words, shift):
    """Show that an MLP on padded ids ties its weights to positions: a shifted text meets other weights.

    Parameters
    ----------
    words : sequence of str
        Two to six words.
    shift : int
        Steps by which the text is moved, 1 to 4.

    Raises
    ------
    ValueError
        If the words are too few or too many, or the shift is out of range.
    """
    words = _words(words, least=2, most=6)
    if not 1 <= shift <= 4:
        raise ValueError(f"shift must lie between 1 and 4, got {shift}")
    show(
        _positions(words, shift),
        title=f"The same text, shifted by {shift}",
        alt=f"A feed-forward network has one set of weights per position, w_1 to w_{len(words) + shift}. "
        f"Read from the start, {_listed(words)} meet the weights w_1 to w_{len(words)}. Shifted by {shift} "
        f"{_plural('step', shift)}, with zeros before them, the same words meet w_{shift + 1} to "
        f"w_{len(words) + shift}: “{words[0]}” meets w_{shift + 1} instead of w_1.",
        caption="Every position has weights of its own: what was learned about a word does not move with it.",
    )


@applied()
def _positions(words, shift):
    colour = SERIES["feed_forward"]["color"]
    count = len(words) + shift
    left, gap = 4, 6
    column = max((WIDTH - 2 * left + gap) / count, max(_text_width(word) for word in words) + 14 + gap)
    fig, ax = _canvas(216, 2 * left + count * column - gap)
    centres = left + column * np.arange(count) + (column - gap) / 2
    upper, weights, lower = 172, 108, 44
    rows = [
        (upper, "as written", [*words, *["0"] * shift], range(len(words))),
        (lower, f"shifted by {shift}", [*["0"] * shift, *words], range(shift, count)),
    ]
    for number, x in enumerate(centres, start=1):
        _box(ax, x, weights, f"$w_{{{number}}}$", colour, width=column - gap, height=30)
    for y, name, row, real in rows:
        towards = 1 if y > weights else -1
        _label(ax, left, y + towards * 27, name, size=_NOTE, ha="left")
        for number, (x, word) in enumerate(zip(centres, row, strict=True)):
            look = {"alpha": 1 if number in real else 0.5}
            first = number == real[0]
            _box(ax, x, y, word, colour if first else None, width=column - gap, height=28, **look)
            stroke = {"color": colour, "width": 2.2} if first else {}
            _arrow(ax, (x, y - towards * 14), (x, weights + towards * 15), **stroke, **look)
    return fig


# ---- arguments


def _words(words, least, most):
    if isinstance(words, str) or not least <= len(words) <= most:
        raise ValueError(f"words must be a list of {least} to {most} words, got {words!r}")
    words = [str(word) for word in words]
    return words


def _parts(highlight):
    if highlight is None:
        return LSTM_PARTS
    parts = [highlight] if isinstance(highlight, str) else list(highlight)
    unknown = [part for part in parts if part not in LSTM_PARTS]
    if unknown or not parts:
        raise ValueError(f"highlight must name parts out of {', '.join(LSTM_PARTS)}, got {highlight!r}")
    return [part for part in LSTM_PARTS if part in parts]


def _listed(words):
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _plural(noun, number):
    return noun if number == 1 else f"{noun}s"


# ---- shapes


def _canvas(height, width=WIDTH):
    fig = Figure(figsize=(width / 72, height / 72), layout="none")
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    ax.axis("off")
    return fig, ax


def _text_width(text, size=_LABEL):
    return TextPath((0, 0), text, size=size, prop=FontProperties(family="DejaVu Sans")).get_extents().width


def _label(ax, x, y, text, *, size=_LABEL, ha="center", va="center_baseline", alpha=1, gid=None):
    ax.text(x, y, text, fontsize=size, color=INK, ha=ha, va=va, alpha=alpha, gid=gid)


def _box(ax, x, y, text, color=None, *, width=52, height=34, alpha=1, gid=None):
    """Draw a box around its centre; with a colour it holds weights."""
    place = {"xy": (x - width / 2, y - height / 2), "width": width, "height": height, "gid": gid}
    shape = "round,pad=0,rounding_size=6"
    if color:
        ax.add_patch(FancyBboxPatch(**place, boxstyle=shape, fc=color, ec="none", alpha=0.16 * alpha))
    outline = {"ec": color or INK, "lw": 2 if color else _LINE}
    ax.add_patch(FancyBboxPatch(**place, boxstyle=shape, fc="none", alpha=alpha, **outline))
    _label(ax, x, y, text, size=_MATHS if "$" in text else _LABEL, alpha=alpha, gid=gid)


def _frame(ax, left, bottom, right, top):
    """Draw the outline of a cell."""
    ax.add_patch(FancyBboxPatch((left, bottom), right - left, top - bottom, fc=NEUTRAL, ec="none", alpha=0.09,
                                boxstyle="round,pad=0,rounding_size=12"))


def _operator(ax, x, y, sign, *, alpha=1, gid=None):
    """Draw an element-wise operation: a circle, and its sign as strokes so that it sits in the middle."""
    ax.add_patch(Circle((x, y), 12, fc="none", ec=INK, lw=_LINE, alpha=alpha, gid=gid))
    reach = 5.5
    if sign == "×":
        reach /= np.sqrt(2)
        strokes = [((-reach, -reach), (reach, reach)), ((-reach, reach), (reach, -reach))]
    else:
        strokes = [((-reach, 0), (reach, 0)), ((0, -reach), (0, reach))]
    for (x0, y0), (x1, y1) in strokes:
        _line(ax, (x + x0, y + y0), (x + x1, y + y1), alpha=alpha, gid=gid)


def _line(ax, *points, color=INK, width=_LINE, dashed=False, alpha=1, gid=None):
    """Draw a line through the points, its corners rounded."""
    points = [np.array(point, float) for point in points]
    vertices, codes = [points[0]], [Path.MOVETO]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        for point, code in ((before, Path.LINETO), (after, Path.CURVE3)):
            towards = point - corner
            near = corner + 7 * towards / np.hypot(*towards)
            vertices += [near] if code == Path.LINETO else [corner, near]
            codes += [code] if code == Path.LINETO else [code, code]
    path = Path([*vertices, points[-1]], [*codes, Path.LINETO])
    stroke = {"ec": color, "lw": width, "ls": (0, (3, 2)) if dashed else "-", "capstyle": "butt"}
    ax.add_patch(PathPatch(path, fc="none", alpha=alpha, gid=gid, **stroke))


def _arrow(ax, *points, color=INK, width=_LINE, alpha=1, gid=None):
    """Draw a line through the points that ends in an arrowhead, its tip on the last point."""
    tip, before = np.array(points[-1], float), np.array(points[-2], float)
    along = (tip - before) / np.hypot(*(tip - before))
    across = np.array([-along[1], along[0]])
    base = tip - 8 * along
    _line(ax, *points[:-1], base, color=color, width=width, alpha=alpha, gid=gid)
    head = [tip, base + 4 * across, base - 4 * across]
    ax.add_patch(Polygon(head, fc=color, ec="none", alpha=alpha, gid=gid))
