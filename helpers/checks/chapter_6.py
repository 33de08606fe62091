"""Checks for the exercises of chapter 6: gates by hand, weights, the order of blocks, half-life, two ways around."""

from itertools import permutations

import numpy as np

from helpers.cells import LSTM
from helpers.checks.verdict import NotYet, array, called, exercise, number, whole_number

NAMES = {"i": "input gate", "f": "forget gate", "c": "candidate", "o": "output gate"}  # in Keras's order
OPEN = 40.0  # as a bias it holds a gate at 1, to all the digits that NumPy keeps: the gate is left out


def _cell(parts):
    """Return an LSTM from {letter: (W, U, b)}; a gate that is not there is held open."""
    W, U, b = parts["c"]
    left_out = np.zeros_like(W), np.zeros_like(U), np.full_like(b, OPEN)
    blocks = [parts.get(letter, left_out) for letter in NAMES]
    return LSTM(*(np.concatenate(arrays, axis=-1) for arrays in zip(*blocks, strict=True)))


# 1. Two wires


@exercise
def two_wires(bare, forgetting, writing):
    """Check what three cells hold after the second of two wires.

    Parameters
    ----------
    bare, forgetting, writing : float
        The cell state after "shr 52 37 reuter": without gates, with a forget gate, with forget and input gate.
    """
    answers = {"bare": bare, "forgetting": forgetting, "writing": writing}
    gates = {"bare": "c", "forgetting": "cf", "writing": "cfi"}
    for name, answer in answers.items():
        held = number(answer, name)
        if abs(held - _held(gates[name])) > 0.02:  # the pencil rounds each gate
            raise NotYet(_slip(name, held, gates[name]))
    return "What is missing in each cell shows by what is in the sum: two wires, two amounts, or one."


def _held(gates, *, first=True, second=True, c_0=0.8, squash=np.tanh):
    """Return the pencil's cell state after the two wires, or after one of them, with the gates that are named."""
    amounts = [0.0, 0.37, 0.27, 0.0] * first + [0.0, 0.52, 0.37, 0.0] * second
    begins, this_year = (np.tile(mark, first + second) for mark in ([1, 0, 0, 0], [0, 1, 0, 0]))
    forget_gate = _sigmoid(5.0 - 10.0 * begins) if "f" in gates else np.ones(len(amounts))
    input_gate = _sigmoid(10.0 * this_year - 5.0) if "i" in gates else np.ones(len(amounts))
    c = c_0
    for amount, f, i in zip(amounts, forget_gate, input_gate, strict=True):
        c = f * c + i * squash(amount)
    return c


def _slip(name, held, gates):
    """Say which usual slip leads to a wrong cell state."""
    slips = {
        "holds only the second wire. Nobody has emptied the cell before it.": _held(
            gates, first=False, c_0=0.0
        ),
        "goes on from 0.80. The second wire finds what the first has left.": _held(gates, first=False),
        "stops after the first wire.": _held(gates, second=False),
        "adds the amounts as they are. The candidate is their tanh.": _held(
            gates, squash=lambda amount: amount
        ),
        "is the hidden state. The question is about what is in the cell.": np.tanh(_held(gates)),
        "has kept the first wire's amounts. What does the gate do at the second shr?": _held(
            gates.replace("f", "")
        ),
        "has written 37 as well as 52. Which of them is this year's?": _held(gates.replace("i", "")),
        "has written 37 and not 52. This year's amount comes first.": np.tanh(0.37),
        "has written 52 only. Without an input gate every amount is written.": np.tanh(0.52),
    }
    for told, value in slips.items():
        if abs(held - value) < 0.015 and abs(value - _held(gates)) > 0.02:
            return f"{name} {told}"
    return (
        f"{name} is off: {held:g}. Write down the cell state after each of the four words of the second wire."
    )


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


# 2. Count


@exercise
def four_counts(lstm, no_input_gate, coupled, gru):
    """Check the weights of four layers of 50 units that read 64 features.

    Parameters
    ----------
    lstm, no_input_gate, coupled, gru : int
    """
    parts = {"lstm": 4, "no_input_gate": 3, "coupled": 3, "gru": 3}
    answers = (lstm, no_input_gate, coupled, gru)
    for name, answer in zip(parts, answers, strict=True):
        count = whole_number(answer, name)
        biases = 2 if name == "gru" else 1
        if count != parts[name] * 50 * (64 + 50 + biases):
            raise NotYet(_miscount(name, count, parts[name], biases))
    return (
        "What has weights of its own counts, and nothing else: no state, and nothing made from another gate."
    )


def _miscount(name, count, parts, biases):
    """Say which usual slip leads to a wrong count."""
    one = 50 * (64 + 50 + biases)
    wrong = {
        "leaves out the biases, one for each unit and part.": parts * 50 * (64 + 50),
        "counts the biases once. Each part has its own.": parts * 50 * (64 + 50) + 50,
        "is one part of several.": one,
        "has features and units exchanged.": parts * 64 * (50 + 64 + biases),
        "leaves out the weights from state to state.": parts * 50 * (64 + biases),
        "leaves out the weights from the input.": parts * 50 * (50 + biases),
        "counts one part too many. What has no weights of its own?": (parts + 1) * one,
        "counts one part too few. The candidate is a part, too.": (parts - 1) * one,
    }
    if name == "gru":
        wrong["has one bias for each unit and part. Keras's GRU keeps two."] = 3 * 50 * (64 + 50 + 1)
        wrong["is the count of an LSTM. How many parts has a GRU?"] = 4 * 50 * (64 + 50 + 1)
    for told, value in wrong.items():
        if count == value:
            return f"{name} {told}"
    return f"{name} is off: {count:,}. How many weights has one part, and how many parts are there?"


# 3. The wrong order


@exercise
def onnx_step(step):
    """Check one step of an LSTM whose blocks lie in ONNX's order: i, o, f, c.

    Parameters
    ----------
    step : function of (x_t, h, c, W, U, b)
        Takes arrays of shape (batch, features), (batch, units) twice, (features, 4 * units), (units, 4 * units) and
        (4 * units,). Returns the new h and c.
    """
    cases = _step_cases()
    answers = [_stepped(step, case) for case in cases]

    def explained_by(**how):
        return all(
            np.allclose(answer, _step(*case, **how), atol=1e-6)
            for answer, case in zip(answers, cases, strict=True)
        )

    if explained_by():
        return "Six lines, four blocks. Taken in another order they fit as well, and compute something else."
    for order in map("".join, permutations("iofc")):
        if explained_by(order=order):
            if order == "ifco":
                raise NotYet("your step takes the blocks in Keras's order. Here they lie as ONNX keeps them.")
            place = next(k for k in range(4) if order[k] != "iofc"[k])
            raise NotYet(
                f"block {place + 1} is taken for the {NAMES[order[place]]}. In this order it is the "
                f"{NAMES['iofc'[place]]}'s."
            )
    for mistake, told in MISSTEPS.items():
        if explained_by(mistake=mistake) or explained_by(mistake=mistake, order="ifco"):
            also = "" if explained_by(mistake=mistake) else " And the blocks are in Keras's order here."
            raise NotYet(told + also)
    raise NotYet(_where_it_parts(cases, answers))


def _step_cases():
    rng = np.random.default_rng(1)
    cases = []
    for batch, features, units in ((1, 2, 1), (3, 2, 4), (5, 4, 3), (3, 3, 3)):
        shapes = (features, 4 * units), (units, 4 * units), (4 * units,)
        weights = [rng.normal(size=shape) for shape in shapes]
        x_t, h, c = (rng.normal(size=(batch, width)) for width in (features, units, units))
        cases += [(x_t, 0 * h, 0 * c, *weights), (x_t, np.tanh(h), 2 * c, *weights)]
    return cases


def _stepped(step, case):
    """Return what the reader's step makes of one case, as an array (2, batch, units)."""
    h = case[1]
    result = called(step, "onnx_step", *(argument.copy() for argument in case))
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise NotYet("onnx_step should return two arrays, the hidden state and the cell state.")
    return np.array([array(part, name, h.shape) for part, name in zip(result, ("h", "c"), strict=True)])


def _step(x_t, h, c, W, U, b, order="iofc", mistake=None):
    """Return h and c after a step, as (2, batch, units), as one who makes that mistake computes them."""
    h_heard = 0 * h if mistake == "deaf" else h
    bias = 0 * b if mistake == "no bias" else b
    z = dict(zip(order, np.split(x_t @ W + h_heard @ U + bias, 4, axis=1), strict=True))
    if mistake == "units first":
        z = {k: (x_t @ W + h_heard @ U + bias)[:, n::4] for n, k in enumerate(order)}
    gate = np.tanh if mistake == "tanh gates" else _sigmoid
    i, f, o = (gate(z[k]) for k in "ifo")
    candidate = {"sigmoid candidate": _sigmoid, "bare candidate": lambda a: a}.get(mistake, np.tanh)(z["c"])
    old = {"emptied": 0 * c, "never forgets": c}.get(mistake, f * c)
    if mistake == "forgets in reverse":
        old = (1 - f) * c
    written = {"always writes": candidate, "coupled": (1 - f) * candidate}.get(mistake, i * candidate)
    new = old + written
    if mistake == "multiplied":
        new = f * c * i * candidate
    shown = {"bare cell state": new, "sigmoid of c": _sigmoid(new), "old cell state": np.tanh(c)}
    hidden = shown.get(mistake, np.tanh(new)) * (1 if mistake == "always shows" else o)
    return np.array([new, hidden] if mistake == "exchanged" else [hidden, new])


MISSTEPS = {
    "exchanged": "onnx_step returns c and h. Return h first, then c.",
    "deaf": "your step does not hear the hidden state. Where does U come in?",
    "no bias": "the bias is missing.",
    "units first": "you take every fourth column for a part. The columns of one part lie together, in a block.",
    "tanh gates": "your gates have tanh and can be negative. A gate lies between 0 and 1.",
    "sigmoid candidate": "the candidate goes through the sigmoid, so it can never take anything off the cell state.",
    "bare candidate": "the candidate is the bare sum. What squeezes it?",
    "emptied": "the old cell state is lost: nothing of c is in the new one.",
    "never forgets": "the forget gate multiplies nothing: all of the old cell state stays.",
    "forgets in reverse": "the forget gate is the wrong way round: at 1 it keeps.",
    "always writes": "the input gate multiplies nothing: the whole candidate is written.",
    "coupled": "you write by 1 minus the forget gate. This cell has an input gate of its own.",
    "multiplied": "you multiply what is kept by what is written. The two are added.",
    "bare cell state": "h shows the cell state as it is. One tanh is missing on the way out.",
    "sigmoid of c": "on the way out the cell state goes through the sigmoid. It should be tanh.",
    "old cell state": "h shows the cell state from before the step.",
    "always shows": "the output gate multiplies nothing: h shows all of the cell state.",
}


def _where_it_parts(cases, answers):
    """Say whether c or only h is wrong, and whether that needs something in the states."""
    for (_, h, c, *_), answer, right in zip(cases, answers, (_step(*case) for case in cases), strict=True):
        if not np.allclose(answer, right, atol=1e-6):
            wrong = "c" if not np.allclose(answer[1], right[1], atol=1e-6) else "c is right, and h"
            start = (
                "from empty states" if not h.any() and not c.any() else "as soon as the states are not empty"
            )
            return f"{wrong} is wrong, {start}. Compare your lines with the equations of the whole cell."
    return "the step is not that of an LSTM."


# 4. Half-life


@exercise
def half_life(first_bias):
    """Check a first bias with which half of the cell state is left after so many steps.

    Parameters
    ----------
    first_bias : function of (steps, units)
        Returns the bias of a Keras LSTM, of shape (4 * units,).
    """
    cases = [(100, 3), (10, 1), (1000, 2), (3, 4), (1, 2)]
    values = []
    for steps, units in cases:
        call = f"first_bias({steps}, {units})"
        bias = called(first_bias, "first_bias", steps, units)
        if np.shape(bias) in ((), (1,), (units,)) and np.shape(bias) != (4 * units,):
            raise NotYet(
                f"{call} has the biases of one part at most. Keras keeps those of all four in one array."
            )
        if np.shape(bias) == (4, units):
            raise NotYet(f"{call} has a row for each part. Keras keeps the four side by side.")
        values.append(_in_its_block(array(bias, call, (4 * units,)), call, units))
    for (steps, units), value in zip(cases, values, strict=True):
        if abs(_kept(value, steps) - 0.5) > 1e-3:
            for told, mistake in MISTAKEN_BIASES.items():
                with np.errstate(all="ignore"):
                    wrong = [mistake(steps) for steps, _ in cases]
                if np.allclose(values, wrong, rtol=1e-3, atol=1e-6):
                    raise NotYet(told)
            left = _kept(value, steps)
            raise NotYet(
                f"with first_bias({steps}, {units}) the forget gate starts at {_sigmoid(value):.4f}, and after {steps} "
                f"step{'s' * (steps > 1)} {left:.3f} of the cell state is left."
            )
    return (
        "Half is left after those steps, a quarter after twice as many, and the other three parts start at 0."
    )


def _kept(bias, steps):
    return _sigmoid(bias) ** steps


def _in_its_block(bias, call, units):
    """Return the forget gate's first bias, the same for each unit, or say where else the numbers stand."""
    blocks = dict(zip(NAMES, bias.reshape(4, units), strict=True))
    filled = [k for k, block in blocks.items() if block.any()]
    if filled in ([], ["f"]):
        if np.ptp(blocks["f"]) > 1e-9:
            raise NotYet(f"{call} gives the units different biases.")
        return float(blocks["f"][0])
    if len(filled) == 4 and np.ptp(bias) < 1e-12:
        raise NotYet(f"{call} gives all four parts that bias. The question is about the forget gate.")
    if units > 1 and not np.delete(bias.reshape(units, 4), 1, axis=1).any():
        raise NotYet(f"{call} puts the four numbers of a unit together. Keras puts those of a part together.")
    if len(filled) == 1:
        raise NotYet(
            f"{call} has its numbers in the block of the {NAMES[filled[0]]}. Which block is the forget gate's?"
        )
    others = " and ".join(NAMES[k] for k in filled if k != "f")
    raise NotYet(f"{call} is not 0 for the {others}.")


def _inverse(gate):
    """Return the bias at which a gate starts at that value."""
    return np.log(gate / (1 - gate))


MISTAKEN_BIASES = {
    "this is the value of the gate. The bias is what goes into the sigmoid.": lambda n: 0.5 ** (1 / n),
    "the sign is turned round: the gate starts near 0 and keeps nearly nothing.": lambda n: (
        -_inverse(0.5 ** (1 / n))
    ),
    "the sigmoid is made with e, so its inverse has the natural logarithm, not the one to base 2.": lambda n: (
        _inverse(0.5 ** (1 / n)) / np.log(2)
    ),
    "the gate is turned back by the inverse of tanh. It comes from a sigmoid.": lambda n: np.arctanh(
        0.5 ** (1 / n)
    ),
    "with this bias 1/e is left after those steps, 0.368. Half was asked for.": lambda n: _inverse(
        np.exp(-1 / n)
    ),
    "half is gone after half of the steps already.": lambda n: _inverse(0.5 ** (2 / n)),
    "this takes an equal piece off at each step. A gate multiplies: each step takes a share of what is left.": (
        lambda n: _inverse(1 - 0.5 / n)
    ),
    "this keeps half at a single step, however many are asked for.": lambda n: 0.0,
    "a half to the power of the steps is what a gate of 0.5 leaves. Which gate leaves a half?": lambda n: (
        _inverse(0.5**n)
    ),
    "this is the approximation for many steps. With few it is off: try 1 step.": lambda n: np.log(
        n / np.log(2)
    ),
}


# 5. and 6. Two ways around a gate


@exercise
def around_the_output_gate(parts):
    """Check weights for two units without an output gate, of which the second tells a number when asked.

    Parameters
    ----------
    parts : dict
        For "c", "f" and "i" the arrays W (3, 2), U (2, 2) and b (2,). The features are number, mark and question.
    """
    parts = _arrays(parts, "cfi", 3, "o")
    x, y, question = _asked(300, 20, seed=7)
    at = np.arange(len(x)), question

    def left(parts, unit=1):
        """Return the share of the error that is left when a dense layer scales what one unit shows."""
        return _left_after_scaling(_cell(parts).forward(x).hidden[:, :, unit], y)

    share = left(parts)
    if share <= 0.01:
        return f"{share:.1e} of the error is left. One unit keeps and is not listened to, the other copies when asked."
    _turned_round(parts, left, "fi")
    shown = _cell(parts).forward(x).hidden
    keeps, tells = shown[:, :, 0], shown[:, :, 1]
    share = f"{share:.2f} of the error is left."
    if np.ptp(tells) < 1e-9:
        raise NotYet(f"{share} Unit 2 shows the same at every step of every sequence.")
    steps = np.arange(x.shape[1])
    before, after = steps < question[:, np.newaxis], steps > question[:, np.newaxis]
    scale = np.abs(tells[at]).mean()
    if np.abs(tells[after]).mean() > max(0.1 * scale, 2 * np.abs(tells[before]).mean()):
        raise NotYet(
            f"{share} Unit 2 goes on telling after the question. What should become of what it holds?"
        )
    if np.abs(tells[before]).mean() > 0.1 * scale:
        raise NotYet(
            f"{share} Unit 2 shows something before the question. What does it write at the other steps?"
        )
    number_asked = y[at]
    if _like(keeps[at[0], question - 1], number_asked) < 0.9:
        raise NotYet(
            f"{share} One step before the question unit 1 does not hold the marked number (any more)."
        )
    if _like(tells[at], number_asked) < 0.9:
        raise NotYet(f"{share} Unit 1 keeps the number, but what unit 2 shows at the question is not it.")
    raise NotYet(f"{share} Unit 2 tells the number at the question, but bent: tanh changes large numbers.")


@exercise
def around_the_input_gate(parts):
    """Check weights for two units without an input gate, of which the second keeps the marked number to the end.

    Parameters
    ----------
    parts : dict
        For "c" and "f" the arrays W (2, 2), U (2, 2) and b (2,). The features are number and mark.
    """
    parts = _arrays(parts, "cf", 2, "io")
    x, y = _marked(600, 30, seed=8)
    fit, test = slice(0, 300), slice(300, None)

    def left(parts, unit=1):
        """Return the share of the error that is left by a dense layer with a weight and a bias, fitted elsewhere."""
        kept = _cell(parts).forward(x).hidden[:, -1, unit]
        if np.ptp(kept) < 1e-12:
            return 1.0
        line = np.polynomial.Polynomial.fit(kept[fit], y[fit], 1)
        return float(np.mean((line(kept[test]) - y[test]) ** 2) / np.mean(y[test] ** 2))

    share = left(parts)
    if share <= 0.01:
        return f"{share:.1e} of the error is left. A number can be kept without an input gate, if another unit filters."
    _turned_round(parts, left, "f")
    hidden = _cell(parts).forward(x).hidden
    kept = hidden[:, -1, 1]
    share = f"{share:.2f} of the error is left."
    if np.mean(np.abs(kept) > 0.99) > 0.5:
        raise NotYet(
            f"{share} Unit 2 has run full: it adds something at every step. What does it hear from unit 1?"
        )
    if np.ptp(kept) < 1e-9:
        raise NotYet(f"{share} Unit 2 ends at the same place in every sequence.")
    if _like(kept, y) > 0.9:
        raise NotYet(
            f"{share} Unit 2 ends close to the marked number, but not at it: something bends it, fades, or is added."
        )
    unmarked = np.where(x[:, :, 1] == 1, 0, x[:, :, 0])
    if _like(kept, unmarked.sum(axis=1)) > 0.6:
        raise NotYet(
            f"{share} Unit 2 adds up all the numbers. What makes unit 1 deaf where there is no mark?"
        )
    if _like(kept, x[:, -2:, 0].sum(axis=1)) > 0.6:
        raise NotYet(
            f"{share} Unit 2 ends with the last numbers, so it forgets. It should keep all that it has added."
        )
    held, marked = hidden[:, :, 0], x[:, :, 1] == 1
    if _like(held[marked], y) < 0.9:
        raise NotYet(f"{share} At the mark unit 1 does not show the marked number.")
    raise NotYet(f"{share} Unit 1 shows the marked number at the mark, but unit 2 does not end with it.")


def _arrays(parts, letters, features, absent):
    """Return {letter: (W, U, b)} with all shapes checked."""
    if not isinstance(parts, dict):
        raise NotYet(f"a dictionary is wanted, with an entry for each of {', '.join(letters)}.")
    for letter in absent:
        if letter in parts:
            raise NotYet(f"there is an {NAMES[letter]} in your dictionary. This cell has to do without it.")
    checked = {}
    for letter in letters:
        name = f"the {NAMES[letter]} ({letter!r})"
        part = parts.get(letter)
        if part is None or part is ...:
            raise NotYet(f"{name} is missing. Put three arrays in place of the dots: W, U and b.")
        if not isinstance(part, tuple | list) or len(part) != 3:
            raise NotYet(f"{name} should be three arrays: W, U and b.")
        shapes = {"W": (features, 2), "U": (2, 2), "b": (2,)}
        if any(values is ... for values in part):
            raise NotYet(f"{name} still has dots in it.")
        checked[letter] = tuple(
            array(values, f"{array_name} of {name}", shape)
            for values, (array_name, shape) in zip(part, shapes.items(), strict=True)
        )
    return checked


def _turned_round(parts, left, gates):
    """Raise `NotYet` if the weights would do with one thing turned round, and say which.

    `left` tells for parts and a unit which share of the error is left.
    """
    if left(parts, unit=0) <= 0.01:
        raise NotYet("unit 1 gives the answer. It should be unit 2: exchange the two.")
    if left({k: (W, U.T, b) for k, (W, U, b) in parts.items()}) <= 0.01:
        raise NotYet("U is on its side: a row is the unit that is heard, a column the unit that hears.")
    if len(gates) == 2 and left(parts | {"f": parts["i"], "i": parts["f"]}) <= 0.01:
        raise NotYet("forget gate and input gate are exchanged.")
    W, U, b = parts["f"]
    if left(parts | {"f": (-W, -U, -b)}) <= 0.01:
        raise NotYet("the forget gate is the wrong way round: at 1 it keeps, at 0 it forgets.")


def _asked(samples, length, seed):
    """Return the chapter's sequences of (number, mark, question), the answers (samples, length), and the questions."""
    rng = np.random.default_rng(seed)
    x = np.zeros((samples, length, 3))
    x[:, :, 0] = rng.uniform(-1, 1, (samples, length))
    rows, place = np.arange(samples), rng.integers(0, length // 4, samples)
    question = rng.integers(length // 4, length, samples)
    x[rows, place, 1] = x[rows, question, 2] = 1
    y = np.zeros((samples, length))
    y[rows, question] = x[rows, place, 0]
    return x, y, question


def _marked(samples, length, seed):
    """Return the chapter's sequences of (number, mark), and the number that was marked."""
    rng = np.random.default_rng(seed)
    x = np.zeros((samples, length, 2))
    x[:, :, 0] = rng.uniform(-1, 1, (samples, length))
    rows, place = np.arange(samples), rng.integers(0, length // 2, samples)
    x[rows, place, 1] = 1
    return x, x[rows, place, 0]


def _left_after_scaling(shown, wanted):
    """Return the share of the squared error that the best factor leaves."""
    size = np.sum(shown**2)
    factor = np.sum(shown * wanted) / size if size > 1e-20 else 0.0
    return float(np.mean((factor * shown - wanted) ** 2) / np.mean(wanted**2))


def _like(shown, wanted):
    """Return how closely two rows of numbers go together, as the size of their correlation."""
    if np.ptp(shown) < 1e-12:
        return 0.0
    return float(np.abs(np.corrcoef(shown, wanted)[0, 1]))
