"""The fingerprint of a chapter: what its stored outputs depend on, as one hash.

It covers the notebook's code cells, except the setup cell, and every module of ``helpers`` that they import,
directly or not. Comments, docstrings, blank lines and the version number do not count. It works on the text,
because what Python makes of a text (tokens, syntax trees) differs between Python versions.
"""

import ast
import hashlib
import io
import json
import tokenize
from pathlib import Path

from scripts.setup_cell import is_setup

PACKAGES = ("helpers",)


def fingerprint(notebook, root):
    """Return the SHA-256 fingerprint of a chapter.

    Parameters
    ----------
    notebook : dict or str or Path
        The notebook, or the file it is in.
    root : str or Path
        The folder that holds ``helpers/``.

    Returns
    -------
    str
        64 hexadecimal digits, the same on every supported version of Python.

    Raises
    ------
    ValueError
        If a cell or a helper module imports a module of ``helpers`` that does not exist.
    """
    if isinstance(notebook, (str, Path)):
        notebook = json.loads(Path(notebook).read_text(encoding="utf-8"))
    sources = code_sources(notebook)
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"cell\n{essence(source, cell=True)}\0".encode())
    for name, path in helper_modules(sources, root).items():
        digest.update(f"{name}\n{essence(path.read_text(encoding='utf-8'))}\0".encode())
    return digest.hexdigest()


def code_sources(notebook):
    """Return the sources of a notebook's code cells, without the setup cell."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and not is_setup(cell)]
    return ["".join(cell["source"]) for cell in cells]


def helper_modules(sources, root, packages=PACKAGES):
    """Return the modules of ``helpers`` that some sources import, directly or through each other.

    Parameters
    ----------
    sources : iterable of str
        Python sources outside the package, such as the code cells of a notebook.
    root : str or Path
        The folder that holds ``helpers/``.
    packages : sequence of str, optional
        Top-level packages to follow, if not only ``helpers``.

    Returns
    -------
    dict of str to Path
        The files by the modules' dotted names, sorted. A module's packages count as imported.

    Raises
    ------
    ValueError
        If an import names a module of these packages that does not exist.
    """
    root = Path(root)
    found = {}
    waiting = [name for source in sources for name in _imports(source, "", root, packages)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = _file(name, root)
        if path is None:
            raise ValueError(f"{name} is imported, but there is no {name.replace('.', '/')}.py below {root}")
        found[name] = path
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        waiting.extend(_imports(path.read_text(encoding="utf-8"), package, root, packages))
        waiting.extend(_parents(name))
    return dict(sorted(found.items()))


def essence(source, cell=False):
    """Return a Python source without comments, docstrings, blank lines and ``__version__``.

    Parameters
    ----------
    source : str
        A module, or a notebook cell; one that is not Python (it holds a magic command) comes back whole.
    cell : bool, optional
        True for a cell: a string that begins it is shown to the reader, so it is no docstring.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source.strip()
    lines = io.StringIO(source).readlines()
    # A string that spans lines keeps its blank ones: they are part of its value.
    kept = {number for start, end in _multiline_strings(tree) for number in range(start, end)}
    for (first, start), (last, end) in sorted(_dropped(source, tree, lines, cell), reverse=True):
        left = lines[first - 1][:start].rstrip() + lines[last - 1][end:]
        lines[first - 1 : last] = [left] + [""] * (last - first)
        kept -= set(range(first, last + 1))
    text = [line.rstrip("\n") if n in kept else line.rstrip() for n, line in enumerate(lines, 1)]
    return "\n".join(line for n, line in enumerate(text, 1) if line or n in kept)


def _dropped(source, tree, lines, cell):
    """Yield the spans, in (line, column) of characters, of what does not count."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start, token.end
    nodes = []
    for node in ast.walk(tree):
        documented = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        if documented or (node is tree and not cell):
            if ast.get_docstring(node, clean=False) is not None:
                nodes.append(node.body[0])
    for node in tree.body:
        if isinstance(node, ast.Assign) and not cell:
            if any(isinstance(target, ast.Name) and target.id == "__version__" for target in node.targets):
                nodes.append(node)
    for node in nodes:
        # The tree counts columns in bytes.
        start = len(lines[node.lineno - 1].encode()[: node.col_offset].decode())
        end = len(lines[node.end_lineno - 1].encode()[: node.end_col_offset].decode())
        yield (node.lineno, start), (node.end_lineno, end)


def _multiline_strings(node):
    """Yield the first and last line of each string that spans lines."""
    # Nothing looks inside an f-string: before Python 3.12 the positions there are wrong.
    if isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), (str, bytes)):
        if node.end_lineno > node.lineno:
            yield node.lineno, node.end_lineno
        return
    for child in ast.iter_child_nodes(node):
        yield from _multiline_strings(child)


def _imports(source, package, root, packages):
    """Yield the dotted names of the modules of some packages that a source imports.

    ``package`` is the package that the source belongs to, for relative imports; empty outside of any.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        # A magic command in a cell; its other lines may still import.
        lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
        tree = ast.parse("\n".join(lines))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _ours(alias.name, packages))
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            if _ours(base, packages):
                yield base
                # Each name is a submodule, or something that the module defines.
                names = (f"{base}.{alias.name}" for alias in node.names)
                yield from (name for name in names if _file(name, root) is not None)


def _ours(name, packages):
    return name.partition(".")[0] in packages


def _parents(name):
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def _file(name, root):
    """Return the file of a module, or None if there is none."""
    folder = root.joinpath(*name.split("."))
    for path in (folder / "__init__.py", folder.with_suffix(".py")):
        if path.is_file():
            return path
    return None
