"""The book's comparisons keep the test wires out of training and repeat by seed."""

import numpy as np
import pytest

from helpers import protocol
from helpers.models import mlp


def separable(count, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 4)).astype("float32")
    return x, np.eye(2, dtype="float32")[(x[:, 0] > 0).astype(int)]


def build(seed):
    return mlp(inputs=4, units=(8,), classes=2, seed=seed)


def test_answers_for_each_seed_and_the_same_again():
    x, y = separable(300, 0)
    x_new, y_new = separable(100, 1)
    first = protocol.answers_per_seed(build, x, y, x_new, label="mlp", seeds=(0, 1), longest=40)
    again = protocol.answers_per_seed(build, x, y, x_new, label="mlp", seeds=(1,), longest=40)
    assert [answers.shape for answers in first] == [(100,), (100,)]
    np.testing.assert_array_equal(first[1], again[0])
    assert np.mean(first[0] == y_new.argmax(axis=1)) > 0.8


def test_the_last_wires_are_held_out_for_validation(monkeypatch):
    seen = {}

    def fit(network, x, y, *, validation_data, **settings):
        seen.update(train=x, validation=validation_data[0], **settings)

    monkeypatch.setattr(protocol, "fit", fit)
    x, y = separable(50, 0)
    protocol.answers_per_seed(build, x, y, x, label="mlp", seeds=(4,), longest=7, patience=3, held_out=0.2)
    np.testing.assert_array_equal(seen["train"], x[:40])
    np.testing.assert_array_equal(seen["validation"], x[40:])
    assert (seen["seed"], seen["epochs"], seen["patience"]) == (4, 7, 3)


def test_a_held_out_share_of_nothing_is_refused():
    with pytest.raises(ValueError, match="held_out: got 0"):
        protocol.answers_per_seed(build, *separable(10, 0), separable(10, 0)[0], label="mlp", held_out=0)
