"""What an experiment is: models, each with its settings, and seeds. All of it is plain data."""

import importlib
import json
import pkgutil
import re
from dataclasses import dataclass, field

CATALOGUE = "experiments.catalogue"

# Arguments of `helpers.data.load_reuters`: the source article's short wires, and Keras' default split.
ARTICLE = {"num_words": 30000, "maxlen": 50, "test_split": 0.3}
STANDARD = {"num_words": 10000, "maxlen": None, "test_split": 0.2}


class NotDefined(ValueError):
    """A definition, or the name of one, makes no sense; the message says why."""


@dataclass(frozen=True)
class Model:
    """One thing that is trained and measured, once a seed.

    Parameters
    ----------
    name : str
        What tables call it. In capitals and spaces as one likes; names of files are made from it.
    run : str
        ``"package.module:function"``; the function takes a dict of settings and a seed, and returns a dict
        of measurements. Settings and measurements are data that JSON can hold.
    settings : dict
        What the function is given.
    seeds : sequence of int, optional
        Seeds of this model, if they are not those of the experiment: ``(0,)`` for what is not random.
    """

    name: str
    run: str = "experiments.work.networks:train"
    settings: dict = field(default_factory=dict)
    seeds: tuple | None = None

    def __post_init__(self):
        if not re.fullmatch(r"[a-z_]\w*(\.\w+)*:\w+", self.run):
            raise NotDefined(f"run of {self.name!r}: got {self.run!r}, expected 'package.module:function'")
        if _as_json(self.settings) != self.settings:
            raise NotDefined(
                f"settings of {self.name!r}: expected what comes back from JSON as it went in: dicts with text "
                f"as keys, lists (no tuples), text, numbers, True, False, None; got {self.settings!r}"
            )
        if self.seeds is not None:
            object.__setattr__(self, "seeds", _seeds(self.seeds, f"seeds of {self.name!r}"))

    @property
    def slug(self):
        """The name as files can have it: ``"LSTM, mask"`` becomes ``"lstm-mask"``."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


@dataclass(frozen=True)
class Experiment:
    """Models that are compared with each other.

    Parameters
    ----------
    name : str
        Name of its file in the catalogue, without ``.py``.
    title : str
        One line for people.
    models : sequence of Model
        In the order in which tables show them.
    seeds : sequence of int
        One run a model and seed. The same seeds for all models, so that they can be compared in pairs.
    shows : sequence of str
        Names of the measurements that tables show, numbers all. Empty for experiments on the topics of the newswires:
        their runs measure ``"answers"``, and `helpers.results` works out the scores.
    minutes : float, optional
        How long all its runs take one after the other, on one thread of a common processor.
    """

    name: str
    title: str
    models: tuple
    seeds: tuple = (0, 1, 2, 3, 4)
    shows: tuple = ()
    minutes: float | None = None

    def __post_init__(self):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise NotDefined(f"name: got {self.name!r}, expected a name of a module such as 'repair_ladder'")
        object.__setattr__(self, "models", tuple(self.models))
        object.__setattr__(self, "shows", tuple(self.shows))
        object.__setattr__(self, "seeds", _seeds(self.seeds, f"seeds of {self.name}"))
        slugs = [model.slug for model in self.models]
        if not slugs or not all(slugs) or len(set(slugs)) < len(slugs):
            names = ", ".join(repr(model.name) for model in self.models) or "none"
            raise NotDefined(f"models of {self.name}: expected names that differ in letters or digits, got {names}")

    def model(self, name):
        """Return the model of that name."""
        for model in self.models:
            if name in (model.name, model.slug):
                return model
        known = ", ".join(repr(model.name) for model in self.models)
        raise NotDefined(f"{self.name} has no model {name!r}; it has {known}")

    def runs(self, seeds=None, only=None):
        """Return the (model, seed) pairs to run.

        Parameters
        ----------
        seeds : int, optional
            Only the first so many seeds of each model.
        only : str, optional
            Only the model of that name.
        """
        if seeds is not None and not 1 <= seeds <= len(self.seeds):
            raise NotDefined(f"seeds: got {seeds}, expected 1 to {len(self.seeds)}, the number {self.name} has")
        models = self.models if only is None else [self.model(only)]
        return [(model, seed) for model in models for seed in (model.seeds or self.seeds)[:seeds]]


def names():
    """Return the names of all experiments in the catalogue, sorted."""
    package = importlib.import_module(CATALOGUE)
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def find(name):
    """Return the experiment of that name.

    Raises
    ------
    NotDefined
        If the catalogue has none of that name, or its file does not define it.
    """
    if name not in names():
        raise NotDefined(f"there is no experiment {name!r}; there are: {', '.join(names()) or 'none'}")
    experiment = getattr(importlib.import_module(f"{CATALOGUE}.{name}"), "EXPERIMENT", None)
    if not isinstance(experiment, Experiment) or experiment.name != name:
        raise NotDefined(
            f"experiments/catalogue/{name}.py: expected EXPERIMENT = Experiment(name={name!r}, …), got {experiment!r}"
        )
    return experiment


def _seeds(seeds, what):
    seeds = tuple(seeds)
    good = all(isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 for seed in seeds)
    if not (seeds and good and len(set(seeds)) == len(seeds)):
        raise NotDefined(f"{what}: expected different whole numbers of 0 or more, got {seeds!r}")
    return seeds


def _as_json(value):
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return None
