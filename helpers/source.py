"""Show a helper's code on the page, so that nothing the book runs is hidden."""

import ast
import inspect
import textwrap

from IPython.display import Markdown, display


def show_source(function):
    """Show the code of a function or class, without its docstring.

    Parameters
    ----------
    function : function or class
        Anything that `inspect.getsource` can find, usually one of the book's helpers.
    """
    source = textwrap.dedent(inspect.getsource(function))
    node = ast.parse(source).body[0]
    lines = source.splitlines()
    if ast.get_docstring(node) is not None:
        docstring = node.body[0]
        del lines[docstring.lineno - 1 : docstring.end_lineno]
    code = "\n".join(lines).strip()
    display(Markdown(f"From `{function.__module__}`:\n\n```python\n{code}\n```"))
