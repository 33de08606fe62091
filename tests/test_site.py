"""The built site, as its readers meet it: read from the files, and opened in a real browser.

`make test` builds the site first. Every page is opened once in each of four ways (light and dark, wide and
narrow), with every request to another host refused; the tests then look at what was seen. A picture of each
visit is left in `_build/screenshots/`.
"""

import gzip
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup

import helpers

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
SCREENSHOTS = ROOT / "_build" / "screenshots"

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
DOCUMENTS = [TOC["root"]] + [chapter["file"] for part in TOC["parts"] for chapter in part["chapters"]]
NOTEBOOKS = [name for name in DOCUMENTS if (ROOT / f"{name}.ipynb").exists()]
PAGES = [f"{name}.html" for name in DOCUMENTS] + ["search.html", "genindex.html"]

SCHEMES = ("light", "dark")
WIDTHS = (1280, 375)

# Findings of axe-core that come with docutils' bibliographies: the rule, what the element contains, and why.
ACCEPTED_FINDINGS = [
    ("aria-deprecated-role", 'class="citation"', "docutils gives every entry the role doc-biblioentry"),
    ("aria-required-children", 'class="citation-list"', "docutils calls the box around the entries a list"),
]
AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "preload": False,  # or axe itself asks the server for style sheets that no page loads
}
# The dark page is the light one in other colours: there, only the rules that look at colours can say anything new.
AXE_OPTIONS_DARK = {**AXE_OPTIONS, "runOnly": ["color-contrast", "link-in-text-block"]}

each_page = pytest.mark.parametrize("page", PAGES)
each_scheme = pytest.mark.parametrize("scheme", SCHEMES)
each_width = pytest.mark.parametrize("width", WIDTHS)


# --- from the files ---


@cache
def parsed(page):
    return BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(page):
    return {tag["id"] for tag in parsed(page).find_all(id=True)} | {
        tag["name"] for tag in parsed(page).find_all("a", attrs={"name": True})
    }


def is_outside(address):
    return urlparse(address).scheme in ("http", "https") or address.startswith("//")


@each_page
def test_links_lead_somewhere(site, page):
    broken = []
    tags = parsed(page).find_all(["a", "link", "script", "img", "source", "iframe"])
    for address in {tag.get("href") or tag.get("src") or "" for tag in tags}:
        if not address or address == "#" or is_outside(address) or address.startswith(("data:", "mailto:")):
            continue
        path, fragment = urldefrag(urljoin(page, address))
        path = unquote(urlparse(path).path)
        if not (site / path).is_file():
            broken.append(f"{address}: no such file in the site")
        elif fragment and path.endswith(".html") and unquote(fragment) not in anchors(path):
            broken.append(f"{address}: no such place on that page")
    assert not broken


@each_page
def test_nothing_is_embedded_from_elsewhere(site, page):
    names = ["script", "link", "img", "iframe", "source", "video", "audio", "embed", "object"]
    tags = [tag for tag in parsed(page).find_all(names) if tag.get("rel") != ["canonical"]]  # never fetched
    addresses = [tag.get("src") or tag.get("href") or tag.get("data") or "" for tag in tags]
    assert [address for address in addresses if is_outside(address)] == []


@each_page
def test_images_have_a_text_for_those_who_cannot_see_them(site, page):
    unlabelled = []
    for image in parsed(page).find_all("img"):
        # an icon beside its button's text, the book's mark beside its name
        decoration = image.find_parent(class_=["bd-header-article", "navbar-brand"])
        if image.get("alt") is None or (not image["alt"].strip() and not decoration):
            unlabelled.append(str(image)[:200])
    for image in parsed(page).find_all("svg"):
        hidden = image.get("aria-hidden") == "true" or image.find_parent("svg")
        name = image.get("aria-label") or image.find("title", recursive=False)
        if not hidden and not (image.get("role") == "img" and name):
            unlabelled.append(str(image)[:200])
    assert not unlabelled


@each_page
def test_colab_opens_the_notebooks_and_nothing_else(site, page):
    found = {tag["href"] for tag in parsed(page).find_all("a", href=re.compile("colab"))}
    name = page.removesuffix(".html")
    if name not in NOTEBOOKS:
        assert not found
        return
    owner_and_name = urlparse(CONFIG["repository"]["url"]).path.strip("/")
    release = f"v{helpers.__version__}"
    assert found == {f"https://colab.research.google.com/github/{owner_and_name}/blob/{release}/{name}.ipynb"}


def test_every_page_has_a_title_and_a_description(site):
    for page in PAGES:
        assert parsed(page).title.string.strip(), page
    for name in DOCUMENTS:
        assert described(name), name


def described(name):
    """Return what a page says of itself: the same to search engines and on its social card."""
    page = parsed(f"{name}.html")
    (text,) = {
        tag["content"]
        for key in ({"name": "description"}, {"property": "og:description"})
        for tag in page.find_all("meta", attrs=key)
    }
    return text


def test_every_description_is_the_pages_own_and_ends_with_a_sentence(site):
    texts = [described(name) for name in DOCUMENTS]
    assert len(set(texts)) == len(texts)
    assert all(text[-1] in ".!?" and len(text) < 300 for text in texts), texts


def test_the_first_page_has_the_name_of_the_book_once(site):
    assert parsed(f"{DOCUMENTS[0]}.html").title.string.strip() == CONFIG["title"]


def test_no_line_ends_between_a_formula_and_its_punctuation(site):
    loose, number = [], 0
    for name in DOCUMENTS:
        for formula in parsed(f"{name}.html").select(".bd-article span.math"):
            number += 1
            after = str(formula.next_sibling or "")
            if not formula.find_parent(class_="together") and re.match(r"[.,;:!?)]", after):
                loose.append(f"{name}: {formula.get_text()}{after[:10]}")
    assert number > 100
    assert not loose


def test_the_notebooks_can_be_downloaded_as_they_are(site):
    assert NOTEBOOKS
    for name in NOTEBOOKS:
        assert (site / "_sources" / f"{name}.ipynb").read_bytes() == (ROOT / f"{name}.ipynb").read_bytes()


def test_the_site_carries_only_the_mathjax_it_uses(site):
    files = [path for path in (site / "_static" / "mathjax").rglob("*") if path.is_file()]
    assert files
    assert sum(path.stat().st_size for path in files) < 3_000_000


# --- its addresses ---

OWNER, NAME = urlparse(CONFIG["repository"]["url"]).path.strip("/").split("/")
HOME = f"https://{OWNER.lower()}.github.io/{NAME}/"


def test_every_page_says_where_it_lives_and_has_a_social_card(site):
    for name in DOCUMENTS:
        page = parsed(f"{name}.html")
        assert page.find("link", rel="canonical")["href"] == f"{HOME}{name}.html"
        card = page.find("meta", property="og:image")["content"]
        assert card.startswith(HOME)
        assert (site / card.removeprefix(HOME)).read_bytes().startswith(b"\x89PNG"), name


def test_the_bare_address_leads_to_the_first_page(site):
    index, first = parsed("index.html"), f"{DOCUMENTS[0]}.html"
    assert index.html["lang"] == "en" and index.title.string == CONFIG["title"]
    assert index.find("meta", attrs={"http-equiv": "refresh"})["content"] == f"0; url={first}"
    assert index.find("link", rel="canonical")["href"] == HOME + first
    assert index.a["href"] == first


def test_the_sitemap_lists_every_page(site):
    listed = re.findall(r"<loc>(.*?)</loc>", (site / "sitemap.xml").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(f"{HOME}{name}.html" for name in DOCUMENTS)


def test_an_address_that_leads_nowhere_is_answered_with_ways_on(site):
    # The server shows 404.html at any depth, so its links are absolute.
    links = {tag["href"] for tag in parsed("404.html").find_all("a", href=True)}
    for name in DOCUMENTS[1:]:
        assert f"/{NAME}/{name}.html" in links
    for tag in parsed("404.html").find_all(["script", "link", "img"]):
        address = tag.get("src") or tag.get("href")
        if address and tag.get("rel") != ["canonical"]:
            assert address.startswith(f"/{NAME}/"), address
            assert (site / urlparse(address).path.removeprefix(f"/{NAME}/")).is_file(), address


# --- in a real browser ---

LOOK = """async () => {
  await document.fonts.ready;
  if (window.MathJax?.startup?.promise) await window.MathJax.startup.promise;
  document.querySelectorAll("details").forEach((d) => { d.open = true; });
  await document.fonts.ready;
  document.getAnimations()
    .filter((a) => a.effect.getComputedTiming().endTime < Infinity)
    .forEach((a) => a.finish());
  const width = document.documentElement.clientWidth;
  const shown = (e) => {
    const box = e.getBoundingClientRect();
    const visible = e.checkVisibility({ visibilityProperty: true });
    return visible && box.width > 0 && box.right > 0 && box.left < width;
  };
  const name = (e) => `${e.tagName.toLowerCase()}${e.id ? "#" + e.id : ""}.${[...e.classList].join(".")}`;
  const scrolls = document.documentElement.scrollWidth > width;
  return {
    wide: scrolls
      ? [...document.querySelectorAll("body *")]
          .filter((e) => e.getBoundingClientRect().right > width + 1 && e.checkVisibility())
          .slice(0, 5).map(name)
      : null,
    formulas: document.querySelectorAll(".math").length,
    unset: [...document.querySelectorAll(".math")]
      // an error in the TeX, or a macro that MathJax does not know and therefore prints in red
      .filter((e) => !e.querySelector("mjx-container")
        || e.querySelector("mjx-merror, [style*='color: red']"))
      .map((e) => e.textContent.slice(0, 80)),
    fonts: [...document.fonts].filter((f) => f.family.includes("MJX") && f.status === "loaded").length,
    searches: [...document.querySelectorAll(
      "form.bd-search, form.search, .search-button-field, .search-button")].filter(shown).map(name),
    background: getComputedStyle(document.body).backgroundColor,
  };
}"""


@pytest.fixture(scope="session")
def visit(browser, site_address):
    """Return a function that opens a page in a given way, once, and tells what was seen."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    tabs, seen = {}, {}
    record = {}  # of the page that is being opened

    def gate(route):
        address = route.request.url
        if address.startswith((site_address, "data:", "blob:")):
            route.continue_()
        else:
            record["outside"].append(address)
            route.abort()

    def open_tab(scheme, width):
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
        tab = context.new_page()
        tab.route("**/*", gate)
        tab.on("console", lambda message: message.type == "error" and record["errors"].append(message.text))
        tab.on("pageerror", lambda error: record["errors"].append(str(error)))
        tab.on("response", lambda answer: answer.status >= 400 and record["failed"].append(answer.url))
        return tab

    def look(page, scheme, width):
        nonlocal record
        if (page, scheme, width) not in seen:
            if (scheme, width) not in tabs:
                tabs[scheme, width] = open_tab(scheme, width)
            tab = tabs[scheme, width]
            record = {"errors": [], "outside": [], "failed": []}
            tab.goto(site_address + page, wait_until="load")
            record.update(tab.evaluate(LOOK))
            name = page.removesuffix(".html").replace("/", "-")
            tab.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{width}.jpg", full_page=True, quality=75)
            if width == max(WIDTHS):
                options = AXE_OPTIONS if scheme == "light" else AXE_OPTIONS_DARK
                record["axe"] = Axe().run(tab, options=options).response["violations"]
            seen[page, scheme, width] = record
        return seen[page, scheme, width]

    yield look
    for tab in tabs.values():
        tab.context.close()


@each_width
@each_scheme
@each_page
def test_a_visit_asks_no_other_host(visit, page, scheme, width):
    assert visit(page, scheme, width)["outside"] == []


@each_width
@each_scheme
@each_page
def test_a_visit_meets_no_error(visit, page, scheme, width):
    record = visit(page, scheme, width)
    assert record["failed"] == []
    assert record["errors"] == []


@each_width
@each_scheme
@each_page
def test_the_page_never_scrolls_sideways(visit, page, scheme, width):
    assert visit(page, scheme, width)["wide"] is None


@each_width
@each_scheme
@each_page
def test_formulas_are_set(visit, page, scheme, width):
    record = visit(page, scheme, width)
    assert record["unset"] == []
    if record["formulas"]:
        assert record["fonts"], "formulas stand on the page, but no font of MathJax was loaded"


def test_some_page_has_formulas(visit):
    assert any(visit(page, "light", 1280)["formulas"] for page in PAGES)


@each_width
@each_page
def test_there_is_one_search(visit, page, width):
    searches = visit(page, "light", width)["searches"]
    if page == "search.html":
        searches = [name for name in searches if name.startswith("form")]  # the page's own, beside the button
    assert len(searches) == 1, searches


@each_page
def test_light_and_dark_differ(visit, page):
    light, dark = (
        sum(int(number) for number in re.findall(r"\d+", visit(page, scheme, 1280)["background"])[:3])
        for scheme in SCHEMES
    )
    assert light > 600 > 200 > dark  # of 765, the sum of red, green and blue


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_chapter_weighs_at_most_a_megabyte(browser, site_address, name):
    """With everything that it loads, compressed as a web server sends it."""
    tab, answers = browser.new_page(), []
    tab.on("response", lambda answer: answers.append(answer))  # not the method itself: Playwright marks it
    tab.goto(f"{site_address}{name}.html", wait_until="networkidle")
    weight = {answer.url: len(gzip.compress(answer.body())) for answer in answers}
    tab.close()
    assert len(weight) > 10
    assert sum(weight.values()) < 1_000_000, sorted(weight.items(), key=lambda item: -item[1])[:5]


def test_the_keyboard_alone_reaches_everything(browser, site_address):
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(f"{site_address}{NOTEBOOKS[0]}.html")
    wanted = tab.evaluate(
        """() => {
          const controls = "a[href], button, summary, input:not([type=hidden]), [tabindex='0']";
          const shown = [...document.querySelectorAll(controls)].filter((e) =>
            e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !e.disabled && e.tabIndex >= 0);
          shown.forEach((e, n) => { e.dataset.wanted = n; });
          return shown.length;
        }"""
    )
    assert wanted > 30
    reached, invisible = set(), []
    for _ in range(3 * wanted):
        tab.keyboard.press("Tab")
        number, marked = tab.evaluate(
            """() => {
              const e = document.activeElement, style = getComputedStyle(e);
              return [e.dataset.wanted ?? null, style.outlineStyle !== "none" || style.boxShadow !== "none"];
            }"""
        )
        if number is not None:
            reached.add(int(number))
            if not marked:
                invisible.append(number)
        if len(reached) == wanted:
            break
    missed = tab.evaluate(
        "reached => [...document.querySelectorAll('[data-wanted]')]"
        ".filter((e) => !reached.includes(+e.dataset.wanted)).map((e) => e.outerHTML.slice(0, 120))",
        list(reached),
    )
    tab.close()
    assert not missed
    assert not invisible


def test_code_can_be_copied(browser, site_address):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{site_address}{NOTEBOOKS[0]}.html")
    block = tab.locator(".cell:not(.tag_hide-input) .cell_input").first
    block.hover()
    block.locator("button.copybtn").click()
    assert tab.evaluate("navigator.clipboard.readText()").strip() == block.locator("pre").inner_text().strip()
    context.close()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_printed_chapter_is_the_text_alone_and_not_cut_off(browser, site_address, name):
    tab = browser.new_page(viewport={"width": 680, "height": 960})  # A4 with margins, at 96 dots per inch
    tab.emulate_media(media="print")
    tab.goto(f"{site_address}{name}.html")
    cut, furniture = tab.evaluate(
        """async () => {
          if (window.MathJax?.startup?.promise) await window.MathJax.startup.promise;
          const page = document.querySelector(".bd-article").getBoundingClientRect();
          const cut = [...document.querySelectorAll(".bd-article pre, .bd-article svg, .bd-article table")]
            .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > page.right + 1
              || e.matches("pre") && e.scrollWidth > e.clientWidth + 1);
          const furniture = [...document.querySelectorAll(
            ".bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .prev-next-footer, .copybtn")]
            .filter((e) => e.checkVisibility({ opacityProperty: true }));
          return [cut, furniture].map((list) => list.map((e) => e.outerHTML.slice(0, 160)));
        }"""
    )
    tab.close()
    assert not cut
    assert not furniture


def test_a_printed_page_is_black_on_white_in_the_dark_too(browser, site_address):
    context = browser.new_context(color_scheme="dark", viewport={"width": 680, "height": 960})
    tab = context.new_page()
    tab.emulate_media(media="print")
    tab.goto(f"{site_address}{NOTEBOOKS[0]}.html")
    pale, dark = tab.evaluate(
        """() => {
          const sum = (colour) => {
            const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
            return alpha ? red + green + blue : null;
          };
          const wanted = "body, .bd-article :is(p, li, td, th, pre, code, h2, .highlight span)";
          const shown = [...document.querySelectorAll(wanted)].filter((e) => e.checkVisibility());
          const look = (e) => getComputedStyle(e);
          const colours = shown.map((e) => [e, sum(look(e).color), sum(look(e).backgroundColor)]);
          const name = ([e]) => e.outerHTML.slice(0, 120);
          return [colours.filter(([, text]) => text > 400).map(name),
                  colours.filter(([, , ground]) => ground !== null && ground < 600).map(name)];
        }"""
    )
    context.close()
    assert not pale
    assert not dark


def test_search_finds_a_word_of_the_book(browser, site_address):
    page = f"{NOTEBOOKS[0]}.html"
    word = max(re.findall(r"[a-z]+", parsed(page).h1.get_text().lower()), key=len)
    tab = browser.new_page()
    tab.goto(site_address + DOCUMENTS[0] + ".html")
    tab.locator(".search-button-field:visible").first.click()
    tab.locator("input[type=search]:visible").first.fill(word)
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=*")
    tab.wait_for_selector("#search-results li a")
    found = tab.eval_on_selector_all("#search-results li a", "links => links.map((link) => link.href)")
    tab.close()
    assert any(urlparse(address).path == f"/{page}" for address in found), (word, found)


@each_scheme
@each_page
def test_axe_finds_nothing(visit, page, scheme):
    findings = [
        f"{finding['id']}: {finding['help']}: {node['html'][:160]}"
        for finding in visit(page, scheme, max(WIDTHS))["axe"]
        for node in finding["nodes"]
        if not any(finding["id"] == rule and part in node["html"] for rule, part, _ in ACCEPTED_FINDINGS)
    ]
    assert not findings
