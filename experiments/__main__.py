"""``python -m experiments``: run what the catalogue defines, and see how far it has come.

A run that is stored is never run again while its settings, code and data are the same. ``run`` does what is missing;
records that have become stale it reports and leaves alone, unless told ``--stale``.
"""

import argparse
import sys

from experiments import definition, records, runner


def main(arguments=None):
    """Do what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m experiments", description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("run", help="run what is missing, and store it")
    command.add_argument("names", nargs="*", metavar="NAME", help="experiments; all of them if none is named")
    command.add_argument("--seeds", type=int, metavar="N", help="only the first N seeds of each model")
    command.add_argument("--only", metavar="MODEL", help="only the model of this name (with one NAME)")
    command.add_argument("--jobs", type=int, metavar="N", help="runs at a time; one a core if not given")
    command.add_argument("--threads", type=int, metavar="N", help="threads of each run; cores / jobs if not given")
    command.add_argument("--dask", metavar="ADDRESS", help="run on the Dask cluster of this scheduler")
    command.add_argument("--stale", action="store_true", help="run again what is stale, too")
    command.set_defaults(function=run)

    command = commands.add_parser("list", help="list the experiments and their models")
    command.set_defaults(function=show_list)

    command = commands.add_parser("status", help="show what is there, missing and stale; exit 1 unless all is fresh")
    command.add_argument("names", nargs="*", metavar="NAME")
    command.set_defaults(function=show_status)

    command = commands.add_parser("table", help="print the results of an experiment")
    command.add_argument("name", metavar="NAME")
    command.add_argument("--sound", action="store_true", help="only test wires with their own text and one topic")
    command.add_argument("--incomplete", action="store_true", help="even if runs are missing or stale")
    command.set_defaults(function=show_table)

    options = parser.parse_args(arguments)
    try:
        return options.function(options)
    except (definition.NotDefined, runner.CannotRun) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"stopped: {error}. The records that are there are whole; the same command goes on", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(options):
    experiments = [definition.find(name) for name in options.names or definition.names()]
    if options.only is not None and len(options.names) != 1:
        raise definition.NotDefined("--only: name the one experiment that has this model")
    names = ("seeds", "only", "jobs", "threads", "dask", "stale")
    failed = runner.run(experiments, **{name: getattr(options, name) for name in names})
    return 1 if failed else 0


def show_list(options):
    for name in definition.names():
        experiment = definition.find(name)
        print(f"{name}: {experiment.title} ({len(experiment.runs())} runs{_minutes(experiment)})")
        for model in experiment.models:
            print(f"    {model.name} ({_count(len(model.seeds or experiment.seeds), 'seed')})")
    return 0


def show_status(options):
    hashes, good = records.Hashes(), True
    width = max(map(len, definition.names()), default=0)
    for name in options.names or definition.names():
        experiment = definition.find(name)
        states, seconds, reasons = [], 0, {}
        for model, seed in experiment.runs():
            state, why = records.state_of(experiment, model, seed, hashes)
            states.append(state)
            if state == records.STALE:
                reasons.setdefault(why, []).append(model.name)
            elif state == records.FRESH:
                seconds += records.read(records.path_of(experiment, model, seed))["seconds"]
        counts = "  ".join(f"{states.count(state):>4} {state}" for state in ("fresh", "stale", "missing"))
        print(f"{name:<{width}}  {counts}  {seconds / 60:6.1f} minutes spent{_minutes(experiment)}")
        for why, models in reasons.items():
            print(f"    stale (changed: {why}): {', '.join(dict.fromkeys(models))}")
        listed = records.is_listed(experiment, hashes)
        if not listed and records.manifest_path(experiment).exists():
            print(f"    the list of its models is out of date: python -m experiments run {name}")
        strays = records.strays(experiment)
        for path in strays:
            print(f"    belongs to no run: {path.relative_to(records.ROOT)}")
        good = good and listed and not strays and set(states) == {records.FRESH}
    return 0 if good else 1


def show_table(options):
    definition.find(options.name)
    from helpers import results

    try:
        results.table(options.name, sound_only=options.sound, incomplete=options.incomplete)
    except results.NoResults as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _minutes(experiment):
    return "" if experiment.minutes is None else f", about {experiment.minutes:g} minutes on one thread"


def _count(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


if __name__ == "__main__":
    sys.exit(main())
