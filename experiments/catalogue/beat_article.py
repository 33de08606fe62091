"""Chapter 9 on the source article's wires: the recipe, the recipe less one step, and linear models offered the same."""

from experiments.definition import ARTICLE, Experiment, Model

RUN = "experiments.work.pretrained:answer"
WIRES = {**ARTICLE, "num_words": 10000}
NO_VECTORS = {"length": 0.0}
# Without a reader: more and larger steps, no dropout. Only the number of epochs was chosen here.
AVERAGE = {"reader": "average", "spatial_dropout": 0.0, "dropout": 0.0}
AVERAGED = {"epochs": 20, "learning_rate": 0.005}


def recipe(name, run=RUN, **changes):
    return Model(name, run, {"wires": WIRES, **changes})


def linear(name, run=RUN, seeds=(0,), vectors=NO_VECTORS, **changes):
    return Model(name, run, {"wires": ARTICLE, "model": "linear", "vectors": vectors, **changes}, seeds)


EXPERIMENT = Experiment(
    name="beat_article",
    title="A GRU with counted word vectors against the bag of words, on the source article's wires",
    seeds=range(5),
    minutes=60,
    models=[
        linear("Linear bag of words"),
        linear("Linear, average of ten", seeds=None, members=10),
        linear("Linear, idf from unlabelled wires", linear={"foreign_idf": True}),
        linear("Linear, and mean of counted vectors", vectors={"length": 2.0}),
        recipe("Recipe"),
        recipe("Recipe, average of five", members=5),
        recipe("No label smoothing", training={"label_smoothing": 0.0}),
        recipe("Random vectors at the start", vectors=NO_VECTORS),
        recipe("No dropout", network={"spatial_dropout": 0.0, "dropout": 0.0}),
        recipe("Last state instead of maximum", network={"pooling": "last"}),
        # About as many weights in the reader as two directions of 64 units have.
        recipe("One direction", network={"bidirectional": False, "units": 112}),
        recipe("LSTM instead of GRU", network={"reader": "lstm", "units": 50}),
        recipe("No reader: mean of the vectors", network=AVERAGE, training=AVERAGED),
        recipe("Words shuffled", shuffled=True),
        recipe("Trained on sound wires", sound_training=True),
        linear("Linear, trained on sound wires", sound_training=True),
    ],
)
