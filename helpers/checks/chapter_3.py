"""Checks for the exercises of chapter 3: a step by hand, weights, a plan, a text in two halves, smaller inputs."""

import numpy as np

from helpers.cells import SimpleRNN
from helpers.checks.verdict import NotYet, array, called, exercise, number, whole_number

# The cell that the chapter computes with a pencil.
KERNEL = np.array([[1.0, 2.0]])  # (features, units)
RECURRENT_KERNEL = np.array([[-1.0, 1.0], [0.0, 0.5]])  # (units, units)
BIAS = np.array([0.0, 0.5])  # (units,)

# "shr 37 cts vs 27 cts …" as ids, start mark first; at these places stand 37 and 27.
WIRE = [1, 53, 539, 26, 14, 318, 26, 39, 19, 3083, 18, 14, 4456, 18, 17, 12]
FIRST_AMOUNT, SECOND_AMOUNT = 2, 5


# 1. With the pencil


@exercise
def three_states(answer):
    """Check the states of the chapter's two units at "shr 27 cts", to two decimals.

    Parameters
    ----------
    answer : array_like of shape (3, 2)
        A row for each word, a column for each unit.
    """
    if np.shape(answer) == (2, 3):
        raise NotYet("your states lie on their side: a row is a word, a column a unit.")
    states = array(answer, "your array of states", (3, 2))
    right = _by_pencil()
    if np.abs(states - right).max() < 0.012:  # rounded at each step, one ends 0.008 off
        return "The first step is the one of the chapter, and all that differs later comes from one word."
    wrong = {
        "these are the states of the chapter's text. This one has 27 where that had 37.": _by_pencil(0.37),
        "each step forgets the one before it. What did the units answer last, and who hears it?": _by_pencil(
            memory=False
        ),
        "you have gone along the rows of U. A column belongs to the unit that hears.": _by_pencil(
            recurrent_kernel=RECURRENT_KERNEL.T
        ),
        "each unit hears itself only. Unit 2 hears unit 1, too.": _by_pencil(
            recurrent_kernel=np.diag(np.diag(RECURRENT_KERNEL))
        ),
        "unit 1 hears itself with weight −1, not 1. Look at the signs in U.": _by_pencil(
            recurrent_kernel=np.abs(RECURRENT_KERNEL)
        ),
        "the bias is missing. It is added at every step.": _by_pencil(bias=np.zeros(2)),
        "these are the sums before tanh. Each goes through tanh before the next step hears it.": _by_pencil(
            squash=lambda z: z
        ),
    }
    for told, states_of_mistake in wrong.items():
        if np.abs(states - states_of_mistake).max() < 0.02:
            raise NotYet(told)
    step, unit = np.argwhere(np.abs(states - right) >= 0.012)[0] + 1
    raise NotYet(f"unit {unit} is off at step {step}; what stands above and before it is right.")


def _by_pencil(amount=0.27, *, memory=True, recurrent_kernel=RECURRENT_KERNEL, bias=BIAS, squash=np.tanh):
    """Return the states of the chapter's cell after three words, (3, 2), with a mistake if one is wanted."""
    state, states = np.zeros(2), []
    for x_t in (0.0, amount, 0.0):
        state = squash(x_t * KERNEL[0] + memory * (state @ recurrent_kernel) + bias)
        states.append(state)
    return np.array(states)


# 2. Count


@exercise
def weights_of_a_stack(count_stack, units):
    """Check a count of the weights of stacked layers, and the units of a layer with 15 weights and one feature.

    Parameters
    ----------
    count_stack : function of (features, layers)
        `layers` is a list with the units of each layer, the lowest first. Returns a number of weights.
    units : int
    """
    cases = [(1, [2]), (64, [50]), (5, [2, 7, 3]), (64, [50, 50]), (3, [4, 1]), (9, [6, 6])]
    calls = [f"count_stack{case}" for case in cases]
    answers = [
        whole_number(called(count_stack, "count_stack", features, list(layers)), call)
        for (features, layers), call in zip(cases, calls, strict=True)
    ]
    right = [_stack(*case) for case in cases]
    if answers != right:
        for told, mistake in MISCOUNTS.items():
            if answers == [mistake(*case) for case in cases]:
                raise NotYet(f"count_stack {told}")
        first = next(k for k, answer in enumerate(answers) if answer != right[k])
        layers = "one layer" if len(cases[first][1]) == 1 else "more than one layer"
        raise NotYet(
            f"{calls[first]} gives {answers[first]:,}, which is not so. It is the first miss, and it has {layers}."
        )
    units = whole_number(units, "units")
    if units < 1:
        raise NotYet(f"units should be at least 1, got {units}.")
    if _one_layer(1, units) != 15:
        raise NotYet(f"{units} units with one feature have {_one_layer(1, units)} weights, not 15.")
    return (
        "The features of a layer are the units of the layer below, and no count has asked how long a text is."
    )


def _one_layer(features, units):
    return units * (features + units + 1)


def _stack(features, layers, one_layer=_one_layer):
    """Return the weights of stacked layers, each counted by `one_layer`."""
    return sum(one_layer(below, units) for below, units in zip([features, *layers], layers, strict=False))


MISCOUNTS = {
    "leaves out the biases, one for each unit.": lambda features, layers: _stack(
        features, layers, lambda d, n: n * (d + n)
    ),
    "leaves out the weights from state to state.": lambda features, layers: _stack(
        features, layers, lambda d, n: n * (d + 1)
    ),
    "gives each unit one weight for its own last answer. It hears those of all units.": (
        lambda features, layers: _stack(features, layers, lambda d, n: n * (d + 2))
    ),
    "leaves out the weights from the input.": lambda features, layers: _stack(
        features, layers, lambda d, n: n * (n + 1)
    ),
    "has features and units exchanged: it is the units that are many times there, each with a bias.": (
        lambda features, layers: _stack(features, layers, lambda d, n: d * (d + n + 1))
    ),
    "counts a bias for each feature. There is one for each unit.": lambda features, layers: _stack(
        features, layers, lambda d, n: n * (d + n) + d
    ),
    "counts one bias for a layer. There is one for each unit.": lambda features, layers: _stack(
        features, layers, lambda d, n: n * (d + n) + 1
    ),
    "counts two biases a unit. The chapter's cell has one.": lambda features, layers: _stack(
        features, layers, lambda d, n: n * (d + n + 2)
    ),
    "lets each layer hear the text. Only the lowest does; what do the others hear?": (
        lambda features, layers: sum(_one_layer(features, units) for units in layers)
    ),
    "counts the lowest layer only.": lambda features, layers: _one_layer(features, layers[0]),
    "counts the last layer only.": lambda features, layers: _one_layer([features, *layers][-2], layers[-1]),
    "takes the stack for one wide layer.": lambda features, layers: _one_layer(features, sum(layers)),
}


# 3. A better plan


@exercise
def better_plan(w, u, b):
    """Check the weights of one unit that is to tell a rise from a fall in "shr A cts vs B cts".

    The unit reads all texts with two different amounts from 1 to 99 cents, and should end above 0 where the first is
    the larger one.

    Parameters
    ----------
    w, u, b : float
        What the unit hears of the amount and of its own last answer, and its bias.
    """
    weights = number(w, "the weight w"), number(u, "the weight u"), number(b, "the bias b")
    cents = np.arange(1, 100) / 100
    first, second = (grid.ravel() for grid in np.meshgrid(cents, cents))
    ends = _ends(first, second, *weights)
    different = first != second
    rise, says_rise = (first > second)[different], (ends > 0)[different]
    right = np.mean(rise == says_rise)
    if right == 1:
        return f"All {rise.size:,} texts. The unit compares two amounts that lie three words apart."
    ends = ends.reshape(99, 99)  # a row is one second amount, a column one first amount
    share = f"{right:.1%} of the texts are right."
    if np.ptp(ends) < 1e-12:
        raise NotYet(
            "the unit ends at the same place whatever the amounts are. Does it hear them, and itself?"
        )
    if np.diff(ends, axis=0).mean() * np.diff(ends, axis=1).mean() > 0:
        raise NotYet(f"{share} The unit adds the two amounts up. It should take one from the other.")
    if right < 0.3:
        raise NotYet(f"{share} Rises are called falls, and falls rises. Which sign is to be turned round?")
    if says_rise.all() or not says_rise.any():
        said = "rise" if says_rise.all() else "fall"
        raise NotYet(f"{share} The unit says {said} to every text: something outweighs the amounts.")
    if not np.any(says_rise & ~rise):
        raise NotYet(f"{share} All errors are rises called falls: too little of the first amount is left.")
    if not np.any(rise & ~says_rise):
        raise NotYet(f"{share} All errors are falls called rises: the first amount counts too much.")
    raise NotYet(f"{share} Among the errors are rises and falls.")


def _ends(first, second, w, u, b):
    """Return where one unit ends after "shr A cts vs B cts", for arrays of amounts in dollars."""
    x = np.zeros((len(first), 6, 1))
    x[:, 1, 0], x[:, 4, 0] = first, second
    return SimpleRNN(np.array([[w]]), np.array([[u]]), np.array([b])).forward(x).hidden[:, -1, 0]


# 4. In two halves


@exercise
def in_two_halves(read_on):
    """Check a function that reads with a mask, and goes on from a state.

    Parameters
    ----------
    read_on : function of (x, W, U, b, mask, state)
        Takes arrays of shape (batch, timesteps, features), (features, units), (units, units), (units,),
        (batch, timesteps) and (batch, units). Returns the state after every step, (batch, timesteps, units).
    """
    cases = _reading_cases()
    answers = [_read_by(read_on, case) for case in cases]

    def explained_by(*mistake):
        return all(
            np.allclose(answer, _read(*case, *mistake), atol=1e-6)
            for answer, case in zip(answers, cases, strict=True)
        )

    if explained_by():
        return (
            "The state is all that the cell knows of the past. Hand it over, and a text can be cut anywhere."
        )
    for mistake, told in MISREADINGS.items():
        if explained_by(mistake):
            raise NotYet(told)
    raise NotYet(_first_trouble(cases, answers))


def _reading_cases():
    """Return arguments for a reading function: masks with gaps in the middle, at the beginning, and none."""
    rng = np.random.default_rng(0)
    cases = []
    # (batch, timesteps, features, units): the odd ones trip over exchanged axes, the square one must not
    for batch, timesteps, features, units in ((1, 1, 2, 3), (3, 5, 2, 4), (4, 4, 3, 3), (2, 7, 1, 5)):
        weights = [rng.normal(size=shape) for shape in ((features, units), (units, units), (units,))]
        x, state = rng.normal(size=(batch, timesteps, features)), rng.uniform(-0.9, 0.9, (batch, units))
        whole = np.ones((batch, timesteps), bool)
        gaps = rng.random((batch, timesteps)) < 0.6
        gaps[0, : timesteps // 2 + 1] = [True, *[False] * (timesteps // 2)]
        for mask, start in (
            (whole, 0 * state),
            (gaps, 0 * state),
            (whole, state),
            (gaps, state),
            (~gaps, state),
        ):
            cases.append((x, *weights, mask, start))
    return cases


def _read_by(read_on, case):
    """Return what the reader's function makes of one case, if it has the right shape."""
    x, W, U, b, mask, state = case
    answer = called(read_on, "read_on", *(argument.copy() for argument in case))
    wanted, got = (*mask.shape, len(b)), np.shape(answer)
    if got == (len(x), len(b)) != wanted:
        raise NotYet(
            "read_on returns the last state only. Every step's is wanted: the one after a masked step, too."
        )
    if got == (wanted[1], wanted[0], wanted[2]) != wanted:
        raise NotYet("read_on has the time steps on the first axis. The first counts the texts.")
    return array(
        answer,
        f"what read_on returns for {wanted[1]} steps of {wanted[0]} texts and {wanted[2]} units",
        wanted,
    )


def _read(x, W, U, b, mask, state, mistake=None):
    """Return the state after every step, (batch, timesteps, units), as one who makes that mistake computes it."""
    start = shown = hidden = 0 * state if mistake == "no start" else state
    squash = {"no tanh": lambda z: z, "sigmoid": lambda z: 1 / (1 + np.exp(-z))}.get(mistake, np.tanh)
    states = []
    for t in range(x.shape[1]):
        take = mask[:, t, np.newaxis]
        x_t = take * x[:, t] if mistake == "zeroed input" else x[:, t]
        heard = {"no memory": 0 * hidden, "frozen memory": start}.get(mistake, hidden)
        bias = 0 * b if mistake == "no bias" else b
        new = squash(x_t @ W + heard @ (U.T if mistake == "transposed" else U) + bias)
        if mistake == "inverted":
            hidden = np.where(take, hidden, new)
        elif mistake == "zeroed state":
            hidden = np.where(take, new, 0)
        elif mistake == "start again":
            hidden = np.where(take, new, start)
        elif mistake in ("unmasked", "zeroed input", "zeroed output", "held output"):
            hidden = new
        else:
            hidden = np.where(take, new, hidden)
        if mistake == "zeroed output":
            shown = np.where(take, new, 0)
        elif mistake == "held output":
            shown = np.where(take, new, shown)
        else:
            shown = hidden
        states.append(shown)
    return np.stack(states, axis=1)


MISREADINGS = {
    "no start": "read_on begins with zeros and not with the state that it is given.",
    "no memory": "a step does not hear the state before it. Where does U come in?",
    "frozen memory": "every step hears the first state. It should hear the one that the step before it has left.",
    "transposed": "U is used the wrong way round: rows are heard and columns hear, so the state stands to its left.",
    "unmasked": "the mask changes nothing: at a masked step the state goes on changing.",
    "inverted": "the mask is used the wrong way round. Where it is False the step is not to be taken.",
    "zeroed input": "at a masked step you let the cell read zeros. That is a step, too, and the state changes.",
    "zeroed state": "at a masked step the state becomes 0. It should be carried over as it is.",
    "start again": "at a masked step the state goes back to the one that you started from. Which should it be?",
    "zeroed output": "at a masked step you show zeros, and behind them the state goes on changing.",
    "held output": "what you return stands still at a masked step, but the state behind it goes on changing: the next "
    "step that is taken hears a state that no word has made.",
    "no tanh": "tanh is missing: the states are the bare sums.",
    "sigmoid": "the states all lie between 0 and 1. This cell has tanh, which can be negative.",
    "no bias": "the bias is missing.",
}


def _first_trouble(cases, answers):
    """Describe the simplest kind of case that went wrong: first without a state and a mask, last with both."""

    def difficulty(pair):
        (*_, mask, state), _ = pair
        return state.any(), not mask.all()

    for case, answer in sorted(zip(cases, answers, strict=True), key=difficulty):
        off = ~np.isclose(answer, _read(*case), atol=1e-6)
        if off.any():
            *_, mask, state = case
            row, step, _ = np.argwhere(off)[0]
            start = "a given state" if state.any() else "zeros"
            masked = "no step masked" if mask.all() else "some steps masked"
            where = "a step that is taken" if mask[row, step] else "a masked step"
            return f"reading from {start}, with {masked}, goes wrong at step {step + 1}, {where}."
    return "the states are not those of the cell."


# 5. Smaller inputs


@exercise
def smaller_inputs(divisor, apart):
    """Check by which power of ten ids are best divided for the order of two words to last, and how far it lasts.

    Parameters
    ----------
    divisor : int
        A power of ten, from 1 to 1,000,000.
    apart : float
        The largest difference of a unit's final states in the two orders, with the ids divided by that.
    """
    divisor = number(divisor, "the divisor")
    powers = [10**n for n in range(7)]
    if divisor not in powers:
        if divisor and 1 / divisor in powers:
            raise NotYet("that is what the ids would be multiplied by. By which number are they divided?")
        raise NotYet(f"the divisor should be a power of ten from 1 to 1,000,000, got {divisor:g}.")
    apart = number(apart, "the distance")
    differences = {power: _differences(power) for power in powers}
    largest = {power: difference.max() for power, difference in differences.items()}
    best = max(largest, key=largest.get)
    if divisor < best:
        raise NotYet(
            "the two orders end further apart with smaller inputs than these. Large sums still overwrite much of the "
            "state."
        )
    if divisor > best:
        raise NotYet(
            "the two orders end further apart with larger inputs than these. Now the words hardly reach the state."
        )
    if abs(apart - largest[best]) > 0.1 * largest[best]:
        wrong = {
            "that is the mean difference of the units. Which unit differs most?": differences[best].mean(),
            "that is the distance of the two rows of 50. Which single unit differs most?": np.linalg.norm(
                differences[best]
            ),
            "that is how far the largest difference came at any step. What is left at the last?": _differences(
                best, last=False
            ).max(),
        }
        for told, value in wrong.items():
            if abs(apart - value) <= 0.05 * value:
                raise NotYet(f"the divisor is right, but as to the distance, {told}")
        raise NotYet(f"the divisor is right, but with it the two final states are not {apart:g} apart.")
    return "Too large, and one word overwrites all; too small, and no word is heard. The best lies between."


def _differences(divisor, last=True):
    """Return how far the states of each unit are apart in the two orders: at the last step, or at each step."""
    rng = np.random.default_rng(0)
    limit = np.sqrt(6 / 51)
    kernel = rng.uniform(-limit, limit, (1, 50))
    recurrent_kernel = np.linalg.qr(rng.normal(size=(50, 50)))[0]
    ids = np.array([WIRE, WIRE])
    ids[1, [FIRST_AMOUNT, SECOND_AMOUNT]] = ids[0, [SECOND_AMOUNT, FIRST_AMOUNT]]
    states = SimpleRNN(kernel, recurrent_kernel).forward(ids[:, :, np.newaxis] / divisor).hidden
    return np.abs(states[0] - states[1])[-1 if last else slice(None)]
