"""The few shapes that every diagram is drawn from, and the words for numbers and lists.

Positions are in CSS pixels, counted from the lower left corner. Everything takes ``alpha``, how strong it is drawn, and
``gid``, a name for the part that it belongs to.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from helpers.plots.style import INK, NEUTRAL, WIDTH

THIN = 1.4  # width of a line
NOTE = 12  # font sizes
LABEL = 12
MATHS = 14


def canvas(height, width=WIDTH):
    """Return a figure, and axes that fill it and count in CSS pixels."""
    fig = Figure(figsize=(width / 72, height / 72), layout="none")
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    ax.axis("off")
    return fig, ax


def text_width(text, size=LABEL):
    return TextPath((0, 0), text, size=size, prop=FontProperties(family="DejaVu Sans")).get_extents().width


def label(ax, x, y, text, *, size=LABEL, ha="center", va="center_baseline", alpha=1, gid=None):
    ax.text(x, y, text, fontsize=size, color=INK, ha=ha, va=va, alpha=alpha, gid=gid)


def box(ax, x, y, text, color=None, *, width=52, height=34, alpha=1, gid=None):
    """Draw a box around its centre; with a colour it holds weights."""
    place = {"xy": (x - width / 2, y - height / 2), "width": width, "height": height, "gid": gid}
    shape = "round,pad=0,rounding_size=6"
    if color:
        ax.add_patch(FancyBboxPatch(**place, boxstyle=shape, fc=color, ec="none", alpha=0.16 * alpha))
    outline = {"ec": color or INK, "lw": 2 if color else THIN}
    ax.add_patch(FancyBboxPatch(**place, boxstyle=shape, fc="none", alpha=alpha, **outline))
    label(ax, x, y, text, size=MATHS if "$" in text else LABEL, alpha=alpha, gid=gid)


def frame(ax, left, bottom, right, top):
    """Draw the ground of a cell."""
    ax.add_patch(FancyBboxPatch((left, bottom), right - left, top - bottom, fc=NEUTRAL, ec="none", alpha=0.09,
                                boxstyle="round,pad=0,rounding_size=12"))


def operator(ax, x, y, sign, *, alpha=1, gid=None):
    """Draw an element-wise operation: a circle, and its sign as strokes so that it sits in the middle."""
    ax.add_patch(Circle((x, y), 12, fc="none", ec=INK, lw=THIN, alpha=alpha, gid=gid))
    reach = 5.5
    if sign == "×":
        reach /= np.sqrt(2)
        strokes = [((-reach, -reach), (reach, reach)), ((-reach, reach), (reach, -reach))]
    else:
        strokes = [((-reach, 0), (reach, 0)), ((0, -reach), (0, reach))]
    for (x0, y0), (x1, y1) in strokes:
        line(ax, (x + x0, y + y0), (x + x1, y + y1), alpha=alpha, gid=gid)


def line(ax, *points, color=INK, width=THIN, dashed=False, alpha=1, gid=None):
    """Draw a line through the points, its corners rounded."""
    points = [np.array(point, float) for point in points]
    vertices, codes = [points[0]], [Path.MOVETO]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        for point, code in ((before, Path.LINETO), (after, Path.CURVE3)):
            towards = point - corner
            near = corner + 7 * towards / np.hypot(*towards)
            vertices += [near] if code == Path.LINETO else [corner, near]
            codes += [code] if code == Path.LINETO else [code, code]
    path = Path([*vertices, points[-1]], [*codes, Path.LINETO])
    stroke = {"ec": color, "lw": width, "ls": (0, (3, 2)) if dashed else "-", "capstyle": "butt"}
    ax.add_patch(PathPatch(path, fc="none", alpha=alpha, gid=gid, **stroke))


def arrow(ax, *points, color=INK, width=THIN, alpha=1, gid=None):
    """Draw a line through the points that ends in an arrowhead, its tip on the last point."""
    tip, before = np.array(points[-1], float), np.array(points[-2], float)
    along = (tip - before) / np.hypot(*(tip - before))
    across = np.array([-along[1], along[0]])
    base = tip - 8 * along
    line(ax, *points[:-1], base, color=color, width=width, alpha=alpha, gid=gid)
    head = [tip, base + 4 * across, base - 4 * across]
    ax.add_patch(Polygon(head, fc=color, ec="none", alpha=alpha, gid=gid))


def equation(ax, left, y, name, formula, color, *, alpha=1, gid=None):
    """Write a name and its formula, with a stroke of the name's colour before them."""
    look = {"alpha": alpha, "gid": gid}
    line(ax, (left, y - 7), (left, y + 7), color=color, width=4, **look)
    label(ax, left + 10, y, name, ha="left", **look)
    label(ax, left + 102, y, formula, size=MATHS, ha="left", **look)


# ---- words


def decimal(value):
    """Write a number with two decimals and a proper minus sign."""
    return f"{round(float(value), 2) + 0.0:.2f}".replace("-", "−")


def decimals(values):
    return ", ".join(map(decimal, values))


def listed(words):
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
