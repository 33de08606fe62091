"""Print the book: one PDF with a title page, contents, bookmarks, links and formulas.

``python -m scripts.pdf`` puts the pages of the built site behind one another, without the site around them, and has
Chromium print that. Cells that the site folds away are left out; hints and solutions are opened, each under a heading
that says what it is. The sheet is ``scripts/pdf.css``. The result is ``_build/NAME-VERSION.pdf``.
"""

import argparse
import html
import os
import re
import shutil
import sys
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter

from scripts.setup_cell import ROOT, repository, version

SITE = Path("_build", "html")
SHEETS = ("_static/pygments.css",)
SCRIPT = "_static/mathjax/tex-chtml.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LINE = 634  # CSS pixels between the margins of scripts/pdf.css: 168 mm
LEAST = 0.65  # how far a wide table is made smaller, at most; its text is then 5.6 points high
FIRST_PAGE = "About this book"  # what the title page of the site is called once there is a title page of paper

# Taken out of a page: the site's own furniture, and the code of cells that the site folds away.
LEFT_OUT = (
    "script, style:not(svg style), button, .headerlink, .toctree-wrapper, .prev-next-area, "
    ".cell.tag_setup, .cell details.hide > .cell_input, .cell details.hide > summary"
)
# Attributes whose value is one or more ids.
POINTERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers")

MATHJAX = """<script>
window.MathJax = {
  options: {enableMenu: false, processHtmlClass: "tex2jax_process|mathjax_process|math|output_area"},
};
</script>"""

# Makes wide tables and formulas smaller, then tells what a reader of the paper would miss: things beyond the
# margins, formulas that are not set, links that lead nowhere.
FAULTS = """async ([line, least]) => {
  if (!window.MathJax?.startup?.promise) return ["MathJax was not loaded"];
  await MathJax.startup.promise;
  await document.fonts.ready;
  const name = (e) => `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""}`;
  const where = (e) => e.closest(".document")?.id ?? "the first pages";
  for (const e of document.querySelectorAll("table, mjx-container[display='true'] > mjx-math")) {
    const box = e.getBoundingClientRect();
    const share = (line - box.left) / box.width;
    if (share < 1) e.style.zoom = Math.max(share * 0.99, least);
  }
  const wide = [...document.querySelectorAll("body *")]
    .filter((e) => !e.closest("mjx-container, mjx-assistive-mml, svg") || e.matches("mjx-container, svg"))
    .filter((e) => e.getBoundingClientRect().right > line + 1 || e.getBoundingClientRect().left < -1)
    .map((e) => `${where(e)}: ${name(e)} is wider than the line: ${e.textContent.trim().slice(0, 60)}`);
  const unset = [...document.querySelectorAll(".math")]
    .filter((e) => !e.querySelector("mjx-container") || e.querySelector("mjx-merror, [style*='color: red']"))
    .map((e) => `${where(e)}: a formula is not set: ${e.textContent.slice(0, 60)}`);
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const raw = [];
  while (walk.nextNode()) {
    const text = walk.currentNode;
    if (text.parentElement.closest("pre, code, mjx-container, script, style, svg")) continue;
    if (/\\$[^\\s$][^$]*\\$|\\\\[([]/.test(text.data))
      raw.push(`${where(text.parentElement)}: a formula stands raw: ${text.data.trim().slice(0, 60)}`);
  }
  const ids = new Set([...document.querySelectorAll("[id]")].map((e) => e.id));
  const lost = [...document.querySelectorAll("a[href^='#']")]
    .filter((e) => !ids.has(decodeURIComponent(e.getAttribute("href").slice(1))))
    .map((e) => `${where(e)}: a link leads nowhere: ${e.getAttribute("href")}`);
  return [...wide, ...unset, ...raw, ...lost];
}"""


class NotPrinted(Exception):
    """The book was not printed; the message says why."""


def main(arguments=None, root=ROOT):
    """Print the book of the tree at ``root``; return 0 if that went well."""
    parser = argparse.ArgumentParser(prog="python -m scripts.pdf", description=__doc__.splitlines()[0])
    parser.parse_args(arguments)
    try:
        target = print_book(root)
    except NotPrinted as error:
        print(f"not printed: {error}", file=sys.stderr)
        return 1
    reader = PdfReader(target)
    print(f"The book on paper: {target} ({len(reader.pages)} pages, {target.stat().st_size / 1e6:.1f} MB)")
    return 0


def print_book(root):
    """Print the built site of the tree at ``root`` and return the path of the PDF.

    Raises
    ------
    NotPrinted
        If the site or the browser is missing, or if something would be cut off, raw or lost on paper.
    """
    root = Path(root)
    draft, target = root / "_build" / "pdf", root / "_build" / f"{stem(root)}.pdf"
    draft.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
        )
        # The contents need the pages' numbers, which are known once the book has been printed.
        _print(browser, assemble(root), draft)
        numbers = chapter_pages(PdfReader(draft / "book.pdf"))
        _print(browser, assemble(root, numbers), draft)
        browser.close()
    if chapter_pages(PdfReader(draft / "book.pdf")) != numbers:
        raise NotPrinted("the page numbers moved while they were put into the contents")
    writer = PdfWriter(clone_from=draft / "book.pdf")
    config = settings(root)
    writer.add_metadata({"/Title": config["title"], "/Author": config["author"]})
    writer.write(target)
    return target


def stem(root):
    """Return the name of the book's files, such as ``remembering-the-news-0.1.0``."""
    return f"{repository(root).split('/')[-1]}-{version(root)}"


def settings(root):
    """Return what ``_config.yml`` says."""
    return yaml.safe_load(Path(root, "_config.yml").read_text(encoding="utf-8"))


def find_browser():
    """Return the path of a Chromium: the one in the variable CHROMIUM, or the one on this machine."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise NotPrinted("there is no Chromium on this machine; install it, or name one in the variable CHROMIUM")
    return found


def _print(browser, page, draft):
    """Print a page into ``book.pdf`` in the folder ``draft``; refuse one with faults."""
    source = draft / "book.html"
    source.write_text(page, encoding="utf-8")
    tab = browser.new_page(viewport={"width": LINE, "height": 1000}, color_scheme="light")
    tab.emulate_media(media="print")
    tab.goto(source.resolve().as_uri(), wait_until="load")
    faults = tab.evaluate(FAULTS, [LINE, LEAST])
    if faults:
        raise NotPrinted("\n  ".join(["on paper this would be wrong:", *faults[:40]]))
    tab.pdf(path=draft / "book.pdf", prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    tab.close()


def chapter_pages(reader):
    """Return the number of the page on which each entry at the top of the bookmarks begins."""
    entries = [entry for entry in reader.outline if not isinstance(entry, list)]
    return [reader.get_destination_page_number(entry) + 1 for entry in entries]


# --- from pages to one page ---


def assemble(root, numbers=()):
    """Return the whole book as one HTML page, to be read from a file in ``_build/pdf/``.

    Parameters
    ----------
    root : Path
        A tree whose site has been built.
    numbers : sequence of int
        The first pages of the title page, the contents and each document, once they are known.
    """
    toc = yaml.safe_load(Path(root, "_toc.yml").read_text(encoding="utf-8"))
    parts = [(None, [toc["root"]])]
    parts += [(part.get("caption"), [entry["file"] for entry in part["chapters"]]) for part in toc["parts"]]
    names = [name for _, documents in parts for name in documents]
    articles = {name: document(root, name, names) for name in names}

    first = articles[toc["root"]]
    subtitle = take_title(first)
    titles = {name: article.h1.get_text().strip() for name, article in articles.items()}
    pages = dict(zip(["title", "contents", *names], numbers, strict=bool(numbers)))
    config = settings(root)
    sheets = "".join(f'<link rel="stylesheet" href="../html/{sheet}">\n' for sheet in SHEETS)
    sections = "\n".join(
        f'<div class="document {place(name)}" id="{place(name)}">{article.decode()}</div>'
        for name, article in articles.items()
    )
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<title>{html.escape(config["title"])}</title>
{sheets}<style>
{Path(__file__).with_suffix(".css").read_text(encoding="utf-8")}
{running_heads(config["title"], titles)}</style>
{MATHJAX}
<script defer src="../html/{SCRIPT}"></script>
</head>
<body>
{title_page(root, config, subtitle)}
{contents(parts, titles, pages)}
{sections}
</body>
</html>
"""


def document(root, name, names):
    """Return a page of the site as the paper needs it: a tag, with links into the other pages of the book.

    Parameters
    ----------
    root : Path
        A tree whose site has been built.
    name : str
        Of the page, as in ``_toc.yml``.
    names : list of str
        Of all pages of the book; links to other pages of the site become plain text.
    """
    path = Path(root, SITE, f"{name}.html")
    if not path.exists():
        raise NotPrinted(f"{path} is missing: run `make book` (`make pdf` does)")
    article = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one("article.bd-article")
    for tag in article.select(LEFT_OUT):
        tag.decompose()
    for tag in article.select(".gate-explorer"):
        tag.clear()
        tag.append("This part is played with: it is on the site, and in the archive that opens without a network.")
        tag["class"] = "on-the-site"
    for tag in article.find_all("details"):
        unfold(tag)
    for tag in article.find_all(True):
        _relink(tag, name, names)
    return article


def unfold(tag):
    """Turn a tag ``details`` into an open part under its summary; one that the site added loses both."""
    if "hide" in tag.get("class", []):
        tag.unwrap()
        return
    tag.name, tag.attrs = "div", {"class": "unfolded"}
    summary = tag.find("summary", recursive=False)
    if summary is not None:
        summary.name, summary.attrs = "p", {"class": "heading"}


def place(name, fragment=""):
    """Return the id, in the whole book, of a page or of a place on it."""
    slug = PurePosixPath(name).name
    return f"at-{slug}--{fragment}" if fragment else f"at-{slug}"


def _relink(tag, name, names):
    """Make a tag's ids, and what points at ids, those of the whole book."""
    if tag.get("id"):
        tag["id"] = place(name, tag["id"])
    for key in POINTERS:
        if tag.get(key):
            ids = tag[key] if isinstance(tag[key], list) else tag[key].split()
            tag[key] = " ".join(place(name, one) for one in ids)
    for key, value in list(tag.attrs.items()):
        if isinstance(value, str) and "url(#" in value:
            tag[key] = re.sub(r"url\(#([^)]*)\)", lambda m: f"url(#{place(name, m[1])})", value)
    for key in ("href", "xlink:href"):
        address = tag.get(key)
        if not address or urlparse(address).scheme:
            continue
        path, fragment = urldefrag(urljoin(f"{name}.html", address))
        target = unquote(path).removesuffix(".html")
        if target in names:
            tag[key] = f"#{place(target, unquote(fragment))}"
        elif tag.name == "a":
            del tag[key]  # the search, a file for download: nothing that is in the book


def take_title(article):
    """Rename the site's title page, whose title has gone to a page of its own; return the line below the title."""
    article.h1.string = FIRST_PAGE
    line = article.h1.find_next_sibling("p")
    if line is None or line.em is None or line.get_text() != line.em.get_text():
        return ""
    return line.extract().get_text()


def title_page(root, config, subtitle):
    """Return the first page."""
    address = repository(root)
    licences = html.escape(re.sub(r"\s+", " ", config["html"].get("extra_footer", "")).strip())
    return f"""<div class="title-page">
<h1>{html.escape(config["title"])}</h1>
<p class="subtitle">{html.escape(subtitle)}</p>
<p>Release {version(root)}</p>
<p><a href="{address}">{address}</a></p>
<p>{licences}</p>
</div>"""


def contents(parts, titles, pages):
    """Return the page with the contents."""
    lines = []
    for caption, names in parts:
        lines += [f'<p class="part">{html.escape(caption)}</p>'] if caption else []
        entries = (
            f'<li><a href="#{place(name)}">{html.escape(titles[name])}</a>'
            f'<span class="number">{pages.get(name, "")}</span></li>'
            for name in names
        )
        lines.append(f"<ol>{''.join(entries)}</ol>")
    return f'<div class="contents"><h1>Contents</h1>\n{"".join(lines)}\n</div>'


def running_heads(title, titles):
    """Return the rules that put the title of the book and of a chapter above its pages."""
    rules = []
    font = 'font: 8.5pt "Liberation Serif", "DejaVu Serif", serif; color: #444;'
    for name, heading in titles.items():
        page = f"page-{PurePosixPath(name).name}"
        left, right = (text.replace("\\", r"\\").replace('"', r"\"") for text in (title, heading))
        rules.append(f".{place(name)} {{ page: {page}; }}")
        rules.append(f'@page {page} {{ @top-left {{ content: "{left}"; {font} }}')
        rules.append(f'  @top-right {{ content: "{right}"; {font} }} }}')
    return "\n".join(rules) + "\n"


if __name__ == "__main__":
    sys.exit(main())
