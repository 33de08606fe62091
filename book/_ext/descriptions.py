"""Sphinx extension: what search engines and messengers show of a page, its title and its description.

A page may bring its description (``html_meta`` in its head). Otherwise it is the beginning of the page's first
paragraph: notebooks have no such head, and the extension for social cards runs on into tables and lists.
"""

import re

import sphinxext.opengraph
from docutils import nodes
from sphinx.errors import ExtensionError

LENGTH = 220  # of the beginning, in characters; search engines show less

SENTENCE = re.compile(r".+?[.!?](?=\s|$)\s*", re.DOTALL)


def description(doctree, *_):
    """Return a page's description as plain text, empty if it has none."""
    for meta in doctree.findall(nodes.meta):
        if meta.get("name") == "description":
            return meta["content"]
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section):
            return beginning(paragraph.astext())
    return ""


def beginning(text):
    """Return as many whole sentences of a text as are short enough together, and the first in any case."""
    text = " ".join(text.split())
    first, *others = SENTENCE.findall(text) or [text]
    for sentence in others:
        if len(first + sentence.rstrip()) > LENGTH:
            break
        first += sentence
    return first.strip()


def name_once(app, pagename, templatename, context, doctree):
    """Leave out the book's name after the title of the page that is called like the book."""
    if context.get("title") == context["docstitle"]:
        context["docstitle"] = ""


def setup(app):
    """Register the extension with Sphinx."""
    if not hasattr(sphinxext.opengraph, "get_description"):
        raise ExtensionError("sphinxext.opengraph has no get_description: see book/_ext/descriptions.py")
    sphinxext.opengraph.get_description = description  # there is no option for it
    app.connect("html-page-context", name_once)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
