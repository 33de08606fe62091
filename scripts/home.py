"""Move the book to another address, or bring everything into line with its address and version.

``python -m scripts.home https://github.com/OWNER/NAME`` rewrites every file that carries the old address;
``python -m scripts.home`` alone refreshes what follows from the address in ``_config.yml`` and the version in
``helpers/__init__.py``. Stored outputs stay, and no chapter goes stale.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from scripts.setup_cell import ROOT, is_setup, put_setup, repository, rewrite, setup_source, version

# An account has letters, digits and single hyphens inside; a repository has dots and underscores as well.
ADDRESS = re.compile(
    r"https://github\.com/(?P<owner>[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38})/(?P<name>[A-Za-z0-9_.-]{1,100})"
)
# Lines that repeat the version, by the file they stand in; the branch is the one that the Colab buttons open.
VERSION_LINES = {
    "CITATION.cff": r"(?m)^(version: )\S.*$",
    "_config.yml": r"(?m)^(  branch: v)\d+\.\d+\.\d+",
}
SKIPPED_FOLDERS = {
    *(".git", ".venv", ".venv-benchmark", ".venv-colab"),
    *("_build", "__pycache__", ".ipynb_checkpoints", "node_modules"),
}


def main(arguments=None, root=ROOT):
    """Do what the command line asks; return 0 if the tree now fits together."""
    parser = argparse.ArgumentParser(prog="python -m scripts.home", description=__doc__.splitlines()[0])
    parser.add_argument("address", nargs="?", help="https://github.com/OWNER/NAME; without it, refresh only")
    address = parser.parse_args(arguments).address
    try:
        changed = move(root, repository(root) if address is None else checked(address))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for path in changed:
        print(f"changed {path.relative_to(root)}")
    print(f"the book is at home at {repository(root)}, release v{version(root)}")
    return 0


def checked(address):
    """Return the address of a repository on GitHub, without a slash or ``.git`` at its end.

    Raises
    ------
    ValueError
        If ``address`` is anything else; the message shows what would be right.
    """
    plain = address.strip().rstrip("/").removesuffix(".git")
    match = ADDRESS.fullmatch(plain)
    if match and match["name"] not in {".", ".."}:
        return plain
    guess = re.fullmatch(r"(?:\w+://)?(?:\w+@)?(?:www\.)?github\.com[:/](.+)", plain)
    better = f"https://github.com/{guess[1]}" if guess else ""
    hint = f"; did you mean {better}?" if better != plain and ADDRESS.fullmatch(better) else ""
    raise ValueError(
        f"REPOSITORY must be an address such as https://github.com/owner/name, got {address!r}{hint}"
    )


def move(root, address):
    """Make ``address`` the address of the book in the tree at ``root``.

    Parameters
    ----------
    root : Path
        The top level.
    address : str
        Already checked.

    Returns
    -------
    list of Path
        The files that changed.
    """
    root = Path(root)
    old = repository(root)
    release = f"v{version(root)}"
    # The configuration first: the setup cells are made from it.
    paths = sorted(text_files(root), key=lambda path: path != root / "_config.yml")
    changed = []
    for path in paths:
        if path.suffix == ".ipynb":
            source = setup_source(root)
            if rewrite(path, lambda notebook, s=source: _move_notebook(notebook, old, address, release, s)):
                changed.append(path)
            continue
        before = path.read_bytes()
        after = moved(before.decode(), old, address, release)
        if path.name in VERSION_LINES:
            after = re.sub(VERSION_LINES[path.name], rf"\g<1>{version(root)}", after)
        if after.encode() != before:
            path.write_bytes(after.encode())
            changed.append(path)
    return changed


def moved(text, old, new, release):
    """Return a text with the old address replaced by the new one, in all the forms in which it occurs.

    These are the address itself, ``OWNER/NAME`` behind another host (Colab, Binder, raw files), the address
    on GitHub Pages, and links to a release, which get the current one.
    """
    (old_owner, old_name), (owner, name) = (address.split("/")[-2:] for address in (old, new))
    text = re.sub(
        rf"(?<![\w.-]){re.escape(old_owner)}/{re.escape(old_name)}(?![\w-])", f"{owner}/{name}", text
    )
    text = re.sub(
        rf"(?i)(?<![\w.-]){re.escape(old_owner)}\.github\.io/{re.escape(old_name)}(?![\w-])",
        f"{owner.lower()}.github.io/{name}",
        text,
    )
    return re.sub(
        rf"({re.escape(owner)}/{re.escape(name)}/(?:blob|tree|raw|releases/tag)/)v\d+\.\d+\.\d+",
        rf"\g<1>{release}",
        text,
    )


def _move_notebook(notebook, old, new, release, setup):
    """Move a notebook's prose and setup cell, in a dict; return whether that changed it. Other code stays."""
    changed = any(map(is_setup, notebook["cells"])) and put_setup(notebook, setup)
    for cell in notebook["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        lines = [cell["source"]] if isinstance(cell["source"], str) else cell["source"]
        after = [moved(line, old, new, release) for line in lines]
        if after != lines:
            cell["source"] = after[0] if isinstance(cell["source"], str) else after
            changed = True
    return changed


def text_files(root):
    """Return the text files of the tree at ``root``: those that git tracks or would, or all without git.

    Raises
    ------
    ValueError
        If there are none, so that a wrong folder is noticed.
    """
    root = Path(root)
    names = None
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root,
            capture_output=True,
            text=True,
        )
        if listed.returncode == 0:
            names = listed.stdout.split("\0")[:-1]
    if names is None:
        names = [path.relative_to(root) for path in root.rglob("*")]
    paths = {root / name for name in names if not SKIPPED_FOLDERS & set(Path(name).parts)}
    found = [path for path in sorted(paths) if path.is_file() and not path.is_symlink() and _is_text(path)]
    if not found:
        raise ValueError(f"there are no files in {root}")
    return found


def _is_text(path):
    content = path.read_bytes()
    if b"\0" in content:
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
