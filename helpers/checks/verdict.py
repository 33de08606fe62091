"""What all checks of exercises share: how an answer is taken, and how the verdict is told."""

import functools
import numbers

import numpy as np


class NotYet(Exception):
    """An answer is not right yet; the message tells the reader what is wrong with it."""


def exercise(check):
    """Turn a function that raises `NotYet`, or returns a sentence, into one that prints the verdict.

    An answer that is still ``...`` never reaches the function.
    """

    @functools.wraps(check)
    def tell(*answers):
        try:
            if any(answer is ... for answer in answers):
                raise NotYet("there is no answer here. Put yours in place of the dots.")
            said = check(*answers)
        except NotYet as reason:
            print(f"Not yet: {reason}")
        else:
            print(f"Right. {said}")

    return tell


def number(answer, name):
    """Return an answer as a float.

    Raises
    ------
    NotYet
        If it is not one real number.
    """
    if isinstance(answer, np.ndarray | np.generic) and answer.size == 1:
        answer = answer.item()
    if isinstance(answer, bool) or not isinstance(answer, numbers.Real) or not np.isfinite(answer):
        raise NotYet(f"{name} should be one number, got {shown(answer)}.")
    return float(answer)


def whole_number(answer, name):
    """Return an answer as an int; `NotYet` if it is not a whole number."""
    value = number(answer, name)
    if value != int(value):
        raise NotYet(f"{name} should be a whole number, got {shown(answer)}.")
    return int(value)


def array(answer, name, shape):
    """Return an answer as an array of floats of that shape.

    Parameters
    ----------
    answer : array_like
    name : str
    shape : tuple of int
        What is expected.

    Raises
    ------
    NotYet
        If it has another shape, or holds something else than finite numbers.
    """
    try:
        values = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        raise NotYet(f"{name} should be an array of numbers, got {shown(answer)}.") from None
    if values.shape != tuple(shape):
        raise NotYet(f"{name} should have the shape {tuple(shape)}, got {values.shape}.")
    if not np.isfinite(values).all():
        raise NotYet(
            f"{name} holds {'nan' if np.isnan(values).any() else 'inf'}; all of it should be finite numbers."
        )
    return values


def called(function, name, *arguments):
    """Return what the reader's function returns.

    Raises
    ------
    NotYet
        If it is no function, if it raises, or if it returns nothing.
    """
    if not callable(function):
        raise NotYet(f"{name} should be a function, got {shown(function)}.")
    try:
        result = function(*arguments)
    except Exception as error:
        raise NotYet(f"{name} raised {type(error).__name__}: {error}") from error
    if result is None or result is ...:
        raise NotYet(f"{name} returned nothing. Put your code in place of the dots, and end with return.")
    return result


def shown(answer):
    """Return an answer as one short piece of text."""
    if isinstance(answer, np.ndarray):
        return f"an array of shape {answer.shape}"
    text = repr(answer)
    return text if len(text) <= 60 else f"{text[:57]}…"
