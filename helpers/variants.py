"""An LSTM layer for Keras with parts left out, to see what each part is good for.

A cell with all its parts is ``keras.layers.LSTM``, number for number. `LSTMVariantCell.call` is meant to be read.
"""

import math

import keras
from keras import ops

BLOCKS = ("input", "forget", "candidate", "output")  # in the order in which Keras keeps their weights


@keras.saving.register_keras_serializable("book")
class LSTMVariantCell(keras.layers.Layer):
    """One step of an `LSTMVariant`, which also explains the arguments."""

    def __init__(self, units, input_gate, forget_gate, output_gate, coupled, cell_activation, forget_bias, **options):
        super().__init__(**options)
        has = {"input": input_gate and not coupled, "forget": forget_gate, "candidate": True, "output": output_gate}
        self.blocks = [name for name in BLOCKS if has[name]]  # what has weights of its own
        self.coupled, self.forget_bias = coupled, forget_bias
        self.cell_activation = keras.activations.get(cell_activation)
        self.kernel_initializer = keras.initializers.GlorotUniform()
        self.recurrent_initializer = keras.initializers.Orthogonal()
        self.units = self.output_size = units
        self.state_size = [units, units]  # hidden state, cell state

    def build(self, input_shape):
        width = len(self.blocks) * self.units
        kernel, recurrent_kernel = map(self.some_of, (self.kernel_initializer, self.recurrent_initializer))
        self.kernel = self.add_weight((input_shape[-1], width), kernel, name="kernel")
        self.recurrent_kernel = self.add_weight((self.units, width), recurrent_kernel, name="recurrent_kernel")
        self.bias = self.add_weight((width,), self.first_bias, name="bias")

    def some_of(self, initializer):
        """Return an initializer that draws the weights of a whole LSTM and keeps the blocks that exist."""

        def draw(shape, dtype=None):
            whole = ops.split(initializer((shape[0], len(BLOCKS) * self.units), dtype), len(BLOCKS), axis=1)
            return ops.concatenate([whole[BLOCKS.index(name)] for name in self.blocks], axis=1)

        return draw

    def first_bias(self, shape, dtype=None):
        """Return zeros, except for the forget gate."""
        first = {"forget": self.forget_bias}
        return ops.concatenate([ops.full((self.units,), first.get(name, 0.0), dtype) for name in self.blocks])

    def call(self, inputs, states):
        hidden_state, cell_state = states
        z = ops.matmul(inputs, self.kernel) + ops.matmul(hidden_state, self.recurrent_kernel) + self.bias
        z = dict(zip(self.blocks, ops.split(z, len(self.blocks), axis=1), strict=True))

        candidate = ops.tanh(z["candidate"])
        forget_gate = ops.sigmoid(z["forget"]) if "forget" in z else 1.0
        input_gate = ops.sigmoid(z["input"]) if "input" in z else 1.0
        output_gate = ops.sigmoid(z["output"]) if "output" in z else 1.0
        if self.coupled:
            input_gate = 1.0 - forget_gate

        cell_state = forget_gate * cell_state + input_gate * candidate
        hidden_state = output_gate * self.cell_activation(cell_state)
        return hidden_state, [hidden_state, cell_state]


@keras.saving.register_keras_serializable("book")
class LSTMVariant(keras.layers.RNN):
    """A long short-term memory layer of which parts can be left out; with all of them, ``keras.layers.LSTM``.

    Parameters
    ----------
    units : int
        Size of the hidden state and of the cell state.
    input_gate, forget_gate, output_gate : bool
        False leaves the gate out: it is held at 1, and has no weights.
    coupled : bool
        True makes the input gate 1 - forget gate, without weights of its own: what is written replaces what is
        forgotten.
    cell_activation : {"tanh", "linear"}
        What the cell state goes through on its way to the hidden state; "linear" shows it as it is.
    forget_bias : float
        First value of the forget gate's bias.
    return_sequences, return_state, go_backwards, stateful, unroll, name, … : optional
        As for ``keras.layers.RNN``.

    Raises
    ------
    ValueError
        If an argument has an unsuitable value, or if a part is both coupled and left out.

    Notes
    -----
    Takes (batch, timesteps, features), and gives (batch, units), or (batch, timesteps, units) with
    ``return_sequences=True``. Masks work as in Keras.

    Weights: kernel (features, n * units), recurrent kernel (units, n * units) and bias (n * units,), where n counts
    the candidate and the gates with weights, in Keras' order: input, forget, candidate, output. They start as those
    of ``keras.layers.LSTM`` do: all four blocks are drawn, and those that exist are kept, so variants with the same
    seed start from the same weights in the blocks that they share.

    Some combinations have names. Without the forget gate it is the cell of Hochreiter & Schmidhuber (1997),
    https://doi.org/10.1162/neco.1997.9.8.1735, in today's form. The others of Greff et al. (2017),
    https://arxiv.org/abs/1503.04069, that can be had here: no input gate, no output gate, coupled, no output
    activation (``cell_activation="linear"``). With ``coupled=True, output_gate=False, cell_activation="linear"`` it
    has only a forget gate, as JANET has, van der Westhuizen & Lasenby (2018), https://arxiv.org/abs/1804.04849;
    what their input side adds to that, a shift of the gate by a constant, is left out. Peepholes there are none.
    """

    def __init__(
        self,
        units,
        *,
        input_gate=True,
        forget_gate=True,
        output_gate=True,
        coupled=False,
        cell_activation="tanh",
        forget_bias=1.0,
        **options,
    ):
        parts = {
            "input_gate": input_gate,
            "forget_gate": forget_gate,
            "output_gate": output_gate,
            "coupled": coupled,
            "cell_activation": cell_activation,
            "forget_bias": forget_bias,
        }
        check(units, **parts)
        cell = LSTMVariantCell(units, **parts, dtype=options.get("dtype"), name="cell")
        super().__init__(cell, **options)
        self.input_spec = [keras.layers.InputSpec(ndim=3)]
        self.settings = {"units": units, **parts}

    def get_config(self):
        config = super().get_config()
        del config["cell"]  # made anew from the settings
        return config | self.settings

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def check(units, input_gate, forget_gate, output_gate, coupled, cell_activation, forget_bias):
    """Raise a ValueError for arguments of `LSTMVariant` that do not fit, alone or together."""
    if isinstance(units, bool) or not isinstance(units, int) or units < 1:
        raise ValueError(f"units: expected a whole number of at least 1, got {units!r}")
    switches = {"input_gate": input_gate, "forget_gate": forget_gate, "output_gate": output_gate, "coupled": coupled}
    for name, value in switches.items():
        if not isinstance(value, bool):
            raise ValueError(f"{name}: expected True or False, got {value!r}")
    if cell_activation not in ("tanh", "linear"):
        raise ValueError(f"cell_activation: expected 'tanh' or 'linear', got {cell_activation!r}")
    if isinstance(forget_bias, bool) or not isinstance(forget_bias, (int, float)) or not math.isfinite(forget_bias):
        raise ValueError(f"forget_bias: expected a finite number, got {forget_bias!r}")
    if coupled and not (input_gate and forget_gate):
        missing = "forget_gate" if input_gate else "input_gate"
        raise ValueError(f"coupled: the input gate is made from the forget gate, so {missing}=False does not fit")
