"""Where student code runs: bubblewrap's namespaces, the kernel's limits, and a watch over both.

The sandbox sees the system's and Python's files read-only, an empty home and an empty ``/tmp`` in memory, and nothing
else: no network, no other process, no submission, no master. It needs Linux and bubblewrap (``bwrap``).
"""

import functools
import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = "/home/student"
INSIDE = "/grading"  # the book's files, seen from inside
MEGABYTE = 2**20
WATCH_EVERY = 0.1  # seconds

# Opening or importing these would make the "by hand" in an assignment's title untrue, and they take seconds to load.
FORBIDDEN = ("tensorflow", "keras", "scikeras", "torch", "jax", "jaxlib", "flax")
FORBIDDEN += ("helpers.cells", "helpers.inspection", "helpers.checks")
BECAUSE = "not there while your work is graded; the tasks need Python, NumPy and scikit-learn only"


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    cell_seconds : float
        Time for one cell, or one call of a function.
    seconds : float
        Time for the whole submission.
    memory : int
        Bytes of all processes together, and of the address space of each.
    processes : int
        Processes and threads.
    disk : int
        Bytes in each of the folders that can be written to, all of them in memory.
    """

    cell_seconds: float = 60
    seconds: float = 300
    memory: int = 2048 * MEGABYTE
    processes: int = 64
    disk: int = 64 * MEGABYTE


class NoSandbox(RuntimeError):
    """There can be no sandbox on this machine; the message says why."""


def command(limits, program, *, readable=(), hidden=(), as_root=None):
    """Return the command that runs a program in a sandbox.

    Parameters
    ----------
    limits : Limits
    program : list of str
    readable : sequence of (Path, str)
        Files and folders that the program may read, and where it finds them.
    hidden : sequence of str
        Folders, as the program sees them, that are to be empty.
    as_root : bool, optional
        Whether bubblewrap is started by root; by default, as it is.
    """
    as_root = (os.geteuid() == 0) if as_root is None else as_root
    arguments = ["bwrap", "--die-with-parent", "--new-session", "--clearenv"]
    arguments += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    arguments += ["--hostname", "sandbox", "--cap-drop", "ALL"]
    if as_root:
        # Root in a user namespace of its own is still root to files and to the limit on processes. So there is none,
        # and the worker becomes a user that nobody is, first thing.
        arguments += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        arguments += ["--unshare-user", "--disable-userns"]
    for folder in ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin"):
        if os.path.islink(folder):
            arguments += ["--symlink", os.readlink(folder), folder]
        elif os.path.isdir(folder):
            arguments += ["--ro-bind", folder, folder]
    arguments += ["--ro-bind", "/usr", "/usr", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    # The empty folders first: the project may lie below /tmp, and what is bound there has to be seen.
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    for place in ("/dev/shm", "/tmp", HOME):
        arguments += ["--size", str(limits.disk), "--perms", "1777", "--tmpfs", place]
    bound = [(folder, folder) for folder in sorted({sys.prefix, sys.base_prefix}) if not folder.startswith("/usr/")]
    bound += [(str(source), place) for source, place in readable]
    # Without this, folders on the way to a bound one are for root only.
    on_the_way = {str(parent) for _, place in bound for parent in Path(place).parents} - {"/", "/tmp", HOME}
    for folder in sorted(on_the_way):
        arguments += ["--perms", "0755", "--dir", folder]
    for source, place in bound:
        arguments += ["--ro-bind", source, place]
    for place in hidden:
        arguments += ["--perms", "0755", "--size", "4096", "--tmpfs", place, "--remount-ro", place]
    arguments += ["--remount-ro", "/dev", "--chdir", HOME]
    environment = {
        "HOME": HOME,
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{HOME}/.matplotlib",
        "IPYTHONDIR": f"{HOME}/.ipython",
        "BOOK_EPOCHS": "1",
        **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")},
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for name, value in environment.items():
        arguments += ["--setenv", name, value]
    return [*arguments, "--", *program]


def shown_below(path):
    """Return the folder that every sandbox shows and that a path lies in, or None if no sandbox shows the path."""
    shown = {"/usr", *_pythons_folders()}
    return next((folder for folder in sorted(shown) if Path(path).resolve().is_relative_to(folder)), None)


def _pythons_folders():
    return sorted({os.path.realpath(folder) for folder in (sys.prefix, sys.base_prefix)})


@functools.lru_cache(maxsize=1)
def why_not():
    """Return why there can be no sandbox on this machine, or None if there can be one.

    A sandbox is tried, not only looked for: it has to run Python, and Python must find no network in it.
    """
    if platform.system() != "Linux":
        return f"the sandbox needs Linux, this is {platform.system()}"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (on Debian and Ubuntu: apt-get install bubblewrap)"
    check = "import os, socket; assert [n for _, n in socket.if_nameindex()] in (['lo'], []), socket.if_nameindex()"
    check += "; assert not os.path.exists('/etc/passwd') and len(os.listdir('/proc')) > 5; print('works')"
    try:
        done = subprocess.run(
            command(Limits(), [sys.executable, "-I", "-c", check]),
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap did not start: {error}"
    if done.returncode == 0 and done.stdout.strip() == "works":
        return None
    said = (done.stderr or done.stdout).strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    return f"bubblewrap is here but cannot make a sandbox: {said[0]}{_hint(said[0])}"


def _hint(said):
    if "userns" in said or "user namespace" in said or "uid map" in said or "Operation not permitted" in said:
        return (
            " (it needs unprivileged user namespaces: see the sysctls kernel.unprivileged_userns_clone, "
            "user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns, or run the grader as root)"
        )
    return ""


class Process:
    """A worker, in its sandbox, and the socket to it.

    Parameters
    ----------
    limits : Limits
    trusted : bool
        True to run the worker without a sandbox, only with the kernel's limits.
    """

    def __init__(self, limits, trusted=False):
        self.limits, self.ended_because = limits, None
        ours, theirs = socket.socketpair()
        self.connection = ours
        as_root = os.geteuid() == 0 and not trusted
        here = Path(__file__).parent
        site = [path for path in sys.path if path.endswith("-packages")]
        settings = {
            "socket": theirs.fileno(),
            "uid": 100_000 + os.getpid() % 1_000_000 if as_root else None,
            "limits": {
                "AS": limits.memory,
                "CPU": int(limits.seconds) + 60,
                "CORE": 0,
                "FSIZE": limits.disk,
                "NOFILE": 256,
                "NPROC": limits.processes,
            },
            "path": [str(here), str(ROOT)] if trusted else [INSIDE],
            "forbidden": FORBIDDEN,
            "because": BECAUSE,
        }
        if trusted:
            del settings["limits"]["NPROC"]  # outside of a sandbox it counts what else the user runs
            program = [sys.executable, "-I", str(here / "worker.py"), json.dumps(settings)]
        else:
            readable = [(here / name, f"{INSIDE}/{name}") for name in ("worker.py", "messages.py")]
            readable.append((ROOT / "helpers", f"{INSIDE}/helpers"))
            tops = {name.split(".")[0] for name in FORBIDDEN} - {"helpers"}
            hidden = [f"{folder}/{name}" for folder in site for name in tops if os.path.isdir(f"{folder}/{name}")]
            own = [name.replace(".", "/") for name in FORBIDDEN if name.startswith("helpers.")]
            hidden += [f"{INSIDE}/{name}" for name in own if (ROOT / name).is_dir()]
            program = [sys.executable, "-I", f"{INSIDE}/worker.py", json.dumps(settings)]
            program = command(limits, program, readable=readable, hidden=hidden)
        environment = {"PATH": os.environ.get("PATH", os.defpath)} if not trusted else _plain_environment()
        self.process = subprocess.Popen(
            program,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            env=environment,
            cwd="/" if not trusted else None,
        )
        theirs.close()
        self._watch = threading.Thread(target=self._watch_over, daemon=True)
        self._watch.start()

    def _watch_over(self):
        """End the sandbox when its processes together use more than they may."""
        try:
            top = psutil.Process(self.process.pid)
            while self.process.poll() is None:
                family = top.children(recursive=True)
                if len(family) > 2 * self.limits.processes:
                    self.end("started more processes than it may")
                elif sum(_memory(member) for member in family) > self.limits.memory:
                    self.end(f"used more than the {self.limits.memory // MEGABYTE} MB of memory it may")
                try:
                    self.process.wait(WATCH_EVERY)
                except subprocess.TimeoutExpired:
                    pass
        except psutil.Error:
            pass

    def last_words(self):
        """Return what was said by a worker that never got ready."""
        return self.process.stderr.read().decode("utf-8", "replace").strip()[-500:]

    def end(self, because):
        """End everything in the sandbox at once."""
        if self.ended_because is None:
            self.ended_because = because
        try:
            # In the sandbox's own process namespace all die with bwrap's child; without one, the session does.
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.connection.close()


def _memory(process):
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _plain_environment():
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "MPLBACKEND": "Agg", "BOOK_EPOCHS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
