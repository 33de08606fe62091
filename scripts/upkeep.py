"""Tell in one issue on GitHub what breaks the book with the newest packages.

``python -m scripts.upkeep run NAME COMMAND…`` runs a command, shows what it writes, and keeps that and its exit
status in ``_build/upkeep/``. ``python -m scripts.upkeep tell`` makes of these one issue with the label ``upkeep``: it
opens one when something broke, brings the open one up to date, and closes it when nothing is broken any more. It needs
GitHub's command ``gh``, and Python alone: the book's packages may be what is broken.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path("_build", "upkeep")
LABEL, TITLE = "upkeep", "The book does not work with the newest packages"
SHOWN = 6000  # characters of each log: GitHub takes 65,536 in an issue


def main(arguments=None, root=ROOT):
    """Do what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.upkeep", description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(dest="part", required=True)
    running = parts.add_parser("run", help="run a command and keep what it says")
    running.add_argument("name")
    running.add_argument("command", nargs=argparse.REMAINDER)
    telling = parts.add_parser("tell", help="open, bring up to date or close the issue")
    telling.add_argument("--link", default="", help="where the whole logs are")
    options = parser.parse_args(arguments)
    if options.part == "run":
        return keep(Path(root, FOLDER), options.name, options.command)
    return tell(Path(root, FOLDER), options.link)


def keep(folder, name, command):
    """Run a command, show and keep its output, and return its exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        for line in process.stdout:
            print(line, end="", flush=True)
            log.write(line)
    status = process.wait()
    result = {"name": name, "command": " ".join(command), "status": status}
    (folder / f"{name}.json").write_text(json.dumps(result), encoding="utf-8")
    return status


def tell(folder, link=""):
    """Bring the issue into line with what was kept; return 1 if something broke, so that the run shows red."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    if not results:
        print(f"there are no results in {folder}", file=sys.stderr)
        return 1
    broken = [result for result in results if result["status"]]
    listed = gh("issue", "list", "--label", LABEL, "--state", "open", "--json", "number", "--limit", "1")
    numbers = [str(issue["number"]) for issue in json.loads(listed)]
    if broken:
        body = folder / "issue.md"
        body.write_text(issue(folder, results, link), encoding="utf-8")
        if numbers:
            gh("issue", "edit", numbers[0], "--title", TITLE, "--body-file", str(body))
        else:
            gh("label", "create", LABEL, "--force", "--description", "What the weekly run found", "--color", "D55E00")
            gh("issue", "create", "--title", TITLE, "--label", LABEL, "--body-file", str(body))
        return 1
    for number in numbers:
        gh("issue", "close", number, "--comment", f"Everything works again. {link}".strip())
    return 0


def issue(folder, results, link):
    """Return the text of the issue: what was run, what broke, and the end of each log that tells."""
    lines = ["The weekly run takes the newest packages that `requirements.txt` allows.", ""]
    lines += ["| part | command | result |", "| --- | --- | --- |"]
    for result in results:
        outcome = f"**failed** ({result['status']})" if result["status"] else "fine"
        lines.append(f"| {result['name']} | `{result['command']}` | {outcome} |")
    if link:
        lines += ["", f"The whole logs: {link}"]
    for result in results:
        if result["status"]:
            log = (folder / f"{result['name']}.log").read_text(encoding="utf-8")
            plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", log).rstrip()
            # Tildes: what a test prints may hold fences of backquotes, and this one must outlast them.
            lines += ["", f"## {result['name']}", "", "~~~~~text", plain[-SHOWN:], "~~~~~"]
    return "\n".join(lines) + "\n"


def gh(*arguments):
    """Run GitHub's command and return what it answers."""
    return subprocess.run(["gh", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
