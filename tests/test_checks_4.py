"""The checks of chapter 4: right answers pass, typical mistakes are named, nonsense is met politely."""

import numpy as np
import pytest

from helpers.checks import chapter_4
from helpers.data import load_reuters

(TRAIN, _), (TEST, _) = load_reuters(num_words=30000, maxlen=50, test_split=0.3)
USED = {word for wire in TRAIN for word in wire}
TABLE, OTHERS = 30000 * 64, (64 * 50 + 50 * 50 + 50) + (50 * 46 + 46)


@pytest.fixture
def verdict(capsys):
    def of(check, *answers):
        capsys.readouterr()
        check(*answers)
        return capsys.readouterr().out.strip()

    return of


def most_frequent(topics):
    return np.bincount(topics).argmax()


def recall(y_true, y_pred):
    elsewhere = y_true != most_frequent(y_true)
    return np.mean(y_pred[elsewhere] == y_true[elsewhere])


def recall_in_a_loop(y_true, y_pred):
    majority = max(set(y_true.tolist()), key=y_true.tolist().count)
    pairs = [(true, answer) for true, answer in zip(y_true, y_pred, strict=True) if true != majority]
    return sum(bool(true == answer) for true, answer in pairs) / len(pairs)


def scaled(train, new):
    return (train - train.mean()) / train.std(), (new - train.mean()) / train.std()


def stopped(val_loss, patience):
    best = 0
    for epoch, loss in enumerate(val_loss):
        if loss < val_loss[best]:
            best = epoch
        if epoch - best == patience:
            break
    return epoch + 1, best + 1


def counts_rises(val_loss, patience, in_a_row):
    rises = 0
    for epoch in range(1, len(val_loss)):
        rise = val_loss[epoch] >= val_loss[epoch - 1]
        rises = rises + 1 if rise else rises * (not in_a_row)
        if rises == patience:
            break
    return epoch + 1, int(np.argmin(val_loss[: epoch + 1])) + 1


def starts_again_at_equals(val_loss, patience):
    best = 0
    for epoch, loss in enumerate(val_loss):
        if loss <= val_loss[best]:
            best = epoch
        if epoch - best == patience:
            break
    return epoch + 1, best + 1


def keeps_the_last_of_equals(val_loss, patience):
    last, _ = stopped(val_loss, patience)
    seen = val_loss[:last]
    return last, last - seen[::-1].index(min(seen))


def mean_over_words(states, ids):
    words = (ids > 0)[:, :, None]
    return (states * words).sum(axis=1) / words.sum(axis=1)


def masked_by_numpy(states, ids):
    return np.ma.masked_array(states, np.broadcast_to((ids == 0)[..., None], states.shape)).mean(axis=1)


def word_by_word(states, ids):
    return [[float(np.mean(unit[row > 0])) for unit in wire.T] for wire, row in zip(states, ids, strict=True)]


def of_the_first_steps(states, ids):
    lengths = (ids > 0).sum(axis=1)
    return np.array([wire[:length].mean(axis=0) for wire, length in zip(states, lengths, strict=True)])


def found_by(model, train, test):
    model.fit(*train)
    return np.mean(model.predict(test[0]) == test[1])


def probed_by_score(model, train, test):
    return model.fit(*train).score(*test)


RIGHT = [
    (chapter_4.rows_of_the_table, (TABLE, OTHERS, len(USED))),
    (chapter_4.rows_of_the_table, (np.int64(TABLE), float(OTHERS), np.array(len(USED)))),
    (chapter_4.recall_outside, (recall,)),
    (chapter_4.recall_outside, (recall_in_a_loop,)),
    (chapter_4.scaling, (scaled,)),
    (chapter_4.scaling, (lambda *given: [values.astype("float32") for values in scaled(*given)],)),
    (
        chapter_4.scaling,
        (lambda train, new: tuple((x - train.mean()) / train.std(ddof=1) for x in (train, new)),),
    ),
    (chapter_4.early_stopping, (stopped,)),
    (chapter_4.early_stopping, (lambda *given: np.array(stopped(*given)),)),
    (chapter_4.masked_mean, (mean_over_words,)),
    (chapter_4.masked_mean, (masked_by_numpy,)),
    (chapter_4.masked_mean, (word_by_word,)),
    (chapter_4.probing, (found_by,)),
    (chapter_4.probing, (probed_by_score,)),
]


@pytest.mark.parametrize(("check", "answers"), RIGHT)
def test_a_right_answer_passes_in_its_usual_forms(verdict, check, answers):
    assert verdict(check, *answers).startswith("Right. ")


def elsewhere(y_true, of=None):
    return y_true != most_frequent(y_true if of is None else of)


def change_in_place(train, new):
    train -= train.mean()
    return scaled(train, new)


WRONG = [
    (chapter_4.rows_of_the_table, (30000 + 64, OTHERS, 1), "64 numbers in a row"),
    (chapter_4.rows_of_the_table, (TABLE, OTHERS - 50 - 46, 1), "biases are weights"),
    (chapter_4.rows_of_the_table, (TABLE, 2600 + 2346, 1), "64 features, not one"),
    (chapter_4.rows_of_the_table, (TABLE, OTHERS - 2500, 1), "50 units of the step before"),
    (chapter_4.rows_of_the_table, (TABLE, 5750, 1), "one of the two layers"),
    (chapter_4.rows_of_the_table, (TABLE, 7000, 1), "a unit has a weight for each"),
    (chapter_4.rows_of_the_table, (TABLE, OTHERS, len(USED) / 30000), "looks like a share"),
    (chapter_4.rows_of_the_table, (TABLE, OTHERS, sum(map(len, TRAIN))), "every word of every wire"),
    (
        chapter_4.rows_of_the_table,
        (TABLE, OTHERS, len(USED | {word for wire in TEST for word in wire})),
        "counts the test wires",
    ),
    (chapter_4.rows_of_the_table, (TABLE, OTHERS, len(USED) + 1), "0 of the padding"),
    (chapter_4.rows_of_the_table, (TABLE, OTHERS, max(USED)), "largest id"),
    (chapter_4.rows_of_the_table, (TABLE, OTHERS, 5000), "into one set"),
    (chapter_4.recall_outside, (lambda y, answer: 100 * recall(y, answer),), "a percentage"),
    (chapter_4.recall_outside, (lambda y, answer: np.mean(y == answer),), "accuracy on all wires"),
    (
        chapter_4.recall_outside,
        (lambda y, answer: np.mean((y == answer)[~elsewhere(y)]),),
        "recall of the majority",
    ),
    (
        chapter_4.recall_outside,
        (lambda y, answer: np.mean((y == answer) & elsewhere(y)),),
        "divided by all wires",
    ),
    (
        chapter_4.recall_outside,
        (lambda y, answer: np.mean([np.mean(answer[y == t] == t) for t in np.unique(y[elsewhere(y)])]),),
        "each topic counts the same",
    ),
    (
        chapter_4.recall_outside,
        (lambda y, answer: np.mean((y == answer)[answer != most_frequent(y)]),),
        "it is a precision",
    ),
    (
        chapter_4.recall_outside,
        (lambda y, answer: np.mean((y == answer)[elsewhere(y, of=answer)]),),
        "taken from the answers",
    ),
    (chapter_4.recall_outside, (lambda y, answer: np.mean((y == answer)[y != 3]),), "always topic 3"),
    (
        chapter_4.recall_outside,
        (lambda y, answer: np.mean(answer[elsewhere(y)] != most_frequent(y)),),
        "The topic must be right",
    ),
    (chapter_4.recall_outside, (lambda y, answer: 0.5,), "which share is right"),
    (chapter_4.recall_outside, (lambda y, answer: recall(y, answer) or 0.001,), "should get 0"),
    (chapter_4.scaling, (lambda *x: [(a - a.mean()) / (a.std() or 1) for a in x],), "their own mean"),
    (
        chapter_4.scaling,
        (lambda *given: [scaled(np.hstack([a.ravel() for a in given]), a)[1] for a in given],),
        "come from both arrays",
    ),
    (
        chapter_4.scaling,
        (lambda t, n: tuple((a - t.mean()) / t.var() for a in (t, n)),),
        "divides by the variance",
    ),
    (chapter_4.scaling, (lambda t, n: (t - t.mean(), n - t.mean()),), "nothing was divided"),
    (chapter_4.scaling, (lambda t, n: (t / t.std(), n / t.std()),), "the mean is still there"),
    (
        chapter_4.scaling,
        (lambda t, n: tuple((a - t.mean(axis=0)) / t.std(axis=0) for a in (t, n)),),
        "each step has a mean of its own",
    ),
    (
        chapter_4.scaling,
        (lambda t, n: tuple((a - t.min()) / (t.max() - t.min()) for a in (t, n)),),
        "between 0 and 1",
    ),
    (chapter_4.scaling, (lambda t, n: (scaled(t, n)[0], n),), "same two numbers"),
    (chapter_4.scaling, (lambda t, n: scaled(t, n)[0],), "should return two arrays"),
    (chapter_4.scaling, (change_in_place,), "changes the arrays"),
    (chapter_4.scaling, (lambda t, n: (0 * t, 0 * n),), "mean 0 and deviation 1"),
    (chapter_4.early_stopping, (lambda *x: tuple(e - 1 for e in stopped(*x)),), "counted from 0"),
    (chapter_4.early_stopping, (lambda *x: stopped(*x)[::-1],), "wrong order"),
    (chapter_4.early_stopping, (lambda *x: (stopped(*x)[0],) * 2,), "weights of the last epoch"),
    (
        chapter_4.early_stopping,
        (lambda loss, patience: (stopped(loss, patience)[0], int(np.argmin(loss)) + 1),),
        "never trained",
    ),
    (chapter_4.early_stopping, (keeps_the_last_of_equals,), "the later one is kept"),
    (
        chapter_4.early_stopping,
        (lambda loss, patience: (len(loss), int(np.argmin(loss)) + 1),),
        "goes on to the end",
    ),
    (chapter_4.early_stopping, (starts_again_at_equals,), "starts the counting again"),
    (chapter_4.early_stopping, (lambda *x: counts_rises(*x, in_a_row=True),), "compared with the one before"),
    (chapter_4.early_stopping, (lambda *x: counts_rises(*x, in_a_row=False),), "all rises are counted"),
    (chapter_4.early_stopping, (lambda *x: (1, 1),), "Walk through the epochs"),
    (chapter_4.early_stopping, (lambda loss, patience: stopped(loss, patience + 1),), "an epoch late"),
    (
        chapter_4.early_stopping,
        (lambda loss, patience: stopped(loss, max(1, patience - 1)),),
        "an epoch early",
    ),
    (chapter_4.early_stopping, (lambda loss, patience: stopped(loss, 1),), "What is patience for"),
    (chapter_4.early_stopping, (lambda loss, patience: 3,), "should return two epochs"),
    (chapter_4.masked_mean, (lambda states, ids: states.mean(axis=1),), "states at the padding are in it"),
    (
        chapter_4.masked_mean,
        (lambda states, ids: (states * (ids > 0)[..., None]).mean(axis=1),),
        "divide by all steps",
    ),
    (
        chapter_4.masked_mean,
        (lambda states, ids: (states * (ids > 0)[..., None]).sum(axis=1),),
        "the sum over",
    ),
    (chapter_4.masked_mean, (of_the_first_steps,), "Let the ids say"),
    (chapter_4.masked_mean, (lambda states, ids: states.mean(axis=2),), "mean over the units"),
    (chapter_4.masked_mean, (lambda states, ids: states.mean(axis=0),), "mean over the wires"),
    (chapter_4.masked_mean, (lambda states, ids: states[ids > 0].mean(axis=0),), "for all wires together"),
    (chapter_4.masked_mean, (lambda states, ids: states[:, -1],), "not the mean of the states"),
    (chapter_4.probing, (lambda model, train, test: found_by(model, test, test),), "seen what it is asked"),
    (chapter_4.probing, (lambda model, train, test: found_by(model, train, train),), "by heart"),
    (
        chapter_4.probing,
        (
            lambda model, train, test: found_by(
                model, [np.r_[train[0], test[0]], np.r_[train[1], test[1]]], test
            ),
        ),
        "from all states",
    ),
    (
        chapter_4.probing,
        (lambda model, train, test: 1 - found_by(model, train, test),),
        "share that is wrong",
    ),
    (
        chapter_4.probing,
        (lambda model, train, test: 100 * found_by(model, train, test),),
        "share from 0 to 1",
    ),
    (chapter_4.probing, (lambda model, train, test: 0.5,), "never trained"),
    (
        chapter_4.probing,
        (lambda model, train, test: found_by(model, train, test) * 0 + 0.99,),
        "finds the share",
    ),
    (
        chapter_4.probing,
        (lambda model, train, test: found_by(model, (train[0], train[1] * 0), test),),
        "other topics",
    ),
]


@pytest.mark.parametrize(("check", "answers", "told"), WRONG, ids=[told for *_, told in WRONG])
def test_a_typical_mistake_is_named(verdict, check, answers, told):
    said = verdict(check, *answers)
    assert said.startswith("Not yet: ") and told in said, said


CHECKS = [(check, len(answers)) for check, answers in dict(RIGHT).items()]


@pytest.mark.parametrize(
    "nonsense", [None, "many", [], np.nan, -1, True, print, lambda *given: None, lambda: 1 / 0]
)
@pytest.mark.parametrize(("check", "count"), CHECKS, ids=[check.__name__ for check, _ in CHECKS])
def test_nonsense_fails_politely(verdict, check, count, nonsense):
    said = verdict(check, *[nonsense] * count)
    assert said.splitlines()[-1].startswith("Not yet: ")
