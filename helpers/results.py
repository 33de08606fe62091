"""What the experiments measured, read from the records in ``experiments/results/``.

An experiment compares models, each trained once per seed; ``python -m experiments list`` names them all. The records
hold every network's answer for every test wire. Scores are worked out from these here, with `helpers.scores`.

Wherever a function takes the name of an experiment, it takes rows, too: a dict of display names, in the order wanted,
to (experiment, model). Rows may come from several experiments::

    rows = {"as published": ("article_networks", "LSTM"), "mask": ("lstm_ladder", "Mask")}
    results.log(rows)
"""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers import scores, tables
from helpers.data import load_flags, load_reuters

FOLDER = Path(__file__).resolve().parent.parent / "experiments" / "results"

NO_BREAK = "\N{NO-BREAK SPACE}"
SPREAD = f"±{NO_BREAK}seeds"
SCORES = ["seeds", "accuracy", SPREAD, f"95{NO_BREAK}% interval", "macro-F1", "recall elsewhere"]
"""The columns of scores in `table`; in `log` the spread stands beside the accuracy."""

ROUNDING = 1e-9  # an end of an interval that lies so close to 0 is 0


class NoResults(ValueError):
    """There are no such results, or not all of them; the message says what to do."""


def load(experiment, *, incomplete=False):
    """Return all records of an experiment.

    Parameters
    ----------
    experiment : str or dict of str to (str, str)
        Its name; or rows, display name to (experiment, model), of which only the models named are read.
    incomplete : bool
        Return what there is, even if runs are missing or stale (made by other code or settings than the rest).

    Returns
    -------
    dict of str to list of dict
        The records of each model, one a seed, in the order of the experiment or of the rows. What a run measured is
        under ``"measured"``; beside it are ``"settings"``, ``"seed"``, ``"seconds"``, ``"versions"`` and more.

    Raises
    ------
    NoResults
        If there are no results of this name, or some are missing or stale.
    """
    if isinstance(experiment, str):
        listed = _manifest(experiment)
        return _load(experiment, listed["models"], incomplete)
    found = {}
    for name, (where, model) in experiment.items():
        listed = {entry["name"]: entry for entry in _manifest(where)["models"]}
        if model not in listed:
            raise _no_model(where, model, listed)
        for runs in _load(where, [listed[model]], incomplete).values():
            found[name] = runs
    return found


def _load(experiment, models, incomplete):
    """Return the records of some of an experiment's models, as its manifest lists them."""
    found, missing, stale = {}, 0, 0
    for model in models:
        found[model["name"]] = []
        for seed in model["seeds"]:
            path = FOLDER / experiment / model["folder"] / f"{seed}.json"
            if not path.exists():
                missing += 1
                continue
            record = json.loads(path.read_text(encoding="utf-8"))
            stale += record["key"] != model["key"]
            found[model["name"]].append(record)
    if (missing or stale) and not incomplete:
        raise NoResults(
            f"{experiment}: {missing} runs are missing and {stale} are stale; `{_command(experiment)}"
            f"{' --stale' if stale else ''}` makes them, incomplete=True reads the rest"
        )
    return {name: records for name, records in found.items() if records}


def measured(experiment, name, *, incomplete=False):
    """Return one measurement of every run, for instance ``"parameters"``, ``"epochs"`` or ``"perplexity"``.

    Returns
    -------
    dict of str to list
        The values of each model that has it, one a seed.
    """
    records = load(experiment, incomplete=incomplete)
    values = {model: [run["measured"].get(name) for run in runs] for model, runs in records.items()}
    values = {model: row for model, row in values.items() if None not in row}
    if not values:
        known = sorted({key for runs in records.values() for run in runs for key in run["measured"]})
        raise NoResults(f"{_named(experiment)} did not measure {name!r}; it measured {', '.join(known)}")
    return values


def answers(experiment, *, sound_only=False, incomplete=False):
    """Return the topics that the models of an experiment gave to the test wires, and the right ones.

    Parameters
    ----------
    experiment : str or dict of str to (str, str)
        As in `load`.
    sound_only : bool
        Only the wires that carry their own text and have exactly one topic.
    incomplete : bool
        As in `load`.

    Returns
    -------
    predictions : dict of str to int array, shape (seeds, wires)
    y_true : int array, shape (wires,)
    """
    given, y_true = _answers_by_seed(experiment, sound_only, incomplete)
    return {model: np.array([*rows.values()]) for model, rows in given.items()}, y_true


def accuracies(experiment, *, sound_only=False, incomplete=False):
    """Return the accuracy of every run; arguments as in `answers`.

    Returns
    -------
    dict of str to list of float
        One accuracy a seed.
    """
    predictions, y_true = answers(experiment, sound_only=sound_only, incomplete=incomplete)
    return {model: [scores.accuracy(y_true, row) for row in rows] for model, rows in predictions.items()}


def table(experiment, *, sound_only=False, incomplete=False):
    """Show one line per model; arguments as in `answers`.

    For topics: the mean accuracy over seeds and its standard deviation; the 95 % Wilson interval of that mean, which
    says what other test wires might have given; mean macro-F1 and mean recall outside the majority topic. For other
    experiments, by name: mean and standard deviation of what they measured.
    """
    listed = _manifest(experiment) if isinstance(experiment, str) else {}
    if listed.get("shows"):
        _measured_table(experiment, listed, incomplete)
        return
    predictions, y_true = answers(experiment, sound_only=sound_only, incomplete=incomplete)
    wires = f"{len(y_true)} {'sound ' if sound_only else ''}test wires"
    caption = f"{listed['title']} ({wires})" if listed else wires
    rows = {model: _scores_of(answered, y_true, ".4f") for model, answered in predictions.items()}
    tables.show(SCORES, rows, caption=caption)


@dataclass(frozen=True)
class Difference:
    """A difference in accuracy between two models, with an interval."""

    mean: float
    low: float
    high: float
    seeds: int
    wires: int

    def __str__(self):
        return f"{self.mean:+.4f}, 95 % interval {self.low:+.4f} to {self.high:+.4f}"

    @property
    def told_from_nothing(self):
        """Whether the interval leaves out 0, as a bool."""
        return self.low > ROUNDING or self.high < -ROUNDING


def paired(experiment, a, b, *, sound_only=False, incomplete=False, draws=4000):
    """Return how much more accurate model `a` is than model `b`, on the same test wires and the same seeds.

    Parameters
    ----------
    experiment : str or dict of str to (str, str)
        As in `load`.
    a, b : str or (str, str)
        Names of models, or of rows; (experiment, model) for one of another experiment with the same test wires. Only
        seeds that both have are compared. The one run of a model that needs no seed stands beside every seed of the
        other.
    sound_only, incomplete
        As in `answers`.
    draws : int
        Times that seeds and wires are drawn anew.

    Returns
    -------
    Difference
        The mean difference, and the ends of its 95 % interval.

    Notes
    -----
    Seeds and test wires are both samples: other seeds would have trained other networks, other wires would have been
    easier or harder. So the bootstrap draws both anew, with replacement and independently of each other, and the
    interval holds the middle 95 % of the differences. Like any bootstrap it makes too little of what only a few were
    drawn of: of the variance between n seeds it sees the share 1 - 1/n, four fifths of it with five seeds.

    References
    ----------
    A. B. Owen (2007), The pigeonhole bootstrap, doi:10.1214/07-AOAS122.
    """
    sides, truths = [], []
    for side in (a, b):
        where, model = (experiment, side) if isinstance(side, str) else side
        if not isinstance(where, str) and model in where:
            where = {model: where[model]}  # the other rows need not be read
        given, y_true = _answers_by_seed(where, sound_only, incomplete)
        if model not in given:
            raise _no_model(where, model, given)
        sides.append(_right(given, y_true)[model])
        truths.append(y_true)
    if not np.array_equal(*truths):
        raise NoResults(f"{a!r} and {b!r} answered for different test wires")
    return _difference(*sides, draws)


def log(rows, *, against=None, sound_only=False, incomplete=False):
    """Show one line per rung of a ladder: its scores, as in `table`, and what it changed, as in `paired`.

    Parameters
    ----------
    rows : dict of str to (str, str)
        As in `load`.
    against : str or dict of str to str, optional
        With which row the rows are compared: one for all; or, by name, one for some. By default, each with the row
        above it.
    sound_only, incomplete
        As in `answers`.
    """
    given, y_true = _answers_by_seed(rows, sound_only, incomplete)
    right = _right(given, y_true)
    before = dict(zip([*rows][1:], rows, strict=False))
    partners = before | (against or {}) if not isinstance(against, str) else dict.fromkeys(rows, against)
    for name in partners.keys() | set(partners.values()):
        if name not in rows:
            raise ValueError(f"against: got {name!r}, expected names of rows, {', '.join(map(repr, rows))}")
    lines = {}
    for name, by_seed in given.items():
        partner, change = partners.get(name), ""
        if partner in right and partner != name:
            found = _difference(right[name], right[partner])
            change = f"{_signed(found.mean)} ({_signed(found.low)} to {_signed(found.high)})"
            change = change.replace(" ", NO_BREAK)
            if not isinstance(against, str) and partner != before.get(name):
                change += f", to {partner}"
        seeds, share, spread, *others = _scores_of(by_seed.values(), y_true, ".3f")
        lines[name] = [seeds, f"{share}{NO_BREAK}{spread}" if spread else share, *others, change]
    changed = f"difference to {against if isinstance(against, str) else 'the row above'}"
    tables.show([name for name in SCORES if name != SPREAD] + [changed], lines, left=["accuracy", changed])


def _signed(value):
    return f"{value:+.3f}".replace("-", "−") if round(value, 3) else "0.000"


def _scores_of(answered, y_true, form):
    """Return the cells below `SCORES` for a model's answers, one a seed; the format is that of the accuracy."""
    shares = [scores.accuracy(y_true, row) for row in answered]
    low, high = scores.wilson_interval(np.mean(shares), len(y_true))
    f1 = np.mean([scores.macro_f1(y_true, row) for row in answered])
    recall = np.mean([scores.recall_outside_majority(y_true, row) for row in answered])
    share, interval = f"{np.mean(shares):{form}}", f"{low:.3f}–{high:.3f}"
    return [f"{len(shares)}", share, _spread(shares, form), interval, f"{f1:.3f}", f"{recall:.3f}"]


def _answers_by_seed(experiment, sound_only, incomplete):
    """Return what `answers` returns, with the answers of a model as {seed: int array, shape (wires,)}."""
    records = load(experiment, incomplete=incomplete)
    records = {
        model: runs for model, runs in records.items() if all("answers" in run["measured"] for run in runs)
    }
    if not records:
        raise NoResults(f"{_named(experiment)} did not measure 'answers'")
    parts = {_wires(run) for runs in records.values() for run in runs}
    if len(parts) > 1:
        where = _named(experiment)
        raise NoResults(f"{where}: its models answered for different test wires, {sorted(map(str, parts))}")
    y_true, sound = _truth(*parts.pop())
    keep = sound if sound_only else np.ones(len(y_true), dtype=bool)
    given = {
        model: {run["seed"]: np.array(run["measured"]["answers"])[keep] for run in runs}
        for model, runs in records.items()
    }
    return given, y_true[keep]


def _right(given, y_true):
    """Return which answers were right, {model: {seed: bool array, shape (wires,)}}."""
    return {model: {seed: row == y_true for seed, row in by_seed.items()} for model, by_seed in given.items()}


def _difference(first, second, draws=4000):
    """Return the `Difference` between two models' right answers, each {seed: bool array, shape (wires,)}."""
    first, second = _side_by_side(first, second)
    difference = first.astype(float) - second  # (seeds, wires)
    count, wires = difference.shape
    rng = np.random.default_rng(0)
    means = np.sum((_drawn(rng, count, draws) @ difference) * _drawn(rng, wires, draws), axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Difference(float(difference.mean()), float(low), float(high), count, wires)


def _drawn(rng, things, draws):
    """Return the share of each thing in samples drawn with replacement, as many as there are: (draws, things)."""
    numbers = rng.integers(things, size=(draws, things)) + things * np.arange(draws)[:, None]
    return np.bincount(numbers.ravel(), minlength=draws * things).reshape(draws, things) / things


def _side_by_side(first, second):
    """Return two models' right answers for the seeds that both have, as bool arrays of shape (seeds, wires)."""
    if len(first) == 1:
        first = dict.fromkeys(second, *first.values())
    if len(second) == 1:
        second = dict.fromkeys(first, *second.values())
    common = [seed for seed in first if seed in second]
    if not common:
        raise NoResults(f"the models have no seed in common: {sorted(first)} and {sorted(second)}")
    return np.array([first[seed] for seed in common]), np.array([second[seed] for seed in common])


def _measured_table(experiment, listed, incomplete):
    columns = [measured(experiment, name, incomplete=incomplete) for name in listed["shows"]]
    rows = {}
    for model, runs in load(experiment, incomplete=incomplete).items():
        rows[model] = [f"{len(runs)}", *(_mean_of(values.get(model)) for values in columns)]
    tables.show(["seeds", *listed["shows"]], rows, caption=listed["title"])


def _mean_of(values):
    return "" if values is None else f"{np.mean(values):.4g} {_spread(values, '.2g')}".rstrip()


def _spread(values, form):
    return f"±{np.std(values, ddof=1):{form}}" if len(values) > 1 else ""


def _named(experiment):
    return experiment if isinstance(experiment, str) else "this set of rows"


def _no_model(experiment, model, known):
    return NoResults(f"{_named(experiment)} has no model {model!r}; it has {', '.join(map(repr, known))}")


def _manifest(experiment):
    path = FOLDER / str(experiment) / "experiment.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(sorted(file.parent.name for file in FOLDER.glob("*/experiment.json"))) or "none"
        raise NoResults(
            f"there are no results of {experiment!r}, there are those of: {there}; `{_command(experiment)}` makes them"
        ) from None


def _command(experiment):
    return f"python -m experiments run {experiment}"


def _wires(run):
    """Return what settles the test wires of a run: arguments of `helpers.data.load_reuters`."""
    return tuple(run["settings"]["wires"].get(name) for name in ("maxlen", "test_split"))


@functools.cache
def _truth(maxlen, test_split):
    """Return the topics of the test wires, and which of them are sound."""
    _, (_, y_true) = load_reuters(maxlen=maxlen, test_split=test_split)
    _, flags = load_flags(maxlen=maxlen, test_split=test_split)
    return y_true, flags["own_text"] & (flags["topic_count"] == 1)
