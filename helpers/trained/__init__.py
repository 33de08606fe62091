"""A small trained LSTM to look into. It lies beside this module, so that nobody has to train it first.

``python -m scripts.train_inspected`` made it: embedding of 32 numbers a word, 32 LSTM units with a mask, a dense
layer with softmax; trained on the source article's split with early stopping, as in the last repair of
chapter 7. Words in fewer than two of its training wires share the embedding of the unknown word.
"""

import hashlib
import json
from functools import partial
from pathlib import Path

import keras
import numpy as np

from helpers import data
from helpers.models import embedded

FOLDER = Path(__file__).parent
WEIGHTS, DETAILS = FOLDER / "newswire_lstm.npz", FOLDER / "newswire_lstm.json"
# Written by the script, so that what a page has stored is known to be stale when the weights change.
WEIGHTS_SHA256 = "126d7f9efccdd9a1fa1974ca7794b6ad5b91a6cd171ae114a5bd981143931563"

TIMESTEPS, VOCABULARY, UNITS = 49, 30000, 32

untrained = partial(
    embedded, lambda: keras.layers.LSTM(UNITS), TIMESTEPS, vocabulary=VOCABULARY, embedding_dim=32
)
"""Builds the network with random weights; takes `seed`."""


def load():
    """Return the trained network.

    Returns
    -------
    keras.Model
        Layers: an embedding with a mask, an LSTM with 32 units, a dense layer with softmax. Takes ids of shape
        (batch, 49), as `helpers.data.load_reuters` gives them with ``num_words=30000, maxlen=50`` and padded
        with zeros after the text, or as `encode` makes them; gives (batch, 46) probabilities of topics.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file of weights is missing or damaged.
    """
    stored = weights()
    network = untrained()
    table = np.tile(stored["unknown_row"], (VOCABULARY, 1))
    table[stored["ids"]] = stored["rows"]
    rest = [stored[name] for name in ("kernel", "recurrent_kernel", "bias", "dense_kernel", "dense_bias")]
    network.set_weights([table, *rest])
    return network


def details():
    """Return how the network was trained and what it scored: settings, seed, date, versions, accuracies, a dict."""
    return json.loads(DETAILS.read_text(encoding="utf-8"))


def known():
    """Return which ids have an embedding of their own, a bool array of shape (30000,). The others read as unknown."""
    flags = np.zeros(VOCABULARY, bool)
    flags[weights()["ids"]] = True
    return flags


def encode(text):
    """Turn a text into ids that the network reads.

    Parameters
    ----------
    text : str
        At most 48 words; cut into words as the newswires were.

    Returns
    -------
    int array of shape (1, 49)
        The start mark, the words' ids, padding. A word that no newswire has becomes the unknown word, 2; a word
        that the network does not know keeps its id and is read like it.

    Raises
    ------
    ValueError
        If the text has no word, more than 48, or none that the network knows.
    """
    ids = data.encode(text, num_words=VOCABULARY)
    words = len(ids) - 1
    if words == 0:
        raise ValueError(f"text: expected at least one word, got {text!r}")
    if words >= TIMESTEPS:
        raise ValueError(f"text: expected at most {TIMESTEPS - 1} words, got {words}; shorten it")
    own = known()
    if not any(own[i] and i >= data.INDEX_FROM for i in ids):
        raise ValueError(
            f"text: the network knows none of the {words} words of {text[:60]!r}; it was trained on short business "
            "newswires: try words such as profit, shares, acquire, wheat, bank"
        )
    return np.array([ids + [data.PADDING] * (TIMESTEPS - len(ids))])


def weights():
    """Return the stored arrays by name.

    ``ids`` and ``rows`` are the words with an embedding of their own, ``unknown_row`` is the embedding of all
    others; the rest is named as in Keras.
    """
    repair = "Restore it with `git checkout -- helpers/trained`, or run `python -m scripts.train_inspected`."
    try:
        content = WEIGHTS.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{WEIGHTS} is missing. {repair}") from None
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise ValueError(f"{WEIGHTS} is damaged: its SHA-256 is not {WEIGHTS_SHA256}. {repair}")
    with np.load(WEIGHTS, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
