"""Sphinx extension: formulas that need no server.

The package sphinx-mathjax-offline carries the whole of MathJax, 24 MB, and its own extension copies all
of it into the site. A reader's browser asks for a small part: one script that reads TeX and sets it in HTML,
the fonts it sets in, and, where a formula uses a rarer macro such as ``\\boldsymbol``, the file that knows
that macro. This extension copies these 2 MB and points Sphinx at them. What is left out serves other inputs
(MathML, AsciiMath), other outputs (SVG, Node) and the speech rules behind MathJax's own menu, which
``mathjax3_config`` therefore turns off; the hidden MathML for screen readers stays.
"""

from importlib.util import find_spec
from pathlib import Path

from sphinx.errors import ExtensionError
from sphinx.util.fileutil import copy_asset

PARTS = ("tex-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")


def mathjax_folder():
    """Return the folder of the installed package that holds MathJax."""
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise ExtensionError(
            "the package sphinx-mathjax-offline is not installed; "
            "`make book` installs it, or: pip install -r requirements.txt -c constraints.txt"
        )
    return Path(spec.origin).parent / "static" / "mathjax"


def copy_mathjax(app, exception):
    """Copy the parts of MathJax that the pages use into the built site."""
    if exception is not None or app.builder.format != "html":
        return
    source, target = mathjax_folder(), Path(app.outdir) / "_static" / "mathjax"
    for part in PARTS:
        if not (source / part).exists():
            raise ExtensionError(f"sphinx-mathjax-offline has no {part}; is it version 0.0.2?")
        place = target / part
        copy_asset(str(source / part), str(place.parent if (source / part).is_file() else place))


def setup(app):
    """Register the extension with Sphinx."""
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.connect("build-finished", copy_mathjax)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
