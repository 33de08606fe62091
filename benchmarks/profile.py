"""Where the time of a plain ``model.fit`` goes, found by taking things away from an epoch one by one."""

import time

import numpy as np
import tensorflow as tf

from benchmarks import arithmetic
from benchmarks.timing import article_data, train
from helpers import models

MODELS = {"SimpleRNN(50)": (models.vanilla_rnn, [(1, 50, 1)]), "LSTM(50)": (models.lstm, [(1, 50, 4)])}


def measure(record, small=False):
    x, y = article_data(small)
    results = {}
    for name, (build, layers) in list(MODELS.items())[: 1 if small else 2]:
        sizes = {"units": 2} if small else {}
        repeats = 1 if small else 5
        batches = -(-len(x) // 50)
        pairs = []
        for _ in range(repeats):
            whole = train("plain", build(seed=0, **sizes), x, y, epochs=2 if small else 5)["epoch"]
            steps = batches * step(build(seed=0, **sizes), x[:50], y[:50], 3 if small else 60)
            empty = batches * step(build(1, x.shape[1:], 2, seed=0), x[:1], y[:1, :2], 3 if small else 60)
            pairs.append((whole, steps, empty))
        whole, steps, empty = np.median(pairs, axis=0).tolist()
        products = arithmetic.measure(arithmetic.products(50, layers))[0] * x.shape[1] * len(x) / 50
        results[name] = {
            "epoch": whole,
            "pipeline": whole - steps,
            "launch": empty,
            "products": products,
            "rest": steps - empty - products,
        }
        told = ", ".join(f"{key} {1000 * value:.0f} ms" for key, value in results[name].items())
        print(f"  {name}: {told}", flush=True)
        record.save(results)
    record.save(results, complete=True)


def step(model, x, y, count):
    """Return the seconds of one update in Keras' own compiled step, on a batch that is there already."""
    batch = iter(tf.data.Dataset.from_tensors((tf.constant(x), tf.constant(y))).repeat())
    model.make_train_function()
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        model.train_function(batch)["loss"].numpy()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds[1:]))
