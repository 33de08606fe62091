"""Changes to the recipe of chapter 9 that its settings do not know, tried in cross-validation on the training wires.

Each is one function of `IDEAS`; settings name it. No test wire is read.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from experiments.work import networks, pretrained
from helpers.data import load_flags, load_reuters
from helpers.training import fit

RECIPE = pretrained.DEFAULTS
UNKNOWN = 2  # the id of a word that is not in the vocabulary
SHARE_OF_WORDS = 0.2  # that word dropout hides
SURE = 0.7  # a prediction against the label counts from here on
PARTS = 10  # of the training wires; each is predicted by the other nine


def validate(settings, seed):
    """Train the recipe with one idea on four fifths of the training wires, and score on the fifth of the seed's number.

    Parameters
    ----------
    settings : dict
        ``"wires"``: arguments of `helpers.data.load_reuters`; ``"idea"``: a name in `IDEAS`.
    seed : int
        Number of the fold, and seed of initial weights, shuffling and dropout.

    Returns
    -------
    dict
        ``"accuracy"``, ``"sound_accuracy"`` and ``"right"`` as in `experiments.work.pretrained.validate`;
        ``"left_out"``: training wires that were not trained on.
    """
    (wires, topics), _ = load_reuters(**settings["wires"])
    flags, _ = load_flags(settings["wires"]["maxlen"], settings["wires"]["test_split"])
    sound = flags["own_text"] & (flags["topic_count"] == 1)
    folds = KFold(pretrained.FOLDS, shuffle=True, random_state=0)
    known, new = list(folds.split(wires))[seed % pretrained.FOLDS]
    texts = pretrained.without_labels(settings["wires"], wires[new])
    vectors = pretrained.counted_vectors({**RECIPE, "wires": settings["wires"]}, texts)
    keras.backend.clear_session()
    fold = Fold(wires[known], topics[known], wires[new], vectors, seed)
    network, inputs, targets, new_inputs = IDEAS[settings["idea"]](fold)

    training = RECIPE["training"]
    sizes = {"epochs": training["epochs"], "batch_size": training["batch_size"]}
    updates = sizes["epochs"] * -(-len(targets) // sizes["batch_size"])
    falling = keras.optimizers.schedules.CosineDecay(training["learning_rate"], updates)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=training["label_smoothing"])
    network.compile(keras.optimizers.Adam(falling), loss, metrics=["accuracy"])
    fit(network, inputs, targets, seed=seed, **sizes)
    right = network.predict(new_inputs, batch_size=256, verbose=0).argmax(axis=1) == topics[new]
    scores = {"accuracy": float(right.mean()), "sound_accuracy": float(right[sound[new]].mean())}
    return {**scores, "right": right.astype(int).tolist(), "left_out": len(known) - len(targets)}


@dataclass(frozen=True)
class Fold:
    """What an idea works with."""

    wires: np.ndarray  # to train on
    topics: np.ndarray  # theirs
    new: np.ndarray  # wires to answer for
    vectors: np.ndarray  # counted, (words, features)
    seed: int


def bag_beside_the_reader(fold):
    """Every word votes for the topics directly as well: what the last layer adds up is the reader's and a bag's."""
    x, x_new = padded(fold.wires, fold.new)
    *reader, answer = recipe(fold).layers
    ids = keras.Input(x.shape[1:], dtype="int32")
    state = keras.Sequential(reader)(ids)
    answer.activation = keras.activations.linear
    votes = layers.Embedding(
        len(fold.vectors), networks.TOPICS, mask_zero=True, embeddings_initializer="zeros"
    )(ids)
    scores = layers.Add()([answer(state), SumOverTime()(votes)])
    return keras.Model(ids, layers.Softmax()(scores)), x, one_hot(fold.topics), x_new


def word_dropout(fold):
    """In training, every fifth word is hidden, others in each epoch."""
    x, x_new = padded(fold.wires, fold.new)
    hiding = [keras.Input(x.shape[1:], dtype="int32"), HideWords(fold.seed)]
    return keras.Sequential([*hiding, *recipe(fold).layers]), x, one_hot(fold.topics), x_new


def doubtful_wires_left_out(fold):
    """Training wires whose label the other training wires contradict, surely, are left out."""
    predicted = predicted_by_the_others(fold)
    kept = (predicted.argmax(axis=1) == fold.topics) | (predicted.max(axis=1) < SURE)
    x, x_new = padded(fold.wires[kept], fold.new)
    return recipe(fold), x, one_hot(fold.topics[kept]), x_new


def targets_half_predicted(fold):
    """The target is the label to one half, and to the other what the other training wires predict."""
    x, x_new = padded(fold.wires, fold.new)
    targets = (one_hot(fold.topics) + predicted_by_the_others(fold)) / 2
    return recipe(fold), x, targets.astype(np.float32), x_new


def predicted_by_the_others(fold):
    """Return each training wire's topics as a linear model predicts them that was fitted to others; (wires, topics)."""
    bag = TfidfVectorizer(analyzer=pretrained.words).fit_transform(fold.wires)
    model = LogisticRegression(C=10.0, max_iter=300)
    probabilities = np.zeros((len(fold.topics), networks.TOPICS))
    for known, asked in KFold(PARTS, shuffle=True, random_state=0).split(fold.wires):
        model.fit(bag[known], fold.topics[known])
        probabilities[np.ix_(asked, model.classes_)] = model.predict_proba(bag[asked])
    return probabilities


def recipe(fold):
    """Return the network of the recipe."""
    parts = {**RECIPE["network"], "embedding": fold.vectors.shape[1]}
    network = networks.build(parts, networks.DEFAULTS["text"], len(fold.vectors), fold.seed)
    network.layers[0].set_weights([fold.vectors * RECIPE["vectors"]["length"]])
    return network


def padded(*parts):
    """Return each part's wires as ids, shape (wires, timesteps)."""
    return [networks.padded(part, networks.DEFAULTS["text"], None) for part in parts]


def one_hot(topics):
    """Return topics as rows of zeros and a one, shape (wires, topics)."""
    return np.eye(networks.TOPICS, dtype=np.float32)[topics]


class SumOverTime(layers.Layer):
    """The sum over the steps that are not masked."""

    supports_masking = True

    def call(self, inputs, mask=None):
        return keras.ops.sum(keras.ops.where(mask[:, :, None], inputs, 0.0), axis=1)

    def compute_mask(self, inputs, mask=None):
        return None


class HideWords(layers.Layer):
    """In training, makes words unknown at random; never the padding."""

    def __init__(self, seed):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, ids, training=False):
        if not training:
            return ids
        hidden = keras.random.uniform(keras.ops.shape(ids), seed=self.seed_generator) < SHARE_OF_WORDS
        return keras.ops.where(hidden & (ids != 0), UNKNOWN, ids)


IDEAS = {
    "bag beside the reader": bag_beside_the_reader,
    "word dropout": word_dropout,
    "doubtful wires left out": doubtful_wires_left_out,
    "targets half predicted": targets_half_predicted,
}
