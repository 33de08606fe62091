"""Train one network on one memory task, on fresh sequences only, until it has learned the task or the budget is spent.

The catalogue names `run`.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from helpers import tasks
from helpers.compiled import one_pass

DRAW = {"temporal_order": tasks.temporal_order, "adding": tasks.adding}
FRESH = 10_000  # sequences that decide whether a run has learned its task ...
WRONG = 0.01  # ... and the share of them that must not be reached by wrong answers
PIECE = 2_000  # sequences between two looks at the progress


def lstm(units, forget_bias=1.0):
    """Return an LSTM layer whose forget gates begin with this bias; 1 is Keras' default."""
    start = np.zeros(4 * units)
    start[units : 2 * units] = forget_bias  # Keras' order of the blocks: i, f, c, o
    return layers.LSTM(units, bias_initializer=keras.initializers.Constant(start), unit_forget_bias=False)


CELLS = {
    "vanilla": layers.SimpleRNN,
    "lstm": lstm,
    "lstm, forget bias 3": lambda units: lstm(units, forget_bias=3.0),
    # Rectified linear units that begin by copying their state, with small weights for the input (Le, Jaitly &
    # Hinton 2015, https://arxiv.org/abs/1504.00941). The bias is zero by Keras' default.
    "identity": lambda units: layers.SimpleRNN(
        units,
        activation="relu",
        recurrent_initializer="identity",
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.001),
    ),
}


def run(settings, seed):
    """Train one network on one task and say whether it has learned it.

    Parameters
    ----------
    settings : dict
        ``task``: "temporal_order" or "adding"; ``length`` of its sequences; ``cell``: a key of `CELLS`; ``units``;
        ``learning_rate`` of Adam; ``clip``: the largest norm that all gradients together may have, or None;
        ``batch_size``; ``budget``: the most sequences that the network may see, each of them once.
    seed : int
        Of the initial weights and of all sequences.

    Returns
    -------
    dict
        ``success``: 1 if fewer than 1 % of 10,000 fresh sequences are wrong, else 0. This is the criterion of
        Pascanu, Mikolov & Bengio (2013), section 4.1, https://arxiv.org/abs/1211.5063; an answer to the adding
        task is wrong when its squared error is above 0.04. ``right`` and ``loss``: share of right answers and
        mean loss on these sequences (cross-entropy, or squared error), the loss None where it is no number.
        ``seen``: how many sequences the network has been trained on; a run stops at success. ``diverged``: 1 if
        training stopped because the loss was no number. ``parameters``: the number of weights.
    """
    draw, length = DRAW[settings["task"]], settings["length"]
    model = build(settings, seed)
    train = one_pass(model, model.train_step, settings["batch_size"])
    test = one_pass(model, model.test_step, 500)
    pieces, success, diverged = 0, False, False
    while pieces * PIECE < settings["budget"] and not success and not diverged:
        progress = train(*draw(PIECE, length, seed=stream(seed, pieces)))
        pieces += 1
        scores = None
        diverged = not np.isfinite(progress["loss"])
        # The network had not seen these sequences before, so its progress on them is honest, only noisy.
        if progress["right"] > 1 - 2 * WRONG:
            scores = test(*draw(FRESH, length, seed=stream(seed, pieces, fresh=True)))
            success = scores["right"] > 1 - WRONG
    scores = scores or test(*draw(FRESH, length, seed=stream(seed, pieces, fresh=True)))
    return {
        "success": int(success),
        "right": round(scores["right"], 4),
        "loss": round(scores["loss"], 6) if np.isfinite(scores["loss"]) else None,
        "seen": pieces * PIECE,
        "diverged": int(diverged),
        "parameters": model.count_params(),
    }


def stream(seed, piece, fresh=False):
    """Return a seed for the sequences of one piece: no two pieces of any two runs share one."""
    return (2 * seed + fresh) * 1_000_000 + piece


def build(settings, seed):
    """Return a compiled network with everything made that a compiled pass needs to find."""
    classify = settings["task"] == "temporal_order"
    keras.utils.set_random_seed(seed)
    x, y = DRAW[settings["task"]](1, settings["length"])
    model = keras.Sequential([
        keras.Input(x.shape[1:]),
        CELLS[settings["cell"]](settings["units"]),
        layers.Dense(y.shape[1], activation="softmax" if classify else None),
    ])
    model.compile(
        optimizer=keras.optimizers.Adam(settings["learning_rate"], global_clipnorm=settings["clip"]),
        loss="categorical_crossentropy" if classify else "mean_squared_error",
        metrics=[keras.metrics.MeanMetricWrapper(right_class if classify else close_enough, name="right")],
    )
    model.optimizer.build(model.trainable_variables)
    model.compute_metrics(x, y, tf.zeros(y.shape))
    return model


def right_class(y_true, y_pred):
    """Tell for each sequence whether the most likely class is the right one."""
    return tf.cast(tf.argmax(y_true, axis=-1) == tf.argmax(y_pred, axis=-1), tf.float32)


def close_enough(y_true, y_pred):
    """Tell for each sequence whether the squared error is at most 0.04."""
    return tf.cast(tf.square(y_true[:, 0] - y_pred[:, 0]) <= 0.04, tf.float32)
