"""`fit` trains as Keras' own `model.fit` does, whichever way it goes, and fails clearly."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras import layers

from helpers import models, training

STEPS, WORDS, TOPICS = 5, 12, 3
IDS = {"timesteps": STEPS, "vocabulary": WORDS, "embedding_dim": 4, "classes": TOPICS}
RAW = {"units": 4, "input_shape": (STEPS, 1), "classes": TOPICS}


def embedded(reader, **options):
    return models.embedded(reader, **IDS, **options)


def sparse_mlp(seed):
    model = models.mlp(STEPS, (6, 6), TOPICS, seed=seed)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def unbuilt(seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([layers.Dense(4, "tanh"), layers.Dropout(0.5), layers.Dense(TOPICS, "softmax")])
    return models.compiled(model)


BUILDERS = {
    "vanilla_rnn": lambda seed: models.vanilla_rnn(**RAW, seed=seed),
    "stacked_vanilla_rnn": lambda seed: models.stacked_vanilla_rnn(**RAW, seed=seed),
    "lstm": lambda seed: models.lstm(**RAW, seed=seed),
    "stacked_lstm": lambda seed: models.stacked_lstm(**RAW, seed=seed),
    "mlp, sparse targets": sparse_mlp,
    "positional_mlp": lambda seed: models.positional_mlp(**IDS, units=4, seed=seed),
    "cnn": lambda seed: models.cnn(**IDS, filters=4, kernel_size=2, seed=seed),
    "masked LSTM": lambda seed: embedded(lambda: layers.LSTM(4), seed=seed),
    "unmasked SimpleRNN": lambda seed: embedded(lambda: layers.SimpleRNN(4), mask_zero=False, seed=seed),
    "GRU, dropout": lambda seed: embedded(
        lambda: layers.GRU(4, dropout=0.4, recurrent_dropout=0.3), seed=seed
    ),
    "bidirectional SimpleRNN, dropout": lambda seed: embedded(
        lambda: layers.Bidirectional(layers.SimpleRNN(4, dropout=0.4)), seed=seed
    ),
    "unbuilt, dropout": unbuilt,
}


def newswires(model, rows=23, seed=0):
    """Make up ids, padded with zeros, and topics, in the shapes that the model takes."""
    draw = np.random.default_rng(seed)
    x = draw.integers(1, WORDS, (rows, STEPS))
    x[np.arange(STEPS) >= draw.integers(1, STEPS + 1, (rows, 1))] = 0
    topics = draw.integers(0, TOPICS, rows)
    if model.built and len(model.input_shape) == 3:
        x = x[..., None]
    return x, topics if "sparse" in model.loss else np.eye(TOPICS)[topics]


def assert_same(model, history, expected, expected_history):
    # An update of Adam is about 1e-3, so another order or another dropout would show.
    for weight, value, right in zip(model.weights, model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-3, atol=2e-4, err_msg=weight.path)
    assert history.keys() == expected_history.keys()
    for name, values in expected_history.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-4, err_msg=name)


@pytest.fixture
def always_compiled(monkeypatch):
    monkeypatch.setattr(training, "compiling_pays", lambda model, updates: True)


@pytest.fixture
def never_compiled(monkeypatch):
    monkeypatch.setattr(training, "compiling_pays", lambda model, updates: False)


@pytest.fixture(params=["always_compiled", "never_compiled"])
def either_way(request):
    request.getfixturevalue(request.param)


@pytest.mark.parametrize("name", BUILDERS)
def test_trains_as_keras_does(name, always_compiled):
    model, expected = BUILDERS[name](seed=3), BUILDERS[name](seed=3)
    x, y = newswires(model)
    history = training.fit(model, x, y, epochs=3, batch_size=5, seed=1)

    keras.utils.set_random_seed(1)
    keras_history = expected.fit(x, y, epochs=3, batch_size=5, verbose=0).history
    assert_same(model, history, expected, keras_history)


def test_a_second_fit_goes_on_where_the_first_stopped(always_compiled):
    model, expected = BUILDERS["mlp, sparse targets"](seed=0), BUILDERS["mlp, sparse targets"](seed=0)
    x, y = newswires(model)
    keras.utils.set_random_seed(1)
    expected.fit(x, y, epochs=2, batch_size=5, verbose=0)
    keras_history = expected.fit(x, y, epochs=2, batch_size=5, verbose=0).history

    training.fit(model, x, y, epochs=2, batch_size=5, seed=1)
    history = training.fit(model, x, y, epochs=2, batch_size=5)
    assert_same(model, history, expected, keras_history)
    assert model.optimizer.iterations == 4 * 5


def test_without_a_seed_every_epoch_has_an_order_of_its_own():
    # In a process of its own, for TensorFlow's seed cannot be taken back.
    program = """
import keras, numpy as np
from helpers import training
training.compiling_pays = lambda model, updates: True
seen = []
def one_pass(model, step, batch_size):
    return lambda x, y: seen.append(tuple(x.numpy().ravel())) or {"loss": 0.0}
training.one_pass = one_pass
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
training.fit(model, np.arange(20.0)[:, None], np.zeros((20, 1)), epochs=3)
assert all(sorted(order) == list(range(20)) for order in seen) and len(set(seen)) == 3, seen
training.fit(model, np.arange(20.0)[:, None], np.zeros((20, 1)), epochs=1, seed=0)
training.fit(model, np.arange(20.0)[:, None], np.zeros((20, 1)), epochs=1, seed=0)
assert seen[3] == seen[4], seen
"""
    done = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.integers(1, 12), batch_size=st.integers(1, 15), seed=st.integers(0, 2**32 - 1))
def test_any_number_of_rows_and_any_batch_size(always_compiled, rows, batch_size, seed):
    model, expected = BUILDERS["mlp, sparse targets"](seed=0), BUILDERS["mlp, sparse targets"](seed=0)
    x, y = newswires(model, rows)
    history = training.fit(model, x, y, epochs=2, batch_size=batch_size, seed=seed)

    keras.utils.set_random_seed(seed)
    keras_history = expected.fit(x, y, epochs=2, batch_size=batch_size, verbose=0).history
    assert_same(model, history, expected, keras_history)


def test_early_stopping_restores_the_best_weights(always_compiled):
    model, expected = BUILDERS["mlp, sparse targets"](seed=0), BUILDERS["mlp, sparse targets"](seed=0)
    for each in model, expected:
        each.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = newswires(model)
    validation = newswires(model, 9, seed=1)
    history = training.fit(model, x, y, epochs=40, seed=1, validation_data=validation, patience=2)

    keras.utils.set_random_seed(1)
    stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    keras_history = expected.fit(
        x, y, epochs=40, batch_size=50, validation_data=validation, callbacks=[stop], verbose=0
    ).history
    assert_same(model, history, expected, keras_history)
    assert len(history["loss"]) < 40
    assert model.evaluate(*validation, verbose=0)[0] == pytest.approx(min(history["val_loss"]), rel=1e-4)


def test_a_loss_that_is_no_number_ends_the_training(either_way):
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(100.0), "mse")
    x = y = np.ones((7, 1), "float32")
    with pytest.raises(FloatingPointError, match="the loss became (nan|inf) in epoch [2-9] of 30"):
        training.fit(model, x, y, epochs=30, batch_size=1)
    assert np.isfinite(model.history.history["loss"][:-1]).all()
    assert np.isfinite(model.evaluate(x, y, verbose=0))


@pytest.mark.parametrize("patience", [None, 5])
def test_an_interrupted_training_keeps_what_it_has(either_way, monkeypatch, capsys, patience):
    class Interrupted(training.ProgressLine):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                raise KeyboardInterrupt

    monkeypatch.setattr(training, "ProgressLine", Interrupted)
    model = BUILDERS["mlp, sparse targets"](seed=0)
    x, y = newswires(model)
    with pytest.raises(KeyboardInterrupt):
        training.fit(model, x, y, epochs=9, seed=0, validation_data=(x, y), patience=patience)
    history = model.history.history
    assert len(history["loss"]) == 3
    assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(history["val_loss"][-1], rel=1e-4)
    assert "epoch 3/9" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("builder", "updates", "devices", "pays"),
    [
        ("lstm", 10**6, [], True),
        ("lstm", 1, [], False),
        ("lstm", 10**6, ["a GPU"], False),
        ("cnn", 10**6, [], False),
    ],
)
def test_compiles_only_where_that_is_faster(monkeypatch, builder, updates, devices, pays):
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind=None: devices if kind == "GPU" else []
    )
    assert training.compiling_pays(BUILDERS[builder](seed=0), updates) is pays


def test_a_capped_run_does_not_compile(monkeypatch, capsys):
    monkeypatch.setenv("BOOK_EPOCHS", "1")
    monkeypatch.setattr(training, "fit_compiled", lambda *args, **kwargs: pytest.fail("compiled"))
    model = BUILDERS["mlp, sparse targets"](seed=0)
    x, y = newswires(model)
    history = training.fit(model, x, y, epochs=training.epochs(200))
    assert len(history["loss"]) == 1


def test_shows_one_line_that_names_the_run(either_way, capsys):
    model = BUILDERS["mlp, sparse targets"](seed=0)
    x, y = newswires(model)
    training.fit(model, x, y, epochs=2, validation_data=(x, y), label="my run")
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.endswith("\n")
    assert "my run: epoch 2/2  accuracy 0." in out.split("\r")[-1] and "val_loss" in out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros(22)}, "x, y: got 23 inputs and 22 targets"),
        ({"x": np.zeros((0, STEPS)), "y": np.zeros(0)}, "x, y: got 0 inputs and 0 targets"),
        (
            {"validation_data": (np.zeros((3, STEPS)), np.zeros(2))},
            r"validation_data\[0\].* 3 inputs and 2 targets",
        ),
        ({"epochs": 0}, "epochs: got 0, expected a whole number of 1 or more"),
        ({"batch_size": 2.5}, "batch_size: got 2.5, expected a whole number"),
        ({"patience": 3}, "patience: early stopping needs validation_data"),
    ],
)
def test_refuses_what_does_not_fit(change, message):
    model = BUILDERS["mlp, sparse targets"](seed=0)
    x, y = newswires(model)
    with pytest.raises(ValueError, match=message):
        training.fit(model, **{"x": x, "y": y, "epochs": 2, **change})


def test_refuses_a_model_that_is_not_compiled():
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    with pytest.raises(ValueError, match="model: not compiled"):
        training.fit(model, np.zeros((2, 1)), np.zeros((2, 1)), epochs=1)
