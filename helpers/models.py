"""One builder per architecture. Each returns a compiled Keras model for one-hot topics.

The defaults of the recurrent builders are the source article's: 50 units, 49 steps of one number each,
46 topics, categorical cross-entropy, Adam with a learning rate of 1e-3. `seed` is set before the first
weight is drawn, so the same seed gives the same initial weights.
"""

import keras
from keras import layers


def vanilla_rnn(units=50, input_shape=(49, 1), classes=46, *, seed=None):
    """Build a vanilla RNN that is read out at its last step.

    Parameters
    ----------
    units : int
        Size of the hidden state.
    input_shape : (int, int)
        (timesteps, features).
    classes : int
        Number of topics.
    seed : int, optional
        Seed for Python, NumPy and TensorFlow; None leaves them alone.

    Returns
    -------
    keras.Model
        Takes (batch, timesteps, features), gives (batch, classes).
    """
    set_seed(seed)
    model = keras.Sequential([
        keras.Input(input_shape),
        layers.SimpleRNN(units),
        layers.Dense(classes, activation="softmax"),
    ])
    return compiled(model)


def stacked_vanilla_rnn(units=50, input_shape=(49, 1), classes=46, *, seed=None):
    """Build two vanilla RNN layers; the second reads every hidden state of the first. See `vanilla_rnn`."""
    set_seed(seed)
    model = keras.Sequential([
        keras.Input(input_shape),
        layers.SimpleRNN(units, return_sequences=True),
        layers.SimpleRNN(units),
        layers.Dense(classes, activation="softmax"),
    ])
    return compiled(model)


def lstm(units=50, input_shape=(49, 1), classes=46, *, seed=None):
    """Build an LSTM that is read out at its last step. See `vanilla_rnn`."""
    set_seed(seed)
    model = keras.Sequential([
        keras.Input(input_shape),
        layers.LSTM(units),
        layers.Dense(classes, activation="softmax"),
    ])
    return compiled(model)


def stacked_lstm(units=50, input_shape=(49, 1), classes=46, *, seed=None):
    """Build two LSTM layers; the second reads every hidden state of the first. See `vanilla_rnn`."""
    set_seed(seed)
    model = keras.Sequential([
        keras.Input(input_shape),
        layers.LSTM(units, return_sequences=True),
        layers.LSTM(units),
        layers.Dense(classes, activation="softmax"),
    ])
    return compiled(model)


def embedded(
    reader, timesteps=49, vocabulary=30000, embedding_dim=64, mask_zero=True, classes=46, *, seed=None
):
    """Build a model that looks every word id up in a trained table before `reader` reads the vectors.

    Parameters
    ----------
    reader : function without arguments
        Returns the Keras layer that turns (batch, timesteps, embedding_dim) into (batch, something), for
        instance ``lambda: keras.layers.LSTM(50)``. A function, so that the seed is set before it draws.
    timesteps : int
        Ids per text, padding included.
    vocabulary : int
        Ids lie below this number.
    embedding_dim : int
        Numbers per word.
    mask_zero : bool
        Tell the reader to pass over the id 0, the padding.
    classes : int
        Number of topics.
    seed : int, optional
        As in `vanilla_rnn`.

    Returns
    -------
    keras.Model
        Takes ids of shape (batch, timesteps), gives (batch, classes).
    """
    set_seed(seed)
    model = keras.Sequential([
        keras.Input((timesteps,), dtype="int32"),
        layers.Embedding(vocabulary, embedding_dim, mask_zero=mask_zero),
        reader(),
        layers.Dense(classes, activation="softmax"),
    ])
    return compiled(model)


def mlp(inputs=10000, units=(64, 64), classes=46, *, seed=None):
    """Build a feed-forward network on a vector of numbers, by default Chollet's for a bag of 10,000 words.

    Parameters
    ----------
    inputs : int
        Numbers per text.
    units : sequence of int
        Sizes of the hidden layers.
    classes, seed
        As in `vanilla_rnn`.

    Returns
    -------
    keras.Model
        Takes (batch, inputs), gives (batch, classes).
    """
    set_seed(seed)
    hidden = [layers.Dense(size, activation="relu") for size in units]
    model = keras.Sequential([keras.Input((inputs,)), *hidden, layers.Dense(classes, activation="softmax")])
    return compiled(model)


def positional_mlp(timesteps=49, vocabulary=30000, embedding_dim=32, units=64, classes=46, *, seed=None):
    """Build a feed-forward network on padded ids: one block of weights for each position in the text.

    Parameters
    ----------
    timesteps, vocabulary, embedding_dim, classes, seed
        As in `embedded`.
    units : int
        Size of the hidden layer.

    Returns
    -------
    keras.Model
        Takes ids of shape (batch, timesteps), gives (batch, classes).
    """
    set_seed(seed)
    model = keras.Sequential([
        keras.Input((timesteps,), dtype="int32"),
        layers.Embedding(vocabulary, embedding_dim),
        layers.Flatten(),
        layers.Dense(units, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ])
    return compiled(model)


def cnn(
    timesteps=49, vocabulary=30000, embedding_dim=32, filters=64, kernel_size=5, classes=46, *, seed=None
):
    """Build a convolutional network: filters slide over the text, and each keeps its strongest response.

    Parameters
    ----------
    timesteps, vocabulary, embedding_dim, classes, seed
        As in `embedded`.
    filters : int
        Number of filters.
    kernel_size : int
        Words that a filter sees at once.

    Returns
    -------
    keras.Model
        Takes ids of shape (batch, timesteps), gives (batch, classes).
    """
    set_seed(seed)
    model = keras.Sequential([
        keras.Input((timesteps,), dtype="int32"),
        layers.Embedding(vocabulary, embedding_dim),
        layers.Conv1D(filters, kernel_size, activation="relu"),
        layers.GlobalMaxPooling1D(),
        layers.Dense(classes, activation="softmax"),
    ])
    return compiled(model)


def compiled(model, learning_rate=1e-3):
    """Compile with the book's one setting: categorical cross-entropy, Adam, accuracy."""
    optimizer = keras.optimizers.Adam(learning_rate)
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def set_seed(seed):
    """Seed Python, NumPy and TensorFlow; None leaves them as they are."""
    if seed is not None:
        keras.utils.set_random_seed(seed)
