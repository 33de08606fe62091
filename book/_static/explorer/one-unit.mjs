// The second view: one unit, its gates in the reader's hand.

import { makeArithmetic } from "./arithmetic.mjs";
import { decimal, element, makeButton } from "./dom.mjs";
import { unrollUnit } from "./lstm.mjs";
import { makePlayer } from "./player.mjs";
import { changed, scoreOf, SITUATIONS, STEPS } from "./situations.mjs";
import { makeStrips, QUANTITIES, reachOf } from "./strips.mjs";
import { makeTable } from "./table.mjs";

const HANDLES = QUANTITIES.slice(0, 4); // what the reader sets; the states follow

/** Put the view into `panel`. */
export function startOneUnit(panel) {
  let situation = SITUATIONS[0];
  let score = scoreOf(situation);
  let run = unrollUnit(score);
  let step = 0;

  const choices = SITUATIONS.map((one, number) => {
    const radio = element("input", { type: "radio", name: "ge-situation", value: number, checked: number === 0 });
    radio.addEventListener("change", () => {
      situation = one;
      restore();
    });
    return element("label", { class: "ge-chip" }, radio, element("span", {}, one.name));
  });
  const story = element("p", { class: "ge-story", "aria-live": "polite" });
  const status = element("p", { class: "ge-status", role: "status", "aria-live": "polite" });
  const strips = makeStrips(QUANTITIES, "ge-tall");
  const stripsBox = element("div", { role: "img" }, strips.root);
  const stepNumbers = element("div", { class: "ge-steps", "aria-hidden": "true" });
  for (let t = 0; t < STEPS; t += 1) stepNumbers.append(element("span", {}, String(t + 1)));
  const arithmetic = makeArithmetic();
  const handlesTitle = element("h3", { class: "ge-title" });
  const sumTitle = element("h3", { class: "ge-title" });

  const handles = HANDLES.map(({ key, name, symbol, signed }) => {
    const slider = element("input", { type: "range", min: signed ? "-1" : "0", max: "1", step: "0.01", id: `ge-${key}` });
    const shown = element("span", { class: "ge-value", "aria-hidden": "true" }); // the slider tells it itself
    slider.addEventListener("input", () => set(key, step, slider.valueAsNumber));
    const label = element("label", { for: `ge-${key}` }, element("span", { class: `ge-swatch ge-${key}` }), `${name} `);
    label.append(element("i", { "aria-hidden": "true" }, symbol));
    return { key, slider, shown, root: element("div", { class: `ge-handle ge-${key}` }, label, slider, shown) };
  });
  const toTheEnd = element("input", { type: "checkbox", id: "ge-to-the-end" });
  const reset = makeButton("Start over", restore);

  const player = makePlayer({
    thing: "Step",
    status,
    describe: (t) => `cell state ${decimal(run.cell[t])}`,
    onStep(at) {
      step = at;
      drawStep();
    },
  });
  const table = makeTable(() => ({
    caption: "Gates and states of the unit at each step",
    head: ["step", ...QUANTITIES.map((quantity) => quantity.name)],
    rows: run.cell.map((_, t) => [String(t + 1), ...QUANTITIES.map(({ key }) => run[key][t])]),
    current: step,
  }));

  const ofStep = (t) => Object.fromEntries(QUANTITIES.map(({ key }) => [key, run[key][t]]));

  function drawStep() {
    strips.mark(step);
    strips.fade(step);
    const values = ofStep(step);
    strips.write(QUANTITIES.map(({ key }) => values[key]));
    handlesTitle.textContent = `Values at step ${step + 1}`;
    sumTitle.textContent = `What the unit does at step ${step + 1}`;
    for (const { key, slider, shown } of handles) {
      slider.value = values[key];
      slider.setAttribute("aria-valuetext", decimal(values[key]));
      shown.textContent = decimal(values[key]);
    }
    arithmetic.show(values, step ? run.cell[step - 1] : 0);
    status.textContent =
      `Step ${step + 1} of ${STEPS}. Cell state ${decimal(values.cell)}, hidden state ${decimal(values.hidden)}.`;
    table.refresh();
  }

  function drawRun() {
    run = unrollUnit(score);
    strips.draw(run.cell.map((_, t) => ofStep(t)), { cell: reachOf(run.cell) });
    const states = (values) => values.map(decimal).join(", ");
    stripsBox.setAttribute(
      "aria-label",
      `Gates and states of one unit over ${STEPS} steps. Cell state: ${states(run.cell)}. ` +
        `Hidden state: ${states(run.hidden)}.`,
    );
    drawStep();
  }

  function set(key, t, value) {
    player.pause();
    score = changed(score, key, t, Math.round(100 * value) / 100, toTheEnd.checked);
    drawRun();
  }

  function restore() {
    score = scoreOf(situation);
    run = unrollUnit(score);
    toTheEnd.checked = false; // the next stroke must not change more than its step
    story.textContent = situation.text;
    player.reset(STEPS, STEPS - 1);
    drawRun();
  }

  // A mouse or a pen draws in the upper strips. A finger only chooses the step: it also has to scroll the page.
  let drawn = null; // the strip in which a stroke began
  strips.surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const { key } = strips.place(event);
    drawn = event.pointerType !== "touch" && HANDLES.some((handle) => handle.key === key) ? key : null;
    if (event.pointerType !== "touch") strips.surface.setPointerCapture(event.pointerId);
    stroke(event);
    event.preventDefault();
  });
  strips.surface.addEventListener("pointermove", (event) => {
    if (event.buttons) stroke(event);
  });
  strips.surface.addEventListener("pointerup", () => {
    drawn = null;
  });
  strips.surface.addEventListener("click", player.focus);

  function stroke(event) {
    const { column, key, height } = strips.place(event);
    player.go(column);
    if (drawn === null) return;
    const order = HANDLES.findIndex((handle) => handle.key === drawn);
    const at = QUANTITIES.findIndex((quantity) => quantity.key === key);
    const reached = at === order ? height : Number(at < order); // above the strip it is full, below it empty
    set(drawn, column, HANDLES[order].signed ? 2 * reached - 1 : reached);
  }

  panel.replaceChildren(
    element(
      "fieldset",
      { class: "ge-chips" },
      element("legend", { class: "ge-spoken" }, "Situation"),
      ...choices,
    ),
    story,
    element("div", { class: "ge-score" }, stripsBox, stepNumbers),
    player.root,
    status,
    element(
      "div",
      { class: "ge-parts" },
      element(
        "div",
        { class: "ge-part" },
        handlesTitle,
        ...handles.map((handle) => handle.root),
        element(
          "div",
          { class: "ge-more" },
          element("label", { for: "ge-to-the-end" }, toTheEnd, " from here to the end"),
          reset,
        ),
      ),
      element("div", { class: "ge-part" }, sumTitle, arithmetic.root),
    ),
    table.root,
  );
  panel.setAttribute("role", "group");
  panel.setAttribute("aria-label", "One unit with its gates");
  player.listen(panel);
  restore();
}
