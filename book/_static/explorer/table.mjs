// The numbers of a picture as a table, folded away until someone asks for them.

import { decimal, element } from "./dom.mjs";

/**
 * Make the table. `read()` returns `{ caption, head, rows, current }`; the first cell of a row names it, and
 * numbers are written with two decimals. `refresh()` fills the table anew if it is open.
 */
export function makeTable(read) {
  const box = element("div", { class: "ge-scroll", role: "region", tabindex: "0" });
  const root = element("details", { class: "ge-details" }, element("summary", {}, "The numbers as a table"), box);

  function refresh() {
    if (!root.open) return;
    const { caption, head, rows, current } = read();
    const cell = (value) => element("td", {}, typeof value === "number" ? decimal(value) : value);
    const line = ([name, ...values], number) =>
      element(
        "tr",
        { "aria-current": number === current ? "true" : null },
        element("th", { scope: "row" }, name),
        ...values.map(cell),
      );
    box.setAttribute("aria-label", caption);
    box.replaceChildren(
      element(
        "table",
        {},
        element("caption", {}, caption),
        element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
        element("tbody", {}, ...rows.map(line)),
      ),
    );
  }

  root.addEventListener("toggle", refresh);
  return { root, refresh };
}
