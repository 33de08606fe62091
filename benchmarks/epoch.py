"""An epoch of the article's models: plain Keras, `helpers.training.fit` and PyTorch in turn, start-up apart."""

import contextlib
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from keras import layers

from benchmarks import arithmetic
from benchmarks.record import ROOT
from benchmarks.timing import article_data, train
from helpers import models

PYTORCH = ROOT / ".venv-benchmark" / "bin" / "python"
WAYS = ("plain", "fit", "pytorch")
UNITS = 50
EMBEDDED = {"embedding_dim": 64, "mask_zero": True}

# Name: builder, what its recurrent layers read (features, units, gates), the model of PyTorch.
MODELS = {
    "SimpleRNN(50)": (models.vanilla_rnn, [(1, UNITS, 1)], "rnn"),
    "LSTM(50)": (models.lstm, [(1, UNITS, 4)], "lstm"),
    "SimpleRNN(50) twice": (models.stacked_vanilla_rnn, [(1, UNITS, 1), (UNITS, UNITS, 1)], None),
    "LSTM(50) twice": (models.stacked_lstm, [(1, UNITS, 4), (UNITS, UNITS, 4)], None),
    "Embedding(64), mask, SimpleRNN(50)": (
        lambda **options: models.embedded(lambda: layers.SimpleRNN(UNITS), **EMBEDDED, **options),
        [(64, UNITS, 1)],
        None,
    ),
    "Embedding(64), mask, LSTM(50)": (
        lambda **options: models.embedded(lambda: layers.LSTM(UNITS), **EMBEDDED, **options),
        [(64, UNITS, 4)],
        None,
    ),
}


def measure(record, small=False):
    x, y = article_data(small)
    names = list(MODELS)[:1] if small else list(MODELS)
    repeats, plain_epochs, fit_epochs = (1, 2, 2) if small else (5, 5, 8)
    results = {name: {way: [] for way in WAYS} for name in names}
    batches = len(x) / 50  # the last one is smaller and counts by its share
    for name in names:
        seconds, rate = arithmetic.measure(arithmetic.products(50, MODELS[name][1]))
        results[name]["arithmetic"] = {"epoch": seconds * x.shape[1] * batches, "gflops": rate}
    with pytorch(x, y) as other:
        version = {"pytorch": other.version} if other else {}
        for repeat in range(1, repeats + 1):
            for name in names:
                build, _, kind = MODELS[name]
                result = results[name]
                result["plain"].append(timed("plain", build, x, y, plain_epochs))
                result["fit"].append(timed("fit", build, x, y, fit_epochs))
                if other and kind:
                    result["pytorch"].append(other({"model": kind, "epochs": plain_epochs}))
                took = ", ".join(f"{way} {result[way][-1]['epoch']:.3f} s" for way in WAYS if result[way])
                print(f"  {repeat}/{repeats} {name}: {took}", flush=True)
            record.save(results, machine=version)
    record.save(results, complete=True, machine=version)


def timed(way, build, x, y, epochs):
    """Time a fresh model, on the ids as numbers or, if it looks them up, as they are."""
    model = build(seed=0)
    ids = x[..., 0].astype("int32") if len(model.input_shape) == 2 else x
    return train(way, model, ids, y, epochs=epochs)


@contextlib.contextmanager
def pytorch(x, y):
    """Give a function that has PyTorch train and returns the seconds of an epoch; None where there is no PyTorch."""
    if not PYTORCH.exists():
        print("  without PyTorch: `make benchmark` installs it", flush=True)
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder, "article.npz")
        np.savez(arrays, x=x.astype("float32"), y=y.astype("float32"))
        # -P: the folder of this file holds modules called like some of the standard library.
        program = [PYTORCH, "-P", Path(__file__).with_name("pytorch.py"), arrays]
        with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

            def ask(order):
                process.stdin.write(json.dumps(order) + "\n")
                process.stdin.flush()
                return json.loads(process.stdout.readline())

            ask.version = json.loads(process.stdout.readline())["pytorch"]
            yield ask
            process.stdin.close()
