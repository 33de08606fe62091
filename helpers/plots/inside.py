"""Figures of chapter 8: gates under the words of a newswire, when an answer is found, and what values gates take."""

import numpy as np
from matplotlib.colors import to_rgb

from helpers.plots.style import FORGET, INK, INPUT, NEUTRAL, OUTPUT, SERIES, WIDTH, applied, show, subplots

GATES = {"forget": FORGET, "input": INPUT, "output": OUTPUT}
COLUMN = 15  # CSS pixels a word
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
    height = len(gates) * (row * len(order) + 22) + 80
    fig, axes = subplots(len(gates), width=width_for(words), height=height, squeeze=False, sharex=True)
    for ax, (name, values) in zip(axes[:, 0], gates.items(), strict=True):
        pixels = np.empty((len(order), len(words), 4))
        pixels[..., :3] = to_rgb(GATES[name])
        pixels[..., 3] = values.T[order]
        ax.imshow(pixels, aspect="auto", interpolation="none")
        ax.set_title(f"{name} gate", loc="left", fontsize=11, pad=3)
        ax.set_yticks([])
        ax.set_ylabel("units", fontsize=10)
    word_ticks(axes[-1, 0], words)
    return fig


def answer_by_word(words, probabilities, *, title, caption=None):
    """Show what the network would answer if the text ended after each word.

    Parameters
    ----------
    words : sequence of str
        One a token.
    probabilities : dict
        Topic to its probability after each word, for at most four topics.
    title : str
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
    ends = ", ".join(f"{name} {row[-1]:.2f}" for name, row in probabilities.items())
    show(
        _answer_by_word(words, probabilities),
        title=title,
        alt=f"Probability of {len(probabilities)} topics after each of {len(words)} words: {'; '.join(told)}. "
        f"At the end: {ends}.",
        caption=caption,
    )


@applied()
def _answer_by_word(words, probabilities):
    fig, ax = subplots(width=width_for(words), height=260)
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
        raise ValueError(f"untrained: expected the same gates, {', '.join(trained)}; got {', '.join(untrained)}")
    told = []
    for name in trained:
        ends = []
        for values in (np.ravel(trained[name]), np.ravel(untrained[name])):
            values = checked(values, len(values), name)
            shut, is_open = np.mean(values < 0.1), np.mean(values > 0.9)
            ends.append(f"mean {values.mean():.2f}, nearly shut {shut:.2f} and nearly open {is_open:.2f} of the time")
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
            (trained[name], {"histtype": "stepfilled", "color": GATES[name], "alpha": 0.8, "label": "trained"}),
            (untrained[name], {"histtype": "step", "color": INK, "linewidth": 1.5, "label": "untrained"}),
        ):
            values = np.ravel(values)
            ax.hist(values, bins, weights=np.full(values.size, 1 / values.size), **look)
        for bound in (0.1, 0.9):
            ax.axvline(bound, color=NEUTRAL, linewidth=1, linestyle=(0, (2, 2)))
        ax.set_title(f"{name} gate", loc="left", fontsize=11, pad=3)
        ax.set(xlim=(0, 1), ylabel="share")
        ax.legend(loc="upper left" if np.mean(trained[name]) > 0.5 else "upper right", fontsize=10)
    axes[-1, 0].set_xlabel("value of the gate")
    return fig


def width_for(words):
    """Return the width of a figure in which each word has its column."""
    return max(WIDTH, COLUMN * len(words) + 60)


def word_ticks(ax, words):
    """Write the words along the horizontal axis, upright."""
    ax.set_xlim(-0.5, len(words) - 0.5)
    ax.set_xticks(range(len(words)), words, rotation=90, fontsize=10)
    ax.tick_params(axis="x", length=2, color=INK)


def checked(values, words, name):
    """Return values between 0 and 1, a row for each word, or say what is wrong with them."""
    values = np.asarray(values, float)
    if len(values) != words:
        raise ValueError(f"{name}: expected values for {words} words, got {len(values)}")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{name}: expected values from 0 to 1, got {values.min()} to {values.max()}")
    return values
