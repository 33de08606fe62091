"""Small questions asked about the newswires, for which the order of words decides."""

import numpy as np

from helpers.data import INDEX_FROM, get_word_index, load_reuters

NUMBERS = range(1, 100)


def rise_or_fall(pairs, start, gap, seed=0, timesteps=49):
    """Ask whether the first of two amounts is the larger one, in stretches of real newswires.

    A text reads: filler, number, "cts", filler, number, "cts", filler. Every text is followed by its twin, in
    which the two numbers have changed places and nothing else; so the two have the same words and opposite answers.

    Parameters
    ----------
    pairs : int
        Number of texts and twins.
    start : int or (int, int)
        Words before the first number; of two ints, drawn for each pair from the first up to and without the second.
    gap : int
        Words between the first amount and the second number.
    seed : int
        Seed of the random numbers.
    timesteps : int
        Words in each text.

    Returns
    -------
    x : int32 array, shape (2 * pairs, timesteps)
        Word ids as in `helpers.data.load_reuters`, without a start mark.
    y : float32 array, shape (2 * pairs, 2)
        One-hot: column 1 for a rise (the first number is the larger one), column 0 for a fall.

    Raises
    ------
    ValueError
        If the amounts do not fit into the text.

    Notes
    -----
    The numbers are two different ones from 1 to 99. The filler comes from the training part of the standard split,
    without the numbers, "cts", "vs" and "shr". Chance level: an accuracy of 0.5.
    """
    first, last = (start, start + 1) if np.isscalar(start) else start
    if not 0 <= first < last:
        raise ValueError(f"start: got {start!r}, expected a number of 0 or more, or two rising ones")
    if pairs < 1 or gap < 0 or last - 1 + gap + 4 > timesteps:
        raise ValueError(
            f"pairs, start, gap: got {pairs}, {start} and {gap}, expected at least one pair, and amounts that end "
            f"within {timesteps} words (start + gap + 4)"
        )
    rng = np.random.default_rng(seed)
    rank = get_word_index()
    numbers = [rank[str(number)] + INDEX_FROM for number in NUMBERS]
    cts = rank["cts"] + INDEX_FROM
    special = {*numbers, cts, rank["vs"] + INDEX_FROM, rank["shr"] + INDEX_FROM}
    (wires, _), _ = load_reuters(num_words=10000)
    fillers = [[i for i in ids[1:] if i not in special] for ids in wires]
    fillers = [ids for ids in fillers if len(ids) >= timesteps]

    texts, answers = [], []
    for _ in range(pairs):
        filler = fillers[rng.integers(len(fillers))]
        cut = rng.integers(len(filler) - timesteps + 1)
        filler = filler[cut : cut + timesteps]
        begin = rng.integers(first, last)
        end = begin + gap
        one, other = rng.choice(len(numbers), size=2, replace=False)
        for a, b in ((one, other), (other, one)):
            amounts = [numbers[a], cts, *filler[begin:end], numbers[b], cts]
            texts.append([*filler[:begin], *amounts, *filler[end:]][:timesteps])
            answers.append(int(a > b))
    return np.array(texts, dtype=np.int32), np.eye(2, dtype=np.float32)[answers]
