"""Figures: accessible, the same on every run, legible on light and dark pages and to colour-blind readers."""

import itertools
import re
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.plots import comparison, diagrams, differences, style
from helpers.scores import wilson_interval

GATES = {"f": style.FORGET, "i": style.INPUT, "c": style.CANDIDATE, "o": style.OUTPUT}

WORDS = ["profits", "rose", "in", "the", "quarter"]


@style.applied()
def line(values=(1, 3, 2)):
    fig, ax = style.subplots(height=200)
    ax.plot(values, label="loss", **style.SERIES["lstm"])
    ax.set(xlabel="Epoch", ylabel="Loss")
    ax.legend()
    return fig


def page(fig, **options):
    return style.to_html(fig, **{"title": "Loss", "alt": "The loss falls."} | options)


def svg(fig):
    return ElementTree.fromstring(re.search(r"<svg.*</svg>", page(fig), re.DOTALL)[0])


def texts(fig):
    """What stands in the figure, formulas as one word each."""
    found = svg(fig).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()).replace("\n", "") for text in found]


# ---- colours


def test_models_also_differ_in_shape():
    looks = [(look["linestyle"], look["marker"]) for look in style.SERIES.values()]
    assert len(set(looks)) == len(looks)


# ---- showing a figure


@pytest.mark.parametrize("name", ["title", "alt"])
@pytest.mark.parametrize("text", ["", "  \n", None])
def test_a_figure_without_words_is_refused(name, text):
    with pytest.raises(ValueError, match=name):
        style.show(line(), **{"title": "Loss", "alt": "The loss falls."} | {name: text})


def test_the_words_are_escaped_and_kept():
    root = ElementTree.fromstring(page(line(), title="a < b", alt='x "y" <z> & more', caption="<b>bold</b>"))
    drawing = root.find(".//{http://www.w3.org/2000/svg}svg")
    assert root.get("role") == "group"
    assert drawing.get("role") == "img"
    assert drawing.get("aria-label") == 'x "y" <z> & more'
    assert "".join(root.find("figcaption").itertext()) == "a < b. <b>bold</b>"


def test_show_displays_once_returns_nothing_and_closes(monkeypatch):
    shown = []
    monkeypatch.setattr(style, "display", lambda data, **options: shown.append((data, options)))
    with mpl.rc_context({"backend": "agg"}):
        fig = plt.figure()
    assert style.show(fig, title="Loss", alt="The loss\n falls.") is None
    [(data, options)] = shown
    assert options == {"raw": True}
    assert data["text/plain"] == "Loss: The loss falls."
    assert data["text/html"].startswith("<figure")
    assert not plt.fignum_exists(fig.number)


def test_the_same_figure_gives_the_same_bytes():
    assert page(line()) == page(line())


def test_ids_of_two_figures_never_meet():
    pages = [page(line()), page(line((1, 2, 3))), page(line(), title="Other")]
    ids = [re.findall(r'\bid="([^"]+)"', text) for text in pages]
    assert all(ids), "the figure has markers and clip paths, which need ids"
    assert len(set(itertools.chain(*ids))) == sum(map(len, ids))
    for text, own in zip(pages, ids, strict=True):
        assert set(re.findall(r'(?:href="|url\()#([^")]+)', text)) == set(own)


@pytest.mark.parametrize("title", ["50 units", "ΔE", "Loss, again: (really?)"])
def test_ids_are_plain_whatever_the_title(title):
    ids = re.findall(r'\bid="([^"]+)"', page(line(), title=title))
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", name) for name in ids)


def test_the_look_is_free_of_the_readers_settings():
    expected = page(line())
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "text.color": "blue"}):
        assert page(line()) == expected


def test_the_readers_settings_are_untouched(monkeypatch):
    monkeypatch.setattr(style, "display", lambda data, **options: None)
    with mpl.rc_context({"font.size": 30}):
        before = mpl.rcParams.copy()
        style.show(line(), title="Loss", alt="The loss falls.")
        diagrams.lstm_cell()
        assert mpl.rcParams == before


def test_a_wide_figure_scrolls_and_a_usual_one_does_not():
    assert "tabindex" not in page(line())
    wide = style.subplots(width=900)[0]
    assert 'role="group" aria-label="Loss" tabindex="0"' in page(wide)


def test_a_formula_reads_from_left_to_right():
    fig, ax = style.subplots()
    ax.text(0, 0, r"$h_t=\tilde{c}_t+x_1$", alpha=0.5)
    assert "ht=c\u0303t+x1" in texts(fig)
    assert page(fig).count("opacity:0.5") == 1, "a formula is faded once"


# ---- diagrams

FIGURES = {
    "vanilla_cell": diagrams._vanilla_cell,
    "unrolled": lambda: diagrams._unrolled(WORDS),
    "lstm_cell": diagrams._lstm_cell,
    "lstm_cell forget": lambda: diagrams._lstm_cell("forget"),
    "windows": lambda: diagrams._windows(WORDS, 2),
    "positions": lambda: diagrams._positions(WORDS[:4], 2),
    "line": line,
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_take_the_colour_of_the_text_and_stay_small(name):
    text = page(FIGURES[name]())
    assert "currentColor" in text
    assert not re.search(r"#000000|#000\b|#ffffff|#fff\b|\bblack\b|\bwhite\b", text, re.IGNORECASE)
    assert len(text.encode()) < 40_000
    coordinates = " ".join(re.findall(r'\b(?:d|x|y|transform)="([^"]*)"', text))
    assert not re.search(r"\.\d{3}", coordinates), "two decimals are enough"


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_cut_off(name):
    fig = FIGURES[name]()
    with style.applied():
        fig.draw_without_rendering()
        drawn = fig.get_tightbbox()  # in inches
    width, height = fig.get_size_inches()
    assert drawn.x0 >= 0 and drawn.y0 >= 0
    assert drawn.x1 <= width and drawn.y1 <= height


LONG_WORDS = ["shareholders", "manufacturing", "internationally", "representative", "administration"]
LONG_FIGURES = {
    "unrolled long": lambda: diagrams._unrolled(LONG_WORDS),
    "unrolled eight": lambda: diagrams._unrolled(["w"] * 8),
    "windows long": lambda: diagrams._windows(LONG_WORDS, 2),
    "positions long": lambda: diagrams._positions(LONG_WORDS, 4),
}


@pytest.mark.parametrize("name", [name for name in [*FIGURES, *LONG_FIGURES] if name != "line"])
def test_labels_do_not_touch(name):
    fig = (FIGURES | LONG_FIGURES)[name]()
    fig.draw_without_rendering()
    labels = [text for text in fig.findobj(mpl.text.Text) if text.get_text()]
    for one, other in itertools.combinations(labels, 2):
        assert not one.get_window_extent().overlaps(other.get_window_extent()), (one, other)
    boxes = [box.get_window_extent() for box in fig.findobj(mpl.patches.FancyBboxPatch)]
    for label in labels:
        own = label.get_window_extent()
        for box in boxes:
            corners = [box.contains(*corner) for corner in own.corners()]
            assert all(corners) or not own.overlaps(box), label


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("vanilla_cell", ["xt", "ht−1", "ht", "W", "U", "b", "kernel", "tanh", "bias", "(units)"]),
        ("unrolled", [*WORDS, "h0", "h1", "h5", "x1", "x5", "cell", "Dense, softmax", "topic"]),
        ("lstm_cell", ["xt", "ht−1", "ht", "ct−1", "ct", "ft", "it", "c̃t", "ot", "σ", "forget gate"]),
        ("windows", [*WORDS, "never in the same window"]),
        ("positions", [*WORDS[:4], "0", "w1", "w6", "shifted by 2"]),
    ],
)
def test_every_part_is_labelled(name, labels):
    assert set(labels) <= set(texts(FIGURES[name]()))


def test_the_gates_have_their_colours():
    text = page(diagrams._lstm_cell()).upper()
    assert all(colour in text for colour in GATES.values())


@pytest.mark.parametrize("part", diagrams.LSTM_PARTS)
def test_highlight_fades_everything_else(part):
    fig = diagrams._lstm_cell(part)
    named = [artist for artist in fig.findobj(lambda artist: artist.get_gid())]
    own = [artist for artist in named if part in artist.get_gid().split()]
    rest = [artist for artist in named if part not in artist.get_gid().split()]
    assert own and rest
    assert max(artist.get_alpha() for artist in rest) < 0.3
    assert max(artist.get_alpha() for artist in own) == 1
    assert all(artist.get_alpha() == 1 for artist in own if isinstance(artist, mpl.text.Text))


def test_without_highlight_nothing_is_faint():
    letters = [text for text in diagrams._lstm_cell().findobj(mpl.text.Text) if text.get_gid()]
    assert letters and all(text.get_alpha() == 1 for text in letters)


def test_several_parts_can_be_highlighted():
    fig = diagrams._lstm_cell(["input", "candidate"])
    strong = {text.get_text() for text in fig.findobj(mpl.text.Text) if text.get_alpha() == 1}
    assert {"$i_t$", r"$\tilde{c}_t$"} <= strong
    assert "$f_t$" not in strong


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: diagrams.lstm_cell("gate"), "highlight must name parts out of cell, forget"),
        (lambda: diagrams.lstm_cell(["forget", "memory"]), "memory"),
        (lambda: diagrams.lstm_cell([]), "highlight"),
        (lambda: diagrams.unrolled("profits rose"), "words must be a list"),
        (lambda: diagrams.unrolled(["profits"]), "words"),
        (lambda: diagrams.unrolled(["a"] * 9), "words"),
        (lambda: diagrams.windows(WORDS, 0), "kernel_size"),
        (lambda: diagrams.windows(WORDS, 5), "kernel_size"),
        (lambda: diagrams.positions(WORDS, 0), "shift"),
        (lambda: diagrams.positions(WORDS, 5), "shift"),
    ],
)
def test_bad_arguments_are_named(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (diagrams.vanilla_cell, ["kernel W", "recurrent kernel U", "tanh", "h_t"]),
        (lambda: diagrams.unrolled(WORDS), ["profits, rose, in, the and quarter", "h_5", "same weights"]),
        (diagrams.lstm_cell, ["forget", "input", "candidate", "output", "c_{t-1}"]),
        (lambda: diagrams.lstm_cell("forget"), ["The forget gate stands out"]),
        (lambda: diagrams.lstm_cell(["cell", "candidate"]), ["The cell state and candidate stand out"]),
        (lambda: diagrams.windows(WORDS, 2), ["4 windows of 2 words", "“profits”", "“quarter”"]),
        (lambda: diagrams.positions(WORDS[:2], 1), ["“profits” meets w_2 instead of w_1", "1 step,"]),
    ],
)
def test_alt_text_tells_what_the_diagram_shows(draw, told, monkeypatch):
    shown = []
    monkeypatch.setattr(style, "display", lambda data, **options: shown.append(data))
    assert draw() is None
    [data] = shown
    for words in told:
        assert words in data["text/plain"]


@pytest.fixture
def compared(monkeypatch):
    """Return a function that draws a comparison and gives its axes."""
    figures = []
    monkeypatch.setattr(comparison, "show", lambda fig, **words: figures.append(fig))

    def draw(rows):
        comparison.accuracies(rows, majority=0.748, linear=0.922, test_wires=599)
        return figures[-1].axes[0]

    return draw


def marks(ax):
    """Return the marks of each row, as arrays of accuracy and height."""
    return [line.get_data() for line in ax.lines if line.get_marker() not in ("", "None")]


def test_every_seed_of_a_comparison_is_visible_also_where_they_agree(compared):
    rows = {
        "agree": ("lstm", [0.85] * 10),
        "differ": ("vanilla_rnn", [0.8, 0.9]),
        "rule": ("linear", [0.848]),
    }
    agree, differ, rule = marks(compared(rows))
    assert list(agree[0]) == [0.85] * 10 and list(differ[0]) == [0.8, 0.9]
    assert len(set(agree[1])) == 10 and max(abs(agree[1] - 0)) < 0.5, (
        "each in its own place, none in another row"
    )
    assert list(rule[1]) == [2]


def test_a_comparison_shows_interval_and_mean_of_each_row_and_both_lines(compared):
    ax = compared({"two": ("lstm", [0.8, 0.9]), "one": ("linear", [0.848])})
    plain = [line.get_xdata() for line in ax.lines if line.get_marker() in ("", "None")]
    low, high = wilson_interval(0.85, 599)
    for wanted in ([low, high], [0.85, 0.85], [0.848, 0.848], [0.748, 0.748], [0.922, 0.922]):
        assert any(np.allclose(found, wanted) for found in plain), wanted
    assert {text.get_text() for text in ax.texts} == {"majority", "linear"}


def test_every_draw_of_a_difference_is_visible_beside_mean_interval_and_nothing(monkeypatch):
    shown = []
    monkeypatch.setattr(differences, "show", lambda fig, **words: shown.append((fig, words)))
    rows = {
        "recipe": ("lstm", [0.01, 0.01, -0.02], (-0.03, 0.03)),
        "bag-free": ("linear", [-0.01] * 3, (-0.02, 0.0)),
    }
    differences.dots(rows, against="linear", title="Three draws")
    [(fig, words)] = shown
    [ax] = fig.axes
    first, second = marks(ax)
    assert list(first[0]) == [0.01, 0.01, -0.02] and len(set(first[1])) == 3 and max(abs(first[1])) < 0.5
    assert list(second[0]) == [-0.01] * 3 and max(abs(second[1] - 1)) < 0.5
    plain = [list(line.get_xdata()) for line in ax.lines if line.get_marker() in ("", "None")]
    for wanted in ([-0.03, 0.03], [0.0, 0.0], [-0.02, 0.0], [-0.01, -0.01]):
        assert any(np.allclose(found, wanted) for found in plain), wanted
    assert "recipe +0.000 (interval −0.030 to +0.030), ahead in 2 of 3 draws" in words["alt"]
    assert "bag-free −0.010 (interval −0.020 to +0.000), ahead in 0 of 3" in words["alt"]
    assert ax.get_xlabel() == "difference in accuracy"


def test_a_model_without_seeds_has_its_one_mark_in_the_middle_of_its_row(monkeypatch):
    shown = []
    monkeypatch.setattr(differences, "show", lambda fig, **words: shown.append((fig, words)))
    rows = {"first": ("lstm", [0.01, 0.02], (0.0, 0.03)), "bag": ("linear", [0.002], (-0.004, 0.008))}
    differences.dots(rows, against="linear", each="seed", title="Seeds")
    [(fig, words)] = shown
    assert list(marks(fig.axes[0])[1][1]) == [1]
    assert "ahead in 2 of 2 seeds" in words["alt"] and "of 1 seed" not in words["alt"]
    assert words["caption"].startswith("One mark a seed")
