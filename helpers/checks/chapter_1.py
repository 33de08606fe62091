"""Checks for the exercises of chapter 1: words to ids, zeros in front, a majority, a setting, a ceiling."""

import numpy as np

from helpers.checks.verdict import NotYet, array, called, exercise, number, shown
from helpers.data import INDEX_FROM, PADDING, START, UNKNOWN, load_flags, load_reuters

# 1. From words to ids

RANK = {"the": 1, "of": 2, "vs": 4, "cts": 6, "net": 11, "div": 12, "cocoa": 17}
OTHER_RANK = {"gold": 1, "the": 5, "net": 2, "ounce": 30}
TEXTS = [  # words, rank, num_words
    (["net", "vs", "cts"], RANK, 100),
    (["gold", "the", "ounce", "the"], OTHER_RANK, 50),
    (["the", "cheese", "of"], RANK, 100),  # a word that the list does not hold
    (["cocoa", "vs", "net", "div"], RANK, 14),  # the ids of "net" and "div" are 14 and 15, their ranks below
    ([], RANK, 100),
]


@exercise
def words_to_ids(ids_of):
    """Check a function that writes words as ids.

    Parameters
    ----------
    ids_of : function of (words, rank, num_words)
        `words` is a list of words, `rank` a dict from words to ranks. Returns a list of ids.
    """
    answers = []
    for words, rank, num_words in TEXTS:
        call = f"ids_of({words}, rank, {num_words})"
        answer = called(ids_of, call, list(words), dict(rank), num_words)
        if isinstance(answer, str) or len(_shape(answer)) != 1:
            raise NotYet(f"{call} should return a list of ids, got {shown(answer)}.")
        answers.append([*answer])
    right = [_ids(*text) for text in TEXTS]
    if answers == right:
        return "Words outside the list and words beyond the bound have the same id now; nobody can tell them apart."
    for told, mistake in MISTAKEN_IDS.items():
        if answers == [_ids(*text, **mistake) for text in TEXTS]:
            raise NotYet(told)
    # Two mistakes at once are told one after the other: a text without rare words shows the first.
    for told, mistake in MISTAKEN_IDS.items():
        if answers[0] == _ids(*TEXTS[0], **mistake) != right[0]:
            raise NotYet(told)
    first = next(k for k, answer in enumerate(answers) if answer != right[k])
    words, _, num_words = TEXTS[first]
    raise NotYet(
        f"ids_of({words}, rank, {num_words}) gives {answers[first]}; the ranks here are "
        f"{[TEXTS[first][1].get(word) for word in words]}."
    )


def _ids(
    words,
    rank,
    num_words,
    *,
    shift=INDEX_FROM,
    start=START,
    unknown=UNKNOWN,
    fits=lambda word_id, word_rank, num_words: word_id < num_words,
):
    """Return the ids of words, with a mistake if one is wanted; None for `start` or `unknown` leaves these out."""
    ids = [start]
    for word in words:
        known = word in rank and fits(rank[word] + shift, rank[word], num_words)
        ids.append(rank[word] + shift if known else unknown)
    return [i for i in ids if i is not None]


NO_SHIFT = "these are bare ranks: the shift is missing, so every word reads as a more frequent one."
NO_START = "there is no start mark. The chapter's wires all begin with one."
MISTAKEN_IDS = {
    NO_SHIFT: {"shift": 0},
    f"{NO_SHIFT} And there is no start mark.": {"shift": 0, "start": None},
    "the shift goes the wrong way: it makes room below the first word.": {"shift": -INDEX_FROM},
    "every word is one too low. How many numbers are taken before the first word?": {"shift": 2},
    "every word is two too low. How many numbers are taken before the first word?": {"shift": 1},
    "every word is one too high. The most frequent word has rank 1, not 0.": {"shift": 4},
    NO_START: {"start": None},
    "the start mark has been shifted, too. It is an id already, not a rank.": {"start": START + INDEX_FROM},
    "words that the list does not hold are left out. They have an id of their own.": {"unknown": None},
    "words that the list does not hold became 0, which is padding.": {"unknown": PADDING},
    "the id for unknown words has been shifted, too. It is an id already, not a rank.": {
        "unknown": UNKNOWN + INDEX_FROM
    },
    "num_words is held against the rank. It is a bound for the id, the shift included.": {
        "fits": lambda word_id, word_rank, num_words: word_rank < num_words
    },
    "num_words itself is let through. The ids that are kept lie below it.": {
        "fits": lambda word_id, word_rank, num_words: word_id <= num_words
    },
    "num_words is not looked at. Ids from that bound on become unknown.": {
        "fits": lambda word_id, word_rank, num_words: True
    },
}

# 2. Zeros in front

BATCHES = [  # wires, timesteps
    ([[1, 53, 12], [1, 7]], 5),
    ([[1, 4, 5, 6], [1], [1, 9, 9]], 4),
    ([[1, 2, 3, 4, 5, 6]], 11),
    ([[1, *range(20, 20 + length)] for length in (30, 48, 3, 16)], 49),
]


@exercise
def zeros_in_front(pad_before):
    """Check a function that pads wires before the text.

    Parameters
    ----------
    pad_before : function of (wires, timesteps)
        `wires` is a list of lists of ids, none longer than `timesteps`. Returns an array (wires, timesteps).
    """
    for wires, timesteps in BATCHES:
        lengths = [len(ids) for ids in wires]
        call = f"pad_before(wires of {lengths} ids, {timesteps})"
        answer = called(pad_before, call, [list(ids) for ids in wires], timesteps)
        if max(lengths) < timesteps and _shape(answer) == (len(wires), max(lengths)):
            raise NotYet(f"{call} is as wide as the longest wire. It should have {timesteps} columns.")
        if len(wires) != timesteps and _shape(answer) == (timesteps, len(wires)):
            raise NotYet(f"{call} lies on its side: a row is a wire, a column a step.")
        padded = array(answer, call, (len(wires), timesteps))
        right = _padded(wires, timesteps)
        if np.array_equal(padded, right):
            continue
        for told, mistake in (
            (
                "the zeros stand behind the text, where the chapter has them.",
                _padded(wires, timesteps, end=0),
            ),
            (
                "the texts run backwards. Only the zeros move.",
                _padded([ids[::-1] for ids in wires], timesteps),
            ),
            ("all runs backwards, text and zeros.", right[:, ::-1]),
            ("one step of silence is left behind the text.", np.roll(right, -1, axis=1)),
            ("the start marks are lost.", _padded([ids[1:] for ids in wires], timesteps)),
        ):
            if np.array_equal(padded, mistake):
                raise NotYet(f"{call}: {told}")
        row = int(np.argwhere(padded != right)[0][0])
        raise NotYet(f"{call}: row {row} is {padded[row].astype(int).tolist()}, from the ids {wires[row]}.")
    return "Whoever reads from left to right now meets the silence first and ends on the news."


def _padded(wires, timesteps, end=1):
    """Return wires as rows of one array; zeros fill them up in front (`end` 1) or behind (`end` 0)."""
    rows = np.full((len(wires), timesteps), PADDING)
    for row, ids in zip(rows, wires, strict=True):
        begin = end * (timesteps - len(ids))
        row[begin : begin + len(ids)] = ids
    return rows


# 3. Another majority


@exercise
def majority_of_the_standard_split(share):
    """Check the accuracy of the majority class on the test wires of the standard split.

    Parameters
    ----------
    share : float
        From 0 to 1, to two decimals at least.
    """
    share = number(share, "share")
    (_, y_train), (_, y_test) = load_reuters()
    majority = np.bincount(y_train).argmax()
    right = np.mean(y_test == majority)
    if abs(share - right) < 0.0025:
        return "Half of what it is on the short wires: the same accuracy is worth more here."
    (_, y_short_train), (_, y_short_test) = load_reuters(num_words=30000, maxlen=50, test_split=0.3)
    mistakes = (
        (NOT_A_SHARE, 100 * right),
        (
            "this is the count of the wires. What share of the test wires are they?",
            np.sum(y_test == majority),
        ),
        ("this is the test part of the short wires. Leave maxlen out.", np.mean(y_short_test == majority)),
        ("these are the short training wires.", np.mean(y_short_train == majority)),
        ("this is the training part. An accuracy is told of the test part.", np.mean(y_train == majority)),
        ("this is the share among all wires.", np.mean(np.concatenate([y_train, y_test]) == majority)),
        ("this is one of 46, as if all topics were equally frequent.", 1 / 46),
        ("this is the share of the wires that it gets wrong.", 1 - right),
    )
    _tell_the_nearest(share, mistakes)
    raise NotYet(f"{share:g} of the test wires is too {'many' if share > right else 'few'}.")


# 4. A setting, chosen

WORLDS = [  # settings, the best one for wires of the training kind, the one that the test wires happen to like
    ([0.1, 0.2, 0.5, 1.5, 4.5], 0.5, 1.5),
    ([0.1, 0.2, 0.5, 1.5, 4.5], 0.5, 0.1),
    ([4.5, 0.03, 0.7, 1.6], 1.6, 0.03),
    ([0.03, 0.3], 0.03, 0.3),
    ([0.6, 6.5, 0.06], 6.5, 0.06),
]
TRAIN_WIRES, TEST_WIRES = 60, 40


@exercise
def choice_of_a_setting(choose):
    """Check a function that chooses a setting, on made-up models whose best setting is known.

    Parameters
    ----------
    choose : function of (settings, score, train, test)
        `score(setting, fit_on, try_on)` fits a model on some wires and returns its accuracy on others; `train`
        and `test` are lists of pairs, ids and topic. Returns one of the settings.
    """
    chosen = []
    for settings, best, liked_by_test in WORLDS:
        model = _Model(settings, best, liked_by_test)
        setting = called(choose, "choose", list(settings), model.score, model.train, model.test)
        if _shape(setting) != () or setting not in settings:
            raise NotYet(
                f"choose returned {shown(setting)}, which is none of the settings {settings}. Return the setting "
                "itself, not its place or its score."
            )
        if model.learned_from_test:
            raise NotYet("a model was fitted on test wires. Then nothing is left that it has never met.")
        chosen.append((float(setting), model.tried_on_test))
    answers = [setting for setting, _ in chosen]
    if answers == [liked for _, _, liked in WORLDS]:
        raise NotYet(
            "the setting that the test wires like best is taken. Then their accuracy is no longer that of "
            "wires that had no say; let the training wires alone decide."
        )
    if answers[0] != answers[1]:
        raise NotYet(
            "with the same training wires and other test wires another setting is chosen. Who decides?"
        )
    if answers == [max(settings) for settings, _, _ in WORLDS]:
        raise NotYet(
            "always the closest fit wins, because the models are tried on wires that they have learned from."
        )
    for (settings, best, _), setting in zip(WORLDS, answers, strict=True):
        if setting != best:
            raise NotYet(
                f"of {settings}, {setting:g} is chosen. Training wires that were held back do better with another."
            )
    if any(tried > 1 for _, tried in chosen):
        raise NotYet(
            "the choice is right, but several settings were tried on the test wires. Whoever looks will choose."
        )
    return "Other test wires leave the choice as it is, so their accuracy is worth reading."


class _Model:
    """A made-up model: how good it is with each setting is known, and it knows by heart what it learned from."""

    def __init__(self, settings, best, liked_by_test):
        order = sorted(settings)
        place = {setting: order.index(setting) for setting in settings}
        self.on_new = {s: 0.85 - 0.03 * (place[s] - place[best]) ** 2 for s in settings}
        self.on_test = {s: 0.85 - 0.03 * (place[s] - place[liked_by_test]) ** 2 for s in settings}
        self.by_heart = {s: 0.95 + 0.01 * place[s] for s in settings}
        self.train = [([START, 10 + k], k % 3) for k in range(TRAIN_WIRES)]
        self.test = [([START, 1010 + k], k % 3) for k in range(TEST_WIRES)]
        self.learned_from_test = False
        self._settings_tried_on_test = set()

    @property
    def tried_on_test(self):
        return len(self._settings_tried_on_test)

    def score(self, setting, fit_on, try_on):
        """Return the accuracy on `try_on` of a model that has learned from `fit_on`."""
        for name, wires in (("fit_on", fit_on), ("try_on", try_on)):
            if len(wires) == 0:
                raise ValueError(f"{name}: got no wires, expected at least one")
        learned, tried = ([int(ids[1]) for ids, _ in wires] for wires in (fit_on, try_on))
        self.learned_from_test |= any(word >= 1000 for word in learned)
        if any(word >= 1000 for word in tried):
            self._settings_tried_on_test.add(setting)
        learned = set(learned)
        each = [self._score_of_wire(setting, word, word in learned) for word in tried]
        return float(np.mean(each))

    def _score_of_wire(self, setting, word, by_heart):
        luck = 0.005 * np.sin(7 * word + setting)  # no two wires are alike
        kind = self.by_heart if by_heart else self.on_test if word >= 1000 else self.on_new
        return kind[setting] + luck


# 5. A fair ceiling

RIGHT_ON_BORROWED = 13  # of the 37, as the exercise supposes


@exercise
def a_fair_ceiling(ceiling):
    """Check the accuracy of a model that is right about all wires with their own text, and 13 of the others.

    Parameters
    ----------
    ceiling : float
        From 0 to 1, to two decimals at least.
    """
    ceiling = number(ceiling, "ceiling")
    own_text = load_flags(maxlen=50, test_split=0.3)[1]["own_text"]
    own, borrowed = np.sum(own_text), np.sum(~own_text)
    right = (own + RIGHT_ON_BORROWED) / (own + borrowed)
    if abs(ceiling - right) < 0.0025:
        return "About half of the gap between the linear model and 1 belongs to the file."
    mistakes = (
        (NOT_A_SHARE, 100 * right),
        (
            "this is the number of wires it is right about. What share of all are they?",
            own + RIGHT_ON_BORROWED,
        ),
        (
            "the two groups count the same here, but one is far larger.",
            (1 + RIGHT_ON_BORROWED / borrowed) / 2,
        ),
        ("here it gets no borrowed text right at all. Luck helps it to some.", own / (own + borrowed)),
        (
            "here the linear model is not yet replaced by one that is always right on wires with their own text.",
            (0.959 * own + RIGHT_ON_BORROWED) / (own + borrowed),
        ),
        ("this is where nothing is wrong. Borrowed texts stay in the test.", 1.0),
        ("this is the share on the borrowed texts alone.", RIGHT_ON_BORROWED / borrowed),
    )
    _tell_the_nearest(ceiling, mistakes)
    raise NotYet(f"{ceiling:g} is too {'high' if ceiling > right else 'low'}. Weigh each group by its wires.")


def _shape(answer):
    """Return the shape of an answer; of rows of unlike lengths, only their number."""
    try:
        return np.shape(answer)
    except ValueError:
        return (len(answer), None)


NOT_A_SHARE = "write a share from 0 to 1, not a percentage."


def _tell_the_nearest(answer, mistakes):
    """Raise what is told about the mistake that gives the answer to about two decimals, if one does."""
    told, mistake = min(mistakes, key=lambda pair: abs(pair[1] - answer))
    if abs(answer - mistake) < 0.0025 * max(1, mistake):
        raise NotYet(told)
    if not 0 <= answer <= 1:
        raise NotYet(NOT_A_SHARE)
