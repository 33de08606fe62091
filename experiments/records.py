"""One JSON file a run: where it lies, what it must match to be fresh, how it is written so that it is whole.

A record belongs to an experiment, a model and a seed, and carries a key: a hash of the model's settings, of the code
that ran (the run function's module and all it imports of this project; comments and docstrings do not count) and of
the data. A record whose key is no longer that of the catalogue is stale.
"""

import contextlib
import hashlib
import json
import os
import tempfile
import time
from pathlib import Path

from scripts.fingerprint import essence, helper_modules

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "experiments" / "results"
MANIFEST = "experiment.json"
DATA = "helpers/reuters"
LEFT_OVER = 60  # seconds after which a draft belongs to nobody any more

FRESH, STALE, MISSING = "fresh", "stale", "missing"


class Hashes:
    """What the records of a model must match. Works every module's hash out once, so make a new one when it counts.

    Parameters
    ----------
    root : Path
        The folder that holds ``experiments/`` and ``helpers/``.
    """

    def __init__(self, root=ROOT):
        self.root = Path(root)
        self._known = {}

    def of(self, run, settings):
        """Return the hashes of a run function's code and data, and the key made of them and of the settings."""
        if run not in self._known:
            self._known[run] = self._code_and_data(run)
        code, data = self._known[run]
        parts = {"run": run, "settings": settings, "code": code, "data": data}
        return {"key": _sha256(_dumps(parts, sort_keys=True).encode()), "code": code, "data": data}

    def _code_and_data(self, run):
        module = run.partition(":")[0]
        packages = {"experiments", "helpers", module.partition(".")[0]}
        modules = helper_modules([f"import {module}"], self.root, packages)
        code = "".join(f"{name}\n{essence(path.read_text(encoding='utf-8'))}\0" for name, path in modules.items())
        files = sorted(Path(self.root, DATA).iterdir()) if "helpers.data" in modules else []
        data = [(file.name, _sha256(file.read_bytes())) for file in files if not file.name.startswith(".")]
        return _sha256(code.encode()), _sha256(_dumps(data).encode()) if data else None


def path_of(experiment, model, seed):
    """Return the file of one run."""
    return Path(RESULTS, experiment.name, model.slug, f"{seed}.json")


def state_of(experiment, model, seed, hashes):
    """Tell whether a run's record is ``"fresh"``, ``"stale"`` or ``"missing"``, and why it is stale.

    Returns
    -------
    (str, str)
        The state; for a stale record what has changed since (``"code"``, ``"settings"``, ``"data"``), else empty.
    """
    path = path_of(experiment, model, seed)
    if not path.exists():
        return MISSING, ""
    record, wanted = read(path), hashes.of(model.run, model.settings)
    if record is None:
        return STALE, "unreadable"
    if record.get("key") == wanted["key"]:
        return FRESH, ""
    now = {"run": model.run, "settings": model.settings, "code": wanted["code"], "data": wanted["data"]}
    return STALE, " and ".join(name for name in now if record.get(name) != now[name]) or "key"


def read(path):
    """Return the record in a file, or None if there is no file or no record in it."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return record if isinstance(record, dict) and "key" in record and "measured" in record else None


def write(path, content):
    """Write a dict as JSON in one step: the file is either the old or the new one, never half of it.

    Raises
    ------
    OSError
        If it cannot be written, for instance because the disk is full. Then nothing of it is left behind.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".part")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(_as_text(content))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise


def clean(experiment):
    """Remove the drafts that a killed run has left in the experiment's folders."""
    for draft in Path(RESULTS, experiment.name).glob("**/.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - draft.stat().st_mtime > LEFT_OVER:
                draft.unlink()


def manifest(experiment, hashes):
    """Return what a reader of the records must know: models, their seeds, and the keys that are fresh."""
    models = [
        {
            "name": model.name,
            "folder": model.slug,
            "seeds": list(model.seeds or experiment.seeds),
            "key": hashes.of(model.run, model.settings)["key"],
        }
        for model in experiment.models
    ]
    return {"name": experiment.name, "title": experiment.title, "shows": list(experiment.shows), "models": models}


def manifest_path(experiment):
    """Return the file of an experiment's manifest."""
    return Path(RESULTS, experiment.name, MANIFEST)


def is_listed(experiment, hashes):
    """Tell whether the stored manifest is that of the experiment as it is now."""
    path = manifest_path(experiment)
    try:
        return json.loads(path.read_text(encoding="utf-8")) == manifest(experiment, hashes)
    except (OSError, ValueError):
        return False


def strays(experiment):
    """Return the files among an experiment's records that belong to none of its runs."""
    ours = {path_of(experiment, model, seed) for model, seed in experiment.runs()}
    ours.add(manifest_path(experiment))
    return sorted(path for path in Path(RESULTS, experiment.name).glob("**/*.json") if path not in ours)


def _as_text(content):
    """Return JSON with a line for each entry and each measurement: short, and readable when versions are compared."""
    fields = []
    for name, value in content.items():
        text = _dumps(value)
        if name == "measured":
            text = _lines("{", [f"{_dumps(key)}: {_dumps(item)}" for key, item in value.items()], "}")
        elif name == "models":
            text = _lines("[", [_dumps(item) for item in value], "]")
        fields.append(f"{_dumps(name)}: {text}")
    return _lines("{", fields, "}") + "\n"


def _lines(opening, items, closing):
    return f"{opening}\n" + ",\n".join(items) + f"\n{closing}"


def _dumps(value, **options):
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), **options)


def _sha256(content):
    return hashlib.sha256(content).hexdigest()
