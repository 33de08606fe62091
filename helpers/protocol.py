"""How the book compares networks: several seeds, a validation set for every choice, the test wires read last."""

from helpers.training import epochs, fit


def answers_per_seed(build, x, y, x_new, *, label, seeds=(0, 1, 2), longest=60, patience=8, held_out=0.1):
    """Train a network once per seed, stopping early, and return its answers for new wires.

    Parameters
    ----------
    build : function of `seed`
        One of the builders of `helpers.models`, or a `functools.partial` of one.
    x, y : array, shape (wires, ...)
        Training wires and their one-hot topics, in random order.
    x_new : array, shape (new wires, ...)
        Looked at once, after the training.
    label : str
        What the progress line calls the network.
    seeds : sequence of int
        One network each.
    longest, patience : int
        Most epochs, and epochs without a lower validation loss after which training stops. The weights of the
        epoch with the lowest validation loss are kept.
    held_out : float
        Share of the training wires, the last ones, that serve as the validation set.

    Returns
    -------
    list of int array, shape (new wires,)
        The answers, as topic numbers; one array a seed.
    """
    if not 0 < held_out < 1:
        raise ValueError(f"held_out: got {held_out!r}, expected a share between 0 and 1")
    cut = round(len(x) * (1 - held_out))
    validation = (x[cut:], y[cut:])
    answers = []
    for seed in seeds:
        network = build(seed=seed)
        settings = {"seed": seed, "validation_data": validation, "patience": patience}
        fit(network, x[:cut], y[:cut], epochs=epochs(longest), label=f"{label}, seed {seed}", **settings)
        answers.append(network.predict(x_new, verbose=0).argmax(axis=1))
    return answers
