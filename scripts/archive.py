"""Pack the built site into one file that works without a server and without a network.

``python -m scripts.archive`` writes ``_build/NAME-VERSION.zip``: a folder to unpack anywhere and to open at its
``index.html``. A browser lets a page on a disk load scripts and pictures that lie beside it, but not read
another page. The search does that, for the lines below its results; so the archive brings the texts along as a script.
The same site gives the same bytes.
"""

import argparse
import json
import re
import sys
import zipfile
from pathlib import Path

from bs4 import BeautifulSoup

from scripts.setup_cell import ROOT, repository, version

SITE = Path("_build", "html")
SEARCH_PAGE, SEARCH_SCRIPT = "search.html", "_static/search_texts.js"
ONLY_FOR_SERVERS = {".buildinfo", "objects.inv", "404.html", "robots.txt", "sitemap.xml"}
LONG_AGO = (1980, 1, 1, 0, 0, 0)

# The search asks for a result's page with fetch, to show some of its text.
SCRIPT = """\
// The texts of the pages, for the search: a page on a disk may not read another one.
(() => {
  const texts = %s;
  const here = new URL(".", document.baseURI).href;
  const ask = window.fetch;
  window.fetch = (request, ...options) => {
    const address = new URL(request, document.baseURI);
    address.hash = address.search = "";
    const text = texts[decodeURI(address.href.slice(here.length))];
    return text === undefined ? ask(request, ...options) : Promise.resolve(new Response(text));
  };
})();
"""


class NotPacked(Exception):
    """The site was not packed; the message says why."""


def main(arguments=None, root=ROOT):
    """Pack the site of the tree at ``root``; return 0 if that went well."""
    parser = argparse.ArgumentParser(prog="python -m scripts.archive", description=__doc__.splitlines()[0])
    parser.parse_args(arguments)
    try:
        target = pack(root)
    except NotPacked as error:
        print(f"not packed: {error}", file=sys.stderr)
        return 1
    print(f"The book in one file: {target} ({target.stat().st_size / 1e6:.1f} MB)")
    return 0


def pack(root, target=None):
    """Pack the built site of the tree at ``root`` and return the path of the archive.

    Parameters
    ----------
    root : Path
        A tree whose site has been built.
    target : Path, optional
        The archive; ``_build/NAME-VERSION.zip`` without.

    Raises
    ------
    NotPacked
        If there is no site, or its search page is not as this script expects it.
    """
    site = Path(root, SITE)
    if not (site / "index.html").exists():
        raise NotPacked(f"there is no site in {site}: run `make book` (`make archive` does)")
    top = name(root)
    files = {
        str(path.relative_to(site).as_posix()): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file() and path.relative_to(site).as_posix() not in ONLY_FOR_SERVERS
    }
    files[SEARCH_PAGE] = with_texts(files[SEARCH_PAGE].decode()).encode()
    files[SEARCH_SCRIPT] = (SCRIPT % json.dumps(texts(site), ensure_ascii=False)).encode()
    target = target or Path(root, "_build", f"{top}.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{top}/{path}", LONG_AGO)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return target


def name(root):
    """Return the name of the archive and of the folder in it, such as ``remembering-the-news-0.1.0``."""
    return f"{repository(root).split('/')[-1]}-{version(root)}"


def with_texts(page):
    """Return the search page with the script that holds the texts, before the one that asks for them.

    Raises
    ------
    NotPacked
        If the page does not load Sphinx's own search.
    """
    changed, count = re.subn(
        r'(?=<script\b[^>]*\bsrc="_static/searchtools\.js)', f'<script src="{SEARCH_SCRIPT}"></script>\n', page, count=1
    )
    if not count:
        raise NotPacked(f"{SEARCH_PAGE} does not load _static/searchtools.js, which the archive has to help")
    return changed


def texts(site):
    """Return what the search shows of each page, by the page's path: its sections and their text, no more."""
    found = {}
    for path in sorted(site.rglob("*.html")):
        article = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one("article.bd-article")
        if article is None or path.name == SEARCH_PAGE:
            continue
        for tag in article.select("script, style, svg, .headerlink"):
            tag.decompose()
        for tag in article.find_all(True):
            if tag.name == "section" or tag.get("id"):
                tag.attrs = {"id": tag["id"]} if tag.get("id") else {}
            else:
                tag.unwrap()
        text = re.sub(r"\s+", " ", article.decode_contents())
        found[path.relative_to(site).as_posix()] = f'<div role="main">{text}</div>'
    return found


if __name__ == "__main__":
    sys.exit(main())
