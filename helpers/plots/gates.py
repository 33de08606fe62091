"""Figures of chapter 6: a cell that gets its gates one by one, the GRU, and what becomes of the cell state."""

import numpy as np

from helpers.plots.diagrams import LSTM_CAPTION
from helpers.plots.shapes import (
    MATHS,
    NOTE,
    arrow,
    box,
    canvas,
    decimal,
    equation,
    frame,
    label,
    line,
    listed,
    operator,
)
from helpers.plots.style import (
    CANDIDATE,
    FORGET,
    INK,
    INPUT,
    LINES,
    NEUTRAL,
    OUTPUT,
    SERIES,
    applied,
    show,
    subplots,
)

GATES = ("forget", "input", "output")  # in the order in which the chapter adds them

LOOKS = {
    "none": {"color": NEUTRAL, "linestyle": LINES[3], "marker": "s"},
    "forget": {"color": FORGET, "linestyle": "-", "marker": "o"},
    "input": {"color": INPUT, "linestyle": "-", "marker": "D"},
    "output": {"color": OUTPUT, "linestyle": "-", "marker": "v"},
    "vanilla_rnn": SERIES["vanilla_rnn"],
    "lstm": SERIES["lstm"],
}
"""How a cell is drawn in a plot: by the gate that it got last, or the kind of network."""


def cell_with(*gates):
    """Show one step of an LSTM cell that has only these gates, with its equations.

    Parameters
    ----------
    *gates : str
        Any of ``"forget"``, ``"input"`` and ``"output"``; none for the bare cell state.

    Raises
    ------
    ValueError
        If a gate is unknown or named twice.
    """
    if len(set(gates)) < len(gates) or not set(gates) <= set(GATES):
        raise ValueError(f"gates must be different ones out of {', '.join(GATES)}, got {gates!r}")
    gates = [gate for gate in GATES if gate in gates]
    written = "the input gate i times the candidate c-tilde" if "input" in gates else "the candidate c-tilde"
    alt = (
        "The cell state runs along the top, from c_{t-1} to c_t: "
        + ("it is multiplied by the forget gate f, then " if "forget" in gates else "")
        + f"{written} is added. The new hidden state h_t is "
        + ("the output gate o times the tanh of c_t. " if "output" in gates else "the tanh of c_t. ")
        + "The input x_t and the hidden state h_{t-1} reach "
        + (f"the candidate and the {listed(gates)} gate." if gates else "the candidate. There are no gates.")
        + " The equations follow."
    )
    title = f"A cell with {' and '.join(f'{gate} gate' for gate in gates)}"
    if len(gates) in (0, 3):
        title = "A cell with all three gates: the LSTM" if gates else "The bare cell state"
    show(_cell_with(gates), title=title, alt=alt, caption=LSTM_CAPTION)


@applied()
def _cell_with(gates):
    has_forget, has_input, has_output = (gate in gates for gate in GATES)
    kept = r"f_t\odot c_{t-1}" if has_forget else "c_{t-1}"
    written = r"i_t\odot\tilde{c}_t" if has_input else r"\tilde{c}_t"
    told = r"o_t\odot\tanh(c_t)" if has_output else r"\tanh(c_t)"
    rows = [
        ("forget", FORGET, "forget gate", r"$f_t=\sigma(x_t\,W_f+h_{t-1}U_f+b_f)$"),
        ("input", INPUT, "input gate", r"$i_t=\sigma(x_t\,W_i+h_{t-1}U_i+b_i)$"),
        ("output", OUTPUT, "output gate", r"$o_t=\sigma(x_t\,W_o+h_{t-1}U_o+b_o)$"),
    ]
    rows = [row[1:] for row in rows if row[0] in gates]
    rows.append((CANDIDATE, "candidate", r"$\tilde{c}_t=\tanh(x_t\,W_c+h_{t-1}U_c+b_c)$"))
    rows += [(INK, "cell state", f"$c_t={kept}+{written}$"), (INK, "hidden state", f"$h_t={told}$")]

    low = 21 * (6 - len(rows))  # what is left out below the drawing
    fig, ax = canvas(404 - low)
    top, middle, boxes_at, bus, below = (y - low for y in (372, 308, 244, 190, 146))
    f, i, candidate, o, out = 112, 172, 240, 300, 348
    add = (i + candidate) / 2
    frame(ax, 62, 172 - low, 388, 394 - low)

    # The cell state: a straight line along the top.
    label(ax, 30, top, r"$c_{t-1}$", size=MATHS)
    if has_forget:
        arrow(ax, (54, top), (f - 12, top), width=2.2)
        operator(ax, f, top, "×")
    arrow(ax, (f + 12 if has_forget else 54, top), (add - 12, top), width=2.2)
    operator(ax, add, top, "+")
    arrow(ax, (add + 12, top), (406, top), width=2.2)
    label(ax, 422, top, r"$c_t$", size=MATHS)

    # Both inputs reach every box that there is.
    label(ax, 30, bus, r"$h_{t-1}$", size=MATHS)
    label(ax, 82, below, r"$x_t$", size=MATHS)
    line(ax, (54, bus), (o if has_output else candidate, bus))
    line(ax, (82, below + 12), (82, bus))
    boxes = [(candidate, CANDIDATE, r"$\tilde{c}_t$", "tanh")]
    boxes += [(f, FORGET, r"$f_t$", "σ")] if has_forget else []
    boxes += [(i, INPUT, r"$i_t$", "σ")] if has_input else []
    boxes += [(o, OUTPUT, r"$o_t$", "σ")] if has_output else []
    for x, colour, letter, function in boxes:
        arrow(ax, (x, bus), (x, boxes_at - 23))
        box(ax, x, boxes_at, "", colour, width=46, height=46)
        label(ax, x, boxes_at + 8, letter, size=MATHS)
        label(ax, x, boxes_at - 13, function, size=NOTE)

    # What is written to the cell state.
    if has_forget:
        arrow(ax, (f, boxes_at + 23), (f, top - 12), color=FORGET)
    corner = (candidate, middle)
    if has_input:
        arrow(ax, (i, boxes_at + 23), (i, middle), (add - 12, middle), color=INPUT)
        arrow(ax, (candidate, boxes_at + 23), corner, (add + 12, middle), color=CANDIDATE)
        operator(ax, add, middle, "×")
        arrow(ax, (add, middle + 12), (add, top - 12))
    else:
        arrow(ax, (candidate, boxes_at + 23), corner, (add, middle), (add, top - 12), color=CANDIDATE)

    # What leaves the cell.
    leave = middle - 18
    line(ax, (out, top), (out, leave + 57))
    box(ax, out, leave + 44, "tanh", width=46, height=26)
    if has_output:
        arrow(ax, (o, boxes_at + 23), (o, leave), (out - 12, leave), color=OUTPUT)
        arrow(ax, (out, leave + 31), (out, leave + 12))
        operator(ax, out, leave, "×")
        arrow(ax, (out + 12, leave), (406, leave))
    else:
        arrow(ax, (out, leave + 31), (out, leave), (406, leave))
    label(ax, 422, leave, r"$h_t$", size=MATHS)
    _equations(ax, rows, 118 - low)
    return fig


def gru_cell():
    """Show one step of a GRU as Keras computes it, with its equations."""
    show(
        _gru_cell(),
        title="One step of a GRU",
        alt="There is one state only. It runs along the top, from h_{t-1} to h_t: it is multiplied by the update gate "
        "z, then 1 minus z times the candidate h-tilde is added. The input x_t and the hidden state h_{t-1} reach "
        "update gate and reset gate, both with a sigmoid. The candidate, with tanh, takes the input as it is, and the "
        "state's part, h_{t-1} times its recurrent kernel, multiplied by the reset gate r. The equations follow.",
        caption="The update gate does the work of a forget gate (z) and of an input gate (1 − z).",
    )


@applied()
def _gru_cell():
    fig, ax = canvas(414)
    top, middle, gates, reset_at, h_bus, x_bus = 382, 318, 254, 207, 180, 156
    z, r, candidate = 118, 212, 306
    frame(ax, 62, 144, 388, 404)

    # The state: a straight line along the top.
    label(ax, 30, top, r"$h_{t-1}$", size=MATHS)
    arrow(ax, (54, top), (z - 12, top), width=2.2)
    operator(ax, z, top, "×")
    arrow(ax, (z + 12, top), (candidate - 12, top), width=2.2)
    operator(ax, candidate, top, "+")
    arrow(ax, (candidate + 12, top), (406, top), width=2.2)
    label(ax, 422, top, r"$h_t$", size=MATHS)

    # Input and state arrive on lines of their own, because the reset gate acts on the state's part only.
    label(ax, 30, h_bus, r"$h_{t-1}$", size=MATHS)
    label(ax, 82, 122, r"$x_t$", size=MATHS)
    from_h, from_x = candidate - 10, candidate + 15
    line(ax, (54, h_bus), (from_h, h_bus))
    line(ax, (82, 134), (82, x_bus), (from_x, x_bus))
    for x, colour, letter, function in [
        (z, FORGET, r"$z_t$", "σ"),
        (r, NEUTRAL, r"$r_t$", "σ"),
        (candidate, CANDIDATE, r"$\tilde{h}_t$", "tanh"),
    ]:
        box(ax, x, gates, "", colour, width=46, height=46)
        label(ax, x, gates + 8, letter, size=MATHS)
        label(ax, x, gates - 13, function, size=NOTE)
    for x in (z, r):
        arrow(ax, (x - 8, x_bus), (x - 8, gates - 23))
        arrow(ax, (x + 8, h_bus), (x + 8, gates - 23))
    arrow(ax, (from_x, x_bus), (from_x, gates - 23))
    line(ax, (from_h, h_bus), (from_h, reset_at - 12))
    operator(ax, from_h, reset_at, "×")
    line(ax, (from_h, reset_at + 12), (from_h, gates - 23))
    arrow(ax, (r + 23, gates), (r + 40, gates), (r + 40, reset_at), (from_h - 12, reset_at), color=NEUTRAL)

    # What is kept, and what replaces the rest.
    arrow(ax, (z, gates + 23), (z, top - 12), color=FORGET)
    arrow(ax, (z, middle), (candidate - 12, middle), color=INPUT)
    label(ax, (z + candidate) / 2, middle + 12, r"$1-z_t$")
    arrow(ax, (candidate, gates + 23), (candidate, middle - 12), color=CANDIDATE)
    operator(ax, candidate, middle, "×")
    arrow(ax, (candidate, middle + 12), (candidate, top - 12))
    rows = [
        (FORGET, "update gate", r"$z_t=\sigma(x_t\,W_z+h_{t-1}U_z+b_z)$"),
        (NEUTRAL, "reset gate", r"$r_t=\sigma(x_t\,W_r+h_{t-1}U_r+b_r)$"),
        (CANDIDATE, "candidate", r"$\tilde{h}_t=\tanh(x_t\,W_h+b_h+r_t\odot(h_{t-1}U_h+\bar{b}_h))$"),
        (INK, "hidden state", r"$h_t=z_t\odot h_{t-1}+(1-z_t)\odot\tilde{h}_t$"),
    ]
    _equations(ax, rows, 92, left=20)
    return fig


def unit_by_word(words, states, *, wanted, title, ylabel, caption=None):
    """Show one unit after every word, for several cells, and the number that it should end with.

    Parameters
    ----------
    words : sequence of str
        What the steps are called.
    states : dict
        Name of a cell to (look, values): look is a key of `LOOKS`, values have the shape (timesteps,).
    wanted : float
        Drawn as a dotted line.
    title, ylabel : str
    caption : str, optional

    Raises
    ------
    ValueError
        If a cell has not one value a word.
    """
    states = {name: (look, np.asarray(values, float)) for name, (look, values) in states.items()}
    for name, (_, values) in states.items():
        if values.shape != (len(words),):
            raise ValueError(f"states: {name!r} has the shape {values.shape}, expected ({len(words)},), one a word")
    told = "; ".join(f"{name}: {', '.join(map(decimal, values))}" for name, (_, values) in states.items())
    show(
        _unit_by_word(words, states, wanted, ylabel),
        title=title,
        alt=f"{ylabel.capitalize()} of one unit after each of the words {', '.join(words)}. {told}. "
        f"A dotted line marks the number to be kept, {decimal(wanted)}.",
        caption=caption or f"One mark a word; the dotted line is the number to be kept, {decimal(wanted)}.",
    )


@applied()
def _unit_by_word(words, states, wanted, ylabel):
    fig, ax = subplots(height=280)
    steps = np.arange(len(words))
    ax.axhline(wanted, **SERIES["majority"])
    for name, (look, values) in states.items():
        ax.plot(steps, values, label=name, **LOOKS[look])
    ax.set_xticks(steps, words)
    ax.set(xlabel="word read", ylabel=ylabel)
    _legend_above(fig, ax, ["to be kept"])
    return fig


def over_steps(steps, lines, *, title, ylabel, xlabel="time step", level=None, trained_to=None, caption=None):
    """Show a quantity along a sequence for several networks, every seed in a thin line, the mean in a full one.

    Parameters
    ----------
    steps : sequence of numbers
    lines : dict
        Name to (look, values): look is a key of `LOOKS`, values have the shape (seeds, steps).
    title, ylabel, xlabel : str
    level : (str, float), optional
        Name and height of a dotted line, for instance chance.
    trained_to : number, optional
        Drawn as a vertical line: the length of the sequences that the networks were trained on.
    caption : str, optional

    Raises
    ------
    ValueError
        If values do not have the shape (seeds, steps).
    """
    steps = np.asarray(steps)
    lines = {name: (look, np.asarray(values, float)) for name, (look, values) in lines.items()}
    for name, (_, values) in lines.items():
        if values.ndim != 2 or values.shape[1] != len(steps):
            raise ValueError(f"lines: {name!r} has the shape {values.shape}, expected (seeds, {len(steps)})")
    places = [0, len(steps) // 2, len(steps) - 1]
    told = []
    for name, (_, values) in lines.items():
        mean = values.mean(axis=0)
        told.append(f"{name}: " + ", ".join(f"{mean[p]:.2f} at step {steps[p]:g}" for p in places))
    alt = f"{ylabel.capitalize()} by {xlabel}, mean over the seeds. {'; '.join(told)}."
    alt += "" if level is None else f" A dotted line marks {level[0]} at {level[1]:.2f}."
    alt += "" if trained_to is None else f" A vertical line marks step {trained_to}, where the training streams end."
    show(_over_steps(steps, lines, ylabel, xlabel, level, trained_to), title=title, alt=alt, caption=caption)


@applied()
def _over_steps(steps, lines, ylabel, xlabel, level, trained_to):
    fig, ax = subplots(height=290)
    others = []
    if trained_to is not None:
        ax.axvline(trained_to, color=NEUTRAL, linewidth=1)
    if level is not None:
        ax.axhline(level[1], **SERIES["majority"])
        others.append(level[0])
    for name, (look, values) in lines.items():
        look, few = LOOKS[look], max(1, len(steps) // 10)
        ax.plot(steps, values.mean(axis=0), label=name, **look, linewidth=2.2, markevery=few)
        for row in values:
            ax.plot(steps, row, color=look["color"], linewidth=0.6)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    _legend_above(fig, ax, others)
    return fig


def scores_by_cell(rows, *, title, xlabel, baseline, unit="", caption=None):
    """Show the score of every seed for several cells, one row a cell, with a bar at their median.

    Whether a run learns a task is often a matter of all or nothing; a mean would lie where no run is.

    Parameters
    ----------
    rows : dict
        Name of a cell to (look, scores): look is a key of `LOOKS`, scores have one number a seed.
    title, xlabel : str
    baseline : (str, float)
        Name and place of a dotted line: what a model without memory scores.
    unit : str
        What follows a number in the alternative text.
    caption : str, optional
    """
    told = "; ".join(
        f"{name}: {', '.join(f'{score:.3f}{unit}' for score in sorted(scores))}" for name, (_, scores) in rows.items()
    )
    show(
        _scores_by_cell(rows, xlabel, baseline),
        title=title,
        alt=f"{xlabel.capitalize()}, one dot a seed, a bar at their median. {told}. "
        f"A dotted line marks {baseline[0]} at {baseline[1]:.3f}.",
        caption=caption or "One mark a seed, a bar at their median.",
    )


@applied()
def _scores_by_cell(rows, xlabel, baseline):
    fig, ax = subplots(height=70 + 30 * len(rows))
    ax.axvline(baseline[1], **SERIES["majority"], label=baseline[0])
    for place, (look, scores) in enumerate(rows.values()):
        colour, marker = LOOKS[look]["color"], LOOKS[look]["marker"]
        ax.plot(np.median(scores), place, "|", color=colour, markersize=18, markeredgewidth=2.5)
        ax.plot(scores, [place] * len(scores), marker, color=colour, markerfacecolor="none", markersize=6)
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set(xlabel=xlabel)
    _legend_above(fig, ax, [])
    return fig


def _equations(ax, rows, y, left=66):
    for number, (colour, name, formula) in enumerate(rows):
        equation(ax, left, y - 21 * number, name, formula, colour)


def _legend_above(fig, ax, dotted):
    """Put the legend over the axes, where no line runs, with entries for dotted guides, too."""
    handles, labels = ax.get_legend_handles_labels()
    for name in dotted:
        handles += ax.plot([], [], **SERIES["majority"])
        labels.append(name)
    fig.legend(handles, labels, loc="outside upper left", ncols=2, handlelength=2.2, columnspacing=1.2)
