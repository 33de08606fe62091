// The prepared situations of the second view: for each step the three gates and the candidate of one unit.
// What their texts promise is tested in tests/explorer/explorer.test.mjs.

export const STEPS = 12;

const everywhere = (value) => new Array(STEPS).fill(value);

/** Return a score that is `value` everywhere but at some steps, counted from 1. */
function except(value, steps) {
  return everywhere(value).map((usual, k) => steps[k + 1] ?? usual);
}

export const SITUATIONS = [
  {
    name: "Remember",
    text:
      "At step 2 the input gate opens once and 0.90 is written. After that the candidate goes on changing, but " +
      "the input gate is shut and the forget gate is 1: the cell state stays where it is.",
    score: {
      input: except(0, { 2: 1 }),
      forget: everywhere(1),
      candidate: [-0.5, 0.9, -0.7, 0.4, -0.9, 0.8, 0.2, -0.6, 0.7, -0.3, 0.9, -0.8],
      output: everywhere(1),
    },
  },
  {
    name: "Forget",
    text:
      "The same value is written at step 2. At step 7 the forget gate is 0 for one step, and nothing is left: what " +
      "is forgotten does not come back when the gate opens again.",
    score: {
      input: except(0, { 2: 1 }),
      forget: except(1, { 7: 0 }),
      candidate: everywhere(0.9),
      output: everywhere(1),
    },
  },
  {
    name: "Overwrite",
    text:
      "At step 7 the forget gate is 0 and the input gate 1: the old value goes and the candidate of this step, " +
      "−0.80, takes its place.",
    score: {
      input: except(0, { 2: 1, 7: 1 }),
      forget: except(1, { 7: 0 }),
      candidate: except(0.9, { 7: -0.8, 8: -0.8, 9: -0.8, 10: -0.8, 11: -0.8, 12: -0.8 }),
      output: everywhere(1),
    },
  },
  {
    name: "Add up",
    text:
      "Forget gate 1, input gate half open: every step adds 0.40, and the cell state counts to 4.80. The hidden " +
      "state cannot follow: tanh holds it below 1.",
    score: {
      input: everywhere(0.5),
      forget: everywhere(1),
      candidate: everywhere(0.8),
      output: everywhere(1),
    },
  },
  {
    name: "Hide",
    text:
      "The value is in the cell from step 2 on, but the output gate is shut and the hidden state stays 0. Only at " +
      "steps 10 and 11 is the value shown.",
    score: {
      input: except(0, { 2: 1 }),
      forget: everywhere(1),
      candidate: everywhere(0.9),
      output: except(0, { 10: 1, 11: 1 }),
    },
  },
  {
    name: "Free play",
    text: "Nothing is written yet. Choose a step, open its input gate, and see what becomes of it.",
    score: {
      input: everywhere(0),
      forget: everywhere(1),
      candidate: everywhere(0.8),
      output: everywhere(1),
    },
  },
];

/** Return a copy of a situation's score that can be changed. */
export function scoreOf(situation) {
  return Object.fromEntries(Object.entries(situation.score).map(([name, values]) => [name, [...values]]));
}

/** Return a score in which one row has another value at a step, counted from 0, or from that step to the end. */
export function changed(score, name, step, value, toTheEnd = false) {
  const row = score[name].map((old, t) => (t === step || (toTheEnd && t > step) ? value : old));
  return { ...score, [name]: row };
}
