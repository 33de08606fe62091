"""Figures about words: how well the next one is predicted."""

import numpy as np

from helpers.plots.style import INK, SERIES, applied, show, subplots


def perplexities(rows, *, title, caption=None):
    """Show models as rows, with one mark a seed, on a logarithmic scale of perplexity.

    Parameters
    ----------
    rows : dict
        Name to (kind, values): kind is a key of `helpers.plots.style.SERIES`, values one perplexity a seed.
    title : str
    caption : str, optional

    Raises
    ------
    ValueError
        For a perplexity below 1, which no model can have.
    """
    for name, (_, values) in rows.items():
        if not np.min(values) >= 1:
            raise ValueError(f"{name}: got a perplexity of {np.min(values):g}, expected 1 or more")
    told = []
    for name, (_, values) in rows.items():
        spread = (
            f" ({min(values):.1f} to {max(values):.1f} over {len(values)} seeds)" if len(values) > 1 else ""
        )
        told.append(f"{name} {np.mean(values):.1f}{spread}")
    show(
        _perplexities(rows),
        title=title,
        alt=f"Dot plot of perplexities, lower is better. {'; '.join(told)}.",
        caption=caption
        or "One mark a seed, the stroke is their mean. Further left is better; the scale is logarithmic.",
    )


@applied()
def _perplexities(rows):
    fig, ax = subplots(height=75 + 28 * len(rows))
    for row, (kind, values) in enumerate(rows.values()):
        mean, look = np.mean(values), SERIES[kind]
        ax.plot([mean] * 2, [row - 0.3, row + 0.3], color=INK, linewidth=1)
        lanes = row + np.linspace(-0.2, 0.2, len(values)) if len(values) > 1 else [row]
        ax.plot(values, lanes, color=look["color"], marker=look["marker"] or "o", markersize=5, linestyle="")
        ax.annotate(
            f"{mean:.1f}",
            (max(values), row),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            fontsize=11,
        )
    low = min(min(values) for _, values in rows.values())
    high = max(max(values) for _, values in rows.values())
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000) if low / 2 <= tick <= 2 * high]
    ax.set_xscale("log")
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlabel="perplexity", ylim=(len(rows) - 0.4, -0.6), xlim=(low / 1.25, high * 1.7))
    ax.tick_params(axis="y", length=0)
    return fig
