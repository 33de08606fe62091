// The arithmetic of the explorer, and nothing else: no page, no state. It computes what helpers/cells/lstm.py
// computes, in the order of gates of Keras: input gate, forget gate, candidate, output gate.
// tests/test_explorer.py holds every function against NumPy.

/** Squash a number into (0, 1). Equal to 1 / (1 + exp(-z)), but cannot overflow. */
export function sigmoid(z) {
  return (Math.tanh(z / 2) + 1) / 2;
}

/** Turn numbers into probabilities that add up to 1. */
export function softmax(z) {
  const largest = Math.max(...z);
  const powers = Array.from(z, (value) => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Return row · matrix + bias. The matrix is flat, row after row, as NumPy stores it. */
export function affine(row, matrix, bias) {
  const columns = bias.length;
  if (matrix.length !== row.length * columns) {
    throw new RangeError(`matrix: expected ${row.length} x ${columns} numbers, got ${matrix.length}`);
  }
  const sum = Float64Array.from(bias);
  row.forEach((factor, k) => {
    for (let column = 0; column < columns; column += 1) sum[column] += factor * matrix[k * columns + column];
  });
  return sum;
}

/** What a unit does at one step, once its gates and its candidate are known. */
export function unitStep({ input, forget, candidate, output }, cellBefore) {
  const cell = forget * cellBefore + input * candidate;
  return { cell, hidden: output * Math.tanh(cell) };
}

/**
 * Read one vector. Takes the states of all units before the step and returns those after it, with the gates:
 * `{ input, forget, candidate, output, cell, hidden }`, an array of one number a unit each.
 */
export function lstmStep({ kernel, recurrentKernel, bias }, x, before) {
  const units = before.hidden.length;
  const z = affine(before.hidden, recurrentKernel, affine(x, kernel, bias));
  const block = (number) => Array.from(z.subarray(number * units, (number + 1) * units));
  const after = {
    input: block(0).map(sigmoid),
    forget: block(1).map(sigmoid),
    candidate: block(2).map(Math.tanh),
    output: block(3).map(sigmoid),
    cell: [],
    hidden: [],
  };
  for (let k = 0; k < units; k += 1) {
    const gates = {
      input: after.input[k],
      forget: after.forget[k],
      candidate: after.candidate[k],
      output: after.output[k],
    };
    const { cell, hidden } = unitStep(gates, before.cell[k]);
    after.cell.push(cell);
    after.hidden.push(hidden);
  }
  return after;
}

/**
 * Read vectors one after the other, from states of zero. Returns what `lstmStep` returns for each, and
 * `probabilities`: what the network would answer if the text ended there.
 */
export function readText({ lstm, dense }, inputs) {
  const units = lstm.bias.length / 4;
  let state = { hidden: new Array(units).fill(0), cell: new Array(units).fill(0) };
  return inputs.map((x) => {
    state = lstmStep(lstm, x, state);
    return { ...state, probabilities: softmax(affine(state.hidden, dense.kernel, dense.bias)) };
  });
}

/** Unroll one unit over a score, `{ input, forget, candidate, output }` with one number a step each. */
export function unrollUnit(score) {
  const cell = [];
  const hidden = [];
  for (let t = 0; t < score.forget.length; t += 1) {
    const gates = {
      input: score.input[t],
      forget: score.forget[t],
      candidate: score.candidate[t],
      output: score.output[t],
    };
    const after = unitStep(gates, t ? cell[t - 1] : 0);
    cell.push(after.cell);
    hidden.push(after.hidden);
  }
  return { ...score, cell, hidden };
}

/** Turn a packed array of the data file into numbers: 16-bit integers, little end first, times a scale. */
export function unpack({ shape, scale, int16 }) {
  const bytes = Uint8Array.from(atob(int16), (character) => character.charCodeAt(0));
  const size = shape.reduce((product, length) => product * length, 1);
  if (bytes.length !== 2 * size) throw new RangeError(`int16: expected ${2 * size} bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: size }, (_, k) => scale * view.getInt16(2 * k, true));
}

/** Make the network of the data file ready: its weights, and a table of word vectors. */
export function unpackNetwork({ embedding, kernel, recurrent_kernel, bias, dense_kernel, dense_bias }) {
  const vectors = unpack(embedding);
  const features = embedding.shape[1];
  return {
    lstm: { kernel: unpack(kernel), recurrentKernel: unpack(recurrent_kernel), bias: unpack(bias) },
    dense: { kernel: unpack(dense_kernel), bias: unpack(dense_bias) },
    vector: (row) => vectors.subarray(row * features, (row + 1) * features),
  };
}
