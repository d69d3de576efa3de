// What is turned, typed, ticked and pressed: each control with its label, and the keys that move in a grid.

import { make, newId, put } from "./elements.js";
import { clamp } from "./words.js";

function labelled(kind, label, input, extra = null) {
  input.id = newId(kind);
  const root = make(
    "div",
    { class: `nano-field nano-${kind}` },
    make("label", { for: input.id, text: label }),
    input,
    extra,
  );
  return { root, input };
}

/** A slider with its label and its value in words. `format` makes the words; `onInput` gets the number. */
export function slider({ label, min, max, step = 1, value, format = String, onInput }) {
  const input = make("input", { type: "range", min, max, step });
  const shown = make("output", { class: "nano-value" });
  const field = labelled("slider", label, input, shown);
  const set = (now) => {
    const words = format(Number(now));
    input.value = String(now);
    put(shown, words);
    input.setAttribute("aria-valuetext", words);
  };
  input.addEventListener("input", () => {
    set(input.value);
    onInput(Number(input.value));
  });
  shown.setAttribute("for", input.id);
  set(value);
  return { ...field, set };
}

/** A drop-down list; `options` are [value, words] pairs of text. */
export function select({ label, options, value, onChange }) {
  const input = make(
    "select",
    {},
    ...options.map(([key, words]) => make("option", { value: key, text: words })),
  );
  const field = labelled("select", label, input);
  const set = (now) => {
    input.value = String(now);
  };
  input.addEventListener("change", () => onChange(input.value));
  set(value);
  return { ...field, set };
}

export function checkbox({ label, value, onChange }) {
  const input = make("input", { type: "checkbox" });
  const field = labelled("checkbox", label, input);
  field.root.prepend(input); // the box comes before its words
  const set = (now) => {
    input.checked = Boolean(now);
  };
  input.addEventListener("change", () => onChange(input.checked));
  set(value);
  return { ...field, set };
}

/** What is ticked after this box was turned on or off, in the order of all names. */
export function toggled(all, chosen, name, on) {
  return all.filter((one) => (one === name ? on : chosen.includes(one)));
}

/** One line of text, or several with `rows`. */
export function textField({ label, value, onInput, rows = 0, placeholder = null, maxlength = null }) {
  const input = rows
    ? make("textarea", { rows, placeholder, maxlength, spellcheck: "false" })
    : make("input", { type: "text", placeholder, maxlength, spellcheck: "false", autocomplete: "off" });
  const field = labelled("text", label, input);
  const set = (now) => {
    if (input.value !== now) input.value = now; // setting an equal value would move the caret
  };
  input.addEventListener("input", () => onInput(input.value));
  set(value);
  return { ...field, set };
}

export function button({ label, onClick, title = null }) {
  return make("button", { type: "button", class: "nano-button", text: label, title, on: { click: onClick } });
}

/** A set of buttons of which one is chosen; arrow keys move the choice. `options`: [value, words] pairs. */
export function choice({ label, options, value, onChange }) {
  const name = newId("choice");
  const inputs = options.map(([key]) => make("input", { type: "radio", name, value: key }));
  const root = make(
    "div",
    { class: "nano-field nano-choice", role: "radiogroup", "aria-label": label },
    make("span", { class: "nano-caption", text: label, "aria-hidden": "true" }),
    ...options.map(([, words], at) => make("label", {}, inputs[at], make("span", { text: words }))),
  );
  const set = (now) => {
    for (const input of inputs) input.checked = input.value === String(now);
  };
  for (const input of inputs) input.addEventListener("change", () => input.checked && onChange(input.value));
  set(value);
  return { root, inputs, set };
}

/** Where an arrow key, Home or End leads in a grid; null for any other key. Stops at the edges. */
export function moved(key, [row, column], [rows, columns]) {
  const to = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [row, 0],
    End: [row, columns - 1],
    PageUp: [0, column],
    PageDown: [rows - 1, column],
  }[key];
  return to ? [clamp(to[0], 0, rows - 1), clamp(to[1], 0, columns - 1)] : null;
}
