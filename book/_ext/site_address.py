"""Sphinx extension: everything on the site that needs its address, from ``repository.url`` in ``_config.yml``.

The book is served by GitHub Pages: https://github.com/OWNER/NAME is read at https://OWNER.github.io/NAME/. From that
follow the links of the sitemap, the canonical address and the social cards of each page, and the paths in the page
for addresses that lead nowhere (404.html), which is shown at any depth and so cannot use relative ones.
"""

from urllib.parse import urlparse


def set_addresses(app, config):
    """Set the options of the extensions that ask for the site's address."""
    owner, name = urlparse(config.html_theme_options["repository_url"]).path.strip("/").split("/")
    config.html_baseurl = config.ogp_site_url = f"https://{owner.lower()}.github.io/{name}/"
    config.notfound_urls_prefix = f"/{name}/"


def setup(app):
    """Register the extension with Sphinx; before those that read the addresses when they start."""
    app.connect("config-inited", set_addresses, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
