"""Measure one part after another, and write the page "How fast it trains".

A part that this machine has measured with the same versions within the last twelve hours is not measured again,
so a run that was interrupted goes on where it stopped. ``python -m benchmarks table`` only writes the page.
"""

import argparse
import importlib
import os
import time
from pathlib import Path

from benchmarks import record

PARTS = {
    "epoch": "an epoch: plain Keras, helpers.training.fit, PyTorch, and the arithmetic alone",
    "run": "whole runs of 200 epochs, compilation included",
    "book": "running, testing and building the book",
    "pages": "how soon a reader sees a chapter, and its weight",
    "grading": "grading a class",
    "growth": "how an epoch grows with length, units, batch, seeds and processes",
    "profile": "where the time of a plain fit goes",
}


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join([*PARTS, "table"]))
    parser.add_argument("--again", action="store_true", help="measure even what was measured just now")
    parser.add_argument(
        "--small", action="store_true", help="tiny sizes, to try the programs; with --results"
    )
    parser.add_argument("--results", type=Path, default=record.RESULTS, help="folder of the JSON files")
    options = parser.parse_args(arguments)
    for name in options.parts:
        if name not in [*PARTS, "table"]:
            parser.error(f"PART: got {name!r}, expected one of {', '.join([*PARTS, 'table'])}")
    if options.small and options.results == record.RESULTS:
        parser.error("--small: its numbers mean nothing; name another folder with --results")

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.pop("BOOK_EPOCHS", None)
    parts = [name for name in PARTS if name in options.parts or not options.parts]
    for number, name in enumerate(parts, start=1):
        print(f"[{number}/{len(parts)}] {name}: {PARTS[name]}", flush=True)
        if not options.again and record.is_recent(name, options.results):
            print("  measured just now; --again measures it again", flush=True)
            continue
        start = time.perf_counter()
        part = importlib.import_module(f"benchmarks.{name}")
        part.measure(record.Record(name, options.results), small=options.small)
        print(f"  done in {time.perf_counter() - start:.0f} s", flush=True)
    if options.results == record.RESULTS:
        from benchmarks import page

        print(f"{page.PAGE}: {'written' if page.update() else 'up to date'}")


if __name__ == "__main__":
    main()
