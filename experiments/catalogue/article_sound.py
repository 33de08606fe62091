"""The same wires, trained without those that carry another wire's text or have further topics."""

from experiments.definition import ARTICLE, Experiment, Model

SOUND = {"wires": ARTICLE, "sound_training": True}


def baseline(name, method, **settings):
    return Model(name, "experiments.work.baselines:answer", {**SOUND, "method": method, **settings}, seeds=[0])


def network(name, **network):
    return Model(name, settings={**SOUND, "network": network})


EXPERIMENT = Experiment(
    name="article_sound",
    title="Trained on the article's sound wires only",
    minutes=7,
    seeds=range(5),
    models=[
        baseline("Always earn", "majority"),
        baseline("Linear SVM, C = 0.5", "svm", strengths=[0.5]),
        baseline("Linear SVM, C chosen", "svm", strengths=[0.03125, 0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0]),
        network("Average of embeddings", reader="average"),
        network("Vanilla RNN, mask", reader="simple_rnn"),
        network("GRU, mask", reader="gru"),
        network("LSTM, mask", reader="lstm"),
        Model(
            "LSTM as published",
            settings={
                **SOUND,
                "text": {"as": "amounts"},
                "network": {"reader": "lstm"},
                "training": {"epochs": 200, "held_out": 0.0},
            },
        ),
    ],
)
