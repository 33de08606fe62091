"""The figures of runs and of the data say in words what they show, with their own numbers."""

import numpy as np
import pytest

from helpers.plots import comparison, corpus, curves


@pytest.fixture
def alt(monkeypatch):
    """Return the alternative texts of the figures that a test shows; each figure is drawn in full."""
    texts = []

    def show(fig, *, title, alt, caption=None):
        from helpers.plots import style

        page = style.to_html(fig, title=title, alt=alt, caption=caption)
        assert "<svg" in page
        texts.append(alt)

    for module in (comparison, corpus, curves):
        monkeypatch.setattr(module, "show", show)
    return texts


def test_lengths_counts_the_short_wires(alt):
    corpus.lengths(np.array([10, 20, 60, 700]), limit=50)
    assert "Histogram of 4 newswires" in alt[0] and "2 wires, 50%, are shorter than 50 ids" in alt[0]


def test_topics_leaves_out_what_does_not_occur(alt):
    corpus.topics(["earn", "rice", "acq"], [30, 0, 5])
    assert "2 topics" in alt[0] and "earn has 30 of 35 wires, acq 5" in alt[0]


def test_fed_to_the_network_names_the_largest_id_and_the_padding(alt):
    corpus.fed_to_the_network(np.array([1, 53, 4456, 0, 0]), ["[start]", "shr", "870"])
    assert "4,456 ('870')" in alt[0] and "after step 3 come 2 zeros" in alt[0]
    with pytest.raises(ValueError, match="ids: got shape"):
        corpus.fed_to_the_network(np.array([1]), ["[start]", "shr"])


def test_learning_curves_tells_both_ends(alt):
    curves.learning_curves({"seed 0": ("lstm", [0.5, 0.7, 0.9])}, title="t", majority=0.75)
    assert "over 3 epochs: seed 0 goes from 0.50 to 0.90" in alt[0] and "majority class at 0.75" in alt[0]


def test_score_by_tells_the_mean_of_the_seeds_and_shortens_long_rows(alt):
    curves.score_by([1, 2], {"CNN": ("feed_forward", [[0.9, 0.5], [0.7, 0.5]])}, xlabel="gap", title="t", chance=0.5)
    assert "Accuracy by gap. CNN: 0.80 at 1, 0.50 at 2. A dotted line marks chance at 0.50." in alt[0]
    steps = np.arange(21)
    curves.score_by(steps, {"spread": ("lstm", steps / 20)}, xlabel="step", title="t")
    assert "spread: 0.00 at 0, 0.25 at 5, 0.50 at 10, 0.75 at 15, 1.00 at 20." in alt[1]


def test_accuracies_tells_every_row_and_both_lines(alt):
    rows = {"LSTM": ("lstm", [0.84, 0.86]), "keyword rule": ("feed_forward", [0.848])}
    comparison.accuracies(rows, majority=0.748, linear=0.922, test_wires=599)
    assert "LSTM 0.850 (0.840 to 0.860 over 2 seeds); keyword rule 0.848." in alt[0]
    assert "majority class scores 0.748, the linear model 0.922" in alt[0]
