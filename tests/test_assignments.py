"""The assignments: solutions pass in every variant, stubs do not, mistakes get the right message, nothing leaks."""

import ast
import copy
import json
import re
import subprocess
import sys

import nbformat
import pytest

from scripts import assignments
from scripts.grading import course, judge, sandbox, submission
from scripts.grading.submission import grade_id_of, source_of
from scripts.setup_cell import is_setup, setup_source

MASTERS = course.masters()
NUMBERS = ("0", "12345", "s-ünï 7", "2026/001")
every_master = pytest.mark.parametrize("name", MASTERS)
every_number = pytest.mark.parametrize("number", NUMBERS)


def master(name):
    return json.loads(MASTERS[name].read_bytes())


@pytest.fixture(scope="module")
def version():
    """Return a function that gives the student's version of an assignment."""
    made = {}

    def make(name):
        if name not in made:
            made[name] = assignments.for_students(MASTERS[name].read_bytes(), name)
        return copy.deepcopy(made[name])

    return make


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def kind_of(cell):
    told = cell["metadata"].get("nbgrader", {})
    if told.get("grade"):
        return "written" if told["solution"] else "test"
    return "solution" if told.get("solution") else "given" if told.get("locked") else "plain"


def regions(cell, kind):
    """Return the lines of a cell inside and outside of the regions of a kind."""
    inside, outside, now = [], [], False
    for line in source_of(cell).splitlines():
        if f"### BEGIN {kind}" in line or f"### END {kind}" in line:
            now = "BEGIN" in line
        else:
            (inside if now else outside).append(line.strip())
    return [line for line in inside if line], [line for line in outside if line]


def verdicts(name, number="0", changes=None, tests=None, without=(), notebook=None):
    """Run an assignment's tests, in the judge, on its solutions or on a notebook; return them by id."""
    original, asked = master(name), course._asked(MASTERS[name].read_bytes())
    sources = {cell["id"]: source_of(cell) for cell in (notebook or original)["cells"] if "id" in cell}
    cells, wanted = [], []
    for cell in code_cells(original):
        grade_id, kind = grade_id_of(cell), kind_of(cell)
        source = (changes or {}).get(cell["id"], sources[cell["id"]])
        if kind == "test":
            if tests is None or grade_id in tests:
                names = [n for found in asked.values() for n in found if n in source_of(cell)]
                wanted.append({"id": grade_id, "source": source_of(cell), "names": names, "hidden": []})
        elif grade_id not in course.NOT_RUN and cell["id"] not in without:
            cells.append({"source": source, "given": kind == "given", "names": asked.get(grade_id, [])})
    job = {"cells": cells, "tests": wanted, "number": number, "limits": {}, "trusted": True}
    return {verdict["id"]: verdict for verdict in judge.judge(job)["tests"]}


def test_there_are_four():
    assert [name.split("-")[0] for name in MASTERS] == ["1", "2", "3", "4"]


@every_master
def test_a_master_is_in_order(name):
    notebook = master(name)
    nbformat.validate(nbformat.from_dict(notebook))
    ids = [grade_id_of(cell) for cell in notebook["cells"] if grade_id_of(cell)]
    assert len(ids) == len(set(ids))
    prose = "\n".join(source_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    tested, read = assignments.points(notebook)
    assert f"**Points:** {tested} for code, {read} for writing" in prose
    assert re.search(r"\*\*Time:\*\* about \w+ hours", prose) and "**Know first:**" in prose
    kinds = [kind_of(cell) for cell in notebook["cells"]]
    assert kinds.count("test") >= 6 and kinds.count("written") == 2
    by_heading = {}
    graded = [cell for cell in notebook["cells"] if kind_of(cell) in ("test", "written")]
    for cell, (_, title, question) in zip(graded, course._titles(notebook), strict=True):
        assert bool(question) == (kind_of(cell) == "written"), f"{cell['id']}: (a) or (b), and a question"
        by_heading[title] = by_heading.get(title, 0) + cell["metadata"]["nbgrader"]["points"]
    for title, most in by_heading.items():
        assert f"## {title} ({most} point" in prose, f"{title}: the tests give {most}"
    for cell in notebook["cells"]:
        if kind_of(cell) == "test":
            hidden, visible = regions(cell, "HIDDEN TESTS")
            assert hidden and visible, f"{cell['id']} has no hidden or no visible test"
        if kind_of(cell) in ("solution", "written"):
            assert regions(cell, "SOLUTION")[0], f"{cell['id']} has no solution"
        if kind_of(cell) == "written":
            assert "**A good answer:**" in source_of(cell) and "**Points:**" in source_of(cell), "no rubric"
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
            for node in ast.walk(ast.parse(source_of(cell))):
                assert not isinstance(node, ast.Assert) or node.msg, f"{cell['id']}: an assert that says nothing"


@every_master
def test_the_setup_cell_is_the_books(name):
    (cell,) = [cell for cell in master(name)["cells"] if is_setup(cell)]
    assert source_of(cell) == setup_source()


@every_master
def test_a_students_version_shows_no_solution_and_no_hidden_test(name, version):
    text = "\n".join(source_of(cell) for cell in version(name)["cells"])
    everything = json.dumps(version(name), ensure_ascii=False)
    lines = {line.strip() for line in text.splitlines()}
    visible, hidden = set(), set()
    for cell in master(name)["cells"]:
        for kind in ("SOLUTION", "HIDDEN TESTS"):
            inside, outside = regions(cell, kind)
            hidden |= set(inside)
        inside = {*regions(cell, "SOLUTION")[0], *regions(cell, "HIDDEN TESTS")[0]}
        visible |= set(regions(cell, "SOLUTION")[1]) - inside if kind_of(cell) != "test" else set()
        visible |= set(regions(cell, "HIDDEN TESTS")[1]) if kind_of(cell) == "test" else set()
    secret = hidden - visible
    assert len(secret) > 40
    assert not secret & lines
    long = [line for line in secret if len(line) > 30]
    assert not [line for line in long if json.dumps(line, ensure_ascii=False)[1:-1] in everything]
    for mark in ("BEGIN", "SOLUTION", "HIDDEN", "A good answer"):
        assert mark not in everything


@every_master
def test_a_students_version_can_be_graded_and_has_no_outputs(name, version):
    notebook = version(name)
    nbformat.validate(nbformat.from_dict(notebook))
    wanted = {grade_id_of(cell): kind_of(cell) for cell in master(name)["cells"] if grade_id_of(cell)}
    assert {grade_id_of(cell): kind_of(cell) for cell in notebook["cells"] if grade_id_of(cell)} == wanted
    for cell in notebook["cells"]:
        told = cell["metadata"].get("nbgrader")
        assert told is None or told["schema_version"] == 3 and told["checksum"]
        assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)
        if kind_of(cell) == "solution":
            assert "# YOUR CODE HERE\n" in source_of(cell) and "raise NotImplementedError" in source_of(cell)
        if kind_of(cell) == "written":
            assert source_of(cell) == "YOUR ANSWER HERE"


def test_a_leak_is_noticed(version):
    name = next(iter(MASTERS))
    solution = next(cell for cell in master(name)["cells"] if kind_of(cell) == "solution")
    test = next(cell for cell in master(name)["cells"] if kind_of(cell) == "test")
    for line in (regions(solution, "SOLUTION")[0][-1], regions(test, "HIDDEN TESTS")[0][0]):
        leaky = version(name)
        leaky["cells"][3]["source"] = f"{source_of(leaky['cells'][3])}\n{line}"
        assert assignments.leaks(master(name), leaky) == [line]
    leaky = version(name)
    leaky["cells"][3].update(metadata={"kept": regions(solution, "SOLUTION")[0][-1]})
    assert assignments.leaks(master(name), leaky)
    assert assignments.leaks(master(name), version(name)) == []


def test_the_command_writes_what_is_asked_for(tmp_path, capsys, version):
    assert assignments.main(["1", "--to", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["1-data-and-baselines.ipynb"]
    assert json.loads((tmp_path / "1-data-and-baselines.ipynb").read_text()) == version("1-data-and-baselines")
    assert "22 points by tests, 6 by a teacher" in capsys.readouterr().out
    assert assignments.main(["7", "--to", str(tmp_path)]) == 1
    assert "there is 1-data-and-baselines" in capsys.readouterr().err
    (tmp_path / "a-file").touch()
    assert assignments.main(["1", "--to", str(tmp_path / "a-file" / "x")]) == 1
    assert re.fullmatch(r"--to: \S+ cannot be written: Not a directory\n", capsys.readouterr().err)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Return the address of a bare repository with helpers and masters, at the release."""
    folder = tmp_path_factory.mktemp("published")
    for name in ("helpers/claims.py", "helpers/data/words.txt", "assignments/1-solved.ipynb", "README.md"):
        (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tree" / name).write_text(name)
    release = re.search(r'RELEASE = .*"(v[^"]+)"', setup_source())[1]
    commit = ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "-m", "x"]
    for words in (["init", "--quiet"], ["add", "."], commit, ["tag", release]):
        subprocess.run(["git", *words], cwd=folder / "tree", check=True)
    subprocess.run(["git", "clone", "--quiet", "--bare", folder / "tree", folder / "bare"], check=True)
    return folder / "bare"


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_the_setup_cell_of_a_students_version_fetches_the_helpers_alone(scheme, published, version, tmp_path):
    """Run in an empty folder, as on Colab. A plain path is copied, an address with a scheme is asked for a part."""
    sources = {source_of(cell) for name in MASTERS for cell in version(name)["cells"] if is_setup(cell)}
    (source,) = sources
    source = re.sub(r'REPOSITORY, RELEASE = "[^"]+"', f'REPOSITORY, RELEASE = "{scheme}{published}"', source)
    done = subprocess.run([sys.executable, "-I", "-c", source], cwd=tmp_path, capture_output=True, text=True)
    assert "Setup: using the helpers in the folder bare" in done.stdout, done.stderr
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"bare/helpers/claims.py", "bare/helpers/data/words.txt"}


def test_a_setup_cell_that_fetches_another_way_is_not_handed_out():
    with pytest.raises(assignments.Leak, match="may fetch the masters"):
        assignments.fetching_helpers_only(setup_source().replace("--depth=1", "--depth=2"))


@every_master
@every_number
def test_solutions_get_all_points_in_every_variant(name, number):
    found = verdicts(name, number)
    assert {key: verdict["message"] for key, verdict in found.items() if not verdict["passed"]} == {}


@every_master
def test_stubs_get_none(name, version):
    found = verdicts(name, notebook=version(name))
    assert not any(verdict["passed"] for verdict in found.values())
    for verdict in found.values():
        assert re.search(r"is not written yet|is not done yet", verdict["message"]), verdict


RUN = """
import builtins, json, sys
real = builtins.__import__
def guarded(name, *args, **kwargs):
    if name.split(".")[0] in ("nbgrader", "nbclient", "nbconvert", "IPython", "ipykernel"):
        raise ModuleNotFoundError(name)
    return real(name, *args, **kwargs)
cells = json.load(sys.stdin)
space = {"__name__": "__main__"}
builtins.__import__ = guarded
for number, source in cells:
    try:
        exec(compile(source, f"cell {number}", "exec"), space)
    except Exception as error:
        print(number, type(error).__name__, error)
"""


def run_plainly(cells):
    """Run cells in plain Python, where nothing of Jupyter can be imported; return what went wrong."""
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(cells),
        capture_output=True,
        text=True,
        cwd=course.ROOT,
        env={**sandbox._plain_environment(), "PYTHONPATH": str(course.ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        timeout=170,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [line for line in done.stdout.splitlines() if re.match(r"\S+ \w+(Error|Exception)", line)]


@every_master
def test_a_students_notebook_runs_without_nbgrader(name, version):
    """Filled in with the solutions it runs to its end, visible tests and all, in plain Python."""
    solved = {cell["id"]: source_of(cell) for cell in master(name)["cells"] if kind_of(cell) == "solution"}
    cells = [(cell["id"], solved.get(cell["id"], source_of(cell))) for cell in code_cells(version(name))]
    assert run_plainly(cells) == []


def test_an_untouched_notebook_runs_up_to_the_first_task(version):
    name = next(iter(MASTERS))
    problems = run_plainly([(cell["id"], source_of(cell)) for cell in code_cells(version(name))])
    assert problems and all(re.match(r"\S+ (NotImplementedError|NameError)", line) for line in problems)
    assert not any(line.startswith(("setup", "variant", "data", "check")) for line in problems)


# A line of a solution, a mistake in its place, the test that it must fail, and what the student is told.
MISTAKES = [
    ("1", "decode", "word_of_rank[i - 3]", "word_of_rank.get(i, '?')", "the shift is missing"),
    ("1", "decode", "word_of_rank[i - 3]", "word_of_rank[i]", "the shift is missing"),
    ("1", "decode", "if i >= 2", "if i >= 1", "raised KeyError"),
    ("1", "decode", "if i >= 2", "if i > 2", "id 2 stands for an unknown word"),
    ("1", "pad", "row[: len(kept)] = kept", "row[timesteps - len(kept) :] = kept", "the zeros stand before the text"),
    ("1", "pad", "wire[:timesteps]", "wire[-timesteps:]", "the last ids are kept"),
    ("1", "pad", "return padded != 0", "return padded == 0", "the mask is upside down"),
    ("1", "majority", "np.bincount(y_train)", "np.bincount(y_new)", "nothing may be chosen on wires that you test"),
    ("1", "majority", "np.asarray(y_new) ==", "np.asarray(y_train) ==", "the share is that among the training wires"),
    ("1", "split", "order[held_back:], order[:held_back]", "order, order[:held_back]", "a wire is in both parts"),
    ("1", "split", "np.random.default_rng(seed).permutation(wires)", "np.arange(wires)", "draw them at random"),
    ("1", "split", "default_rng(seed)", "default_rng(0)", "another seed should draw other wires"),
    ("1", "split", "order[held_back:], order[:held_back]", "order[:held_back], order[held_back:]", "changed places"),
    ("1", "bag", "row[i] += 1", "row[i] = 1", "it was only noted that it is there"),
    ("1", "bag", "2 < i < words", "0 < i < words", "the start mark was counted"),
    ("1", "bag", "2 < i < words", "1 < i < words", "the unknown word was counted"),
    ("1", "nearest", "return there[(unit(bags_new) @ means.T).argmax(axis=1)]",
     "return (unit(bags_new) @ means.T).argmax(axis=1)", "the numbers of the means"),
    ("1", "nearest", "argmax", "argmin", "least alike"),
    ("1", "nearest", "return rows / np.where(length == 0, 1, length)", "return rows * 1.0", "long wires decide"),
    ("1", "recall", "np.mean(np.asarray(y_pred)[of_topic] == topic)",
     "np.mean(np.asarray(y_true)[np.asarray(y_pred) == topic] == topic)", "share of the *answers* 3"),
    ("2", "step", "np.tanh(x_t @ W + h @ U + b)", "x_t @ W + h @ U + b", "tanh of it is missing"),
    ("2", "step", "h @ U + b", "h @ U.T + b", "U is turned over"),
    ("2", "step", "h @ U + b", "h @ U", "the bias b was left out"),
    ("2", "read", "new if mask is None else np.where(mask[:, t, np.newaxis], new, h)", "new", "is it used?"),
    ("2", "read", "np.where(mask[:, t, np.newaxis], new, h)", "new * mask[:, t, np.newaxis]", "carried over, not set"),
    ("2", "read", "np.stack(states, axis=1)", "states[-1]", "this is the last state only"),
    ("2", "read", "np.stack(states, axis=1)", "np.stack(states)", "the axes are (steps, batch, units)"),
    ("2", "count", "(features + units + 1)", "(features + units)", "there is a bias for each unit"),
    ("2", "slow", "keep * h + (1 - keep) * step", "(1 - keep) * h + keep * step", "the shares are swapped"),
    ("2", "slow", "(1 - keep) * step", "step", "not multiplied by 1 - keep"),
    ("2", "gradients", "(gradients[t] * (1 - states[t] ** 2)) @ U.T", "gradients[t] @ U.T", "the factor 1 - h²"),
    ("2", "gradients", "** 2)) @ U.T", "** 2)) @ U", "U.T carries the gradient back"),
    ("2", "gradients", "(1 - states[t] ** 2)", "(1 - states[t - 1] ** 2)", "not to the one before"),
    ("2", "bptt", "return before.T @ (gradients", "return (before.T @ (gradients", "failed in line"),
    ("2", "bptt", "before.T @ (gradients * (1 - states**2))", "(gradients * (1 - states**2)).T @ before",
     "turned over"),
    ("2", "bptt", "return before.T @ (gradients * (1 - states**2))",
     "return np.outer(before[-1], 1 - states[-1] ** 2)", "only the last step was counted"),
    ("3", "gates", "z_i, z_f, z_c, z_o =", "z_i, z_f, z_o, z_c =", "candidate and output gate have changed places"),
    ("3", "gates", "z_i, z_f, z_c, z_o =", "z_f, z_i, z_c, z_o =", "input and forget gate have changed places"),
    ("3", "gates", "np.tanh(z_c)", "sigmoid(z_c)", "the candidate goes through tanh"),
    ("3", "gates", "np.split(z, 4, axis=1)", "(z[:, k::4] for k in range(4))", "the columns of a gate lie side"),
    ("3", "lstm-step", "f * c + i * candidate", "i * c + f * candidate", "the forget gate multiplies the old cell"),
    ("3", "lstm-step", "o * np.tanh(c)", "o * c", "goes through tanh before the output gate"),
    ("3", "lstm-step", "return o * np.tanh(c), c", "return c, o * np.tanh(c)", "changed places: first h, then c"),
    ("3", "read", "np.where(take, new_h, h), np.where(take, new_c, c)", "new_h, new_c", "is it used?"),
    ("3", "read", "np.where(take, new_c, c)", "new_c", "but the cell state goes on"),
    ("3", "forget-bias", "new[n : 2 * n]", "new[:n]", "this is the block of the input gate"),
    ("3", "forget-bias", "new[n : 2 * n]", "new[1]", "one number for each unit"),
    ("3", "forget-bias", "np.array(bias, dtype=float)", "bias", "`with_forget_bias` changes what it is given"),
    ("3", "left", "left[s + 1] * forget[s + 1]", "left[s + 1] * forget[s]", "own forget gate"),
    ("3", "bias-for", "np.log(gate / (1 - gate))", "gate", "this is the gate itself"),
    ("4", "count", '"LSTM": 4', '"LSTM": 1', "one set of weights for each of its four parts"),
    ("4", "count", "units + 1) <= budget", "units) < budget", "the budget may not be exceeded"),
    ("4", "shuffle", "sequence[draw.permutation(len(sequence))] for sequence in x",
     "s for s in x[:, draw.permutation(x.shape[1])]", "all sequences were shuffled in the same way"),
    ("4", "shuffle", "default_rng(seed)", "default_rng(1)", "is `seed` used?"),
    ("4", "shuffle", "return np.stack([sequence[draw.permutation(len(sequence))] for sequence in x])",
     "[draw.shuffle(sequence) for sequence in x]\n    return x", "`shuffle_steps` changes what it is given"),
    ("4", "report", "np.mean(validation[name])", "np.mean(held_out[name])", "the held-out accuracies made the choice"),
    ("4", "report", "np.mean(validation[name])", "np.max(validation[name])", "the best single seed made the choice"),
    ("4", "report", "float(np.mean(held_out[chosen]))", "max(held_out[chosen])", "this is the best seed"),
    ("4", "paired", "ddof=1", "ddof=0", "the denominator of the standard deviation is n - 1"),
    ("4", "paired", " / np.sqrt(len(differences))", "", "divide it by √n"),
    ("4", "paired", "np.asarray(a) - np.asarray(b)", "np.asarray(b) - np.asarray(a)", "turned round"),
    ("4", "disagree", "min(1.0, 2 * tail", "min(1.0, tail", "this is one side"),
    ("4", "disagree", "np.sum(a_right & ~b_right)", "np.sum(a_right)", "only a, only b"),
]  # fmt: skip


@pytest.mark.parametrize("number, cell_id, right, wrong, says", MISTAKES)
def test_a_typical_mistake_is_told(number, cell_id, right, wrong, says):
    name = next(name for name in MASTERS if name.startswith(number))
    source = next(source_of(cell) for cell in master(name)["cells"] if cell["id"] == cell_id)
    assert right in source, "the solution has changed: change this mistake, too"
    test = f"{cell_id}-test"
    # Only hidden tests look at the newswires, and these mistakes are told by the visible ones.
    without = [] if cell_id == "nearest" else ["data"]
    found = verdicts(name, changes={cell_id: source.replace(right, wrong)}, tests=[test], without=without)
    assert not found[test]["passed"] and says in found[test]["message"], found[test]["message"]


def test_an_answer_for_another_number_is_noticed():
    """Numbers copied from a neighbour are right for the neighbour only."""
    name = next(iter(MASTERS))
    copied = 'my_numbers = {"majority": 0.7479131886477463, "nearest": 0.9, "recall": 0.5}'
    found = verdicts(name, "77", changes={"numbers": copied}, tests=["numbers-test"])
    assert "your majority is not the one" in found["numbers-test"]["message"]


@every_master
def test_a_test_of_a_students_own_numbers_does_not_print_them(name):
    cell = next(cell for cell in master(name)["cells"] if cell["id"] in ("numbers-test", "record-test"))
    hidden = "\n".join(regions(cell, "HIDDEN TESTS")[0])
    assert hidden.count("assert ") >= 1 and "check(" not in hidden, "check prints the right number"


def test_everybody_has_other_wires_in_assignment_1(capsys):
    cell = next(cell for cell in master(next(iter(MASTERS)))["cells"] if cell["id"] == "variant")
    seeds = set()
    for number in range(200):
        space = {"student_number": str(number)}
        exec(source_of(cell), space)
        seeds.add(space["seed_of_split"])
    data = next(source_of(cell) for cell in master(next(iter(MASTERS)))["cells"] if cell["id"] == "data")
    assert len(seeds) == 200 and "seed=seed_of_split" in data and 0 <= min(seeds) and max(seeds) < 2**32


@pytest.mark.parametrize("number, ids", [("1", ["majority", "split"]), ("4", ["report", "paired", "disagree"])])
def test_a_list_of_answers_is_as_good_as_a_tuple(number, ids):
    name = next(name for name in MASTERS if name.startswith(number))
    sources = {cell["id"]: source_of(cell) for cell in master(name)["cells"]}
    again = "\n\n\ntuple_{0} = {0}\n\n\ndef {0}(*args, **kwargs):\n    return list(tuple_{0}(*args, **kwargs))"
    changes = {cell_id: sources[cell_id] + again.format(cell_id) for cell_id in ids}
    found = verdicts(name, changes=changes, tests=[f"{cell_id}-test" for cell_id in ids])
    assert len(found) == len(ids)
    assert {key: verdict["message"] for key, verdict in found.items() if not verdict["passed"]} == {}


def test_the_training_says_why_it_does_nothing(monkeypatch, capsys):
    monkeypatch.setenv("BOOK_EPOCHS", "1")
    name = next(name for name in MASTERS if name.startswith("4"))
    exec(next(source_of(cell) for cell in master(name)["cells"] if cell["id"] == "train"), {})
    assert "BOOK_EPOCHS is set, so nothing is trained" in capsys.readouterr().out


def test_the_number_in_a_notebook_is_found():
    read = submission.read(json.dumps({"cells": [{"cell_type": "code", "source": 'student_number = "12 3"'}]}).encode())
    assert course.number_in(read) == "12 3"


def test_the_teaching_guide_names_sections_that_are_there():
    guide = (course.ROOT / "book" / "teaching.md").read_text(encoding="utf-8")
    named = re.findall(r'[Cc]hapter (\d),? (?:from |up to |up to "|)"([^"]+)"', guide)
    assert len(named) > 10
    for number, section in named:
        for path in (course.ROOT / "book").glob(f"0{number}-*.ipynb"):
            prose = [source_of(c) for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "markdown"]
            headings = [line.lstrip("# ") for text in prose for line in text.splitlines() if line.startswith("#")]
            assert any(heading.startswith(section) for heading in headings), f"chapter {number} has no {section!r}"


@every_master
def test_the_teaching_guide_counts_the_points_right(name):
    guide = (course.ROOT / "book" / "teaching.md").read_text(encoding="utf-8")
    title = source_of(master(name)["cells"][0]).splitlines()[0].removeprefix("# Assignment ")
    tested, read = assignments.points(master(name))
    (row,) = re.findall(rf"(?m)^\| {re.escape(title)} \|.*$", guide)
    assert f"| {tested} points | {read} points |" in row
