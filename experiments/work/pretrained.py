"""Recurrent networks that start from what wires without labels teach, and linear models that are offered the same.

`answer` trains on all training wires and reads the test wires once. `validate` does the same inside the training
wires, by five-fold cross-validation, and is what every choice is made by. To have no need of validation wires, training
lasts a fixed number of epochs, while the learning rate falls to zero along a cosine.
"""

import keras
import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import KFold
from sklearn.svm import LinearSVC

from experiments.work import networks
from experiments.work.word_vectors import word_vectors
from helpers.data import load_flags, load_reuters
from helpers.training import fit

FOLDS = 5
DEFAULTS = {
    # Arguments of helpers.data.load_reuters, and whether to train on sound wires only (answers are for all test wires).
    "wires": {"num_words": 10000, "maxlen": 50, "test_split": 0.3},
    "sound_training": False,
    "model": "network",  # or "linear"
    "members": 1,  # models whose probabilities (or margins) are averaged; each has a seed of its own
    # Vectors made by counting on the wires without labels, and their length in the network's embedding; for the linear
    # model, the length of a wire's mean vector beside its bag of words. A length of 0: no such vectors (the network's
    # are drawn at random).
    "vectors": {"features": 300, "window": 2, "length": 4.0},
    # The network, as experiments.work.networks builds it; ids beyond the last step are cut off. Shuffled: as there.
    "timesteps": 49,
    "shuffled": False,
    "network": {
        **networks.DEFAULTS["network"],
        "spatial_dropout": 0.2,
        "reader": "gru",
        "units": 64,
        "bidirectional": True,
        "pooling": "max",
        "dropout": 0.3,
    },
    # Label smoothing: this share of every target is spread evenly over all topics.
    "training": {"epochs": 15, "batch_size": 32, "learning_rate": 3e-3, "label_smoothing": 0.1},
    # The linear model. Foreign idf: how common a word is, is counted on the wires without labels instead.
    "linear": {"strength": 0.5, "foreign_idf": False},
}


def answer(settings, seed):
    """Train on all training wires and answer for the test wires.

    Parameters
    ----------
    settings : dict
        What differs from `DEFAULTS`.
    seed : int
        Of initial weights, shuffling and dropout, or of the linear models' samples of training wires.

    Returns
    -------
    dict
        ``"answers"``: a topic for every test wire; ``"answers_of_members"`` if several models are averaged; of networks
        also ``"parameters"`` of one, and its ``"curves"``: loss and accuracy on the training wires, epoch by epoch.
    """
    settings = networks.merged(DEFAULTS, settings)
    (wires, topics), (new, _) = load_reuters(**settings["wires"])
    if settings["sound_training"]:
        (wires, topics), _ = load_reuters(**settings["wires"], sound_only=True)
    members, report = MODELS[settings["model"]](settings, seed, wires, topics, new, without_labels(settings["wires"]))
    each = {"answers_of_members": members.argmax(axis=2).tolist()} if len(members) > 1 else {}
    return {"answers": members.mean(axis=0).argmax(axis=1).tolist(), **each, **report}


def validate(settings, seed):
    """Train on four fifths of the training wires and score on the fifth with the number of the seed.

    The texts of that fifth are treated like those of the test wires: they are not among the wires without labels.

    Returns
    -------
    dict
        ``"accuracy"``; ``"sound_accuracy"``, on the wires with their own text and one topic; ``"right"``: of each wire
        of the fifth, in the order of the file, whether the answer was right; of networks, a report as in `answer`.
    """
    settings = networks.merged(DEFAULTS, settings)
    (wires, topics), _ = load_reuters(**settings["wires"])
    flags, _ = load_flags(settings["wires"]["maxlen"], settings["wires"]["test_split"])
    sound = flags["own_text"] & (flags["topic_count"] == 1)
    known, new = list(KFold(FOLDS, shuffle=True, random_state=0).split(wires))[seed % FOLDS]
    if settings["sound_training"]:
        known = known[sound[known]]
    texts = without_labels(settings["wires"], wires[new])
    members, report = MODELS[settings["model"]](settings, seed, wires[known], topics[known], wires[new], texts)
    right = members.mean(axis=0).argmax(axis=1) == topics[new]
    scores = {"accuracy": float(right.mean()), "sound_accuracy": float(right[sound[new]].mean())}
    return {**scores, "right": right.astype(int).tolist(), **report}


def without_labels(wires, hidden=()):
    """Return every different text that may be read without its label, as tuples of ids.

    These are the training wires and, where wires are dropped for their length, those that are dropped. A text that also
    stands in the test part, or among the `hidden`, is none of them.
    """
    (training, _), (test, _) = load_reuters(**wires)
    texts = list(training)
    if wires["maxlen"]:
        (all_wires, _), _ = load_reuters(**{**wires, "maxlen": None, "test_split": 0})
        texts += [text for text in all_wires if len(text) >= wires["maxlen"]]
    hidden = {tuple(text) for text in [*test, *hidden]}
    return [text for text in dict.fromkeys(map(tuple, texts)) if text not in hidden]


def networks_that_know_words(settings, seed, wires, topics, new, texts):
    """Train the networks of one run.

    Parameters
    ----------
    settings : dict
        Complete.
    seed : int
    wires, topics : array, shape (wires,)
        To train on: lists of ids, and topic numbers.
    new : array, shape (new wires,)
        To answer for.
    texts : list of tuple of int
        Wires without labels.

    Returns
    -------
    array, shape (members, new wires, topics)
        Probabilities.
    dict
        A report on the first network.
    """
    vocabulary, training = settings["wires"]["num_words"], settings["training"]
    text = {**networks.DEFAULTS["text"], "timesteps": settings["timesteps"], "shuffled": settings["shuffled"]}
    rng = np.random.default_rng(seed)
    x, x_new = (networks.padded(part, text, rng) for part in (wires, new))
    y = np.eye(networks.TOPICS, dtype=np.float32)[topics]
    updates = training["epochs"] * -(-len(x) // training["batch_size"])
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=training["label_smoothing"])
    vectors = counted_vectors(settings, texts)
    parts = {**settings["network"], "embedding": settings["vectors"]["features"]}

    probabilities, reports = [], []
    for own_seed in range(seed * settings["members"], (seed + 1) * settings["members"]):
        keras.backend.clear_session()
        network = networks.build(parts, text, vocabulary, own_seed)
        if vectors is not None:
            network.layers[0].set_weights([vectors * settings["vectors"]["length"]])
        falling = keras.optimizers.schedules.CosineDecay(training["learning_rate"], updates)
        network.compile(keras.optimizers.Adam(falling), loss, metrics=["accuracy"])
        history = fit(network, x, y, epochs=training["epochs"], batch_size=training["batch_size"], seed=own_seed)
        probabilities.append(network.predict(x_new, batch_size=256, verbose=0))
        curves = {name: [round(value, 4) for value in values] for name, values in history.items()}
        reports.append({"parameters": network.count_params(), "curves": curves})
    return np.array(probabilities), reports[0]


def counted_vectors(settings, texts):
    """Return the vectors of all words, or None if the settings want none."""
    vectors = settings["vectors"]
    if not vectors["length"]:
        return None
    return word_vectors(texts, settings["wires"]["num_words"], vectors["features"], vectors["window"])


def linear_models(settings, seed, wires, topics, new, texts):
    """Fit the linear models of one run; several are fitted to samples of the wires drawn with replacement.

    Parameters and results are those of `networks_that_know_words`, with margins instead of probabilities.
    """
    bag = TfidfVectorizer(analyzer=words)
    bag.fit(texts if settings["linear"]["foreign_idf"] else wires)
    parts = [bag.transform(part) for part in (wires, new)]
    vectors = counted_vectors(settings, texts)
    if vectors is not None:
        means = [settings["vectors"]["length"] * mean_vectors(part, vectors) for part in (wires, new)]
        parts = [sparse.hstack(pair).tocsr() for pair in zip(parts, means, strict=True)]
    x, x_new = parts
    rng = np.random.default_rng(seed)
    margins = np.full((settings["members"], len(new), networks.TOPICS), -np.inf)
    for member in margins:
        sample = rng.integers(len(topics), size=len(topics)) if len(margins) > 1 else np.arange(len(topics))
        model = LinearSVC(C=settings["linear"]["strength"], random_state=seed).fit(x[sample], topics[sample])
        member[:, model.classes_] = model.decision_function(x_new)
    # A topic that a sample does not hold counts there as surely wrong.
    return np.maximum(margins, -2.0), {}


def mean_vectors(wires, vectors):
    """Return the mean vector of each wire's words, scaled to length 1; shape (wires, features)."""
    means = np.array([vectors[words(wire)].mean(axis=0) for wire in wires])
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-8)


def words(wire):
    """Return a wire's ids without the start mark."""
    return list(wire[1:])


MODELS = {"network": networks_that_know_words, "linear": linear_models}
