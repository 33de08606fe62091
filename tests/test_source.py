"""What the page shows of a helper is its code, and only that."""

from helpers import scores
from helpers.source import show_source


def shown(function, monkeypatch):
    pieces = []
    monkeypatch.setattr("helpers.source.display", pieces.append)
    show_source(function)
    (piece,) = pieces
    return piece.data


def test_code_without_its_docstring(monkeypatch):
    text = shown(scores.accuracy, monkeypatch)
    assert text.startswith("From `helpers.scores`:")
    assert "def accuracy(y_true, y_pred):" in text and "return float(np.mean(y_true == y_pred))" in text
    assert "Return the share" not in text


def test_what_is_shown_still_runs(monkeypatch):
    code = shown(scores.wilson_interval, monkeypatch).split("```python\n")[1].removesuffix("\n```")
    names = dict(vars(scores))
    exec(code, names)
    assert names["wilson_interval"](0.5, 100) == scores.wilson_interval(0.5, 100)
