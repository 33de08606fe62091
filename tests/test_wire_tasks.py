"""The questions about newswires have the answers that their texts say."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from helpers.data import decode
from helpers.wire_tasks import rise_or_fall

AMOUNTS = {str(number) for number in range(1, 100)}


@settings(max_examples=10, deadline=None, phases=[Phase.generate])  # loading takes too long for shrinking
@given(start=st.integers(0, 20), gap=st.integers(0, 25), seed=st.integers(0, 1000))
def test_the_answer_can_be_read_off_the_text(start, gap, seed):
    x, y = rise_or_fall(pairs=4, start=start, gap=gap, seed=seed)
    assert x.shape == (8, 49) and y.shape == (8, 2)
    for ids, answer in zip(x, y, strict=True):
        words = decode(ids).split()
        first, second = start, start + 2 + gap
        assert words[first + 1] == words[second + 1] == "cts" and words.count("cts") == 2
        assert answer.argmax() == (int(words[first]) > int(words[second]))
        assert sum(word in AMOUNTS for word in words) == 2


def test_twins_share_their_words_and_nothing_else():
    x, y = rise_or_fall(pairs=50, start=(0, 20), gap=3, seed=0)
    for text, twin, answer, opposite in zip(x[::2], x[1::2], y[::2], y[1::2], strict=True):
        assert sorted(text) == sorted(twin) and np.sum(text != twin) == 2
        assert answer.argmax() != opposite.argmax()


def test_a_range_of_starts_is_used_up():
    x, _ = rise_or_fall(pairs=200, start=(3, 6), gap=0, seed=0)
    assert {decode(ids).split().index("cts") - 1 for ids in x} == {3, 4, 5}


def test_seeds_decide():
    again, other = rise_or_fall(5, 10, 2, seed=0)[0], rise_or_fall(5, 10, 2, seed=1)[0]
    np.testing.assert_array_equal(again, rise_or_fall(5, 10, 2, seed=0)[0])
    assert not np.array_equal(again, other)


@pytest.mark.parametrize(
    "arguments", [(0, 10, 2), (5, -1, 2), (5, (4, 4), 2), (5, 10, -1), (5, 40, 6), (5, (0, 41), 6)], ids=str
)
def test_what_does_not_fit_is_refused(arguments):
    with pytest.raises(ValueError, match="start"):
        rise_or_fall(*arguments)
