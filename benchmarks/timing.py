"""Time the epochs of a training, plain or by `helpers.training.fit`."""

import contextlib
import os
import time

import keras
import numpy as np
import tensorflow as tf

from helpers import training
from helpers.data import load_article_split

# Every training here compiles a program of its own, and after a few TensorFlow would warn of it.
tf.get_logger().setLevel("ERROR")


class Clock(keras.callbacks.Callback):
    """Notes when each epoch ended."""

    def __init__(self):
        super().__init__()
        self.start, self.ends = time.perf_counter(), []

    def on_epoch_end(self, epoch, logs=None):
        self.ends.append(time.perf_counter())


def train(way, model, x, y, *, epochs, batch_size=50):
    """Train and return what it took.

    Parameters
    ----------
    way : {"plain", "fit"}
        ``model.fit`` of Keras with its defaults, or the compiled way of `helpers.training.fit` with its callbacks.
    epochs : int
        Two or more: the first one holds the start-up.

    Returns
    -------
    dict
        ``"start_up"`` (what the first epoch took longer) and ``"epoch"`` (median of the others), in seconds.
    """
    keras.utils.set_random_seed(0)
    clock = Clock()
    settings = {"epochs": epochs, "batch_size": batch_size, "verbose": 0}
    if way == "plain":
        model.fit(x, y, callbacks=[clock], **settings)
    else:
        callbacks = [training.LossWatch(), training.ProgressLine("benchmark", epochs), clock]
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            training.fit_compiled(model, x, y, validation_data=None, callbacks=callbacks, **settings)
    epoch = float(np.median(np.diff(clock.ends)))
    return {"start_up": clock.ends[0] - clock.start - epoch, "epoch": epoch}


def article_data(small=False):
    """Return the article's training arrays, shapes (1395, 49, 1) and (1395, 46); the first wires if `small`."""
    (x, y), _ = load_article_split()
    return (x[:60], y[:60]) if small else (x, y)
