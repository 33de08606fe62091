"""What every check of an exercise does with answers that no check should have to think about."""

import numpy as np
import pytest

from helpers.checks.verdict import NotYet, array, called, exercise, number, whole_number


@exercise
def is_seven(answer):
    if whole_number(answer, "answer") != 7:
        raise NotYet("count again.")
    return "Seven it is."


@pytest.mark.parametrize("answer", [7, 7.0, np.int64(7), np.array([7])])
def test_a_right_answer_in_any_form(answer, capsys):
    is_seven(answer)
    assert capsys.readouterr().out == "Right. Seven it is.\n"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (..., "Not yet: there is no answer here"),
        (6, "Not yet: count again."),
        (None, "answer should be one number, got None"),
        ("seven", "answer should be one number, got 'seven'"),
        (True, "answer should be one number, got True"),
        (float("nan"), "answer should be one number, got nan"),
        (7.5, "answer should be a whole number, got 7.5"),
        (np.zeros((2, 3)), "answer should be one number, got an array of shape (2, 3)"),
    ],
)
def test_a_wrong_answer_is_told_apart_and_stops_nothing(answer, told, capsys):
    is_seven(answer)
    assert told in capsys.readouterr().out


def test_an_array_is_held_against_its_shape():
    assert array([[1, 2]], "states", (1, 2)).shape == (1, 2)
    for answer, told in (
        ([1, 2], r"shape \(1, 2\), got \(2,\)"),
        ([[1, "x"]], "array of numbers"),
        ([[1, np.nan]], "nan"),
    ):
        with pytest.raises(NotYet, match=told):
            array(answer, "states", (1, 2))


def test_a_function_may_be_missing_open_or_broken():
    assert called(lambda x: x + 1, "step", 1) == 2
    for function, told in (
        (3, "should be a function, got 3"),
        (lambda x: ..., "returned nothing"),
        (lambda x: x / 0, "ZeroDivisionError"),
    ):
        with pytest.raises(NotYet, match=told):
            called(function, "step", 1)


def test_a_number_is_a_float():
    assert number(np.float32(0.5), "share") == 0.5
