"""Readers with as many weights each, and as many tries each to get their settings right."""

from experiments.definition import ARTICLE, Experiment, Model

# As many weights as an LSTM of 50 units has on 64 features, 23,000, or just below.
READERS = {
    "Average, then a hidden layer": {"reader": "average", "hidden": [353]},
    "CNN, window of 5": {"reader": "cnn", "units": 71, "mask": False},
    "Vanilla RNN": {"reader": "simple_rnn", "units": 122},
    "GRU": {"reader": "gru", "units": 60},
    "LSTM": {"reader": "lstm", "units": 50},
    "Bidirectional GRU": {"reader": "gru", "units": 37, "bidirectional": True},
    "Bidirectional LSTM": {"reader": "lstm", "units": 30, "bidirectional": True},
}
TUNE = [
    {"training": {"learning_rate": rate}, "network": {"spatial_dropout": spatial, "dropout": dropout}}
    for rate in (0.001, 0.003)
    for spatial, dropout in ((0.0, 0.0), (0.3, 0.5))
]

EXPERIMENT = Experiment(
    name="architectures",
    title="Readers with about 23,000 weights each; the best of four settings on the validation wires",
    minutes=50,
    seeds=range(5),
    models=[
        Model(name, settings={"wires": ARTICLE, "network": network, "tune": TUNE}) for name, network in READERS.items()
    ],
)
