"""Sphinx extension: the gate explorer, on its page and nowhere else.

The explorer is written as plain JavaScript modules with its numbers in a JSON file, in
``book/_static/explorer/``. A browser loads neither of them from a page that lies on a disk instead of a server. So
this extension puts the modules and the JSON into one script, and has one page load it, with the style sheet.
"""

import json
import re
from pathlib import Path

from sphinx.errors import ExtensionError

PAGE = "book/gate-explorer"
SOURCES = Path(__file__).resolve().parent.parent / "_static" / "explorer"
SCRIPT, STYLES = "gate-explorer.js", "gate-explorer.css"

IMPORT = re.compile(r'^import (\{[^}]*\}|\w+) from "\./([\w.-]+)"(?: with \{ type: "json" \})?;\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:function|const|class) (\w+))", re.MULTILINE)


def bundle(entry):
    """Return one classic script that does what a module and those that it imports do.

    Parameters
    ----------
    entry : Path
        A module. It and the others import by name from their own folder, ``import { a } from "./b.mjs";``, or a
        JSON file as a whole, ``import data from "./data.json" with { type: "json" };``. They export by writing
        ``export`` before a function, class or const at the beginning of a line.

    Raises
    ------
    ExtensionError
        If a module imports or exports in another way, or there is no such file.
    """
    parts = {}
    _collect(entry, parts)
    body = "\n".join(parts.values())
    return f'(() => {{\n"use strict";\nconst modules = {{}};\n{body}}})();\n'


def _collect(path, parts):
    """Add a file to the parts, in the order in which they must run; it comes after what it imports."""
    if path.name in parts:
        return
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ExtensionError(f"{path} is missing; a module of the explorer imports it") from None
    place = f"modules[{json.dumps(path.name)}]"
    if path.suffix == ".json":
        parts[path.name] = f"{place} = {json.dumps(json.loads(text), separators=(',', ':'), ensure_ascii=False)};\n"
        return
    for match in IMPORT.finditer(text):
        _collect(path.with_name(match[2]), parts)
    names = EXPORT.findall(text)
    text = IMPORT.sub(lambda match: f"const {match[1]} = modules[{json.dumps(match[2])}];\n", text)
    text = EXPORT.sub("", text)
    left = re.search(r"^\s*(import|export)\b.*", text, re.MULTILINE)
    if left:
        raise ExtensionError(f"{path.name}: the bundle of the explorer cannot read {left[0].strip()!r}")
    returned = f"return {{ {', '.join(names)} }};\n" if names else ""
    parts[path.name] = f"{place} = (() => {{\n{text}{returned}}})();\n"


def write_files(app):
    """Write script and style sheet into the site. Before the pages, so that their links carry a checksum."""
    if app.builder.format != "html":
        return
    # The sources are in the script; they need not lie in the site as well. Sphinx holds what it copies from
    # html_static_path against this list too.
    app.config.exclude_patterns.append(f"**/{SOURCES.name}")
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SCRIPT).write_text(bundle(SOURCES / "main.mjs"), encoding="utf-8")
    (folder / STYLES).write_text((SOURCES / "explorer.css").read_text(encoding="utf-8"), encoding="utf-8")


def load_on_page(app, pagename, templatename, context, doctree):
    """Have one page load the explorer; what is added during this event stays on the page."""
    if pagename == PAGE:
        app.add_css_file(STYLES)
        app.add_js_file(SCRIPT, loading_method="defer")


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("builder-inited", write_files)
    app.connect("html-page-context", load_on_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
