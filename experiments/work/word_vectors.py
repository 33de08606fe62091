"""Word vectors by counting: words that keep the same company get similar vectors.

No network is trained here. Neighbours are counted, the counts are set against what chance would give (positive
pointwise mutual information), and the table of all pairs is squeezed to a few numbers a word (singular value
decomposition).

References
----------
O. Levy, Y. Goldberg and I. Dagan (2015), Improving distributional similarity with lessons learned from word embeddings,
doi:10.1162/tacl_a_00134.
"""

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

FIRST_WORD = 3  # the ids below stand for padding, the start of a text and an unknown word


def word_vectors(wires, vocabulary=10000, features=128, window=5):
    """Make a vector for every word that the wires use.

    Parameters
    ----------
    wires : list of list of int
        Word ids; ids from `vocabulary` on count as unknown.
    vocabulary : int
        Ids lie below this number.
    features : int
        Numbers per word.
    window : int
        Two words are neighbours if they stand at most so many places apart.

    Returns
    -------
    float32 array, shape (vocabulary, features)
        Rows of length 1, and rows of zeros for words that the wires do not use, and for the ids of the marks.
    """
    surprise = positive_pmi(count_neighbours(wires, vocabulary, window))
    left, strengths, _ = randomized_svd(surprise, features, n_iter=4, random_state=0)
    vectors = left * np.sqrt(strengths)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-8)
    return vectors.astype(np.float32)


def count_neighbours(wires, vocabulary, window):
    """Count how often two words are neighbours; the nearer they stand, the more a meeting counts.

    Returns
    -------
    sparse array, shape (vocabulary, vocabulary)
        Symmetric. A meeting at distance d counts 1 / d.
    """
    gap = [0] * window  # so that the end of a wire is no neighbour of the next one's beginning
    ids = np.concatenate([[*wire, *gap] for wire in wires])
    is_word = (ids >= FIRST_WORD) & (ids < vocabulary)
    counts = sparse.csr_array((vocabulary, vocabulary))
    for distance in range(1, window + 1):
        both = is_word[:-distance] & is_word[distance:]
        pairs = ids[:-distance][both], ids[distance:][both]
        counts += sparse.coo_array((np.full(both.sum(), 1 / distance), pairs), counts.shape).tocsr()
    return counts + counts.T


def positive_pmi(counts, smoothing=0.75):
    """Return log(observed / expected) of every pair that meets more often than by chance; the rest are zero.

    Parameters
    ----------
    counts : sparse array, shape (vocabulary, vocabulary)
        Of `count_neighbours`.
    smoothing : float
        Power of the neighbours' counts. Below 1, rare neighbours surprise less.
    """
    pairs = counts.tocoo()
    row, column = pairs.coords
    totals = counts.sum(axis=1)
    chance = totals**smoothing / np.sum(totals**smoothing)
    surprise = np.log(pairs.data / (totals[row] * chance[column]))
    more = surprise > 0
    return sparse.csr_array((surprise[more], (row[more], column[more])), counts.shape)
