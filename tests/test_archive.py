"""The site in one file: unpacked in any folder it works without a server and without a network."""

import json
import os
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from scripts import archive

ROOT = Path(__file__).resolve().parent.parent
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
DOCUMENTS = [TOC["root"]] + [chapter["file"] for part in TOC["parts"] for chapter in part["chapters"]]
SEARCH_WORDS = ("gradient", "newswire")

SEEN = """async () => {
  await document.fonts.ready;
  if (window.MathJax?.startup?.promise) await window.MathJax.startup.promise;
  await document.fonts.ready;
  return {
    title: document.querySelector("article.bd-article h1")?.firstChild.textContent.trim(),
    unset: [...document.querySelectorAll(".math")]
      .filter((e) => !e.querySelector("mjx-container") || e.querySelector("mjx-merror"))
      .map((e) => e.textContent.slice(0, 60)),
    formulas: document.querySelectorAll(".math").length,
    fonts: [...document.fonts].filter((f) => f.family.includes("MJX") && f.status === "loaded").length,
    styled: getComputedStyle(document.querySelector(".bd-main, main, body")).display,
    explorer: [...document.querySelectorAll(".gate-explorer")].map((e) => e.querySelectorAll("svg, canvas").length),
  };
}"""


@pytest.fixture(scope="module")
def packed(site, tmp_path_factory):
    """Return the archive of the built site."""
    return archive.pack(ROOT, tmp_path_factory.mktemp("packed") / "book.zip")


@pytest.fixture(scope="module")
def unpacked(packed, tmp_path_factory):
    """Return the folder of the unpacked archive, below one whose name has a space and an umlaut."""
    folder = tmp_path_factory.mktemp("school") / "Lehrgang für Mathe"
    with zipfile.ZipFile(packed) as file:
        file.extractall(folder)
    (top,) = folder.iterdir()
    return top


@pytest.fixture(scope="module")
def offline(browser):
    """Return a tab without a network, and the list of what went wrong in it."""
    context = browser.new_context(offline=True)
    tab, troubles = context.new_page(), []

    def failed(request):
        # A missing file is ERR_FILE_NOT_FOUND; aborted is what the browser itself no longer wants, such as an icon.
        if "ERR_ABORTED" not in request.failure:
            troubles.append(f"{request.url}: {request.failure}")

    tab.on("requestfailed", failed)
    tab.on("request", lambda request: request.url.startswith("http") and troubles.append(request.url))
    tab.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    yield tab, troubles
    context.close()


def test_one_folder_with_an_index_and_nothing_that_only_a_server_needs(packed):
    with zipfile.ZipFile(packed) as file:
        names = file.namelist()
        assert file.testzip() is None
    assert {name.split("/")[0] for name in names} == {archive.name(ROOT)}
    paths = {name.split("/", 1)[1] for name in names}
    assert {"index.html", "search.html", "searchindex.js", *(f"{name}.html" for name in DOCUMENTS)} <= paths
    assert not paths & archive.ONLY_FOR_SERVERS


def test_the_site_itself_stays_as_it_is(packed, site):
    assert not (site / archive.SEARCH_SCRIPT).exists()
    assert archive.SEARCH_SCRIPT not in (site / "search.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_page_opens_from_the_disk(offline, unpacked, name):
    tab, troubles = offline
    troubles.clear()
    tab.goto((unpacked / f"{name}.html").as_uri(), wait_until="load")
    seen = tab.evaluate(SEEN)
    assert seen["title"]
    assert seen["unset"] == []
    if seen["formulas"]:
        assert seen["fonts"], "formulas stand on the page, but no font of MathJax was loaded"
    assert all(seen["explorer"]), "a part of the explorer has drawn nothing"
    assert troubles == []


def test_the_index_leads_to_the_title_page(offline, unpacked):
    tab, troubles = offline
    troubles.clear()
    tab.goto((unpacked / "index.html").as_uri())
    tab.wait_for_url(f"**/{DOCUMENTS[0]}.html")
    assert troubles == []


@pytest.mark.parametrize("word", SEARCH_WORDS)
def test_the_search_finds_a_word_shows_its_place_and_leads_there(offline, unpacked, word):
    tab, troubles = offline
    troubles.clear()
    tab.goto((unpacked / f"{DOCUMENTS[1]}.html").as_uri())
    tab.locator(".search-button-field:visible").first.click()
    tab.locator("input[type=search]:visible").first.fill(word)
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=*")
    tab.wait_for_selector("#search-results li .context")
    lines = tab.eval_on_selector_all("#search-results li .context", "all => all.map((e) => e.textContent)")
    assert any(word in line.lower() for line in lines), lines
    link = tab.locator("#search-results li:has(.context) a").first
    target = link.evaluate("e => e.href")
    link.click()
    tab.wait_for_url(lambda address: "search.html" not in address)
    assert unquote(tab.url.split("#")[0].split("?")[0]) == unquote(target.split("#")[0].split("?")[0])
    assert Path(unquote(tab.url.removeprefix("file://").split("#")[0].split("?")[0])).is_relative_to(unpacked)
    assert tab.evaluate(SEEN)["title"]
    assert troubles == []


# --- small sites ---


@pytest.fixture
def tree(tmp_path):
    """Return a top level with a site of one page and its search."""
    site = tmp_path / archive.SITE
    (site / "book").mkdir(parents=True)
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://github.com/owner/a-book\n")
    (site / "index.html").write_text("<p>on to book/a.html</p>")
    (site / "search.html").write_text('<head><script src="_static/searchtools.js?v=1"></script></head>')
    (site / "sitemap.xml").write_text("<urlset/>")
    (site / "book" / "a.html").write_text(
        '<nav>elsewhere</nav><article class="bd-article"><section class="x" id="top"><h1>Título'
        '<a class="headerlink" href="#top">#</a></h1><p style="">a < b, "<code>c</code>"</p>'
        "<svg><text>drawn</text></svg><script>run()</script></section></article>"
    )
    return tmp_path


def test_the_texts_are_sections_and_words(tree):
    found = archive.texts(tree / archive.SITE)
    assert list(found) == ["book/a.html"]
    page = found["book/a.html"]
    assert page.startswith('<div role="main"><section id="top">') and "Título" in page and 'a &lt; b, "c"' in page
    assert not any(word in page for word in ("elsewhere", "drawn", "run()", "headerlink", "style"))


def test_the_name_is_that_of_the_repository_and_the_release(tree):
    target = archive.pack(tree)
    assert target == tree / "_build" / "a-book-1.2.3.zip"
    with zipfile.ZipFile(target) as file:
        script = file.read(f"a-book-1.2.3/{archive.SEARCH_SCRIPT}").decode()
        page = file.read("a-book-1.2.3/search.html").decode()
        assert "a-book-1.2.3/sitemap.xml" not in file.namelist()
    assert page.index(archive.SEARCH_SCRIPT) < page.index("searchtools.js")
    table = script.split("const texts = ")[1].split(";\n  const here")[0]
    assert list(json.loads(table)) == ["book/a.html"]


def test_the_same_site_gives_the_same_bytes(tree, tmp_path):
    first = archive.pack(tree).read_bytes()
    os.utime(tree / archive.SITE / "index.html", (0, 0))
    assert archive.pack(tree, tmp_path / "again.zip").read_bytes() == first


def test_without_a_site_there_is_no_archive(tree, capsys):
    (tree / archive.SITE / "index.html").unlink()
    assert archive.main([], tree) == 1
    assert "run `make book`" in capsys.readouterr().err


def test_another_search_is_refused(tree, capsys):
    (tree / archive.SITE / "search.html").write_text("<script src='other.js'></script>")
    assert archive.main([], tree) == 1
    assert "searchtools.js" in capsys.readouterr().err
    assert not list((tree / "_build").glob("*.zip"))
