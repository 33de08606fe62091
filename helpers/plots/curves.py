"""Line figures: how a training went, and how a score changes with something."""

import numpy as np

from helpers.plots.style import LINES, SERIES, applied, show, subplots


def learning_curves(curves, *, title, ylabel="accuracy", majority=None, caption=None):
    """Show one quantity by epoch for several runs.

    Parameters
    ----------
    curves : dict
        Name to (kind, values): kind is a key of `helpers.plots.style.SERIES`, values hold one number an epoch.
    title, ylabel : str
    majority : float, optional
        Drawn as a dotted line: what always giving the most frequent answer scores.
    caption : str, optional
    """
    ends = "; ".join(
        f"{name} goes from {values[0]:.2f} to {values[-1]:.2f}" for name, (_, values) in curves.items()
    )
    line = "" if majority is None else f" A dotted line marks the majority class at {majority:.2f}."
    epochs = max(len(values) for _, values in curves.values())
    show(
        _learning_curves(curves, ylabel, majority),
        title=title,
        alt=f"{ylabel.capitalize()} over {epochs} epochs: {ends}.{line}",
        caption=caption,
    )


@applied()
def _learning_curves(curves, ylabel, majority):
    fig, ax = subplots(height=260)
    used = []
    for name, (kind, values) in curves.items():
        look = SERIES[kind] | {"marker": "", "linestyle": LINES[used.count(kind) % len(LINES)]}
        used.append(kind)
        ax.plot(np.arange(1, len(values) + 1), values, label=name, **look | {"linewidth": 1.4})
    if majority is not None:
        ax.axhline(majority, **SERIES["majority"], label="majority class")
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.legend(loc="best")
    return fig


def score_by(x, scores, *, xlabel, title, chance=None, ylabel="accuracy", caption=None):
    """Show how a score changes with a setting.

    Parameters
    ----------
    x : sequence of numbers
    scores : dict
        Name to (kind, values): kind is a key of `helpers.plots.style.SERIES`; values of shape (x,) or, with
        several seeds, (seeds, x). Every seed is drawn, joined by the mean.
    xlabel, title, ylabel : str
    chance : float, optional
        Drawn as a dotted line.
    caption : str, optional
    """
    # A screen reader should not have to read out a long row of numbers: ends and quarters tell the shape.
    places = (
        range(len(x)) if len(x) <= 8 else [round(share * (len(x) - 1)) for share in (0, 0.25, 0.5, 0.75, 1)]
    )
    told = []
    for name, (_, values) in scores.items():
        mean = np.atleast_2d(values).mean(axis=0)
        told.append(f"{name}: " + ", ".join(f"{mean[place]:.2f} at {x[place]:g}" for place in places))
    line = "" if chance is None else f" A dotted line marks chance at {chance:.2f}."
    if caption is None and any(np.ndim(values) == 2 for _, values in scores.values()):
        caption = "One mark a seed; the line is their mean."
    show(
        _score_by(x, scores, xlabel, ylabel, chance),
        title=title,
        alt=f"{ylabel.capitalize()} by {xlabel}. {'; '.join(told)}.{line}",
        caption=caption,
    )


@applied()
def _score_by(x, scores, xlabel, ylabel, chance):
    fig, ax = subplots(height=250)
    for name, (kind, values) in scores.items():
        values = np.atleast_2d(values)
        look = SERIES[kind]
        ax.plot(x, values.mean(axis=0), label=name, **look)
        if len(values) > 1:
            for row in values:
                ax.plot(x, row, **look | {"linestyle": "", "markersize": 6, "markerfacecolor": "none"})
    if chance is not None:
        ax.axhline(chance, **SERIES["majority"], label="chance")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if len(x) <= 8:
        ax.set_xticks(list(x))
    ax.legend(loc="best")
    return fig
