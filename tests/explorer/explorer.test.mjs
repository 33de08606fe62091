// The explorer's arithmetic against NumPy, and what the prepared situations promise. tests/test_explorer.py writes
// the cases, names their file in EXPLORER_CASES and runs this file with `node --test`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as lstm from "../../book/_static/explorer/lstm.mjs";
import { changed, scoreOf, SITUATIONS, STEPS } from "../../book/_static/explorer/situations.mjs";
import { decimal, percent, within } from "../../book/_static/explorer/dom.mjs";
import { reachOf } from "../../book/_static/explorer/strips.mjs";

const path = process.env.EXPLORER_CASES;
const cases = path ? JSON.parse(readFileSync(path, "utf-8")) : null;
const needsCases = { skip: cases ? false : "EXPLORER_CASES names no file; pytest tests/test_explorer.py writes one" };

function assertClose(ours, theirs, tolerance = 1e-12) {
  assert.equal(ours.length, theirs.length);
  ours.forEach((value, k) => {
    const scale = Math.max(1, Math.abs(theirs[k]));
    assert.ok(Math.abs(value - theirs[k]) <= tolerance * scale, `at ${k}: ${value} is not ${theirs[k]}`);
  });
}

test("reading a text is what NumPy computes", needsCases, () => {
  assert.ok(cases.texts.length >= 20);
  for (const { kernel, recurrentKernel, bias, dense, inputs, expected } of cases.texts) {
    const network = { lstm: { kernel, recurrentKernel, bias }, dense };
    const steps = lstm.readText(network, inputs);
    assert.equal(steps.length, inputs.length);
    for (const [name, values] of Object.entries(expected)) {
      steps.forEach((step, t) => assertClose(step[name], values[t]));
    }
  }
});

test("an unrolled unit is what NumPy computes", needsCases, () => {
  for (const { score, expected } of cases.units) {
    const run = lstm.unrollUnit(score);
    assertClose(run.cell, expected.cell);
    assertClose(run.hidden, expected.hidden);
    assert.equal(run.forget, score.forget);
  }
});

test("packed arrays come back", needsCases, () => {
  for (const { packed, expected } of cases.packed) {
    assertClose(Array.from(lstm.unpack(packed)), expected, 1e-15);
  }
});

test("the sigmoid does not overflow", () => {
  assert.equal(lstm.sigmoid(0), 0.5);
  assert.equal(lstm.sigmoid(1e4), 1);
  assert.equal(lstm.sigmoid(-1e4), 0);
});

test("softmax does not overflow, and adds up to 1", () => {
  assertClose(lstm.softmax([1000, 1000, -1000]), [0.5, 0.5, 0]);
  assertClose([lstm.softmax([0.3, -2, 5]).reduce((sum, value) => sum + value, 0)], [1]);
});

test("wrong sizes are refused", () => {
  assert.throws(() => lstm.affine([1, 2], [1, 2, 3], [0, 0]), /matrix: expected 2 x 2 numbers, got 3/);
  assert.throws(() => lstm.unpack({ shape: [2], scale: 1, int16: btoa("abc") }), /int16: expected 4 bytes, got 3/);
});

test("inputs are left as they are", () => {
  const before = { hidden: [0.5], cell: [0.25] };
  const weights = { kernel: [1, 1, 1, 1], recurrentKernel: [1, 1, 1, 1], bias: [0, 0, 0, 0] };
  lstm.lstmStep(weights, [1], before);
  assert.deepEqual(before, { hidden: [0.5], cell: [0.25] });
  assert.deepEqual(weights.bias, [0, 0, 0, 0]);
});

// --- the prepared situations: each does what its text says ---

const runOf = (name) => lstm.unrollUnit(scoreOf(SITUATIONS.find((situation) => situation.name === name)));
const at = (values, step) => values[step - 1];
const everyFrom = (values, step, wanted) => assertClose(values.slice(step - 1), values.slice(step - 1).map(() => wanted));

test("every situation is complete, and within the ranges of gates and candidates", () => {
  assert.deepEqual(
    SITUATIONS.map((situation) => situation.name),
    ["Remember", "Forget", "Overwrite", "Add up", "Hide", "Free play"],
  );
  for (const { score } of SITUATIONS) {
    assert.deepEqual(Object.keys(score), ["input", "forget", "candidate", "output"]);
    for (const [name, values] of Object.entries(score)) {
      assert.equal(values.length, STEPS);
      assert.ok(values.every((value) => value >= (name === "candidate" ? -1 : 0) && value <= 1));
    }
  }
});

test("remember", () => {
  const run = runOf("Remember");
  assert.equal(at(run.cell, 1), 0);
  everyFrom(run.cell, 2, 0.9);
  assert.ok(new Set(run.candidate).size > 6);
});

test("forget", () => {
  const run = runOf("Forget");
  assert.equal(at(run.cell, 6), 0.9);
  everyFrom(run.cell, 7, 0);
  assert.equal(at(run.forget, 8), 1);
});

test("overwrite", () => {
  const run = runOf("Overwrite");
  assert.equal(at(run.cell, 6), 0.9);
  everyFrom(run.cell, 7, -0.8);
});

test("add up", () => {
  const run = runOf("Add up");
  assertClose(run.cell, run.cell.map((_, t) => 0.4 * (t + 1)));
  assertClose([run.cell.at(-1)], [4.8]);
  assert.ok(run.hidden.every((value) => value < 1));
});

test("hide", () => {
  const run = runOf("Hide");
  everyFrom(run.cell, 2, 0.9);
  run.hidden.forEach((value, t) => assertClose([value], [t === 9 || t === 10 ? Math.tanh(0.9) : 0]));
});

test("free play begins with an empty cell", () => {
  everyFrom(runOf("Free play").cell, 1, 0);
});

test("a situation is not changed by playing with it", () => {
  const [situation] = SITUATIONS;
  const score = scoreOf(situation);
  const other = changed(score, "forget", 3, 0.5);
  assert.equal(other.forget[3], 0.5);
  assert.equal(score.forget[3], 1);
  score.forget[0] = 0;
  assert.equal(situation.score.forget[0], 1);
});

test("a change holds for one step or to the end", () => {
  const score = scoreOf(SITUATIONS[5]);
  assert.deepEqual(changed(score, "output", 9, 0.2).output.slice(8), [1, 0.2, 1, 1]);
  assert.deepEqual(changed(score, "output", 9, 0.2, true).output.slice(8), [1, 0.2, 0.2, 0.2]);
});

// --- numbers as they are shown ---

test("numbers are written with two decimals and a true minus", () => {
  assert.deepEqual([0.005, -1.234, -0.001, -0, 3].map(decimal), ["0.01", "−1.23", "0.00", "0.00", "3.00"]);
});

test("a probability that is not quite 0 or 1 does not pretend to be", () => {
  assert.deepEqual(
    [0, 0.001, 0.006, 0.5, 0.994, 0.997, 1].map((p) => percent(p).replace("\u00a0", " ")),
    ["0 %", "<1 %", "1 %", "50 %", "99 %", ">99 %", "100 %"],
  );
});

test("bars reach at least 1", () => {
  assert.deepEqual([[], [0.2], [-1], [1.01], [-2.5, 1]].map(reachOf), [1, 1, 1, 2, 3]);
  assert.deepEqual([within(5, 0, 3), within(-5, 0, 3), within(2, 0, 3), within(Infinity, 0, 3)], [3, 0, 2, 3]);
});
