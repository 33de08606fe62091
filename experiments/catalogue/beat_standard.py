"""Chapter 9 on Keras' default split, where no wire is dropped: the training wires are all the text there is."""

from experiments.definition import STANDARD, Experiment, Model

RUN = "experiments.work.pretrained:answer"
NO_VECTORS = {"length": 0.0}
AVERAGE = {"reader": "average", "spatial_dropout": 0.0, "dropout": 0.0}
AVERAGED = {"epochs": 8, "batch_size": 64, "learning_rate": 0.005}
VECTORS = {"features": 128, "window": 5, "length": 3.0}
READING = {
    "timesteps": 120,  # of longer wires, the beginning
    "vectors": VECTORS,
    "training": {"epochs": 8, "batch_size": 64},
    "network": {"dropout": 0.4},
}


def recipe(name, **changes):
    return Model(name, RUN, {"wires": STANDARD, **READING, **changes})


def linear(name, seeds=(0,), vectors=NO_VECTORS, **changes):
    return Model(name, RUN, {"wires": STANDARD, "model": "linear", "vectors": vectors, **changes}, seeds)


EXPERIMENT = Experiment(
    name="beat_standard",
    title="A GRU with counted word vectors against the bag of words, on Keras' default split",
    seeds=range(5),
    minutes=75,
    models=[
        linear("Linear bag of words"),
        linear("Linear, average of ten", seeds=None, members=10),
        linear("Linear, and mean of counted vectors", vectors={**VECTORS, "length": 2.0}),
        recipe("Recipe"),
        recipe("Recipe, average of three", members=3),
        recipe("Words shuffled", shuffled=True),
        recipe("No reader: mean of the vectors", network=AVERAGE, training=AVERAGED),
        recipe("Trained on sound wires", sound_training=True),
        linear("Linear, trained on sound wires", sound_training=True),
    ],
)
