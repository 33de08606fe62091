"""Whole runs of the article's programme, compilation included: plain Keras and `helpers.training.fit` in turn."""

import contextlib
import os
import time

import keras

from benchmarks.timing import article_data
from helpers import models, training

MODELS = {"SimpleRNN(50)": models.vanilla_rnn, "LSTM(50)": models.lstm}


def measure(record, small=False):
    x, y = article_data(small)
    repeats, epochs = (1, 3) if small else (5, 200)
    sizes = {"units": 2} if small else {}
    results = {name: {"epochs": epochs, "plain": [], "fit": []} for name in MODELS}
    for build in MODELS.values():  # what TensorFlow does once in a process counts for neither
        build(seed=0, **sizes).fit(x[:50], y[:50], epochs=1, verbose=0)
    for repeat in range(1, repeats + 1):
        for name, build in MODELS.items():
            for way in ("plain", "fit"):
                model = build(seed=repeat, **sizes)
                results[name][way].append(seconds(way, model, x, y, epochs))
            plain, fit = results[name]["plain"][-1], results[name]["fit"][-1]
            print(f"  {repeat}/{repeats} {name}: plain {plain:.1f} s, fit {fit:.1f} s", flush=True)
            record.save(results)
    record.save(results, complete=True)


def seconds(way, model, x, y, epochs):
    start = time.perf_counter()
    if way == "plain":
        keras.utils.set_random_seed(0)
        model.fit(x, y, epochs=epochs, batch_size=50, verbose=0)
    else:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            training.fit(model, x, y, epochs=epochs, batch_size=50, seed=0)
    return time.perf_counter() - start
