"""The figure that every comparison of the book ends with: accuracies as dots, every seed visible."""

import numpy as np

from helpers.plots.style import INK, NEUTRAL, SERIES, applied, show, subplots
from helpers.scores import wilson_interval


def accuracies(rows, *, majority, linear, test_wires, title="Accuracy on the test wires", caption=None):
    """Show models as rows, with one mark a seed, beside the majority class and the linear model.

    The marks of a row stand a little below one another, the first seed on top, so that equal ones hide nothing.

    Parameters
    ----------
    rows : dict
        Name to (kind, values): kind is a key of `helpers.plots.style.SERIES`, values one accuracy a seed, for
        instance one of those that `helpers.results.accuracies` returns.
    majority : float
        Accuracy of always giving the most frequent topic; a dotted line.
    linear : float
        Accuracy of the linear model; a solid line.
    test_wires : int
        How many wires were scored: the grey bar is the 95 % Wilson interval around a row's mean, that is, what
        the choice of the test wires alone would do.
    title : str
    caption : str, optional
    """
    told = []
    for name, (_, values) in rows.items():
        spread = (
            f" ({min(values):.3f} to {max(values):.3f} over {len(values)} seeds)" if len(values) > 1 else ""
        )
        told.append(f"{name} {np.mean(values):.3f}{spread}")
    show(
        _accuracies(rows, majority, linear, test_wires),
        title=title,
        alt=f"Dot plot of accuracies. {'; '.join(told)}. The majority class scores {majority:.3f}, "
        f"the linear model {linear:.3f}.",
        caption=caption
        or f"One mark a seed; the bar is the 95 % interval that {test_wires} test wires allow around their mean, the "
        "stroke in it.",
    )


@applied()
def _accuracies(rows, majority, linear, test_wires):
    fig, ax = subplots(height=75 + 24 * len(rows))
    for row, (kind, values) in enumerate(rows.values()):
        low, high = wilson_interval(float(np.mean(values)), test_wires)
        ax.plot([low, high], [row, row], color=NEUTRAL, linewidth=2, solid_capstyle="butt")
        ax.plot([np.mean(values)] * 2, [row - 0.3, row + 0.3], color=INK, linewidth=1)
        look = SERIES[kind]
        lanes = row + np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else [row]
        ax.plot(values, lanes, color=look["color"], marker=look["marker"] or "o", markersize=4, linestyle="")
    ax.axvline(majority, **SERIES["majority"])
    ax.axvline(linear, color=SERIES["linear"]["color"], linewidth=1.2)
    for value, name in ((majority, "majority"), (linear, "linear")):
        ax.annotate(name, (value, 1), (0, 4), ("data", "axes fraction"), "offset points", ha="center")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel="accuracy", ylim=(len(rows) - 0.4, -0.6))
    ax.margins(x=0.1)  # room for the words at the lines
    ax.tick_params(axis="y", length=0)
    return fig
