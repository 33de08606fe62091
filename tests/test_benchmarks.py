"""The page about speed says what was measured, and the programs that measure still run."""

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import page, record

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / page.PAGE).read_text(encoding="utf-8")
NOTHING = dict.fromkeys(page.PARTS)


def stored(results, complete=True):
    return {"machine": {"cores": 2}, "date": "2026-01-02", "complete": complete, "results": results}


def epochs(plain, fit, pytorch, products):
    return {
        "plain": [{"start_up": 1.0, "epoch": seconds} for seconds in plain],
        "fit": [{"start_up": 2.0, "epoch": seconds} for seconds in fit],
        "pytorch": [{"epoch": seconds} for seconds in pytorch],
        "arithmetic": {"epoch": products, "gflops": 30.0},
    }


def test_the_page_says_what_was_measured():
    results = {part: record.load(part) for part in page.PARTS}
    assert page.filled(TEXT, results) == TEXT, "run: python -m benchmarks table"


def test_what_was_not_measured_is_not_claimed():
    text = page.filled(TEXT, NOTHING)
    assert text.count("Not measured yet.") == 8
    assert "| not measured |" in text and "| met |" not in text and "**missed**" not in text


def test_a_ratio_is_taken_pair_by_pair_and_held_against_its_goal():
    # A machine that is busy for a while slows both ways of a pair: the ratio does not notice.
    good = epochs(plain=[1.0, 10.0, 1.2], fit=[0.2, 2.0, 0.24], pytorch=[0.3, 3.0, 0.4], products=0.2)
    bad = epochs(plain=[1.0, 1.0, 1.0], fit=[0.5, 0.46, 0.4], pytorch=[0.4, 0.4, 0.4], products=0.2)
    text = page.filled(TEXT, NOTHING | {"epoch": stored({"SimpleRNN(50)": good, "LSTM(50)": bad})})
    rows = re.findall(
        r"^\| an epoch of (\w+)\(50\), against ([\w ]+).*\| (\S+) times \| (.+) \|$", text, re.M
    )
    assert [(name, measured, verdict) for name, _, measured, verdict in rows] == [
        ("SimpleRNN", "0.20", "met"),
        ("LSTM", "0.46", "**missed**"),
        ("SimpleRNN", "0.67", "met"),
        ("LSTM", "1.15", "**missed**"),
        ("SimpleRNN", "1.20", "met"),
        ("LSTM", "2.30", "**missed**"),
    ]


def test_a_measurement_that_was_cut_short_says_so():
    result = {"SimpleRNN(50)": {"epochs": 200, "plain": [40.0], "fit": [10.0]}}
    text = page.filled(TEXT, NOTHING | {"run": stored(result, complete=False)})
    assert "2026-01-02 (cut short)" in text
    assert "| SimpleRNN(50), 200 epochs | 1 | 40.0 | 10.0 | 0.25 (0.25–0.25) |" in text


def test_what_is_the_same_for_every_part_is_said_once():
    one = stored({}) | {"machine": {"cores": 2, "python": "3.11.7"}}
    other = stored({}) | {"machine": {"cores": 2, "python": "3.12.1"}}
    text = page.machine(NOTHING | {"epoch": one, "run": other})
    assert text.startswith("Everywhere the same: cores 2.\n\n| part | measured on | Python |\n")
    assert "| `epoch` | 2026-01-02 | 3.11.7 |\n| `run` | 2026-01-02 | 3.12.1 |\n| `book` | – | – |\n" in text


def test_a_page_without_a_section_is_refused():
    with pytest.raises(ValueError, match="must hold the lines '% begin: growth'"):
        page.filled(TEXT.replace("% begin: growth", ""), NOTHING)


def test_the_code_on_the_page_trains(tmp_path):
    import tensorflow

    from benchmarks.timing import article_data
    from helpers import models

    x, y = article_data()
    model = models.vanilla_rnn(2, seed=0)
    model.optimizer.build(model.trainable_variables)
    model.compute_metrics(x[:1], y[:1], y[:1])
    names = {"tf": tensorflow, "model": model, "epochs": 3, "x_train": x[:120], "y_train": y[:120]}
    program = tmp_path / "page.py"  # a file, because TensorFlow reads the source of what it compiles
    program.write_text(re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)[1])
    logs = runpy.run_path(program, names)["logs"]
    assert model.optimizer.iterations == 3 * 2
    assert 0 < float(logs["loss"]) < 10


def test_the_parts_run_and_a_second_run_leaves_out_what_is_done(tmp_path):
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "--small",
        "--results",
        tmp_path,
        "epoch",
        "growth",
        "profile",
    ]
    settings = {"cwd": ROOT, "env": os.environ | {"BOOK_EPOCHS": "1"}, "capture_output": True, "text": True}
    first = subprocess.run(command, **settings)
    assert first.returncode == 0, first.stderr[-2000:]
    results = {
        part: json.loads((tmp_path / f"{part}.json").read_text()) for part in ("epoch", "growth", "profile")
    }
    for part, result in results.items():
        assert result["complete"] and result["machine"]["tensorflow"] and result["date"], part
    timed = results["epoch"]["results"]["SimpleRNN(50)"]
    assert timed["plain"][0]["epoch"] > 0 and timed["fit"][0]["epoch"] > 0
    assert page.filled(TEXT, NOTHING | results).count("Not measured yet.") == 3

    second = subprocess.run(command, **settings)
    assert second.stdout.count("measured just now") == 3, second.stderr[-2000:]


def test_small_sizes_never_replace_results():
    command = [sys.executable, "-m", "benchmarks", "--small", "epoch"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "name another folder" in done.stderr
