"""What a maintainer waits for: running the chapters, trying them with one epoch, building, importing."""

import json
import os
import statistics
import subprocess
import sys
import time

from benchmarks.record import ROOT
from scripts.numbers_page import chapters

IMPORTS = ("helpers", "helpers.budget", "helpers.data", "helpers.scores", "helpers.claims")
# As in `make test`.
OPTIONS = "--nbval-lax --nbval-current-env --nbval-cell-timeout=300 --numprocesses=2 --dist=loadfile"
ONE_EPOCH = ["-m", "pytest", *OPTIONS.split(), "book"]
STAMP = ROOT / "_build" / ".site-built"


def measure(record, small=False):
    results = {"execution": {}, "import": {}}
    for path in chapters(ROOT):
        book = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("book", {})
        results["execution"][path.stem] = book.get("seconds")
    for module in IMPORTS:
        program = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        results["import"][module] = statistics.median(
            float(run([sys.executable, "-c", program]).stdout) for _ in range(1 if small else 6)
        )
        print(f"  import {module}: {results['import'][module]:.2f} s", flush=True)
    record.save(results)
    if not small:
        STAMP.unlink(missing_ok=True)
        for name in ("build", "unchanged build"):
            results[name] = seconds(["make", "book"])
            print(f"  {name}: {results[name]:.1f} s", flush=True)
            record.save(results)
        results["one epoch"] = seconds([sys.executable, *ONE_EPOCH], BOOK_EPOCHS="1", OMP_NUM_THREADS="1")
        print(f"  every notebook with one epoch: {results['one epoch']:.0f} s", flush=True)
    record.save(results, complete=True)


def seconds(command, **variables):
    start = time.perf_counter()
    run(command, **variables)
    return time.perf_counter() - start


def run(command, **variables):
    """Run a command in the project's folder; raise a RuntimeError with the end of its output if it fails."""
    settings = {"cwd": ROOT, "env": os.environ | variables, "capture_output": True, "text": True}
    done = subprocess.run(command, **settings)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return done
