// One step of one unit, written out with its numbers.

import { decimal, element } from "./dom.mjs";

/** Make the two lines; `show(values, before)` fills them, `before` being the cell state one step earlier. */
export function makeArithmetic() {
  const sum = element("p", { class: "ge-sum", "aria-hidden": "true" });
  const product = element("p", { class: "ge-sum", "aria-hidden": "true" });
  const spoken = element("p", { class: "ge-spoken" });
  const root = element("div", { class: "ge-arithmetic" }, sum, product, spoken);

  const term = (key, value, symbol) =>
    element(
      "span",
      { class: `ge-term ge-${key}` },
      element("b", {}, value < 0 && key !== "result" ? `(${decimal(value)})` : decimal(value)),
      element("i", {}, symbol),
    );

  return {
    root,
    show({ input, forget, candidate, output, cell, hidden }, before) {
      sum.replaceChildren(
        term("result", cell, "c"),
        " = ",
        term("forget", forget, "f"),
        " · ",
        term("before", before, "c before"),
        " + ",
        term("input", input, "i"),
        " · ",
        term("candidate", candidate, "c̃"),
      );
      product.replaceChildren(
        term("result", hidden, "h"),
        " = ",
        term("output", output, "o"),
        " · ",
        element("span", { class: "ge-function" }, "tanh"),
        term("after", cell, "c"),
      );
      spoken.textContent =
        `Cell state ${decimal(cell)} = forget gate ${decimal(forget)} times cell state before ${decimal(before)} ` +
        `plus input gate ${decimal(input)} times candidate ${decimal(candidate)}. ` +
        `Hidden state ${decimal(hidden)} = output gate ${decimal(output)} times tanh of ${decimal(cell)}.`;
    },
  };
}
