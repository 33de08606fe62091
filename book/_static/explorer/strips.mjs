// The one kind of picture in the explorer: rows of bars, one below the other, that share their columns.
// A column is a unit, a word or a step. One column is marked, and one can point at columns.

import { decimal, element, svgElement, within } from "./dom.mjs";

/** The rows of an LSTM, in the order in which they are computed. `key` is the name in lstm.mjs. */
export const QUANTITIES = [
  { key: "input", name: "input gate", symbol: "i", signed: false },
  { key: "forget", name: "forget gate", symbol: "f", signed: false },
  { key: "candidate", name: "candidate", symbol: "c̃", signed: true },
  { key: "output", name: "output gate", symbol: "o", signed: false },
  { key: "cell", name: "cell state", symbol: "c", signed: true },
  { key: "hidden", name: "hidden state", symbol: "h", signed: true },
];

/** Return the whole number, 1 or more, that the bars of a row must reach. */
export function reachOf(values) {
  return values.reduce((reach, value) => Math.max(reach, Math.ceil(Math.abs(value) - 1e-9)), 1);
}

/**
 * Make strips for `rows`, each `{ key, name, symbol, signed }`; a row without a symbol has no colour of its own.
 *
 * Returns `root`, the element; `surface`, the element that lies over the bars, to point at and to focus;
 * `draw(columns, reaches)`, where `columns` holds an object of numbers by key for each column; `mark(column)`;
 * `fade(column, hidden)`, which pales the columns after it, or hides them; `write(texts)`, at the end of the rows;
 * `place(event)`, the column and row under a pointer.
 */
export function makeStrips(rows, className = "") {
  const band = element("div", { class: "ge-band" });
  const surface = element("div", { class: "ge-surface" });
  const plot = element("div", { class: "ge-plot" }, band);
  const labels = element("div", { class: "ge-labels", "aria-hidden": "true" });
  const texts = element("div", { class: "ge-numbers", "aria-hidden": "true" });
  const reachTexts = {};
  const drawings = rows.map((row) => {
    const label = element("div", {}, row.name);
    if (row.symbol) {
      label.prepend(element("span", { class: `ge-swatch ge-${row.key}` }));
      label.append(" ", element("i", {}, row.symbol));
    }
    reachTexts[row.key] = element("span", { class: "ge-reach" });
    label.append(reachTexts[row.key]);
    labels.append(label);
    texts.append(element("div"));
    const drawing = svgElement("svg", {
      class: `ge-strip ge-${row.key}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
      focusable: "false",
    });
    plot.append(drawing);
    return drawing;
  });
  plot.append(surface);
  const root = element("div", { class: `ge-strips ${className}` }, labels, plot);
  if (!className.includes("ge-plain")) root.append(texts);
  let count = 0;
  let bars = [];

  function prepare(columns) {
    count = columns;
    plot.style.setProperty("--ge-columns", columns);
    bars = drawings.map((drawing, k) => {
      const made = Array.from({ length: columns }, (_, column) =>
        svgElement("rect", { x: column + 0.12, width: 0.76, y: 0, height: 0 }),
      );
      drawing.setAttribute("viewBox", rows[k].signed ? `0 -1 ${columns} 2` : `0 0 ${columns} 1`);
      const zero = rows[k].signed ? 0 : 1;
      const axis = svgElement("line", { x1: 0, x2: columns, y1: zero, y2: zero });
      drawing.replaceChildren(axis, ...made);
      return made;
    });
  }

  return {
    root,
    surface,
    draw(columns, reaches = {}) {
      if (columns.length !== count) prepare(columns.length);
      rows.forEach(({ key, signed }, k) => {
        const reach = reaches[key] ?? 1;
        reachTexts[key].textContent = reach > 1 ? ` ±${reach}` : "";
        columns.forEach((values, column) => {
          const height = within(Math.abs(values[key]) / reach, 0, 1);
          const top = signed ? (values[key] > 0 ? -height : 0) : 1 - height;
          bars[k][column].setAttribute("y", top.toFixed(4));
          bars[k][column].setAttribute("height", height.toFixed(4));
        });
      });
    },
    mark(column) {
      plot.style.setProperty("--ge-column", column);
    },
    fade(last, hidden = false) {
      plot.classList.toggle("ge-covered", hidden);
      bars.forEach((row) => row.forEach((bar, column) => bar.classList.toggle("ge-ahead", column > last)));
    },
    write(values) {
      values.forEach((value, k) => {
        texts.children[k].textContent = typeof value === "number" ? decimal(value) : value;
      });
    },
    place(event) {
      const box = surface.getBoundingClientRect();
      const across = (event.clientX - box.left) / box.width;
      const down = ((event.clientY - box.top) / box.height) * rows.length;
      const row = within(Math.floor(down), 0, rows.length - 1);
      return {
        column: within(Math.floor(across * count), 0, count - 1),
        key: rows[row].key,
        height: within(1 - (down - row), 0, 1), // from the lower end of the strip to the upper one
      };
    },
  };
}
