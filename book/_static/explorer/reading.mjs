// The first view: a trained network reads a newswire, word by word.

import { makeArithmetic } from "./arithmetic.mjs";
import { decimal, element, enable, makeButton, percent, within } from "./dom.mjs";
import { readText } from "./lstm.mjs";
import { makePlayer } from "./player.mjs";
import { makeStrips, QUANTITIES, reachOf } from "./strips.mjs";
import { makeTable } from "./table.mjs";

const TOPICS_SHOWN = 4;

/** Return the place of the largest number. */
export function largest(values) {
  return values.reduce((best, value, k) => (value > values[best] ? k : best), 0);
}

/** Return the unit whose last hidden state speaks most for a topic, against the average topic. */
export function strongestUnit({ dense }, hidden, topic) {
  const topics = dense.bias.length;
  const share = hidden.map((value, k) => {
    const row = dense.kernel.subarray(k * topics, (k + 1) * topics);
    const mean = row.reduce((sum, weight) => sum + weight, 0) / topics;
    return value * (row[topic] - mean);
  });
  return largest(share);
}

/**
 * Return the topics to show: those that matter by name, then the likeliest ones while the wire is read. They come in
 * the order of their numbers, which does not tell which of them it will be.
 */
export function topicsToShow(steps, named) {
  const peaks = steps[0].probabilities.map((_, topic) => Math.max(...steps.map((step) => step.probabilities[topic])));
  const byPeak = peaks.map((_, topic) => topic).sort((one, other) => peaks[other] - peaks[one]);
  const chosen = [...new Set([...named, ...byPeak])].slice(0, Math.max(TOPICS_SHOWN, new Set(named).size));
  return chosen.sort((one, other) => one - other);
}

/** Put the view into `panel`. */
export function startReading(panel, { topics, wires }, network) {
  let wire = null;
  let steps = [];
  let shown = []; // topics
  let unit = 0; // the unit that is followed
  let resting = 0; // the one to come back to when the mouse that pointed at `unit` leaves
  let chosen = false; // by the reader; until then each wire brings its own
  let step = 0;
  let finished = false; // whether the last word has been reached; until then nothing shows what is still to come

  const select = element("select", { id: "ge-wire" });
  wires.forEach((one, number) => {
    const start = `${one.words.slice(1, 7).join(" ")} …`; // the label would give the answer away
    select.append(element("option", { value: number }, one.kind === "chapter 8" ? `Chapter 8: ${start}` : start));
  });
  const task = element("span", {}, "What will the network say, and is it right? Label and answer stand here at the end.");
  const outcome = element("span");
  const facts = element("p", { class: "ge-facts", "aria-live": "polite" }, task, outcome);
  const text = element("p", { class: "ge-text" });
  const status = element("p", { class: "ge-status", role: "status", "aria-live": "polite" });
  const now = makeStrips(QUANTITIES, "ge-plain");
  const followed = makeStrips(QUANTITIES);
  const arithmetic = makeArithmetic();
  let answers = null; // the strips of the topics, new for each wire

  const nowTitle = element("h3", { class: "ge-title" });
  const followedTitle = element("h3", { class: "ge-title" });
  const answersTitle = element("h3", { class: "ge-title" }, "The answer so far");
  const sumTitle = element("h3", { class: "ge-title" });
  const answersBox = element("div", { role: "img" });
  const followedBox = element("div", { role: "img" }, followed.root);

  now.surface.setAttribute("role", "slider");
  now.surface.setAttribute("tabindex", "0");
  now.surface.setAttribute("aria-label", "Unit to follow");
  now.surface.setAttribute("aria-valuemin", "0");

  const field = element("input", { type: "number", id: "ge-unit", min: "0", step: "1", inputmode: "numeric" });
  const lower = makeButton("−", () => press(unit - 1), { "aria-label": "Previous unit" });
  const higher = makeButton("+", () => press(unit + 1), { "aria-label": "Next unit" });
  const pressed = element("span", { class: "ge-spoken", "aria-live": "polite" });
  const picker = element(
    "div",
    { class: "ge-picker" },
    element("label", { for: "ge-unit" }, "Unit"),
    lower,
    field,
    higher,
    pressed,
  );

  const word = (t) => wire.words[t];
  const isUnknown = (t) => wire.unknown.includes(t);
  const seen = () => (finished ? steps.length : step + 1); // so many words
  const name = () => `unit ${unit}`; // numbered from 0, as in the code of the chapters

  const player = makePlayer({
    thing: "Word",
    status,
    describe: word,
    onStep(at) {
      step = at;
      drawStep();
    },
  });
  const table = makeTable(() => ({
    caption: `What ${name()} does at each word, and the likeliest topic if the text ended there`,
    head: ["word", ...QUANTITIES.map((quantity) => quantity.name), "likeliest topic", "probability"],
    rows: steps.map((values, t) => {
      const numbers = [
        ...QUANTITIES.map(({ key }) => values[key][unit]),
        topics[largest(values.probabilities)],
        percent(Math.max(...values.probabilities)),
      ];
      return [`${t + 1} ${word(t)}${isUnknown(t) ? " (unknown)" : ""}`, ...(t < seen() ? numbers : numbers.fill(""))];
    }),
    current: step,
  }));

  const lastUnit = () => steps[0].cell.length - 1;
  const ofUnit = (values, k) => Object.fromEntries(QUANTITIES.map(({ key }) => [key, values[key][k]]));

  function drawStep() {
    const values = steps[step];
    finished ||= step === steps.length - 1;
    task.classList.toggle("ge-unseen", finished);
    outcome.classList.toggle("ge-unseen", !finished);
    [...text.children].forEach((span, t) => {
      span.classList.toggle("ge-ahead", t > step);
      if (t === step) span.setAttribute("aria-current", "true");
      else span.removeAttribute("aria-current");
    });
    const reach = { cell: reachOf(steps.flatMap((one) => one.cell)) }; // one scale for the whole newswire
    now.draw(values.cell.map((_, k) => ofUnit(values, k)), reach);
    for (const strips of [followed, answers]) {
      strips.mark(step);
      strips.fade(step, !finished);
    }
    nowTitle.textContent = `All ${values.cell.length} units at “${word(step)}”`;
    const parts = shown.map((topic) => percent(values.probabilities[topic]));
    answers.write(parts);
    answersBox.setAttribute(
      "aria-label",
      `Probability of ${shown.length} topics after each word, up to word ${seen()}. At “${word(step)}”: ` +
        `${shown.map((topic, k) => `${topics[topic]} ${parts[k]}`).join(", ")}.`,
    );
    const best = largest(values.probabilities);
    status.textContent =
      `Word ${step + 1} of ${steps.length}: “${word(step)}”${isUnknown(step) ? ", unknown to the network" : ""}. ` +
      `Likeliest topic so far: ${topics[best]}, ${percent(values.probabilities[best])}.`;
    drawNumbers();
  }

  function drawUnit() {
    const cells = steps.map((values) => values.cell[unit]);
    followed.draw(steps.map((values) => ofUnit(values, unit)), { cell: reachOf(cells) });
    followed.fade(step, !finished);
    now.mark(unit);
    now.surface.setAttribute("aria-valuenow", unit);
    if (field.valueAsNumber !== unit) field.value = unit; // and else leave what is being typed
    enable(lower, unit > 0);
    enable(higher, unit < lastUnit());
    followedTitle.textContent = `Unit ${unit} over the words`;
    drawNumbers();
  }

  function drawNumbers() {
    const values = ofUnit(steps[step], unit);
    followed.write(QUANTITIES.map(({ key }) => values[key]));
    const cells = steps.slice(0, seen()).map((one) => one.cell[unit]);
    const extreme = largest(cells.map(Math.abs));
    followedBox.setAttribute(
      "aria-label",
      `Gates and states of unit ${unit} at each word, up to word ${seen()}. Its cell state is farthest from ` +
        `zero at “${word(extreme)}”, with ${decimal(cells[extreme])}. At “${word(step)}” it is ${decimal(values.cell)}.`,
    );
    sumTitle.textContent = `Unit ${unit} at “${word(step)}”`;
    arithmetic.show(values, step ? steps[step - 1].cell[unit] : 0);
    const told = QUANTITIES.map((quantity) => `${quantity.name} ${decimal(values[quantity.key])}`);
    now.surface.setAttribute("aria-valuetext", `${name()}: ${told.join(", ")}`);
    table.refresh();
  }

  function follow(wanted, forGood) {
    const found = within(wanted, 0, lastUnit());
    if (forGood) {
      resting = found;
      chosen = true;
    }
    if (found === unit) return;
    unit = found;
    drawUnit();
  }

  function press(wanted) {
    follow(wanted, true);
    pressed.textContent = `Unit ${unit}`;
  }

  function open(number) {
    player.pause(); // while there still is the newswire that it plays
    finished = false;
    wire = wires[number];
    steps = readText(network, wire.rows.map(network.vector));
    const answer = largest(steps.at(-1).probabilities);
    const named = [answer, wire.label, ...(wire.owner === null ? [] : [wire.owner])];
    shown = topicsToShow(steps, named);
    if (!chosen) unit = resting = strongestUnit(network, steps.at(-1).hidden, answer);

    const wrong = wire.owner === null ? "." : `, but the text is another wire’s, and that one is about ${topics[wire.owner]}.`;
    outcome.textContent =
      `Label: ${topics[wire.label]}${wrong} The network’s answer: ${topics[answer]}, ` +
      `${percent(steps.at(-1).probabilities[answer])}.`;
    text.replaceChildren();
    wire.words.forEach((one, t) => {
      text.append(element("span", { class: isUnknown(t) ? "ge-word ge-unknown" : "ge-word", "data-step": t }, one), " ");
    });

    const rows = shown.map((topic) => ({ key: `topic-${topic}`, name: topics[topic], signed: false }));
    answers = makeStrips(rows, "ge-answers");
    answersBox.replaceChildren(answers.root);
    answers.draw(
      steps.map(({ probabilities }) => Object.fromEntries(shown.map((t) => [`topic-${t}`, probabilities[t]]))),
    );
    now.surface.setAttribute("aria-valuemax", lastUnit());
    field.max = lastUnit();
    player.reset(steps.length, 0);
    drawUnit();
  }

  select.addEventListener("change", () => open(Number(select.value)));
  text.addEventListener("click", (event) => {
    const span = event.target.closest(".ge-word");
    if (!span) return;
    player.go(Number(span.dataset.step));
    player.focus();
  });

  field.addEventListener("input", () => {
    if (Number.isInteger(field.valueAsNumber)) follow(field.valueAsNumber, true);
  });
  field.addEventListener("change", () => {
    field.value = unit; // also where nothing was typed, or too large a number
  });

  // A mouse that points at a unit follows it for that long; a click, a tap or a key does so for good.
  now.surface.addEventListener("pointermove", (event) => {
    follow(now.place(event).column, event.buttons > 0);
  });
  now.surface.addEventListener("pointerdown", (event) => follow(now.place(event).column, true));
  now.surface.addEventListener("pointerleave", () => follow(resting, false));
  now.surface.addEventListener("keydown", (event) => {
    const moves = {
      ArrowLeft: unit - 1,
      ArrowDown: unit - 1,
      ArrowRight: unit + 1,
      ArrowUp: unit + 1,
      PageDown: unit - 10,
      PageUp: unit + 10,
      Home: 0,
      End: Infinity,
    };
    if (!(event.key in moves) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    follow(moves[event.key], true);
    event.preventDefault();
  });

  for (const box of [followedBox, answersBox]) {
    const point = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      player.go((box === followedBox ? followed : answers).place(event).column);
    };
    box.addEventListener("pointerdown", (event) => {
      if (!event.target.matches(".ge-surface")) return;
      if (event.pointerType !== "touch") event.target.setPointerCapture(event.pointerId); // it may leave the strips
      point(event);
    });
    box.addEventListener("pointermove", (event) => event.target.matches(".ge-surface") && point(event));
    box.addEventListener("click", player.focus);
  }

  const part = (...children) => element("div", { class: "ge-part" }, ...children);
  panel.replaceChildren(
    element("div", { class: "ge-choice" }, element("label", { for: "ge-wire" }, "Newswire"), select),
    facts,
    text,
    player.root,
    status,
    element(
      "div",
      { class: "ge-parts" },
      picker,
      part(nowTitle, now.root),
      part(followedTitle, followedBox),
      part(sumTitle, arithmetic.root),
      part(answersTitle, answersBox),
    ),
    table.root,
  );
  panel.setAttribute("role", "group");
  panel.setAttribute("aria-label", "A network reads a newswire");
  player.listen(panel);
  open(0);
}
