"""Train one network on the newswires and let it answer for the test wires, once.

`DEFAULTS` lists all that can be set, and its usual value; an experiment's settings name what differs. Where nothing
differs, training is that of `helpers.protocol`: a tenth of the training wires chooses the epoch, and nothing else.
"""

import keras
import numpy as np
from keras import layers

from helpers.data import START, encode, load_reuters
from helpers.training import fit

DEFAULTS = {
    # Arguments of helpers.data.load_reuters, and whether to train on sound wires only (answers are for all test wires).
    "wires": {"num_words": 30000, "maxlen": 50, "test_split": 0.3},
    "sound_training": False,
    # How wires become arrays: ids, amounts (ids as the source article feeds them), scaled amounts, or a bag of words
    # (1 for a word that occurs). Longer wires are cut at their end or ("pre") at their start. Shuffled: words in
    # random order, but for the start mark and the closing "reuter 3".
    "text": {"as": "ids", "timesteps": 49, "padding": "post", "cut": "post", "shuffled": False},
    # Readers: simple_rnn, gru, lstm, cnn, average (of embeddings), flat (all embeddings side by side), none.
    # Pooling, for recurrent readers: the last state, or the maximum or mean over all states.
    "network": {
        "embedding": 64,
        "mask": True,
        "spatial_dropout": 0.0,
        "reader": "lstm",
        "units": 50,
        "layers": 1,
        "bidirectional": False,
        "recurrent_dropout": 0.0,
        "kernel_size": 5,
        "pooling": "last",
        "hidden": [],
        "dropout": 0.0,
    },
    # Class weights: 1 lets every topic count as much as any other in the loss, however rare it is, 0 as often as it
    # occurs; the validation loss is weighted the same way. Without a held-out share there is no early stopping, and all
    # training wires are trained on.
    "training": {
        "epochs": 60,
        "batch_size": 50,
        "held_out": 0.1,
        "patience": 8,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "clipnorm": None,
        "class_weights": 0.0,
    },
    # Changes to "network" and "training" to try, [{"training": {"learning_rate": 3e-3}}, …]. All are trained; the one
    # with the lowest validation loss answers for the test wires.
    "tune": [{}],
}
TOPICS = 46
CELLS = {"simple_rnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}
CLOSING = encode("reuter 3")[1:]


def train(settings, seed):
    """Train a network, and again with every change under ``"tune"``; return what the best one answers.

    Parameters
    ----------
    settings : dict
        What differs from `DEFAULTS`.
    seed : int
        Of initial weights, shuffling and dropout.

    Returns
    -------
    dict
        ``"answers"``: a topic for every test wire. ``"parameters"``, and ``"reader_parameters"`` without embedding and
        output layer. ``"epochs"`` trained; ``"kept_epoch"`` and ``"validation"``: the epoch that was kept, and its
        accuracy and loss there. ``"curves"``: loss and accuracy after every epoch. ``"tried"``: of each change the
        validation scores, and ``"chosen"``: which one answered.

    Raises
    ------
    ValueError
        For settings that do not exist.
    """
    settings = complete(settings)
    keras.backend.clear_session()
    (x, y), x_test = arrays(settings, seed)
    tried, best = [], None
    for number, change in enumerate(settings["tune"]):
        network, report = train_once(merged(settings, change), x, y, seed)
        tried.append({**change, **report["validation"]} if report["validation"] else change)
        if best is None or report["validation"]["loss"] < best[1]["validation"]["loss"]:
            best = network, report, number
    network, report, chosen = best
    answers = network.predict(x_test, batch_size=256, verbose=0).argmax(axis=1)
    choice = {"tried": tried, "chosen": chosen} if len(tried) > 1 else {}
    return {"answers": answers.tolist(), **report, **choice}


def train_once(settings, x, y, seed):
    """Train one network; return it and a report on the training."""
    training = settings["training"]
    cut = round(len(x) * (1 - training["held_out"]))
    targets = np.eye(TOPICS, dtype=np.float32)[y]
    early = {"validation_data": (x[cut:], targets[cut:]), "patience": training["patience"]} if cut < len(x) else {}
    network = build(settings["network"], settings["text"], settings["wires"]["num_words"], seed)
    network.compile(optimizer=optimizer(training), loss=loss(training, y[:cut]), metrics=["accuracy"])
    sizes = {"epochs": training["epochs"], "batch_size": training["batch_size"]}
    history = fit(network, x[:cut], targets[:cut], seed=seed, **sizes, **early)

    between = [layer for layer in network.layers[:-1] if not isinstance(layer, layers.Embedding)]
    curves = {name: [round(value, 4) for value in values] for name, values in history.items()}
    kept = int(np.argmin(history["val_loss"])) if early else len(history["loss"]) - 1
    return network, {
        "parameters": network.count_params(),
        "reader_parameters": sum(layer.count_params() for layer in between),
        "epochs": len(history["loss"]),
        "kept_epoch": kept + 1,
        "validation": {name: curves[f"val_{name}"][kept] for name in ("accuracy", "loss")} if early else None,
        "curves": curves,
    }


def arrays(settings, seed):
    """Return ((x, y) for training, x for testing); ``y`` holds topic numbers."""
    wires, text = settings["wires"], settings["text"]
    (x_train, y_train), (x_test, _) = load_reuters(**wires)
    if settings["sound_training"]:
        (x_train, y_train), _ = load_reuters(**wires, sound_only=True)
    if text["as"] == "bag":
        return (bag(x_train, wires["num_words"]), y_train), bag(x_test, wires["num_words"])
    rng = np.random.default_rng(seed)
    parts = [padded(x, text, rng) for x in (x_train, x_test)]
    if text["as"] == "scaled amounts":
        mean, deviation = parts[0].mean(), parts[0].std()
        parts = [(part - mean) / deviation for part in parts]
    if text["as"] != "ids":
        parts = [part[:, :, None].astype(np.float32) for part in parts]
    return (parts[0], y_train), parts[1]


def padded(wires, text, rng):
    """Return ids as an int32 array of shape (wires, timesteps), zeros where there is no word."""
    x = np.zeros((len(wires), text["timesteps"]), dtype=np.int32)
    for row, ids in zip(x, wires, strict=True):
        ids = ids[: len(row)] if text["cut"] == "post" else ids[-len(row) :]
        ids = shuffled(ids, rng) if text["shuffled"] else ids
        row[slice(len(ids)) if text["padding"] == "post" else slice(len(row) - len(ids), None)] = ids
    return x


def shuffled(ids, rng):
    """Return the ids in random order, but for the start mark and the closing "reuter 3" where they are there."""
    start, end = int(ids[:1] == [START]), len(ids) - len(CLOSING) * (ids[-len(CLOSING) :] == CLOSING)
    return [*ids[:start], *rng.permutation(ids[start:end]).tolist(), *ids[end:]]


def bag(wires, num_words):
    """Return 1 for every word that occurs, as a float32 array of shape (wires, num_words)."""
    x = np.zeros((len(wires), num_words), dtype=np.float32)
    for row, ids in zip(x, wires, strict=True):
        row[ids] = 1
    return x


def build(network, text, num_words, seed):
    """Build a network from its settings; not compiled yet. The order of layers is that of `helpers.models`."""
    keras.utils.set_random_seed(seed)
    stack = []
    if text["as"] == "bag":
        stack.append(keras.Input((num_words,)))
    elif text["as"] == "ids":
        stack.append(keras.Input((text["timesteps"],), dtype="int32"))
        stack.append(layers.Embedding(num_words, network["embedding"], mask_zero=network["mask"]))
    else:
        stack.append(keras.Input((text["timesteps"], 1)))
    if network["spatial_dropout"]:
        stack.append(layers.SpatialDropout1D(network["spatial_dropout"]))
    stack += reader(network)
    stack += [layers.Dense(size, activation="relu") for size in network["hidden"]]
    if network["dropout"]:
        stack.append(layers.Dropout(network["dropout"]))
    return keras.Sequential([*stack, layers.Dense(TOPICS, activation="softmax")])


def reader(network):
    """Return the layers that turn a sequence of vectors into one vector."""
    kind, units = network["reader"], network["units"]
    if kind == "none":
        return []
    if kind == "flat":
        return [layers.Flatten()]
    if kind == "average":
        return [layers.GlobalAveragePooling1D()]
    if kind == "cnn":
        return [layers.Conv1D(units, network["kernel_size"], activation="relu"), layers.GlobalMaxPooling1D()]
    pool = {"last": [], "max": [MaximumOverTime()], "mean": [layers.GlobalAveragePooling1D()]}[network["pooling"]]
    stack = []
    for number in range(network["layers"]):
        every_state = bool(pool) or number < network["layers"] - 1
        cell = CELLS[kind](units, return_sequences=every_state, recurrent_dropout=network["recurrent_dropout"])
        stack.append(layers.Bidirectional(cell) if network["bidirectional"] else cell)
    return stack + pool


@keras.saving.register_keras_serializable()
class MaximumOverTime(layers.Layer):
    """The largest value of every unit over the steps that are not masked. (Keras' own layer ignores the mask.)"""

    supports_masking = True

    def call(self, inputs, mask=None):
        if mask is not None:
            inputs = keras.ops.where(mask[:, :, None], inputs, -1e9)
        return keras.ops.max(inputs, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        return input_shape[0], input_shape[2]


def optimizer(training):
    """Return the optimizer that the settings name."""
    kinds = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
    return kinds[training["optimizer"]](training["learning_rate"], clipnorm=training["clipnorm"])


def loss(training, y):
    """Return the loss that the settings name, for wires of the topics `y`."""
    if not training["class_weights"]:
        return "categorical_crossentropy"
    weights = class_weights(y, training["class_weights"])

    def weighted(one_hot, probabilities):
        # Not by weighted targets: TensorFlow's gradient takes for granted that targets add up to one.
        return keras.losses.categorical_crossentropy(one_hot, probabilities) * keras.ops.sum(one_hot * weights, axis=-1)

    return weighted


def class_weights(y, power):
    """Return a weight for each of the 46 topics: its count in `y` to the power of -power, scaled to mean 1 over wires.

    A topic that does not occur weighs as much as one that occurs once.
    """
    counts = np.bincount(y, minlength=TOPICS)
    weights = np.maximum(counts, 1.0) ** -power
    return (weights / weights[y].mean()).astype(np.float32)


def complete(settings):
    """Return the settings with the usual value of all that they do not name."""
    full = merged(DEFAULTS, settings)
    choices = [
        ("text", "as", ("ids", "amounts", "scaled amounts", "bag")),
        ("text", "padding", ("post", "pre")),
        ("text", "cut", ("post", "pre")),
        ("network", "reader", (*CELLS, "cnn", "average", "flat", "none")),
        ("network", "pooling", ("last", "max", "mean")),
    ]
    for part, name, allowed in choices:
        if full[part][name] not in allowed:
            raise ValueError(f"{part}, {name}: got {full[part][name]!r}, expected one of {', '.join(allowed)}")
    for change in full["tune"]:
        merged(full, change)
    if len(full["tune"]) > 1 and not full["training"]["held_out"]:
        raise ValueError("tune: choosing needs held-out wires, got held_out 0")
    return full


def merged(settings, changes):
    """Return settings with some changed; what does not exist cannot be changed."""
    result = dict(settings)
    for name, value in changes.items():
        if name not in settings:
            raise ValueError(f"there is no setting {name!r}; there are {', '.join(settings)}")
        result[name] = merged(settings[name], value) if isinstance(settings[name], dict) else value
    return result
