"""Diagrams of the cells and of what a network sees.

A coloured box holds weights that are learned; a plain box or circle computes without any. Gates keep
their colour and their letter.
"""

import numpy as np

from helpers.plots.shapes import (
    MATHS,
    NOTE,
    arrow,
    box,
    canvas,
    equation,
    frame,
    label,
    line,
    listed,
    operator,
    text_width,
)
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
LSTM_CAPTION = "Along the top the cell state; the coloured boxes hold the weights, each in the colour of its equation."

_FAINT = 0.25  # opacity of what a diagram mentions but does not talk about


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
    fig, ax = canvas(284)
    colour = SERIES["vanilla_rnn"]["color"]
    label(ax, 219, 268, r"$h_t=\tanh(x_t\,W+h_{t-1}U+b)$", size=MATHS)
    frame(ax, 72, 62, 366, 248)
    y, plus = 152, 216
    label(ax, 32, y, r"$h_{t-1}$", size=MATHS)
    label(ax, 32, y - 19, "(units)", size=NOTE)
    arrow(ax, (58, y), (104, y))
    box(ax, 130, y, r"$U$", colour)
    label(ax, 130, y - 23, "recurrent\nkernel", size=NOTE, va="top")
    arrow(ax, (156, y), (plus - 12, y))
    operator(ax, plus, y, "+")
    box(ax, plus, 88, r"$W$", colour)
    label(ax, plus + 34, 88, "kernel", size=NOTE, ha="left")
    arrow(ax, (plus, 40), (plus, 71))
    arrow(ax, (plus, 105), (plus, y - 12))
    label(ax, plus, 24, r"$x_t$", size=MATHS)
    label(ax, plus + 16, 24, "(features)", size=NOTE, ha="left")
    box(ax, plus, 216, r"$b$", colour)
    label(ax, plus + 34, 216, "bias", size=NOTE, ha="left")
    arrow(ax, (plus, 199), (plus, y + 12))
    arrow(ax, (plus + 12, y), (278, y))
    box(ax, 308, y, "tanh", width=60)
    arrow(ax, (338, y), (388, y))
    label(ax, 406, y, r"$h_t$", size=MATHS)
    label(ax, 406, y - 19, "(units)", size=NOTE)
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
        alt=f"The {len(words)} words {listed(words)} enter the same cell one after the other, from left to "
        "right. Each step hands its hidden state on to the next; the first one starts from zeros. All steps "
        f"share the same weights W, U and b. The last hidden state, h_{len(words)}, goes through a Dense "
        "layer with softmax, which gives the topic.",
        caption="One cell, drawn once per word: the weights are the same at every step.",
    )


@applied()
def _unrolled(words):
    colour = SERIES["vanilla_rnn"]["color"]
    left, half = 46, 23
    longest = max(text_width(word) for word in words)
    step = max((WIDTH - left) / len(words), longest + 12, 2 * half + 32)
    width = left + step * len(words)
    fig, ax = canvas(234, width)
    y = 112
    centres = left + step * (np.arange(len(words)) + 0.5)
    label(ax, 20, y, r"$h_0$", size=MATHS)
    label(ax, 20, y - 19, "zeros", size=NOTE)
    start = 38
    for number, (x, word) in enumerate(zip(centres, words, strict=True), start=1):
        arrow(ax, (start, y), (x - half, y))
        box(ax, x, y, "", colour, width=2 * half, height=46)
        label(ax, x, y + 9, "cell")
        label(ax, x, y - 11, r"$W\;U\;b$", size=NOTE)
        label(ax, x, 20, word)
        arrow(ax, (x, 34), (x, y - 23))
        label(ax, x + 6, 60, f"$x_{number}$", size=MATHS, ha="left")
        start = x + half
        if number < len(words):
            label(ax, x + step / 2, y + 13, f"$h_{number}$", size=MATHS)
    last = centres[-1]
    arrow(ax, (last, y + 23), (last, 192))
    label(ax, last - 7, 164, f"$h_{len(words)}$", size=MATHS, ha="right")
    reach = 116 / 2
    answer = min(last, width - reach - 4)
    box(ax, answer, 209, "Dense, softmax", colour, width=2 * reach)
    arrow(ax, (answer - reach, 209), (answer - reach - 30, 209))
    label(ax, answer - reach - 37, 209, "topic", ha="right")
    label(ax, centres[0] - half, 158, "the same $W$, $U$, $b$ in every cell", ha="left")
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
        shown = listed([names.get(part, f"{part} gate") for part in parts])
        alt += f" The {shown} stand{'s' if len(parts) == 1 else ''} out, the rest is faint."
        title += f": the {shown}"
    show(_lstm_cell(highlight), title=title, alt=alt, caption=LSTM_CAPTION)


@applied()
def _lstm_cell(highlight=None):
    parts = _parts(highlight)

    def look(*of):
        """Opacity of a thing that belongs to these parts, and their names for the drawing."""
        return {"alpha": 1 if set(of) & set(parts) else _FAINT, "gid": " ".join(of)}

    fig, ax = canvas(404)
    top, middle, gates, bus = 372, 308, 244, 190
    f, i, candidate, o, out = 112, 172, 240, 300, 348
    add = (i + candidate) / 2
    all_gates = ("forget", "input", "candidate", "output")
    frame(ax, 62, 172, 388, 394)

    # The cell state: a straight line along the top.
    label(ax, 30, top, r"$c_{t-1}$", size=MATHS, **look("cell"))
    arrow(ax, (54, top), (f - 12, top), width=2.2, **look("cell"))
    operator(ax, f, top, "×", **look("forget"))
    arrow(ax, (f + 12, top), (add - 12, top), width=2.2, **look("cell"))
    operator(ax, add, top, "+", **look("cell"))
    arrow(ax, (add + 12, top), (406, top), width=2.2, **look("cell"))
    label(ax, 422, top, r"$c_t$", size=MATHS, **look("cell"))

    # Both inputs reach all four boxes.
    label(ax, 30, bus, r"$h_{t-1}$", size=MATHS, **look(*all_gates))
    label(ax, 82, 146, r"$x_t$", size=MATHS, **look(*all_gates))
    line(ax, (54, bus), (o, bus), **look(*all_gates))
    line(ax, (82, 158), (82, bus), **look(*all_gates))

    boxes = {
        "forget": (f, FORGET, r"$f_t$", "σ"),
        "input": (i, INPUT, r"$i_t$", "σ"),
        "candidate": (candidate, CANDIDATE, r"$\tilde{c}_t$", "tanh"),
        "output": (o, OUTPUT, r"$o_t$", "σ"),
    }
    for part, (x, colour, letter, function) in boxes.items():
        arrow(ax, (x, bus), (x, gates - 23), **look(part))
        box(ax, x, gates, "", colour, width=46, height=46, **look(part))
        label(ax, x, gates + 8, letter, size=MATHS, **look(part))
        label(ax, x, gates - 13, function, size=NOTE, **look(part))

    arrow(ax, (f, gates + 23), (f, top - 12), color=FORGET, **look("forget"))
    arrow(ax, (i, gates + 23), (i, middle), (add - 12, middle), color=INPUT, **look("input"))
    corner, end = (candidate, middle), (add + 12, middle)
    arrow(ax, (candidate, gates + 23), corner, end, color=CANDIDATE, **look("candidate"))
    operator(ax, add, middle, "×", **look("input", "candidate"))
    arrow(ax, (add, middle + 12), (add, top - 12), **look("input", "candidate"))

    # What leaves the cell.
    arrow(ax, (o, gates + 23), (o, 290), (out - 12, 290), color=OUTPUT, **look("output"))
    line(ax, (out, top), (out, 347), **look("output"))
    box(ax, out, 334, "tanh", width=46, height=26, **look("output"))
    arrow(ax, (out, 321), (out, 302), **look("output"))
    operator(ax, out, 290, "×", **look("output"))
    arrow(ax, (out + 12, 290), (406, 290), **look("output"))
    label(ax, 422, 290, r"$h_t$", size=MATHS, **look("output"))

    rows = [
        ("forget", FORGET, "forget gate", r"$f_t=\sigma(x_t\,W_f+h_{t-1}U_f+b_f)$"),
        ("input", INPUT, "input gate", r"$i_t=\sigma(x_t\,W_i+h_{t-1}U_i+b_i)$"),
        ("candidate", CANDIDATE, "candidate", r"$\tilde{c}_t=\tanh(x_t\,W_c+h_{t-1}U_c+b_c)$"),
        ("output", OUTPUT, "output gate", r"$o_t=\sigma(x_t\,W_o+h_{t-1}U_o+b_o)$"),
        ("cell", INK, "cell state", r"$c_t=f_t\odot c_{t-1}+i_t\odot\tilde{c}_t$"),
        ("output", INK, "hidden state", r"$h_t=o_t\odot\tanh(c_t)$"),
    ]
    for number, (part, colour, name, formula) in enumerate(rows):
        equation(ax, 66, 118 - 21 * number, name, formula, colour, **look(part))
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
        alt=f"The text is {listed(words)}. {count} windows of {kernel_size} {_plural('word', kernel_size)} "
        f"lie over it, each one step further on: the first sees {listed(words[:kernel_size])}, the last "
        f"{listed(words[-kernel_size:])}. No window sees both the first word, “{words[0]}”, and the last, "
        f"“{words[-1]}”.",
        caption="Each bar is one window; the same weights read every one of them.",
    )


@applied()
def _windows(words, kernel_size):
    colour = SERIES["feed_forward"]["color"]
    gap = 6
    widths = np.array([text_width(word) + 14 for word in words])
    spare = max(0, WIDTH - 8 - (widths.sum() + gap * (len(words) - 1)))
    widths += spare / len(words)
    lefts = 4 + np.concatenate([[0], np.cumsum(widths[:-1] + gap)])
    rights = lefts + widths
    count = len(words) - kernel_size + 1
    bars = 14 * count
    fig, ax = canvas(bars + 96, rights[-1] + 4)
    y = bars + 30
    for number, word in enumerate(words):
        end = number in (0, len(words) - 1)
        x = (lefts[number] + rights[number]) / 2
        box(ax, x, y, word, colour if end else None, width=widths[number], height=28)
    for number in range(count):
        row = bars - 14 * number
        line(ax, (lefts[number], row), (rights[number + kernel_size - 1], row), color=NEUTRAL, width=5)
    first, last = (lefts[0] + rights[0]) / 2, (lefts[-1] + rights[-1]) / 2
    line(ax, (first, y + 16), (first, y + 32), (last, y + 32), (last, y + 16), color=colour, dashed=True)
    label(ax, (first + last) / 2, y + 37, "never in the same window", size=NOTE, va="bottom")
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
        f"Read from the start, {listed(words)} meet the weights w_1 to w_{len(words)}. Shifted by {shift} "
        f"{_plural('step', shift)}, with zeros before them, the same words meet w_{shift + 1} to "
        f"w_{len(words) + shift}: “{words[0]}” meets w_{shift + 1} instead of w_1.",
        caption="Every position has weights of its own: what was learned about a word does not move with it.",
    )


@applied()
def _positions(words, shift):
    colour = SERIES["feed_forward"]["color"]
    count = len(words) + shift
    left, gap = 4, 6
    column = max((WIDTH - 2 * left + gap) / count, max(text_width(word) for word in words) + 14 + gap)
    fig, ax = canvas(216, 2 * left + count * column - gap)
    centres = left + column * np.arange(count) + (column - gap) / 2
    upper, weights, lower = 172, 108, 44
    rows = [
        (upper, "as written", [*words, *["0"] * shift], range(len(words))),
        (lower, f"shifted by {shift}", [*["0"] * shift, *words], range(shift, count)),
    ]
    for number, x in enumerate(centres, start=1):
        box(ax, x, weights, f"$w_{{{number}}}$", colour, width=column - gap, height=30)
    for y, name, row, real in rows:
        towards = 1 if y > weights else -1
        label(ax, left, y + towards * 27, name, size=NOTE, ha="left")
        for number, (x, word) in enumerate(zip(centres, row, strict=True)):
            look = {"alpha": 1 if number in real else 0.7}
            first = number == real[0]
            box(ax, x, y, word, colour if first else None, width=column - gap, height=28, **look)
            stroke = {"color": colour, "width": 2.2} if first else {}
            arrow(ax, (x, y - towards * 14), (x, weights + towards * 15), **stroke, **look)
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


def _plural(noun, number):
    return noun if number == 1 else f"{noun}s"
