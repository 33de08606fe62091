"""Small, plain functions that the chapters of *Remembering the News* import."""

__version__ = "0.1.0"
