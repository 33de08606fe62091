"""Commands for the maintainers of the book; run them from the top level as ``python -m scripts.NAME``."""
