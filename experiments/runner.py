"""Run what is missing of an experiment, several runs at a time, and store each as soon as it is done.

Runs go through joblib: into processes of this machine, or to a Dask cluster. Only the process that was started writes
records. Each is written whole or not at all, so whatever ends a run early costs the runs in flight and nothing else.
"""

import contextlib
import datetime
import importlib
import importlib.metadata
import io
import json
import os
import platform
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from experiments import records
from experiments.definition import NotDefined
from helpers.budget import VARIABLE, is_full_run

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "joblib")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
DASK_PATIENCE = 20  # seconds to wait for a scheduler, or for its first worker


class CannotRun(Exception):
    """Nothing was run; the message says why."""


@dataclass(frozen=True)
class Task:
    """One run that is to be done."""

    experiment: object
    model: object
    seed: int
    hashes: dict  # what the code, the data and the settings are now

    def __str__(self):
        return f"{self.experiment.name} · {self.model.name} · seed {self.seed}"


def run(experiments, *, seeds=None, only=None, jobs=None, threads=None, dask=None, stale=False):
    """Run what is missing, print what happens, and tell how many runs failed.

    Parameters
    ----------
    experiments : list of Experiment
    seeds : int, optional
        Only the first so many seeds of each model.
    only : str, optional
        Only the model of that name.
    jobs : int, optional
        Runs at a time, by default one a core.
    threads : int, optional
        Threads of each run, by default cores / jobs; on a Dask cluster 1.
    dask : str, optional
        Address of a Dask scheduler, such as ``"tcp://10.0.0.1:8786"``. Its workers must have this project on their
        Python path, and one thread each.
    stale : bool
        Run again what is stale, too.

    Returns
    -------
    int
        The number of runs that failed.

    Raises
    ------
    CannotRun, NotDefined
        If there is something wrong with the arguments; then nothing has been run.
    OSError
        If a record cannot be written. The records that are there are whole.
    """
    if not is_full_run():
        raise CannotRun(f"{VARIABLE} is set, and a run under a cap can never be stored; unset it and run again")
    cores = available_cores()
    for name, value in (("jobs", jobs), ("threads", threads)):
        if value is not None and value < 1:
            raise NotDefined(f"{name}: got {value}, expected 1 or more")
    if dask and jobs:
        raise NotDefined("jobs: on a Dask cluster there are as many runs at a time as it has workers; leave --jobs out")
    jobs = jobs or cores
    threads = threads or (1 if dask else max(1, cores // jobs))

    hashes = records.Hashes()
    tasks = [task for experiment in experiments for task in to_do(experiment, hashes, seeds, only, stale)]
    for experiment in experiments:
        records.clean(experiment)
        if not records.is_listed(experiment, hashes):
            records.write(records.manifest_path(experiment), records.manifest(experiment, hashes))
    if not tasks:
        return 0

    failures, stored = [], 0
    with cluster(dask, min(jobs, len(tasks)), threads) as parallel, progress(len(tasks)) as tell:
        try:
            for task, outcome in outcomes(parallel, still_missing(tasks), threads):
                if "error" in outcome:
                    failures.append((task, outcome["error"]))
                    tell(f"{task}: FAILED")
                    continue
                records.write(records.path_of(task.experiment, task.model, task.seed), outcome)
                stored += 1
                tell(f"{task}: {outcome['seconds']:.0f} s")
        except KeyboardInterrupt:
            print(f"\ninterrupted: {stored} of {len(tasks)} runs are stored; the same command goes on from there")
            raise
    for task, error in failures:
        print(f"\n{task} failed:\n{error.rstrip()}", file=sys.stderr)
    print(f"{stored} of {len(tasks)} runs stored" + (f", {len(failures)} failed" if failures else ""), flush=True)
    return len(failures)


def to_do(experiment, hashes, seeds, only, stale):
    """Return the tasks of an experiment that are missing (or stale, if those are asked for), and say how many."""
    states = [
        (model, seed, *records.state_of(experiment, model, seed, hashes))
        for model, seed in experiment.runs(seeds, only)
    ]
    wanted = (records.MISSING, records.STALE) if stale else (records.MISSING,)
    tasks = [
        Task(experiment, model, seed, hashes.of(model.run, model.settings))
        for model, seed, state, _ in states
        if state in wanted
    ]
    outdated = [why for _, _, state, why in states if state == records.STALE]
    fresh = len(states) - len(tasks) - (0 if stale else len(outdated))
    line = f"{experiment.name}: {fresh} of {len(states)} runs are there, {len(tasks)} to do"
    if outdated and not stale:
        why = "; ".join(sorted(set(outdated)))
        line += f"; {len(outdated)} stale (changed: {why}), left alone: --stale runs them again"
    print(line, flush=True)
    return tasks


def still_missing(tasks):
    """Yield the tasks one by one, but for those that somebody else has done meanwhile."""
    for task in tasks:
        record = records.read(records.path_of(task.experiment, task.model, task.seed))
        if record is None or record["key"] != task.hashes["key"]:
            yield task


def outcomes(parallel, tasks, threads):
    """Yield each task with what came of it, in the order in which they end.

    When a process dies (it crashed, or the system killed it for its memory), nobody can tell which task it was. Those
    that have not ended then run one at a time, so that only the guilty one fails. On a Dask cluster joblib (1.6) never
    hears of a task that killed its worker as often as Dask allows: the command waits for it until it is interrupted.
    """
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    given, ended = [], set()

    def jobs():
        for number, task in enumerate(tasks):
            given.append(task)
            yield job(number, task, threads)

    source = jobs()
    try:
        for number, outcome in parallel(source):
            ended.add(number)
            yield given[number], outcome
        return
    except TerminatedWorkerError:
        given += list(tasks)
    for number, task in enumerate(given):
        if number in ended:
            continue
        try:
            # by its number: of the run that broke off, answers may still come along
            outcome = dict(parallel([job(number, task, threads)]))[number]
        except TerminatedWorkerError:
            outcome = {"error": "its process died: it crashed, or the system killed it for the memory it took"}
        yield task, outcome


def job(number, task, threads):
    """Return a task as joblib wants it: plain data, and a function that a worker can import."""
    from joblib import delayed

    model = task.model
    names = (task.experiment.name, model.name)
    return delayed(work)(number, *names, model.run, model.settings, task.seed, task.hashes, threads)


def work(number, experiment, model, run, settings, seed, hashes, threads):
    """Do one run, in a worker: return its number and its record, or its number and ``{"error": text}``."""
    import threadpoolctl

    # For what has yet to be imported, TensorFlow above all.
    os.environ.update(dict.fromkeys(THREADS, str(threads)), TF_CPP_MIN_LOG_LEVEL="3")
    printed = io.StringIO()
    try:
        start, date = time.perf_counter(), datetime.datetime.now(datetime.UTC)
        module, _, function = run.partition(":")
        with contextlib.redirect_stdout(printed), threadpoolctl.threadpool_limits(threads):
            measured = getattr(importlib.import_module(module), function)(json.loads(json.dumps(settings)), seed)
        seconds = time.perf_counter() - start
        if not isinstance(measured, dict):
            raise TypeError(f"{run} returned {type(measured).__name__}, expected a dict of measurements")
        measured = json.loads(json.dumps(measured, allow_nan=False))
        # On a cluster the worker may have another version of the project; here somebody may have edited it.
        if records.Hashes().of(run, settings) != hashes:
            raise RuntimeError("the code or the data are not those that this command began with; run it again")
    except Exception:
        return number, {"error": f"{printed.getvalue()[-2000:]}\n{traceback.format_exc()}".lstrip()}
    return number, {
        "experiment": experiment,
        "model": model,
        "seed": seed,
        **hashes,
        "run": run,
        "settings": settings,
        "measured": measured,
        "seconds": round(seconds, 2),
        "date": date.isoformat(timespec="seconds"),
        "threads": threads,
        "machine": machine(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


@contextlib.contextmanager
def cluster(address, jobs, threads):
    """Give the `joblib.Parallel` that runs tasks: on this machine, or on the Dask cluster at an address.

    Raises
    ------
    CannotRun
        If there is no such cluster, or it cannot run the tasks.
    """
    # Processes that are started from here on inherit this.
    os.environ.update(dict.fromkeys(THREADS, str(threads)), TF_CPP_MIN_LOG_LEVEL="3")
    import joblib

    settings = {"return_as": "generator_unordered", "batch_size": 1}
    if address is None:
        yield joblib.Parallel(n_jobs=jobs, backend="loky", **settings)
        return
    try:
        import distributed
    except ImportError:
        raise CannotRun("--dask needs the package distributed: pip install distributed") from None
    try:
        client = distributed.Client(address, timeout=DASK_PATIENCE)
    except (OSError, ValueError) as error:
        raise CannotRun(
            f"dask: no scheduler answers at {address!r}, expected an address such as tcp://10.0.0.1:8786 ({error})"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=DASK_PATIENCE)
        except TimeoutError:
            raise CannotRun(f"dask: the scheduler at {address} has no workers") from None
        nthreads = set(client.nthreads().values())
        if nthreads != {1}:
            # Two runs in one process would draw from the same random numbers.
            raise CannotRun(f"dask: workers with {sorted(nthreads)} threads; start them with --nthreads 1")
        with joblib.parallel_config(backend="dask"):
            yield joblib.Parallel(**settings)


@contextlib.contextmanager
def progress(total):
    """Show a bar while runs are going on; give a function that says that one has ended."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    console = Console(highlight=False, soft_wrap=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, speed_estimate_period=3600) as bar:
        task = bar.add_task("", total=total)

        def tell(line):
            now = datetime.datetime.now().strftime("%H:%M:%S")
            console.print(f"{now}  {line}", markup=False)
            bar.advance(task)

        yield tell


def available_cores():
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine():
    """Return what a time depends on."""
    cpuinfo, processor = Path("/proc/cpuinfo"), platform.processor()
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        processor = names[0].split(":", 1)[1].strip() if names else processor
    return {
        "processor": processor or "unknown",
        "cores": available_cores(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def version(package):
    """Return the version of a package, or None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
