"""What the tests of the exercises' checks share: hand an answer in, and look at the verdict."""


def right(capsys, check, *answers):
    """Assert that a check calls the answers right, and return what it says."""
    check(*answers)
    said = capsys.readouterr().out
    assert said.startswith("Right. "), said
    return said


def wrong(capsys, check, *answers, because):
    """Assert that a check does not take the answers, and says why."""
    check(*answers)
    said = capsys.readouterr().out
    assert said.startswith("Not yet: ") and because in said, said
