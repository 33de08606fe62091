"""The Reuters newswires, exactly as Keras serves them, from two files that lie beside this module.

Word ids in a sequence are the ranks of `get_word_index` shifted by three, because 0 stands for padding,
1 for the start of a text and 2 for a word outside the vocabulary. `decode` and `encode` handle the shift.
"""

import hashlib
import json
import re
import string
import zipfile
from functools import lru_cache
from operator import index
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "reuters"
WORD_INDEX_MD5 = "4d44cc38712099c9e383dc6e5f11a921"  # the hash that keras.datasets.reuters pins

PADDING, START, UNKNOWN, INDEX_FROM = 0, 1, 2, 3
MARKS = {"[padding]": PADDING, "[start]": START, "[unknown]": UNKNOWN}

SEPARATORS = str.maketrans({mark: " " for mark in string.punctuation.replace("'", "") + "\t\n"})
ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def load_reuters(
    num_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    *,
    sound_only=False,
):
    """Load the newswires and their topics, split into a training and a test part.

    The result is that of ``keras.datasets.reuters.load_data`` for the same arguments, without a download.

    Parameters
    ----------
    num_words : int, optional
        Only ids below this bound are kept as words (the shift is included: ``num_words=30000`` keeps the
        29,996 most frequent words). None or 0: the largest id is the bound, so the rarest word is unknown.
    skip_top : int
        Ids below this one become unknown as well.
    maxlen : int, optional
        Drops (does not shorten) every wire with `maxlen` ids or more, the start mark counted.
        None or 0: no limit.
    test_split : float
        Share of the wires that goes into the test part, from 0 to 1.
    seed : int
        Seed of the shuffle that precedes the split.
    start_char : int or None
        Id put before every text; None puts none.
    oov_char : int or None
        Id that replaces an unknown word; None leaves unknown words out.
    index_from : int
        Shift that makes room for the special ids.
    sound_only : bool
        Keep only wires that carry their own text and have exactly one topic. The split is made first, so the
        sound training and test wires are subsets of the ordinary ones.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        ``x`` are object arrays of shape (wires,) that hold lists of int ids, ``y`` int arrays of shape
        (wires,) that hold topic numbers from 0 to 45.

    Raises
    ------
    ValueError
        For an argument outside its range, or a `maxlen` that leaves no wire.

    Notes
    -----
    975 of the 11,228 wires carry another wire's text, and 1,821 have further topics that are not recorded:
    see the data card of the book.
    """
    num_words = _whole("num_words", num_words or 0)
    skip_top = _whole("skip_top", skip_top)
    index_from = _whole("index_from", index_from)
    start_char = None if start_char is None else _whole("start_char", start_char)
    oov_char = None if oov_char is None else _whole("oov_char", oov_char)

    order, first_test = _shuffle_and_split(maxlen, test_split, seed, start_char)
    texts, archive = _texts(), _archive()
    start = [] if start_char is None else [start_char]
    sequences = [start + [word + index_from for word in texts[wire]] for wire in order]
    bound = num_words or max(map(max, sequences))
    if oov_char is None:
        sequences = [[i for i in sequence if skip_top <= i < bound] for sequence in sequences]
    else:
        sequences = [[i if skip_top <= i < bound else oov_char for i in sequence] for sequence in sequences]

    sound = archive["own_text"] & (archive["topic_count"] == 1)
    keep = sound[order] if sound_only else np.ones(len(order), dtype=bool)
    x, y = _object_array(sequences), archive["labels"][order].astype(np.int64)
    train, test = np.arange(len(order)) < first_test, np.arange(len(order)) >= first_test
    return (x[train & keep], y[train & keep]), (x[test & keep], y[test & keep])


def load_flags(maxlen=None, test_split=0.2, seed=113):
    """Tell of every wire whether its text is its own and how many topics it really has.

    Parameters
    ----------
    maxlen, test_split, seed
        As in `load_reuters`; the same values give the same wires in the same order.

    Returns
    -------
    flags_train, flags_test : dict
        ``"own_text"``: bool array of shape (wires,), False where the text is another wire's;
        ``"topic_count"``: int array of shape (wires,), the topics in the collection; the label is the first.

    Raises
    ------
    ValueError
        For an argument outside its range, or a `maxlen` that leaves no wire.
    """
    order, first_test = _shuffle_and_split(maxlen, test_split, seed, START)
    archive = _archive()
    topic_count = archive["topic_count"][order].astype(np.int64)
    flags = {"own_text": archive["own_text"][order], "topic_count": topic_count}
    return (
        {name: values[:first_test] for name, values in flags.items()},
        {name: values[first_test:] for name, values in flags.items()},
    )


def load_article_split():
    """Load the short wires as the source article feeds them to its networks.

    Wires of fewer than 50 ids, 30 % of them for testing, padded with zeros *after* the text to 49 steps of
    one number each; topics one-hot.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        ``x``: int32 arrays of shape (wires, timesteps, features) = (1395, 49, 1) and (599, 49, 1);
        ``y``: float32 arrays of shape (wires, topics) = (1395, 46) and (599, 46).
    """
    train, test = load_reuters(num_words=30000, maxlen=50, test_split=0.3)
    parts = []
    for sequences, labels in (train, test):
        x = np.zeros((len(sequences), 49, 1), dtype=np.int32)
        for row, sequence in zip(x, sequences, strict=True):
            row[: len(sequence), 0] = sequence
        parts.append((x, np.eye(46, dtype=np.float32)[labels]))
    return tuple(parts)


def get_word_index():
    """Return ``{word: rank}``, 1 for the most frequent word; a word's id in a sequence is its rank + 3."""
    return dict(_word_index())


def get_label_names():
    """Return the 46 topic names; topic number k is the k-th of them."""
    return tuple(_archive()["label_names"].tolist())


def decode(sequence, *, marks=False):
    """Turn a sequence of ids into text.

    Parameters
    ----------
    sequence : sequence of int, shape (timesteps,) or (timesteps, 1)
        Ids as `load_reuters` returns them with its default marks.
    marks : bool
        Show padding and start as ``[padding]`` and ``[start]`` instead of leaving them out.

    Returns
    -------
    str
        Words separated by spaces; a word outside the vocabulary reads ``[unknown]``.

    Raises
    ------
    ValueError
        If `sequence` is not a flat sequence of whole numbers, or holds an id that no word has.
    """
    if isinstance(sequence, str):
        raise ValueError(
            f"sequence: got the text {sequence[:40]!r}, expected word ids; encode() turns text into ids"
        )
    words = _words_by_id()
    largest = max(words)
    ids = np.asarray(sequence)
    if ids.size == 0:
        return ""
    if ids.ndim == 2 and ids.shape[1] == 1:
        ids = ids[:, 0]
    if ids.ndim != 1 or isinstance(ids.flat[0], list):
        raise ValueError(
            f"sequence: got an array of shape {ids.shape}, expected the ids of one wire, shape (timesteps,)"
        )
    try:
        whole = [int(i) for i in ids]
        if any(a != b for a, b in zip(whole, ids, strict=True)):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            f"sequence: expected whole numbers from 0 to {largest}, got {ids[:5].tolist()}…"
        ) from None
    strange = [i for i in whole if i not in words]
    if strange:
        raise ValueError(f"sequence: {strange[0]} is no word id, expected whole numbers from 0 to {largest}")
    return " ".join(words[i] for i in whole if marks or i not in (PADDING, START))


def encode(text, num_words=None):
    """Turn text into a sequence of ids, cut into words as the newswires were.

    ``encode(decode(sequence))`` gives back any unpadded sequence of `load_reuters`.

    Parameters
    ----------
    text : str
        Any text; the marks that `decode` writes are understood.
    num_words : int, optional
        As in `load_reuters`: ids from this bound on become unknown.

    Returns
    -------
    list of int
        The start mark 1, then one id a word; 2 for a word that the newswires do not know.

    Raises
    ------
    ValueError
        If `text` is not a string or `num_words` is negative.
    """
    if not isinstance(text, str):
        raise ValueError(f"text: got {type(text).__name__}, expected a string; decode() turns ids into text")
    ranks = _word_index()
    bound = _whole("num_words", num_words or 0) or len(ranks) + INDEX_FROM
    ids = [START]
    for piece in re.split(r"(\[\w+\])", text):
        if piece in MARKS:
            ids += [] if piece == "[start]" and ids == [START] else [MARKS[piece]]
            continue
        # In the collection's SGML "<" and "&" were written out, and their names became words.
        for word in tokenise(piece.replace("&", "&amp;").replace("<", "&lt;")):
            word_id = ranks[word] + INDEX_FROM if word in ranks else UNKNOWN
            ids.append(word_id if word_id < bound else UNKNOWN)
    return ids


def tokenise(text):
    """Cut a text into lower-case words at spaces and punctuation; the apostrophe is kept."""
    return [word for word in text.translate(ASCII_LOWER).translate(SEPARATORS).split(" ") if word]


def _shuffle_and_split(maxlen, test_split, seed, start_char):
    """Return the shuffled wires' numbers, long ones dropped, and the place of the first test wire."""
    maxlen = _whole("maxlen", maxlen or 0)
    if not isinstance(test_split, (int, float, np.number)) or not 0 <= test_split <= 1:
        raise ValueError(f"test_split: got {test_split!r}, expected a share from 0 to 1")
    if _whole("seed", seed) >= 2**32:
        raise ValueError(f"seed: got {seed}, expected a whole number below 2**32")
    lengths = _archive()["lengths"].astype(np.int64) + (start_char is not None)
    order = np.arange(len(lengths))
    np.random.RandomState(seed).shuffle(order)
    if maxlen:
        order = order[lengths[order] < maxlen]
    if not len(order):
        raise ValueError(
            f"maxlen: {maxlen} leaves no wire, expected more than {lengths.min()} (the shortest wire's ids)"
        )
    return order, int(len(order) * (1 - test_split))


def _whole(name, value):
    try:
        whole = index(value)
    except TypeError:
        whole = -1
    if whole < 0 or isinstance(value, bool):
        raise ValueError(f"{name}: got {value!r}, expected a whole number of 0 or more")
    return whole


def _object_array(sequences):
    array = np.empty(len(sequences), dtype=object)
    array[:] = sequences
    return array


@lru_cache(maxsize=1)
def _archive():
    """Read ``reuters.npz``: tokens, lengths, labels, own_text, topic_count, label_names."""
    path = FOLDER / "reuters.npz"
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        if int(arrays["lengths"].sum(dtype=int)) != len(arrays["tokens"]):
            raise ValueError("lengths and tokens disagree")
        for name in ("labels", "own_text", "topic_count"):
            if len(arrays[name]) != len(arrays["lengths"]):
                raise ValueError(f"lengths and {name} disagree")
        arrays["label_names"]
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing. {_how_to_restore(path)}") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zipfile.zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}). {_how_to_restore(path)}") from error
    return arrays


@lru_cache(maxsize=1)
def _texts():
    archive = _archive()
    ends = np.cumsum(archive["lengths"], dtype=np.int64)
    return [text.tolist() for text in np.split(archive["tokens"], ends[:-1])]


@lru_cache(maxsize=1)
def _word_index():
    path = FOLDER / "reuters_word_index.json"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing. {_how_to_restore(path)}") from None
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != WORD_INDEX_MD5:
        raise ValueError(
            f"{path} is damaged (MD5 {found}, expected {WORD_INDEX_MD5}). {_how_to_restore(path)}"
        )
    return json.loads(content)


@lru_cache(maxsize=1)
def _words_by_id():
    words = {number: mark for mark, number in MARKS.items()}
    words.update((rank + INDEX_FROM, word) for word, rank in _word_index().items())
    return words


def _how_to_restore(path):
    return f"Restore it with `git checkout -- helpers/reuters/{path.name}`, or rebuild it with `make data`."
