"""Sphinx extension: no line ends between a formula and its punctuation, or between a number and its per cent sign.

Browsers take a formula for a box and may break the line on either side of it, even before a comma.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

OPENING = re.compile(r"[(\[“‘\"]+$")
CLOSING = re.compile(r"^[.,;:!?)\]’”\"]+")
PER_CENT = re.compile(r"(?<=\d) (?=%)")
VERBATIM = (nodes.FixedTextElement, nodes.literal, nodes.math, nodes.math_block, nodes.raw)


class KeepTogether(SphinxPostTransform):
    """Put formulas into one box with what adjoins them (see book.css), and no-break spaces before per cent signs."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        for text in list(self.document.findall(nodes.Text)):
            if PER_CENT.search(text) and not isinstance(text.parent, VERBATIM):
                text.parent.replace(text, nodes.Text(PER_CENT.sub("\N{NO-BREAK SPACE}", text)))
        for formula in list(self.document.findall(nodes.math)):
            enclose(formula)


def enclose(formula):
    """Put a formula and the punctuation beside it, if there is any, into a span."""
    parent = formula.parent
    place = parent.index(formula)
    before, after = "", ""
    if place > 0 and isinstance(parent[place - 1], nodes.Text):
        before = "".join(OPENING.findall(parent[place - 1]))
    if place + 1 < len(parent) and isinstance(parent[place + 1], nodes.Text):
        after = "".join(CLOSING.findall(parent[place + 1]))
    if not before and not after:
        return
    box = nodes.inline("", "", classes=["together"])
    parent[place] = box
    if after:
        parent[place + 1] = nodes.Text(parent[place + 1].removeprefix(after))
    if before:
        parent[place - 1] = nodes.Text(parent[place - 1].removesuffix(before))
    box += [nodes.Text(before), formula, nodes.Text(after)]


def setup(app):
    """Register the extension with Sphinx."""
    app.add_post_transform(KeepTogether)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
