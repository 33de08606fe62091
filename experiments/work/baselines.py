"""Answers without a network: rules, and scikit-learn's models. Whatever is chosen is chosen on the training wires."""

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from helpers.data import get_label_names, get_word_index, load_reuters

KEYWORDS = "shr vs div qtly dividend record payout net".split()
FOLDS = 5


def answer(settings, seed):
    """Fit a model to the training wires and let it answer for the test wires.

    Parameters
    ----------
    settings : dict
        ``"wires"``: arguments of `helpers.data.load_reuters`. ``"method"``: one of `METHODS`. Optional:
        ``"sound_training"``: train on sound wires only. ``"timesteps"``: only the first so many ids of each wire are
        read. ``"strengths"``: values to try of the one setting that is chosen by cross-validation on the training wires
        (``C``, or ``alpha`` of naive Bayes).
    seed : int
        Of the forest and of the cross-validation's folds.

    Returns
    -------
    dict
        ``"answers"``: a topic for every test wire; if a strength is chosen, ``"strength"`` and ``"cross_validation"``,
        the mean accuracy of each on wires left out.

    References
    ----------
    The keyword rule is that of chapter 7. Bags of words follow T. Joachims (1998), Text categorization with support
    vector machines, doi:10.1007/BFb0026683.
    """
    settings = {"sound_training": False, "timesteps": None, "strengths": None, **settings}
    unknown = settings.keys() - {"wires", "method", "sound_training", "timesteps", "strengths"}
    if unknown or settings["method"] not in METHODS:
        raise ValueError(f"settings: got {settings}, expected a method of {', '.join(METHODS)}, and nothing unknown")
    wires = settings["wires"]
    (x_train, y_train), (x_test, _) = load_reuters(**wires)
    if settings["sound_training"]:
        (x_train, y_train), _ = load_reuters(**wires, sound_only=True)
    x_train, x_test = ([ids[: settings["timesteps"]] for ids in x] for x in (x_train, x_test))

    model, name = METHODS[settings["method"]](seed)
    if settings["strengths"] is None:
        answers, choice = model.fit(x_train, y_train).predict(x_test), {}
    else:
        folds = KFold(FOLDS, shuffle=True, random_state=seed)
        search = GridSearchCV(model, {name: settings["strengths"]}, cv=folds, scoring="accuracy")
        answers = search.fit(x_train, y_train).predict(x_test)
        tried = search.cv_results_["mean_test_score"].round(4).tolist()
        choice = {"strength": search.best_params_[name], "cross_validation": tried}
    return {"answers": np.asarray(answers).tolist(), **choice}


class Majority:
    """Always answers with the most frequent topic."""

    def fit(self, x, y):
        self.topic = np.bincount(y).argmax()
        return self

    def predict(self, x):
        return np.full(len(x), self.topic)


class KeywordRule:
    """Earnings if one of eight words occurs, else an acquisition."""

    def fit(self, x, y):
        rank, topics = get_word_index(), get_label_names()
        self.keywords = {rank[word] + 3 for word in KEYWORDS}
        self.earn, self.acq = topics.index("earn"), topics.index("acq")
        return self

    def predict(self, x):
        return np.array([self.earn if self.keywords & set(ids) else self.acq for ids in x])


def lengths(x):
    """Return the number of ids in each wire, shape (wires, 1)."""
    return np.array([[len(ids)] for ids in x])


def padded_ids(x):
    """Return the ids, with zeros behind them up to 49, shape (wires, 49)."""
    return np.array([[*ids, *[0] * (49 - len(ids))] for ids in x])


def words(ids):
    """Return a wire's ids without the start mark."""
    return ids[1:]


def _on(view, model):
    return make_pipeline(FunctionTransformer(view), model)


def _on_words(vectorizer, model):
    return make_pipeline(vectorizer(analyzer=words), model)


# Each gives, for a seed, a model, and the name of what `strengths` sets.
METHODS = {
    "majority": lambda seed: (Majority(), None),
    "keywords": lambda seed: (KeywordRule(), None),
    "length": lambda seed: (_on(lengths, DecisionTreeClassifier(min_samples_leaf=20, random_state=seed)), None),
    "forest": lambda seed: (_on(padded_ids, RandomForestClassifier(random_state=seed)), None),
    "naive bayes": lambda seed: (_on_words(CountVectorizer, MultinomialNB()), "multinomialnb__alpha"),
    "logistic": lambda seed: (_on_words(TfidfVectorizer, LogisticRegression(max_iter=1000)), "logisticregression__C"),
    "svm": lambda seed: (_on_words(TfidfVectorizer, LinearSVC()), "linearsvc__C"),
}
