"""The few networks that carry the argument, on Keras' default split. They read the first 150 words of each wire."""

from experiments.definition import STANDARD, Experiment, Model

TEXT = {"timesteps": 150}
TRAINING = {"epochs": 40, "patience": 4, "batch_size": 64}


def network(name, text=TEXT, **network):
    return Model(name, settings={"wires": STANDARD, "text": text, "network": network, "training": TRAINING})


EXPERIMENT = Experiment(
    name="standard_networks",
    title="Networks on the standard split, 10,000 words, the first 150 of each wire",
    minutes=17,
    seeds=range(5),
    models=[
        network("Average of embeddings", reader="average"),
        network("Vanilla RNN, mask", reader="simple_rnn"),
        network("LSTM, mask", reader="lstm"),
        network("LSTM, words shuffled", text={**TEXT, "shuffled": True}, reader="lstm"),
    ],
)
