"""A pass over all batches as one compiled program: what makes `helpers.training.fit` fast."""

import contextlib
import functools

import tensorflow as tf


def one_pass(model, step, batch_size):
    """Compile a pass over all batches.

    Parameters
    ----------
    model : keras.Model
        Compiled, with its weights, metrics and optimizer variables already made.
    step : function
        ``model.train_step`` or ``model.test_step``: what Keras does with a batch.
    batch_size : int
        Rows per batch; the last batch may be smaller.

    Returns
    -------
    function
        Takes arrays x and y of shape (rows, ...), and gives a dict of the model's metrics over all rows.
    """

    @tf.function(jit_compile=True)
    def batches(x, y):
        size = min(batch_size, len(x))
        whole = len(x) // size * size
        x_batches = tf.reshape(x[:whole], (-1, size, *x.shape[1:]))
        y_batches = tf.reshape(y[:whole], (-1, size, *y.shape[1:]))
        with usual_dropout():
            for i in tf.range(len(x_batches)):
                step((x_batches[i], y_batches[i]))
            if whole < len(x):
                step((x[whole:], y[whole:]))
        return model.get_metrics_result()

    def metrics(x, y):
        model.reset_metrics()
        return {name: float(value) for name, value in batches(x, y).items()}

    return metrics


@contextlib.contextmanager
def usual_dropout():
    """Let what is compiled meanwhile drop out the units that ``model.fit`` drops out, given the same seed."""
    original = tf.nn.experimental.stateless_dropout
    tf.nn.experimental.stateless_dropout = dropout
    try:
        yield
    finally:
        tf.nn.experimental.stateless_dropout = original


def dropout(x, rate, seed, noise_shape=None):
    """Do what ``tf.nn.experimental.stateless_dropout`` does on a CPU.

    That function draws with TensorFlow's generator (Philox) outside of compiled programs and with another one inside.
    Only its random integers agree, so here they are drawn and made into numbers from 0 to 1 as the former does.
    """
    draw = functools.partial(tf.raw_ops.StatelessRandomUniformFullIntV2, dtype=tf.uint32, alg=1)  # 1: Philox
    start = tf.constant(
        [0x02461E293EC8F720], tf.uint64
    )  # TensorFlow's constant for turning a seed into a key
    mixed = draw(shape=[4], key=start, counter=tf.bitcast(tf.cast(seed, tf.int64), tf.uint64))
    key, counter = tf.unstack(tf.bitcast(tf.reshape(mixed, (2, 2)), tf.uint64))
    integers = draw(shape=x.shape if noise_shape is None else noise_shape, key=[key], counter=[0, counter])
    uniform = tf.cast(integers & 0x7FFFFF, x.dtype) / 2**23
    return tf.where(uniform >= rate, x * (1 / (1 - rate)), 0)
