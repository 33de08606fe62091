"""The scores agree with their definitions and refuse what is no list of topic numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score, recall_score

from helpers import scores


@given(successes=st.integers(0, 500), more=st.integers(0, 500), confidence=st.floats(0.5, 0.999))
def test_wilson_interval_equals_scipy_and_stays_in_range(successes, more, confidence):
    trials = successes + more
    if trials == 0:
        return
    share = successes / trials
    low, high = scores.wilson_interval(share, trials, confidence)
    assert (low, high) == pytest.approx(
        binomtest(successes, trials).proportion_ci(confidence, method="wilson"), abs=1e-9
    )
    assert 0 <= low <= share + 1e-12 and share - 1e-12 <= high <= 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2))
def test_scores_equal_scikit_learn(pairs):
    y_true, y_pred = np.array(pairs).T
    assert scores.accuracy(y_true, y_pred) == pytest.approx(np.mean(y_true == y_pred))
    majority = np.bincount(y_true).argmax()
    others = [label for label in np.unique(y_true) if label != majority]
    if others:
        weights = [np.sum(y_true == label) for label in others]
        recalls = recall_score(y_true, y_pred, labels=others, average=None, zero_division=0)
        expected = np.average(recalls, weights=weights)
        assert scores.recall_outside_majority(y_true, y_pred) == pytest.approx(expected)


def test_always_the_majority_scores_nothing_outside_it():
    y_true = np.array([3, 3, 3, 4, 1])
    always = np.full(5, 3)
    assert scores.accuracy(y_true, always) == 0.6
    assert scores.recall_outside_majority(y_true, always) == 0
    assert scores.macro_f1(y_true, always) == pytest.approx(0.75 / 3)
    assert balanced_accuracy_score(y_true, always) == pytest.approx(1 / 3)


def test_macro_f1_ignores_topics_that_do_not_occur():
    assert scores.macro_f1(np.array([0, 0, 1]), np.array([0, 0, 2])) == pytest.approx(0.5)


def test_table_prints_one_line_a_model(capsys):
    y_true = np.array([3, 3, 4])
    name = "right, under a name of forty characters."
    scores.table({"always earn": np.array([3, 3, 3]), name: y_true}, y_true)
    *_, header, always, right = capsys.readouterr().out.splitlines()
    assert always.split() == ["always", "earn", "0.667", "0.208–0.939", "0.400", "0.000"]
    assert right.removeprefix(name).split() == ["1.000", "0.439–1.000", "1.000", "1.000"]
    assert header.split() == ["accuracy", "interval", "macro-F1", "elsewhere"]
    assert header.index("accuracy") + 3 == always.index("0.667") == right.index("1.000")


def test_log_shows_every_run(capsys):
    y_true = np.array([3, 3, 4])
    scores.log({"guess": [np.array([3, 3, 3]), np.array([3, 4, 4])], "one": [y_true]}, y_true)
    *_, guess, one = capsys.readouterr().out.splitlines()
    assert guess.split() == ["guess", "0.667", "0.667", "0.000", "1.000"]
    assert one.split() == ["one", "1.000", "1.000"] and guess.index("0.000") == one.rindex("1.000")


@pytest.mark.parametrize("function", [scores.accuracy, scores.macro_f1, scores.recall_outside_majority])
def test_one_hot_and_uneven_input_is_refused(function):
    with pytest.raises(ValueError, match=r"y_pred: got float64 values of shape \(3, 46\).*argmax"):
        function(np.zeros(3, int), np.zeros((3, 46)))
    with pytest.raises(ValueError, match="y_pred: got 2 predictions for 3 wires"):
        function(np.zeros(3, int), np.zeros(2, int))


def test_recall_outside_majority_needs_another_topic():
    with pytest.raises(ValueError, match="every wire has the same topic"):
        scores.recall_outside_majority(np.zeros(3, int), np.zeros(3, int))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((1.2, 10), "share"), ((0.5, 0), "trials"), ((0.5, 10, 1.0), "confidence")],
)
def test_wilson_interval_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        scores.wilson_interval(*arguments)
