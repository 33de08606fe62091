"""What is stored of a measurement: the numbers, the machine, the versions, the date."""

import datetime
import importlib.metadata
import json
import os
import platform
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = ("tensorflow", "keras", "numpy")
RECENT = 12 * 3600  # seconds for which a measurement need not be made again


class Record:
    """The result of one part; written after every step, so that an interruption loses little.

    Parameters
    ----------
    part : str
    folder : Path
        Where ``part.json`` goes.
    """

    def __init__(self, part, folder=RESULTS):
        self.path = Path(folder, f"{part}.json")
        self.start = time.perf_counter()
        self.content = {"part": part, "complete": False, "machine": machine(), "results": {}}

    def save(self, results, *, complete=False, machine=None):
        """Store `results` (a dict that JSON can hold); `machine` adds to what is told of the machine."""
        now = datetime.datetime.now(datetime.UTC)
        self.content["machine"] |= machine or {}
        self.content |= {
            "complete": complete,
            "date": now.date().isoformat(),
            "measured_at": now.isoformat(timespec="seconds"),
            "took_seconds": round(time.perf_counter() - self.start),
            "results": rounded(results),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(part, folder=RESULTS):
    """Return what is stored of a part, or None."""
    path = Path(folder, f"{part}.json")
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def is_recent(part, folder=RESULTS):
    """Tell whether a part was measured in full on this machine, with these versions, a short time ago."""
    stored = load(part, folder)
    if stored is None or not stored["complete"]:
        return False
    then = datetime.datetime.fromisoformat(stored["measured_at"])
    age = datetime.datetime.now(datetime.UTC) - then
    here = machine()
    return age.total_seconds() < RECENT and all(stored["machine"].get(key) == here[key] for key in here)


def machine():
    """Return what a time depends on: processor, cores, and the versions of what trains."""
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }


def processor():
    """Return the processor's name."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"


def rounded(value):
    """Round every number to four significant digits: no clock here is better than that."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
