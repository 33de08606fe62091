"""Checks for the exercises of chapter 4: used rows, a score, scaling, early stopping, a masked mean, a probe."""

import numpy as np

from helpers.checks.verdict import NotYet, array, called, exercise, number, shown, whole_number
from helpers.data import load_reuters
from helpers.scores import recall_outside_majority

VOCABULARY, DIMENSIONS, UNITS, TOPICS = 30000, 64, 50, 46  # the network of rung 5


@exercise
def rows_of_the_table(in_the_table, in_the_other_layers, ids_that_occur):
    """Check where the weights of rung 5 are, and how many rows of its embedding the training wires use.

    Parameters
    ----------
    in_the_table, in_the_other_layers : int
        Weights of the embedding, and of the recurrent and the dense layer together.
    ids_that_occur : int
        Different ids in the training wires.
    """
    in_the_table = whole_number(in_the_table, "in_the_table")
    if in_the_table != VOCABULARY * DIMENSIONS:
        raise NotYet("in_the_table: the table has a row for each of 30,000 ids, and 64 numbers in a row.")
    _other_layers(whole_number(in_the_other_layers, "in_the_other_layers"))
    ids_that_occur = number(ids_that_occur, "ids_that_occur")
    (wires, _), (new_wires, _) = load_reuters(num_words=VOCABULARY, maxlen=50, test_split=0.3)
    used = {word for wire in wires for word in wire}
    if 0 < ids_that_occur <= 1:
        raise NotYet("ids_that_occur looks like a share. How many ids are these?")
    if ids_that_occur == sum(map(len, wires)):
        raise NotYet("ids_that_occur counts every word of every wire. How many different ids are there?")
    if ids_that_occur == len(used | {word for wire in new_wires for word in wire}):
        raise NotYet("ids_that_occur counts the test wires, too. No row is trained by them.")
    if ids_that_occur == len(used) + 1:
        raise NotYet("ids_that_occur is one too many. Is it the 0 of the padding? It is no word, and masked.")
    if ids_that_occur == max(used):
        raise NotYet(
            "ids_that_occur is the largest id. Most ids below it occur in none of these short wires."
        )
    if ids_that_occur != len(used):
        raise NotYet("ids_that_occur: put all ids of all training wires into one set and count it.")
    return (
        f"Of 30,000 rows, {len(used):,} are ever trained. A test word in any other row is read with the random "
        "numbers that the row began with."
    )


def _other_layers(answer):
    """Compare the weights of the recurrent and the dense layer with the true number."""
    kernel, recurrent, dense = DIMENSIONS * UNITS, UNITS * UNITS, UNITS * TOPICS
    right = kernel + recurrent + UNITS + dense + TOPICS
    if answer == right:
        return
    name = "in_the_other_layers"
    if answer in (right - UNITS, right - TOPICS, right - UNITS - TOPICS):
        raise NotYet(f"{name}: biases are weights, too. Each unit has one, and each topic.")
    if answer == right - kernel + UNITS:
        raise NotYet(
            f"{name}: this is the network without an embedding. Here a word is 64 features, not one."
        )
    if answer == right - recurrent:
        raise NotYet(f"{name}: each unit also hears all 50 units of the step before.")
    if answer in (kernel + recurrent + UNITS, dense + TOPICS):
        raise NotYet(f"{name} is one of the two layers. Add the other.")
    raise NotYet(
        f"{name}: a unit has a weight for each feature and each unit, and a bias; a topic has one for each unit, "
        "and a bias."
    )


@exercise
def recall_outside(recall_elsewhere):
    """Check a reader's recall outside the majority topic.

    Parameters
    ----------
    recall_elsewhere : function of (y_true, y_pred)
        Takes two int arrays of shape (wires,), returns a share from 0 to 1.
    """
    rng = np.random.default_rng(4)
    cases = [
        (np.array([3, 3, 3, 4, 1, 1]), np.array([3, 3, 4, 4, 1, 3])),
        (np.array([5, 5, 5, 3, 3, 4]), np.array([5, 3, 3, 3, 3, 1])),
    ]
    for majority, size in ((3, 200), (0, 83)):
        y_true = np.where(rng.random(size) < 0.6, majority, rng.integers(0, 46, size))
        cases.append((y_true, np.where(rng.random(size) < 0.5, y_true, rng.integers(0, 46, size))))
    returned = "what recall_elsewhere returns"
    given = [number(called(recall_elsewhere, "recall_elsewhere", *case), returned) for case in cases]
    if not np.allclose(given, [recall_outside_majority(*case) for case in cases]):
        for told, mistake in _recall_mistakes().items():
            if np.allclose(given, [mistake(*case, case[0] != _most_frequent(case[0])) for case in cases]):
                raise NotYet(told)
        y_true, y_pred = cases[0]
        raise NotYet(
            f"for y_true = {y_true.tolist()} and y_pred = {y_pred.tolist()} it returns {given[0]:.3g}. Of the wires "
            "that are not of y_true's most frequent topic, which share is right?"
        )
    always = called(recall_elsewhere, "recall_elsewhere", np.array([2, 2, 2, 0, 1]), np.full(5, 2))
    if number(always, returned) != 0:
        raise NotYet("a model that always gives the majority should get 0.")
    return "A model that always gives the majority gets 0 here, however high its accuracy."


def _recall_mistakes():
    """Return what to tell, and how to compute the mistake from topics, answers, and the wires elsewhere."""
    return {
        "this is a percentage. Wanted is a share from 0 to 1.": lambda y, answer, other: (
            100 * np.mean((y == answer)[other])
        ),
        "this is the accuracy on all wires. The majority's wires should not count.": lambda y, answer, other: (
            np.mean(y == answer)
        ),
        "this is the recall of the majority topic. The others are wanted.": lambda y, answer, other: np.mean(
            (y == answer)[~other]
        ),
        "right answers elsewhere are divided by all wires. Divide by those elsewhere.": lambda y, answer, other: (
            np.mean(other & (y == answer))
        ),
        "each topic counts the same here. Count each wire the same.": lambda y, answer, other: np.mean(
            [np.mean(answer[y == topic] == topic) for topic in np.unique(y[other])]
        ),
        "this picks the wires by the answers, so it is a precision. Recall asks of the wires that are "
        "elsewhere in truth.": lambda y, answer, other: np.mean((y == answer)[answer != _most_frequent(y)]),
        "the majority is taken from the answers. Take it from y_true: a model must not choose what it is "
        "asked.": lambda y, answer, other: np.mean((y == answer)[y != _most_frequent(answer)]),
        "here the majority is always topic 3. Find out from y_true which topic is the most frequent.": (
            lambda y, answer, other: np.mean((y == answer)[y != 3])
        ),
        "this counts every wire that was not taken for the majority. The topic must be right, too.": (
            lambda y, answer, other: np.mean(answer[other] != _most_frequent(y))
        ),
    }


def _most_frequent(topics):
    return np.bincount(topics).argmax()


@exercise
def scaling(scaled):
    """Check that new wires are scaled with what is known from the training wires.

    Parameters
    ----------
    scaled : function of (train, new)
        Takes two float arrays of any shape; returns both, scaled.
    """
    rng = np.random.default_rng(2)
    for shape, new_shape in (((40, 7, 1), (15, 7, 1)), ((30, 5), (1, 5)), ((100,), (3,))):
        train = rng.gamma(0.4, 900.0, shape) * np.linspace(1, 3, shape[-1])
        new = 500 + rng.gamma(2.0, 200.0, new_shape)
        _scaled(scaled, train, new)
    return "Both go through the same mean and deviation, and one new wire alone can be scaled, too."


def _scaled(scaled, train, new):
    """Try one pair of arrays; name the usual ways to go wrong."""
    before = train.copy(), new.copy()
    given = called(scaled, "scaled", train, new)
    if not (np.array_equal(train, before[0]) and np.array_equal(new, before[1])):
        raise NotYet("scaled changes the arrays that it was given. Compute new ones.")
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise NotYet(
            f"scaled should return two arrays, the training wires and the new ones, got {shown(given)}."
        )
    first = array(given[0], "the first that scaled returns", train.shape)
    second = array(given[1], "the second that scaled returns", new.shape)
    mean, deviation = train.mean(), train.std()
    if np.allclose(first, (train - mean) / deviation, rtol=1e-2) and np.allclose(
        second, (new - mean) / deviation, rtol=1e-2
    ):
        return
    both = np.concatenate([train.ravel(), new.ravel()])
    spread = {"mean": train.mean(axis=0), "std": train.std(axis=0)}
    if np.allclose(second, (new - new.mean()) / (new.std() or 1)):
        raise NotYet(
            "the new wires are scaled with their own mean and deviation. The same id then becomes another number than "
            "it was in training."
        )
    if np.allclose(first, (train - both.mean()) / both.std()):
        raise NotYet(
            "mean and deviation come from both arrays. The new wires are not known yet when training begins."
        )
    if np.allclose(first, (train - mean) / train.var()):
        raise NotYet("this divides by the variance. The deviation is its square root.")
    if np.allclose(first, train - mean):
        raise NotYet("the mean is off, but nothing was divided.")
    if np.allclose(first, train / deviation):
        raise NotYet("the deviation is 1, but the mean is still there. Subtract it first.")
    if first.ndim > 1 and np.allclose(first, (train - spread["mean"]) / spread["std"]):
        raise NotYet(
            "each step has a mean of its own here. Rung 2 takes one mean and one deviation over all ids."
        )
    if np.allclose(first, (train - train.min()) / (train.max() - train.min())):
        raise NotYet("this squeezes the numbers between 0 and 1. Wanted are mean 0 and deviation 1.")
    if np.allclose(first, (train - mean) / deviation, rtol=1e-2):
        raise NotYet("the training wires are right. The new ones need the same two numbers.")
    raise NotYet("the scaled training wires should have mean 0 and deviation 1, all of them taken together.")


@exercise
def early_stopping(stopped):
    """Check after which epoch training stops, and which epoch is kept.

    Parameters
    ----------
    stopped : function of (val_loss, patience)
        Takes a list of validation losses, one an epoch, and a whole number; returns two epochs, counted from 1.
    """
    cases = [
        ([1.1, 0.9, 0.8, 0.85, 0.82, 0.9, 0.7], 3),
        ([1.0, 0.9, 0.95, 0.8, 0.85, 0.86, 0.79, 0.9, 0.95], 3),
        ([0.5, 0.6, 0.7, 0.2], 1),
        ([0.9, 0.8, 0.7], 2),
        ([0.9, 0.8, 0.8, 0.8, 0.8], 2),
        ([2.0, 1.5, 1.6, 1.55, 1.4, 1.45, 1.46, 1.47, 1.48, 1.0], 8),
    ]
    given = []
    for losses, patience in cases:
        epochs = called(stopped, "stopped", list(losses), patience)
        if not isinstance(epochs, tuple | list | np.ndarray) or len(epochs) != 2:
            raise NotYet(f"stopped should return two epochs, the last and the kept one, got {shown(epochs)}.")
        given.append(tuple(whole_number(epoch, "an epoch that stopped returns") for epoch in epochs))
    right = [_walk(*case) for case in cases]
    if given == right:
        return "The validation loss decides both, and the losses after the stop are never seen, however good they are."
    for told, mistake in _stop_mistakes().items():
        if given == [mistake(*case) for case in cases]:
            raise NotYet(told)
    wrong = next(number for number, pair in enumerate(given) if pair != right[number])
    (losses, patience), (last, kept) = cases[wrong], given[wrong]
    raise NotYet(
        f"with the losses {losses} and a patience of {patience} it returns {last} and {kept}. Walk through the epochs, "
        "keep the lowest loss so far, and count the epochs since."
    )


def _stop_mistakes():
    """Return what to tell, and how to make the mistake."""
    return {
        "the epochs are counted from 0 here. Count from 1, as the progress line does.": lambda losses, patience: (
            tuple(epoch - 1 for epoch in _walk(losses, patience))
        ),
        "the two epochs are in the wrong order: first the last one, then the one that is kept.": (
            lambda losses, patience: _walk(losses, patience)[::-1]
        ),
        "the weights of the last epoch are kept. Which epoch had the lowest loss so far?": (
            lambda losses, patience: (_walk(losses, patience)[0],) * 2
        ),
        "an epoch is kept that was never trained. What comes after the stop does not happen.": (
            lambda losses, patience: (_walk(losses, patience)[0], _lowest(losses))
        ),
        "training goes on to the end. How long may the loss fail to fall?": (
            lambda losses, patience: (len(losses), _lowest(losses))
        ),
        "of two epochs with the same loss the later one is kept. Only a lower loss replaces what is kept.": (
            lambda losses, patience: _walk(losses, patience, equal_is_lower="kept")
        ),
        "an epoch with the same loss as the lowest starts the counting again. Only a lower one should.": (
            lambda losses, patience: _walk(losses, patience, equal_is_lower="both")
        ),
        "each loss is compared with the one before. Compare it with the lowest so far.": (
            lambda losses, patience: _walk(losses, patience, against="the one before")
        ),
        "all rises are counted together. A new lowest loss starts the counting again.": (
            lambda losses, patience: _walk(losses, patience, against="the one before", in_a_row=False)
        ),
        "training stops an epoch late. It has to stop when the patience is used up.": (
            lambda losses, patience: _walk(losses, patience + 1)
        ),
        "training stops an epoch early. Count the epochs after the lowest one.": (
            lambda losses, patience: _walk(losses, max(1, patience - 1))
        ),
        "training stops at the first loss that does not fall. What is patience for?": (
            lambda losses, patience: _walk(losses, 1)
        ),
    }


def _lowest(losses):
    return losses.index(min(losses)) + 1


def _walk(losses, patience, equal_is_lower="never", against="the lowest", in_a_row=True):
    """Return the last and the kept epoch, counted from 1; the options are ways to go wrong."""
    kept, waited = 0, 0
    for epoch in range(1, len(losses)):
        falls = losses[epoch] < losses[kept if against == "the lowest" else epoch - 1]
        equal = losses[epoch] == losses[kept]
        if losses[epoch] < losses[kept] or (equal and equal_is_lower != "never"):
            kept = epoch
        if falls or (equal and equal_is_lower == "both"):
            waited = 0 if in_a_row else waited
        else:
            waited += 1
        if waited == patience:
            return epoch + 1, kept + 1
    return len(losses), kept + 1


@exercise
def masked_mean(mean_over_words):
    """Check a mean over the words of each wire that passes over the padding.

    Parameters
    ----------
    mean_over_words : function of (states, ids)
        Takes a float array of shape (wires, timesteps, units) and an int array of shape (wires, timesteps), 0 where
        there is no word; returns an array of shape (wires, units).
    """
    rng = np.random.default_rng(1)
    for wires, timesteps, units, side in ((4, 6, 3, "behind"), (3, 3, 3, "in front"), (1, 9, 2, "behind")):
        lengths = rng.integers(1, timesteps, wires)
        words = np.arange(timesteps) < lengths[:, None]
        words = words if side == "behind" else words[:, ::-1]
        ids = words * rng.integers(1, 30000, words.shape)
        states = rng.normal(0.5, 1, (wires, timesteps, units))
        given = called(mean_over_words, "mean_over_words", states.copy(), ids.copy())
        _mean_of_words(given, states, words, side)
    return "Padding of any length, on either side, leaves the mean as it is."


def _mean_of_words(given, states, words, side):
    """Compare a mean with the true one; name the usual ways to go wrong."""
    wires, timesteps, units = states.shape
    kept = states * words[..., None]
    lengths = words.sum(axis=1, keepdims=True)
    if np.shape(given) == (wires, timesteps) and timesteps != units:
        raise NotYet("this is a mean over the units: the last axis. The steps are axis 1.")
    if np.shape(given) == (timesteps, units) and wires != timesteps:
        raise NotYet("this is a mean over the wires. Each wire needs one of its own.")
    if np.shape(given) == (units,) and wires > 1:
        raise NotYet("this is one mean for all wires together. Each wire needs one of its own.")
    given = array(given, "what mean_over_words returns", (wires, units))
    if np.allclose(given, kept.sum(axis=1) / lengths, rtol=1e-4, atol=1e-6):
        return
    first = np.stack([row[: length[0]].mean(axis=0) for row, length in zip(states, lengths, strict=True)])
    mistakes = {
        "the states at the padding are in it. Only steps with an id above 0 are words.": states.mean(axis=1),
        "the padding is left out of the sum, but you divide by all steps. Divide by the words.": kept.mean(
            axis=1
        ),
        "this is the sum over the words. Divide by how many there are.": kept.sum(axis=1),
        "with the zeros in front it takes the first steps, which are padding. Let the ids say where words are.": first,
    }
    for told, mistake in mistakes.items():
        if np.allclose(given, mistake, rtol=1e-4, atol=1e-6):
            raise NotYet(told)
    raise NotYet(f"with zeros {side}, the result is not the mean of the states at the words.")


@exercise
def probing(found_by):
    """Check that a probe learns from training states only, and is asked about test states.

    Parameters
    ----------
    found_by : function of (model, train, test)
        Takes a classifier with ``fit`` and ``predict``, and twice a pair of states, shape (wires, units), and topics,
        shape (wires,); returns the share of test topics that the classifier finds.
    """
    for seed, wires, new_wires in ((0, 60, 25), (1, 30, 41)):
        rng = np.random.default_rng(seed)
        train = rng.normal(size=(wires, 3)), rng.integers(0, 3, wires)
        test = rng.normal(size=(new_wires, 3)), rng.integers(0, 3, new_wires)
        model = _Nearest()
        given = number(called(found_by, "found_by", model, train, test), "what found_by returns")
        if model.learned is None:
            raise NotYet("the classifier is never trained. Call model.fit.")
        if not np.array_equal(model.learned[0], train[0]):
            if len(model.learned[0]) == wires + new_wires:
                raise NotYet("the classifier learns from all states, those it is asked about among them.")
            if np.array_equal(model.learned[0], test[0]):
                raise NotYet("the classifier learns from the test states, so it has seen what it is asked.")
            raise NotYet("the classifier should learn from the states of train, as they are.")
        if not np.array_equal(model.learned[1], train[1]):
            raise NotYet("the classifier learns other topics than those of train.")
        right = np.mean(model.predict(test[0]) == test[1])
        if np.isclose(given, np.mean(model.predict(train[0]) == train[1])):
            raise NotYet("this is the share on the training states, which the classifier may know by heart.")
        if np.isclose(given, 1 - right):
            raise NotYet("this is the share that is wrong.")
        if np.isclose(given, 100 * right) or np.isclose(given, new_wires * right):
            raise NotYet("wanted is a share from 0 to 1.")
        if not np.isclose(given, right):
            raise NotYet(
                f"of {new_wires} test topics the classifier finds the share {right:.3f}; found_by returns {given:.3g}."
            )
    return "What a probe finds is in the states. What it does not find may still be there for another probe."


class _Nearest:
    """A classifier that remembers what it is shown and answers with the topic of the nearest state."""

    learned = None

    def fit(self, states, topics):
        self.learned = np.array(states), np.array(topics)
        return self

    def predict(self, states):
        states = np.asarray(states)
        distance = np.linalg.norm(states[:, None] - self.learned[0][None], axis=2)
        return self.learned[1][distance.argmin(axis=1)]

    def score(self, states, topics):
        return float(np.mean(self.predict(states) == topics))
