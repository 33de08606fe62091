"""The exercises of a chapter, as they stand below its heading "Exercises"."""

import re
from dataclasses import dataclass, field

DETAILS = re.compile(r"<details>\s*<summary>([^<]+)</summary>\s*(.*?)\s*</details>", re.DOTALL)
PIECE = re.compile(rf"^## ([^\n]+)|^\*\*(\d+\. [^*]+)\*\*|{DETAILS.pattern}", re.MULTILINE | re.DOTALL)


@dataclass
class Exercise:
    """One exercise: its title and, in the page's order, its parts as pairs of kind and text.

    The kinds are "stub", for the code cell tagged ``exercise``, and the summaries of what is folded away,
    "Hint" and "Solution".
    """

    title: str
    parts: list = field(default_factory=list)

    @property
    def stub(self):
        """The code that the reader starts from, or an empty text."""
        return next((text for kind, text in self.parts if kind == "stub"), "")

    @property
    def blocks(self):
        """The blocks of Python code in the solution; the last replaces the stub, if there is one."""
        told = "\n\n".join(text for kind, text in self.parts if kind == "Solution")
        return re.findall(r"(?s)```python\n(.*?)```", told)


def exercises(notebook):
    """Return the exercises of a notebook.

    Parameters
    ----------
    notebook : dict
        A notebook as it is in its file, or nbformat's own type.

    Returns
    -------
    list of Exercise
        In the page's order. What stands below the heading but above the first title, such as ``**1. Count.**``,
        belongs to an exercise without a title.
    """
    found, below = [Exercise("without a title")], False
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            for heading, title, summary, text in PIECE.findall(source):
                if heading:
                    below = heading.strip() == "Exercises"
                elif below and title:
                    found.append(Exercise(title))
                elif below:
                    found[-1].parts.append((summary, text))
        elif below and "exercise" in cell["metadata"].get("tags", []):
            found[-1].parts.append(("stub", source))
    return [exercise for exercise in found if exercise.title != "without a title" or exercise.parts]


def verdicts(printed):
    """Return the lines of what was printed in which a check gives its verdict, "Right. …" or "Not yet: …"."""
    return [line for line in printed.splitlines() if line.startswith(("Right. ", "Not yet: "))]
