"""LSTM cells with parts left out, on the newswires and on memory tasks.

The training is that of `experiments.work.networks` and `experiments.work.memory`; this module adds the cells, under
the names of `VARIANTS`, to those that these two know. The catalogue names `topics` and `remember`.
"""

from functools import partial

from experiments.work import memory, networks
from helpers.variants import LSTMVariant

VARIANTS = {
    "full": {},
    "no forget gate": {"forget_gate": False},
    "no input gate": {"input_gate": False},
    "no output gate": {"output_gate": False},
    "no output activation": {"cell_activation": "linear"},
    "coupled": {"coupled": True},
    # Van der Westhuizen & Lasenby (2018), https://arxiv.org/abs/1804.04849, but with a forget bias of 1.
    "forget gate alone": {"coupled": True, "output_gate": False, "cell_activation": "linear"},
    "forget bias 0": {"forget_bias": 0.0},
    "forget bias 3": {"forget_bias": 3.0},
}


def cell(units, recurrent_dropout=0.0, *, parts, **options):
    """Return a layer with these parts; it has no recurrent dropout."""
    if recurrent_dropout:
        raise ValueError(f"recurrent_dropout: expected 0, got {recurrent_dropout!r}")
    return LSTMVariant(units, **parts, **options)


for name, parts in VARIANTS.items():
    networks.CELLS[name] = memory.CELLS[name] = partial(cell, parts=parts)


def topics(settings, seed):
    """Train a variant on the newswires: `experiments.work.networks.train`, with a name of `VARIANTS` as the reader."""
    return networks.train(settings, seed)


def remember(settings, seed):
    """Train a variant on a memory task: `experiments.work.memory.run`, with a name of `VARIANTS` as the cell."""
    return memory.run(settings, seed)
