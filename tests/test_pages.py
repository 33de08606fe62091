"""The pages beside the chapters tell what is true: numbers, links, runs, works cited."""

import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest

from helpers import data
from scripts import execute_book, numbers_page

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
NOTEBOOKS = numbers_page.chapters()


def read(name):
    return (BOOK / name).read_text(encoding="utf-8")


def rows(page):
    """Return the cells of all tables on a page, row by row."""
    lines = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


# --- the title page ---


def test_the_title_page_links_the_chapters_that_are_there_and_names_the_others():
    page = read("intro.md")
    there = {int(path.name[:2]) for path in NOTEBOOKS}
    linked = {int(number) for number in re.findall(r"^- \[(\d)\. .*?\]\(0\1-", page, re.MULTILINE)}
    written = {int(number) for number in re.findall(r"^- (\d)\\\. .*\*\(being written\)\*", page, re.MULTILINE)}
    assert linked == there and written == set(range(1, 10)) - there

    assert written or "being written" not in page


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_title_page_calls_a_chapter_by_its_name(path):
    name = numbers_page.title(json.loads(path.read_text(encoding="utf-8")))
    assert f"[{name}]({path.name})" in read("intro.md")


# --- the data card ---


def told(label):
    """Return the cells beside a label in the tables of the data card; the last table that has it counts."""
    return {row[0]: row[1:] for row in rows(read("data-card.md"))}[label]


def ids(numbers):
    return " ".join(map(str, numbers))


def test_the_checks_of_the_rebuild_hold():
    (x_train, y_train), (_, y_test) = data.load_reuters()
    short_train, short_test = data.load_reuters(maxlen=50, test_split=0.3)
    words = data.get_word_index()
    file = data.FOLDER / "reuters_word_index.json"
    assert told("running words") == [f"{len(data._archive()['tokens']):,}"]
    assert told("different words") == [f"{len(words):,}"]
    assert told("rarest word") == [max(words, key=words.get)]
    assert told("MD5 of the word index") == [f"`{data.WORD_INDEX_MD5}`"]  # of the file, or it would not load
    assert told("bytes of the word index") == [f"{file.stat().st_size:,}"]
    mean = float(np.mean([len(wire) for wire in x_train]))
    assert told("mean length of the training texts, start mark included") == [str(mean)]
    assert told("first training labels") == [ids(y_train[:10])]
    assert told("first test labels") == [ids(y_test[:10])]
    assert told("first training text begins") == [ids(x_train[0][:8])]
    assert told("first training text ends") == [ids(x_train[0][-4:])]
    assert told("training and test texts shorter than 50 ids") == [
        f"{len(short_train[0]):,} + {len(short_test[0]):,}"
    ]


def test_the_table_of_faults_is_counted_right():
    columns = []
    for split in ({}, {"num_words": 30000, "maxlen": 50, "test_split": 0.3}):
        parts = data.load_reuters(**split)
        flags = data.load_flags(**{name: split[name] for name in split if name != "num_words"})
        (x_train, y_train), (x_test, y_test) = parts
        known = set(map(tuple, x_train))
        if not split:
            everything = {name: np.concatenate([part[name] for part in flags]) for name in flags[0]}
            columns.append(column(np.concatenate([y for _, y in parts]), everything))
        columns += [column(y, flag) for (_, y), flag in zip(parts, flags, strict=True)]
        columns[-1]["text also stands in the training part"] = sum(tuple(wire) in known for wire in x_test)
        columns[-1]["topic does not occur in the training part"] = int(np.sum(~np.isin(y_test, y_train)))
    for label in columns[-1]:
        values = [counts.get(label, "") for counts in columns]
        assert told(label) == [value if isinstance(value, str) else f"{value:,}" for value in values], label


def column(labels, flags):
    borrowed, several = ~flags["own_text"], flags["topic_count"] > 1
    earn = labels == data.get_label_names().index("earn")
    return {
        "wires": len(labels),
        "with a borrowed text": int(borrowed.sum()),
        "with several topics": int(several.sum()),
        "with both faults": int((borrowed & several).sum()),
        "sound": int((~borrowed & ~several).sum()),
        "topics that occur": len(set(labels)),
        'about "earn"': int(earn.sum()),
        'share of "earn"': f"{100 * earn.mean():.1f} %",
    }


def test_sound_only_keeps_what_the_data_card_says():
    sizes = []
    for split in ({}, {"maxlen": 50, "test_split": 0.3}):
        sizes += [f"{len(x):,}" for x, _ in data.load_reuters(sound_only=True, **split)]
    assert told("sound")[1:] == sizes


def test_the_summary_of_the_data_is_right():
    archive, names = data._archive(), data.get_label_names()
    counts = np.bincount(archive["labels"])
    largest = ", ".join(f"{names[topic]} {counts[topic]:,}" for topic in counts.argsort()[::-1][:5])
    assert told("largest topics") == [largest]
    smallest = sorted(names[topic] for topic in np.flatnonzero(counts == counts.min()))
    assert told("smallest topics") == [
        f"{', '.join(smallest[:-1])} and {smallest[-1]}, with {counts.min()} each"
    ]
    lengths = archive["lengths"]
    assert told("length in words") == [
        f"median {np.median(lengths):.0f}, from {lengths.min()} to {lengths.max():,}"
    ]
    shortest = int(lengths.argmin())
    assert sum(lengths == 1) == 1 and data.decode([data._texts()[shortest][0] + 3]) == "rn"


def test_the_files_are_as_the_data_card_lists_them():
    for path in data.FOLDER.iterdir():
        assert told(f"`{path.name}`")[0] == f"{path.stat().st_size:,}"
    for name, values in data._archive().items():
        dtype = "text" if values.dtype.kind == "U" else str(values.dtype)
        assert told(f"`{name}`")[:2] == [dtype, f"{len(values):,}"], name
    topic_count = data._archive()["topic_count"]
    assert told("`topic_count`")[2].endswith(f"{topic_count.min()} to {topic_count.max()}")


# --- the notation ---


def test_the_notation_counts_parameters_as_keras_does():
    built = {
        "`SimpleRNN`": (keras.layers.SimpleRNN(50), (None, 49, 1)),
        "`LSTM`": (keras.layers.LSTM(50), (None, 49, 1)),
        "`Dense` on top": (keras.layers.Dense(46), (None, 50)),
    }
    cells = {row[0]: row for row in rows(read("notation.md"))}
    for name, (layer, shape) in built.items():
        layer.build(shape)
        assert cells[name][-1] == f"{layer.count_params():,}"


def test_the_forget_gate_is_the_second_block_and_starts_open():
    layer = keras.layers.LSTM(3)
    layer.build((None, 49, 1))
    assert np.split(np.asarray(layer.cell.bias), 4)[1].tolist() == [1, 1, 1]
    assert np.sum(layer.cell.bias) == 3


# --- how the numbers were made ---


def test_the_tables_of_runs_tell_what_the_notebooks_store():
    page = (ROOT / numbers_page.PAGE).read_text(encoding="utf-8")
    assert numbers_page.with_tables(page, numbers_page.tables()) == page, (
        "run `make execute`, or `python -m scripts.numbers_page` where all chapters are fresh"
    )


@pytest.fixture
def tree(tmp_path):
    """Return a top level with the page and one chapter that has been run."""
    (tmp_path / "book").mkdir()
    toc = "format: jb-book\nroot: book/intro\nparts:\n  - chapters:\n      - file: book/04-a\n"
    (tmp_path / "_toc.yml").write_text(toc, encoding="utf-8")
    page = f"# How\n\n{numbers_page.BEGIN}\nold\n{numbers_page.END}\n\nMore.\n"
    (tmp_path / numbers_page.PAGE).write_text(page, encoding="utf-8")
    book = {
        "executed": "2026-11-23",
        "seconds": 61,
        "cpu_threads": 2,
        "python": "3.11.7",
        "versions": {"tensorflow": "2.21.0", "keras": "3.15.1", "numpy": "2.4.6", "scikit-learn": "1.9.1"},
    }
    cells = [{"cell_type": "markdown", "metadata": {}, "source": ["# 4. A chapter\n", "\n", "Text."]}]
    notebook = {"cells": cells, "metadata": {"book": book}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "book" / "04-a.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return tmp_path


def test_execution_brings_the_page_up_to_date(tree, monkeypatch, capsys):
    monkeypatch.delenv("BOOK_EPOCHS", raising=False)
    monkeypatch.setattr(execute_book, "is_fresh", lambda notebook, root: True)
    assert execute_book.main([], tree) == 0
    assert "tables of runs updated" in capsys.readouterr().out
    page = (tree / numbers_page.PAGE).read_text(encoding="utf-8")
    assert "| [4. A chapter](04-a.ipynb) | 2026-11-23 | 61 | 2 |" in page
    assert "| 4 | 3.11.7 | 2.21.0 | 3.15.1 | 2.4.6 | 1.9.1 |" in page
    assert page.startswith("# How\n") and page.endswith("\n\nMore.\n") and "old" not in page

    assert execute_book.main([], tree) == 0
    assert "tables of runs updated" not in capsys.readouterr().out


def test_a_page_without_its_marks_is_refused(tree):
    (tree / numbers_page.PAGE).write_text("# How\n", encoding="utf-8")
    with pytest.raises(ValueError, match="must hold the lines"):
        numbers_page.update(tree)


# --- glossary and references ---


def test_the_glossary_is_in_alphabetical_order():
    body = read("glossary.md").split("```{glossary}\n")[1].split("```")[0]
    terms = [line for line in body.splitlines() if line and not line.startswith(" ")]
    assert terms == sorted(terms, key=str.lower)


def test_every_source_that_a_chapter_links_is_among_the_references():
    listed = (BOOK / "references.bib").read_text(encoding="utf-8").lower()
    missing = []
    for path in NOTEBOOKS:
        text = "".join(
            "".join(cell["source"])
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if cell["cell_type"] == "markdown"
        )
        for name in re.findall(r"(?:doi\.org/|arxiv\.org/abs/)([^\s)\]]+)", text):
            if name.lower() not in listed:
                missing.append(f"{path.stem}: {name}")
    assert not missing
