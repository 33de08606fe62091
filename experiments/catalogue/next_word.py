"""Predict the next word: the case where context decides."""

from experiments.definition import Experiment, Model

RUN = "experiments.work.language:predict"

# Units are chosen so that all networks have about as many weights as the LSTM with 64.
EXPERIMENT = Experiment(
    name="next_word",
    title="The next word of the wires below 75 ids, out of 3,000: perplexity on the test wires",
    minutes=120,
    seeds=range(3),
    models=[
        Model("Word frequencies", RUN, {"model": "ngram", "orders": [1]}, seeds=[0]),
        Model("Bigram, Kneser-Ney", RUN, {"model": "ngram", "orders": [2]}, seeds=[0]),
        Model("N-gram, Kneser-Ney, order chosen", RUN, {"model": "ngram", "orders": [2, 3, 4, 5]}, seeds=[0]),
        Model("Feed-forward, 4 words", RUN, {"model": "window", "units": 69}),
        Model("Vanilla RNN", RUN, {"model": "simple_rnn", "units": 72}),
        Model("LSTM", RUN, {"model": "lstm", "units": 64}),
    ],
    shows=["perplexity", "right", "parameters"],
)
