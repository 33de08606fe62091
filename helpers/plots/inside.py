"""Figures of chapter 8: a newswire with the gates under it, what gates hold, and what becomes of the answer without."""

import numpy as np
from matplotlib.colors import to_rgb

from helpers.plots.style import (
    FORGET,
    INK,
    INPUT,
    LINES,
    NEUTRAL,
    OUTPUT,
    SERIES,
    WIDTH,
    applied,
    show,
    subplots,
)

GATES = {"forget": FORGET, "input": INPUT, "output": OUTPUT}
COLUMN = 13  # CSS pixels a word: 29 of them fit the width at which a phone need not scroll
LOOKS = (SERIES["lstm"], SERIES["linear"], SERIES["feed_forward"], SERIES["random_forest"])


def gate_strips(words, gates, *, title, order=None, caption=None):
    """Show the gates of every unit at every word, as strips of colour under the words.

    Parameters
    ----------
    words : sequence of str
        One a token.
    gates : dict
        "forget", "input" and "output", or some of them, to an array of shape (timesteps, units) between 0 and 1.
    title : str
    order : sequence of int, optional
        Units from top to bottom; by default in the order of their mean forget gate, the highest on top.
    caption : str, optional
    """
    gates = {name: checked(values, len(words), name) for name, values in gates.items()}
    strange = [name for name in gates if name not in GATES]
    if strange or not gates:
        raise ValueError(f"gates: expected {', '.join(GATES)} or some of them, got {strange or 'none'}")
    first = next(iter(gates.values()))
    order = np.argsort(-first.mean(axis=0), kind="stable") if order is None else np.asarray(order)
    told = []
    for name, values in gates.items():
        mean = values.mean(axis=1)
        low, high = int(mean.argmin()), int(mean.argmax())
        told.append(
            f"{name} gate: mean {mean.mean():.2f}, lowest at {words[low]!r} ({mean[low]:.2f}), "
            f"highest at {words[high]!r} ({mean[high]:.2f})"
        )
    show(
        _gate_strips(words, gates, order),
        title=title,
        alt=f"A column for each of the {len(words)} words, a row for each of the {first.shape[1]} units; the "
        f"stronger the colour, the more open the gate. {'; '.join(told)}.",
        caption=caption,
    )


@applied()
def _gate_strips(words, gates, order):
    row = 4
    height = len(gates) * (row * len(order) + 26) + 80
    fig, axes = subplots(len(gates), width=width_for(words), height=height, squeeze=False, sharex=True)
    for ax, (name, values) in zip(axes[:, 0], gates.items(), strict=True):
        pixels = np.empty((len(order), len(words), 4))
        pixels[..., :3] = to_rgb(GATES[name])
        pixels[..., 3] = values.T[order]
        ax.imshow(pixels, aspect="auto", interpolation="none")
        ax.set_title(f"{name} gate", loc="left", fontsize=12, pad=5, y=1)  # a given y keeps it beside the key
        ax.set_yticks([])
        ax.set_ylabel("units", fontsize=11)
        openness_key(ax, name)
    word_ticks(axes[-1, 0], words)
    return fig


def openness_key(ax, gate):
    """Show above a strip, on the right, how a gate looks that is shut, half open and open."""
    for place, value in enumerate((0, 0.5, 1)):
        right = 1 - 0.13 * (2 - place)
        box = ax.inset_axes([right - 0.045, 1.035, 0.045, 0.08])
        box.imshow([[(*to_rgb(GATES[gate]), value)]], aspect="auto", interpolation="none")  # painted as the strip is
        box.set(xticks=[], yticks=[])
        box.spines[:].set(visible=True, color=NEUTRAL, linewidth=0.8)
        beside = {"transform": ax.transAxes, "ha": "right", "va": "center", "fontsize": 11}
        ax.text(right - 0.055, 1.075, f"{value:g}", **beside)


def answer_by_word(words, probabilities, *, title, text_ends=None, caption=None):
    """Show what the network would answer if the text ended after each word.

    Parameters
    ----------
    words : sequence of str
        One a token.
    probabilities : dict
        Topic to its probability after each word, for at most four topics.
    title : str
    text_ends : int, optional
        Number of the last word of the text, where padding follows it; a vertical line marks it.
    caption : str, optional
    """
    probabilities = {name: checked(values, len(words), name) for name, values in probabilities.items()}
    if not 1 <= len(probabilities) <= len(LOOKS):
        raise ValueError(f"probabilities: expected one to {len(LOOKS)} topics, got {len(probabilities)}")
    told = []
    for name, values in probabilities.items():
        sure = np.flatnonzero(values > 0.5)
        if sure.size:
            told.append(f"{name} is first above one half after {words[sure[0]]!r} ({values[sure[0]]:.2f})")
    told = told or ["no topic is ever above one half"]
    things = "words" if text_ends is None else "words and zeros"
    ends = ", ".join(f"{name} {row[-1]:.2f}" for name, row in probabilities.items())
    if text_ends is not None:
        there = ", ".join(f"{name} {row[text_ends]:.2f}" for name, row in probabilities.items())
        told.append(f"a vertical line marks the last word of the text, {words[text_ends]!r}: {there}")
    show(
        _answer_by_word(words, probabilities, text_ends),
        title=title,
        alt=f"Probability of {len(probabilities)} topics after each of {len(words)} {things}: {'; '.join(told)}. "
        f"At the end: {ends}.",
        caption=caption,
    )


@applied()
def _answer_by_word(words, probabilities, text_ends=None):
    fig, ax = subplots(width=width_for(words), height=260)
    if text_ends is not None:
        ax.axvline(text_ends + 0.5, color=NEUTRAL, linewidth=1)
    for look, (name, values) in zip(LOOKS, probabilities.items(), strict=False):
        ax.plot(values, label=name, **look | {"markersize": 4})
    ax.set(ylim=(-0.03, 1.03), ylabel="probability")
    word_ticks(ax, words)
    fig.legend(loc="outside upper left", ncols=len(probabilities), borderaxespad=0.3)
    return fig


def gate_values(trained, untrained, *, title, caption=None):
    """Show how often gates take which values, in a trained network and in the same network before training.

    Parameters
    ----------
    trained, untrained : dict
        "forget", "input" and "output", or some of them, to an array of values between 0 and 1, of any shape: the
        gates of all units at all tokens.
    title : str
    caption : str, optional

    Notes
    -----
    The bounds 0.1 and 0.9 for a gate that is nearly shut or nearly open are those of Karpathy, Johnson & Li (2015),
    https://arxiv.org/abs/1506.02078.
    """
    strange = [name for name in trained if name not in GATES]
    if strange or not trained:
        raise ValueError(f"trained: expected {', '.join(GATES)} or some of them, got {strange or 'none'}")
    if set(untrained) != set(trained):
        raise ValueError(
            f"untrained: expected the same gates, {', '.join(trained)}; got {', '.join(untrained)}"
        )
    told = []
    for name in trained:
        ends = []
        for values in (np.ravel(trained[name]), np.ravel(untrained[name])):
            values = checked(values, len(values), name)
            shut, is_open = np.mean(values < 0.1), np.mean(values > 0.9)
            ends.append(
                f"mean {values.mean():.2f}, nearly shut {shut:.2f} and nearly open {is_open:.2f} of the time"
            )
        told.append(f"{name} gate: {ends[0]}; untrained {ends[1]}")
    show(
        _gate_values(trained, untrained),
        title=title,
        alt=f"Distribution of the values of each gate. {'. '.join(told)}.",
        caption=caption,
    )


@applied()
def _gate_values(trained, untrained):
    fig, axes = subplots(len(trained), height=105 * len(trained) + 45, squeeze=False, sharex=True)
    bins = np.linspace(0, 1, 41)
    for ax, name in zip(axes[:, 0], trained, strict=True):
        for values, look in (
            (
                trained[name],
                {"histtype": "stepfilled", "color": GATES[name], "label": "trained"},
            ),
            (untrained[name], {"histtype": "step", "color": INK, "linewidth": 1.5, "label": "untrained"}),
        ):
            values = np.ravel(values)
            ax.hist(values, bins, weights=np.full(values.size, 1 / values.size), **look)
        for bound in (0.1, 0.9):
            ax.axvline(bound, color=NEUTRAL, linewidth=1, linestyle=(0, (2, 2)))
        ax.set_title(f"{name} gate", loc="left", fontsize=12, pad=3)
        ax.set(xlim=(0, 1), ylabel="share")
        ax.legend(loc="upper left" if np.mean(trained[name]) > 0.5 else "upper right", fontsize=11)
    axes[-1, 0].set_xlabel("value of the gate")
    return fig


def accuracy_by_start(starts, accuracies, *, unchanged, majority, linear, title, caption=None):
    """Show the accuracy of a network that is interfered with from some word on, against where that begins.

    Parameters
    ----------
    starts : sequence of int
        Words that are read as ever.
    accuracies : dict
        What is done to one accuracy for each start; at most four.
    unchanged, majority, linear : float
        Accuracy of the network as it is, of the majority class and of the linear model; horizontal lines.
    title : str
    caption : str, optional
    """
    accuracies = {name: checked(values, len(starts), name) for name, values in accuracies.items()}
    if not 1 <= len(accuracies) <= len(LINES):
        raise ValueError(f"accuracies: expected one to {len(LINES)} lines, got {len(accuracies)}")
    told = []
    for name, values in accuracies.items():
        told.append(
            f"{name}: {', '.join(f'{v:.3f} from {s} on' for s, v in zip(starts, values, strict=True))}"
        )
    show(
        _accuracy_by_start(starts, accuracies, unchanged, majority, linear),
        title=title,
        alt=f"Accuracy by the number of words read before. {'; '.join(told)}. "
        f"Unchanged {unchanged:.3f}, majority {majority:.3f}, linear {linear:.3f}.",
        caption=caption,
    )


@applied()
def _accuracy_by_start(starts, accuracies, unchanged, majority, linear):
    fig, ax = subplots(height=290)
    for style, (name, values) in zip(LINES, accuracies.items(), strict=False):
        ax.plot(starts, values, label=name, **SERIES["lstm"] | {"linestyle": style})
    for name, level, look in guides(unchanged, majority, linear):
        ax.axhline(level, label=name, **look)
    ax.set(xlabel="words read as ever", ylabel="accuracy")
    fig.legend(loc="outside upper left", ncols=2, borderaxespad=0.3, handlelength=3)
    return fig


def accuracy_by_held(values, accuracies, *, gate, computed, unchanged, majority, linear, title, caption=None):
    """Show the accuracy of a network whose gates of one kind are all held at one value, against that value.

    Parameters
    ----------
    values, accuracies : sequence of float
        Where the gate was held, from 0 to 1, and the accuracy with it.
    gate : {"forget", "input", "output"}
    computed : float
        Mean of the gate as the network computes it; a mark on the horizontal axis.
    unchanged, majority, linear : float
        Horizontal lines; as in `accuracy_by_start`.
    title : str
    caption : str, optional
    """
    if gate not in GATES:
        raise ValueError(f"gate: expected {', '.join(GATES)}, got {gate!r}")
    values = checked(values, len(values), "values")
    accuracies = checked(accuracies, len(values), "accuracies")
    told = ", ".join(f"{a:.3f} at {v:g}" for v, a in zip(values, accuracies, strict=True))
    show(
        _accuracy_by_held(values, accuracies, gate, computed, unchanged, majority, linear),
        title=title,
        alt=f"Accuracy by the value at which the {gate} gate is held: {told}. The network's own mean is "
        f"{computed:.2f}. Unchanged {unchanged:.3f}, majority {majority:.3f}, linear {linear:.3f}.",
        caption=caption,
    )


@applied()
def _accuracy_by_held(values, accuracies, gate, computed, unchanged, majority, linear):
    fig, ax = subplots(height=270)
    ax.plot(values, accuracies, label=f"{gate} gate held", **SERIES["lstm"])
    for name, level, look in guides(unchanged, majority, linear):
        ax.axhline(level, label=name, zorder=1, **look)
    ax.axvline(computed, color=GATES[gate], linestyle=LINES[1], linewidth=1.5, label="its own mean", zorder=1)
    ax.set(xlabel=f"value of every {gate} gate", ylabel="accuracy")
    fig.legend(loc="outside upper left", ncols=2, borderaxespad=0.3, handlelength=3)
    return fig


def state_by_word(words, states, *, holds_from, title, caption=None):
    """Show states along a text, each standardised, with the word from which on a property of the text holds.

    Parameters
    ----------
    words : sequence of str
        One a token.
    states : dict
        Name to one number a word, at most four: the first is the unit, the others what it is held against.
    holds_from : int
        Number of the first word at which the property holds; a vertical line stands before it.
    title : str
    caption : str, optional
    """
    states = {name: np.asarray(values, float) for name, values in states.items()}
    if not 1 <= len(states) <= len(LINES):
        raise ValueError(f"states: expected one to {len(LINES)}, got {len(states)}")
    told = []
    for name, values in states.items():
        if values.shape != (len(words),) or not np.isfinite(values).all():
            raise ValueError(
                f"{name}: expected {len(words)} finite numbers, one a word, got shape {values.shape}"
            )
        before, after = values[:holds_from], values[holds_from:]
        if not (len(before) and len(after)):
            raise ValueError(f"holds_from: expected 1 to {len(words) - 1}, got {holds_from}")
        told.append(f"{name}: mean {before.mean():+.2f} before and {after.mean():+.2f} from there on")
    show(
        _state_by_word(words, states, holds_from),
        title=title,
        alt=f"States at each of {len(words)} words; the property holds from word {holds_from + 1} on, "
        f"{words[holds_from]!r}. {'; '.join(told)}.",
        caption=caption,
    )


@applied()
def _state_by_word(words, states, holds_from):
    fig, ax = subplots(width=width_for(words), height=250)
    for place, (style, (name, values)) in enumerate(zip(LINES, states.items(), strict=False)):
        look = SERIES["lstm"] | {"markersize": 4} if place == 0 else {"color": INK}
        ax.plot(values, label=name, **look | {"linestyle": style})
    ax.axvline(holds_from - 0.5, **SERIES["majority"])
    ax.axhline(0, color=NEUTRAL, linewidth=0.8, zorder=1)
    ax.set_ylabel("state, standardised")
    word_ticks(ax, words)
    fig.legend(loc="outside upper left", ncols=2, borderaxespad=0.3, handlelength=3)
    return fig


def by_unit(accuracies, *, beside=(), unchanged, majority, linear, named=(), title, caption=None):
    """Show the accuracy without each unit, one dot a unit, sorted.

    Parameters
    ----------
    accuracies : array of shape (units,)
    beside : sequence of float, optional
        What the units are held against: the accuracy without each of some random directions; empty circles below.
    unchanged, majority, linear : float
        Vertical lines; as in `accuracy_by_start`.
    named : sequence of int, optional
        Units whose number is written beside their dot.
    title : str
    caption : str, optional
    """
    accuracies = checked(accuracies, len(accuracies), "accuracies")
    worst = np.argsort(accuracies, kind="stable")[:3]
    told = ", ".join(f"{accuracies[u]:.3f} without unit {u}" for u in worst)
    others = ""
    if len(beside):
        beside = np.sort(checked(beside, len(beside), "beside"))
        lowest = ", ".join(f"{value:.3f}" for value in beside[:3])
        others = f" {len(beside)} random directions: lowest {lowest}, median {np.median(beside):.3f}."
    show(
        _by_unit(accuracies, unchanged, majority, linear, named, beside),
        title=title,
        alt=f"One dot for each of {len(accuracies)} units: the accuracy without it. Lowest: {told}; median "
        f"{np.median(accuracies):.3f}, highest {accuracies.max():.3f}.{others} Unchanged {unchanged:.3f}, "
        f"majority {majority:.3f}, linear {linear:.3f}.",
        caption=caption,
    )


@applied()
def _by_unit(accuracies, unchanged, majority, linear, named, beside=()):
    rows = [("units", np.asarray(accuracies), SERIES["lstm"])]
    if len(beside):
        empty = {"marker": "o", "color": INK, "markerfacecolor": "none"}
        rows.append(("random directions", np.asarray(beside), empty))
    fig, axes = subplots(len(rows), height=40 + 210 * len(rows), squeeze=False, sharex=True)
    for ax, (what, values, look) in zip(axes[:, 0], rows, strict=True):
        ax.plot(np.sort(values), range(len(values)), **look | {"linestyle": "", "markersize": 4})
        for name, level, line in guides(unchanged, majority, linear):
            ax.axvline(level, label=name, zorder=1, **line)
        ax.set(yticks=[], ylabel=f"{what}, sorted", ylim=(-1, len(values)))
    order = np.argsort(accuracies, kind="stable")
    for unit in named:
        place = int(np.flatnonzero(order == unit)[0])
        near = {"xytext": (7, 0), "textcoords": "offset points", "va": "center", "fontsize": 11}
        axes[0, 0].annotate(f"unit {unit}", (accuracies[unit], place), **near)
    axes[-1, 0].set_xlabel("accuracy")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper left", ncols=3, borderaxespad=0.3)
    return fig


def guides(unchanged, majority, linear):
    """Return what an accuracy is held against, as triples of name, place and look."""
    return (
        ("majority", majority, SERIES["majority"]),
        ("unchanged", unchanged, {"color": INK, "linewidth": 1}),
        ("linear", linear, SERIES["linear"] | {"marker": ""}),
    )


def weights_of_words(words, scores, *, title, caption=None):
    """Show how much each word speaks for or against an answer, by several methods, as bars under one another.

    Parameters
    ----------
    words : sequence of str
        One a token.
    scores : dict
        Method to one number a word, above 0 for a word that speaks for the answer.
    title : str
    caption : str, optional
    """
    scores = {name: np.asarray(values, float) for name, values in scores.items()}
    told = []
    for name, values in scores.items():
        if values.shape != (len(words),) or not np.isfinite(values).all():
            raise ValueError(
                f"{name}: expected {len(words)} finite numbers, one a word, got shape {values.shape}"
            )
        order = np.argsort(values, kind="stable")
        for_it = ", ".join(f"{words[k]!r} {values[k]:+.2f}" for k in order[:-4:-1])
        against = ", ".join(f"{words[k]!r} {values[k]:+.2f}" for k in order[:3])
        told.append(f"{name}: most for it {for_it}; most against it {against}")
    show(
        _weights_of_words(words, scores),
        title=title,
        alt=f"A bar for each of {len(words)} words, up if it speaks for the answer. {'. '.join(told)}.",
        caption=caption,
    )


@applied()
def _weights_of_words(words, scores):
    height = 110 * len(scores) + 90
    fig, axes = subplots(len(scores), width=width_for(words), height=height, squeeze=False, sharex=True)
    for ax, (name, values) in zip(axes[:, 0], scores.items(), strict=True):
        colours = [SERIES["lstm"]["color"] if value > 0 else NEUTRAL for value in values]
        ax.bar(range(len(words)), values, color=colours, width=0.75)
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.set_title(name, loc="left", fontsize=12, pad=3)
        ax.set_ylabel("log-odds", fontsize=11)
    word_ticks(axes[-1, 0], words)
    return fig


def name_scores(rows, *, named, title, caption=None):
    """Show how well the best name of each unit fits, one dot a unit, for units and for what they are held against.

    Parameters
    ----------
    rows : dict
        What was searched to one score a unit, from 0 to 1.
    named : float
        From this score on a unit has a name; a vertical line.
    title : str
    caption : str, optional
    """
    rows = {name: checked(values, len(values), name) for name, values in rows.items()}
    told = "; ".join(
        f"{name}: {np.sum(values >= named)} of {len(values)} reach {named:.1f}, median {np.median(values):.2f}"
        for name, values in rows.items()
    )
    show(_name_scores(rows, named), title=title, alt=f"One dot a unit: {told}.", caption=caption)


@applied()
def _name_scores(rows, named):
    fig, ax = subplots(height=60 + 30 * len(rows))
    ax.axvline(named, **SERIES["majority"])
    for place, values in enumerate(rows.values()):
        look = SERIES["lstm"] if place == 0 else {"color": NEUTRAL, "marker": "o"}
        heights = place + 0.22 * np.sin(np.arange(len(values)) * 2.4)  # a little apart, so that each is seen
        ax.plot(values, heights, linestyle="", markersize=4, color=look["color"], marker=look["marker"])
        ax.text(1.02, place, f"{np.sum(values >= named)}", va="center", fontsize=12)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 1.08), ylim=(len(rows) - 0.4, -0.6), xlabel="score of the best name")
    ax.set_xticks([0, 0.5, named, 1])
    return fig


def learned(counts, seeds, *, title, caption=None):
    """Show how many seeds learned each task, for several cells: one circle a seed, filled where it learned.

    Parameters
    ----------
    counts : dict
        Name of a cell to a dict from the name of a task to the number of seeds that learned it.
    seeds : int
        Seeds that tried.
    title : str
    caption : str, optional
    """
    tasks = list(next(iter(counts.values()), {}))
    if not tasks or any(list(row) != tasks for row in counts.values()):
        raise ValueError("counts: expected the same tasks for every cell, one at least")
    strange = [n for row in counts.values() for n in row.values() if not 0 <= n <= seeds]
    if strange:
        raise ValueError(f"counts: expected numbers from 0 to {seeds}, got {strange[0]}")
    told = "; ".join(
        f"{cell}: {', '.join(f'{task} {n}' for task, n in row.items())}" for cell, row in counts.items()
    )
    show(
        _learned(counts, tasks, seeds),
        title=title,
        alt=f"How many of {seeds} seeds learned each task. {told}.",
        caption=caption or "One circle a seed, filled where it learned the task.",
    )


@applied()
def _learned(counts, tasks, seeds):
    fig, ax = subplots(width=WIDTH, height=70 + 26 * len(counts))
    for place, row in enumerate(counts.values()):
        for column, task in enumerate(tasks):
            xs = column + (np.arange(seeds) - (seeds - 1) / 2) * 0.8 / seeds
            for k, x in enumerate(xs):
                inside = SERIES["lstm"]["color"] if k < row[task] else "none"
                ax.plot(x, place, "o", color=SERIES["lstm"]["color"], markerfacecolor=inside, markersize=6)
    ax.set_yticks(range(len(counts)), counts)
    ax.set_xticks(range(len(tasks)), [task.replace(", ", "\n") for task in tasks], fontsize=11)
    ax.set(xlim=(-0.5, len(tasks) - 0.5), ylim=(len(counts) - 0.5, -0.5))
    ax.tick_params(length=0)
    ax.xaxis.tick_top()
    ax.spines[["left", "bottom"]].set_visible(False)
    return fig


def width_for(words):
    """Return the width of a figure in which each word has its column."""
    return max(WIDTH, COLUMN * len(words) + 60)


def word_ticks(ax, words):
    """Write the words along the horizontal axis, upright."""
    ax.set_xlim(-0.5, len(words) - 0.5)
    ax.set_xticks(range(len(words)), words, rotation=90, fontsize=11)
    ax.tick_params(axis="x", length=2, color=INK)


def checked(values, words, name):
    """Return values between 0 and 1, a row for each word, or say what is wrong with them."""
    values = np.asarray(values, float)
    if len(values) != words:
        raise ValueError(f"{name}: expected values for {words} words, got {len(values)}")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{name}: expected values from 0 to 1, got {values.min()} to {values.max()}")
    return values
