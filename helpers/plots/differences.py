"""How far models are ahead of one of them, or behind: differences as dots, every draw of the wires or seed visible."""

import numpy as np

from helpers.plots.style import INK, NEUTRAL, SERIES, applied, show, subplots


def dots(rows, *, against, title, each="draw", caption=None):
    """Show models as rows, with one mark a draw or seed: how far each is ahead of another model, or behind it.

    Parameters
    ----------
    rows : dict
        Name to (kind, values, interval): kind is a key of `helpers.plots.style.SERIES`, values one difference in
        accuracy a mark, and interval the (low, high) of their mean, which becomes a grey bar.
    against : str
        The model that the rows are compared with: the solid line at 0.
    title : str
    each : str
        What a mark is, ``"draw"`` or ``"seed"``.
    caption : str, optional
    """
    told = []
    for name, (_, values, (low, high)) in rows.items():
        words = f"{name} {_signed(np.mean(values))} (interval {_signed(low)} to {_signed(high)})"
        if len(values) > 1:
            words += f", ahead in {np.sum(np.array(values) > 0)} of {len(values)} {each}s"
        told.append(words)
    show(
        _dots(rows, against),
        title=title,
        alt=f"Dot plot of differences in accuracy to {against}. {'; '.join(told)}.",
        caption=caption or f"One mark a {each}; the stroke is their mean, the bar its 95 % interval.",
    )


def _signed(value):
    return f"{value:+.3f}".replace("-", "−")


@applied()
def _dots(rows, against):
    fig, ax = subplots(height=75 + 44 * len(rows))
    for row, (kind, values, interval) in enumerate(rows.values()):
        ax.plot(interval, [row, row], color=NEUTRAL, linewidth=2, solid_capstyle="butt")
        ax.plot([np.mean(values)] * 2, [row - 0.38, row + 0.38], color=INK, linewidth=1)
        look = SERIES[kind]
        lanes = row + np.linspace(-0.32, 0.32, len(values)) if len(values) > 1 else [row]
        ax.plot(values, lanes, color=look["color"], marker=look["marker"] or "o", markersize=4, linestyle="")
    ax.axvline(0, color=SERIES["linear"]["color"], linewidth=1.2)
    ax.annotate(against, (0, 1), (0, 4), ("data", "axes fraction"), "offset points", ha="center")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel="difference in accuracy", ylim=(len(rows) - 0.5, -0.6))
    ax.margins(x=0.1)
    ax.locator_params(axis="x", nbins=4)  # the names of the rows leave little room for numbers
    ax.tick_params(axis="y", length=0)
    return fig
