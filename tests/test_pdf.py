"""What is made of a page of the site before it is printed. `make pdf` looks at the PDF: tests/printed_book.py."""

import pytest
from bs4 import BeautifulSoup

from scripts import pdf

PAGE = """<html><body><nav>site</nav><article class="bd-article">
<section id="top"><h1>Home &amp; away<a class="headerlink" href="#top">#</a></h1>
<p><em>A line below the title</em></p>
<div class="cell tag_setup"><pre>import setup</pre></div>
<div class="cell tag_claims"><details class="hide above-input"><summary>Show code</summary>
<div class="cell_input"><pre>claim(1)</pre></div></details><div class="cell_output"><pre>ok 1</pre></div></div>
<p><a href="two.html#there">two</a> <a href="two.html">all of two</a> <a href="#top">here</a>
<a href="https://example.org/#x">out</a> <a href="../search.html">search</a></p>
<details><summary>Solution</summary>

<p>42</p></details>
<svg viewBox="0 0 1 1" aria-labelledby="t d"><defs><clipPath id="c"/></defs><title id="t">T</title>
<g clip-path="url(#c)"><use xlink:href="#c"/></g></svg>
<div class="gate-explorer" id="gates"><p>needs JavaScript</p></div>
</section></article></body></html>"""
OTHER = '<article class="bd-article"><section id="two"><h1>2. Two</h1><h2 id="there">There</h2></section></article>'


@pytest.fixture
def tree(tmp_path):
    """Return a top level with a built site of two pages."""
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "_config.yml").write_text(
        "title: A <book>\nauthor: Us\nrepository:\n  url: https://github.com/owner/a-book\n"
        "html:\n  extra_footer: Free for all.\n"
    )
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/home\nparts:\n- caption: Then\n  chapters:\n  - file: book/two\n"
    )
    site = tmp_path / pdf.SITE / "book"
    site.mkdir(parents=True)
    (site / "home.html").write_text(PAGE)
    (site / "two.html").write_text(OTHER)
    return tmp_path


@pytest.fixture
def page(tree):
    """Return the first page of the small site as it is printed."""
    return pdf.document(tree, "book/home", ["book/home", "book/two"])


def test_the_site_around_a_page_is_left_out(page):
    assert page.h1.get_text() == "Home & away"
    assert not page.select(".headerlink, nav, .tag_setup")


def test_code_that_the_site_folds_away_is_left_out_and_its_output_stays(page):
    claims = page.select_one(".tag_claims").get_text()
    assert "ok 1" in claims and "claim(1)" not in claims and "Show code" not in claims
    assert not page.find("details")


def test_solutions_are_open_under_their_heading(page):
    solution = page.select_one(".unfolded")
    assert [piece.get_text() for piece in solution.find_all("p")] == ["Solution", "42"]


def test_links_lead_to_places_in_the_book_and_others_stay_or_go(page):
    links = {link.get_text(): link.get("href") for link in page.find_all("a")}
    assert links == {
        "two": "#at-two--there",
        "all of two": "#at-two",
        "here": "#at-home--top",
        "out": "https://example.org/#x",
        "search": None,
    }


def test_a_drawing_keeps_what_it_points_at(page):
    drawing = page.svg
    assert drawing.find("clippath")["id"] == drawing.use["xlink:href"].removeprefix("#") == "at-home--c"
    assert drawing.g["clip-path"] == "url(#at-home--c)"
    assert drawing["aria-labelledby"] == "at-home--t at-home--d"


def test_what_is_played_with_says_where(page):
    assert "on the site" in page.find(id="at-home--gates").get_text()


def test_the_whole_has_a_title_page_and_contents_with_numbers(tree):
    whole = BeautifulSoup(pdf.assemble(tree, [1, 2, 3, 7]), "html.parser")
    title = whole.select_one(".title-page").get_text()
    assert all(text in title for text in ("A <book>", "A line below the title", "Release 1.2.3", "Free for all."))
    lines = [item.get_text(" ") for item in whole.select(".contents li")]
    assert lines == [f"{pdf.FIRST_PAGE} 3", "2. Two 7"]
    assert [link["href"] for link in whole.select(".contents a")] == ["#at-home", "#at-two"]
    assert whole.find(id="at-two--there")


def test_a_quotation_mark_in_a_title_does_not_end_the_rule():
    rules = pdf.running_heads("T", {"book/a": 'Say "no" \\ more'})
    assert r'content: "Say \"no\" \\ more"' in rules


def test_without_a_site_nothing_is_printed(tree):
    (tree / pdf.SITE / "book" / "two.html").unlink()
    with pytest.raises(pdf.NotPrinted, match="run `make book`"):
        pdf.assemble(tree)


@pytest.mark.parametrize(
    "addition, fault",
    [
        ('<div style="width: 2000px">wide</div>', "wider than the line"),
        ("<p>the price is $x$ here</p>", "stands raw"),
        ('<p class="math">x</p>', "is not set"),
        ('<p><a href="#nowhere">to nothing</a></p>', "leads nowhere"),
    ],
)
def test_faults_are_found_before_anything_is_printed(tree, browser, tmp_path, addition, fault):
    home = tree / pdf.SITE / "book" / "home.html"
    home.write_text(PAGE.replace("<details>", f"{addition}<details>"))
    script = tree / pdf.SITE / pdf.SCRIPT
    script.parent.mkdir(parents=True)
    script.write_text("window.MathJax = {startup: {promise: Promise.resolve()}};")
    draft = tree / "_build" / "pdf"
    draft.mkdir()
    with pytest.raises(pdf.NotPrinted, match=fault):
        pdf._print(browser, pdf.assemble(tree), draft)
    assert not list(tree.rglob("*.pdf"))


def test_a_wide_table_is_made_smaller_and_one_that_is_wider_still_is_refused(tree, browser):
    home, draft, script = tree / pdf.SITE / "book" / "home.html", tree / "_build" / "pdf", tree / pdf.SITE / pdf.SCRIPT
    script.parent.mkdir(parents=True)
    draft.mkdir()
    script.write_text("window.MathJax = {startup: {promise: Promise.resolve()}};")
    table = '<table><tr><td><div style="width: {}px">wide</div></td></tr></table>'
    home.write_text(PAGE.replace("<details>", table.format(pdf.LINE * 1.3) + "<details>"))
    pdf._print(browser, pdf.assemble(tree), draft)
    assert (draft / "book.pdf").stat().st_size > 1000
    home.write_text(PAGE.replace("<details>", table.format(pdf.LINE * 2) + "<details>"))
    with pytest.raises(pdf.NotPrinted, match="table. is wider than the line"):
        pdf._print(browser, pdf.assemble(tree), draft)
