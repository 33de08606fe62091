"""Sphinx extension: excerpts among the search results without the marks that stand around formulas.

Sphinx's script takes an excerpt from the page's text, in which a formula is what MathJax reads: ``\\(c_t\\)``.
"""

PAGE = "search"
# before Search starts; scripts that the page loads later define it
SCRIPT = r"""
document.addEventListener("DOMContentLoaded", () => {
  const text = Search.htmlToText;
  Search.htmlToText = (...page) => text(...page).replace(/\\[()[\]]|\\color\{[^}]*\}/g, "");
});
"""


def add_script(app, pagename, templatename, context, doctree):
    """Add the script to the page of the search; what is added during this event stays on the page."""
    if pagename == PAGE:
        app.add_js_file(None, body=SCRIPT)


def setup(app):
    """Register the extension with Sphinx."""
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
