"""One way to show a table: in a notebook as HTML, which every page lays out to its own width, elsewhere as text.

A table is a header, the names of the columns right of the first, and rows, a dict of row names to their cells, all
of them texts::

    tables.show(["seeds", "accuracy"], {"LSTM": ["5", "0.895"], "GRU": ["5", "0.881"]})
"""

import html
import sys
import textwrap


def show(header, rows, *, caption=None, left=()):
    """Display a table in a notebook; print it as text anywhere else.

    Parameters
    ----------
    header : list of str
        The names of the columns, without the column of the rows' names.
    rows : dict of str to list of str
        Row name to cells, as many as the header names.
    caption : str, optional
        What stands above the table.
    left : container of str
        The columns of words: they are aligned left, the others right, as numbers are.
    """
    text = to_text(header, rows, caption=caption, left=left)
    if not _in_ipython():
        print(text)
        return
    from IPython.display import display

    page = to_html(header, rows, caption=caption, left=left)
    display({"text/html": page, "text/plain": text}, raw=True)


def to_html(header, rows, *, caption=None, left=()):
    """Return the table that `show` displays, as HTML; the parameters are the same.

    It brings no colours, and no style but the alignment, lines that do not break and some room between the
    columns, which Colab would not have otherwise.
    """
    words = [name in left for name in header]
    lines = ['<table class="book-table" style="border-spacing:1em 0.2em">']
    if caption:
        lines.append(f"<caption>{_escaped(caption)}</caption>")
    cells = [_cell("th", name, is_words, "col") for name, is_words in zip(header, words, strict=True)]
    lines += ['<thead style="text-align:right">', f"<tr><td></td>{''.join(cells)}</tr>", "</thead>"]
    lines.append('<tbody style="text-align:right;white-space:nowrap">')
    for name, row in rows.items():
        cells = [_cell("td", cell, is_words) for cell, is_words in zip(row, words, strict=True)]
        lines.append(f"<tr>{_cell('th', name, True, 'row')}{''.join(cells)}</tr>")
    return "\n".join([*lines, "</tbody>", "</table>"])


def to_text(header, rows, *, caption=None, left=()):
    """Return the table as lines of text; the parameters are those of `show`.

    A name of a column that is wider than the cells below it takes several lines. Spaces that must not break are
    plain spaces here.
    """
    grid = [["", *header], *([name, *row] for name, row in rows.items())]
    columns = []
    for name, *cells in zip(*grid, strict=True):
        width = max(map(len, [*name.split(" "), *cells]))
        title = textwrap.wrap(name, width, break_on_hyphens=False) if name else []
        columns.append((width, title, cells, not name or name in left))
    height = max(len(title) for _, title, _, _ in columns)
    lines = zip(
        *(
            [
                f"{line:{'<' if is_words else '>'}{width}}"
                for line in [""] * (height - len(title)) + title + cells
            ]
            for width, title, cells, is_words in columns
        ),
        strict=True,
    )
    text = "\n".join([*([caption] if caption else []), *("  ".join(line).rstrip() for line in lines)])
    return text.replace("\N{NO-BREAK SPACE}", " ")


def _in_ipython():
    """Tell whether IPython runs this, without importing it: that takes longer than all else here."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def _cell(tag, text, is_words, scope=None):
    """Return a cell of a table; words are aligned left."""
    scope = f' scope="{scope}"' if scope else ""
    style = ' style="text-align:left"' if is_words else ""
    return f"<{tag}{scope}{style}>{_escaped(text)}</{tag}>"


def _escaped(text):
    return html.escape(text, quote=False)
