"""The numbers behind the gate explorer: the trained network's weights, and the newswires that it reads there.

``python -m scripts.explorer_data`` writes ``book/_static/explorer/model.json`` and the table of newswires on the
page ``book/gate-explorer.md``. It trains nothing: the network is the one of `helpers.trained`.
"""

import base64
import json
from functools import partial
from pathlib import Path

import numpy as np

from helpers import data
from helpers.cells import LSTM
from scripts.numbers_page import table

ROOT = Path(__file__).resolve().parent.parent
FILE = "book/_static/explorer/model.json"
PAGE = "book/gate-explorer.md"
BEGIN, END = "% begin: wires", "% end: wires"

RIGHT, PER_TOPIC = 8, 2  # newswires that are answered right, and how many of them may have the same topic
WRONG = 3  # newswires that are answered wrong, each with another label
SHORTEST = 12  # ids; below that there is little to watch


def update(root=ROOT):
    """Write the file and the table of the page; return whether that changed either.

    Raises
    ------
    ValueError
        If the page does not hold its two marks, each once, or too few newswires fit.
    """
    content = build(*trained_network())
    written = [
        _write(Path(root, FILE), to_json(content)),
        _write(Path(root, PAGE), with_table(Path(root, PAGE).read_text(encoding="utf-8"), content)),
    ]
    return any(written)


def trained_network():
    """Return weights, embedding, known words and held-out wires of the book's trained network, for `build`."""
    from helpers import trained  # imports Keras, which nothing else here needs

    stored = trained.weights()
    embedding = np.tile(stored.pop("unknown_row"), (trained.VOCABULARY, 1))
    embedding[stored.pop("ids")] = stored.pop("rows")
    return {"embedding": embedding, **stored}, trained.known(), trained.details()["validation_wires"]


def build(weights, known, held_out, timesteps=49):
    """Return what the explorer needs to know, ready for `to_json`.

    Parameters
    ----------
    weights : dict of str to array
        ``embedding`` (vocabulary, features), ``kernel`` (features, 4 * units), ``recurrent_kernel``
        (units, 4 * units), ``bias`` (4 * units,), ``dense_kernel`` (units, topics), ``dense_bias`` (topics,).
    known : array of bool, shape (vocabulary,)
        The ids with an embedding of their own; the others read like the unknown word.
    held_out : int
        So many wires at the end of the training part the network was not trained on.
    timesteps : int
        Ids per text.

    Returns
    -------
    dict
        ``topics``, their names; ``wires``, see `choose` and `wire_of_chapter_8`, with ``words``, ``unknown``: the
        places of words that the network does not know, and ``rows``: where the words stand in the packed embedding;
        ``network``, the packed weights, see `pack`. Of the embedding only the rows stay that the newswires need.
    """
    wires = choose(partial(answer, weights), timesteps)
    wires.append(wire_of_chapter_8(partial(answers_by_word, weights), held_out, timesteps))
    read = [[i if known[i] else data.UNKNOWN for i in wire["ids"]] for wire in wires]
    kept = sorted({i for ids in read for i in ids})
    place = {i: row for row, i in enumerate(kept)}
    for wire, ids in zip(wires, read, strict=True):
        original = wire.pop("ids")
        wire["words"] = [data.decode([i], marks=True) for i in original]
        wire["unknown"] = [k for k, i in enumerate(ids) if i == data.UNKNOWN]
        wire["rows"] = [place[i] for i in ids]
    return {
        "topics": list(data.get_label_names()),
        "wires": wires,
        "network": {
            name: pack(values[kept] if name == "embedding" else values) for name, values in weights.items()
        },
    }


def answer(weights, x):
    """Return the probabilities of the topics, (batch, topics), for padded ids of shape (batch, timesteps)."""
    return answers_by_word(weights, x)[:, -1]


def answers_by_word(weights, x):
    """Return the probabilities of the topics after each word, (batch, timesteps, topics)."""
    weights = {name: values.astype(np.float64) for name, values in weights.items()}  # the same on every machine
    cell = LSTM(weights["kernel"], weights["recurrent_kernel"], weights["bias"])
    hidden = cell.forward(weights["embedding"][x], mask=x != data.PADDING).hidden
    z = hidden @ weights["dense_kernel"] + weights["dense_bias"]
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def choose(predict, timesteps=49):
    """Choose newswires from the test part of the article's split, by a rule that leaves no room for taste.

    Fit is a newswire of at least `SHORTEST` ids whose text does not stand in the training part. Of those that are
    sound (own text, one topic), always the first in the order of the test part: for each topic `PER_TOPIC` that
    are answered right, topics with many training texts first, until there are `RIGHT`; then `WRONG` that are
    answered wrong, each with another label. Last, of the fit ones with another wire's text, the first where the
    answer is the topic of the wire that the text belongs to.

    Parameters
    ----------
    predict : function
        Takes ids of shape (batch, timesteps), zeros behind the text, and gives probabilities (batch, topics).
    timesteps : int
        Ids per text.

    Returns
    -------
    list of dict
        ``number``: place in the test part, from 0; ``ids``; ``label``, ``answer`` and ``owner``: topic numbers, the
        last that of the wire that the text belongs to, None where that is the wire itself; ``probability`` of the
        answer; ``kind``: "right", "wrong" or "borrowed".

    Raises
    ------
    ValueError
        If too few newswires fit.
    """
    (x_train, y_train, flags_train), (x_test, y_test, flags) = split(timesteps)
    probabilities = np.asarray(predict(padded(x_test, timesteps)))
    answers = probabilities.argmax(axis=1)

    seen = {tuple(ids) for ids in x_train}
    fit = [k for k, ids in enumerate(x_test) if len(ids) >= SHORTEST and tuple(ids) not in seen]
    sound = [k for k in fit if flags["own_text"][k] and flags["topic_count"][k] == 1]

    def wire(number, kind, owner=None):
        return entry(number, kind, y_test[number], probabilities[number], x_test[number], owner)

    right, wrong = {}, {}
    for k in sound:
        if answers[k] == y_test[k]:
            right.setdefault(int(y_test[k]), []).append(k)
        else:
            wrong.setdefault(int(y_test[k]), k)
    frequent = np.argsort(-np.bincount(y_train, minlength=46), kind="stable").tolist()
    chosen = [wire(k, "right") for topic in frequent for k in right.get(topic, [])[:PER_TOPIC]][:RIGHT]
    chosen += [wire(k, "wrong") for k in sorted(wrong.values())[:WRONG]]

    owners = {}  # topics of the wires that have a text and nothing but one topic, by their text
    for x, y, own in [(x_train, y_train, flags_train), (x_test, y_test, flags)]:
        for k in np.flatnonzero(own["own_text"] & (own["topic_count"] == 1)):
            owners.setdefault(tuple(x[k]), int(y[k]))
    for k in fit:
        owner = owners.get(tuple(x_test[k]))
        if not flags["own_text"][k] and owner == answers[k] != y_test[k]:
            chosen.append(wire(k, "borrowed", owner))
            break
    kinds = [one["kind"] for one in chosen]
    if kinds.count("right") < 3 or not {"wrong", "borrowed"} <= set(kinds):
        raise ValueError(f"too few newswires fit, found {kinds}; is the network trained?")
    return chosen


def wire_of_chapter_8(predict, held_out, timesteps=49):
    """Return the newswire that chapter 8 follows, chosen by the rule of that chapter.

    A validation wire with its own text and one topic that is answered rightly at the end: the one where the network
    was surest of another topic on the way.

    Parameters
    ----------
    predict : function
        Takes ids of shape (batch, timesteps), zeros behind the text, and gives probabilities after each word,
        (batch, timesteps, topics).
    held_out : int
        Validation wires, at the end of the training part.
    timesteps : int
        Ids per text.

    Returns
    -------
    dict
        As in `choose`; ``number`` is the place among the validation wires, and ``kind`` is "chapter 8".
    """
    x, y, flags = split(timesteps)[0]
    x, y = x[-held_out:], y[-held_out:]
    sound = (flags["own_text"] & (flags["topic_count"] == 1))[-held_out:]
    probabilities = np.asarray(predict(padded(x, timesteps)))
    right = probabilities[:, -1].argmax(axis=1) == y
    others = probabilities.copy()
    others[np.arange(held_out), :, y] = 0
    number = int(np.where(sound & right, others.max(axis=(1, 2)), 0).argmax())
    return entry(number, "chapter 8", y[number], probabilities[number, -1], x[number])


def split(timesteps):
    """Return ids, topics and flags of both parts of the article's split, the training part first."""
    cut = {"maxlen": timesteps + 1, "test_split": 0.3}
    parts, flags = data.load_reuters(num_words=30000, **cut), data.load_flags(**cut)
    return [(*part, marks) for part, marks in zip(parts, flags, strict=True)]


def entry(number, kind, label, probabilities, ids, owner=None):
    """Return what is told of a chosen newswire, see `choose`."""
    return {
        "number": number,
        "kind": kind,
        "label": int(label),
        "answer": int(probabilities.argmax()),
        "owner": owner,
        "probability": round(float(probabilities.max()), 4),
        "ids": [int(word) for word in ids],
    }


def padded(sequences, timesteps):
    """Return sequences of ids as one array (batch, timesteps) with zeros behind the texts."""
    x = np.zeros((len(sequences), timesteps), dtype=np.int32)
    for row, ids in zip(x, sequences, strict=True):
        row[: len(ids)] = ids
    return x


def pack(values):
    """Pack an array into 16-bit integers and a scale; the explorer unpacks it (``unpack`` in lstm.mjs).

    The error of a number is at most half the scale: a 65,534th of the array's largest number.
    """
    values = np.asarray(values, dtype=np.float64)
    scale = float(np.abs(values).max()) / 32767 or 1.0
    numbers = np.rint(values / scale).astype("<i2")
    return {"shape": list(values.shape), "scale": scale, "int16": base64.b64encode(numbers.tobytes()).decode()}


def unpack(packed):
    """Return the array that `pack` packed, float64, as the explorer sees it."""
    numbers = np.frombuffer(base64.b64decode(packed["int16"]), dtype="<i2")
    return packed["scale"] * numbers.reshape(packed["shape"]).astype(np.float64)


def to_json(content):
    """Return the content as JSON with a newswire or a packed array on each line, so that changes can be read."""
    lines = [f'"topics": {json.dumps(content["topics"])}']
    wires = ",\n".join(json.dumps(wire) for wire in content["wires"])
    network = ",\n".join(f"{json.dumps(name)}: {json.dumps(array)}" for name, array in content["network"].items())
    lines += [f'"wires": [\n{wires}\n]', f'"network": {{\n{network}\n}}']
    return "{\n" + ",\n".join(lines) + "\n}\n"


def with_table(page, content):
    """Return the page's text with the table of newswires between its two marks."""
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"{PAGE} must hold the lines {BEGIN!r} and {END!r}, in this order and each once")
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{wire_table(content)}\n{END}{rest.split(END)[1]}"


def wire_table(content):
    """Return the table of newswires in Markdown: text, label, and answer with its probability."""
    topics = content["topics"]
    rows = []
    for wire in content["wires"]:
        label = topics[wire["label"]]
        if wire["owner"] is not None:
            label += f" (text: {topics[wire['owner']]})"
        text = " ".join(wire["words"][1:]).replace("[", "\\[")
        rows.append([text, label, f"{topics[wire['answer']]}, {100 * wire['probability']:.0f}\u00a0%"])
    return table(["newswire", "label", "answer"], rows)


def _write(path, text):
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


if __name__ == "__main__":
    print(f"{FILE}, {PAGE}: {'changed' if update() else 'up to date'}")
