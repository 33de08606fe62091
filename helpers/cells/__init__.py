"""Recurrent cells in plain NumPy, equal to the Keras layers of the same names, forwards and backwards.

Everything is written for row vectors, as Keras computes:
``x_t @ kernel + hidden_state @ recurrent_kernel + bias``.
"""

from helpers.cells.gru import GRU
from helpers.cells.lstm import LSTM
from helpers.cells.vanilla import SimpleRNN

__all__ = ["GRU", "LSTM", "SimpleRNN"]
