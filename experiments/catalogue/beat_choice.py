"""How the recipe of chapter 9 was chosen: five-fold cross-validation on the source article's training wires.

The seed is the number of the fold. No test wire is read.
"""

from functools import partial

from experiments.catalogue import beat_article
from experiments.catalogue.beat_article import AVERAGE, AVERAGED, NO_VECTORS, WIRES
from experiments.definition import Experiment, Model

RUN = "experiments.work.pretrained:validate"
recipe = partial(beat_article.recipe, run=RUN)
linear = partial(beat_article.linear, run=RUN, seeds=None)


def beside(name, idea):
    return Model(name, "experiments.work.beside_the_recipe:validate", {"wires": WIRES, "idea": idea})


EXPERIMENT = Experiment(
    name="beat_choice",
    title="Five-fold cross-validation on the source article's training wires",
    seeds=range(5),
    shows=["accuracy", "sound_accuracy"],
    minutes=70,
    models=[
        *(linear(f"Linear, C = {c}", linear={"strength": c}) for c in (0.25, 0.5, 1.0, 2.0)),
        linear("Linear, average of ten", members=10),
        linear("Linear, idf from unlabelled wires", linear={"foreign_idf": True}),
        *(linear(f"Linear, and mean vectors of length {w}", vectors={"length": w}) for w in (1.0, 2.0, 4.0)),
        recipe("Recipe"),
        recipe("Recipe, average of five", members=5),
        recipe("128 features, a window of 5", vectors={"features": 128, "window": 5, "length": 3.0}),
        recipe("128 features, a window of 15", vectors={"features": 128, "window": 15, "length": 3.0}),
        recipe("No label smoothing", training={"label_smoothing": 0.0}),
        recipe("More dropout", network={"spatial_dropout": 0.3, "dropout": 0.5}),
        recipe("Random vectors at the start", vectors=NO_VECTORS),
        recipe("Last state instead of maximum", network={"pooling": "last"}),
        recipe("Mean instead of maximum", network={"pooling": "mean"}),
        recipe("LSTM instead of GRU", network={"reader": "lstm", "units": 50}),
        recipe("No reader: mean of the vectors", network=AVERAGE, training=AVERAGED),
        beside("A bag beside the reader", "bag beside the reader"),
        beside("Every fifth word hidden", "word dropout"),
        beside("Doubtful wires left out", "doubtful wires left out"),
        beside("Targets half predicted", "targets half predicted"),
    ],
)
