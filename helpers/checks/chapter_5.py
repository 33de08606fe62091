"""Checks for the exercises of chapter 5: guesses, and gradients that go back, vanish, explode and are clipped."""

import numpy as np

from helpers.checks.verdict import NotYet, array, called, exercise, number, shown


@exercise
def a_guess(cost_of_guessing):
    """Check what guessing costs in temporal order and in adding.

    Parameters
    ----------
    cost_of_guessing : function of (marks,)
        Takes the number of marked steps; returns the accuracy and the cross-entropy (in nats) of who gives every
        class of temporal order the same probability, and the mean squared error of the best constant answer in
        adding.
    """
    name, cases = "cost_of_guessing", [(2,), (3,), (1,), (5,)]
    given = [array(called(cost_of_guessing, name, *case), f"what {name} returns", (3,)) for case in cases]
    accuracy, entropy, squared = np.transpose(given)
    _compared(
        accuracy,
        cases,
        lambda marks: 0.5**marks,
        {
            "the accuracy is a percentage. Return the share, from 0 to 1.": lambda marks: 100 * 0.5**marks,
            "the accuracy is the share of wrong answers.": lambda marks: 1 - 0.5**marks,
            "you count two classes a mark. Write the classes of three marks down: XXX, XXY …": lambda marks: (
                0.5 / marks
            ),
            "you count one class a mark, but each mark may be X or Y.": lambda marks: 1 / marks,
            "the accuracy is that of two marks, whatever the marks.": lambda marks: 0.25,
        },
        "the accuracy",
        "How many classes are there?",
    )
    _compared(
        entropy,
        cases,
        lambda marks: marks * np.log(2),
        {
            "the cross-entropy is in bits. Keras takes the natural logarithm.": lambda marks: marks,
            "the cross-entropy has a logarithm to the base 10. Keras takes the natural one.": lambda marks: (
                marks * np.log10(2)
            ),
            "the cross-entropy is negative: the minus before the logarithm is missing.": lambda marks: (
                -marks * np.log(2)
            ),
            "the cross-entropy has one term, the class that is right, and no factor in front of its logarithm.": (
                lambda marks: 0.5**marks * marks * np.log(2)
            ),
            "the cross-entropy is that of two marks, whatever the marks.": lambda marks: np.log(4),
        },
        "the cross-entropy",
        "It is minus the logarithm of the probability that the right class gets.",
    )
    if abs(squared[0] - 0.1767) < 5e-5:
        raise NotYet("0.1767 for two marks can be found in print, but it is a mistake. Work it out.")
    _compared(
        squared,
        cases,
        lambda marks: marks / 12,
        {
            "the squared error is that of one number. What do the variances of independent numbers do in a sum?": (
                lambda marks: 1 / 12
            ),
            "the squared error is that of two marks, whatever the marks.": lambda marks: 1 / 6,
            "the error is the root of the mean square. The loss has no root.": lambda marks: np.sqrt(
                marks / 12
            ),
            "the squared error grows with the square of the marks, as if all marked numbers were the same one. They "
            "are independent.": lambda marks: marks**2 / 12,
            "your guesser answers 0. Another constant does better.": lambda marks: marks / 12 + marks**2 / 4,
            "your guesser answers 1, which is best for two marks only.": lambda marks: (
                marks / 12 + (marks / 2 - 1) ** 2
            ),
            "your guesser answers a half. How large is the sum on average?": lambda marks: (
                marks / 12 + (marks / 2 - 0.5) ** 2
            ),
        },
        "the squared error",
        "The best constant is the mean of the sum. What is left is its variance.",
    )
    return "A loss above this is worse than knowing nothing: such a network is sure of what is wrong."


@exercise
def keep_it_longer(forget_bias):
    """Check which forget bias leaves a share of the gradient after some steps.

    Parameters
    ----------
    forget_bias : function of (share, steps)
        Returns the bias with which the forget gate alone leaves `share`, between 0 and 1, after `steps` steps.
    """
    cases = [(0.5, 1), (0.1, 49), (0.9, 10), (0.01, 7), (0.088, 100)]
    given = [number(called(forget_bias, "forget_bias", *case), "what forget_bias returns") for case in cases]

    def logit(gate):
        return np.log(gate / (1 - gate))

    _compared(
        given,
        cases,
        lambda share, steps: logit(share ** (1 / steps)),
        {
            "forget_bias returns the gate. Which bias makes the logistic function give it?": lambda share, steps: (
                share ** (1 / steps)
            ),
            "forget_bias forgets the steps: its gate leaves the share after one.": lambda share, steps: logit(
                share
            ),
            "the sign is the wrong way round: a gate above a half has a bias above 0.": lambda share, steps: (
                -logit(share ** (1 / steps))
            ),
            "the gate loses the same piece at each step. It multiplies instead: the share is a power of the gate.": (
                lambda share, steps: logit(1 - (1 - share) / steps)
            ),
            "the share is divided by the steps. Which gate, multiplied with itself so often, gives the share?": (
                lambda share, steps: logit(share / steps)
            ),
            "the logistic function is 1 / (1 + exp(-z)), so its inverse is not the logarithm alone.": (
                lambda share, steps: np.log(share) / steps
            ),
            "the logarithm has another base than e.": lambda share, steps: (
                logit(share ** (1 / steps)) / np.log(2)
            ),
        },
        "the bias",
        "Put it through the logistic function and take the power: is that the share?",
    )
    return "The more steps, the closer to 1 the gate has to be, and the bias grows with the logarithm of the steps."


# What `stretch` may be taken for; each works on U and the slopes, (steps, units).


def _stretch(
    U, slopes, matrix=lambda U, s: np.diag(s) @ U.T, size=lambda product: np.linalg.norm(product, 2)
):
    product = np.eye(len(U))
    for s in slopes[::-1]:
        product = product @ matrix(U, s)
    return size(product)


def _radius(matrix):
    return np.abs(np.linalg.eigvals(matrix)).max()


STRETCHES = {
    "the steps are walked from the first to the last. A gradient comes from the last.": lambda U, slopes: (
        _stretch(U, slopes[::-1])
    ),
    "each step goes through U. Backwards it goes through the transpose.": lambda U, slopes: _stretch(
        U, slopes, lambda U, s: np.diag(s) @ U
    ),
    "each step goes through the transpose of U first and meets the slopes after it. Backwards, tanh comes first.": (
        lambda U, slopes: _stretch(U, slopes, lambda U, s: U.T @ np.diag(s))
    ),
    "the slopes are left out, as if tanh were a straight line.": lambda U, slopes: _stretch(
        U, slopes, lambda U, s: U.T
    ),
    "you multiply the largest singular values of the single steps. That is the bound; what is the product's own?": (
        lambda U, slopes: np.prod([np.linalg.norm(np.diag(s) @ U.T, 2) for s in slopes])
    ),
    "you take a power of the largest singular value of U. That is the bound; what does the product do?": (
        lambda U, slopes: np.linalg.norm(U, 2) ** len(slopes)
    ),
    "you take the largest eigenvalue of the product. It says nothing about the first steps: a matrix can stretch a "
    "row without having an eigenvalue but 0.": lambda U, slopes: _stretch(U, slopes, size=_radius),
    "you take a power of the largest eigenvalue of U. An eigenvalue does not bound what a matrix does to other rows.": (
        lambda U, slopes: _radius(U) ** len(slopes)
    ),
    "you add up the squares of all entries of the product. That is another norm, which counts all directions at "
    "once; asked is the direction that is stretched most.": lambda U, slopes: _stretch(
        U, slopes, size=np.linalg.norm
    ),
    "every step has the slopes of the last one.": lambda U, slopes: _stretch(
        U, np.broadcast_to(slopes[-1], slopes.shape)
    ),
    "the first row of slopes is left out.": lambda U, slopes: _stretch(U, slopes[1:]),
    "the last row of slopes is left out.": lambda U, slopes: _stretch(U, slopes[:-1]),
}


@exercise
def no_eigenvalue(stretch):
    """Check by how much some steps back can stretch a gradient at the most.

    Parameters
    ----------
    stretch : function of (U, slopes)
        Takes a recurrent kernel, (units, units), and the slopes of tanh, (steps, units), in the order of time; returns
        the largest singular value of the product of all steps back.
    """
    rng = np.random.default_rng(5)
    cases = [
        (rng.normal(size=(n, n)), rng.uniform(0.05, 1, (steps, n))) for steps, n in ((3, 2), (2, 4), (6, 3))
    ]
    cases.append((np.array([[8.0, 8.0], [-8.0, -8.0]]), np.ones((3, 2))))  # nothing is left after two steps
    cases.append((rng.normal(size=(3, 3)), rng.uniform(0.05, 1, (1, 3))))
    given = [number(called(stretch, "stretch", *_copies(case)), "what stretch returns") for case in cases]
    _compared(
        given,
        cases,
        _stretch,
        STRETCHES,
        "the stretch",
        "Begin with the identity, multiply by diag(slopes) and the transpose of U for each step, the last step first.",
    )
    return "The product of the steps decides, and neither the eigenvalues of U nor its largest singular value give it."


@exercise
def begun_badly(reach_before, right_after):
    """Check what a vanilla RNN with a small random start does on temporal order over 20 steps.

    The ranges leave room around our runs: 12 seeds began with a reach of 4e-10 to 7e-9, and three of three learned
    the task.

    Parameters
    ----------
    reach_before : float
        Gradient norm at the first step relative to the last, before training.
    right_after : float
        Share of fresh sequences that are right after training.
    """
    reach, right = number(reach_before, "reach_before"), number(right_after, "right_after")
    if reach <= 0:
        raise NotYet(
            "reach_before is a ratio of two lengths, so it is above 0. (-9 is the exponent of 1e-9.)"
        )
    if reach > 0.25:
        raise NotYet("reach_before is as large as after the training. The table has a column for before.")
    if reach > 1e-5:
        raise NotYet(
            "reach_before is that of a better start. Is it the recurrent kernel that begins small and random?"
        )
    if reach > 1e-7:
        raise NotYet(
            "reach_before is larger than in any of our runs. Is it over 20 steps, relative to the last one?"
        )
    if reach < 1e-11:
        raise NotYet(
            "reach_before is too small even for this start. The sequences have 20 steps here, not 50 or 100."
        )
    if 1 < right <= 100:
        raise NotYet("right_after is a percentage. Give the share, from 0 to 1.")
    if not 0 <= right <= 1:
        raise NotYet(f"right_after should be a share from 0 to 1, got {right:g}.")
    if right < 0.4:
        raise NotYet(
            "right_after is what a guess gets. Was the network trained, five times through 5,000 sequences? After one "
            "time it still guesses."
        )
    if right < 0.9:
        raise NotYet(
            "right_after is lower than in our runs. Train five times through 5,000 sequences, or try seed 1."
        )
    return "Next to nothing arrived at the first step, and over 20 steps that was no obstacle."


def _length(parts):
    return np.sqrt(sum(np.sum(part**2) for part in parts))


def _clipped(gradients, largest, length=_length):
    factor = min(1.0, largest / max(length(gradients), 1e-12))
    return [factor * part for part in gradients]


CLIPPINGS = {
    "each number is cut by itself. That turns the gradient into another direction.": lambda parts, largest: [
        np.clip(part, -largest, largest) for part in parts
    ],
    "each array is shortened by itself, as with clipnorm. Asked is one length for all of them together.": (
        lambda parts, largest: [_clipped([part], largest)[0] for part in parts]
    ),
    "short gradients are made longer. A gradient within the limit stays as it is.": lambda parts, largest: [
        largest / max(_length(parts), 1e-12) * part for part in parts
    ],
    "the sum of the squares is taken for the length. The length is its root.": lambda parts, largest: (
        _clipped(parts, largest, lambda parts: sum(np.sum(part**2) for part in parts))
    ),
    "the sum of the arrays' lengths is taken for the length of all. Lengths do not add up, their squares do.": (
        lambda parts, largest: _clipped(
            parts, largest, lambda parts: sum(np.linalg.norm(part) for part in parts)
        )
    ),
    "the largest number is taken for the length.": lambda parts, largest: _clipped(
        parts, largest, lambda parts: max(np.abs(part).max() for part in parts)
    ),
    "whatever is too long is made 1 long. It should keep the length that is allowed.": lambda parts, largest: [
        part / (_length(parts) if _length(parts) > largest else 1.0) for part in parts
    ],
    "nothing is shortened.": lambda parts, largest: parts,
}


@exercise
def safety_belt(clip_together):
    """Check clipping by the norm of all gradients together.

    Parameters
    ----------
    clip_together : function of (gradients, largest)
        Takes a list of arrays and a length; returns the list, all multiplied by one factor where together they are
        longer than that, and as they are where not.
    """
    rng = np.random.default_rng(6)
    name, cases = "clip_together", []
    for size, largest in ((10, 1.0), (0.01, 1.0), (1, 2.5), (300, 7.0), (0.2, 0.5), (0, 1.0)):
        cases.append(([size * rng.normal(size=shape) for shape in ((2, 3), (3, 3), (3,), (1, 1))], largest))
    cases.append(([np.array([3.0, 0.0]), np.array([[4.0]])], 5.0))  # as long as is allowed
    given = []
    for gradients, largest in cases:
        lent = _copies(gradients)
        result = called(clip_together, name, lent, largest)
        if not all(np.array_equal(a, b) for a, b in zip(lent, gradients, strict=True)):
            raise NotYet(f"{name} changes the arrays that it is given. Return new ones.")
        if not isinstance(result, list | tuple) or len(result) != len(gradients):
            raise NotYet(f"{name} should return a list of {len(gradients)} arrays here, got {shown(result)}.")
        if not np.any(gradients[0]) and any(np.isnan(np.asarray(part, float)).any() for part in result):
            raise NotYet(
                "a gradient of length 0 becomes nan. It is within the limit, so nothing should be done to it."
            )
        pairs = zip(result, gradients, strict=True)
        given.append(
            _flat([array(part, f"an array that {name} returns", like.shape) for part, like in pairs])
        )
    _compared(
        given,
        cases,
        lambda *case: _flat(_clipped(*case)),
        {told: lambda *case, wrong=wrong: _flat(wrong(*case)) for told, wrong in CLIPPINGS.items()},
        "the clipped gradient",
        "One factor for all arrays, from the length of all numbers together.",
    )
    return "The direction stays, only the length is bounded. That is what global_clipnorm does in Keras."


def _backwards(x, states, U, sent, mistake=""):
    """Return the gradients of W, U and b, (features + units + 1, units), with a mistake if one is named."""
    total, carried = 0.0, 0.0
    for t in range(len(x), 0, -1):
        last, direct = t == len(x), sent[t - 1]
        delta = direct + carried
        if mistake == "sent last only" and not last:
            delta = carried
        if mistake == "nothing carried":
            delta = direct
        slope = 1 - states[t] ** 2
        if mistake == "no slope":
            slope = np.ones_like(slope)
        elif mistake == "slope not squared":
            slope = 1 - states[t]
        elif mistake == "slope of tanh(h)":
            slope = 1 - np.tanh(states[t]) ** 2
        elif mistake == "slope before":
            slope = 1 - states[t - 1] ** 2
        epsilon = delta * slope
        heard = states[t if mistake == "heard after" else t - 1]
        if mistake == "starts from zero" and t == 1:
            heard = np.zeros_like(heard)
        d_U = np.outer(epsilon, heard) if mistake == "turned round" else np.outer(heard, epsilon)
        share = np.vstack([np.outer(x[t - 1], epsilon), d_U, epsilon])
        if mistake == "last step only":
            total = share if last else total
        elif mistake == "first step only":
            total = share
        else:
            total = total + share
        carried = epsilon @ (U if mistake == "not transposed" else U.T)
    return total / len(x) if mistake == "mean" else total


BACKWARDS = {
    "last step only": "only the last step counts. The weights were used at every step, so add up over all.",
    "first step only": "only the first step is left in the result: each step overwrites the ones after it. Add up.",
    "mean": "you take the mean over the steps. A number that is used several times gets the sum.",
    "no slope": "the slope of tanh is missing: on the way back each state is passed through it.",
    "slope not squared": "the slope of tanh is not 1 - h. Look at rule 2 again.",
    "slope of tanh(h)": "tanh is taken a second time. The states are what tanh gave; their slope is 1 - h².",
    "slope before": "the slopes are those of the state before the step. tanh gave the state after it.",
    "not transposed": "the recurrent kernel is not transposed on the way back.",
    "nothing carried": "nothing is carried back to the step before: a state also acts through all later ones.",
    "sent last only": "what the loss sends to the states before the last is left out.",
    "heard after": "for U, a step heard the state before it. You multiply by the state after it.",
    "turned round": "the gradient of U has its rows and columns swapped: rows are who is heard, columns who hears.",
    "starts from zero": "for U, the first step heard h_0, which need not be zero: it is the first row of the states.",
}


@exercise
def backwards_through_time(all_gradients):
    """Check backpropagation through time, with a loss that looks at every state.

    Parameters
    ----------
    all_gradients : function of (x, states, U, sent)
        Takes the inputs, (timesteps, features), the states from h_0 on, (timesteps + 1, units), the recurrent kernel,
        (units, units), and what the loss sends to each state directly, (timesteps, units). Returns the gradients of the
        kernel, (features, units), of the recurrent kernel, (units, units), and of the bias, (units,).
    """
    rng = np.random.default_rng(7)
    name, cases, given = "all_gradients", [], []
    for timesteps, features, units in ((4, 3, 2), (7, 1, 3), (1, 2, 4), (2, 2, 1)):
        x, sent = rng.normal(size=(timesteps, features)), rng.normal(size=(timesteps, units))
        W, U, b = (rng.normal(0, 0.7, shape) for shape in ((features, units), (units, units), units))
        states = [rng.uniform(-0.9, 0.9, units)]
        for x_t in x:
            states.append(np.tanh(x_t @ W + states[-1] @ U + b))
        cases.append((x, np.array(states), U, sent))
        result = called(all_gradients, name, *_copies(cases[-1]))
        if not isinstance(result, list | tuple) or len(result) != 3:
            raise NotYet(f"{name} should return three arrays, for W, U and b, got {shown(result)}.")
        shapes = {"W": W.shape, "U": U.shape, "b": b.shape}
        pairs = zip(result, shapes.items(), strict=True)
        parts = [array(part, f"the gradient of {weights}", shape) for part, (weights, shape) in pairs]
        given.append(np.vstack(parts))
    _compared(
        given,
        cases,
        _backwards,
        {
            told: lambda *case, mistake=mistake: _backwards(*case, mistake=mistake)
            for mistake, told in BACKWARDS.items()
        },
        "the gradient",
        "Nudge one weight in a small example, and see which entry is off.",
    )
    return (
        "These are the gradients that training needs, for a network of any size that answers at every step."
    )


# What the checks share


def _flat(arrays):
    return np.concatenate([np.ravel(part) for part in arrays])


def _copies(arrays):
    return [np.copy(part) for part in arrays]


def _compared(given, cases, right, mistakes, what, look):
    """Raise `NotYet` unless all answers are right, with the mistake that explains all of them, if one does.

    Parameters
    ----------
    given : sequence of float or array
        One answer a case.
    cases : sequence of tuple
        The arguments that the answers belong to.
    right : function
        Returns the true answer to a case.
    mistakes : dict of str to function
        What to tell the reader, and the answer of who makes the mistake.
    what, look : str
        What the answers are, and where to look where no mistake explains them.
    """

    def agree(answer, other):
        return np.allclose(answer, other, rtol=1e-3, atol=1e-9)

    def explains(function):
        return all(agree(answer, function(*case)) for answer, case in zip(given, cases, strict=True))

    if explains(right):
        return
    for told, mistake in mistakes.items():
        if explains(mistake):
            raise NotYet(told)
    wrong = [case for answer, case in zip(given, cases, strict=True) if not agree(answer, right(*case))]
    plain = all(isinstance(argument, int | float) for argument in wrong[0])
    case = f" for {', '.join(map(str, wrong[0]))}" if plain else ""
    raise NotYet(f"{what} is not right{case} ({len(wrong)} of {len(cases)} examples). {look}")
