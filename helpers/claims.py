"""Hold the numbers that a chapter's prose states against the run that the reader has in front of them."""

import math
import numbers
import re

from helpers.budget import VARIABLE, is_full_run

_NUMBER = re.compile(
    r"""
    (?P<digits> [+-]? (?: \d{1,3}(?:,\d{3})+ | \d+ ) (?: \.(?P<places>\d+) )? )
    (?: e(?P<exponent>[+-]?\d+) )?
    \s* (?P<percent>%)?
    """,
    re.VERBOSE,
)


def claim(says, value, *, within=None, trained=False, about=""):
    """Assert that a number in the prose is what this run gave, and print one line about it.

    Parameters
    ----------
    says : str
        The number as the prose prints it: ``"0.748"``, ``"11,228"``, ``"74.8 %"``, ``"−0.3"``, ``"1e-5"``.
    value : number
        What this run gave. A percentage quotes a fraction: ``"74.8 %"`` stands for 0.748.
    within : float, optional
        How far ``value`` may lie from the quoted number, in the unit of ``value`` (0.03 for "75 %" allows
        0.72 to 0.78). By default half a unit of the last digit that is printed.
    trained : bool, optional
        True for a number that comes out of training. It is checked on full runs only, because a training
        that ``BOOK_EPOCHS`` cut short cannot give it.
    about : str, optional
        What the number is, in a few words.

    Raises
    ------
    AssertionError
        If this run does not give the quoted number.
    TypeError
        If ``says`` is not a string or ``value`` or ``within`` is not one real number.
    ValueError
        If ``says`` is not a number as prose prints it, or ``within`` is negative or not finite.
    """
    quoted, half_unit, shown_as = _parse(says)
    value = _one_number(value, "value")
    if within is None:
        tolerance = half_unit
    else:
        tolerance = _one_number(within, "within")
        if not (math.isfinite(tolerance) and tolerance >= 0):
            raise ValueError(f"within must be zero or a positive number, got {within!r}")
    if trained and not is_full_run():
        print(_line("--", says, f"not checked ({VARIABLE} is set)", about))
        return
    shown = shown_as(value)
    # The slack lets 0.7485, which no binary fraction equals, round either way; NaN fails the comparison.
    slack = 1e-6 * half_unit + 1e-12 * abs(quoted)
    if not abs(value - quoted) <= tolerance + slack:
        raise AssertionError(
            f"the prose says {says}{f' ({about})' if about else ''}, this run gave {shown}; "
            f"allowed is a difference of {tolerance:.3g}{_percent_hint(quoted, value, says)}"
        )
    margin = "" if within is None else f" (within {within:g})"
    print(_line("ok", says, f"this run: {shown}{margin}", about))


def cited(says, source):
    """Quote a number that this run does not compute, with the work that it is taken from.

    Parameters
    ----------
    says : str
        The number as the prose prints it.
    source : str
        Where the reader can look it up.

    Raises
    ------
    TypeError
        If an argument is not a string.
    ValueError
        If ``says`` is not a number as prose prints it, or ``source`` is empty.
    """
    _parse(says)
    if not isinstance(source, str):
        raise TypeError(f"source must be a string, got {source!r}")
    if not source.strip():
        raise ValueError("source must name the work that the number is taken from, got an empty string")
    print(_line("cf", says, "cited, not computed here", source))


def _parse(says):
    """Return the number that a string prints, half a unit of its last digit, and a way to print its like."""
    if not isinstance(says, str):
        raise TypeError(f"says must be a string, the number as the prose prints it, got {says!r}")
    match = _NUMBER.fullmatch(says.strip().replace("\N{MINUS SIGN}", "-"))
    if match is None:
        raise ValueError(
            f"says must be one number as the prose prints it, such as '0.748', '11,228' or '74.8 %', "
            f"got {says!r}"
        )
    exponent = int(match["exponent"] or 0)
    scale = 0.01 if match["percent"] else 1.0
    places = len(match["places"] or "")
    quoted = float(f"{match['digits'].replace(',', '')}e{exponent}") * scale
    half_unit = 0.5 * 10.0 ** (exponent - places) * scale

    def shown_as(value):
        if not math.isfinite(value):
            return str(value)
        if match["exponent"]:
            return f"{value / scale:.{places + 1}e}" + (" %" if match["percent"] else "")
        if places == 0 and not match["percent"] and value == int(value):
            return f"{int(value):,}"
        return f"{value / scale:,.{places + 1}f}" + (" %" if match["percent"] else "")

    return quoted, half_unit, shown_as


def _one_number(value, name):
    """Return a Python number for a Python or NumPy number, or an array or tensor that holds exactly one."""
    number = value
    for method in ("numpy", "item"):
        if hasattr(number, method):
            try:
                number = getattr(number, method)()
            except ValueError:
                break
    if isinstance(number, bool) or not isinstance(number, numbers.Real):
        raise TypeError(f"{name} must be one real number, got {value!r}")
    return float(number)


def _percent_hint(quoted, value, says):
    """Say so if the run's value looks like a percentage where a fraction is expected."""
    if "%" in says and math.isclose(value, 100 * quoted, rel_tol=0.01):
        return "; a percentage quotes a fraction, so pass 0.748 for '74.8 %'"
    return ""


def _line(mark, says, result, about):
    return f"{mark}  {says:>8}  {result:<32}  {about}".rstrip()
