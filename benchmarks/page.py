"""The tables and figures of the page "How fast it trains", from the results in ``benchmarks/results/``.

``python -m benchmarks`` writes them at its end; ``python -m benchmarks table`` does so without measuring.
"""

import re
import statistics
from pathlib import Path

from benchmarks import record
from helpers.plots.style import NEUTRAL, SERIES, applied, subplots, to_html
from scripts.numbers_page import table

PAGE = "book/speed.md"
PARTS = ("epoch", "run", "book", "pages", "grading", "growth", "profile")
ARTICLE = ("SimpleRNN(50)", "LSTM(50)")
KINDS = {"SimpleRNN": "vanilla_rnn", "LSTM": "lstm"}
WAITS = {  # what a maintainer waits for: the key of the result, seconds at most
    "one epoch": ("every notebook with one epoch", 300),
    "build": ("building the site from stored outputs", 30),
    "unchanged build": ("building it again with nothing changed", 5),
}

# What the arithmetic about a GPU assumes. A launch is the handing over of one piece of work to it.
LAUNCH = 5e-6  # seconds; a favourable guess: reports range from a few microseconds to about twenty
# Launches a step, forward and backward, a guess as well; Keras has a program in one piece for the LSTM.
LAUNCHES = {"SimpleRNN": 12, "LSTM": 2}
GPU_RATE = 8.1e12  # operations a second in single precision: the maker's figure for the T4, as Colab lends it


def update(root=record.ROOT):
    """Write the generated sections of the page; return whether that changed it."""
    path = Path(root, PAGE)
    before = path.read_text(encoding="utf-8")
    after = filled(before, {part: record.load(part, Path(root, "benchmarks", "results")) for part in PARTS})
    if after != before:
        path.write_text(after, encoding="utf-8")
    return after != before


def filled(page, results):
    """Return the page's text with every generated section written anew.

    Parameters
    ----------
    page : str
        Holds the lines ``% begin: NAME`` and ``% end: NAME`` around every section, each once.
    results : dict
        Part to what is stored of it, or None.

    Raises
    ------
    ValueError
        If the page lacks a section.
    """
    numbers = {part: stored and stored["results"] for part, stored in results.items()}
    sections = {
        "goals": goals(numbers),
        "machine": machine(results),
        "epoch": epochs(numbers["epoch"]),
        "run": runs(numbers["run"]),
        "profile": profile(numbers["profile"]),
        "growth": growth(numbers["growth"]),
        "seeds": seeds(numbers["growth"]),
        "gpu": gpu(numbers["growth"]),
        "book": "\n".join(filter(None, [book(numbers["book"]), pages(numbers["pages"])])),
        "grading": grading(numbers["grading"]),
    }
    for name, text in sections.items():
        pattern = re.compile(rf"(?<=^% begin: {name}\n).*?(?=^% end: {name}$)", re.MULTILINE | re.DOTALL)
        if len(pattern.findall(page)) != 1:
            raise ValueError(f"{PAGE} must hold the lines '% begin: {name}' and '% end: {name}', each once")
        text = "\n" + (text or "Not measured yet.\n") + "\n"
        page = pattern.sub(lambda _, text=text: text, page)
    return page


def goals(numbers):
    """Return a table of every goal, what was measured, and whether that meets it."""
    rows = []

    def goal(what, value, most, show):
        if value is None:
            rows.append([what, f"at most {show(most)}", None, "not measured"])
        else:
            rows.append(
                [what, f"at most {show(most)}", show(value), "met" if value <= most else "**missed**"]
            )

    epoch, run, book = numbers["epoch"] or {}, numbers["run"] or {}, numbers["book"] or {}
    for name, most in zip(ARTICLE, (0.3, 0.45), strict=True):
        goal(
            f"an epoch of {name}, against plain `fit`",
            ratio(epoch.get(name), "fit", "plain"),
            most,
            plain_ratio,
        )
    for name in ARTICLE:
        goal(f"an epoch of {name}, against PyTorch", ratio(epoch.get(name), "fit", "pytorch"), 1, plain_ratio)
    for name in ARTICLE:
        result = epoch.get(name)
        value = result and median(result["fit"]) / result["arithmetic"]["epoch"]
        goal(f"an epoch of {name}, against its matrix products alone", value, 2, plain_ratio)
    for name in ARTICLE:
        result = run.get(name)
        value = statistics.median(pairs(result["fit"], result["plain"])) if result and result["fit"] else None
        goal(f"a run of {name}, against plain `fit`", value, 0.5, plain_ratio)
    execution = [value for value in book.get("execution", {}).values() if value is not None]
    goal("running all chapters in full", sum(execution) if execution else None, 1800, whole_seconds)
    for key, (what, most) in WAITS.items():
        goal(what, book.get(key), most, whole_seconds)
    imports = book.get("import")
    goal("`import` of a helper without TensorFlow", imports and max(imports.values()), 0.3, "{:.2f} s".format)
    return table(["what", "goal", "measured", ""], rows)


def machine(results):
    """Return when each part was measured and where: what is the same for all of them once, the rest as a table."""
    shown = {
        "processor": "processor",
        "cores": "cores",
        "python": "Python",
        "tensorflow": "TensorFlow",
        "keras": "Keras",
        "numpy": "NumPy",
        "pytorch": "PyTorch",
    }
    machines = {part: stored["machine"] for part, stored in results.items() if stored}
    found = {name: {here[name] for here in machines.values() if here.get(name)} for name in shown}
    same = [f"{shown[name]} {min(values)}" for name, values in found.items() if len(values) == 1]
    differ = [name for name, values in found.items() if len(values) > 1]
    rows = []
    for part in PARTS:
        stored = results[part]
        date = stored and stored["date"] + ("" if stored["complete"] else " (cut short)")
        rows.append([f"`{part}`", date, *map(machines.get(part, {}).get, differ)])
    text = table(["part", "measured on", *map(shown.get, differ)], rows)
    return f"Everywhere the same: {', '.join(same)}.\n\n{text}" if same else text


def epochs(result):
    """Return a table of milliseconds an epoch, and of the start-up before the first one."""
    if not result:
        return None
    rows = []
    for name, model in result.items():
        rows.append(
            [
                name,
                milliseconds(median(model["plain"])),
                milliseconds(median(model["fit"])),
                spread(
                    pairs([run["epoch"] for run in model["fit"]], [run["epoch"] for run in model["plain"]])
                ),
                milliseconds(median(model["pytorch"])) if model["pytorch"] else None,
                f"{milliseconds(model['arithmetic']['epoch'])} ({model['arithmetic']['gflops']:.0f})",
                f"{median(model['plain'], 'start_up'):.1f}",
                f"{median(model['fit'], 'start_up'):.1f}",
            ]
        )
    repeats = len(next(iter(result.values()))["plain"])
    head = [
        "model",
        "plain `fit`",
        "ours",
        "ours / plain",
        "PyTorch",
        "products alone (GFLOP/s)",
        "start-up, plain",
    ]
    return (
        f"Milliseconds an epoch and seconds of start-up, medians of {repeats} repeats in turn; for the ratio, pair by "
        "pair, smallest and largest in brackets.\n\n" + table([*head, "start-up, ours"], rows)
    )


def runs(result):
    """Return a table of whole runs, in seconds."""
    if not result:
        return None
    rows = [
        [
            f"{name}, {model['epochs']} epochs",
            len(model["fit"]),
            f"{statistics.median(model['plain']):.1f}",
            f"{statistics.median(model['fit']):.1f}",
            spread(pairs(model["fit"], model["plain"])),
        ]
        for name, model in result.items()
        if model["fit"]
    ]
    return table(["run", "repeats", "plain `fit`, s", "ours, s", "ours / plain"], rows)


def profile(result):
    """Return a table of where an epoch of plain fit goes."""
    if not result:
        return None
    names = {
        "pipeline": "preparing and handing over the batches, metrics",
        "launch": "starting the many small operations",
        "products": "matrix products",
        "rest": "everything else: activations, memory, threads",
        "epoch": "together",
    }
    rows = [
        [
            what,
            *(f"{milliseconds(model[key])} ({model[key] / model['epoch']:.0%})" for model in result.values()),
        ]
        for key, what in names.items()
    ]
    return table(["milliseconds an epoch of plain `fit`", *result], rows)


def growth(result):
    """Return the figure of how an epoch grows, as HTML."""
    if not result or not result["epochs"]:
        return None
    told = []
    for key in ("length", "units", "batch"):
        for name in KINDS:
            rows = sweep(result, name, key)
            if len(rows) > 1:
                first, last = rows[0], rows[-1]
                told.append(
                    f"{name}, {key} {first[key]} to {last[key]}: "
                    f"{milliseconds(first['fit'])} to {milliseconds(last['fit'])} ms, "
                    f"plain {milliseconds(first['plain'])} to {milliseconds(last['plain'])} ms"
                )
    base = result["base"]
    return (
        to_html(
            draw_growth(result),
            title="What an epoch costs",
            alt=f"Three panels on logarithmic scales: milliseconds an epoch of {result['wires']:,} texts by length, "
            f"units and batch size. {'; '.join(told)}.",
            caption=f"{result['wires']:,} texts; where nothing else is said, {base['length']} steps, "
            f"{base['units']} units, batches of {base['batch']}. Full lines: ours. Dashed lines: plain fit.",
        )
        + "\n"
    )


@applied()
def draw_growth(result):
    fig, axes = subplots(1, 3, height=280, sharey=True)
    fig.get_layout_engine().set(wspace=0.1)
    for ax, (key, label) in zip(
        axes, {"length": "steps", "units": "units", "batch": "batch"}.items(), strict=True
    ):
        for name, kind in KINDS.items():
            rows = sweep(result, name, key)
            x = [row[key] for row in rows]
            ax.plot(x, [1000 * row["fit"] for row in rows], **SERIES[kind], label=name)
            look = SERIES[kind] | {"linestyle": (0, (4, 2)), "marker": ""}
            ax.plot(x, [1000 * row["plain"] for row in rows], **look)
        ax.set(xscale="log", yscale="log", xlabel=label)
        ends = sorted({row[key] for row in result["epochs"]})
        ax.set_xticks([ends[0], ends[-1]], [str(ends[0]), str(ends[-1])])
        ax.minorticks_off()
        ax.grid(axis="y", color=NEUTRAL, alpha=0.3)
    axes[0].set_ylabel("milliseconds an epoch")
    low, high = axes[0].get_ylim()
    ticks = [tick for tick in (10, 30, 100, 300, 1000, 3000, 10000) if low <= tick <= high]
    axes[0].set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper left", ncols=2)
    return fig


def seeds(result):
    """Return a table of how long one to eight seeds take, in one process and in two."""
    if not result or not result["seeds"]:
        return None
    counts = [count for count in (1, 2, 4, 8) if count <= len(result["seeds"][0]["finished"])]
    rows = [
        [run["processes"], *(f"{run['finished'][count - 1]:.0f}" for count in counts)]
        for run in result["seeds"]
    ]
    heads = ["1 seed", *(f"{count} seeds" for count in counts[1:])]
    return (
        f"Seconds until so many LSTM(50) have trained for {result['seeds'][0]['epochs']} epochs each, starting the "
        "processes and compiling included:\n\n" + table(["processes", *heads], rows)
    )


def gpu(result):
    """Return a table of a time step here, and of the least that it can take on a GPU."""
    if not result or not result["epochs"]:
        return None
    rows = []
    for name, gates in (("SimpleRNN", 1), ("LSTM", 4)):
        for row in sweep(result, name, "units"):
            here = row["fit"] * row["batch"] / result["wires"] / row["length"]
            operations = 6 * row["batch"] * row["units"] ** 2 * gates
            least = LAUNCHES[name] * LAUNCH + operations / GPU_RATE
            verdict = f"{here / least:.1f} times faster" if here > least else "none"
            rows.append([f"{name}({row['units']})", f"{1e6 * here:.0f}", f"{1e6 * least:.0f}", verdict])
    return (
        f"Assumed: {1e6 * LAUNCH:.0f} µs a launch; {LAUNCHES['LSTM']} launches a step for the LSTM, "
        f"{LAUNCHES['SimpleRNN']} for the SimpleRNN; {GPU_RATE / 1e12:.1f} trillion operations a second, the maker's "
        "figure for a T4, the card that Colab lends; batches of "
        f"{result['base']['batch']}.\n\n"
        + table(["model", "µs a step, measured here", "µs a step, GPU at best", "gain at best"], rows)
    )


def book(result):
    """Return a table of what a maintainer waits for."""
    if not result:
        return None
    execution = result["execution"]
    stored = [value for value in execution.values() if value is not None]
    what = "running all chapters in full"
    if len(stored) < len(execution):
        what += f" ({len(execution) - len(stored)} of {len(execution)} not run yet)"
    rows = [[what, whole_seconds(sum(stored))]]
    rows += [[what, whole_seconds(result[key])] for key, (what, _) in WAITS.items() if key in result]
    rows += [[f"`import {name}`", f"{value:.2f} s"] for name, value in result["import"].items()]
    return table(["what", "time"], rows)


def pages(result):
    """Return a table of how soon a chapter's page shows its largest piece, and of its weight."""
    if not result:
        return None
    what = (
        "Seconds until a page shows its largest piece (largest contentful paint), and all that it loads, compressed: "
        "the median of five visits with nothing cached. The desktop loads from this machine. The phone is a narrow "
        "window with a network of 1.6 Mbit/s, 150 ms there and back, and a processor slowed down four times.\n\n"
    )
    rows = [
        [name, f"{page['desktop']:.2f}", f"{page['phone']:.2f}", f"{page['bytes'] / 1000:.0f}"]
        for name, page in result.items()
    ]
    return what + table(["page", "desktop", "phone", "kB"], rows)


def grading(result):
    """Return a table of how long classes of several sizes take to be graded."""
    if not result:
        return None
    return table(
        ["submissions", "at a time", "seconds"],
        [[row["size"], row["jobs"], f"{row['seconds']:.0f}"] for row in result["classes"]],
    )


def sweep(result, name, key):
    """Return the rows in which nothing but `key` differs from the base, in its order."""
    others = {other: value for other, value in result["base"].items() if other != key}
    rows = [row for row in result["epochs"] if row["model"] == name and others.items() <= row.items()]
    return sorted(rows, key=lambda row: row[key])


def median(measured, key="epoch"):
    return statistics.median(run[key] for run in measured)


def pairs(ours, theirs):
    """Return the ratios of what was measured side by side."""
    return [our / their for our, their in zip(ours, theirs, strict=False)]


def ratio(model, way, other):
    """Return the median of the ratios of two ways to train a model, or None if one was not measured."""
    if not model or not model[way] or not model[other]:
        return None
    return statistics.median(
        pairs([run["epoch"] for run in model[way]], [run["epoch"] for run in model[other]])
    )


def spread(ratios):
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def plain_ratio(value):
    return f"{value:.2f} times"


def milliseconds(seconds):
    return f"{1000 * seconds:,.0f}"


def whole_seconds(value):
    return (
        f"{value / 60:.1f} minutes" if value >= 120 else f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    )
