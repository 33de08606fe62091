"""Train the small LSTM that chapter 8 looks into, and store it in ``helpers/trained/``.

Usage::

    python -m scripts.train_inspected            # trains and writes weights and details
    python -m scripts.train_inspected --check    # trains, writes nothing, compares with what is stored

The settings were fixed before anything was trained: those of chapter 7's last repair, with 32 units and 32
numbers a word instead of 50 and 64 so that one can look at all of it, seed 0, and an embedding of its own for
every word that two of the training wires have. The validation wires decide when to stop; the test wires are read
once, to report the accuracy. With the same versions on the same kind of processor, and one thread, the weights
come out the same bit for bit. Elsewhere sums are added up in another order; `--check` then says how far apart
the two networks are, and fails where they differ by more than `BOUNDS`.
"""

import argparse
import datetime
import hashlib
import json
import platform
import re
import sys
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from helpers import trained
from helpers.data import INDEX_FROM, PADDING, UNKNOWN, load_reuters
from helpers.training import fit, is_full_run

SEED, LONGEST, PATIENCE, BATCH_SIZE, HELD_OUT, FEWEST_WIRES = 0, 60, 8, 50, 0.1, 2

BOUNDS = {"accuracy": 0.03, "agreement": 0.95}
"""How far apart the test accuracies may be, and on what share of the test wires the answers must agree."""


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare with what is stored")
    options = parser.parse_args(arguments)
    if not is_full_run():
        sys.exit("BOOK_EPOCHS is set: a network that is stored must be trained in full. Unset it.")
    # One thread, for the same sums in the same order.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    network, arrays, details = train()
    if options.check:
        sys.exit(compare(network, arrays))
    np.savez_compressed(trained.WEIGHTS, **arrays)
    trained.DETAILS.write_text(json.dumps(details, indent=2) + "\n", encoding="utf-8")
    pin(hashlib.sha256(trained.WEIGHTS.read_bytes()).hexdigest())
    print(json.dumps(details, indent=2))


def train():
    """Return the trained network, the arrays to be stored, and the details."""
    (wires, topics), (test_wires, test_topics) = load_reuters(num_words=trained.VOCABULARY, maxlen=50, test_split=0.3)
    cut = round(len(wires) * (1 - HELD_OUT))
    ids = frequent_ids(wires[:cut])
    x, x_test = readable(wires, ids), readable(test_wires, ids)
    y = np.eye(46, dtype=np.float32)[topics]

    network = trained.untrained(seed=SEED)
    settings = {"epochs": LONGEST, "patience": PATIENCE, "batch_size": BATCH_SIZE, "seed": SEED}
    history = fit(network, x[:cut], y[:cut], validation_data=(x[cut:], y[cut:]), label="inspected LSTM", **settings)

    table, *rest = network.get_weights()
    names = ("kernel", "recurrent_kernel", "bias", "dense_kernel", "dense_bias")
    arrays = {"ids": ids.astype(np.uint16), "rows": table[ids], "unknown_row": table[UNKNOWN]}
    arrays |= dict(zip(names, rest, strict=True))
    best = int(np.argmin(history["val_loss"]))
    details = {
        "made_by": "python -m scripts.train_inspected",
        "date": datetime.date.today().isoformat(),
        "split": "load_reuters(num_words=30000, maxlen=50, test_split=0.3); the last tenth of training for validation",
        "training_wires": cut,
        "validation_wires": len(wires) - cut,
        "test_wires": len(test_wires),
        "words_with_an_embedding": int((ids >= INDEX_FROM).sum()),
        "units": trained.UNITS,
        "settings": settings | {"optimizer": "Adam, learning rate 0.001", "fewest_wires_a_word": FEWEST_WIRES},
        "epochs_run": len(history["loss"]),
        "best_epoch": best + 1,
        "validation_loss": round(history["val_loss"][best], 4),
        "validation_accuracy": round(history["val_accuracy"][best], 4),
        "test_accuracy": round(share_right(network, x_test, test_topics), 4),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        "processor": processor(),
    }
    return network, arrays, details


def frequent_ids(wires):
    """Return, in order, the ids of the words that enough wires have, and of the marks."""
    count = Counter(i for wire in wires for i in set(wire))
    return np.array(sorted({PADDING, UNKNOWN} | {i for i, wires in count.items() if wires >= FEWEST_WIRES}))


def readable(wires, ids):
    """Return wires as padded ids of shape (wires, timesteps) in which every other word is unknown."""
    known = np.zeros(trained.VOCABULARY, bool)
    known[ids] = True
    x = keras.utils.pad_sequences(wires, trained.TIMESTEPS, padding="post")
    return np.where(known[x], x, UNKNOWN)


def share_right(network, x, topics):
    """Return the accuracy."""
    return float(np.mean(network.predict(x, verbose=0).argmax(axis=1) == topics))


def compare(network, arrays):
    """Say how far a newly trained network is from the stored one; return an error message, or None if near enough."""
    stored = trained.weights()
    if all(np.array_equal(stored[name], array) for name, array in arrays.items()):
        print("The weights are those stored, bit for bit.")
        return None
    _, (wires, topics) = load_reuters(num_words=trained.VOCABULARY, maxlen=50, test_split=0.3)
    x, other = readable(wires, arrays["ids"]), trained.load()
    agreement = float(np.mean(network.predict(x, verbose=0).argmax(1) == other.predict(x, verbose=0).argmax(1)))
    gap = abs(share_right(network, x, topics) - share_right(other, x, topics))
    print(f"Other weights. Same answer on {agreement:.3f} of the test wires; accuracies {gap:.4f} apart.")
    near = agreement >= BOUNDS["agreement"] and gap <= BOUNDS["accuracy"]
    return None if near else f"Expected at least {BOUNDS['agreement']} and at most {BOUNDS['accuracy']}."


def pin(digest):
    """Write the hash of the weights into the module that loads them."""
    path = Path(trained.__file__)
    source = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'(?m)^WEIGHTS_SHA256 = ".*"$', f'WEIGHTS_SHA256 = "{digest}"', source), encoding="utf-8")


def processor():
    """Return the name of the processor, as far as the machine tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
