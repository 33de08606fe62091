// What both views share: stepping and playing, by buttons, slider and keys.

import { element, enable, makeButton, within } from "./dom.mjs";

const PAUSE = 650; // milliseconds from one step to the next

const MOVES = {
  ArrowLeft: (step) => step - 1,
  ArrowRight: (step) => step + 1,
  Home: () => 0,
  End: () => Infinity,
};

/**
 * Make the controls. `thing` is what one step is called ("word"), `describe(step)` tells a step in words, and
 * `onStep(step)` is called whenever another step is shown. Steps are counted from 0.
 *
 * Nothing plays by itself. While it plays, `status` is silent for screen readers: it would only fall behind.
 */
export function makePlayer({ thing, status, describe, onStep }) {
  const slider = element("input", { type: "range", min: "1", value: "1", "aria-label": thing });
  const back = makeButton("Back", () => go(step - 1));
  const play = makeButton("Play", toggle, { class: "ge-play" });
  const next = makeButton("Next", () => go(step + 1));
  const buttons = element("div", { class: "ge-buttons" }, back, play, next);
  const root = element("div", { class: "ge-player" }, buttons, slider);
  let last = 0;
  let step = 0;
  let timer = null;

  function show(wanted) {
    step = within(wanted, 0, last);
    slider.value = step + 1;
    slider.setAttribute("aria-valuetext", `${step + 1} of ${last + 1}: ${describe(step)}`);
    enable(back, step > 0);
    enable(next, step < last);
    onStep(step);
  }

  function pause() {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
    root.removeAttribute("data-playing");
    status.setAttribute("aria-live", "polite");
    onStep(step); // told once more, now that it is heard
  }

  function start() {
    status.setAttribute("aria-live", "off");
    play.textContent = "Pause";
    root.setAttribute("data-playing", "");
    timer = setInterval(() => {
      show(step + 1);
      if (step === last) pause();
    }, PAUSE);
    show(step === last ? 0 : step);
  }

  function go(wanted) {
    pause();
    show(wanted);
  }

  function toggle() {
    if (timer === null) start();
    else pause();
  }

  slider.addEventListener("input", () => go(slider.valueAsNumber - 1));

  return {
    root,
    go,
    pause,
    /** After a click on something that takes no focus: otherwise the keys would be dead. */
    focus() {
      slider.focus({ preventScroll: true });
    },
    /** Begin anew with so many steps, at one of them. */
    reset(steps, at) {
      pause();
      last = steps - 1;
      slider.max = steps;
      show(at);
    },
    /** Handle keys inside `panel`; controls that have a use of their own for a key keep it. */
    listen(panel) {
      panel.addEventListener("keydown", (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
        const at = event.target;
        const keepsKeys = "select, summary, .ge-scroll, input:is([type=radio], [type=checkbox], [type=number])";
        if (at.matches(keepsKeys)) return;
        const isButton = at.matches("button");
        const isSlider = at.matches("input[type=range]");
        if (event.key === " " && !isButton) toggle();
        else if (MOVES[event.key] && !isSlider) go(MOVES[event.key](step));
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
    },
  };
}
