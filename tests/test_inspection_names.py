"""The search for names finds a unit that has one, and none where there is none."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from helpers.data import encode, get_label_names, get_word_index
from helpers.inspection import names

WIRES = [encode("profit rose 37 pct to 12 mln dlrs"), encode("the bank of england bought gold")]
EARN, ACQ = (get_label_names().index(topic) for topic in ("earn", "acq"))


def test_properties_hold_where_a_reader_says_so():
    vocabulary = [get_word_index()[word] + 3 for word in ("rose", "bank")] + list(range(1000, 1010))
    titles, holds = names.properties(WIRES, [EARN, ACQ], vocabulary)
    of = {title: [table[:, k].tolist() for table in holds] for k, title in enumerate(titles)}
    assert of["'rose' has been read"] == [[False] + 7 * [True], 6 * [False]]
    assert of["the word is 'rose'"] == [[False, True] + 6 * [False], 6 * [False]]
    assert of["'bank' has been read"] == [8 * [False], [False] + 5 * [True]]
    assert of["the word is a number"][0] == [False, False, True, False, False, True, False, False]
    assert not any(of["more than 2 numbers have been read"][0])
    assert of["more than 5 words have been read"] == [5 * [False] + 3 * [True], 5 * [False] + [True]]
    assert of["the topic is earn"] == [8 * [True], 6 * [False]]
    assert len(titles) == len(set(titles)) == holds[0].shape[1]


def test_frequent_words_come_first_and_without_the_start_mark():
    assert names.frequent_words([[1, 7, 5, 7], [1, 7, 5, 9]]) == [7, 5, 9]


def test_detection_is_the_area_under_the_curve():
    rng = np.random.default_rng(0)
    states, holds = rng.normal(size=(300, 4)), rng.random((300, 3)) < 0.3
    states[:, 1] -= holds[:, 2]
    expected = [[abs(2 * roc_auc_score(holds[:, p], states[:, u]) - 1) for p in range(3)] for u in range(4)]
    np.testing.assert_allclose(names.detection(states, holds), expected, atol=1e-12)


def test_what_hardly_ever_varies_gets_no_score():
    states = np.arange(100.0)[:, np.newaxis]
    rare = states > 100 - names.FEWEST
    assert names.detection(states, rare).tolist() == [[0]]
    assert names.detection(states, ~rare).tolist() == [[0]]
    assert names.detection(states, states >= 100 - names.FEWEST).tolist() == [[1]]


def test_a_unit_with_a_name_is_found_and_judged_on_other_wires():
    rng = np.random.default_rng(1)

    def draw():
        holds = [rng.random((20, 5)) < 0.4 for _ in range(40)]
        states = [np.stack([-1.0 * table[:, 3], rng.normal(size=20)], axis=1) for table in holds]
        return states, holds

    chosen, scores = names.search(*draw(), *draw())
    assert chosen[0] == 3 and scores[0] > names.NAMED
    assert scores[1] < 0.2, "chosen by luck, judged elsewhere"


def test_exchanging_wires_keeps_the_properties_but_not_whose_they_are():
    holds = [np.full((n, 2), n % 2 == 0) for n in range(3, 30)]
    other = names.exchanged(holds, np.random.default_rng(2))
    assert [table.shape for table in other] == [table.shape for table in holds]
    differs = [table[0, 0] != own[0, 0] for table, own in zip(other, holds, strict=True)]
    assert 0.2 < np.mean(differs) < 0.8


def test_mixtures_are_standardised_and_keep_all_there_is():
    rng = np.random.default_rng(3)
    states = [5 + 3 * rng.normal(size=(50, 4)) for _ in range(20)]
    turned = np.concatenate(names.mixed(states, states, names.random_mixture(4, np.random.default_rng(4))))
    every = np.concatenate(states)
    standard = (every - every.mean(axis=0)) / every.std(axis=0)
    assert np.trace(np.cov(turned.T)) == pytest.approx(np.trace(np.cov(standard.T)))
    assert np.linalg.norm(turned, axis=1) == pytest.approx(np.linalg.norm(standard, axis=1))
    assert not np.allclose(np.abs(turned), np.abs(standard), atol=0.1)
