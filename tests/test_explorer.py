"""The gate explorer: its numbers, its arithmetic in Node, its page in a browser."""

import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from sphinx.errors import ExtensionError

from helpers import data
from helpers.cells import LSTM
from scripts import explorer_data

ROOT = Path(__file__).resolve().parent.parent
PAGE = "book/gate-explorer.html"
LARGEST = 300_000  # bytes, of everything that only this page loads, itself included

CONTENT = json.loads((ROOT / explorer_data.FILE).read_text(encoding="utf-8"))
WIRES, TOPICS = CONTENT["wires"], CONTENT["topics"]
NETWORK = {name: explorer_data.unpack(packed) for name, packed in CONTENT["network"].items()}
UNITS = len(NETWORK["recurrent_kernel"])
ROWS = ["input_gate", "forget_gate", "candidate", "output_gate", "cell", "hidden"]
STEPS = 12  # of the second view

AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "preload": False,
}


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def lstm_trace(weights, x):
    return LSTM(weights["kernel"], weights["recurrent_kernel"], weights["bias"]).forward(x[np.newaxis])


def read(wire):
    """Read a newswire in NumPy: rows (timesteps, 6, units) and probabilities (timesteps, topics)."""
    trace = lstm_trace(NETWORK, NETWORK["embedding"][wire["rows"]])
    rows = np.stack([getattr(trace, name)[0] for name in ROWS], axis=1)
    return rows, softmax(trace.hidden[0] @ NETWORK["dense_kernel"] + NETWORK["dense_bias"])


def unrolled(score):
    """Unroll one unit in NumPy: rows (timesteps, 6)."""
    gates = np.array([score[name] for name in ["input", "forget", "candidate", "output"]]).T
    rows, cell = [], 0.0
    for i, f, candidate, o in gates:
        cell = f * cell + i * candidate
        rows.append([i, f, candidate, o, cell, o * np.tanh(cell)])
    return np.array(rows)


# --- the arithmetic, in Node ---


def random_text(rng):
    units, features, topics, timesteps = (int(n) for n in rng.integers(1, 8, size=4))
    scale = rng.choice([0.1, 1.0, 30.0])  # the last drives gates to their ends
    weights = {
        "kernel": scale * rng.normal(size=(features, 4 * units)),
        "recurrent_kernel": scale * rng.normal(size=(units, 4 * units)),
        "bias": scale * rng.normal(size=4 * units),
    }
    dense_kernel, dense_bias = rng.normal(size=(units, topics)), rng.normal(size=topics)
    x = rng.normal(size=(timesteps, features))
    trace = lstm_trace(weights, x)
    names = dict(zip(["input", "forget", "candidate", "output", "cell", "hidden"], ROWS, strict=True))
    expected = {ours: getattr(trace, theirs)[0].tolist() for ours, theirs in names.items()}
    expected["probabilities"] = softmax(trace.hidden[0] @ dense_kernel + dense_bias).tolist()
    return {
        "kernel": weights["kernel"].ravel().tolist(),
        "recurrentKernel": weights["recurrent_kernel"].ravel().tolist(),
        "bias": weights["bias"].tolist(),
        "dense": {"kernel": dense_kernel.ravel().tolist(), "bias": dense_bias.tolist()},
        "inputs": x.tolist(),
        "expected": expected,
    }


def random_unit(rng):
    timesteps = int(rng.integers(1, 20))
    score = {name: rng.random(timesteps).tolist() for name in ["input", "forget", "output"]}
    score["candidate"] = rng.uniform(-1, 1, timesteps).tolist()
    rows = unrolled(score)
    return {"score": score, "expected": {"cell": rows[:, 4].tolist(), "hidden": rows[:, 5].tolist()}}


def random_packed(rng):
    packed = explorer_data.pack(rng.normal(size=rng.integers(1, 6, size=2)) * rng.choice([0.0, 1e-3, 7.0]))
    return {"packed": packed, "expected": explorer_data.unpack(packed).ravel().tolist()}


def test_the_arithmetic_is_that_of_numpy(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node on this machine, which runs the explorer's arithmetic without a browser")
    rng = np.random.default_rng(8)
    cases = {
        "texts": [random_text(rng) for _ in range(60)],
        "units": [random_unit(rng) for _ in range(30)],
        "packed": [random_packed(rng) for _ in range(20)],
    }
    (tmp_path / "cases.json").write_text(json.dumps(cases), encoding="utf-8")
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", "tests/explorer/explorer.test.mjs"],
        cwd=ROOT,
        env={**os.environ, "EXPLORER_CASES": str(tmp_path / "cases.json")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert re.search(r"^# skipped 0$", done.stdout, re.MULTILINE), done.stdout[-1000:]


# --- the numbers ---


@pytest.mark.parametrize("shape", [(1,), (3, 4)])
def test_packing_keeps_four_digits(shape):
    values = np.random.default_rng(1).normal(size=shape)
    packed = json.loads(json.dumps(explorer_data.pack(values)))
    found = explorer_data.unpack(packed)
    assert found.shape == shape
    assert np.abs(found - values).max() <= packed["scale"] / 2 * (1 + 1e-9)
    assert packed["scale"] <= np.abs(values).max() / 32767


def test_packing_zeros():
    assert not explorer_data.unpack(explorer_data.pack(np.zeros((2, 2)))).any()


@pytest.fixture(scope="module")
def trained():
    """Import the trained network only where it is needed: most tests here can do without Keras."""
    return importlib.import_module("helpers.trained")


def ids_and_label(wire, trained):
    """Return what the collection has in the place of a newswire."""
    (x_train, y_train), (x_test, y_test) = data.load_reuters(num_words=30000, maxlen=50, test_split=0.3)
    if wire["kind"] == "chapter 8":
        first = len(x_train) - trained.details()["validation_wires"]
        return x_train[first + wire["number"]], y_train[first + wire["number"]]
    return x_test[wire["number"]], y_test[wire["number"]]


def test_the_newswires_are_chosen_by_the_stated_rule(trained):
    (x_train, _), _ = data.load_reuters(num_words=30000, maxlen=50, test_split=0.3)
    _, flags = data.load_flags(maxlen=50, test_split=0.3)
    seen, known = {tuple(ids) for ids in x_train}, trained.known()
    for wire in WIRES:
        number = wire["number"]
        ids, label = ids_and_label(wire, trained)
        assert wire["label"] == label
        assert explorer_data.SHORTEST <= len(wire["words"]) == len(wire["rows"]) == len(ids)
        assert " ".join(wire["words"]) == data.decode(ids, marks=True)
        ids = np.array(ids)
        assert wire["unknown"] == np.flatnonzero(~known[ids] | (ids == data.UNKNOWN)).tolist()
        if wire["kind"] == "chapter 8":
            continue
        sound = flags["own_text"][number] and flags["topic_count"][number] == 1
        assert tuple(ids) not in seen
        if wire["kind"] == "borrowed":
            assert not flags["own_text"][number]
            assert wire["owner"] == wire["answer"] != wire["label"]
        else:
            assert sound and wire["owner"] is None
            assert (wire["answer"] == wire["label"]) == (wire["kind"] == "right")
    right = [wire["label"] for wire in WIRES if wire["kind"] == "right"]
    wrong = [wire["label"] for wire in WIRES if wire["kind"] == "wrong"]
    assert max(right.count(topic) for topic in right) <= explorer_data.PER_TOPIC
    assert len(right) <= explorer_data.RIGHT
    assert len(set(wrong)) == len(wrong) <= explorer_data.WRONG
    kinds = ["right"] * len(right) + ["wrong"] * len(wrong) + ["borrowed", "chapter 8"]
    assert [wire["kind"] for wire in WIRES] == kinds
    assert 10 <= len(WIRES) <= 14


def test_the_newswire_of_chapter_8_is_there():
    chapter = json.loads((ROOT / "book" / "08-inside-a-trained-lstm.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in chapter["cells"] for output in cell.get("outputs", [])]
    printed = ["".join(output["text"]) for output in outputs if output.get("name") == "stdout"]
    page = next(page for page in printed if page.startswith("validation wire"))
    told = re.fullmatch(r"validation wire (\d+) labelled (\S+)\n\S+ (.+)\n", page, re.DOTALL)
    wire = next(wire for wire in WIRES if wire["kind"] == "chapter 8")
    assert (str(wire["number"]), TOPICS[wire["label"]]) == (told[1], told[2])
    words = [word + "*" * (k in wire["unknown"]) for k, word in enumerate(wire["words"])]
    assert words[1:] == told[3].split()
    assert {wire["words"][0] for wire in WIRES} == {"[start]"}  # as the book's helpers write it


def test_the_rule_of_chapter_8_asks_for_a_sound_wire_that_went_astray():
    (x, y), _ = data.load_reuters(num_words=30000, maxlen=50, test_split=0.3)
    flags, _ = data.load_flags(maxlen=50, test_split=0.3)
    held_out = 100
    x, y = x[-held_out:], y[-held_out:]
    sound = (flags["own_text"] & (flags["topic_count"] == 1))[-held_out:]
    wrong, wanted, straight = np.flatnonzero(sound)[:3]
    paths = np.zeros((held_out, 49, 46))
    paths[np.arange(held_out), :, y] = 0.6  # right at the end; on the way surest of its own topic, which is no error
    paths[straight, 5, y[straight]] = 1.0
    paths[wanted, 5, (y[wanted] + 1) % 46] = 0.8
    paths[wrong, 5, (y[wrong] + 1) % 46] = 0.9
    paths[wrong, -1, (y[wrong] + 1) % 46] = 0.7
    assert not sound.all()
    paths[~sound, 5] = 0.99
    wire = explorer_data.wire_of_chapter_8(lambda ids: paths, held_out)
    assert wire["number"] == wanted and wire["ids"] == list(x[wanted])
    assert wire["probability"] == 0.6 and wire["answer"] == wire["label"] == y[wanted]


def test_too_few_newswires_are_refused():
    with pytest.raises(ValueError, match="is the network trained"):
        explorer_data.choose(lambda x: np.eye(46)[np.zeros(len(x), int)])


def test_the_packed_network_answers_as_the_trained_one(trained):
    x = explorer_data.padded([ids_and_label(wire, trained)[0] for wire in WIRES], trained.TIMESTEPS)
    answers = trained.load().predict(x, verbose=0)
    for wire, theirs in zip(WIRES, answers, strict=True):
        _, probabilities = read(wire)
        np.testing.assert_allclose(probabilities[-1], theirs, atol=1e-3)
        assert wire["answer"] == theirs.argmax() == probabilities[-1].argmax()
        assert wire["probability"] == pytest.approx(theirs.max(), abs=1e-4)


def test_the_file_and_the_page_are_what_the_script_writes(tmp_path):
    for name in (explorer_data.FILE, explorer_data.PAGE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    page = (tmp_path / explorer_data.PAGE).read_text(encoding="utf-8")
    assert not explorer_data.update(tmp_path), "run `python -m scripts.explorer_data`"
    (tmp_path / explorer_data.FILE).unlink()
    (tmp_path / explorer_data.PAGE).write_text(re.sub(r"(?m)^\|.*\n", "", page), encoding="utf-8")
    assert explorer_data.update(tmp_path)
    assert (tmp_path / explorer_data.PAGE).read_text(encoding="utf-8") == page
    assert (tmp_path / explorer_data.FILE).read_bytes() == (ROOT / explorer_data.FILE).read_bytes()


def test_what_the_page_promises_can_be_seen():
    page = " ".join((ROOT / explorer_data.PAGE).read_text(encoding="utf-8").split())

    def opened(start):
        assert f'"{start}"' in page
        wire = next(wire for wire in WIRES if " ".join(wire["words"][1:]).startswith(start))
        return (wire["words"], *read(wire))

    def told(*sentences):
        for sentence in sentences:
            assert sentence.replace("-", "−") in page.replace("-", "−")

    words, rows, probabilities = opened("qtrly 42 cts")
    assert words == WIRES[0]["words"]
    earn, unit = probabilities[:, TOPICS.index("earn")], rows[:, :, 31]
    cts, vs, prior = words.index("cts"), words.index("vs"), words.index("prior")
    second = words.index("cts", cts + 1)
    told(f'{earn[cts]:.0%} at the first "cts", {earn[vs]:.0%} at "vs"'.replace("%", " %"))
    told(f'{earn[second]:.0%} at the second "cts" and {earn[prior]:.0%} at "prior"'.replace("%", " %"))
    assert (unit[cts:, 2] > 0).all()
    told(f"grows to {unit[-1, 4]:.2f}", f"from {unit[0, 1]:.2f} to {unit[-1, 1]:.2f}")

    words, rows, probabilities = opened("the federal home loan mortgage corp")
    notes, old = words.index("notes"), words.index("old")
    maturity = words.index("maturity", words.index("maturity") + 1)
    best = [TOPICS[topic] for topic in probabilities.argmax(axis=1)]
    assert best[notes] == best[maturity - 1] == "earn" and best[maturity] == best[-1] == "interest"
    told(f'At "notes" the network says "earn" with {probabilities[notes].max():.0%}'.replace("%", " %"))
    unit = rows[notes + 1 : old + 1, :, 19]
    told(f'from {rows[notes, 4, 19]:.2f} at "notes" to {unit[-1, 4]:.2f} at "old"')
    assert np.round(unit[:, 1], 2).tolist() == [0.97] * len(unit)
    assert (unit[:, 2] > 0).all() and (unit[:, 0] > 0.85).all()

    words, rows, _ = opened("magma copper co")
    gates = rows[-3:, 3]
    assert words[-3:] == ["immediately", "reuter", "3"] and (gates[1] > gates[0]).all()
    told("all 32 output gates rise, from {:.2f} to {:.2f} on average, and they go on to {:.2f}".format(*gates.mean(1)))
    assert all(wire["words"][-2:] == ["reuter", "3"] for wire in WIRES)

    told(f"there is {0.9 * 0.76**10:.2f} left at step 12", f"With 0.97, where it ended, {0.9 * 0.97**10:.2f} are left")


def test_held_output_gates_at_the_last_word_leave_the_accuracy_the_same():
    weights, _, _ = explorer_data.trained_network()
    _, (x, y) = data.load_reuters(num_words=30000, maxlen=50, test_split=0.3)
    x = explorer_data.padded(x, 49)
    cell = LSTM(*(weights[name].astype(np.float64) for name in ["kernel", "recurrent_kernel", "bias"]))
    trace = cell.forward(weights["embedding"][x].astype(np.float64), mask=x != data.PADDING)

    def right(hidden):
        return np.sum((hidden @ weights["dense_kernel"] + weights["dense_bias"]).argmax(axis=1) == y)

    for value in [0.25, 0.5, 0.8, 1]:
        assert right(value * np.tanh(trace.cell[:, -1])) == right(trace.hidden[:, -1])
    page = " ".join((ROOT / explorer_data.PAGE).read_text(encoding="utf-8").split())
    assert "hold these gates at the last word, and the accuracy is the same" in page


@pytest.mark.parametrize("marks", ["", "% begin: wires\n", "% end: wires\n% begin: wires\n"])
def test_a_page_without_its_marks_is_refused(marks):
    with pytest.raises(ValueError, match="must hold the lines"):
        explorer_data.with_table(marks, CONTENT)


# --- the bundle ---


@pytest.fixture(scope="module")
def extension():
    path = ROOT / "book" / "_ext" / "gate_explorer.py"
    spec = importlib.util.spec_from_file_location("gate_explorer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_bundle_runs_what_its_modules_say(extension, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node on this machine to run the bundle with")
    (tmp_path / "data.json").write_text('{"number": 20}')
    (tmp_path / "b.mjs").write_text(
        "const hidden = 1;\nexport const one = hidden;\nexport function two() {\n  return 2;\n}\n"
    )
    (tmp_path / "a.mjs").write_text(
        'import { one, two } from "./b.mjs";\nimport data from "./data.json" with { type: "json" };\n'
        "const hidden = 40;\nconsole.log(one + two() + data.number + hidden);\n"
    )
    script = extension.bundle(tmp_path / "a.mjs")
    assert "import" not in script and "export" not in script
    done = subprocess.run([node, "-"], input=script, capture_output=True, text=True, timeout=60)
    assert done.stdout == "63\n", done.stderr


@pytest.mark.parametrize(
    "line", ["export default 1;", 'import * as b from "./b.mjs";', "export { a };", 'import "./b.mjs";']
)
def test_what_the_bundle_cannot_read_is_refused(extension, tmp_path, line):
    (tmp_path / "a.mjs").write_text(line + "\n")
    with pytest.raises(ExtensionError, match="cannot read"):
        extension.bundle(tmp_path / "a.mjs")


def test_a_missing_module_is_named(extension, tmp_path):
    (tmp_path / "a.mjs").write_text('import { b } from "./b.mjs";\n')
    with pytest.raises(ExtensionError, match="b.mjs is missing"):
        extension.bundle(tmp_path / "a.mjs")


# --- the site's files ---


def test_no_other_page_loads_it(site):
    pages = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    for name in ("gate-explorer.js", "gate-explorer.css"):
        assert [page for page, text in pages.items() if f"_static/{name}" in text] == [PAGE]


def test_it_is_small(site):
    files = [site / PAGE, *(site / "_static").glob("gate-explorer.*")]
    assert len(files) == 3
    assert not (site / "_static" / "explorer").exists()  # its sources, which the script already holds
    assert sum(path.stat().st_size for path in files) < LARGEST


def test_without_javascript_there_is_a_table(site):
    page = BeautifulSoup((site / PAGE).read_text(encoding="utf-8"), "html.parser")
    rows = page.find("table").find_all("tr")
    assert len(rows) == 1 + len(WIRES)
    for row, wire in zip(rows[1:], WIRES, strict=True):
        cells = [cell.get_text() for cell in row.find_all("td")]
        assert cells[0].replace("’", "'") == " ".join(wire["words"][1:])  # Sphinx sets proper apostrophes
        assert cells[1].startswith(TOPICS[wire["label"]])
        assert cells[2].startswith(TOPICS[wire["answer"]])
    for name in ("gate-explorer-wires", "gate-explorer-unit"):
        assert "JavaScript" in page.find(id=name).get_text()


# --- in a browser ---


@pytest.fixture
def open_page(browser, site_address):
    """Return a function that opens the explorer in a context of its own and collects what goes wrong there."""
    contexts, wrong = [], []

    def open_it(width=1280, address=site_address + PAGE, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address, wait_until="load")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert wrong == []


class View:
    """One of the two views on an open page."""

    def __init__(self, page, name):
        self.page, self.name = page, name
        self.box = page.locator(f"#gate-explorer-{name}")

    def button(self, name):
        return self.box.get_by_role("button", name=name, exact=True)

    def slider(self, name):
        return self.box.get_by_role("slider", name=name, exact=True)

    @property
    def status(self):
        return self.box.get_by_role("status").inner_text()

    @property
    def step(self):
        return int(re.match(r"(?:Word|Step) (\d+)", self.status)[1])

    def table(self):
        """Return the rows of the table, opened, as lists of texts."""
        details = self.box.locator("details")
        if details.get_attribute("open") is None:
            details.locator("summary").click()
            details.locator("tbody tr").first.wait_for()
        return details.locator("tbody tr").evaluate_all(
            "rows => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
        )

    def numbers(self):
        """Return the six columns of numbers in the table."""
        return np.array([[number(text) for text in row[1:7]] for row in self.table()])


def number(text):
    return float(text.replace("−", "-"))


def wires_view(page):
    return View(page, "wires")


def read_view(page, number_=0):
    """Return the first view, with a newswire read to its end, so that everything can be seen."""
    view = wires_view(page)
    view.box.get_by_label("Newswire").select_option(str(number_))
    view.slider("Word").press("End")
    return view


def unit_view(page):
    return View(page, "unit")


def percentage(probability):
    if 0 < probability < 0.005:
        return "<1\u00a0%"
    return ">99\u00a0%" if 0.995 <= probability < 1 else f"{round(100 * probability)}\u00a0%"


@pytest.mark.parametrize("number_", range(len(WIRES)), ids=[str(wire["number"]) for wire in WIRES])
def test_every_newswire_is_read_as_in_numpy(open_page, number_):
    view = read_view(open_page(), number_)
    wire = WIRES[number_]
    rows, probabilities = read(wire)
    assert view.step == len(wire["words"])
    best = int(probabilities[-1].argmax())
    assert view.status.endswith(f"{TOPICS[best]}, {percentage(probabilities[-1, best])}.")
    facts = view.box.locator(".ge-facts").inner_text()
    assert facts.startswith(f"Label: {TOPICS[wire['label']]}")
    assert f"answer: {TOPICS[best]}" in facts
    if wire["owner"] is not None:
        assert f"another wire’s, and that one is about {TOPICS[wire['owner']]}" in facts

    unit = int(view.slider("Unit to follow").get_attribute("aria-valuenow"))
    shares = rows[-1, 5] * (NETWORK["dense_kernel"][:, best] - NETWORK["dense_kernel"].mean(axis=1))
    assert unit == shares.argmax()  # the unit that speaks most for the answer
    np.testing.assert_allclose(view.numbers(), rows[:, :, unit], rtol=0, atol=0.0051)
    for row, word, p in zip(view.table(), wire["words"], probabilities, strict=True):
        assert row[0].split(" ")[1] == word
        assert row[7:] == [TOPICS[int(p.argmax())], percentage(p.max())]
    shown = view.box.locator(".ge-answers .ge-labels > div").all_inner_texts()
    assert {TOPICS[best], TOPICS[wire["label"]]} <= set(shown)


BARS = """strip => {
  const style = getComputedStyle(strip);
  const box = strip.getBoundingClientRect();
  const inside = box.height - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
  const axis = strip.querySelector("line").getBoundingClientRect();
  const zero = (axis.top + axis.bottom) / 2;
  const signed = Math.abs(zero - box.top - box.height / 2) < 1;
  return [...strip.querySelectorAll("rect")].map((rect) => {
    const { top, bottom, height } = rect.getBoundingClientRect();
    const part = height / (signed ? inside / 2 : inside);
    if (Math.abs(bottom - zero) < 1e-2) return part; // it stands on the axis
    if (Math.abs(top - zero) < 1e-2) return -part; // it hangs from the axis
    return height < 1e-3 ? 0 : NaN;
  });
}"""


def bars(view, picture, row):
    """Return a row of bars as it is seen: their heights in parts of the largest possible, negative below the axis."""
    return np.array(view.box.locator(".ge-strips").nth(picture).locator(".ge-strip").nth(row).evaluate(BARS))


def test_the_bars_show_the_numbers(open_page):
    view = wires_view(open_page(reduced_motion="reduce"))
    rows, probabilities = read(WIRES[0])
    view.slider("Word").press("Home")
    for _ in range(4):
        view.slider("Word").press("ArrowRight")
    unit = int(view.slider("Unit to follow").get_attribute("aria-valuenow"))
    for picture, shown, cells in [(0, rows[4], rows[:, 4]), (1, rows[:, :, unit].T, rows[:, 4, unit])]:
        reach = int(np.ceil(max(1, np.abs(cells).max())))  # whole numbers, and the label names them
        assert view.box.locator(".ge-reach").nth(6 * picture + 4).inner_text().strip() == f"±{reach}"
        for row in range(6):
            expected = shown[row] / (reach if row == 4 else 1)
            np.testing.assert_allclose(bars(view, picture, row), expected, atol=5e-3)
    topics = view.box.locator(".ge-answers .ge-labels > div").all_inner_texts()
    for row, name in enumerate(topics):
        np.testing.assert_allclose(bars(view, 2, row), probabilities[:, TOPICS.index(name)], atol=5e-3)
    faded = view.box.locator(".ge-strips").nth(1).locator(".ge-strip").first.locator(".ge-ahead")
    assert faded.count() == len(rows) - 5


def hidden_bars(view, picture):
    """Return for each column of a picture whether its bars are all hidden or all seen."""
    columns = view.box.locator(".ge-strips").nth(picture).evaluate(
        """strips => [...strips.querySelectorAll(".ge-strip")]
          .map((strip) => [...strip.querySelectorAll("rect")].map((bar) => getComputedStyle(bar).visibility))"""
    )
    by_column = [set(column) for column in zip(*columns, strict=True)]
    assert all(len(column) == 1 for column in by_column)
    return [column == {"hidden"} for column in by_column]


@pytest.mark.parametrize("number_", [0, 8, 11], ids=["right", "wrong", "borrowed"])
def test_until_the_last_word_the_outcome_can_be_predicted(open_page, number_):
    page = open_page()
    view = wires_view(page)
    assert view.step == 1
    wire = WIRES[number_]
    rows, probabilities = read(wire)
    words, answer = wire["words"], TOPICS[wire["answer"]]
    view.box.get_by_label("Newswire").select_option(str(number_))
    facts = view.box.locator(".ge-facts")
    asked = facts.inner_text()
    assert "?" in asked and answer not in asked and TOPICS[wire["label"]] not in asked
    chosen = view.box.locator("option").nth(number_).text_content()
    assert chosen.startswith(" ".join(words[1:6]))  # and not with the label
    assert view.box.locator("optgroup").count() == 0  # "answered wrong"

    view.table()
    for step in (1, 2, len(words) - 1):
        view.slider("Word").fill(str(step))
        assert facts.inner_text() == asked
        expected = [column >= step for column in range(len(words))]
        assert hidden_bars(view, 1) == hidden_bars(view, 2) == expected
        assert [row[1:] == [""] * 8 for row in view.table()] == expected
        unit = int(unit_field(view).input_value())
        told = view.box.get_by_role("img").nth(0).get_attribute("aria-label")
        cells = rows[:step, 4, unit]
        assert f"up to word {step}." in told
        assert f"with {cells[np.abs(cells).argmax()]:.2f}".replace("-", "−").replace("−0.00", "0.00") in told
        told = view.box.get_by_role("img").nth(1).get_attribute("aria-label")
        assert f"up to word {step}." in told
        for topic in view.box.locator(".ge-answers .ge-labels > div").all_inner_texts():
            assert f"{topic} {percentage(probabilities[step - 1, TOPICS.index(topic)])}" in told

    view.button("Next").click()
    assert facts.inner_text().startswith(f"Label: {TOPICS[wire['label']]}")
    assert f"answer: {answer}" in facts.inner_text()
    assert facts.get_attribute("aria-live") == "polite"
    view.slider("Word").press("Home")  # whoever has seen the end may look back at all of it
    assert f"answer: {answer}" in facts.inner_text()
    assert not any(hidden_bars(view, 1) + hidden_bars(view, 2))
    view.box.get_by_label("Newswire").select_option("3")
    assert view.step == 1 and facts.inner_text() == asked


def test_the_order_of_the_topics_tells_nothing(open_page):
    view = wires_view(open_page())
    for number_ in range(len(WIRES)):
        view.box.get_by_label("Newswire").select_option(str(number_))
        shown = view.box.locator(".ge-answers .ge-labels > div").all_inner_texts()
        assert [TOPICS.index(topic) for topic in shown] == sorted(TOPICS.index(topic) for topic in shown)


@pytest.mark.parametrize("view_of", [read_view, unit_view])
def test_buttons_step(open_page, view_of):
    view = view_of(open_page())
    last = view.step
    view.button("Back").click()
    view.button("Back").click()
    assert view.step == last - 2
    view.button("Next").click()
    assert view.step == last - 1


@pytest.mark.parametrize("view_of, slider", [(read_view, "Word"), (unit_view, "Step")])
def test_where_there_is_no_further_step_the_button_is_off_and_keeps_the_focus(open_page, view_of, slider):
    page = open_page()
    view = view_of(page)
    back, next_, last = view.button("Back"), view.button("Next"), view.step

    def off():
        return [button.get_attribute("aria-disabled") for button in (back, next_)]

    assert off() == ["false", "true"]
    next_.focus()
    page.keyboard.press("Enter")
    assert view.step == last
    page.keyboard.press("ArrowLeft")  # the keys go on working where the button is off
    assert view.step == last - 1 and off() == ["false", "false"]
    view.slider(slider).press("Home")
    assert off() == ["true", "false"]
    back.focus()
    view.button("Play").click()
    back.dispatch_event("click")
    assert view.button("Pause").count() == 1  # a button that is off does not stop the playing either


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "finger"])
@pytest.mark.parametrize(
    "name, target",
    [("wires", ".ge-word >> nth=6"), ("wires", ".ge-surface >> nth=1"), ("wires", ".ge-surface >> nth=2"),
     ("unit", ".ge-surface")],
)  # fmt: skip
def test_after_a_click_the_keys_step(open_page, name, target, touch):
    page = open_page(375, has_touch=touch, is_mobile=touch)
    view = View(page, name)
    clicked = view.box.locator(target)
    # as far up as the page's header lets it be seen, so that the slider is out of sight above the pictures
    clicked.evaluate("node => scrollTo(0, node.getBoundingClientRect().top + scrollY - 120)")
    place = page.evaluate("scrollY")
    box = clicked.bounding_box()
    (page.touchscreen.tap if touch else page.mouse.click)(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    step = view.step
    page.keyboard.press("ArrowRight")
    assert view.step == step + 1
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert view.step == step - 1
    assert page.evaluate("scrollY") == place


@pytest.mark.parametrize("name, picture", [("wires", 1), ("unit", 0)])
def test_after_a_drag_that_ends_beside_the_strips_the_keys_step(open_page, name, picture):
    page = open_page()
    view = View(page, name)
    surface = view.box.locator(".ge-surface").nth(picture)
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] - 12, steps=4)
    page.mouse.up()
    step = view.step
    page.keyboard.press("ArrowRight")
    assert view.step == step + 1


@pytest.mark.parametrize("view_of, slider", [(read_view, "Word"), (unit_view, "Step")])
def test_keys_step_and_play(open_page, view_of, slider):
    page = open_page()
    view = view_of(page)
    last = view.step
    for focused in [view.slider(slider), view.button("Back")]:
        focused.focus()
        page.keyboard.press("Home")
        assert view.step == 1
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        assert view.step == 3
        page.keyboard.press("ArrowLeft")
        assert view.step == 2
        page.keyboard.press("End")
        assert view.step == last
    view.slider(slider).focus()
    place = page.evaluate("scrollY")
    page.keyboard.press("Space")
    view.button("Pause").wait_for()
    page.keyboard.press("Space")
    view.button("Play").wait_for()
    assert page.evaluate("scrollY") == place  # the space key plays and does not scroll


def test_playing_goes_on_to_the_end_and_is_silent_meanwhile(open_page):
    page = open_page()
    view = unit_view(page)
    view.slider("Step").press("Home")
    for _ in range(STEPS - 4):
        view.button("Next").click()
    page.clock.install()  # from here on time passes only when the test says so
    status = view.box.get_by_role("status")
    view.button("Play").click()
    assert view.step == STEPS - 3
    page.clock.run_for(1000)
    assert view.step == STEPS - 2
    assert status.get_attribute("aria-live") == "off"
    page.clock.run_for(5000)
    assert view.step == STEPS
    assert view.button("Play").count() == 1  # it has come to the end
    assert status.get_attribute("aria-live") == "polite"
    view.button("Play").click()  # again, from the beginning
    assert view.step == 1
    page.clock.run_for(1000)
    assert view.step == 2
    view.button("Back").click()  # whoever steps, stops it
    page.clock.run_for(5000)
    assert view.step == 1
    assert view.button("Play").count() == 1


def test_another_newswire_stops_the_playing(open_page):
    page = open_page()
    view = wires_view(page)
    lengths = [len(wire["words"]) for wire in WIRES]
    longest, shortest = int(np.argmax(lengths)), int(np.argmin(lengths))
    read_view(page, longest)
    view.button("Back").click()
    view.button("Play").click()
    view.box.get_by_label("Newswire").select_option(str(shortest))
    assert view.button("Play").count() == 1
    assert view.step == 1


def test_a_word_can_be_clicked(open_page):
    view = wires_view(open_page())
    view.box.locator(".ge-word").nth(6).click()
    assert view.step == 7
    assert f"“{WIRES[0]['words'][6]}”" in view.status
    assert view.box.locator("[aria-current]").first.inner_text() == WIRES[0]["words"][6]
    surface = view.box.locator(".ge-surface").nth(1)  # over the pictures of the words
    width = surface.bounding_box()["width"]
    surface.click(position={"x": width * 2.5 / len(WIRES[0]["words"]), "y": 20})
    assert view.step == 3


def test_pointing_follows_a_unit_and_clicking_keeps_it(open_page):
    page = open_page()
    view = read_view(page)
    rows, _ = read(WIRES[0])
    surface = view.slider("Unit to follow")
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()

    def point(unit):
        page.mouse.move(box["x"] + box["width"] * (unit + 0.5) / UNITS, box["y"] + 40)

    def followed():
        title = view.box.get_by_role("heading", name=re.compile(r"^Unit \d+ over the words$")).inner_text()
        assert surface.get_attribute("aria-valuenow") == title.split()[1] == unit_field(view).input_value()
        return int(title.split()[1])

    first = followed()
    other, another = [unit for unit in (5, 9, 12) if unit != first][:2]
    point(other)
    assert followed() == other
    page.mouse.move(box["x"] - 60, box["y"] - 30)
    assert followed() == first
    point(another)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(box["x"] - 60, box["y"] - 30)
    assert followed() == another
    np.testing.assert_allclose(view.numbers(), rows[:, :, another], rtol=0, atol=0.0051)
    view.box.get_by_label("Newswire").select_option("1")
    assert followed() == another  # what the reader chose stays


def unit_field(view):
    return view.box.get_by_role("spinbutton", name="Unit", exact=True)


@pytest.mark.parametrize("width, options", [(1280, {}), (375, {"has_touch": True, "is_mobile": True})])
def test_a_unit_can_be_chosen_by_its_number(open_page, width, options):
    page = open_page(width, **options)
    view = read_view(page)
    rows, _ = read(WIRES[0])
    field, lower, higher = unit_field(view), view.button("Previous unit"), view.button("Next unit")
    told = view.box.locator(".ge-picker [aria-live]")
    press = "tap" if options else "click"

    def followed():
        title = view.box.get_by_role("heading", name=re.compile(r"^Unit \d+ over the words$")).inner_text()
        assert view.slider("Unit to follow").get_attribute("aria-valuenow") == title.split()[1]
        return int(title.split()[1])

    field.fill("19")
    assert followed() == 19
    np.testing.assert_allclose(view.numbers(), rows[:, :, 19], rtol=0, atol=0.0051)
    getattr(higher, press)()
    getattr(higher, press)()
    getattr(lower, press)()
    assert followed() == 20 and field.input_value() == "20"
    assert told.text_content() == "Unit 20"  # a button says nothing itself
    step = view.step
    field.focus()
    for key, expected in [("ArrowUp", 21), ("ArrowDown", 20), ("ArrowLeft", 20), ("Home", 20), ("Space", 20)]:
        page.keyboard.press(key)
        assert (followed(), view.step) == (expected, step), key  # of the view's keys it takes none
    assert view.button("Play").count() == 1
    view.box.get_by_label("Newswire").select_option("1")
    assert followed() == 20

    field.fill("")
    field.blur()
    assert (field.input_value(), followed()) == ("20", 20)
    for text, expected in [("99", UNITS - 1), ("-4", 0), ("7.5", 0)]:
        field.fill(text)
        field.blur()
        assert (field.input_value(), followed()) == (str(expected), expected)
    assert [button.get_attribute("aria-disabled") for button in (lower, higher)] == ["true", "false"]
    field.fill(str(UNITS - 1))
    assert [button.get_attribute("aria-disabled") for button in (lower, higher)] == ["false", "true"]

    box, picture = field.bounding_box(), view.slider("Unit to follow").bounding_box()
    assert 0 < picture["y"] - box["y"] - box["height"] < 60  # it stands above the picture that it belongs to


def test_a_unit_can_be_chosen_with_keys(open_page):
    page = open_page()
    view = read_view(page)
    unit = view.slider("Unit to follow")
    unit.focus()
    moves = {"Home": 0, "ArrowRight": 1, "ArrowUp": 2, "PageUp": 12, "ArrowLeft": 11, "PageDown": 1, "End": UNITS - 1}
    for key, expected in moves.items():
        page.keyboard.press(key)
        assert unit.get_attribute("aria-valuenow") == str(expected), key
    rows, _ = read(WIRES[0])
    told = unit.get_attribute("aria-valuetext")
    assert told.startswith(f"unit {UNITS - 1}: ")
    found = [number(text) for text in re.findall(r"[\d.−]+(?=,|$)", told.partition(": ")[2])]
    np.testing.assert_allclose(found, rows[-1, :, -1], rtol=0, atol=0.0051)


def spoken(view):
    return view.box.locator(".ge-arithmetic .ge-spoken").text_content()


def test_the_arithmetic_is_written_out(open_page):
    view = wires_view(open_page())
    rows, _ = read(WIRES[0])
    view.slider("Word").press("Home")
    for _ in range(5):
        view.slider("Word").press("ArrowRight")
    unit = int(view.slider("Unit to follow").get_attribute("aria-valuenow"))
    i, f, candidate, o, cell, hidden = rows[5, :, unit]
    expected = [cell, f, rows[4, 4, unit], i, candidate, hidden, o, cell]
    found = [number(text) for text in re.findall(r"−?\d\.\d\d", spoken(view))]
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.0051)
    lines = view.box.locator(".ge-sum").all_inner_texts()
    shown = [number(text) for text in re.findall(r"−?\d\.\d\d", " ".join(lines))]
    np.testing.assert_allclose(shown, expected, rtol=0, atol=0.0051)


def test_situations(open_page):
    page = open_page()
    view = unit_view(page)
    stories = set()
    for name, cell, hidden in [
        ("Remember", 0.9, np.tanh(0.9)),
        ("Forget", 0, 0),
        ("Overwrite", -0.8, np.tanh(-0.8)),
        ("Add up", 4.8, np.tanh(4.8)),
        ("Hide", 0.9, 0),
        ("Free play", 0, 0),
    ]:
        view.box.get_by_role("radio", name=name).check()
        stories.add(view.box.locator(".ge-story").inner_text())
        numbers = view.numbers()
        assert len(numbers) == STEPS
        np.testing.assert_allclose(numbers[-1, 4:], [cell, hidden], rtol=0, atol=0.0051)
        gates = dict(zip(["input", "forget", "candidate", "output"], numbers[:, :4].T, strict=True))
        np.testing.assert_allclose(numbers, unrolled(gates), rtol=0, atol=0.0051)
    assert len(stories) == 6


def test_radio_buttons_keep_their_keys(open_page):
    page = open_page()
    view = unit_view(page)
    view.box.get_by_role("radio", name="Remember").focus()
    page.keyboard.press("ArrowRight")
    assert view.box.get_by_role("radio", name="Forget").is_checked()
    assert view.step == STEPS


def test_sliders_change_one_step_or_all_that_follow(open_page):
    page = open_page()
    view = unit_view(page)
    view.slider("Step").press("Home")
    for _ in range(5):
        view.slider("Step").press("ArrowRight")
    forget = view.box.get_by_label("forget gate")
    forget.fill("0.5")
    assert view.step == 6
    np.testing.assert_allclose(view.numbers()[:, 4], [0, *[0.9] * 4, *[0.45] * 7], atol=0.0051)
    assert "Cell state 0.45" in view.status
    view.box.get_by_label("from here to the end").check()
    forget.focus()
    page.keyboard.press("ArrowRight")
    np.testing.assert_allclose(view.numbers()[:, 1], [*[1] * 5, *[0.51] * 7], atol=1e-9)
    np.testing.assert_allclose(view.numbers()[5:, 4], 0.9 * 0.51 ** np.arange(1, 8), atol=0.0051)
    view.button("Start over").click()
    np.testing.assert_allclose(view.numbers()[:, 4], [0, *[0.9] * 11], atol=1e-9)
    assert not view.box.get_by_label("from here to the end").is_checked()
    view.slider("Step").press("Home")
    view.box.get_by_label("output gate").fill("0.5")
    assert view.numbers()[:, 3].tolist() == [0.5, *[1] * 11]  # the next stroke stays in its step
    assert view.box.get_by_role("heading", name="Values at step 1", exact=True).count() == 1


def test_a_slider_can_be_dragged(open_page):
    page = open_page()
    view = unit_view(page)
    view.box.get_by_role("radio", name="Free play").check()
    slider = view.box.get_by_label("input gate")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, y, steps=4)
    page.mouse.move(box["x"] + box["width"] - 1, y, steps=4)
    page.mouse.up()
    assert view.numbers()[-1].tolist() == [1, 1, 0.8, 1, 0.8, 0.66]


def test_a_mouse_draws_in_the_strips(open_page):
    page = open_page()
    view = unit_view(page)
    view.box.get_by_role("radio", name="Free play").check()
    view.table()  # opens it now, so that the page does not move later
    surface = view.box.locator(".ge-surface")
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()

    def at(step, row, height):
        return (
            box["x"] + box["width"] * (step - 0.5) / STEPS,
            box["y"] + box["height"] * (row + 1 - height) / 6,
        )

    page.mouse.move(*at(3, 0, 0.5))
    page.mouse.down()
    page.mouse.move(*at(4, 0, 0.5))
    page.mouse.move(*at(4, 1, 0.5))  # below its strip: as low as it goes
    page.mouse.up()
    assert view.step == 4
    drawn = view.numbers()
    np.testing.assert_allclose(drawn[:, 0], [0, 0, 0.5, *[0] * 9], atol=0.04)
    assert (drawn[:, 1] == 1).all()
    np.testing.assert_allclose(drawn[2:, 4], 0.4, atol=0.04)
    page.mouse.click(*at(8, 2, 0.02))  # the candidate goes from -1 to 1
    assert view.numbers()[7, 2] == pytest.approx(-1, abs=0.06)
    page.mouse.click(*at(9, 4, 0.9))  # the states cannot be drawn
    assert view.step == 9
    np.testing.assert_allclose(view.numbers()[:, 4], drawn[:, 4], atol=1e-9)


def test_a_finger_chooses(open_page):
    page = open_page(width=375, has_touch=True, is_mobile=True)
    view = wires_view(page)
    unit = view.slider("Unit to follow")
    unit.scroll_into_view_if_needed()
    box = unit.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 2.5 / UNITS, box["y"] + 50)
    assert unit.get_attribute("aria-valuenow") == "2"
    view.box.locator(".ge-word").nth(4).tap()
    assert view.step == 5
    view.button("Next").tap()
    assert view.step == 6

    one = unit_view(page)
    surface = one.box.locator(".ge-surface")
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    before = one.numbers()
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 4.5 / STEPS, box["y"] + 15)
    assert one.step == 5
    np.testing.assert_array_equal(one.numbers(), before)  # a finger only chooses the step
    one.box.get_by_role("radio", name="Hide").tap()
    assert "output gate is shut" in one.box.locator(".ge-story").inner_text()


def test_whoever_wants_no_motion_gets_none(open_page):
    page = open_page(reduced_motion="reduce")
    view = wires_view(page)
    durations = page.locator(".gate-explorer rect").evaluate_all(
        "bars => [...new Set(bars.map((bar) => getComputedStyle(bar).transitionDuration))]"
    )
    assert durations == ["0s"]
    assert page.evaluate(
        "document.getAnimations().filter((a) => a.effect.target.closest('.gate-explorer')).length"
    ) == 0
    assert view.step == 1
    page.wait_for_timeout(1500)
    assert view.step == 1 and page.locator("[data-playing]").count() == 0  # nothing plays by itself


def test_with_motion_nothing_plays_by_itself_either(open_page):
    page = open_page()
    view = wires_view(page)
    assert view.step == 1
    page.wait_for_timeout(1500)
    assert view.step == 1 and page.locator("[data-playing]").count() == 0


# --- for all readers ---


def axe_findings(page):
    views = "#gate-explorer-wires, #gate-explorer-unit"
    found = Axe().run(page, context=views, options=AXE_OPTIONS).response["violations"]
    return [f"{finding['id']}: {node['html'][:160]}" for finding in found for node in finding["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_axe_finds_nothing_in_any_state(open_page, width, scheme):
    page = open_page(width, color_scheme=scheme, reduced_motion="reduce")
    views = wires_view(page), unit_view(page)
    for view in views:
        view.table()
    views[1].button("Back").click()
    assert axe_findings(page) == []
    views[0].slider("Word").press("End")
    assert axe_findings(page) == []
    for view in views:
        view.button("Play").click()
    unit_view(page).box.get_by_role("radio", name="Add up").check()
    wires_view(page).slider("Unit to follow").focus()
    assert axe_findings(page) == []


CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => rgba(colour).slice(0, 3)
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, k) => sum + part * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (rgba(colour)[3] === 255) return colour;
    }
    return "white";
  };
  const ratio = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const found = { text: {}, graphics: {} };
  const note = (kind, name, value) => { found[kind][name] = Math.min(found[kind][name] ?? 99, value); };
  for (const node of document.querySelectorAll(".gate-explorer *")) {
    if (!node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const name = `${node.tagName.toLowerCase()}.${node.getAttribute("class") ?? ""}`;
    if ([...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())) {
      note("text", name, ratio(style.color, behind(node)));
    }
    if (node.matches("rect")) {
      note("graphics", node.closest("svg").getAttribute("class"), ratio(style.fill, behind(node)));
    }
    if (node.matches(".ge-strip line")) note("graphics", "axis", ratio(style.stroke, behind(node)));
    if (node.matches(".ge-band")) note("graphics", "band", ratio(style.outlineColor, behind(node.parentElement)));
    if (node.matches(".ge-swatch")) note("graphics", name, ratio(style.backgroundColor, behind(node.parentElement)));
    if (node.matches("button:not([aria-disabled=true]), select, [type=number], .ge-chip span")) {
      note("graphics", name, ratio(style.borderTopColor, behind(node.parentElement)));
    }
    if (node.matches(".ge-term b") && rgba(style.borderBottomColor)[3]) {
      note("graphics", `${name} ${node.parentElement.className}`, ratio(style.borderBottomColor, behind(node)));
    }
  }
  return found;
}"""


def assert_legible(page):
    for view in (wires_view(page), unit_view(page)):
        view.table()
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts["text"]) > 15 and len(contrasts["graphics"]) > 15
    assert {name: ratio for name, ratio in contrasts["text"].items() if ratio < 4.5} == {}
    assert {name: ratio for name, ratio in contrasts["graphics"].items() if ratio < 3} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_stands_out_from_the_page(open_page, scheme):
    page = open_page(color_scheme=scheme, reduced_motion="reduce")
    assert_legible(page)
    read_view(page).button("Back").click()
    assert_legible(page)


def test_the_theme_can_be_switched_while_it_is_open(open_page):
    page = open_page(color_scheme="light", reduced_motion="reduce")
    view = read_view(page)
    view.button("Back").click()
    step, colour = view.step, "getComputedStyle(document.querySelector('.gate-explorer')).color"
    before = page.evaluate(colour)
    for _ in range(3):
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
        page.locator(".theme-switch-button:visible").first.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate(colour) != before
    assert view.step == step
    assert_legible(page)


@pytest.mark.parametrize("width", [1280, 768, 375, 320])
def test_it_never_scrolls_sideways(open_page, width):
    page = open_page(width)
    for view in (wires_view(page), unit_view(page)):
        view.table()
        view.button("Play").click()
    for number_ in range(len(WIRES)):
        wires_view(page).box.get_by_label("Newswire").select_option(str(number_))
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    unit_view(page).box.get_by_role("radio", name="Add up").check()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


GAPS = """strips => {
  const plot = strips.querySelector(".ge-plot").getBoundingClientRect();
  const text = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getBoundingClientRect();
  };
  const all = (selector) => [...strips.querySelectorAll(selector)].map(text).filter((box) => box.width);
  return {
    labels: Math.min(...all(".ge-labels > div").map((box) => plot.left - box.right)),
    numbers: Math.min(...all(".ge-numbers > div").map((box) => box.left - plot.right)),
  };
}"""


@pytest.mark.parametrize("width", [1280, 375])
def test_the_longest_numbers_keep_off_the_bars(open_page, width):
    page = open_page(width)
    cells = [read(wire)[0][:, 4] for wire in WIRES]
    number_ = int(np.argmin([values.min() for values in cells]))
    step, unit = np.unravel_index(cells[number_].argmin(), cells[number_].shape)
    assert cells[number_].min() < -9.995 and np.abs(cells[number_]).max() > 9.995  # both have two digits
    view = read_view(page, number_)
    unit_field(view).fill(str(unit))
    view.box.locator(".ge-word").nth(step).click()
    followed = view.box.locator(".ge-strips").nth(1)
    assert followed.locator(".ge-numbers > div").nth(4).inner_text() == f"−{-cells[number_].min():.2f}"
    assert re.search(r"±\d\d$", followed.locator(".ge-labels > div").nth(4).inner_text())
    gaps = followed.evaluate(GAPS)
    assert min(gaps.values()) >= 4, gaps
    assert view.box.locator(".ge-strips").first.evaluate(GAPS)["labels"] >= 4


STEADY = """([wire, steps]) => {
  const panel = document.querySelector("#gate-explorer-wires");
  const slider = panel.querySelector("input[type=range]");
  const select = panel.querySelector("select");
  select.value = wire;
  select.dispatchEvent(new Event("change"));
  const places = [];
  for (let step = 1; step <= steps; step += 1) {
    slider.value = step;
    slider.dispatchEvent(new Event("input"));
    const parts = [".ge-text", ".ge-player", ".ge-strips", ".ge-sum + .ge-sum", ".ge-answers", ".ge-details"];
    const tops = parts.map((part) => panel.querySelector(part).offsetTop);
    places.push([...tops, panel.offsetHeight]);
  }
  return places;
}"""


@pytest.mark.parametrize("width", [1280, 640, 375, 320])
def test_nothing_moves_while_a_newswire_is_read(open_page, width):
    page = open_page(width, reduced_motion="reduce")
    for number_, wire in enumerate(WIRES):
        places = page.evaluate(STEADY, [number_, len(wire["words"])])
        moved = np.ptp(places, axis=0)
        assert moved.max() <= 1, (number_, moved)  # a pixel by rounding


@pytest.mark.parametrize("width", [1280, 375, 320])
def test_the_sum_breaks_before_the_plus(open_page, width):
    page = open_page(width)
    view = read_view(page, 1)
    for unit in range(UNITS):
        unit_field(view).fill(str(unit))
        kept, added = view.box.locator(".ge-sum").first.locator(".ge-together").all()
        assert re.fullmatch(r"[\d.]+ f · \(?[−\d.]+\)? c before", " ".join(kept.inner_text().split()))
        assert re.fullmatch(r"\+ [\d.]+ i · \(?[−\d.]+\)? c̃", " ".join(added.inner_text().split()))
        above, below = kept.bounding_box(), added.bounding_box()
        assert below["y"] >= above["y"] + above["height"]
        result = view.box.locator(".ge-sum").first.locator(".ge-result").bounding_box()
        assert result["x"] + result["width"] < below["x"] < above["x"]  # the + below the =
        assert max(above["height"], below["height"]) < 50  # each in one line


@pytest.mark.parametrize("width", [1280, 375])
def test_labels_are_not_cut_off(open_page, width):
    page = open_page(width)
    unit_view(page).box.get_by_role("radio", name="Add up").check()
    texts = ".ge-labels > div, .ge-numbers > div, .ge-title, .ge-handle label, .ge-value, button"
    cut = page.locator(f".gate-explorer :is({texts})").evaluate_all(
        "nodes => nodes.filter((n) => n.scrollWidth > n.clientWidth + 1).map((n) => n.textContent)"
    )
    assert cut == []


def test_targets_are_large_enough_for_fingers(open_page):
    page = open_page(375, has_touch=True, is_mobile=True)
    small = page.locator(
        ".gate-explorer :is(button, select, input[type=range], summary, .ge-chip, .ge-more label)"
    ).evaluate_all(
        "nodes => nodes.map((n) => [n.textContent, n.getBoundingClientRect()])"
        ".filter(([, box]) => box.height < 24 || box.width < 24).map(([text]) => text)"
    )
    assert small == []


def test_pictures_and_tables_say_what_they_show(open_page):
    page = open_page()
    for view in (wires_view(page), unit_view(page)):
        view.table()
        for picture in view.box.get_by_role("img").all():
            assert re.search(r"\d\.\d\d|%", picture.get_attribute("aria-label"))
        table = view.box.get_by_role("table")
        assert table.locator("caption").inner_text()
        assert table.locator("thead th[scope=col]").count() >= 7
        assert table.locator("tbody th[scope=row]").count() == table.locator("tbody tr").count()
        region = view.box.get_by_role("region")
        region.focus()
        assert region.evaluate("box => box === document.activeElement")


# --- where there is no server, and no JavaScript ---


def test_it_works_from_the_disk(open_page, site):
    page = open_page(address=(site / PAGE).as_uri())
    view = wires_view(page)
    assert view.step == 1
    view.slider("Word").press("End")
    assert view.step == len(WIRES[0]["words"])
    unit_view(page).box.get_by_role("radio", name="Add up").check()
    assert "4.80" in unit_view(page).status


def test_without_javascript_the_page_says_so_and_shows_the_table(open_page):
    page = open_page(java_script_enabled=False)
    for view in (wires_view(page), unit_view(page)):
        assert "JavaScript" in view.box.inner_text()
    assert page.locator("table").first.is_visible()
