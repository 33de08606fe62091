"""Predict the next word of a newswire: by counting, from a window of words, or from all words so far.

Every model sees the same training wires and the same vocabulary; a word outside it counts as the word "[unknown]". The
last tenth of the training wires chooses the order of an n-gram, or a network's learning rate and epoch. Measured
is the perplexity on the test wires: e to the mean loss per word, after the start mark, of every wire.
"""

from collections import Counter, defaultdict

import keras
import numpy as np
from keras import layers

from helpers.data import START, UNKNOWN, load_reuters
from helpers.training import fit

HELD_OUT = 0.1
DEFAULTS = {
    "wires": {"num_words": 3000, "maxlen": 75, "test_split": 0.2},
    "model": "lstm",  # ngram, window, simple_rnn, gru, lstm
    "orders": [2, 3, 4, 5],  # of the n-gram: one is chosen
    "window": 4,  # words that the window model sees
    "embedding": 64,
    "units": 64,
    "dropout": 0.2,  # of embeddings and of states
    "epochs": 60,
    "patience": 3,
    "batch_size": 32,
    "learning_rates": [3e-3, 1e-2],  # all are tried
}
CELLS = {"simple_rnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}


def predict(settings, seed):
    """Train a model of the next word and measure it on the test wires.

    Parameters
    ----------
    settings : dict
        What differs from `DEFAULTS`.
    seed : int
        Of a network's initial weights, shuffling and dropout. An n-gram has no use for it.

    Returns
    -------
    dict
        ``"perplexity"`` and ``"validation_perplexity"``; ``"words"``, the number of words predicted; ``"right"``, the
        share of them that the model thought most likely; ``"parameters"``, weights of a network or n-grams counted;
        ``"loss_by_position"``, the mean loss at the first, second, … word of the test wires.

    References
    ----------
    The window model is that of Y. Bengio, R. Ducharme, P. Vincent and C. Jauvin (2003), A neural probabilistic language
    model, Journal of Machine Learning Research 3, 1137–1155.
    """
    unknown = settings.keys() - DEFAULTS.keys()
    settings = DEFAULTS | settings
    if unknown or settings["model"] not in ("ngram", "window", *CELLS):
        raise ValueError(f"settings: got {settings}; unknown are {sorted(unknown) or 'none'}")
    (wires, _), (test, _) = load_reuters(**settings["wires"])
    cut = round(len(wires) * (1 - HELD_OUT))
    method = count if settings["model"] == "ngram" else train
    report, score = method(settings, wires[:cut], wires[cut:], seed)
    losses, right = score(test)
    words = sum(map(len, losses))
    return {
        "perplexity": round(float(np.exp(np.concatenate(losses).mean())), 3),
        "words": words,
        "right": round(float(np.concatenate(right).mean()), 5),
        "loss_by_position": by_position(losses),
        **report,
    }


def by_position(losses):
    """Return the mean loss at each position in a text, over the texts that are long enough."""
    longest = max(map(len, losses))
    return [round(float(np.mean([row[at] for row in losses if len(row) > at])), 4) for at in range(longest)]


def count(settings, wires, held_out, seed):
    """Count n-grams of several orders; return a report on the best one, and a function that scores texts."""
    best, tried = None, []
    for order in settings["orders"]:
        model = NGram(order, settings["wires"]["num_words"]).fit(wires)
        losses, _ = model.score(held_out, guesses=False)
        tried.append(float(np.exp(np.concatenate(losses).mean())))
        if best is None or tried[-1] <= min(tried):
            best = model
    report = {
        "validation_perplexity": round(min(tried), 3),
        "parameters": sum(map(len, best.counts)),
        "order": best.order,
        "tried": [round(value, 3) for value in tried],
    }
    return report, best.score


class NGram:
    """An n-gram with interpolated modified Kneser–Ney smoothing.

    Parameters
    ----------
    order : int
        Words in an n-gram: the one that is predicted and those before it.
    num_words : int
        Ids lie below this number; 2 and above are predicted.

    References
    ----------
    S. F. Chen and J. Goodman (1999), An empirical study of smoothing techniques for language modeling,
    doi:10.1006/csla.1999.0128.
    """

    def __init__(self, order, num_words):
        self.order, self.words = order, num_words - UNKNOWN

    def fit(self, wires):
        """Count the n-grams of some wires: lists of ids that begin with the start mark."""
        # The highest order counts how often an n-gram occurs. Lower ones are asked only where a higher one knows
        # little, so they count how many different words an n-gram comes after; nothing comes before the start mark.
        seen = [Counter() for _ in range(self.order)]
        for ids in wires:
            for end in range(1, len(ids)):
                for length in range(1, min(self.order, end + 1) + 1):
                    seen[length - 1][tuple(ids[end - length + 1 : end + 1])] += 1
        self.counts = [
            Counter({gram: n for gram, n in lower.items() if gram[0] == START})
            + Counter(gram[1:] for gram in higher)
            for lower, higher in zip(seen[:-1], seen[1:], strict=True)
        ] + [seen[-1]]
        self.discounts = [discounts(counts) for counts in self.counts]
        # For every context: the sum of the counts after it, and the mass that the discounts take away.
        self.totals = [defaultdict(float) for _ in self.counts]
        self.freed = [defaultdict(float) for _ in self.counts]
        self.followers = defaultdict(list)
        for counts, cuts, totals, freed in zip(self.counts, self.discounts, self.totals, self.freed, strict=True):
            for gram, n in counts.items():
                totals[gram[:-1]] += n
                freed[gram[:-1]] += cuts[min(n, 3)]
                self.followers[gram[:-1]].append(gram[-1])
        return self

    def probability(self, word, context):
        """Return the probability of a word after a tuple of words, of which only the last few count."""
        context = context[max(0, len(context) - self.order + 1) :]
        value = 1 / self.words
        for length in range(len(context) + 1):
            before = context[len(context) - length :]
            total = self.totals[length].get(before)
            if total is None:
                break  # a longer context has not been seen either
            n = self.counts[length].get((*before, word), 0)
            value = (n - self.discounts[length][min(n, 3)] + self.freed[length][before] * value) / total
        return value

    def score(self, wires, guesses=True):
        """Return the loss of every word of every wire, and whether it was the most likely one."""
        losses, right, likeliest = [], [], {}
        for ids in wires:
            row, hits = [], []
            for at in range(1, len(ids)):
                context = tuple(ids[max(0, at - self.order + 1) : at])
                row.append(-np.log(self.probability(ids[at], context)))
                if guesses:
                    if context not in likeliest:
                        likeliest[context] = self.guess(context)
                    hits.append(likeliest[context] == ids[at])
            losses.append(row)
            right.append(hits)
        return losses, right

    def guess(self, context):
        """Return the most likely word after a context."""
        # Words that were never seen after any end of the context keep the order of the single words.
        candidates = {max(self.counts[0], key=self.counts[0].get)[0]}
        for start in range(len(context)):
            candidates.update(self.followers.get(context[start:], []))
        return max(candidates, key=lambda word: self.probability(word, context))


def discounts(counts):
    """Return what is taken off a count of 0, 1, 2, and 3 or more."""
    times = Counter(counts.values())
    one, two, three, four = (max(times[n], 1) for n in (1, 2, 3, 4))
    share = one / (one + 2 * two)
    cuts = (1 - 2 * share * two / one, 2 - 3 * share * three / two, 3 - 4 * share * four / three)
    # A small corpus may have odd counts of counts; a discount must leave a count what it is or lower it.
    return (0.0, *(min(max(cut, 0.0), float(n)) for n, cut in enumerate(cuts, 1)))


def train(settings, wires, held_out, seed):
    """Train a network with each learning rate; return a report on the best one, and a function that scores texts."""
    keras.backend.clear_session()
    best, tried = None, []
    for rate in settings["learning_rates"]:
        network, history = train_once(settings, wires, held_out, seed, rate)
        tried.append(min(history["val_loss"]))
        if best is None or tried[-1] <= min(tried):
            best = network, history, rate
    network, history, rate = best

    def score(texts):
        return score_with(network, *arrays(settings, texts))

    losses, _ = score(held_out)
    report = {
        "validation_perplexity": round(float(np.exp(np.concatenate(losses).mean())), 3),
        "parameters": network.count_params(),
        "learning_rate": rate,
        "tried": [round(float(np.exp(value)), 3) for value in tried],
        "epochs": len(history["loss"]),
        "kept_epoch": int(np.argmin(history["val_loss"])) + 1,
        "curves": {name: [round(value, 4) for value in values] for name, values in history.items()},
    }
    return report, score


def train_once(settings, wires, held_out, seed, learning_rate):
    """Train a network; return it and its losses after every epoch."""
    keras.utils.set_random_seed(seed)
    network = build(settings)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    network.compile(optimizer=keras.optimizers.Adam(learning_rate, clipnorm=1.0), loss=loss)
    sizes = {"epochs": settings["epochs"], "batch_size": settings["batch_size"], "patience": settings["patience"]}
    validation = arrays(settings, held_out)
    return network, fit(network, *arrays(settings, wires), seed=seed, validation_data=validation, **sizes)


def score_with(network, x, y):
    """Return the loss of every word in every text, and whether the network thought it the most likely one."""
    losses, right = [], []
    for start in range(0, len(x), 64):
        logits, targets = network.predict_on_batch(x[start : start + 64]), y[start : start + 64]
        logits = logits - logits.max(axis=-1, keepdims=True)
        chosen = np.take_along_axis(logits, targets[:, :, None], axis=-1)[:, :, 0]
        values = np.log(np.exp(logits).sum(axis=-1)) - chosen
        hits = logits.argmax(axis=-1) == targets
        losses += [row[there].tolist() for row, there in zip(values, targets > 0, strict=True)]
        right += [row[there].tolist() for row, there in zip(hits, targets > 0, strict=True)]
    return losses, right


def build(settings):
    """Build a network that gives one number a word, at every step; their softmax is its prediction."""
    steps = steps_of(settings)
    num_words, units = settings["wires"]["num_words"], settings["units"]
    if settings["model"] == "window":
        stack = [
            keras.Input((steps, settings["window"]), dtype="int32"),
            layers.Embedding(num_words, settings["embedding"]),
            layers.Reshape((steps, settings["window"] * settings["embedding"])),
            layers.Dropout(settings["dropout"]),
            layers.Dense(units, activation="tanh"),
        ]
    else:
        stack = [
            keras.Input((steps,), dtype="int32"),
            layers.Embedding(num_words, settings["embedding"]),
            layers.Dropout(settings["dropout"]),
            CELLS[settings["model"]](units, return_sequences=True),
        ]
    return keras.Sequential([*stack, layers.Dropout(settings["dropout"]), layers.Dense(num_words)])


def steps_of(settings):
    """Return how many words are predicted of the longest wire: it has maxlen - 1 ids, the start mark is given."""
    return settings["wires"]["maxlen"] - 2


def arrays(settings, wires):
    """Return inputs and targets, zeros behind the text.

    Returns
    -------
    x : int32 array, shape (wires, steps), or (wires, steps, window) for the window model
        The word before each one that is to be predicted, or the words before it, the last one last.
    y : int32 array, shape (wires, steps)
        The words to predict.
    """
    ids = np.zeros((len(wires), steps_of(settings) + 1), dtype=np.int32)
    for row, wire in zip(ids, wires, strict=True):
        row[: len(wire)] = wire
    x, y = ids[:, :-1], ids[:, 1:]
    if settings["model"] == "window":
        padded = np.pad(x, ((0, 0), (settings["window"] - 1, 0)))
        x = np.lib.stride_tricks.sliding_window_view(padded, settings["window"], axis=1).copy()
    return x, y
