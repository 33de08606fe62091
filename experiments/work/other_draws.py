"""The contest of chapter 9 on other draws of training and test wires: how much does one draw decide?"""

from experiments.work import networks, pretrained
from helpers.data import load_flags, load_reuters


def answer(settings, seed):
    """Draw anew which wires are for training and which for testing, train, and score on the test wires.

    Parameters
    ----------
    settings : dict
        What differs from `experiments.work.pretrained.DEFAULTS`; training is on all training wires.
    seed : int
        Of the draw, and of all that is random in the training.

    Returns
    -------
    dict
        ``"accuracy"``; ``"sound_accuracy"``, on the test wires with their own text and one topic; ``"right"``: of each
        test wire of the draw, whether the answer was right.
    """
    settings = networks.merged(pretrained.DEFAULTS, settings)
    drawn = {**settings["wires"], "seed": seed}
    (wires, topics), (new, new_topics) = load_reuters(**drawn)
    _, flags = load_flags(drawn["maxlen"], drawn["test_split"], seed)
    texts = pretrained.without_labels(drawn)
    members, _ = pretrained.MODELS[settings["model"]](settings, seed, wires, topics, new, texts)
    right = members.mean(axis=0).argmax(axis=1) == new_topics
    sound = flags["own_text"] & (flags["topic_count"] == 1)
    scores = {"accuracy": float(right.mean()), "sound_accuracy": float(right[sound].mean())}
    return {**scores, "right": right.astype(int).tolist()}
