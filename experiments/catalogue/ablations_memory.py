"""Which parts of the LSTM does remembering need? The variants of `ablations` on tasks that only memory solves.

Temporal order over 20, 70 and 100 steps, and adding over 40. As in `success_against_lag`, a network has learned a
task when fewer than 1 % of fresh sequences are wrong. One learning rate, 0.003, and gradients clipped at 1, for all
variants, fixed beforehand (with other seeds, so that the whole LSTM learns at 70 steps): a variant that fails here
might still learn with another rate.
"""

from experiments.catalogue.ablations import VARIANTS
from experiments.definition import Experiment, Model

TASKS = {
    "order, 20 steps": {"task": "temporal_order", "length": 20},
    "order, 70 steps": {"task": "temporal_order", "length": 70},
    "order, 100 steps": {"task": "temporal_order", "length": 100},
    "adding, 40 steps": {"task": "adding", "length": 40},
}
SETTINGS = {"units": 50, "learning_rate": 0.003, "clip": 1.0, "batch_size": 20, "budget": 60_000}

EXPERIMENT = Experiment(
    name="ablations_memory",
    title="LSTM cells with parts left out, on memory tasks: share of seeds that learned each",
    models=[
        Model(
            f"{name}: {title}",
            run="experiments.work.ablations:remember",
            settings={"cell": variant, **task, **SETTINGS},
        )
        for title, task in TASKS.items()
        for name, variant in VARIANTS.items()
    ],
    shows=("success", "right", "seen"),
    minutes=25,
)
