"""Chapter 9 on ten other draws of training and test wires from the source article's 1,994.

The seed is the draw. The settings are those that the article's draw was read with.
"""

from functools import partial

from experiments.catalogue import beat_article
from experiments.catalogue.beat_article import AVERAGE, AVERAGED
from experiments.definition import Experiment

RUN = "experiments.work.other_draws:answer"
recipe = partial(beat_article.recipe, run=RUN)
linear = partial(beat_article.linear, run=RUN, seeds=None)

EXPERIMENT = Experiment(
    name="beat_other_draws",
    title="The recipe against the bag of words on ten other draws of the source article's wires",
    seeds=range(10),
    shows=["accuracy", "sound_accuracy"],
    minutes=50,
    models=[
        linear("Linear bag of words"),
        linear("Linear, average of ten", members=10),
        recipe("Recipe"),
        recipe("Words shuffled", shuffled=True),
        recipe("No reader: mean of the vectors", network=AVERAGE, training=AVERAGED),
        recipe("Recipe, average of five", members=5),
    ],
)
