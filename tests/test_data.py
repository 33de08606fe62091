"""The data are the ones Keras serves, and whoever asks for something impossible is told so."""

import functools
import json
import shutil
from hashlib import md5
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import data

KERAS_FILE = Path.home() / ".keras" / "datasets" / "reuters.npz"


def as_lists(parts):
    return [([list(map(int, sequence)) for sequence in x], y.tolist()) for x, y in parts]


@pytest.fixture(scope="module")
def keras_load_data(tmp_path_factory):
    """Keras' own loader, on its own file where that is at hand and otherwise on the same tokens from ours."""
    import importlib

    keras_reuters = importlib.import_module("keras.src.datasets.reuters")
    path = KERAS_FILE
    if not path.exists():
        path = tmp_path_factory.mktemp("keras") / "reuters.npz"
        with np.load(data.FOLDER / "reuters.npz") as archive:
            texts = np.split(archive["tokens"].astype(int), np.cumsum(archive["lengths"], dtype=int)[:-1])
            x = np.empty(len(texts), dtype=object)
            x[:] = [text.tolist() for text in texts]
            np.savez(path, x=x, y=archive["labels"].astype(np.int64))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras_reuters, "get_file", lambda *args, **kwargs: str(path))
        yield keras_reuters.load_data


def test_counts_of_the_collection():
    (x_train, y_train), (x_test, y_test) = data.load_reuters()
    assert (len(x_train), len(x_test)) == (8982, 2246)
    assert sum(len(x) - 1 for x in [*x_train, *x_test]) == 1_627_658
    assert sorted(set(y_train.tolist()) | set(y_test.tolist())) == list(range(46))
    assert np.mean([len(x) for x in x_train]) == 145.5398574927633
    assert y_train[:10].tolist() == [3, 4, 3, 4, 4, 4, 4, 3, 3, 16]
    assert y_test[:10].tolist() == [3, 10, 1, 4, 4, 3, 3, 3, 3, 3]
    assert x_train[0][:6] == [1, 27595, 28842, 8, 43, 10] and x_train[0][-4:] == [109, 15, 17, 12]


def test_types_are_those_of_keras():
    (x_train, y_train), _ = data.load_reuters()
    assert x_train.dtype == object and x_train.shape == (8982,)
    assert type(x_train[0]) is list and type(x_train[0][0]) is int
    assert y_train.dtype == np.int64


def test_word_index_is_the_file_that_keras_pins():
    assert md5((data.FOLDER / "reuters_word_index.json").read_bytes()).hexdigest() == data.WORD_INDEX_MD5
    words = data.get_word_index()
    assert len(words) == 30_979 and words["the"] == 1 and words["northerly"] == 30_979


def test_label_names_are_those_of_keras():
    from keras.datasets.reuters import get_label_names

    assert data.get_label_names() == tuple(get_label_names())


def test_callers_cannot_spoil_each_other():
    data.get_word_index().clear()
    (x_train, y_train), _ = data.load_reuters(maxlen=50)
    x_train[0].clear()
    y_train[:] = 0
    assert data.get_word_index()["the"] == 1
    (x_again, y_again), _ = data.load_reuters(maxlen=50)
    assert x_again[0] and y_again.any()


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"num_words": 30000, "maxlen": 50, "test_split": 0.3},
        {"num_words": 10000},
        {"num_words": 1000, "skip_top": 20, "oov_char": None},
        {"start_char": None, "index_from": 0, "maxlen": 20},
        {"start_char": None, "index_from": 5, "seed": 7},
        {"start_char": 4, "oov_char": 9, "index_from": 2, "test_split": 0.0},
        {"test_split": 1.0, "maxlen": 30},
        {"num_words": 0, "maxlen": 0},
    ],
    ids=str,
)
def test_equals_keras(keras_load_data, arguments):
    assert as_lists(data.load_reuters(**arguments)) == as_lists(keras_load_data(**arguments))


@settings(max_examples=8, deadline=None)
@given(
    num_words=st.one_of(st.none(), st.integers(1, 40_000)),
    skip_top=st.integers(0, 200),
    maxlen=st.integers(8, 120),
    test_split=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
    start_char=st.one_of(st.none(), st.integers(0, 5)),
    oov_char=st.one_of(st.none(), st.integers(0, 5)),
    index_from=st.integers(0, 10),
)
def test_equals_keras_for_any_arguments(keras_load_data, **arguments):
    assert as_lists(data.load_reuters(**arguments)) == as_lists(keras_load_data(**arguments))


def test_article_split():
    from keras.utils import pad_sequences, to_categorical

    (x_train, y_train), (x_test, y_test) = data.load_article_split()
    assert (x_train.shape, y_train.shape) == ((1395, 49, 1), (1395, 46))
    assert (x_test.shape, y_test.shape) == ((599, 49, 1), (599, 46))
    (sequences, labels), (test_sequences, test_labels) = data.load_reuters(30000, maxlen=50, test_split=0.3)
    np.testing.assert_array_equal(x_train[:, :, 0], pad_sequences(sequences, padding="post"))
    np.testing.assert_array_equal(x_test[:, :, 0], pad_sequences(test_sequences, padding="post"))
    np.testing.assert_array_equal(y_train, to_categorical(labels, 46))
    np.testing.assert_array_equal(y_test, to_categorical(test_labels, 46))


def test_sound_wires_are_the_ordinary_ones_without_the_faulty():
    arguments = {"maxlen": 50, "test_split": 0.3}
    ordinary = data.load_reuters(**arguments)
    sound = data.load_reuters(**arguments, sound_only=True)
    for (x, y), (x_sound, y_sound), flags in zip(ordinary, sound, data.load_flags(**arguments), strict=True):
        keep = flags["own_text"] & (flags["topic_count"] == 1)
        assert 0 < keep.sum() < len(x)
        assert x_sound.tolist() == x[keep].tolist()
        np.testing.assert_array_equal(y_sound, y[keep])


def test_flags_count_the_two_bugs():
    flags = [np.concatenate(parts) for parts in zip(*(d.values() for d in data.load_flags()), strict=True)]
    own_text, topic_count = flags
    assert (~own_text).sum() == 975 and (topic_count > 1).sum() == 1821


def test_sound_wires_do_not_repeat_the_next_wires_text():
    # A borrowed text stands twice in the file, once under its own label; without them doubles are rare.
    def doubles(parts):
        texts = [tuple(x) for x, _ in parts for x in x if len(x) > 30]
        return len(texts) - len(set(texts))

    assert doubles(data.load_reuters()) > 8 * doubles(data.load_reuters(sound_only=True))


@functools.cache
def training_wires(num_words):
    return data.load_reuters(num_words)[0][0]


@settings(max_examples=50, deadline=None)
@given(wire=st.integers(0, 8981), num_words=st.sampled_from([None, 500, 10000]))
def test_encode_undoes_decode(wire, num_words):
    sequence = training_wires(num_words)[wire]
    assert data.encode(data.decode(sequence), num_words) == sequence
    assert data.encode(data.decode(sequence, marks=True), num_words) == sequence


@given(text=st.text())
def test_encode_takes_any_text(text):
    ids = data.encode(text)
    assert ids[0] == 1
    assert data.encode(data.decode(ids)) == ids


def test_decode_reads_like_the_newswire():
    (x_train, _), _ = data.load_reuters()
    assert data.decode(x_train[0]).startswith("mcgrath rentcorp said as a result of its december acquisition")
    assert data.decode([1, 4, 2, 0, 0]) == "the [unknown]"
    assert data.decode([1, 4, 2, 0], marks=True) == "[start] the [unknown] [padding]"
    (x_article, _), _ = data.load_article_split()
    assert data.decode(x_article[0]).endswith("reuter 3")
    assert data.decode([]) == ""


def test_encode_cuts_words_as_the_collection_does():
    ids = data.encode("The U.S. bank's\tprofit;\n<IBM> zzzznoword")
    assert data.decode(ids) == "the u s bank's profit lt ibm [unknown]"
    assert data.encode("the zzzznoword", num_words=100) == [1, 4, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_words": -1}, "num_words: got -1, expected a whole number of 0 or more"),
        ({"num_words": 2.5}, "num_words: got 2.5"),
        ({"skip_top": -3}, "skip_top: got -3"),
        ({"index_from": -3}, "index_from: got -3"),
        ({"start_char": -1}, "start_char: got -1"),
        ({"oov_char": "?"}, r"oov_char: got '\?'"),
        ({"maxlen": -50}, "maxlen: got -50"),
        ({"maxlen": 2}, "maxlen: 2 leaves no wire, expected more than 2"),
        ({"test_split": 1.2}, "test_split: got 1.2, expected a share from 0 to 1"),
        ({"test_split": "half"}, "test_split: got 'half'"),
        ({"test_split": float("nan")}, "test_split: got nan"),
        ({"seed": -1}, "seed: got -1"),
        ({"seed": 2**32}, "seed: got 4294967296"),
    ],
    ids=str,
)
def test_load_reuters_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.load_reuters(**arguments)


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        ("the wire", "sequence: got the text 'the wire', expected word ids"),
        ([1, -5], "sequence: -5 is no word id, expected whole numbers from 0 to 30982"),
        ([1, 30983], "sequence: 30983 is no word id"),
        ([1, 4.5], "sequence: expected whole numbers"),
        ([1, float("nan")], "sequence: expected whole numbers"),
        (["the"], "sequence: expected whole numbers"),
        ([[1, 2], [3, 4]], r"sequence: got an array of shape \(2, 2\)"),
        (np.zeros((3, 49, 1)), r"sequence: got an array of shape \(3, 49, 1\)"),
    ],
    ids=str,
)
def test_decode_refuses(sequence, message):
    with pytest.raises(ValueError, match=message):
        data.decode(sequence)


def test_encode_refuses_what_is_no_text():
    with pytest.raises(ValueError, match="text: got list, expected a string"):
        data.encode([1, 4])
    with pytest.raises(ValueError, match="num_words: got -1"):
        data.encode("the", num_words=-1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the data files that may be damaged."""
    for name in ("reuters.npz", "reuters_word_index.json"):
        shutil.copy(data.FOLDER / name, tmp_path)
    caches = (data._archive, data._texts, data._word_index, data._words_by_id)
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    for cache in caches:
        cache.cache_clear()


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-1000])


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def replace_by_other_arrays(path):
    np.savez(path, x=np.arange(3))


@pytest.mark.parametrize("damage", [cut_short, flip_a_byte, replace_by_other_arrays])
def test_damaged_archive_is_named(folder, damage):
    damage(folder / "reuters.npz")
    with pytest.raises(
        ValueError, match=r"reuters\.npz is damaged .*git checkout -- helpers/reuters/reuters\.npz"
    ):
        data.load_reuters()


def test_missing_files_are_named(folder):
    (folder / "reuters.npz").unlink()
    (folder / "reuters_word_index.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"reuters\.npz is missing.*make data"):
        data.load_reuters()
    with pytest.raises(FileNotFoundError, match=r"reuters_word_index\.json is missing.*make data"):
        data.decode([4])


def test_damaged_word_index_is_named(folder):
    path = folder / "reuters_word_index.json"
    path.write_text(json.dumps({"the": 2}))
    with pytest.raises(ValueError, match=r"reuters_word_index\.json is damaged"):
        data.encode("the")
