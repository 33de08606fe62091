"""A page for each student: what was right, what was wrong, and what the code printed.

Everything on it that came from a submission is shown as text. Nothing of it can become part of the page.
"""

import html

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.6rem; border-bottom: 1px solid #7F7F7F; }
td.points { white-space: nowrap; }
pre { overflow-x: auto; padding: 0.6rem; border: 1px solid #7F7F7F; white-space: pre-wrap; }
.note { border-left: 4px solid #D55E00; padding-left: 0.8rem; }
"""


def page(result, hidden_tests=None):
    """Return the feedback on one submission as HTML.

    Parameters
    ----------
    result : dict
        As `scripts.grade` stores it.
    hidden_tests : dict, optional
        Source of the whole test for each task's id; given only if the student is to see the hidden tests.
    """
    row = result["row"]
    title = f"{row['assignment']}: {row['number']}"
    parts = [f"<h1>{_text(title)}</h1>"]
    if row["score"] != "":
        points = f"{_points(row['score'])} of {_points(row['max'])} points"
        parts.append(f"<p><strong>{points}</strong>{_to_be_read(row)}</p>")
    if row["message"]:
        parts.append(f'<p class="note">{_text(row["message"])}</p>')
    if result.get("tasks"):
        parts.append("<h2>Your tasks</h2>")
        lines = "".join(_task(task) for task in result["tasks"])
        head = '<tr><th scope="col">Task</th><th scope="col">Points</th><th scope="col">What we saw</th></tr>'
        parts.append(f"<table><thead>{head}</thead><tbody>{lines}</tbody></table>")
        if any(task.get("earlier") for task in result["tasks"]):
            parts.append("<p>Later tasks use the functions of earlier ones, so mend the earliest mistake first.</p>")
    for task, source in (hidden_tests or {}).items():
        parts.append(f"<h2>The test {_text(task)}</h2>{_pre(source)}")
    if result.get("written"):
        parts.append("<h2>Your answers in words</h2>")
        own = result["own_words"]
        asked = {task["id"]: f"{task['title']} {task['question']}".strip() for task in result["tasks"]}
        for name, text in result["written"].items():
            parts.append(f"<h3>{_text(asked[name])}</h3>{_pre(text)}")
            parts += [f"<p>In a cell of its own:</p>{_pre(more)}" for more in own.get(name, [])]
        parts += [f"<p>In another cell:</p>{_pre(more)}" for more in own.get("", [])]
    if result.get("cells"):
        parts.append("<h2>Your code</h2>")
        parts += [_cell(cell) for cell in result["cells"] if not cell["given"]]
    body = "\n".join(parts)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _task(task):
    if task["score"] is None:
        points, saw = f"? of {_points(task['max'])}", "your teacher reads this answer"
    else:
        points, saw = f"{_points(task['score'])} of {_points(task['max'])}", task["message"] or "as it should be"
        if not task["message"] and task["score"] < task["max"]:
            saw = "no answer"
    kind = "(in a hidden test) " if task["hidden"] else ""
    earlier = ""
    if task.get("earlier"):
        names = " and ".join(f"“{name}”" for name in task["earlier"])
        earlier = f"<br>This task uses {_text(names)}; a mistake there shows here, too."
    title = f"{task['title']} {task['question']}".strip()
    return f'<tr><td>{_text(title)}</td><td class="points">{points}</td><td>{kind}{_text(saw)}{earlier}</td></tr>'


def _cell(cell):
    parts = [_pre(cell["source"])]
    if cell["output"]:
        parts.append(f"<p>printed:</p>{_pre(cell['output'])}")
    error = cell["error"]
    if error:
        where = f"line {error['where']['line']}: " if error["where"] else ""
        parts.append(f'<p class="note">{_text(where)}{_text(error["type"])}: {_text(error["message"])}</p>')
    return "".join(parts)


def _pre(text):
    return f'<pre tabindex="0">{_text(text)}</pre>'


def _text(text):
    return html.escape("".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in str(text)))


def _points(number):
    return f"{float(number):g}"


def _to_be_read(row):
    return f", and up to {_points(row['to_be_read'])} for what your teacher reads" if float(row["to_be_read"]) else ""
