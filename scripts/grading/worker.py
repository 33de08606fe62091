"""Runs inside the sandbox: a student's cells, and calls of the student's functions.

``python worker.py SETTINGS`` takes its orders from the socket whose number is in SETTINGS (JSON) and answers there.
Everything here shares a process with the student's code and can be changed by it. That is of no use to anybody: an
answer is only what the judge was told, and the judge knows what the right answer is. The bounds set here are hard
limits of the kernel, which the code cannot lift again.
"""

import contextlib
import importlib.abc
import json
import os
import resource
import socket
import sys
import types

LONGEST_OUTPUT = 20_000
LONGEST_MESSAGE = 500


def main():
    settings = json.loads(sys.argv[1])
    _become_nobody(settings["uid"])
    _bound(settings["limits"])
    sys.argv[:] = [""]
    sys.path[:0] = settings["path"]
    sys.meta_path.insert(0, Forbidden(settings["forbidden"], settings["because"]))
    connection = socket.socket(fileno=settings["socket"])
    student = Student()
    import messages

    orders = {"run": student.run, "kinds": student.kinds, "get": student.get, "call": student.call}
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # so far they told why the start failed; from now on nobody reads them
        os.dup2(silence, stream)
    messages.send(connection, {"ready": True})
    while True:
        try:
            order = messages.receive(connection)
        except EOFError:
            return
        number, what = order.pop("number"), orders[order.pop("what")]
        try:
            answer = what(**order)
        except BaseException as error:  # whatever the student's code raises, SystemExit included
            answer = {"error": student.described(error)}
        try:
            messages.send(connection, {"number": number, **answer})
        except messages.Unsayable as error:
            messages.send(connection, {"number": number, "error": {"unsayable": str(error)}})


def _become_nobody(uid):
    """Give up root's rights; None: this process never had them."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def _bound(limits):
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


class Forbidden(importlib.abc.MetaPathFinder):
    """Say why a package is missing."""

    def __init__(self, names, because):
        self.names, self.because = set(names), because

    def find_spec(self, fullname, path=None, target=None):
        if fullname in self.names or fullname.split(".")[0] in self.names:
            raise ModuleNotFoundError(f"{fullname}: {self.because}", name=fullname)
        return None


class Output:
    """Keeps the beginning of what is printed and counts the rest."""

    def __init__(self):
        self.text, self.lost = "", 0

    def write(self, text):
        room = LONGEST_OUTPUT - len(self.text)
        self.text += text[:room]
        self.lost += max(0, len(text) - room)
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False

    def shown(self):
        return self.text + (f"\n… and {self.lost:,} characters more" if self.lost else "")


class Student:
    """The names that the student's cells have defined."""

    def __init__(self):
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        class Shell(InteractiveShell):
            def enable_gui(self, gui=None):
                pass  # `%matplotlib inline` asks for it; the class it comes from cannot

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self.shell = Shell.instance(config=config, user_module=module, user_ns=module.__dict__)

    def run(self, source, given):
        """Run one cell; `given` are names that are set before it."""
        self.shell.user_ns.update(given)
        output = Output()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            self.shell.showtraceback = lambda *args, **kwargs: None
            self.shell.showsyntaxerror = lambda *args, **kwargs: None
            result = self.shell.run_cell(source, store_history=False, silent=False)
        error = result.error_before_exec or result.error_in_exec
        answer = {"output": output.shown()}
        if error is not None:
            answer["error"] = self.described(error)
        return answer

    def kinds(self, names):
        """Tell of each name what it is: a function, a value, or missing."""
        space = self.shell.user_ns
        kind = {name: "missing" for name in names if name not in space}
        for name in names:
            if name in space:
                kind[name] = "function" if callable(space[name]) else "value"
        return {"kinds": kind}

    def get(self, name):
        """Return a value as data."""
        return self.data(self.shell.user_ns[name])

    def call(self, name, args, kwargs):
        """Call a function with data; return its answer as data, and the arguments that it changed in place."""
        import messages

        space = self.shell.user_ns
        told = {**dict(enumerate(args["tuple"])), **{key: value for key, value in kwargs["dict"]}}
        given = {key: messages.decode(value, function=space.__getitem__) for key, value in told.items()}
        output = Output()  # what is printed during a test is thrown away
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            positional = [given[place] for place in range(len(args["tuple"]))]
            named = {key: value for key, value in given.items() if isinstance(key, str)}
            answer = self.data(space[name](*positional, **named))
        changed = [[key, now] for key, value in given.items() if (now := _changed(told[key], value)) is not None]
        return {**answer, "changed": changed} if changed else answer

    def data(self, value):
        import messages

        try:
            return {"value": messages.encode(value)}
        except messages.Unsayable as error:
            return {"error": {"unsayable": str(error)}}

    def described(self, error):
        """Return an exception's type, its message and where in the student's cells it was raised."""
        where, trace = None, error.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if trace.tb_frame.f_globals is self.shell.user_ns:
                where = {"line": trace.tb_lineno, "function": code.co_name}
                where["code"] = _line_of(code.co_filename, trace.tb_lineno)
            trace = trace.tb_next
        if isinstance(error, SyntaxError) and where is None:
            where = {"line": error.lineno or 0, "function": "<module>", "code": (error.text or "").strip()}
        try:
            message = str(error)[:LONGEST_MESSAGE]
        except Exception:
            message = ""
        return {"type": type(error).__name__[:100], "message": message, "where": where}


def _changed(told, value):
    """Return an argument as it is now, as data, or None if it is as it was told."""
    import messages

    if not isinstance(told, dict) or set(told) <= {"function", "scalar", "float"}:
        return None  # nothing that could be changed in place
    try:
        now = messages.encode(value)
    except messages.Unsayable:
        return None
    return now if now != told else None


def _line_of(filename, number):
    import linecache

    return linecache.getline(filename, number).strip()[:200]


if __name__ == "__main__":
    main()
