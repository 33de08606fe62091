"""The vanilla RNN of the article, one repair at a time. `article_networks` has the network as published."""

from experiments.definition import ARTICLE, Experiment, Model

READER = {"reader": "simple_rnn"}
WIDE = {"reader": "simple_rnn", "units": 100}
EARLY = {"epochs": 60, "patience": 8, "held_out": 0.1}


def rung(name, text=None, network=READER, **training):
    settings = {"wires": ARTICLE, "text": text or {}, "network": network, "training": {**EARLY, **training}}
    return Model(name, settings=settings)


EXPERIMENT = Experiment(
    name="vanilla_ladder",
    title="Repairing the vanilla RNN: each rung changes one thing, up to the mask in turn, then each against the mask",
    minutes=15,
    seeds=range(5),
    models=[
        Model(
            "Padding in front, else as published",
            settings={
                "wires": ARTICLE,
                "text": {"as": "amounts", "padding": "pre"},
                "network": READER,
                "training": {"epochs": 200, "held_out": 0.0},
            },
        ),
        rung("Stop early", text={"as": "amounts"}),
        rung("Scaled ids", text={"as": "scaled amounts"}),
        rung("Embedding", network={**READER, "mask": False}),
        rung("Padding in front", text={"padding": "pre"}, network={**READER, "mask": False}),
        rung("Mask"),
        rung("Words shuffled", text={"shuffled": True}),
        rung("Dropout", network={**READER, "dropout": 0.5}),
        rung("Class weights", class_weights=1.0),
        rung("Milder class weights", class_weights=0.5),
        rung("Clipped gradients", clipnorm=1.0),
        rung("Twice the units", network=WIDE),
        rung("Bidirectional", network={**READER, "bidirectional": True}),
        rung("Maximum over time", network={**READER, "pooling": "max"}),
        rung("Mean over time", network={**READER, "pooling": "mean"}),
    ],
)
