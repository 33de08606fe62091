"""The judge: runs the tests of an assignment against a student's cells that it never runs itself.

``python -m scripts.grading.judge`` reads a job (JSON) from standard input and writes the verdicts (JSON) to standard
output. It is a process of its own, one for each submission, so that nothing is left over from the last one.
"""

import ast
import builtins
import copy
import json
import re
import sys
import time
import traceback
import types

import numpy as np

from scripts.grading import messages, sandbox

RESTARTS = 3
LONGEST = 1000  # characters of a message
START_SECONDS = 60  # for the sandbox, which is not the student's time
ALL_OUTPUT = 500_000  # characters that all cells together may have printed


class StudentError(Exception):
    """The student's code did not give an answer that a test could look at; the message says why."""


class NoStart(RuntimeError):
    """The sandbox did not get as far as the student's code."""


class Student:
    """The student's cells, in their sandbox.

    Parameters
    ----------
    limits : sandbox.Limits
    given : dict
        Names that are set before each cell, such as the student's number.
    trusted : bool
        Run without a sandbox.
    """

    def __init__(self, limits, given, trusted):
        self.limits, self.given, self.trusted = limits, given, trusted
        self.deadline = time.monotonic() + limits.seconds
        self.ran, self.restarts, self.number, self.ends = [], 0, 0, []
        self.process, self.room = None, ALL_OUTPUT
        self.changing = []  # functions that changed an argument in place, in the test that runs
        self.passes_on = False  # whether the test sees such changes
        self.start()

    def start(self):
        """Start a sandbox and run again in it what ran before."""
        self.process = sandbox.Process(self.limits, self.trusted)
        try:
            if self._receive("it took too long to start", START_SECONDS) != {"ready": True}:
                raise StudentError("it began with something strange")
        except StudentError as error:
            if not self.ran:
                raise NoStart(f"the sandbox did not start: {error} {self.process.last_words()}") from None
            raise
        for source in self.ran:
            self._ask("run", source=source, given=self.given)

    def stop(self):
        self.process.end("done")

    def run(self, source):
        """Run a cell; return its output and its error, or None."""
        try:
            answer = self.ask("run", source=source, given=self.given)
        except StudentError as error:
            return {"output": "", "error": {"type": "Ended", "message": str(error), "where": None}}
        self.ran.append(source)
        output = str(answer.get("output", ""))[: min(30_000, self.room)]
        self.room -= len(output)
        return {"output": output, "error": _description(answer.get("error"))}

    def ask(self, what, **details):
        """Ask for something; after the end of the process, start another one for the next question."""
        if self.process.ended_because is not None:
            self.restart()
        return self._ask(what, **details)

    def restart(self):
        if self.restarts == RESTARTS:
            raise StudentError(f"given up, because the code had to be ended {RESTARTS + 1} times: {self.ends[0]}")
        self.restarts += 1
        self.start()

    def _ask(self, what, **details):
        self.number += 1
        try:
            messages.send(self.process.connection, {"number": self.number, "what": what, **details})
        except OSError:
            pass  # it is gone, as the next line will find
        answer = self._receive(f"it took more than {self.limits.cell_seconds:g} seconds")
        if answer.pop("number", None) != self.number:
            self._end("it wrote to the grader's own channel")
        return answer

    def _receive(self, too_late, seconds=None):
        """Wait for the next message; raise a StudentError if it does not come."""
        seconds = self.limits.cell_seconds if seconds is None else seconds
        left = self.deadline - time.monotonic()
        if left <= 0:
            self._end(f"all of it together took more than {self.limits.seconds:g} seconds")
        try:
            return messages.receive(self.process.connection, min(seconds, left))
        except TimeoutError:
            if left < seconds:
                too_late = f"all of it together took more than {self.limits.seconds:g} seconds"
            self._end(too_late)
        except messages.Broken:
            self._end("it wrote to the grader's own channel, or an answer was larger than 32 MB")
        except (EOFError, OSError):
            self._end(self.process.ended_because or "it ended Python")

    def _end(self, because):
        self.process.end(because)
        self.ends.append(f"the code was ended: {because}")
        raise StudentError(self.ends[-1])

    def bind(self, names):
        """Return what the names stand for, and for the rest why they stand for nothing."""
        bound, missing = {}, {}
        try:
            kinds = self.ask("kinds", names=names).get("kinds")
        except StudentError as error:
            return {}, {name: str(error) for name in names}
        for name in names:
            kind = kinds.get(name) if isinstance(kinds, dict) else None
            try:
                if kind == "function":
                    bound[name] = Function(self, name)
                elif kind == "value":
                    bound[name] = self._answer(name, self.ask("get", name=name))
            except StudentError as error:
                missing[name] = str(error)
        return bound, missing

    def _answer(self, name, answer):
        error = answer.get("error")
        if isinstance(error, dict) and "unsayable" in error:
            what = re.sub(r"\W+", " ", str(error["unsayable"])[:60])
            raise StudentError(f"`{name}` gives {what}; numbers, lists or NumPy arrays are wanted")
        if error is not None:
            raise Raised(name, _description(error), self.ran)
        try:
            return messages.decode(answer.get("value"))
        except messages.Broken as problem:
            raise StudentError(f"`{name}` gave something that is no data: {problem}") from None


class Function:
    """Stands for a function of the student's in a test: a call is made in the sandbox."""

    def __init__(self, student, name):
        self._student, self.__name__ = student, name

    def __call__(self, *args, **kwargs):
        def known(value):
            return value.__name__ if isinstance(value, Function) else None

        try:
            data = {"args": messages.encode(args, known), "kwargs": messages.encode(kwargs, known)}
        except messages.Unsayable as error:  # something of the student's that went wrong before, or a faulty test
            raise StudentError(f"`{self.__name__}` cannot be given {error}") from None
        answer = self._student.ask("call", name=self.__name__, **data)
        got = self._student._answer(self.__name__, answer)
        self._take_changes(answer.get("changed"), {**dict(enumerate(args)), **kwargs})
        return got

    def _take_changes(self, told, given):
        """Note that the function changed its arguments, and change them likewise if the test is to see it."""
        if not isinstance(told, list):
            return
        for pair in told:
            key, said = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
            if type(key) not in (int, str) or key not in given:
                continue
            self._student.changing.append(self.__name__)
            if self._student.passes_on:
                try:
                    write_into(given[key], messages.decode(said))
                except (messages.Broken, TypeError, ValueError):
                    raise StudentError(f"`{self.__name__}` makes something else of what it is given") from None

    def __repr__(self):
        return f"<the student's {self.__name__}>"


def write_into(old, new):
    """Make an array, a list, a dict or a set hold what another one holds; anything else stays as it is.

    Returns
    -------
    bool
        Whether `old` holds it now.
    """
    if isinstance(old, np.ndarray) and isinstance(new, np.ndarray) and old.shape == new.shape:
        np.copyto(old, new, casting="unsafe")
    elif isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            write_into(before, after)
        return False  # the tuple itself cannot hold anything else
    elif isinstance(old, list) and isinstance(new, list):
        old[:] = [_renewed(*pair) for pair in zip(old, new, strict=False)] + new[len(old) :]
    elif isinstance(old, dict) and isinstance(new, dict):
        renewed = {key: _renewed(old[key], value) if key in old else value for key, value in new.items()}
        old.clear()
        old.update(renewed)
    elif isinstance(old, set) and isinstance(new, set):
        old.clear()
        old.update(new)
    else:
        return False
    return True


def _renewed(old, new):
    return old if write_into(old, new) else new


class Raised(StudentError):
    """The student's function raised an exception.

    The message says nothing that the function could have made up from what a hidden test gave to it: the kind of
    exception, if it is one of Python's own, and a line that stands in the student's cells.
    """

    def __init__(self, name, error, cells):
        if _is_stub(error):
            super().__init__(f"`{name}` is not written yet")
            return
        kind = getattr(builtins, error["type"], None)
        known = isinstance(kind, type) and issubclass(kind, BaseException)
        line = error["where"]["code"] if error["where"] else ""
        lines = {text.strip() for cell in cells for text in cell.splitlines()}
        place = f", in the line `{line}`" if line and line in lines else ""
        super().__init__(f"`{name}` raised {error['type'] if known else 'an exception'}{place}")


def _is_stub(error):
    """Tell whether an error comes from the line that the students are to replace."""
    place = error["where"]["code"] if error["where"] else ""
    return error["type"] == "NotImplementedError" and "raise NotImplementedError" in place


def _description(error):
    """Return an error as the worker described it, with nothing in it but short strings."""
    if not isinstance(error, dict):
        return None
    where = error.get("where")
    if isinstance(where, dict):
        line = where.get("line")
        where = {"line": line if type(line) is int else 0, "code": str(where.get("code", ""))[:200]}
    else:
        where = None
    return {
        "type": str(error.get("type", ""))[:100],
        "message": str(error.get("message", error.get("unsayable", "")))[:LONGEST],
        "where": where,
    }


def judge(job):
    """Run a student's cells, then the tests.

    Parameters
    ----------
    job : dict
        ``cells``: list of ``{"source", "given", "names"}``, the cells to run, in order; `given` marks those that the
        master brought, `names` is what a cell should define. ``tests``: list of ``{"id", "source", "names",
        "hidden"}``, `names` being what the student was asked to define, `hidden` the numbers of the test's hidden
        lines. ``number``: the student's number.
        ``limits``, ``trusted``: see `Student`.

    Returns
    -------
    dict
        ``cells``: output and error of each cell; ``tests``: for each test ``passed``, ``message``, ``hidden`` (whether
        it failed in a hidden line), ``seconds``; ``ends``: why the sandbox had to be ended, each time.
    """
    space = types.ModuleType("__main__").__dict__  # the tests' names; a dict of its own, builtins included
    given = {"student_number": job["number"]}
    space.update(given)
    student = Student(sandbox.Limits(**job["limits"]), given, job["trusted"])
    try:
        cells = [student.run(cell["source"]) for cell in job["cells"]]
        for cell in job["cells"]:
            if cell["given"]:
                exec(compile(cell["source"], "<given>", "exec"), space)
        failed = _defined_in(job["cells"], cells)
        verdicts = [_verdict(test, student, space, failed) for test in job["tests"]]
    finally:
        student.stop()
    return {"cells": cells, "tests": verdicts, "ends": student.ends}


def _defined_in(cells, results):
    """Return for each name the error of the last cell that should have defined it, if that cell failed."""
    errors = {}
    for cell, result in zip(cells, results, strict=True):
        for name in cell["names"]:
            errors[name] = result["error"]
    return {name: error for name, error in errors.items() if error is not None}


def names_defined(source):
    """Return the names that a cell's top level defines, as far as it can be parsed."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names = []
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.append(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            parts = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
            names += [part.id for part in parts if isinstance(part, ast.Name)]
    return list(dict.fromkeys(names))


def _verdict(test, student, space, failed):
    """Run one test; every test gets the student's names anew and cannot spoil another's.

    In a notebook, a function that changes its arguments in place changes what the test compares its answer with. The
    first time, the test does not see such changes, so a wrong answer cannot be made right by changing what it is
    compared with. If there were any, the test runs again and sees them, as it does in the student's notebook. It
    passes if it passes both times.
    """
    student.changing, student.passes_on = [], False
    verdict = _run_test(test, student, space, failed)
    if verdict["passed"] and student.changing:
        kinds = (list, dict, set, tuple, np.ndarray)
        own = {name: value for name, value in space.items() if isinstance(value, kinds) and name in test["source"]}
        student.passes_on = True
        verdict = _run_test(test, student, {**space, **copy.deepcopy(own)}, failed)
        if not verdict["passed"]:
            hint = f" (`{student.changing[0]}` changes what it is given; work on a copy)"
            verdict["message"] = verdict["message"][: LONGEST - len(hint)] + hint
    return verdict


def _run_test(test, student, space, failed):
    start = time.monotonic()
    bound, missing = student.bind(test["names"])
    own = {name: value for name, value in space.items() if name not in test["names"]} | bound
    passed, message, line = False, "", None
    try:
        exec(compile(test["source"], "<test>", "exec"), own)
        passed = True
    except StudentError as error:
        message, line = str(error), _line(error)
    except AssertionError as error:
        message, line = str(error) or "the test failed", _line(error)
    except NameError as error:
        line = _line(error)
        message = _about_missing(error.name, test["names"], missing, failed) or _unforeseen(error)
    except Exception as error:
        message, line = _unforeseen(error), _line(error)
    hidden = line in test["hidden"]
    seconds = round(time.monotonic() - start, 3)
    return {"id": test["id"], "passed": passed, "message": message[:LONGEST], "hidden": hidden, "seconds": seconds}


def _line(error):
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<test>"]
    return lines[0] if lines else None


def _about_missing(name, names, missing, failed):
    if name not in names:
        return None
    if name in missing:
        return missing[name]
    error = failed.get(name)
    if error is None:
        return f"`{name}` is not defined: the cell that defines it is missing or was changed"
    if _is_stub(error):
        return f"`{name}` is not done yet"
    where = f" in line {error['where']['line']}" if error["where"] else ""
    return f"`{name}` is not defined, because its cell failed{where}: {error['type']}: {error['message']}"


def _unforeseen(error):
    return f"the test could not make anything of the answer ({type(error).__name__}: {str(error)[:200]})"


def main():
    job = json.loads(sys.stdin.buffer.read())
    answer = sys.stdout
    sys.stdout = sys.stderr  # what given cells and tests print is not the verdict
    json.dump(judge(job), answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
