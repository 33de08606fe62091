"""The stored network: what the script says of it is true, and bad texts are told what would be good."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import re

import numpy as np
import pytest
from keras.utils import pad_sequences

from helpers import data, trained
from helpers.inspection import gates
from scripts import train_inspected


@pytest.fixture(scope="module")
def network():
    return trained.load()


def split():
    """The article's wires as ids of shape (wires, 49), and topics."""
    parts = data.load_reuters(num_words=30000, maxlen=50, test_split=0.3)
    return [(pad_sequences(wires, 49, padding="post"), topics) for wires, topics in parts]


def test_it_scores_what_its_details_say(network):
    (x, topics), (x_test, topics_test) = split()
    details = trained.details()
    held_out = details["validation_wires"]
    assert len(x) - held_out == details["training_wires"]
    wires = {"validation_accuracy": (x[-held_out:], topics[-held_out:]), "test_accuracy": (x_test, topics_test)}
    for name, (ids, answers) in wires.items():
        right = np.mean(network.predict(ids, verbose=0).argmax(axis=1) == answers)
        assert right == pytest.approx(details[name], abs=1.5 / len(answers)), "at most one wire of difference"
    assert 0.87 <= details["test_accuracy"] <= 0.92, "in the range of chapter 7's repaired LSTM"


def test_it_is_small(network):
    assert trained.WEIGHTS.stat().st_size < 500_000
    assert network.get_layer(index=1).units == 32


def test_words_without_an_embedding_are_read_as_unknown(network):
    (x, _), _ = split()
    own = trained.known()
    assert own[[data.PADDING, data.START, data.UNKNOWN]].all()
    assert own.sum() == trained.details()["words_with_an_embedding"] + 3
    rows = x[:40]
    unknown = np.where(own[rows], rows, data.UNKNOWN)
    assert (rows != unknown).any()
    assert np.array_equal(network.predict(rows, verbose=0), network.predict(unknown, verbose=0))


def test_known_words_are_those_of_two_training_wires():
    (wires, _), _ = data.load_reuters(num_words=30000, maxlen=50, test_split=0.3)
    training = wires[: trained.details()["training_wires"]]
    own = trained.known()
    counts = np.bincount([i for wire in training for i in set(wire)], minlength=30000)
    assert np.array_equal(np.flatnonzero(own)[3:], [i for i in np.flatnonzero(counts >= 2) if i > 2])


def test_a_text_becomes_ids_that_the_network_reads(network):
    ids = trained.encode("The company said quarterly profit rose.")
    assert ids.shape == (1, 49)
    assert data.decode(ids[0]) == "the company said quarterly profit rose"
    assert network.predict(ids, verbose=0).argmax() == data.get_label_names().index("earn")
    assert gates(network, ids).mask.sum() == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "^text: expected at least one word, got ''"),
        (" .,! ", "^text: expected at least one word"),
        ("Zyzzyva xylophone", "^text: the network knows none of the 2 words .*: try words such as profit"),
        ("profit " * 49, "^text: expected at most 48 words, got 49"),
        (["profit"], "^text: got list, expected a string"),
    ],
)
def test_texts_that_cannot_be_read_are_told_why(text, message):
    with pytest.raises(ValueError, match=message):
        trained.encode(text)


def test_the_longest_text_fits(network):
    assert network.predict(trained.encode("profit " * 48), verbose=0).shape == (1, 46)


def test_a_missing_or_damaged_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(trained, "WEIGHTS", tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError, match="none.npz is missing. Restore it"):
        trained.load()
    (tmp_path / "none.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match="none.npz is damaged: its SHA-256 is not"):
        trained.load()


def test_loading_needs_no_pickle():
    with np.load(trained.WEIGHTS, allow_pickle=False) as archive:
        assert {array.dtype.kind for array in archive.values()} <= {"f", "u"}


def test_the_script_refuses_to_store_a_short_run(monkeypatch):
    monkeypatch.setenv("BOOK_EPOCHS", "1")
    with pytest.raises(SystemExit, match="BOOK_EPOCHS is set"):
        train_inspected.main([])


def test_the_script_tells_a_near_network_from_a_far_one(network, capsys):
    stored = trained.weights()
    assert train_inspected.compare(network, stored) is None
    assert "bit for bit" in capsys.readouterr().out
    moved = stored | {"dense_bias": stored["dense_bias"] + np.float32(1e-4)}
    near, far = trained.load(), trained.untrained(seed=1)
    near.layers[-1].set_weights([moved["dense_kernel"], moved["dense_bias"]])
    assert train_inspected.compare(near, moved) is None
    assert "Same answer on 1.000" in capsys.readouterr().out
    assert re.match("Expected at least 0.95", train_inspected.compare(far, moved))


def test_the_script_pins_the_hash(monkeypatch, tmp_path):
    module = tmp_path / "module.py"
    module.write_text('A = 1\nWEIGHTS_SHA256 = "old"\nB = 2\n')
    monkeypatch.setattr(trained, "__file__", str(module))
    train_inspected.pin("new")
    assert module.read_text() == 'A = 1\nWEIGHTS_SHA256 = "new"\nB = 2\n'
