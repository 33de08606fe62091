"""What `helpers.results` makes of records, and what it refuses to make of them."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from helpers import results, scores
from helpers.data import load_flags, load_reuters

WIRES = {"num_words": 30000, "maxlen": 50, "test_split": 0.3}
_, (_, TRUTH) = load_reuters(**WIRES)
_, FLAGS = load_flags(maxlen=50, test_split=0.3)
SOUND = FLAGS["own_text"] & (FLAGS["topic_count"] == 1)


def wrong_on(wires):
    """Return answers that are right but for some wires."""
    answers = TRUTH.copy()
    answers[wires] = (answers[wires] + 1) % 46
    return answers.tolist()


def store(folder, name, models, shows=(), wires=WIRES):
    """Write an experiment: models is {name: {seed: measured}}."""
    listed = []
    for model, runs in models.items():
        slug = model.lower().replace(" ", "-")
        listed.append({"name": model, "folder": slug, "seeds": list(runs), "key": f"key of {model}"})
        for seed, measured in runs.items():
            path = folder / name / slug / f"{seed}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            record = {"key": f"key of {model}", "seed": seed, "settings": {"wires": wires}, "measured": measured}
            path.write_text(json.dumps(record))
    manifest = {"name": name, "title": f"Title of {name}", "shows": list(shows), "models": listed}
    (folder / name / "experiment.json").write_text(json.dumps(manifest))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    half, third = np.arange(0, 599, 2), np.arange(0, 599, 3)
    store(
        tmp_path,
        "wires",
        {
            "Good": {seed: {"answers": wrong_on([seed])} for seed in range(3)},
            "Bad": {seed: {"answers": wrong_on(half), "epochs": 7} for seed in range(3)},
            "Fixed rule": {0: {"answers": wrong_on(third)}},
        },
    )
    solved = {"LSTM": {0: {"solved": 1.0}, 1: {"solved": 0.5}}, "RNN": {0: {"solved": 0.1}}}
    store(tmp_path, "memory", solved, shows=["solved"])
    return tmp_path


def test_scores_come_from_the_answers(folder):
    predictions, y_true = results.answers("wires")
    assert np.array_equal(y_true, TRUTH)
    assert {name: rows.shape for name, rows in predictions.items()} == {
        "Good": (3, 599),
        "Bad": (3, 599),
        "Fixed rule": (1, 599),
    }
    assert results.accuracies("wires")["Good"] == [598 / 599] * 3
    assert results.measured("memory", "solved") == {"LSTM": [1.0, 0.5], "RNN": [0.1]}
    assert results.measured("wires", "epochs") == {"Bad": [7, 7, 7]}


def test_sound_wires_can_be_scored_alone(folder):
    predictions, y_true = results.answers("wires", sound_only=True)
    assert np.array_equal(y_true, TRUTH[SOUND]) and predictions["Good"].shape == (3, SOUND.sum())
    right = (np.array(wrong_on(np.arange(0, 599, 2))) == TRUTH)[SOUND].mean()
    assert results.accuracies("wires", sound_only=True)["Bad"] == pytest.approx([right] * 3)


def test_the_table_shows_mean_spread_interval_and_the_other_scores(folder, capsys):
    results.table("wires")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Title of wires (599 test wires)"
    row = next(line for line in lines if line.startswith("Bad"))
    answers = np.array(wrong_on(np.arange(0, 599, 2)))
    low, high = scores.wilson_interval(299 / 599, 599)
    expected = ["Bad", "3", f"{299 / 599:.4f}", "±0.0000", f"{low:.3f}–{high:.3f}"]
    expected += [f"{scores.macro_f1(TRUTH, answers):.3f}", f"{scores.recall_outside_majority(TRUTH, answers):.3f}"]
    assert row.split() == expected
    assert "±" not in next(line for line in lines if line.startswith("Fixed rule"))
    results.table("wires", sound_only=True)
    assert f"{SOUND.sum()} sound test wires" in capsys.readouterr().out
    results.table("memory")
    assert capsys.readouterr().out.splitlines() == [
        "Title of memory",
        "      seeds      solved",
        "LSTM      2  0.75 ±0.35",
        "RNN       1         0.1",
    ]


def test_a_difference_is_taken_wire_by_wire(folder):
    found = results.paired("wires", "Good", "Bad")
    assert found.mean == pytest.approx(598 / 599 - 299 / 599)
    assert found.low < found.mean < found.high and (found.seeds, found.wires) == (3, 599)
    # On 599 wires, half of them wrong, the interval is about ±2 standard errors of 0.0204.
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.0204, rel=0.08)
    turned = results.paired("wires", "Bad", "Good")
    assert turned.mean == -found.mean and turned.high < 0
    same = results.paired("wires", "Bad", "Bad")
    assert (same.mean, same.low, same.high) == (0, 0, 0)


def test_seeds_that_disagree_widen_the_interval(folder):
    steady = {seed: {"answers": wrong_on(np.arange(60))} for seed in range(5)}
    moody = {seed: {"answers": wrong_on(np.arange(30 * seed))} for seed in range(5)}
    rule = {0: {"answers": wrong_on([])}}
    store(folder, "seeds", {"Steady": steady, "Moody": moody, "Rule": rule})
    steady, moody = (results.paired("seeds", name, "Rule") for name in ("Steady", "Moody"))
    assert steady.mean == pytest.approx(moody.mean)
    assert moody.high - moody.low > 1.5 * (steady.high - steady.low)
    assert (moody.seeds, steady.seeds) == (5, 5)  # the one run of the rule stands beside every seed


def test_models_of_two_experiments_can_be_compared(folder):
    store(folder, "others", {"Best": {seed: {"answers": wrong_on([])} for seed in (1, 2, 9)}})
    found = results.paired("wires", ("others", "Best"), "Good")
    assert found.mean == pytest.approx(1 / 599) and found.seeds == 2  # seeds 1 and 2


def test_different_test_wires_cannot_be_compared(folder):
    other = {"num_words": 30000, "maxlen": 50, "test_split": 0.2}
    _, (_, truth) = load_reuters(**other)
    store(folder, "others", {"Best": {0: {"answers": truth.tolist()}}}, wires=other)
    assert results.accuracies("others") == {"Best": [1.0]}
    with pytest.raises(results.NoResults, match="different test wires"):
        results.paired("wires", ("others", "Best"), "Good")


def test_results_that_are_not_there_are_refused_with_the_command_that_makes_them(folder):
    with pytest.raises(results.NoResults, match="those of: memory, wires; `python -m experiments run wire` makes them"):
        results.load("wire")
    with pytest.raises(results.NoResults, match="has no model 'Goood'; it has 'Good', 'Bad', 'Fixed rule'"):
        results.paired("wires", "Goood", "Bad")
    with pytest.raises(results.NoResults, match="did not measure 'sloved'; it measured solved"):
        results.measured("memory", "sloved")


def test_half_of_an_experiment_is_refused_unless_asked_for(folder):
    (folder / "wires" / "good" / "1.json").unlink()
    with pytest.raises(results.NoResults, match="1 runs are missing and 0 are stale; `.* run wires` makes"):
        results.table("wires")
    assert len(results.load("wires", incomplete=True)["Good"]) == 2
    assert results.accuracies("wires", incomplete=True)["Good"] == [598 / 599] * 2


def test_a_stale_record_is_refused_unless_asked_for(folder):
    path = folder / "wires" / "bad" / "2.json"
    path.write_text(path.read_text().replace("key of Bad", "an older key"))
    for read in (results.load, results.answers, results.accuracies, results.table):
        with pytest.raises(results.NoResults, match="0 runs are missing and 1 are stale; `.* run wires --stale`"):
            read("wires")
    assert len(results.load("wires", incomplete=True)["Bad"]) == 3


@pytest.fixture
def ladder(folder):
    """Three rungs from two experiments: 10, 30 and 30 of the 599 wires wrong, whatever the seed."""
    wrong = np.arange(599)
    up = {seed: {"answers": wrong_on(wrong[:10])} for seed in (0, 1, 2, 3)}
    store(folder, "base", {"Plain": {seed: {"answers": wrong_on(wrong[-30:])} for seed in (0, 1)}})
    store(folder, "ladder", {"Up": up, "Level": {seed: {"answers": wrong_on(wrong[:30])} for seed in (1, 2)}})
    return {"2 level": ("ladder", "Level"), "0 plain": ("base", "Plain"), "1 up": ("ladder", "Up")}


def test_rows_of_several_experiments_come_in_the_order_and_under_the_names_that_were_asked_for(ladder):
    predictions, y_true = results.answers(ladder)
    assert [(name, len(rows)) for name, rows in predictions.items()] == [("2 level", 2), ("0 plain", 2), ("1 up", 4)]
    assert np.array_equal(y_true, TRUTH) and (predictions["1 up"] != TRUTH).sum() == 4 * 10
    assert results.accuracies(ladder)["0 plain"] == [569 / 599] * 2
    assert results.paired(ladder, "1 up", "0 plain").mean == pytest.approx(20 / 599)


def test_rows_need_only_their_own_models_to_be_complete(ladder, folder):
    (folder / "ladder" / "level" / "1.json").unlink()
    assert results.accuracies({"up": ("ladder", "Up")}) == {"up": [589 / 599] * 4}
    with pytest.raises(results.NoResults, match="1 runs are missing"):
        results.log(ladder)


def test_the_log_compares_each_rung_with_the_one_above_on_the_seeds_that_both_have(ladder, capsys):
    results.log({name: ladder[name] for name in ("0 plain", "1 up", "2 level")})
    head, header, plain, up, level = capsys.readouterr().out.splitlines()
    assert head.endswith("difference to the row") and header.endswith("above")
    answers = np.array(wrong_on(np.arange(10)))
    low, high = scores.wilson_interval(589 / 599, 599)
    f1, recall = scores.macro_f1(TRUTH, answers), scores.recall_outside_majority(TRUTH, answers)
    expected = ["1", "up", "4", "0.983", "±0.000", f"{low:.3f}–{high:.3f}", f"{f1:.3f}", f"{recall:.3f}"]
    found = results.paired(ladder, "1 up", "0 plain")
    assert up.split() == [*expected, "+0.033", f"(+{found.low:.3f}", "to", f"+{found.high:.3f})"]
    assert "(" not in plain and "−0.033 (−0." in level
    assert found.told_from_nothing and found.seeds == 2


def test_a_rung_can_be_compared_with_another_row_than_the_one_above(ladder, capsys):
    rows = {name: ladder[name] for name in ("0 plain", "1 up", "2 level")}
    results.log(rows, against={"2 level": "0 plain"})
    *head, header, plain, up, level = capsys.readouterr().out.splitlines()
    assert header.endswith("difference to the row above")
    assert up.endswith(")") and level.endswith("), to 0 plain") and " 0.000 (−0." in level
    assert not results.paired(ladder, "2 level", "0 plain").told_from_nothing
    results.log(rows, against="1 up")
    *head, header, plain, up, level = capsys.readouterr().out.splitlines()
    assert header.endswith("difference to 1 up")
    assert "−0.033" in plain and "(" not in up and "−0.033" in level
    with pytest.raises(ValueError, match="against: got 'up', expected names of rows, '0 plain'"):
        results.log(rows, against={"2 level": "up"})


def test_a_row_of_a_model_that_does_not_exist_is_refused(ladder):
    with pytest.raises(results.NoResults, match="base has no model 'Plane'; it has 'Plain'"):
        results.answers({"0 plain": ("base", "Plane")})


def test_reading_results_needs_no_tensorflow():
    program = "import sys, helpers.results; sys.exit(bool({'keras', 'tensorflow', 'experiments'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", program], env=os.environ).returncode == 0


@pytest.mark.parametrize(
    ("low", "high", "told"), [(0.001, 0.02, True), (-0.02, -0.001, True), (-0.01, 0.02, False), (4e-19, 0.02, False)]
)
def test_a_difference_is_told_from_nothing_by_an_interval_without_0(low, high, told):
    assert results.Difference(0.01, low, high, 5, 599).told_from_nothing is told
