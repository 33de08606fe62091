"""Which tokens an answer rests on."""

import keras
import numpy as np
import tensorflow as tf

from helpers.inspection.layers import checked_mask, checked_sequences, embedding, first_layer, replaced

METHODS = ("gradient", "leave_one_out")
AT_ONCE = 1024  # shortened sequences that the model reads together


def attribution(model, x, target=None, *, method="gradient"):
    """Say how much each token speaks for an answer of the model.

    Parameters
    ----------
    model : keras.Model
        Ends in a Dense layer with softmax, sigmoid or no activation, and answers once for each sequence.
    x : array of shape (batch, timesteps) or (batch, timesteps, features)
        Word ids for a model that begins with an embedding; otherwise numbers.
    target : int or array of shape (batch,), optional
        The class that is asked about, one for all sequences or one for each; by default the one with the highest
        score, which is the model's answer.
    method : {"gradient", "leave_one_out"}
        ``"gradient"``: gradient times input. The slope of the score along the token's vector (its embedding, or
        the numbers of x), times that vector: what the score would lose without it if the model were linear.
        ``"leave_one_out"``: what it really loses when the token is taken out. A word is removed, the rest moves up
        and a 0 is added to the padding; in a model without embedding the step's numbers become 0.

    Returns
    -------
    array of shape (batch, timesteps)
        Above 0 where a token speaks for the target, below 0 where it speaks against; NaN at masked steps.

    Raises
    ------
    ValueError, TypeError
        For a model, target or method of another kind, and for an x that is empty, is text, or has a sequence
        of nothing but padding.

    Notes
    -----
    The score of a class is its log-odds, ln(p / (1 - p)), computed from the numbers that enter the softmax (or
    sigmoid); without an activation it is the output itself. Unlike p it does not level off when the model is
    sure, and unlike one number before the softmax it does not rise when all of them do.

    The two need not agree. The gradient tells what a very small change does, and the tokens of a sequence can
    stand in for each other: taking out one of two equal words may change nothing.

    Sources: the gradient of an unnormalised score with respect to the input: Simonyan, Vedaldi & Zisserman
    (2014), https://arxiv.org/abs/1312.6034; times the input: Shrikumar, Greenside & Kundaje (2017),
    https://arxiv.org/abs/1704.02685, who improve on it; taking things out: Li, Monroe & Jurafsky (2016),
    https://arxiv.org/abs/1612.08220, who do it to words and to units, by the log-likelihood of the right label.
    """
    if method not in METHODS:
        raise ValueError(f"method: expected {' or '.join(map(repr, METHODS))}, got {method!r}")
    if not isinstance(model, keras.Model):
        raise TypeError(f"model: expected a keras.Model, got {type(model).__name__}")
    x = checked_sequences(model, x)
    mask = mask_of(model, x)
    target = checked_target(target, scores(model, x).numpy())
    method = gradient_times_input if method == "gradient" else left_out
    return np.where(mask, method(model, x, target, mask), np.nan)


def gradient_times_input(model, x, target, mask):
    """Return the slope of each sequence's score along each of its tokens' vectors, times the vector."""
    table = embedding(model)
    vectors = []
    with tf.GradientTape() as tape:
        if table is None:
            values = tf.cast(x, model.inputs[0].dtype)
            tape.watch(values)
            vectors.append(values)
            result = scores(model, values)
        else:
            own_call = table.call

            def call(ids):
                vectors.append(own_call(ids))
                tape.watch(vectors[-1])
                return vectors[-1]

            with replaced(table, call):
                result = scores(model, x)
        total = tf.reduce_sum(tf.gather(result, target, axis=1, batch_dims=1))
    gradient = tape.gradient(total, vectors[0])
    return tf.reduce_sum(gradient * vectors[0], axis=-1).numpy()


def left_out(model, x, target, mask):
    """Return by how much the score of each sequence falls when one of its tokens is taken out."""
    whole = scores(model, x).numpy()
    rows, places = np.nonzero(mask)
    result = np.full(mask.shape, np.nan)
    for first in range(0, len(rows), AT_ONCE):
        some, tokens = rows[first : first + AT_ONCE], places[first : first + AT_ONCE]
        shortened = [without(x[row], t, embedding(model) is not None) for row, t in zip(some, tokens, strict=True)]
        after = scores(model, np.stack(shortened)).numpy()
        result[some, tokens] = whole[some, target[some]] - after[np.arange(len(some)), target[some]]
    return result


def without(sequence, t, ids):
    """Return a sequence without its token t, as long as before: `attribution` tells how."""
    if not ids:
        emptied = sequence.copy()
        emptied[t] = 0
        return emptied
    padding_in_front = sequence[0] == 0 and sequence[-1] != 0
    rest = np.delete(sequence, t, axis=0)
    return np.insert(rest, 0 if padding_in_front else len(rest), 0, axis=0)


def mask_of(model, x):
    """Return which steps the model reads, as booleans of shape (batch, timesteps)."""
    first = first_layer(model)
    says = isinstance(first, (keras.layers.Embedding, keras.layers.Masking))
    mask = first.compute_mask(x) if says else None
    return np.ones(x.shape[:2], bool) if mask is None else checked_mask(np.asarray(mask))


def scores(model, x):
    """Return the score of every class, (batch, classes); see the notes of `attribution`."""
    last = model.layers[-1]
    activation = getattr(last, "activation", None)
    known = (keras.activations.softmax, keras.activations.sigmoid, keras.activations.linear)
    if not isinstance(last, keras.layers.Dense) or activation not in known:
        name = getattr(activation, "__name__", "none")
        raise ValueError(
            "model: expected one that ends in a Dense layer with softmax, sigmoid or no activation; it ends in "
            f"{last.name!r}, a {type(last).__name__} (activation: {name})"
        )
    last.activation = keras.activations.linear
    try:
        logits = model(x, training=False)
    finally:
        last.activation = activation
    if len(logits.shape) != 2:
        raise ValueError(f"model: expected one answer for each sequence, got the shape {tuple(logits.shape)}")
    if activation is not keras.activations.softmax:
        return logits
    classes = logits.shape[1]
    others = tf.where(tf.eye(classes, dtype=bool), tf.cast(-np.inf, logits.dtype), logits[:, tf.newaxis])
    return logits - tf.reduce_logsumexp(others, axis=-1)


def checked_target(target, result):
    """Return one class for each sequence, or say what is wrong with the classes."""
    batch, classes = result.shape
    if target is None:
        return result.argmax(axis=1)
    numbers = np.asarray(target)
    if numbers.dtype.kind not in "iu" or numbers.shape not in [(), (batch,)]:
        raise ValueError(f"target: expected a class, or one for each of the {batch} sequences, got {target!r}")
    strange = numbers[(numbers < 0) | (numbers >= classes)]
    if strange.size:
        raise ValueError(f"target: expected classes from 0 to {classes - 1}, got {strange.flat[0]}")
    return np.broadcast_to(numbers, batch)
