"""The source article's four networks, exactly as they are."""

from experiments.definition import ARTICLE, Experiment, Model


def published(name, reader, layers, seeds=None):
    settings = {
        "wires": ARTICLE,
        "text": {"as": "amounts", "timesteps": 49},
        "network": {"reader": reader, "units": 50, "layers": layers},
        "training": {"epochs": 200, "batch_size": 50, "held_out": 0.0},
    }
    return Model(name, settings=settings, seeds=seeds)


EXPERIMENT = Experiment(
    name="article_networks",
    title="The article's four networks as published: raw ids, zeros behind the text, 200 epochs",
    minutes=27,
    seeds=range(10),
    models=[
        published("Vanilla RNN", "simple_rnn", 1),
        published("Stacked vanilla RNN", "simple_rnn", 2, range(5)),
        published("LSTM", "lstm", 1),
        published("Stacked LSTM", "lstm", 2, range(5)),
    ],
)
