// What every widget shares: colours, elements with labels, keys, canvases, saving, marks for tests.
//
// base.py puts this file in front of each widget's own: the browser gets one module and fetches nothing.
// The first half is pure and tested in node; the second half needs a document.

// --- pure -----------------------------------------------------------------------------------------

const samples = (hex) => hex.match(/../g).map((pair) => parseInt(pair, 16));

/** matplotlib's cividis at 33 equal steps: dark blue is 0, yellow is 1. */
const CIVIDIS = samples(
  "00224e00285b002e6a0533711a386f273e6e32436d3b496c434e6c4b546c535a6d5a5f6e61656f686a716f70737676767d7c78" +
    "8482798c8878938e789b9476a39a74aba072b4a76fbcae6cc4b468cdbb63d5c25edec958e7d150f0d846f9e03afee838",
);

/** ColorBrewer's RdBu turned round, as style.SIGNED: blue is negative, near-white is 0, red is positive. */
const RED_BLUE = samples("0530612166ac4393c392c5ded1e5f0f7f7f7fddbc7f4a582d6604db2182b67001f");

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** The colour [r, g, b] at place 0..1 of a list of samples, with straight lines between them. */
function between(list, place) {
  const last = list.length / 3 - 1;
  const at = clamp(place, 0, 1) * last;
  const left = Math.min(Math.floor(at), last - 1);
  return [0, 1, 2].map((channel) => {
    const low = list[3 * left + channel];
    return Math.round(low + (at - left) * (list[3 * left + 3 + channel] - low));
  });
}

/** A magnitude 0..1 as [r, g, b]. */
export function cividis(value) {
  return between(CIVIDIS, value);
}

/** A signed value as [r, g, b]; limit is the magnitude at both ends, so 0 is always the middle. */
export function signed(value, limit) {
  return between(RED_BLUE, limit > 0 ? 0.5 + value / (2 * limit) : 0.5);
}

export function css([red, green, blue]) {
  return `rgb(${red}, ${green}, ${blue})`;
}

/** Black or white, whichever can be read better on this colour (WCAG relative luminance). */
export function inkOn(colour) {
  const [red, green, blue] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

const SIGNS = { " ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍" };

/** A token as it can be seen in a label: each character as style.visible in Python makes it. */
export function visible(token) {
  return Array.from(token, (char) => {
    if (SIGNS[char]) return SIGNS[char];
    const hidden = /[\p{C}\p{Z}]/u.test(char);
    return hidden ? `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}` : char;
  }).join("");
}

/** The character in words, for a screen reader, which may skip a sign. */
export function spoken(token) {
  return { " ": "space", "\n": "newline", "\t": "tab" }[token] ?? visible(token);
}

/** A number as base.number writes it in Python: fixed decimals, halves away from zero, a true minus sign. */
export function fixed(value, digits = 3) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = (Math.abs(value) + 1e-6).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Calls at once, then at most every `wait` milliseconds, always ending with the newest arguments. */
export function throttle(call, wait) {
  let timer = null;
  let pending = null;
  const tick = () => {
    timer = null;
    if (pending) run(...pending);
  };
  const run = (...args) => {
    if (timer !== null) {
      pending = args;
      return;
    }
    pending = null;
    timer = setTimeout(tick, wait);
    call(...args);
  };
  run.flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (pending) {
      const args = pending;
      pending = null;
      call(...args);
    }
  };
  return run;
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

// --- elements -------------------------------------------------------------------------------------

// Each widget on a page has its own copy of this module, so counting alone would give two elements one id,
// and the radio buttons of two widgets one name.
const stamp = Math.random().toString(36).slice(2, 8);
let made = 0;

/** An id that no other element has. */
export const newId = (stem) => `nano-${stem}-${stamp}-${(made += 1)}`;

/**
 * An element. `props`: `class`, `text` (shown as text, whatever it holds), `on` (event name -> handler),
 * `style` (CSS variable or property -> value); all else becomes an attribute, unless it is false or null.
 */
export function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "text") element.textContent = value;
    else if (key === "on")
      for (const [name, handler] of Object.entries(value)) element.addEventListener(name, handler);
    else if (key === "style")
      for (const [name, entry] of Object.entries(value)) element.style.setProperty(name, entry);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** The text of an element, put there only if it is another one: what stays need not be laid out anew. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * The widget's outermost element, already in `el`. Keys pressed in it stay in it: JupyterLab would
 * otherwise take letters and arrows as its own commands.
 */
export function startRoot(el, name, label) {
  const root = make("div", {
    class: "nano-widget",
    "data-widget": name,
    "data-drawn": "0",
    role: "group",
    "aria-label": label,
  });
  for (const kind of ["keydown", "keyup", "keypress"])
    root.addEventListener(kind, (event) => event.stopPropagation());
  el.append(root);
  return root;
}

/** Says to tests that one more picture is finished; they read `data-drawn`. */
export function markDrawn(root) {
  root.dataset.drawn = String(Number(root.dataset.drawn) + 1);
}

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

/**
 * A sentence that is seen at once, and read aloud when it has rested for a moment: a screen reader that
 * hears every step of a sweep hears nothing.
 */
export function readout() {
  const shown = make("span", { class: "nano-said", "aria-hidden": "true" });
  const aloud = make("span", { class: "nano-hidden", role: "status", "aria-live": "polite" });
  const root = make("p", { class: "nano-readout" }, shown, aloud);
  let timer = null;
  const say = (text, words = text) => {
    put(shown, text);
    clearTimeout(timer);
    timer = setTimeout(() => (aloud.textContent = words), 250);
  };
  return { root, say, stop: () => clearTimeout(timer) };
}

/** One entry of a `nano-key`: a mark, made by the CSS of its class, and what it means. */
export function keyEntry(mark, words, sign = null) {
  return make("span", { class: "nano-entry" }, make("i", { class: mark, text: sign, "aria-hidden": "true" }), words);
}

/** The head of a table; a head is [words, class]. One without words is a column of bars, which are not read. */
export function headRow(...heads) {
  const cells = heads.map(([text, kind = null]) =>
    text === null
      ? make("td", { class: "nano-long", "aria-hidden": "true" })
      : make("th", { scope: "col", text, class: kind }),
  );
  return make("thead", {}, make("tr", {}, ...cells));
}

/** A table's cell with a bar in it; the number beside it says the same, so it is not read. */
export function barCell() {
  const fill = make("div", { class: "nano-fill" });
  const track = make("div", { class: "nano-track" }, fill);
  return { cell: make("td", { class: "nano-long", "aria-hidden": "true" }, track), track, fill };
}

// --- drawing --------------------------------------------------------------------------------------

/** Gives a canvas its size in CSS pixels, sharp on every screen; returns a context that draws in them. */
export function sizeCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** The theme's colours as a canvas needs them, read from the variables that common.css defines. */
export function themeColours(root) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(`--nano-${name}`).trim();
  return {
    text: read("text"),
    muted: read("muted"),
    back: read("back"),
    panel: read("panel"),
    line: read("line"),
    accent: read("accent"),
    font: style.fontFamily,
  };
}

/**
 * Calls when the page's theme has changed; returns what ends that. JupyterLab and VS Code note theirs on the
 * body. Elsewhere the transition of the text colour tells; in JupyterLab it may not, since the whole page is
 * hidden for a moment, which ends transitions.
 */
export function onTheme(root, call) {
  const sentinel = make("span", { class: "nano-sentinel", "aria-hidden": "true" });
  let timer = null;
  const rest = () => {
    clearTimeout(timer);
    timer = setTimeout(call, 60);
  };
  for (const kind of ["transitionrun", "transitionend"]) sentinel.addEventListener(kind, rest);
  const notes = new MutationObserver(rest);
  const attributeFilter = ["data-jp-theme-name", "data-jp-theme-light", "data-vscode-theme-kind"];
  notes.observe(document.body, { attributeFilter });
  root.append(sentinel);
  return () => {
    clearTimeout(timer);
    notes.disconnect();
    sentinel.remove();
  };
}

/**
 * Runs `draw` once before the next frame, however often it is asked, then counts the picture; a draw that
 * returns false had nothing to draw on yet.
 */
export function painter(root, draw) {
  let frame = null;
  const finish = () => draw() !== false && markDrawn(root);
  const paint = () => {
    if (frame !== null) return;
    frame = requestAnimationFrame(() => {
      frame = null;
      finish();
    });
  };
  paint.now = () => {
    if (frame !== null) cancelAnimationFrame(frame);
    frame = null;
    finish();
  };
  paint.stop = () => frame !== null && cancelAnimationFrame(frame);
  return paint;
}

/**
 * A painter of pictures that are as wide as a box: `draw` gets the width, in whole pixels, and is called anew
 * when it has changed. While the box is out of view there is nothing to draw on.
 */
export function widePainter(root, box, draw) {
  let width = 0;
  const paint = painter(root, () => {
    const room = Math.floor(box.clientWidth);
    if (!room) return false;
    width = room;
    draw(width);
    return true;
  });
  const sized = new ResizeObserver(() => Math.floor(box.clientWidth) !== width && paint.now());
  sized.observe(box);
  const { stop } = paint;
  paint.stop = () => {
    sized.disconnect();
    stop();
  };
  return paint;
}

// --- the model in Python --------------------------------------------------------------------------

/** A function that sets traits and tells Python, a few times a second at most while a key is held. */
export function saver(model, wait = 80) {
  const send = throttle(() => model.save_changes(), wait);
  const save = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    send();
  };
  save.flush = send.flush;
  return save;
}

/**
 * A function that sends Python a question and says whether it could be sent. `silent` is called when it could
 * not, and when nothing came back in `patience` milliseconds: `answered()` ends the waiting.
 */
export function asker(model, patience, silent) {
  let late = null;
  const ask = (content) => {
    clearTimeout(late);
    late = setTimeout(silent, patience);
    try {
      model.send(content);
      return true;
    } catch (error) {
      console.warn(error); // a closed channel throws; its words are for developers
      clearTimeout(late);
      silent();
      return false;
    }
  };
  ask.answered = () => clearTimeout(late);
  return ask;
}

/** Calls when one of the traits changes, here or in Python; returns what ends that. */
export function watch(model, names, call) {
  for (const name of names) model.on(`change:${name}`, call);
  return () => {
    for (const name of names) model.off(`change:${name}`, call);
  };
}

/** The bytes of a Bytes trait as floats, copied so that they start where a Float32Array may. */
export function floats(view) {
  if (!view || !view.byteLength) return new Float32Array(0);
  const bytes = new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);
  return new Float32Array(bytes.slice().buffer);
}
