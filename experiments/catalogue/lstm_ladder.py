"""The LSTM of the article, one repair at a time. `article_networks` has the network as published."""

from experiments.definition import ARTICLE, Experiment, Model

READER = {"reader": "lstm"}
GRU = {"reader": "gru"}
EARLY = {"epochs": 60, "patience": 8, "held_out": 0.1}


def rung(name, text=None, network=READER, **training):
    settings = {"wires": ARTICLE, "text": text or {}, "network": network, "training": {**EARLY, **training}}
    return Model(name, settings=settings)


EXPERIMENT = Experiment(
    name="lstm_ladder",
    title="Repairing the LSTM: each rung changes one thing, up to the mask in turn, then each against the mask",
    minutes=18,
    seeds=range(5),
    models=[
        rung("Stop early", text={"as": "amounts"}),
        rung("Scaled ids", text={"as": "scaled amounts"}),
        rung("Embedding", network={**READER, "mask": False}),
        rung("Padding in front", text={"padding": "pre"}, network={**READER, "mask": False}),
        rung("Mask"),
        rung("Words shuffled", text={"shuffled": True}),
        rung("Dropout", network={**READER, "dropout": 0.5}),
        rung("Class weights", class_weights=1.0),
        rung("Milder class weights", class_weights=0.5),
        rung("Twice the units", network={**READER, "units": 100}),
        rung("Bidirectional", network={**READER, "bidirectional": True}),
        rung("GRU", network=GRU),
        rung("GRU, words shuffled", text={"shuffled": True}, network=GRU),
        rung("Maximum over time", network={**READER, "pooling": "max"}),
        rung("Mean over time", network={**READER, "pooling": "mean"}),
    ],
)
