"""Which parts of the LSTM do the newswires need? Chapter 8's question, beside Greff et al. (2017).

On speech, handwriting and music Greff et al., https://arxiv.org/abs/1503.04069, found none of eight variants
significantly better than the LSTM, and the forget gate and the output activation its most critical components.

All variants have chapter 7's last repair: embedding, mask, early stopping. The settings were fixed beforehand, the
same for all.
"""

from experiments.definition import ARTICLE, Experiment, Model

VARIANTS = {
    "LSTM": "full",
    "no forget gate": "no forget gate",
    "no input gate": "no input gate",
    "no output gate": "no output gate",
    "no output activation": "no output activation",
    "coupled input and forget gate": "coupled",
    "forget gate alone": "forget gate alone",
    "forget bias 0": "forget bias 0",
    "forget bias 3": "forget bias 3",
}

EXPERIMENT = Experiment(
    name="ablations",
    title="LSTM cells with parts left out, on the article's newswires",
    models=[
        Model(
            name,
            run="experiments.work.ablations:topics",
            settings={"wires": ARTICLE, "network": {"reader": variant}},
        )
        for name, variant in VARIANTS.items()
    ],
    minutes=15,
)
