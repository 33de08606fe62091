"""The one way in which every page of the book trains.

Keras' own ``model.fit`` hands TensorFlow one batch at a time, and with networks as small as the book's most of an
epoch goes into handing over. `fit` lets TensorFlow compile a whole epoch into one program instead. The mathematics is
that of ``model.fit``, weight for weight; only the waiting is shorter.
"""

import math
import sys
import time

import keras
import numpy as np
import tensorflow as tf

from helpers.budget import epochs, is_full_run
from helpers.compiled import one_pass

__all__ = ["epochs", "fit", "is_full_run"]

# Compiling takes a few seconds and saves a few milliseconds an update: below so many updates it does not pay.
UPDATES_THAT_PAY = 500


def fit(
    model, x, y, *, epochs, batch_size=50, seed=None, validation_data=None, patience=None, label="training"
):
    """Train a compiled model as ``model.fit`` does, only faster, and show a line of progress.

    Parameters
    ----------
    model : keras.Model
        Compiled; trained in place.
    x, y : array of shape (wires, ...)
        Inputs, and targets of the kind that the model's loss expects.
    epochs : int
        Times that every wire is seen, as a page gets it from `epochs`.
    batch_size : int
        Wires per update; the last batch of an epoch may be smaller.
    seed : int, optional
        Seed of the shuffling. (Initial weights and dropout have theirs from the builder of the model.)
    validation_data : (array, array), optional
        Scored after every epoch.
    patience : int, optional
        Stop when the validation loss has not fallen for so many epochs, and restore the best weights.
    label : str
        What the line of progress calls the run.

    Returns
    -------
    dict
        ``"loss"``, ``"accuracy"`` and, with validation data, ``"val_loss"``, ``"val_accuracy"``: one number an epoch.

    Raises
    ------
    ValueError
        For a model that is not compiled, or an argument that does not fit.
    FloatingPointError
        If the loss is no longer a number. The model then has the weights from before that epoch.

    Notes
    -----
    After an error or an interruption ``model.history.history`` holds the finished epochs, and the model their
    weights (with `patience`, the best of them).
    """
    check(model, x, y, epochs, batch_size, validation_data, patience)
    if seed is not None:
        keras.utils.set_random_seed(seed)
    watch = LossWatch()
    callbacks = [watch, ProgressLine(label, epochs)]
    if patience is not None:
        callbacks.append(keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True))

    run = fit_compiled if compiling_pays(model, epochs * math.ceil(len(x) / batch_size)) else keras.Model.fit
    settings = {"epochs": epochs, "batch_size": batch_size, "validation_data": validation_data}
    try:
        history = run(model, x, y, callbacks=callbacks, verbose=0, **settings).history
    except KeyboardInterrupt:
        for callback in callbacks:
            callback.on_train_end()
        raise
    if watch.failed_in is not None:
        raise FloatingPointError(
            f"the loss became {history['loss'][-1]} in epoch {watch.failed_in} of {epochs}; the model has the weights "
            "from before it. A smaller learning rate, clipped gradients (clipnorm) or smaller inputs usually help"
        )
    return history


def compiling_pays(model, updates):
    """Tell whether `fit_compiled` is the faster way to train the model for so many updates."""
    # A GPU has programs of its own for recurrent layers, and Keras uses them; convolutions get slower when compiled.
    gpu = tf.config.list_physical_devices("GPU")
    convolution = any(isinstance(layer, keras.layers.Conv1D) for layer in model.layers)
    return updates >= UPDATES_THAT_PAY and not (gpu or convolution or model.run_eagerly)


def fit_compiled(model, x, y, *, epochs, batch_size, validation_data, callbacks, verbose):
    """Do what ``model.fit`` does, with one compiled program for an epoch and one for its validation."""
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    validation = None if validation_data is None else [tf.convert_to_tensor(part) for part in validation_data]
    # What Keras makes at the first batch must be there before compilation: weights, the optimizer's memory, metrics.
    if not model.built:
        model.build(x.shape)
    model.optimizer.build(model.trainable_variables)
    model.compute_metrics(x[:1], y[:1], tf.zeros(model.compute_output_shape(x[:1].shape)))
    train = one_pass(model, model.train_step, batch_size)
    validate = one_pass(model, model.test_step, 512)  # without updates in between, the batches may be larger
    # Keras' shuffling, op for op: made anew for every epoch, or the same for all if TensorFlow has a seed.
    orders = tf.data.Dataset.range(1).map(lambda _: tf.random.shuffle(tf.range(len(x), dtype=tf.int64)))

    model.stop_training = False
    callbacks = keras.callbacks.CallbackList(callbacks, add_history=True, model=model, epochs=epochs)
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        order = next(iter(orders))
        logs = train(tf.gather(x, order), tf.gather(y, order))
        if validation is not None:
            logs |= {f"val_{name}": value for name, value in validate(*validation).items()}
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    callbacks.on_train_end()
    return model.history


def check(model, x, y, epochs, batch_size, validation_data, patience):
    """Raise a ValueError for what would otherwise fail late or obscurely."""
    if not model.compiled:
        raise ValueError("model: not compiled; call model.compile(...), or take one from helpers.models")
    pairs = [("x", x, "y", y)]
    if validation_data is not None:
        pairs.append(("validation_data[0]", validation_data[0], "validation_data[1]", validation_data[1]))
    for x_name, inputs, y_name, targets in pairs:
        if len(inputs) != len(targets) or not len(inputs):
            raise ValueError(
                f"{x_name}, {y_name}: got {len(inputs)} inputs and {len(targets)} targets, expected as many of each, "
                "and at least one"
            )
    for name, value in [("epochs", epochs), ("batch_size", batch_size), ("patience", patience)]:
        if value is not None and (not isinstance(value, (int, np.integer)) or value < 1):
            raise ValueError(f"{name}: got {value!r}, expected a whole number of 1 or more")
    if patience is not None and validation_data is None:
        raise ValueError("patience: early stopping needs validation_data, got None")


class LossWatch(keras.callbacks.Callback):
    """Stop the training when the loss is no number, and put back the weights from before that epoch."""

    failed_in = None

    def on_epoch_begin(self, epoch, logs=None):
        self.before = self.model.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        if not math.isfinite(logs["loss"]):
            self.failed_in = epoch + 1
            self.model.stop_training = True
            self.model.set_weights(self.before)


class ProgressLine(keras.callbacks.Callback):
    """One line that is rewritten as epochs end, at most twice a second."""

    def __init__(self, label, epochs):
        super().__init__()
        self.label, self.epochs = label, epochs
        self.line, self.start, self.shown = f"{label}: epoch 0/{epochs}", time.perf_counter(), 0

    def on_train_begin(self, logs=None):
        self.start = time.perf_counter()
        self.write("")

    def on_epoch_end(self, epoch, logs=None):
        numbers = "  ".join(f"{name} {value:.3f}" for name, value in logs.items())
        seconds = time.perf_counter() - self.start
        self.line = f"{self.label}: epoch {epoch + 1}/{self.epochs}  {numbers}  {seconds:.0f} s"
        if seconds - self.shown > 0.5:
            self.shown = seconds
            self.write("")

    def on_train_end(self, logs=None):
        self.write("\n")

    def write(self, end):
        sys.stdout.write("\r" + self.line + " " * 4 + end)
        sys.stdout.flush()
