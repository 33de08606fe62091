// One step of one unit, written out with its numbers.

import { decimal, element } from "./dom.mjs";

/**
 * Make the two sums; `show(values, before)` fills them, `before` being the cell state one step earlier.
 *
 * The first always takes two lines. Where it breaks, and what stands below, would else move with the numbers.
 */
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

  const together = (...parts) => element("span", { class: "ge-together" }, ...parts);

  return {
    root,
    show({ input, forget, candidate, output, cell, hidden }, before) {
      sum.replaceChildren(
        term("result", cell, "c"),
        " = ",
        together(term("forget", forget, "f"), " · ", term("before", before, "c before")),
        together("+ ", term("input", input, "i"), " · ", term("candidate", candidate, "c̃")),
      );
      product.replaceChildren(
        term("result", hidden, "h"),
        " = ",
        together(term("output", output, "o"), " · tanh ", term("after", cell, "c")),
      );
      spoken.textContent =
        `Cell state ${decimal(cell)} = forget gate ${decimal(forget)} times cell state before ${decimal(before)} ` +
        `plus input gate ${decimal(input)} times candidate ${decimal(candidate)}. ` +
        `Hidden state ${decimal(hidden)} = output gate ${decimal(output)} times tanh of ${decimal(cell)}.`;
    },
  };
}
