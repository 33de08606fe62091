"""Sphinx extension: pages without a script of 1.5 MB that draws a dozen icons.

The theme brings its icons twice: as a font, which its style sheet uses, and as a script that replaces the font's
characters by drawings. The font alone looks the same, so the script is taken out of the finished pages.
"""

import re
from pathlib import Path

from sphinx.errors import ExtensionError

SCRIPT = re.compile(r'\s*<script[^>]* src="[^"]*/scripts/fontawesome\.js[^"]*"></script>')


def drop_icon_script(app, exception):
    """Remove the icon script, and the maps that only a debugger of the theme reads, from the built site."""
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for page in site.rglob("*.html"):
        lighter, count = SCRIPT.subn("", page.read_text(encoding="utf-8"))
        if count:
            page.write_text(lighter, encoding="utf-8")
    scripts = sorted(site.glob("_static/scripts/fontawesome.js*"))
    if not scripts:
        raise ExtensionError("the theme brings no fontawesome.js any more: book/_ext/lighter_pages.py can go")
    for path in [*scripts, *site.glob("_static/**/*.map")]:
        path.unlink(missing_ok=True)


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("build-finished", drop_icon_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
