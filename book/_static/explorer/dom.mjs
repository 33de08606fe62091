// Small helpers to make elements and to write numbers.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element. An attribute that is null or false is left out, one that is true is set without a value. */
export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** Make an element of a drawing. */
export function svgElement(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** Make a button. `press()` is called unless it is switched off with `enable`. */
export function makeButton(text, press, attributes = {}) {
  const button = element("button", { type: "button", ...attributes }, text);
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") !== "true") press();
  });
  return button;
}

/** Switch a button on or off. Unlike one that is `disabled`, it keeps the focus, and so its panel the keys. */
export function enable(button, on) {
  button.setAttribute("aria-disabled", String(!on));
}

/** Write a number with two decimals and a proper minus; never "−0.00". */
export function decimal(value) {
  const text = Math.abs(value).toFixed(2);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Write a probability as a whole percentage. */
export function percent(probability) {
  if (probability > 0 && probability < 0.005) return "<1\u00a0%";
  if (probability < 1 && probability >= 0.995) return ">99\u00a0%";
  return `${Math.round(100 * probability)}\u00a0%`;
}

/** Keep a number between two others. */
export function within(value, least, most) {
  return Math.min(most, Math.max(least, value));
}
