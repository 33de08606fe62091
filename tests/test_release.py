"""A release is one command, which refuses with every reason, or leaves a tag; nothing is pushed."""

import datetime
import json
import subprocess

import pytest

from scripts import release
from scripts.fingerprint import fingerprint
from scripts.setup_cell import setup_source

ADDRESS = "https://github.com/an-owner/a-book"
CHANGELOG = """# Changelog

## [Unreleased]

### Added

- Something new.

## [1.2.3] - 2026-01-31

- The first.
"""
DAY = datetime.date(2026, 12, 24)


@pytest.fixture
def tree(tmp_path):
    """Return a small tree of the book's layout in Git, fit for a release."""
    root = tmp_path / "tree"
    (root / "helpers").mkdir(parents=True)
    (root / "book").mkdir()
    (root / "_config.yml").write_text(f"title: T\nrepository:\n  url: {ADDRESS}\n  branch: v1.2.3\n")
    (root / "helpers" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (root / "CITATION.cff").write_text("version: 1.2.3\n")
    (root / "CHANGELOG.md").write_text(CHANGELOG)
    (root / ".gitignore").write_text("_build/\n")
    cells = [
        {"cell_type": "code", "metadata": {"tags": ["setup"]}, "source": setup_source(root), "execution_count": 1},
        {"cell_type": "code", "metadata": {}, "source": "1 + 1", "execution_count": 2},
    ]
    for cell in cells:
        cell["outputs"] = []
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    notebook["metadata"]["book"] = {"fingerprint": fingerprint(notebook, root)}
    (root / "book" / "01-a.ipynb").write_text(json.dumps(notebook, indent=1) + "\n")
    git(root, "init", "--quiet")
    git(root, "config", "user.name", "A maintainer")
    git(root, "config", "user.email", "maintainer@example.org")
    commit(root)
    return root


def git(root, *arguments):
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(root):
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "A change")


def state(root):
    return git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain"), git(root, "tag")


def make(root, version, run=lambda words, root: None):
    release.release(root, version, run, DAY)


def refusal(root, version):
    """Return why a release is refused, having seen that nothing has changed and nothing was run."""
    before, ran = state(root), []
    with pytest.raises(release.Refused) as refused:
        make(root, version, lambda words, root: ran.append(words))
    assert state(root) == before and not ran
    return str(refused.value)


def test_a_release_has_its_version_everywhere_its_date_and_a_tag(tree):
    ran = []
    make(tree, "1.3.0", lambda words, root: ran.append(words[1]))
    assert ran == ["test", "pdf", "archive", "test-colab"]
    assert '"1.3.0"' in (tree / "helpers" / "__init__.py").read_text()
    assert "branch: v1.3.0" in (tree / "_config.yml").read_text()
    assert "version: 1.3.0" in (tree / "CITATION.cff").read_text()
    assert "v1.3.0" in (tree / "book" / "01-a.ipynb").read_text()
    log = (tree / "CHANGELOG.md").read_text()
    assert "## [Unreleased]\n\n## [1.3.0] - 2026-12-24\n\n### Added\n\n- Something new.\n" in log
    assert state(tree)[1:] == ("", "v1.3.0")
    assert git(tree, "rev-parse", "v1.3.0^{commit}") == git(tree, "rev-parse", "HEAD")
    assert git(tree, "cat-file", "-t", "v1.3.0") == "tag"


def test_the_colab_test_meets_the_commit_of_the_release(tree):
    seen = {}

    def run(words, root):
        seen[words[1]] = git(root, "log", "-1", "--format=%s"), git(root, "status", "--porcelain")

    make(tree, "1.3.0", run)
    assert seen["test"][0] == "A change" and seen["test"][1]
    assert seen["test-colab"] == ("Release 1.3.0", "")


def test_a_version_that_is_written_already_is_tagged_as_it_is(tree):
    (tree / "CHANGELOG.md").write_text(CHANGELOG.replace("- Something new.\n", ""))
    commit(tree)
    head = git(tree, "rev-parse", "HEAD")
    make(tree, "1.2.3")
    assert state(tree) == (head, "", "v1.2.3")


@pytest.mark.parametrize("step", ["test", "pdf", "archive", "test-colab"])
def test_a_step_that_fails_leaves_everything_as_it_was(tree, step):
    before, log = state(tree), (tree / "CHANGELOG.md").read_bytes()

    def run(words, root):
        if words[1] == step:
            raise release.Refused(f"{step} failed")

    with pytest.raises(release.Refused, match=f"{step} failed"):
        make(tree, "1.3.0", run)
    assert state(tree) == before
    assert (tree / "CHANGELOG.md").read_bytes() == log


def test_a_command_that_fails_is_named(tree, capfd):
    with pytest.raises(release.Refused, match="`git no-such-command` failed"):
        release.command(["git", "no-such-command"], tree)


@pytest.mark.parametrize("version", ["1.3", "v1.3.0", "1.3.0rc1", "01.3.0", "", "1.3.0 "])
def test_a_version_has_three_numbers(tree, version):
    assert "three numbers" in refusal(tree, version)


def test_versions_go_up_as_numbers(tree):
    assert "comes before" in refusal(tree, "1.2.2")
    make(tree, "1.10.0")
    (tree / "CHANGELOG.md").write_text((tree / "CHANGELOG.md").read_text().replace("ed]\n", "ed]\n\n- x\n", 1))
    commit(tree)
    assert "comes before" in refusal(tree, "1.9.0")


def test_changes_that_are_not_committed_are_named(tree):
    (tree / "new.txt").write_text("new")
    assert "1 changes are not committed: new.txt" in refusal(tree, "1.3.0")


def test_a_release_is_not_made_twice(tree):
    git(tree, "tag", "v1.3.0")
    assert "there is a tag v1.3.0" in refusal(tree, "1.3.0")


def test_an_empty_changelog_is_refused(tree):
    (tree / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n")
    commit(tree)
    assert "is empty" in refusal(tree, "1.3.0")
    (tree / "CHANGELOG.md").write_text("# Changelog\n")
    commit(tree)
    assert "must have a section" in refusal(tree, "1.3.0")


def test_a_section_without_a_date_is_refused(tree):
    (tree / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n## [1.3.0]\n\n- New.\n")
    commit(tree)
    assert "without a date" in refusal(tree, "1.3.0")


def test_stale_outputs_are_refused(tree):
    path = tree / "book" / "01-a.ipynb"
    path.write_text(path.read_text().replace("1 + 1", "1 + 2"))
    commit(tree)
    assert "stale in 01-a" in refusal(tree, "1.3.0")


def test_an_address_that_leads_nowhere_is_refused(tree):
    config = tree / "_config.yml"
    config.write_text(config.read_text().replace("an-owner", release.NOBODY))
    commit(tree)
    assert "make home" in refusal(tree, "1.3.0")


def test_every_reason_is_told_at_once(tree, capsys):
    (tree / "CHANGELOG.md").unlink()
    assert release.main(["1.2.2"], tree) == 1
    told = capsys.readouterr().err
    assert all(text in told for text in ("comes before", "not committed", "must have a section"))


def test_without_git_there_is_no_release(tmp_path, tree):
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("_config.yml", "CHANGELOG.md"):
        (bare / name).write_text((tree / name).read_text())
    (bare / "helpers").mkdir()
    (bare / "helpers" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    with pytest.raises(release.Refused, match="must be in Git"):
        make(bare, "1.3.0")


# --- the real changelog ---


def test_the_changelog_tells_of_this_version():
    sections = release.changelog((release.ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert "Unreleased" in sections
    assert release.version() in sections
    versions = [release.numbers(name) for name in list(sections)[1:]]
    assert versions == sorted(versions, reverse=True)
