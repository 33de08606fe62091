"""Sphinx extension: everything on the site that needs its address, from ``repository.url`` in ``_config.yml``.

The book is served by GitHub Pages: https://github.com/OWNER/NAME is read at https://OWNER.github.io/NAME/. From that
follow the links of the sitemap, the canonical address and the social cards of each page, and the paths in the page
for addresses that lead nowhere (404.html), which is shown at any depth and so cannot use relative ones. Whoever asks
for no page at all gets index.html, which leads to the first one.
"""

from html import escape
from pathlib import Path
from urllib.parse import urlparse

INDEX = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta http-equiv="refresh" content="0; url={page}">
<link rel="canonical" href="{base}{page}">
</head>
<body>
<p><a href="{page}">{title}</a></p>
</body>
</html>
"""


def set_addresses(app, config):
    """Set the options of the extensions that ask for the site's address."""
    owner, name = urlparse(config.html_theme_options["repository_url"]).path.strip("/").split("/")
    config.html_baseurl = config.ogp_site_url = f"https://{owner.lower()}.github.io/{name}/"
    config.notfound_urls_prefix = f"/{name}/"


def write_index(app, exception):
    """Write the page that leads to the first one; sphinx_external_toc writes a lesser one if there is none."""
    if exception is not None or app.builder.format != "html":
        return
    text = INDEX.format(
        language=app.config.language,
        title=escape(app.config.html_title),
        page=app.builder.get_target_uri(app.config.root_doc),
        base=app.config.html_baseurl,
    )
    (Path(app.outdir) / "index.html").write_text(text, encoding="utf-8")


def setup(app):
    """Register the extension with Sphinx; before those that read the addresses when they start."""
    app.connect("config-inited", set_addresses, priority=100)
    app.connect("build-finished", write_index)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
