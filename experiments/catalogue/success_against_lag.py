"""Who learns across which lag? Chapter 5's question, put to five networks, two tasks and sequences of five lengths.

All networks have 50 units and see the same number of fresh sequences at most. Adam's learning rate is, for each
network and task, the best of three at one length: most successes, then fewest sequences seen, then most right answers
(one tie was left, and went to the rate of the other networks). It was chosen on seeds of its own, and those runs are
part of the experiment.
"""

from experiments.definition import Experiment, Model

NETWORKS = {
    "vanilla": {"cell": "vanilla", "clip": None},
    "vanilla, clipped": {"cell": "vanilla", "clip": 1.0},
    "identity, clipped": {"cell": "identity", "clip": 1.0},
    "LSTM": {"cell": "lstm", "clip": None},
    "LSTM, forget bias 3": {"cell": "lstm, forget bias 3", "clip": None},
}
TASKS = {"temporal_order": "temporal order", "adding": "adding"}
LENGTHS = (10, 20, 40, 70, 100)
BUDGET = 100_000

RATES = (0.001, 0.003, 0.01)
CHOSEN_AT = 40  # the length at which they were compared
CHOSEN_ON = (100, 101)  # seeds
CHOSEN = {
    ("vanilla", "temporal_order"): 0.003,
    ("vanilla, clipped", "temporal_order"): 0.003,
    ("identity, clipped", "temporal_order"): 0.003,
    ("LSTM", "temporal_order"): 0.003,
    ("LSTM, forget bias 3", "temporal_order"): 0.003,
    ("vanilla", "adding"): 0.001,
    ("vanilla, clipped", "adding"): 0.001,
    ("identity, clipped", "adding"): 0.003,
    ("LSTM", "adding"): 0.01,
    ("LSTM, forget bias 3", "adding"): 0.01,
}


def model(network, task, length, rate, name, seeds=None):
    """Return one network on one task."""
    settings = {"task": task, "length": length, "units": 50, "learning_rate": rate, "batch_size": 20}
    settings |= {"budget": BUDGET, **NETWORKS[network]}
    return Model(name, run="experiments.work.memory:run", settings=settings, seeds=seeds)


choosing = [
    model(network, task, CHOSEN_AT, rate, f"rate {rate}, {network}, {title}", CHOSEN_ON)
    for task, title in TASKS.items()
    for network in NETWORKS
    for rate in RATES
]
comparing = [
    model(network, task, length, CHOSEN[network, task], f"{network}, {title}, {length} steps")
    for task, title in TASKS.items()
    for network in NETWORKS
    for length in LENGTHS
]

EXPERIMENT = Experiment(
    name="success_against_lag",
    title="Who learns across which lag? Share of seeds that learned a memory task",
    models=[*choosing, *comparing],
    shows=("success", "right", "seen"),
    minutes=25,
)
