"""Figures of the newswires themselves: their lengths, their topics, and what padded ids look like."""

import numpy as np

from helpers.plots.style import NEUTRAL, PLOT_WIDTH, SERIES, applied, show, subplots

ACCENT = SERIES["feed_forward"]["color"]


def lengths(lengths, limit):
    """Show how long the newswires are, and which of them are shorter than a limit.

    Parameters
    ----------
    lengths : int array, shape (wires,)
        Ids per wire.
    limit : int
        Wires with fewer ids are drawn in colour.
    """
    lengths = np.asarray(lengths)
    short = lengths < limit
    show(
        _lengths(lengths, limit),
        title="How long the newswires are",
        alt=f"Histogram of {len(lengths):,} newswires by length. Half of them have {np.median(lengths):.0f} ids or "
        f"fewer, and a long tail reaches {lengths.max():,}. {short.sum():,} wires, {short.mean():.0%}, are shorter "
        f"than {limit} ids; they are drawn in colour.",
        caption=f"Coloured: the wires with fewer than {limit} ids. Wires beyond 600 ids are counted in the last bar.",
    )


@applied()
def _lengths(lengths, limit):
    fig, ax = subplots(height=230)
    edges = np.arange(0, 610, 10)
    counts, _ = np.histogram(np.minimum(lengths, 599), edges)
    colours = [ACCENT if edge < limit else NEUTRAL for edge in edges[:-1]]
    ax.bar(edges[:-1], counts, width=10, align="edge", color=colours)
    ax.set(xlabel="ids in a newswire", ylabel="newswires", xlim=(0, 600))
    return fig


def topics(names, counts):
    """Show how often each topic occurs.

    Parameters
    ----------
    names : sequence of str
    counts : int array, shape (topics,)
        Wires per topic; topics without a wire are left out.
    """
    pairs = sorted(zip(counts, names, strict=True), reverse=True)
    pairs = [(int(count), name) for count, name in pairs if count]
    total = sum(count for count, _ in pairs)
    rare = sum(count < 10 for count, _ in pairs)
    show(
        _topics(pairs),
        title="Newswires per topic",
        alt=f"Bar chart of {len(pairs)} topics by number of wires, on a logarithmic scale. {pairs[0][1]} has "
        f"{pairs[0][0]} of {total} wires, {pairs[1][1]} {pairs[1][0]}, and {rare} topics have fewer than ten.",
        caption="The scale is logarithmic: each step to the right is ten times as many wires.",
    )


@applied()
def _topics(pairs):
    fig, ax = subplots(height=50 + 17 * len(pairs))
    for row, (count, _) in enumerate(pairs):
        ax.barh(row, count, color=ACCENT if row == 0 else NEUTRAL, height=0.7)
        ax.text(count * 1.08, row, f"{count}", va="center_baseline", fontsize=13)
    ax.set_yticks(range(len(pairs)), [name for _, name in pairs], fontsize=13)
    end = 3 * pairs[0][0]  # room for the number behind the longest bar
    ax.set(xscale="log", xlabel="newswires", xlim=(0.8, end), ylim=(len(pairs) - 0.4, -0.6))
    powers = 10 ** np.arange(int(np.log10(end)) + 1)
    ax.set_xticks(powers, [f"{power:,}" for power in powers])
    ax.tick_params(axis="y", length=0)
    return fig


def fed_to_the_network(ids, words):
    """Show one padded wire as the numbers that a network on raw ids receives.

    Parameters
    ----------
    ids : int array, shape (timesteps,)
        Padded with zeros after the text.
    words : sequence of str
        The text's words, start mark included.
    """
    ids = np.asarray(ids)
    if ids.ndim != 1 or len(words) > len(ids):
        raise ValueError(
            f"ids: got shape {ids.shape} for {len(words)} words, expected one id a step, at least one a word"
        )
    biggest = int(ids.argmax())
    show(
        _fed_to_the_network(ids, words),
        title="What arrives at the network, step by step",
        alt=f"A wire of {len(words)} ids, one bar a step, on a logarithmic scale. The ids jump between {ids[0]} and "
        f"{ids[biggest]:,} ({words[biggest]!r}), and after step {len(words)} come {len(ids) - len(words)} zeros.",
        caption="Each bar is one word's id. The grey dots are padding: zeros after the last word.",
    )


@applied()
def _fed_to_the_network(ids, words):
    text = np.arange(len(ids)) < len(words)
    places = np.cumsum(np.where(text, 1, 1 / 3)) - 1  # words need room for their names, padding does not
    fig, ax = subplots(width=max(PLOT_WIDTH, 13 * places[-1] + 70), height=300)
    ax.bar(
        places[text],
        np.maximum(ids[text], 1) - 0.5,
        bottom=0.5,
        color=SERIES["vanilla_rnn"]["color"],
        width=0.7,
    )
    ax.plot(places[~text], np.full((~text).sum(), 0.7), ".", color=NEUTRAL, markersize=3.5)
    for place, number, word in zip(places, ids, words, strict=False):
        ax.text(place, number * 1.3 + 1, word, rotation=90, ha="center", va="bottom", fontsize=11)
    marked = [*range(0, len(words), 5), len(ids) - 1]
    ax.set_xticks(places[marked], marked)
    ax.set(
        yscale="log",
        ylim=(0.5, ids.max() * 60),
        xlabel="step",
        ylabel="id (logarithmic)",
        xlim=(-1, places[-1] + 1),
    )
    return fig
