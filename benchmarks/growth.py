"""How an epoch grows with the length of the texts, the units and the batch; and seeds in one or two processes."""

import multiprocessing
import time

import numpy as np

from benchmarks.timing import article_data, train
from helpers import models

BASE = {"length": 50, "units": 64, "batch": 64}
SWEEPS = {"length": [50, 100, 200, 400], "units": [16, 32, 64, 128, 256], "batch": [16, 32, 64, 128, 256]}
MODELS = {"SimpleRNN": models.vanilla_rnn, "LSTM": models.lstm}
WIRES = 1024  # a multiple of every batch size
SEEDS = 8


def measure(record, small=False):
    sweeps = {"units": [2]} if small else SWEEPS
    base = {"length": 3, "units": 2, "batch": 8} if small else BASE
    wires = 16 if small else WIRES
    results = {"wires": wires, "base": base, "epochs": [], "seeds": []}
    for name, build in list(MODELS.items())[: 1 if small else 2]:
        for setting in settings(base, sweeps):
            x, y = made_up(wires, setting["length"])
            row = {"model": name, **setting}
            for way in ("plain", "fit"):
                model = build(setting["units"], (setting["length"], 1), seed=0)
                row[way] = train(way, model, x, y, epochs=2 if small else 4, batch_size=setting["batch"])[
                    "epoch"
                ]
            results["epochs"].append(row)
            told = ", ".join(f"{key} {setting[key]}" for key in setting)
            print(f"  {name}, {told}: plain {row['plain']:.3f} s, fit {row['fit']:.3f} s", flush=True)
            record.save(results)
    count, epochs = (1, 2) if small else (SEEDS, 20)
    for processes in (1, 2)[: 1 if small else 2]:
        finished = train_seeds(count, processes, epochs, small)
        results["seeds"].append({"processes": processes, "epochs": epochs, "finished": finished})
        told = ", ".join(f"{second:.1f}" for second in finished)
        print(f"  LSTM(50), {count} seeds, processes {processes}: finished after {told} s", flush=True)
        record.save(results)
    record.save(results, complete=True)


def settings(base, sweeps):
    """Return every setting once: the base, and the base with one thing changed."""
    found = []
    for key, values in sweeps.items():
        for value in values:
            if (setting := base | {key: value}) not in found:
                found.append(setting)
    return found


def made_up(wires, length):
    """Make up inputs and one-hot topics: a time does not depend on what is learnt."""
    draw = np.random.default_rng(0)
    x = draw.standard_normal((wires, length, 1), dtype="float32")
    return x, np.eye(46, dtype="float32")[draw.integers(0, 46, wires)]


def train_seeds(count, processes, epochs, small):
    """Train a fresh LSTM per seed in new processes; return the seconds after which each one was ready."""
    start = time.perf_counter()
    jobs = [(seed, epochs, small) for seed in range(count)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return [time.perf_counter() - start for _ in pool.imap_unordered(train_one, jobs)]


def train_one(job):
    seed, epochs, small = job
    x, y = article_data(small)
    sizes = {"units": 2} if small else {}
    train("fit", models.lstm(seed=seed, **sizes), x, y, epochs=epochs)
