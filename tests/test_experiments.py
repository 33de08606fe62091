"""The runner of experiments: whole records, nothing run twice, nothing stale taken for fresh; and what is run."""

import errno
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError

from experiments import definition, records, runner
from experiments.definition import Experiment, Model, NotDefined

ROOT = Path(__file__).resolve().parent.parent

WORK = '''\
"""A run that takes no time."""

import os
import time
from pathlib import Path

from helpers import budget


def count(settings, seed):
    """Return a number."""
    if seed in settings.get("fails", []):
        print("a last word")
        raise RuntimeError("cannot count any further")
    if seed in settings.get("dies", []):
        os.abort()
    with open(settings["log"], "a") as log:
        log.write(f"{settings['start']} {seed}\\n")
    time.sleep(settings.get("takes", 0))
    value = settings["start"] + seed  # a sum
    return {"value": value, "long": "x" * settings.get("length", 0), "cap": budget.cap()}
'''

CATALOGUE = """\
from pathlib import Path

from experiments.definition import Experiment, Model

RUN = "experiments.work.tiny:count"
LOG = str(Path(__file__).with_name("log"))
EXPERIMENT = Experiment(
    name="tiny",
    title="Counting",
    models=[
        Model("From ten", RUN, {"start": 10, "log": LOG}),
        Model("From 100, slowly", RUN, {"start": 100, "log": LOG}, seeds=[0]),
    ],
    seeds=[0, 1, 2],
    shows=["value"],
)
"""


class Tree:
    """A copy of the runner with a catalogue of its own, in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.results = folder, folder / "experiments" / "results" / "tiny"
        self.work = folder / "experiments" / "work" / "tiny.py"
        self.catalogue = folder / "experiments" / "catalogue" / "tiny.py"
        self.log = self.catalogue.with_name("log")
        for pattern in ("experiments/*.py", "experiments/*/__init__.py", "helpers/*.py", "scripts/*.py"):
            for source in ROOT.glob(pattern):
                target = folder / source.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        self.work.write_text(WORK, encoding="utf-8")
        self.catalogue.write_text(CATALOGUE, encoding="utf-8")

    @property
    def environment(self):
        path = {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        return {**{k: v for k, v in os.environ.items() if k != "BOOK_EPOCHS"}, **path}

    def start(self, *arguments, module="experiments", environment=None, **options):
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            env=environment or self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def __call__(self, *arguments, **options):
        process = self.start(*arguments, **options)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    def edit(self, path, old, new):
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def records(self):
        """Return the records by path; every file there must be whole."""
        files = [file for file in self.results.rglob("*") if file.is_file() and file.name != "experiment.json"]
        assert [file.suffix for file in files] == [".json"] * len(files), f"something else was left: {files}"
        return {str(f.relative_to(self.results)): json.loads(f.read_text(encoding="utf-8")) for f in files}

    def ran(self):
        """Return how often each run began, as far as it can have written so."""
        return Counter(self.log.read_text().splitlines()) if self.log.exists() else Counter()


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


ALL = {"from-ten/0.json", "from-ten/1.json", "from-ten/2.json", "from-100-slowly/0.json"}


def test_a_run_stores_one_record_for_each_model_and_seed(tree):
    status, output, errors = tree("run", "tiny", "--jobs", "2")
    assert status == 0, errors
    assert "4 of 4 runs stored" in output and "From ten · seed 2" in output
    stored = tree.records()
    assert set(stored) == ALL
    assert {path: record["measured"]["value"] for path, record in stored.items()} == {
        "from-ten/0.json": 10,
        "from-ten/1.json": 11,
        "from-ten/2.json": 12,
        "from-100-slowly/0.json": 100,
    }
    record = stored["from-ten/1.json"]
    assert record["experiment"] == "tiny" and record["model"] == "From ten" and record["seed"] == 1
    assert record["versions"]["numpy"] == np.__version__
    assert record["threads"] >= 1 and record["seconds"] >= 0 and record["machine"]["cores"] >= 1

    status, output, _ = tree("status")
    assert status == 0 and re.search(r"tiny +4 fresh +0 stale +0 missing", output)
    status, output, _ = tree("table", "tiny")
    assert status == 0 and "Counting" in output and re.search(r"From ten +3 +11 ±1", output)
    status, output, _ = tree("list")
    assert "tiny: Counting (4 runs)" in output and "From 100, slowly (1 seed)" in output


def test_what_is_there_is_not_run_again(tree):
    assert tree("run", "tiny", "--only", "From ten", "--seeds", "2", "--jobs", "1")[0] == 0
    assert set(tree.records()) == {"from-ten/0.json", "from-ten/1.json"}
    status, output, _ = tree("status", "tiny")
    assert status == 1 and re.search(r"2 fresh +0 stale +2 missing", output)
    assert "2 runs are missing" in tree("table", "tiny")[2]

    assert tree("run", "tiny")[0] == 0
    status, output, _ = tree("run", "tiny")
    assert status == 0 and "4 of 4 runs are there, 0 to do" in output
    assert set(tree.records()) == ALL
    assert set(tree.ran().values()) == {1}


def test_comments_and_docstrings_leave_records_fresh(tree):
    assert tree("run", "--jobs", "1")[0] == 0
    tree.edit(tree.work, "  # a sum", "")
    tree.edit(tree.work, '"""Return a number."""', '"""Return a sum."""')
    tree.edit(tree.catalogue, 'title="Counting"', 'title="Sums"')
    tree.edit(tree.catalogue, "models=[", 'models=[Model("Another", RUN, {"start": 5, "log": LOG}),')
    assert "4 of 7 runs are there" in tree("run", "--jobs", "1")[1]
    assert set(tree.ran().values()) == {1}


@pytest.mark.parametrize(
    "file, old, new, why, count",
    [
        ("experiments/work/tiny.py", "+ seed", "+ 2 * seed", "code", 4),
        ("helpers/budget.py", '"BOOK_EPOCHS"', '"BOOK_EPOCH"', "code", 4),
        ("experiments/catalogue/tiny.py", '"start": 10,', '"start": 20,', "settings", 3),
    ],
)
def test_what_changes_a_run_makes_its_records_stale(tree, file, old, new, why, count):
    assert tree("run", "--jobs", "1")[0] == 0
    before = tree.records()
    tree.edit(tree.folder / file, old, new)

    status, output, _ = tree("status")
    assert status == 1 and f"{count} stale" in output and f"stale (changed: {why}): From ten" in output
    # Left alone, and never shown as if nothing had happened.
    status, output, _ = tree("run")
    assert status == 0 and f"{count} stale (changed: {why}), left alone" in output
    assert tree.records() == before
    status, _, errors = tree("table", "tiny")
    assert status == 1 and f"{count} are stale" in errors and "python -m experiments run tiny --stale" in errors

    status, output, _ = tree("run", "--stale", "--jobs", "1")
    assert status == 0 and f"{count} of {count} runs stored" in output
    assert tree("status")[0] == 0
    changed = {path for path, record in tree.records().items() if record["key"] != before[path]["key"]}
    assert len(changed) == count


def test_a_record_that_was_damaged_or_belongs_to_nothing_is_reported(tree):
    assert tree("run", "--jobs", "1")[0] == 0
    damaged, stray = tree.results / "from-ten" / "1.json", tree.results / "from-eleven" / "0.json"
    damaged.write_text('{"key": 1, "mea')
    stray.parent.mkdir()
    stray.write_text("{}")
    status, output, _ = tree("status")
    assert status == 1 and "stale (changed: unreadable): From ten" in output
    assert "belongs to no run: experiments/results/tiny/from-eleven/0.json" in output


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_one_failing_run_does_not_stop_the_others(tree, jobs):
    tree.edit(tree.catalogue, '"start": 10,', '"start": 10, "fails": [1],')
    status, output, errors = tree("run", "--jobs", jobs)
    assert status == 1
    assert "3 of 4 runs stored, 1 failed" in output
    assert "tiny · From ten · seed 1 failed" in errors
    assert "RuntimeError: cannot count any further" in errors and "a last word" in errors
    assert set(tree.records()) == ALL - {"from-ten/1.json"}


def test_a_run_that_crashes_its_process_does_not_stop_the_others(tree):
    tree.edit(tree.catalogue, '"start": 10,', '"start": 10, "dies": [0],')
    status, _, errors = tree("run", "--jobs", "2")
    assert status == 1 and "tiny · From ten · seed 0 failed:\nits process died" in errors
    assert set(tree.records()) == ALL - {"from-ten/0.json"}


def test_what_a_run_measures_must_be_data(tree):
    tree.edit(tree.work, '"value": value', '"value": float("nan")')
    status, output, errors = tree("run", "--only", "From ten", "--seeds", "1", "tiny", "--jobs", "1")
    assert status == 1 and "0 of 1 runs stored, 1 failed" in output and "nan" in errors
    assert tree.records() == {}


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_killing_the_runner_loses_only_the_runs_in_flight(tree, jobs):
    tree.edit(tree.catalogue, '"start": 10,', '"start": 10, "takes": 0.5, "length": 100000,')
    process = tree.start("run", "--jobs", jobs, start_new_session=True)
    wait_for(lambda: len(list(tree.results.glob("*/*.json"))) >= 1)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    survived = tree.records()
    assert 1 <= len(survived) < 4
    assert all(record["measured"]["value"] >= 10 for record in survived.values())
    begun = tree.ran()
    assert len(begun) - len(survived) <= int(jobs)

    assert tree("run", "--jobs", "2")[0] == 0
    assert set(tree.records()) == ALL and tree("status")[0] == 0
    again = {run for run, times in tree.ran().items() if times > 1}
    assert len(again) == len(begun) - len(survived)


def test_a_draft_that_a_killed_write_left_is_removed(tree):
    draft = tree.results / "from-ten" / ".0-abc.part"
    draft.parent.mkdir(parents=True)
    draft.write_text('{"key": ')
    os.utime(draft, (0, 0))
    assert tree("run", "--jobs", "1")[0] == 0
    assert set(tree.records()) == ALL


def test_an_interrupt_says_how_to_go_on(tree):
    tree.edit(tree.catalogue, '"start": 10,', '"start": 10, "takes": 0.5,')
    # What a shell starts in the background ignores the interrupt, and so do its children; here it has to be heard.
    listen = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = tree.start("run", "--jobs", "1", start_new_session=True, **listen)
    wait_for(lambda: len(list(tree.results.glob("*/*.json"))) >= 1)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert "the same command goes on" in output and "Traceback" not in errors
    assert 1 <= len(tree.records()) < 4


def test_a_full_disk_stops_the_run_and_leaves_whole_records(tree):
    tree.edit(tree.catalogue, '"start": 100,', '"start": 100, "length": 20000,')
    limit = 10000  # bytes in a file: enough for every record but the long one
    status, _, errors = tree(
        "run", "--jobs", "1", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    )
    assert status == 1 and "stopped: " in errors and "records that are there are whole" in errors
    assert set(tree.records()) == ALL - {"from-100-slowly/0.json"}
    assert tree("run", "--jobs", "1")[0] == 0
    assert set(tree.records()) == ALL and set(tree.ran().values()) == {1, 2}


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch, fails):
    path = tmp_path / "model" / "0.json"
    records.write(path, {"key": "old", "measured": {}})

    def no_space(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, fails, no_space)
    with pytest.raises(OSError, match="No space"):
        records.write(path, {"key": "new", "measured": {}})
    assert records.read(path)["key"] == "old"
    assert [file.name for file in path.parent.iterdir()] == ["0.json"]


def test_code_that_changes_while_it_runs_is_noticed(tree):
    tree.edit(tree.catalogue, '"start": 10,', '"start": 10, "takes": 2,')
    process = tree.start("run", "--jobs", "1", "--seeds", "1", "--only", "From ten", "tiny")
    wait_for(lambda: tree.ran())
    tree.edit(tree.work, "+ seed", "+ 2 * seed")
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1 and "are not those that this command began with" in errors
    assert tree.records() == {}


CLUSTER = """\
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    threads = int(sys.argv[1])
    with LocalCluster(n_workers=2, threads_per_worker=threads, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def cluster(tree):
    """Return a function that starts a Dask cluster on this machine and returns its address."""
    (tree.folder / "cluster.py").write_text(CLUSTER)
    processes = []

    def start(threads=1, environment=None):
        process = tree.start(str(threads), module="cluster", environment=environment, stdin=subprocess.PIPE)
        processes.append(process)
        address = process.stdout.readline().strip()
        assert address.startswith("tcp://"), process.communicate(timeout=10)[1]
        return address

    yield start
    for process in processes:
        process.communicate("", timeout=30)


def test_a_dask_cluster_gives_the_same_records(tree, cluster):
    tree.edit(tree.catalogue, '"start": 10,', '"start": 10, "fails": [1],')
    address = cluster()
    assert tree("run", "--jobs", "2")[0] == 1
    here = tree.records()
    shutil.rmtree(tree.results)
    status, output, errors = tree("run", "--dask", address)
    assert status == 1 and "3 of 4 runs stored, 1 failed" in output
    assert "RuntimeError: cannot count any further" in errors
    there = tree.records()
    assert tree("status")[1].count("3 fresh") == 1
    vary = {"seconds", "date", "threads"}
    assert {path: {k: v for k, v in record.items() if k not in vary} for path, record in here.items()} == {
        path: {k: v for k, v in record.items() if k not in vary} for path, record in there.items()
    }


def test_workers_of_a_cluster_that_cannot_do_it_are_refused(tree, cluster, tmp_path_factory):
    status, _, errors = tree("run", "--dask", cluster(threads=2))
    assert status == 2 and "workers with [2] threads; start them with --nthreads 1" in errors
    # The workers find another version of the project than the runner.
    other = Tree(tmp_path_factory.mktemp("other"))
    other.edit(other.work, "+ seed", "+ 2 * seed")
    other.edit(other.catalogue, "LOG = ", f"LOG = {str(tree.log)!r} or ")
    environment = {**tree.environment, "PYTHONPATH": f"{other.folder}:{tree.folder}"}
    (other.folder / "cluster.py").write_text(CLUSTER)
    process = other.start("1", module="cluster", environment=environment, stdin=subprocess.PIPE)
    status, _, errors = tree("run", "--dask", process.stdout.readline().strip())
    process.communicate("", timeout=30)
    assert status == 1 and "are not those that this command began with" in errors
    assert tree.records() == {}


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["run", "tinny"], "there is no experiment 'tinny'; there are: tiny"),
        (["status", "tinny"], "there is no experiment 'tinny'; there are: tiny"),
        (["table", "tinny"], "there is no experiment 'tinny'; there are: tiny"),
        (["run", "tiny", "--seeds", "4"], "seeds: got 4, expected 1 to 3"),
        (["run", "tiny", "--seeds", "0"], "seeds: got 0, expected 1 to 3"),
        (["run", "tiny", "--seeds", "two"], "invalid int value: 'two'"),
        (["run", "tiny", "--only", "From 1"], "no model 'From 1'; it has 'From ten', 'From 100, slowly'"),
        (["run", "--only", "From ten"], "--only: name the one experiment"),
        (["run", "--jobs", "0"], "jobs: got 0, expected 1 or more"),
        (["run", "--threads", "-1"], "threads: got -1, expected 1 or more"),
        (["run", "--dask", "tcp://127.0.0.1:9", "--jobs", "2"], "leave --jobs out"),
        (["run", "--dask", "nowhere"], "no scheduler answers at 'nowhere'"),
        (["table", "tiny"], "`python -m experiments run tiny` makes them"),
    ],
)
def test_mistakes_are_named(tree, arguments, says):
    status, _, errors = tree(*arguments)
    assert status in (1, 2) and says in errors, errors
    assert "Traceback" not in errors
    assert not tree.log.exists()


def test_nobody_answers_at_the_address(tree):
    tree.edit(tree.folder / "experiments" / "runner.py", "DASK_PATIENCE = 20", "DASK_PATIENCE = 1")
    status, _, errors = tree("run", "--dask", "tcp://127.0.0.1:9")
    assert status == 2 and "no scheduler answers at 'tcp://127.0.0.1:9'" in errors


def test_a_run_under_a_cap_is_refused(tree):
    status, _, errors = tree("run", environment={**tree.environment, "BOOK_EPOCHS": "1"})
    assert status == 2 and "BOOK_EPOCHS is set" in errors and not tree.results.exists()


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: Model("a", settings={"sizes": (1, 2)}), "settings of 'a'"),
        (lambda: Model("a", settings={"rate": float("nan")}), "settings of 'a'"),
        (lambda: Model("a", settings={1: 2}), "settings of 'a'"),
        (lambda: Model("a", run="experiments.work.networks"), "expected 'package.module:function'"),
        (lambda: Model("a", seeds=[]), "seeds of 'a'"),
        (lambda: Model("a", seeds=[1, 1]), "seeds of 'a'"),
        (lambda: Experiment("two", "", [Model("A b"), Model("a-b")]), "differ in letters or digits"),
        (lambda: Experiment("none", "", []), "got none"),
        (lambda: Experiment("Two", "", [Model("a")]), "name of a module"),
        (lambda: Experiment("two", "", [Model("a")], seeds=[-1]), "seeds of two"),
    ],
)
def test_definitions_that_make_no_sense_are_refused(make, says):
    with pytest.raises(NotDefined, match=re.escape(says)):
        make()


def test_the_runner_does_not_import_tensorflow(tree):
    program = "import sys, experiments.__main__; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=os.environ).returncode == 0


# What is run.

TINY = {"wires": {"maxlen": 25}, "text": {"timesteps": 24}, "network": {"embedding": 4, "units": 3}}


@pytest.mark.parametrize(
    "settings, build",
    [
        ({"text": {"as": "amounts"}, "network": {"reader": "simple_rnn"}}, "vanilla_rnn"),
        ({"text": {"as": "amounts"}, "network": {"reader": "simple_rnn", "layers": 2}}, "stacked_vanilla_rnn"),
        ({"text": {"as": "amounts"}}, "lstm"),
        ({"text": {"as": "amounts"}, "network": {"layers": 2}}, "stacked_lstm"),
        ({"network": {"reader": "cnn", "units": 64, "embedding": 32, "mask": False}}, "cnn"),
        ({"network": {"reader": "flat", "hidden": [64], "embedding": 32, "mask": False}}, "positional_mlp"),
        (
            {"wires": {"num_words": 10000}, "text": {"as": "bag"}, "network": {"reader": "none", "hidden": [64, 64]}},
            "mlp",
        ),
    ],
)
def test_the_network_of_some_settings_is_that_of_the_chapters(settings, build):
    from experiments.work import networks
    from helpers import models

    full = networks.complete(settings)
    network = networks.build(full["network"], full["text"], full["wires"]["num_words"], seed=3)
    expected = getattr(models, build)(seed=3)
    assert [type(layer) for layer in network.layers] == [type(layer) for layer in expected.layers]
    for ours, theirs in zip(network.get_weights(), expected.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def test_a_network_answers_for_every_test_wire_and_reports_on_its_training():
    from experiments.work.networks import train
    from helpers.data import load_reuters

    tune = [{"training": {"learning_rate": 0.1}}, {"network": {"units": 2}}]
    measured = train({**TINY, "training": {"epochs": 2}, "tune": tune}, seed=0)
    _, (x_test, _) = load_reuters(num_words=30000, maxlen=25, test_split=0.3)
    assert len(measured["answers"]) == len(x_test) and set(measured["answers"]) <= set(range(46))
    assert measured["epochs"] == 2 and set(measured["curves"]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    kept = measured["kept_epoch"] - 1
    assert measured["validation"]["loss"] == min(measured["curves"]["val_loss"])
    assert measured["validation"]["accuracy"] == measured["curves"]["val_accuracy"][kept]
    assert [tried["loss"] for tried in measured["tried"]][measured["chosen"]] == measured["validation"]["loss"]
    units = (3, 2)[measured["chosen"]]
    assert measured["reader_parameters"] == 4 * units * (4 + units + 1)
    assert measured["parameters"] == 30000 * 4 + measured["reader_parameters"] + 46 * (units + 1)
    assert train({**TINY, "training": {"epochs": 2}, "tune": tune}, seed=0) == measured


def test_without_held_out_wires_all_are_trained_on():
    from experiments.work.networks import train

    measured = train({**TINY, "training": {"epochs": 1, "held_out": 0.0}}, seed=0)
    assert measured["validation"] is None and set(measured["curves"]) == {"loss", "accuracy"}


def test_texts_become_arrays_as_the_settings_say():
    from experiments.work.networks import CLOSING, bag, complete, padded

    wires = [[1, 5, 6, 7, *CLOSING], [1, 9]]
    closing = wires[0][-2:]

    def ids(**text):
        return padded(wires, complete({"text": text})["text"], np.random.default_rng(0)).tolist()

    assert ids(timesteps=7) == [[1, 5, 6, 7, *closing, 0], [1, 9, 0, 0, 0, 0, 0]]
    assert ids(timesteps=7, padding="pre") == [[0, 1, 5, 6, 7, *closing], [0, 0, 0, 0, 0, 1, 9]]
    assert ids(timesteps=3) == [[1, 5, 6], [1, 9, 0]]
    assert ids(timesteps=3, cut="pre") == [[7, *closing], [1, 9, 0]]
    row = ids(timesteps=6, shuffled=True)[0]
    assert row[0] == 1 and row[-2:] == closing and sorted(row[1:-2]) == [5, 6, 7]
    text = complete({"text": {"shuffled": True}})["text"]
    orders = {tuple(padded(wires, text, np.random.default_rng(seed))[0]) for seed in range(20)}
    assert len(orders) == 6
    assert bag([[1, 3, 3]], 5).tolist() == [[0, 1, 0, 1, 0]]


def test_class_weights_are_those_of_keras():
    import keras

    from experiments.work.networks import class_weights, loss

    y = np.array([3, 3, 3, 3, 4, 4, 5])
    weights = class_weights(y, 1.0)
    assert [weights[topic] * count for topic, count in ((3, 4), (4, 2), (5, 1))] == pytest.approx([7 / 3] * 3)
    assert weights[0] == weights[5] and class_weights(y, 0.0).tolist() == [1.0] * 46

    def trained(loss, **settings):
        keras.utils.set_random_seed(0)
        network = keras.Sequential([keras.Input((7,)), keras.layers.Dense(46, activation="softmax")])
        network.compile(optimizer="sgd", loss=loss)
        network.fit(np.eye(7), np.eye(46)[y], batch_size=7, epochs=3, verbose=0, **settings)
        return network.get_weights()

    with_keras = trained("categorical_crossentropy", class_weight=dict(enumerate(weights.tolist())))
    for ours, theirs in zip(trained(loss({"class_weights": 1.0}, y)), with_keras, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-6)
    assert loss({"class_weights": 0.0}, y) == "categorical_crossentropy"


def test_the_maximum_over_time_passes_over_the_padding():
    from experiments.work.networks import build, complete

    full = complete({"network": {"pooling": "max", "bidirectional": True}, "text": {"timesteps": 6}})
    network = build(full["network"], full["text"], 10, seed=0)
    short = build(full["network"], {**full["text"], "timesteps": 3}, 10, seed=0)
    ids = np.array([[4, 5, 6]])
    padded = np.array([[4, 5, 6, 0, 0, 0]])
    assert network.predict(padded, verbose=0) == pytest.approx(short.predict(ids, verbose=0), abs=1e-6)


@pytest.mark.parametrize(
    "settings, says",
    [
        ({"networks": {}}, "no setting 'networks'"),
        ({"network": {"unit": 3}}, "no setting 'unit'"),
        ({"network": {"reader": "rnn"}}, "expected one of simple_rnn, gru, lstm"),
        ({"tune": [{"training": {"rate": 1}}]}, "no setting 'rate'"),
        ({"tune": [{}, {}], "training": {"held_out": 0.0}}, "choosing needs held-out wires"),
    ],
)
def test_settings_that_do_not_exist_are_refused(settings, says):
    from experiments.work.networks import complete

    with pytest.raises(ValueError, match=says):
        complete(settings)


@pytest.mark.parametrize("method, share", [("majority", 0.7479), ("keywords", 0.8481), ("svm", 0.9215)])
def test_the_baselines_are_those_of_the_chapters(method, share):
    from experiments.work.baselines import answer
    from helpers.data import load_reuters

    strengths = {"strengths": [0.5]} if method == "svm" else {}
    measured = answer({"wires": definition.ARTICLE, "method": method, **strengths}, seed=0)
    _, (_, y_test) = load_reuters(**definition.ARTICLE)
    assert np.mean(np.array(measured["answers"]) == y_test) == pytest.approx(share, abs=0.002)


def test_a_strength_is_chosen_on_the_training_wires():
    from experiments.work.baselines import answer

    settings = {"wires": {"maxlen": 30}, "method": "naive bayes", "strengths": [0.01, 1000.0]}
    measured = answer(settings, seed=0)
    assert measured["strength"] == 0.01
    assert measured["cross_validation"][0] > measured["cross_validation"][1]
    with pytest.raises(ValueError, match="expected a method of majority"):
        answer({"wires": {}, "method": "guess"}, seed=0)


def test_the_ngram_is_kneser_ney():
    from experiments.work.language import NGram, discounts

    # 1 is the start mark. Bigrams: (1 2), (2 3), (3 2), (2 3), (1 3), (3 4)
    model = NGram(2, num_words=6).fit([[1, 2, 3, 2, 3], [1, 3, 4]])
    # A single word counts by the words that it comes after: 2 after 1 and 3, 3 after 2 and 1, 4 after 3.
    assert model.counts[0] == {(2,): 2, (3,): 2, (4,): 1}
    low, high = (discounts(counts) for counts in model.counts)
    assert model.discounts == [low, high]

    def single(count):
        return (count - low[min(count, 3)]) / 5 + (low[1] + 2 * low[2]) / 5 / 4

    freed = (high[1] + high[1]) / 2  # after 3: 2 and 4, once each
    assert model.probability(4, (3,)) == pytest.approx((1 - high[1]) / 2 + freed * single(1))
    assert model.probability(3, (3,)) == pytest.approx(freed * single(2))
    assert model.probability(5, (5,)) == pytest.approx(single(0))  # a context that was never seen
    assert model.guess((2,)) == 3


def test_the_probabilities_of_all_words_add_up_to_one():
    from experiments.work.language import NGram
    from helpers.data import load_reuters

    (wires, _), _ = load_reuters(num_words=200, maxlen=30)
    model = NGram(4, num_words=200).fit(wires)
    contexts = [(), (1,), tuple(wires[0][:3]), tuple(wires[5][4:7]), (199, 2, 198)]
    for context in contexts:
        values = [model.probability(word, context) for word in range(2, 200)]
        assert sum(values) == pytest.approx(1) and min(values) > 0
        assert model.probability(model.guess(context), context) == pytest.approx(max(values))


@pytest.mark.parametrize("model", ["window", "lstm"])
def test_a_network_is_measured_by_what_it_says_of_the_words_that_are_there(model):
    from experiments.work.language import predict
    from helpers.data import load_reuters

    wires = {"num_words": 50, "maxlen": 20, "test_split": 0.5}
    settings = {"wires": wires, "model": model, "embedding": 8, "units": 8}
    measured = predict({**settings, "epochs": 12, "learning_rates": [1e-4, 1e-2]}, seed=0)
    _, (test, _) = load_reuters(**wires)
    assert measured["words"] == sum(len(ids) - 1 for ids in test)
    assert len(measured["loss_by_position"]) == max(len(ids) - 1 for ids in test)
    frequencies = predict({"wires": wires, "model": "ngram", "orders": [1]}, seed=0)
    assert frequencies["words"] == measured["words"]
    # Padding is no word: it takes part neither in the loss that is trained on, nor in the perplexity.
    assert 1 < measured["perplexity"] < frequencies["perplexity"] < 48
    kept = min(measured["curves"]["val_loss"])
    assert measured["validation_perplexity"] == pytest.approx(np.exp(kept), rel=0.05)
    assert measured["learning_rate"] == 1e-2 and measured["tried"][0] > measured["tried"][1]


# The catalogue, and what it has been found to be.


def test_every_experiment_of_the_catalogue_can_be_run():
    hashes, folders = records.Hashes(), set()
    for name in definition.names():
        experiment = definition.find(name)
        for model in experiment.models:
            hashes.of(model.run, model.settings)
            folders.add((name, model.slug))
        assert experiment.minutes, f"{name}: measure how long it takes, and say so in minutes="
    assert folders


def test_no_record_is_stale_or_belongs_to_nothing():
    hashes, wrong = records.Hashes(), []
    for name in definition.names():
        experiment = definition.find(name)
        for model, seed in experiment.runs():
            state, why = records.state_of(experiment, model, seed, hashes)
            if state == records.STALE:
                wrong.append(f"{name}, {model.name}, seed {seed} ({why})")
        wrong += map(str, records.strays(experiment))
    known = {*definition.names()}
    wrong += [str(folder) for folder in records.RESULTS.glob("*") if folder.name not in known]
    assert not wrong


def test_no_run_is_missing_that_a_chapter_shows():
    """What no page shows yet may be under way; ``python -m experiments status`` tells how far it is."""
    code = ""
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code += "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    hashes = records.Hashes()
    found = {}
    for name in definition.names():
        # A chapter reads rows, ("experiment", "model"), or else the whole experiment.
        rows = re.findall(rf"""\(\s*"{name}",\s*"([^"]+)",?\s*\)""", code)
        if not re.search(rf"""["']{name}["']""", code):
            continue
        experiment = definition.find(name)
        whole = len(re.findall(rf"""["']{name}["']""", code)) > len(rows)
        found[name] = [model for model in experiment.models if whole or model.name in rows]
        shown = [(model, seed) for model, seed in experiment.runs() if model in found[name]]
        states = [records.state_of(experiment, model, seed, hashes)[0] for model, seed in shown]
        assert records.MISSING not in states, f"python -m experiments run {name}"
        assert records.is_listed(experiment, hashes), f"python -m experiments run {name}"
    assert len(found["success_against_lag"]) == len(definition.find("success_against_lag").models)
    assert 1 < len(found["article_controls"])


def test_an_answer_of_the_run_that_broke_off_is_not_taken_for_another_task_s():
    def parallel(jobs):
        jobs = list(jobs)
        if len(jobs) > 1:
            raise TerminatedWorkerError("a worker was killed")
        [(_, (number, *_), _)] = jobs
        return [(1 - number, {"from": 1 - number}), (number, {"from": number})]  # the first one comes late

    model = Model("one", run="package.module:function")
    experiment = Experiment(name="tiny", title="Tiny", models=[model])
    tasks = [runner.Task(experiment, model, seed, {"key": "k"}) for seed in (0, 1)]
    found = runner.outcomes(parallel, iter(tasks), threads=1)
    assert [(task.seed, outcome["from"]) for task, outcome in found] == [(0, 0), (1, 1)]
