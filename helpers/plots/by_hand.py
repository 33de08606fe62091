"""Figures of chapter 3: a small cell's numbers at every step, and what becomes of one unit."""

import numpy as np

from helpers.plots.shapes import arrow, box, canvas, decimal, decimals, label, line
from helpers.plots.style import NEUTRAL, SERIES, applied, show, subplots


def three_axes(words, inputs, hidden):
    """Show what time steps, features and units are: every number that goes into a cell and comes out of it.

    Parameters
    ----------
    words : sequence of str
        Two to five words, one a time step.
    inputs : array, shape (timesteps, features)
        At most three features.
    hidden : array, shape (timesteps, units)
        The hidden state after each step; at most four units.

    Raises
    ------
    ValueError
        If the arrays do not have one row a word, or there are more numbers than the drawing has room for.
    """
    inputs, hidden = np.asarray(inputs, float), np.asarray(hidden, float)
    if isinstance(words, str) or not 2 <= len(words) <= 5:
        raise ValueError(f"words must be a list of two to five words, got {words!r}")
    for name, values, most in (("inputs", inputs, 3), ("hidden", hidden, 4)):
        if values.ndim != 2 or len(values) != len(words) or not 1 <= values.shape[1] <= most:
            raise ValueError(
                f"{name} must have the shape ({len(words)}, 1 to {most}), one row a word, got {values.shape}"
            )
    told = "; ".join(
        f"{word}: input {decimals(x)}, state {decimals(h)}"
        for word, x, h in zip(words, inputs, hidden, strict=True)
    )
    features, units = inputs.shape[1], hidden.shape[1]
    show(
        _three_axes(words, inputs, hidden),
        title="Time steps, features, units",
        alt=f"{len(words)} columns, one a time step, from left to right. In each, from bottom to top: the word, "
        f"{_count(features, 'feature')} going into the cell, {_count(units, 'unit')} of hidden state coming out and "
        f"handed on to the next column. {told}.",
        caption="A column is one time step. The grey boxes go in, the coloured ones come out. "
        "The last state has a dashed line around it.",
    )


@applied()
def _three_axes(words, inputs, hidden):
    colour = SERIES["vanilla_rnn"]["color"]
    left, column, row = 82, 358 / len(words), 32
    width = min(column - 30, 64)
    below = 44 + row * inputs.shape[1]  # top of the inputs
    above = below + 30  # bottom of the states
    top = above + row * hidden.shape[1]
    fig, ax = canvas(top + 34)
    centres = left + column * (np.arange(len(words)) + 0.5)
    middle = (above + top) / 2
    for number, (x, word) in enumerate(zip(centres, words, strict=True)):
        label(ax, x, 20, word)
        for place, value in enumerate(inputs[number]):
            y = below - row * (place + 0.5)
            box(ax, x, y, decimal(value), NEUTRAL, width=width, height=row - 6)
        arrow(ax, (x, below), (x, above - 2))
        for place, value in enumerate(hidden[number]):
            y = top - row * (place + 0.5)
            box(ax, x, y, decimal(value), colour, width=width, height=row - 6)
        if number:
            arrow(ax, (centres[number - 1] + width / 2 + 2, middle), (x - width / 2 - 8, middle))
    side, low, high = width / 2 + 6, above - 2, top + 2
    corners = [(x, high), (x - side, high), (x - side, low), (x + side, low), (x + side, high), (x, high)]
    line(ax, *corners, dashed=True)
    for y, name, count in ((middle, "unit", hidden.shape[1]), ((44 + below) / 2, "feature", inputs.shape[1])):
        label(ax, 4, y, _count(count, name), ha="left")
    line(ax, (centres[0] - width / 2, top + 10), (centres[-1] + width / 2, top + 10), color=NEUTRAL)
    label(ax, centres.mean(), top + 22, _count(len(words), "time step"))
    return fig


def unit_by_word(words, states):
    """Show one unit's state after every word, for texts of the same length.

    Parameters
    ----------
    words : sequence of str
        What the steps are called.
    states : dict
        Name of a text to the unit's states, shape (timesteps,). At most two texts.

    Raises
    ------
    ValueError
        If there are more than two texts, or a text has not one state a word.
    """
    states = {name: np.asarray(values, float) for name, values in states.items()}
    if not 1 <= len(states) <= 2:
        raise ValueError(f"states must hold one or two texts, got {len(states)}")
    for name, values in states.items():
        if values.shape != (len(words),):
            raise ValueError(f"states: {name!r} has the shape {values.shape}, expected ({len(words)},)")
    told = "; ".join(f"{name}: {decimals(values)}" for name, values in states.items())
    show(
        _unit_by_word(words, states),
        title="One unit, two orders",
        alt=f"The state of one unit after each of {len(words)} words, between −1 and 1. {told}.",
        caption="One unit's state after every word; tanh keeps it between −1 and 1.",
    )


@applied()
def _unit_by_word(words, states):
    fig, ax = subplots(height=250)
    ax.axhline(0, color=NEUTRAL, linewidth=1)
    steps = np.arange(1, len(words) + 1)
    look = SERIES["vanilla_rnn"]
    looks = [look, look | {"linestyle": (0, (4, 2)), "marker": "o", "markerfacecolor": "none"}]
    for (name, values), look in zip(states.items(), looks, strict=False):
        ax.plot(steps, values, label=name, **look)
    ax.set_xticks(steps, words)
    ax.set(xlabel="word read", ylabel="state of the unit")
    fig.legend(loc="outside upper left", ncols=2, handlelength=2.2, columnspacing=1.2)
    return fig


def _count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}"
