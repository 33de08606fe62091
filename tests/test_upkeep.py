"""The weekly run tells what broke, in one issue."""

import json
import sys

import pytest

from scripts import upkeep


@pytest.fixture
def github(monkeypatch):
    """Stand in for GitHub: a list of open issues and of what `gh` was asked."""

    class GitHub:
        def __init__(self):
            self.open, self.asked, self.body = [], [], ""

        def answer(self, *words):
            self.asked.append(words[:2])
            if "--body-file" in words:
                self.body = open(words[words.index("--body-file") + 1], encoding="utf-8").read()
            return json.dumps([{"number": number} for number in self.open])

    stand_in = GitHub()
    monkeypatch.setattr(upkeep, "gh", stand_in.answer)
    return stand_in


def run(root, name, code):
    return upkeep.main(["run", name, sys.executable, "-c", code], root)


def test_a_command_is_shown_and_kept_and_its_status_is_handed_on(tmp_path, capsys):
    assert run(tmp_path, "tests", "print('seen'); raise SystemExit(3)") == 3
    assert "seen" in capsys.readouterr().out
    assert (tmp_path / upkeep.FOLDER / "tests.log").read_text() == "seen\n"
    assert json.loads((tmp_path / upkeep.FOLDER / "tests.json").read_text())["status"] == 3


def test_one_issue_is_opened_with_what_broke_and_nothing_else(tmp_path, github):
    run(tmp_path, "colab", "print('all', 'quiet')")
    run(tmp_path, "tests", "print('\\x1b[31mE  assert 1 == 2\\x1b[0m'); raise SystemExit(1)")
    assert upkeep.main(["tell", "--link", "https://example.org/run"], tmp_path) == 1
    assert ("issue", "create") in github.asked and ("issue", "edit") not in github.asked
    assert "\nE  assert 1 == 2\n" in github.body and "all quiet" not in github.body
    assert "| colab |" in github.body and "https://example.org/run" in github.body


def test_an_open_issue_is_brought_up_to_date(tmp_path, github):
    github.open = [7]
    run(tmp_path, "tests", "raise SystemExit(1)")
    assert upkeep.main(["tell"], tmp_path) == 1
    assert ("issue", "edit") in github.asked and ("issue", "create") not in github.asked


def test_a_mended_book_closes_the_issue(tmp_path, github):
    github.open = [7]
    run(tmp_path, "tests", "pass")
    assert upkeep.main(["tell"], tmp_path) == 0
    assert github.asked[-1] == ("issue", "close")


def test_where_nothing_broke_nothing_is_said(tmp_path, github):
    run(tmp_path, "tests", "pass")
    assert upkeep.main(["tell"], tmp_path) == 0
    assert github.asked == [("issue", "list")]


def test_a_run_without_results_is_no_good_run(tmp_path, github):
    assert upkeep.main(["tell"], tmp_path) == 1


def test_a_long_log_is_cut_to_its_end(tmp_path, github):
    run(tmp_path, "tests", "print('x' * 90000); print('the end'); raise SystemExit(1)")
    upkeep.main(["tell"], tmp_path)
    assert len(github.body) < 65536 and "the end" in github.body
