"""Figures of chapter 5: gradients on their way back, a wall in the loss, and who learns across which lag."""

import numpy as np

from helpers.plots.shapes import arrow, box, canvas, decimal, decimals, label, line
from helpers.plots.style import LINES, NEUTRAL, SERIES, applied, show, subplots

FLOOR = 1e-30  # a smaller number has no place on a logarithmic axis, and is as good as zero


def there_and_back(words, states, gradients):
    """Show the states of a small cell on the way forwards, and the gradients on the way back.

    Parameters
    ----------
    words : sequence of str
        Two to five words, one a time step.
    states : array, shape (timesteps, units)
        The hidden state after each step; at most four units.
    gradients : array, shape (timesteps, units)
        The loss's gradient with respect to each of these states.

    Raises
    ------
    ValueError
        If the arrays do not have one row a word, or there are more numbers than the drawing has room for.
    """
    states, gradients = np.asarray(states, float), np.asarray(gradients, float)
    if isinstance(words, str) or not 2 <= len(words) <= 5:
        raise ValueError(f"words must be a list of two to five words, got {words!r}")
    for name, values in (("states", states), ("gradients", gradients)):
        if values.ndim != 2 or len(values) != len(words) or not 1 <= values.shape[1] <= 4:
            raise ValueError(f"{name} must have the shape ({len(words)}, 1 to 4), one row a word, got {values.shape}")
    told = "; ".join(
        f"{word}: state {decimals(h)}, gradient {decimals(d)}"
        for word, h, d in zip(words, states, gradients, strict=True)
    )
    show(
        _there_and_back(words, states, gradients),
        title="There and back",
        alt=f"{len(words)} columns, one a time step. In the upper row the hidden states, with arrows from left to "
        f"right that end in the loss; in the lower row the gradients, with arrows from the loss back to the left. "
        f"{told}.",
        caption="Above, the states, read forwards. Below, the gradient of the loss for each of them, read backwards.",
    )


@applied()
def _there_and_back(words, states, gradients):
    colour = SERIES["vanilla_rnn"]["color"]
    left, column, row = 66, 310 / len(words), 30
    width = min(column - 28, 60)
    height = row * states.shape[1]
    lower, upper = 20, 20 + height + 46  # bottom of the gradients, bottom of the states
    fig, ax = canvas(upper + height + 34)
    centres = left + column * (np.arange(len(words)) + 0.5)
    for bottom, values, edge in ((upper, states, colour), (lower, gradients, NEUTRAL)):
        for x, numbers in zip(centres, values, strict=True):
            for place, value in enumerate(numbers):
                box(ax, x, bottom + height - row * (place + 0.5), decimal(value), edge, width=width, height=row - 6)
    loss = 440 - 32
    middles = [*centres, loss]
    for before, after in zip(middles, middles[1:], strict=False):
        gap = 27 if after == loss else width / 2
        arrow(ax, (before + width / 2 + 3, upper + height / 2), (after - gap - 3, upper + height / 2))
        arrow(ax, (after - gap - 3, lower + height / 2), (before + width / 2 + 3, lower + height / 2))
    box(ax, loss, (upper + lower + height) / 2, "loss", height=upper - lower + height - 6, width=50)
    for x, word in zip(centres, words, strict=True):
        label(ax, x, upper + height + 16, word)
    for bottom, name in ((upper, "states"), (lower, "gradients")):
        label(ax, 2, bottom + height / 2, name, ha="left")
    line(ax, (left + 6, (lower + height + upper) / 2), (loss - 36, (lower + height + upper) / 2), color=NEUTRAL)
    return fig


def by_step(curves, *, title, ylabel="gradient norm", lowest=None, caption=None):
    """Show a positive quantity by time step, on a logarithmic scale, for several networks.

    Parameters
    ----------
    curves : dict
        Name to (kind, values): kind is a key of `helpers.plots.style.SERIES`; values of shape (timesteps,) or,
        with several seeds, (seeds, timesteps). The line is the geometric mean over the seeds, the band reaches
        from the smallest to the largest. NaN is left out.
    title, ylabel : str
    lowest : float, optional
        Where the axis ends below; curves may leave the figure there.
    caption : str, optional
    """
    curves = {name: (kind, np.atleast_2d(values)) for name, (kind, values) in curves.items()}
    steps = max(values.shape[1] for _, values in curves.values())
    told = "; ".join(
        f"{name} {_power(_typical(values)[0])} at the first step, {_power(_typical(values)[-1])} at the last"
        for name, (_, values) in curves.items()
    )
    seeds = max(len(values) for _, values in curves.values())
    spread = f"Lines are means over {seeds} seeds, bands reach from the smallest to the largest." * (seeds > 1)
    show(
        _by_step(curves, ylabel, lowest),
        title=title,
        alt=f"{ylabel[0].upper() + ylabel[1:]} over {steps} steps on a logarithmic scale. {told}. {spread}",
        caption=caption or spread,
    )


@applied()
def _by_step(curves, ylabel, lowest):
    fig, ax = subplots(height=260 if len(curves) <= 3 else 270 + 9 * len(curves))
    used = []
    for name, (kind, values) in curves.items():
        steps = np.arange(values.shape[1]) + 1
        look = {"color": SERIES[kind]["color"], "linestyle": LINES[used.count(kind) % len(LINES)]}
        used.append(kind)
        ax.plot(steps, _typical(values), label=name, **look)
        if len(values) > 1:
            low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
            ax.fill_between(
                steps, np.maximum(low, FLOOR), np.maximum(high, FLOOR), color=look["color"], alpha=0.18, linewidth=0
            )
    ax.set_yscale("log")
    ax.set(xlabel="step", ylabel=ylabel)
    ax.set_ylim(bottom=lowest)
    if len(curves) <= 3:
        ax.legend(loc="best")
    else:
        fig.legend(loc="outside lower center", ncols=2)
    return fig


def over_words(words, timesteps, curves, *, title="Gradients over a newswire", lowest=None, caption=None):
    """Show over the words of a wire, and over the padding behind it, how much the loss depends on each state.

    Parameters
    ----------
    words : sequence of str
        The words of the wire, from step 1 on.
    timesteps : int
        Steps that the network reads; those behind the last word are padding.
    curves : dict
        As in `by_step`, with values of shape (timesteps,) or (seeds, timesteps); NaN at masked steps.
    title : str
    lowest : float, optional
        As in `by_step`.
    caption : str, optional
    """
    if not 1 <= len(words) <= timesteps:
        raise ValueError(f"words: expected 1 to {timesteps}, the number of time steps, got {len(words)}")
    curves = {name: (kind, np.atleast_2d(values)) for name, (kind, values) in curves.items()}
    for name, (_, values) in curves.items():
        if values.shape[1] != timesteps:
            raise ValueError(f"curves: {name!r} has {values.shape[1]} steps, expected {timesteps}")
    told = []
    for name, (_, values) in curves.items():
        typical = _typical(values)
        end = "masked" if np.isnan(typical[-1]) else _power(typical[-1])
        told.append(
            f"{name}: {_power(typical[0])} at “{words[0]}”, {_power(typical[len(words) - 1])} at “{words[-1]}”, "
            f"{end} at the last step"
        )
    show(
        _over_words(words, timesteps, curves, lowest),
        title=title,
        alt=f"Gradient norm on a logarithmic scale over {len(words)} words and {timesteps - len(words)} steps of "
        f"padding. {'; '.join(told)}.",
        caption=caption,
    )


@applied()
def _over_words(words, timesteps, curves, lowest):
    fig, ax = subplots(height=340)
    padding, used = timesteps - len(words), []
    # Words need room for their names; a step of padding gets a third of it.
    steps = np.cumsum([1] * len(words) + [1 / 3] * padding) - 0.5
    if padding:
        ax.axvspan(len(words), steps[-1] + 0.5, color=NEUTRAL, alpha=0.15, linewidth=0)
        middle = (len(words) + steps[-1]) / 2
        told = f"{padding} × padding"
        ax.text(middle, 1.01, told, ha="center", va="bottom", transform=ax.get_xaxis_transform())
    for name, (kind, values) in curves.items():
        look = {"color": SERIES[kind]["color"], "linestyle": LINES[used.count(kind) % len(LINES)]}
        used.append(kind)
        ax.plot(steps, _typical(values), label=name, **look)
        if len(values) > 1:
            low, high = (np.maximum(end(values, axis=0), FLOOR) for end in (np.min, np.max))
            ax.fill_between(steps, low, high, color=look["color"], alpha=0.18, linewidth=0)
    ax.set_yscale("log")
    ax.set_xticks(steps[: len(words)], words, rotation=90, fontsize=11)
    ax.set(ylabel="gradient norm (last step: 1)", xlim=(0, steps[-1] + 0.5))
    ax.set_ylim(bottom=lowest)
    fig.legend(loc="outside lower left", ncols=1)
    return fig


def wall(bias, loss, descents):
    """Show a loss with a wall in it, and what gradient descent does there with and without clipping.

    Parameters
    ----------
    bias, loss : array, shape (points,)
        The curve.
    descents : dict
        Name to (biases, losses), the places that one descent has visited in their order. At most two.
    """
    if not 1 <= len(descents) <= 2:
        raise ValueError(f"descents must hold one or two descents, got {len(descents)}")
    told = []
    for name, (biases, losses) in descents.items():
        told.append(
            f"{name}: from {decimal(biases[0])} to {decimal(biases[-1])} in {len(biases) - 1} steps, at most "
            f"{decimal(max(biases))}, final loss {decimal(losses[-1])}"
        )
    jump = np.argmax(np.abs(np.diff(loss)))
    show(
        _wall(bias, loss, descents),
        title="A wall in the loss",
        alt=f"The loss as a function of one bias, from {decimal(bias[0])} to {decimal(bias[-1])}: "
        f"nearly flat on both sides, with a wall at {decimal(bias[jump])}. {'; '.join(told)}.",
        caption="Every mark is a step of gradient descent. Both descents begin at the same place; mind the axes.",
    )


@applied()
def _wall(bias, loss, descents):
    fig, axes = subplots(len(descents), 1, height=90 + 140 * len(descents), sharey=True)
    looks = [
        {"marker": "o", "markerfacecolor": "none", "color": SERIES["feed_forward"]["color"]},
        {"marker": "s", "color": SERIES["vanilla_rnn"]["color"]},
    ]
    for ax, (name, places), look in zip(np.atleast_1d(axes), descents.items(), looks, strict=False):
        ax.plot(bias, loss, color=NEUTRAL, linewidth=1.4)
        ax.plot(*places, linewidth=0.9, linestyle=(0, (3, 2)), **look)
        ax.set_title(name, loc="left", fontsize=12)
        steep = bias[np.argmax(np.abs(np.diff(loss)))]
        reached = [steep, *places[0]]
        ax.set(ylabel="loss", xlim=(min(reached) - 0.5, max(reached) + 0.5))
    np.atleast_1d(axes)[-1].set(xlabel="bias")
    return fig


def successes(tasks, *, title="Who learns across which lag?", caption=None):
    """Show for each task, network and length which seeds have learned the task: one dot a seed.

    Parameters
    ----------
    tasks : dict
        Name of a task to a dict of rows: name of a network to (kind, results), where kind is a key of
        `helpers.plots.style.SERIES` and results is a dict of length to a list of booleans, one a seed. All rows
        have the same lengths.
    title : str
    caption : str, optional
    """
    told = []
    for task, rows in tasks.items():
        counts = "; ".join(
            f"{name} " + ", ".join(f"{sum(seeds)} of {len(seeds)} at {length}" for length, seeds in results.items())
            for name, (_, results) in rows.items()
        )
        told.append(f"{task}: {counts}.")
    show(
        _successes(tasks),
        title=title,
        alt=f"Seeds that learned a task, by length of the sequences. {' '.join(told)}",
        caption=caption or "One dot a seed: full where it has learned the task, hollow where it has not.",
    )


@applied()
def _successes(tasks):
    rows = max(len(rows) for rows in tasks.values())
    fig, axes = subplots(len(tasks), 1, height=70 * len(tasks) + 30 * rows * len(tasks), squeeze=False)
    for ax, (task, rows) in zip(axes[:, 0], tasks.items(), strict=True):
        lengths = list(next(iter(rows.values()))[1])
        for row, (kind, results) in enumerate(rows.values()):
            colour = SERIES[kind]["color"]
            for column, length in enumerate(lengths):
                learned = sorted(map(bool, results[length]), reverse=True)
                places = column + 0.15 * (np.arange(len(learned)) - (len(learned) - 1) / 2)
                ax.scatter(
                    places,
                    np.full(len(learned), row),
                    s=26,
                    facecolors=[colour if done else "none" for done in learned],
                    edgecolors=[colour if done else NEUTRAL for done in learned],
                    linewidths=1,
                )
        ax.set_title(task, loc="left", fontsize=12)
        ax.set_yticks(range(len(rows)), list(rows))
        ax.set_xticks(range(len(lengths)), lengths)
        ax.tick_params(axis="y", length=0)
        ax.set(ylim=(len(rows) - 0.4, -0.6), xlim=(-0.55, len(lengths) - 0.45))
    axes[-1, 0].set_xlabel("length of the sequences")
    return fig


def _typical(values):
    """Return the geometric mean over the seeds, at least `FLOOR`; NaN stays NaN."""
    return np.exp(np.mean(np.log(np.maximum(values, FLOOR)), axis=0))


def _power(value):
    """Write a number of any size: with two digits, or as a power of ten where it is small or large."""
    if value <= 1.01 * FLOOR:
        return "0"
    return f"{value:.2g}" if 0.001 <= value < 1000 else f"{value:.0e}".replace("-0", "-").replace("+0", "")
