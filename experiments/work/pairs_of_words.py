"""A linear model that counts words and pairs of neighbouring words: the least that can be known of their order."""

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from helpers.data import load_reuters

FOLDS = 5


def answer(settings, seed):
    """Fit the model to the training wires and let it answer for the test wires.

    Parameters
    ----------
    settings : dict
        ``"wires"``: arguments of `helpers.data.load_reuters`; ``"strengths"``: values of ``C``, one of which
        cross-validation on the training wires chooses.
    seed : int
        Of the folds, and of the model.

    Returns
    -------
    dict
        ``"answers"``: a topic for every test wire; ``"strength"`` and ``"cross_validation"``: the value chosen, and the
        mean accuracy of each on wires left out.
    """
    (wires, topics), (new, _) = load_reuters(**settings["wires"])
    model = make_pipeline(TfidfVectorizer(analyzer=words_and_pairs), LinearSVC(random_state=seed))
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    search = GridSearchCV(model, {"linearsvc__C": settings["strengths"]}, cv=folds, scoring="accuracy")
    answers = search.fit(wires, topics).predict(new)
    tried = search.cv_results_["mean_test_score"].round(4).tolist()
    chosen = search.best_params_["linearsvc__C"]
    return {"answers": answers.tolist(), "strength": chosen, "cross_validation": tried}


def words_and_pairs(ids):
    """Return a wire's words without the start mark, and each word with the one after it, all as text."""
    words = [str(i) for i in ids[1:]]
    return words + [f"{word} {following}" for word, following in zip(words, words[1:], strict=False)]
