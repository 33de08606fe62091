"""The ablations: the catalogue names cells that exist, and each is the LSTM but for its missing part."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest

from experiments.catalogue import ablations, ablations_memory
from experiments.work import ablations as work
from experiments.work import memory, networks


def test_the_catalogue_names_every_variant_once_a_task():
    readers = [model.settings["network"]["reader"] for model in ablations.EXPERIMENT.models]
    assert sorted(readers) == sorted(work.VARIANTS)
    cells = [(m.settings["cell"], m.settings["task"], m.settings["length"]) for m in ablations_memory.EXPERIMENT.models]
    tasks = {(task, length) for _, task, length in cells}
    assert sorted(cells) == sorted((name, *task) for name in work.VARIANTS for task in tasks)


@pytest.mark.parametrize("name", work.VARIANTS)
def test_both_kinds_of_training_know_every_variant(name):
    network = networks.complete({"network": {"reader": name, "units": 3}})["network"]
    [layer] = networks.reader(network)
    assert layer.settings["units"] == 3
    assert {key: layer.settings[key] for key in work.VARIANTS[name]} == work.VARIANTS[name]
    assert memory.CELLS[name](3).settings == layer.settings


def test_recurrent_dropout_is_refused_rather_than_ignored():
    with pytest.raises(ValueError, match="^recurrent_dropout: expected 0, got 0.5"):
        networks.reader(networks.complete({"network": {"reader": "full", "recurrent_dropout": 0.5}})["network"])


def test_a_variant_can_be_trained_on_a_memory_task():
    settings = {"cell": "forget gate alone", "task": "temporal_order", "length": 10, "units": 4}
    settings |= {"learning_rate": 0.003, "clip": 1.0, "batch_size": 20, "budget": 2000}
    measured = work.remember(settings, seed=0)
    assert measured["seen"] == 2000 and measured["parameters"] == 2 * (8 + 4 + 1) * 4 + (4 + 1) * 4
