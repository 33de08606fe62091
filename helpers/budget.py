"""How long a run may train: the one place that reads ``BOOK_EPOCHS``.

Set this environment variable to run every chapter quickly, for instance to see that nothing is broken.
It caps the epochs of every training loop, so the results of such a run mean nothing.
"""

import operator
import os

VARIABLE = "BOOK_EPOCHS"

# The notice about a cap is for the reader of one notebook, so once per process is enough.
_told = False


def cap():
    """Return the largest number of epochs that a training may take, or None if there is no cap.

    Returns
    -------
    int or None
        The value of ``BOOK_EPOCHS``; None if it is not set or empty.

    Raises
    ------
    ValueError
        If ``BOOK_EPOCHS`` is set to anything but a whole number of 1 or more.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise ValueError(
            f"{VARIABLE} must be a whole number of 1 or more (unset it for a full run), got {text!r}"
        )
    return int(text)


def is_full_run():
    """Tell whether this run trains in full, that is, whether ``BOOK_EPOCHS`` is not set.

    Returns
    -------
    bool
    """
    return cap() is None


def epochs(full):
    """Return the number of epochs to train: ``full``, or less if ``BOOK_EPOCHS`` caps it.

    The first time that the cap bites, one line says so.

    Parameters
    ----------
    full : int
        Epochs of a full run, 1 or more.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If ``full`` or ``BOOK_EPOCHS`` is not a whole number of 1 or more.
    """
    global _told
    try:
        count = 0 if isinstance(full, bool) else operator.index(full)
    except TypeError:
        count = 0
    if count < 1:
        raise ValueError(f"full must be a whole number of epochs, 1 or more, got {full!r}")
    limit = cap()
    if limit is None or limit >= count:
        return count
    if not _told:
        _told = True
        unit = "epoch" if limit == 1 else "epochs"
        print(
            f"{VARIABLE}={limit}: this run trains {limit} {unit} instead of {count}, "
            "so its numbers mean nothing"
        )
    return limit
