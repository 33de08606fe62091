"""What a classifier got right, and how sure one can be of it."""

from statistics import NormalDist

import numpy as np

from helpers import tables


def accuracy(y_true, y_pred):
    """Return the share of predictions that are right, from 0 to 1.

    Parameters
    ----------
    y_true, y_pred : int array, shape (wires,)
        Topic numbers. (Not one-hot: take ``.argmax(axis=1)`` first.)
    """
    y_true, y_pred = _labels(y_true, y_pred)
    return float(np.mean(y_true == y_pred))


def wilson_interval(share, trials, confidence=0.95):
    """Return the range of true rates that fit an observed share of successes.

    Parameters
    ----------
    share : float
        Observed share, from 0 to 1.
    trials : int
        Number of trials; here, test wires.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    (float, float)
        Lower and upper end. Unlike the textbook interval it never leaves [0, 1].

    References
    ----------
    E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference,
    doi:10.2307/2276774.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share: got {share!r}, expected a number from 0 to 1")
    if trials < 1:
        raise ValueError(f"trials: got {trials!r}, expected 1 or more")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: got {confidence!r}, expected a number between 0 and 1")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def macro_f1(y_true, y_pred):
    """Return the mean F1 over the topics that occur in `y_true`, each topic counting the same."""
    from sklearn.metrics import f1_score

    y_true, y_pred = _labels(y_true, y_pred)
    return float(f1_score(y_true, y_pred, labels=np.unique(y_true), average="macro", zero_division=0))


def recall_outside_majority(y_true, y_pred):
    """Return the share of right predictions among the wires that are not of the most frequent topic.

    A model that always answers with the most frequent topic gets 0 here, however high its accuracy.
    """
    y_true, y_pred = _labels(y_true, y_pred)
    others = y_true != np.bincount(y_true).argmax()
    if not others.any():
        raise ValueError("y_true: every wire has the same topic, expected at least two topics")
    return float(np.mean(y_true[others] == y_pred[others]))


def table(predictions, y_true):
    """Show one line per model: accuracy with its 95 % interval, macro-F1, recall outside the majority topic.

    Parameters
    ----------
    predictions : dict
        Name to topic numbers, an int array of shape (wires,).
    y_true : int array, shape (wires,)
    """
    rows = {}
    for name, y_pred in predictions.items():
        share = accuracy(y_true, y_pred)
        low, high = wilson_interval(share, len(y_true))
        others = recall_outside_majority(y_true, y_pred)
        f1 = macro_f1(y_true, y_pred)
        rows[name] = [f"{share:.3f}", f"{low:.3f}–{high:.3f}", f"{f1:.3f}", f"{others:.3f}"]
    tables.show(["accuracy", "95\N{NO-BREAK SPACE}% interval", "macro-F1", "recall elsewhere"], rows)


def log(runs, y_true):
    """Show one line per model: the accuracy and the recall outside the majority topic of every run.

    Parameters
    ----------
    runs : dict
        Name to a list of predictions, int arrays of shape (wires,), one a seed.
    y_true : int array, shape (wires,)
    """
    scored = {"accuracy, by seed": accuracy, "recall elsewhere, by seed": recall_outside_majority}
    rows = {
        name: [
            " ".join(f"{score(y_true, y_pred):.3f}" for y_pred in predictions) for score in scored.values()
        ]
        for name, predictions in runs.items()
    }
    tables.show([*scored], rows, left=scored)


def _labels(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    for name, labels in (("y_true", y_true), ("y_pred", y_pred)):
        if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(
                f"{name}: got {labels.dtype} values of shape {labels.shape}, "
                "expected topic numbers of shape (wires,); "
                "one-hot rows or probabilities become topic numbers with .argmax(axis=1)"
            )
    if len(y_true) != len(y_pred) or len(y_true) == 0:
        raise ValueError(
            f"y_pred: got {len(y_pred)} predictions for {len(y_true)} wires, expected one for each"
        )
    return y_true, y_pred
