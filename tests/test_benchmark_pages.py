"""The part `pages` of the benchmarks measures what a reader loads."""

import gzip

import pytest

from benchmarks import page, pages
from benchmarks.record import ROOT
from scripts.numbers_page import chapters


def test_every_visit_loads_the_whole_page_compressed(site, browser):
    name = f"book/{chapters(ROOT)[0].stem}.html"
    with pages.served(site) as address:
        visits = [pages.visit(browser, address + name, "desktop") for _ in range(2)]
    (first, weight), (second, again) = visits
    assert min(first, second) > 0
    assert weight == pytest.approx(again, rel=0.01), "nothing is cached from one visit to the next"
    text = (site / name).read_bytes()
    assert weight > len(gzip.compress(text))
    with pages.served(site) as address:
        tab = browser.new_page()
        answer = tab.goto(address + name)
        tab.close()
    assert answer.headers["content-encoding"] == "gzip"


def test_the_table_has_a_row_for_each_chapter():
    text = page.pages({"01-words": {"desktop": 0.123, "phone": 1.5, "bytes": 200_400}})
    assert "| 01-words | 0.12 | 1.50 | 200 |" in text
    assert page.pages(None) is None
