"""The checks of chapter 1: right answers in their usual forms pass, each typical mistake is told by name."""

import numpy as np
import pytest

from helpers.checks import chapter_1
from helpers.data import load_reuters


@pytest.fixture
def told(capsys):
    """Return a function that returns the verdict on an answer."""

    def verdict(check, *answers):
        check(*answers)
        return capsys.readouterr().out

    return verdict


# 1. From words to ids


def ids_of(words, rank, num_words):
    ids = [1]
    for word in words:
        word_id = rank[word] + 3 if word in rank else 2
        ids.append(word_id if word_id < num_words else 2)
    return ids


def test_ids_pass_as_a_list_a_tuple_or_an_array(told):
    for form in (list, tuple, np.array):
        assert told(chapter_1.words_to_ids, lambda *text, form=form: form(ids_of(*text))).startswith("Right.")


def bare_ranks(words, rank, num_words):
    ids = [rank.get(word, 2) for word in words]
    return [1] + [i if i < num_words else 2 for i in ids]


def moved(by):
    return lambda words, rank, num_words: (
        [1] + [rank[w] + by if w in rank and rank[w] + by < num_words else 2 for w in words]
    )


MISTAKEN_IDS = [
    (bare_ranks, "bare ranks: the shift is missing"),
    (lambda *text: bare_ranks(*text)[1:], "And there is no start mark"),
    (moved(-3), "the wrong way"),
    (moved(2), "one too low"),
    (moved(1), "two too low"),
    (moved(4), "one too high"),
    (lambda *text: ids_of(*text)[1:], "no start mark"),
    (lambda *text: [4, *ids_of(*text)[1:]], "the start mark has been shifted, too"),
    (lambda *text: [i for i in ids_of(*text) if i != 2], "left out"),
    (lambda *text: [0 if i == 2 else i for i in ids_of(*text)], "became 0, which is padding"),
    (lambda *text: [5 if i == 2 else i for i in ids_of(*text)], "id for unknown words has been shifted"),
    (
        lambda words, rank, num_words: (
            [1] + [rank[w] + 3 if rank.get(w, num_words) < num_words else 2 for w in words]
        ),
        "held against the rank",
    ),
    (lambda words, rank, num_words: ids_of(words, rank, num_words + 1), "num_words itself is let through"),
    (lambda words, rank, num_words: ids_of(words, rank, 10**6), "num_words is not looked at"),
    (lambda words, rank, num_words: [1] + [rank[w] + 3 for w in words], "raised KeyError: 'cheese'"),
    # the shift forgotten, and a rank of "net" and an unknown word treated in yet another way
    (lambda words, rank, num_words: [1] + [rank.get(w, 7) for w in words], "the shift is missing"),
    (lambda words, rank, num_words: [1] + [8] * len(words), "the ranks here are"),
    (lambda words, rank, num_words: " ".join(words), "should return a list of ids"),
    (lambda words, rank, num_words: [[1], [2, 3]], "should return a list of ids"),
    (lambda words, rank, num_words: 4, "should return a list of ids"),
    ([1, 53, 539], "should be a function"),
]


@pytest.mark.parametrize(("answer", "why"), MISTAKEN_IDS, ids=[why for _, why in MISTAKEN_IDS])
def test_a_mistake_with_ids_is_told_by_name(answer, why, told):
    said = told(chapter_1.words_to_ids, answer)
    assert said.startswith("Not yet: ") and why in said


# 2. Zeros in front


def pad_before(wires, timesteps):
    return [[0] * (timesteps - len(ids)) + ids for ids in wires]


def pad_behind(wires, timesteps):
    return [ids + [0] * (timesteps - len(ids)) for ids in wires]


def test_padding_passes_as_lists_as_an_array_and_from_keras(told):
    from keras.utils import pad_sequences

    for answer in (pad_before, lambda *batch: np.array(pad_before(*batch)), pad_sequences):
        assert told(chapter_1.zeros_in_front, answer).startswith("Right.")


MISTAKEN_PADDING = [
    (pad_behind, "the zeros stand behind the text"),
    (lambda wires, timesteps: pad_before([ids[::-1] for ids in wires], timesteps), "the texts run backwards"),
    (lambda *batch: np.array(pad_before(*batch))[:, ::-1], "all runs backwards"),
    (
        lambda wires, timesteps: np.roll(pad_before(wires, timesteps), -1, axis=1),
        "one step of silence is left",
    ),
    (lambda wires, timesteps: pad_before([ids[1:] for ids in wires], timesteps), "the start marks are lost"),
    (lambda wires, timesteps: pad_before(wires, max(map(len, wires))), "as wide as the longest wire"),
    (lambda *batch: np.transpose(pad_before(*batch)), "lies on its side"),
    (lambda wires, timesteps: np.zeros((len(wires), timesteps)), "row 0 is [0, 0, 0, 0, 0]"),
    (lambda wires, timesteps: wires, "should be an array of numbers"),
    (lambda wires, timesteps: np.zeros(3), "should have the shape (2, 5)"),
    (lambda wires, timesteps: ..., "returned nothing"),
    (33, "should be a function"),
]


@pytest.mark.parametrize(("answer", "why"), MISTAKEN_PADDING, ids=[why for _, why in MISTAKEN_PADDING])
def test_a_mistake_with_padding_is_told_by_name(answer, why, told):
    said = told(chapter_1.zeros_in_front, answer)
    assert said.startswith("Not yet: ") and why in said


# 3. Another majority


def test_the_majority_passes_exact_and_rounded(told):
    (_, y_train), (_, y_test) = load_reuters()
    share = np.mean(y_test == np.bincount(y_train).argmax())
    for answer in (share, float(share), round(share, 3), round(share, 2)):
        assert told(chapter_1.majority_of_the_standard_split, answer).startswith("Right.")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (36.2, "not a percentage"),
        (813, "count of the wires"),
        (0.748, "test part of the short wires"),
        (0.715, "short training wires"),
        (0.352, "the training part"),
        (0.354, "among all wires"),
        (1 / 46, "one of 46"),
        (0.638, "gets wrong"),
        (35, "not a percentage"),
        (0.5, "too many"),
        (0.1, "too few"),
        (None, "should be one number"),
        ("a third", "should be one number"),
    ],
)
def test_a_wrong_majority_is_told_by_name(answer, why, told):
    said = told(chapter_1.majority_of_the_standard_split, answer)
    assert said.startswith("Not yet: ") and why in said


# 4. A setting, chosen


def five_folds(score, setting, wires):
    """Return the mean accuracy over five held-back parts."""
    parts = [wires[k::5] for k in range(5)]
    rests = [[wire for part in parts[:k] + parts[k + 1 :] for wire in part] for k in range(5)]
    return np.mean([score(setting, rest, part) for rest, part in zip(rests, parts, strict=True)])


def by_cross_validation(settings, score, train, test):
    return max(settings, key=lambda setting: five_folds(score, setting, train))


def by_one_held_back_part(settings, score, train, test):
    cut = len(train) * 4 // 5
    return max(settings, key=lambda setting: score(setting, train[:cut], train[cut:]))


def with_numpy(settings, score, train, test):
    wires = np.array(train, dtype=object)
    order = np.random.default_rng(3).permutation(len(wires))
    fit_on, try_on = wires[order[15:]], wires[order[:15]]
    return np.array(settings)[np.argmax([score(setting, fit_on, try_on) for setting in settings])]


def and_read_the_test_once(settings, score, train, test):
    setting = by_cross_validation(settings, score, train, test)
    score(setting, train, test)
    return setting


@pytest.mark.parametrize(
    "choose", [by_cross_validation, by_one_held_back_part, with_numpy, and_read_the_test_once]
)
def test_a_choice_without_the_test_wires_passes(choose, told):
    assert told(chapter_1.choice_of_a_setting, choose).startswith("Right.")


def on_the_test_wires(settings, score, train, test):
    return max(settings, key=lambda setting: score(setting, train, test))


def on_the_wires_learned_from(settings, score, train, test):
    return max(settings, key=lambda setting: score(setting, train, train))


def on_both(settings, score, train, test):
    return max(settings, key=lambda s: five_folds(score, s, train) + 2 * score(s, train, test))


def in_one_pot(settings, score, train, test):
    return by_cross_validation(settings, score, train + test, None)


def the_worst(settings, score, train, test):
    return min(settings, key=lambda setting: five_folds(score, setting, train))


def looked_at_but_not_used(settings, score, train, test):
    on_the_test_wires(settings, score, train, test)
    return by_cross_validation(settings, score, train, test)


MISTAKEN_CHOICES = [
    (on_the_test_wires, "the setting that the test wires like best is taken"),
    (on_both, "with the same training wires and other test wires another setting is chosen"),
    (in_one_pot, "a model was fitted on test wires"),
    (lambda settings, score, train, test: by_cross_validation(settings, score, test, None), "fitted on test"),
    (on_the_wires_learned_from, "tried on wires that they have learned from"),
    (looked_at_but_not_used, "several settings were tried on the test wires"),
    (the_worst, "do better with another"),
    (lambda settings, score, train, test: settings[0], "do better with another"),
    (lambda settings, score, train, test: min(settings), "do better with another"),
    (lambda settings, score, train, test: sorted(settings)[len(settings) // 2], "do better with another"),
    (lambda settings, score, train, test: 3, "none of the settings"),
    (lambda settings, score, train, test: 0.84, "not its place or its score"),
    (lambda settings, score, train, test: settings, "none of the settings"),
    (lambda settings, score, train, test: score(settings[0], [], train), "fit_on: got no wires"),
    (0.5, "should be a function"),
]


@pytest.mark.parametrize(("answer", "why"), MISTAKEN_CHOICES, ids=[why for _, why in MISTAKEN_CHOICES])
def test_a_mistaken_choice_is_told_by_name(answer, why, told):
    said = told(chapter_1.choice_of_a_setting, answer)
    assert said.startswith("Not yet: ") and why in said


# 5. A fair ceiling


@pytest.mark.parametrize("answer", [(562 + 13) / 599, (562 * 1 + 37 * 0.351) / 599, 0.96, np.float32(0.96)])
def test_the_ceiling_passes_exact_and_rounded(answer, told):
    assert told(chapter_1.a_fair_ceiling, answer).startswith("Right.")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (96, "not a percentage"),
        (575, "number of wires"),
        ((1 + 13 / 37) / 2, "the two groups count the same"),
        (562 / 599, "no borrowed text right at all"),
        (0.922, "not yet replaced"),
        (1, "Borrowed texts stay in the test"),
        (13 / 37, "on the borrowed texts alone"),
        (0.99, "too high"),
        (0.5, "too low"),
        ([0.96, 0.96], "should be one number"),
        (float("nan"), "should be one number"),
    ],
)
def test_a_wrong_ceiling_is_told_by_name(answer, why, told):
    said = told(chapter_1.a_fair_ceiling, answer)
    assert said.startswith("Not yet: ") and why in said


@pytest.mark.parametrize(
    "check",
    [
        chapter_1.words_to_ids,
        chapter_1.zeros_in_front,
        chapter_1.majority_of_the_standard_split,
        chapter_1.choice_of_a_setting,
        chapter_1.a_fair_ceiling,
    ],
)
@pytest.mark.parametrize(
    "nonsense", [..., None, "?", {}, [[1], [2, 3]], object(), lambda: 0, np.zeros((2, 2))]
)
def test_nonsense_fails_politely(check, nonsense, told):
    assert told(check, nonsense).startswith("Not yet: ")
