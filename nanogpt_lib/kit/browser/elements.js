// The elements of a page: how one is made, the widget's outermost one, and the marks that tests read.

// Each widget on a page has its own copy of this module, so counting alone would give two elements one id,
// and the radio buttons of two widgets one name.
const stamp = Math.random().toString(36).slice(2, 8);
let made = 0;

/** An id that no other element has. */
export function newId(stem) {
  made += 1;
  return `nano-${stem}-${stamp}-${made}`;
}

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

/** What can be done here, in small letters below all else. */
export const hint = (...words) => make("p", { class: "nano-hint" }, ...words);

/** Folds side by side, and a few words beside them; one that is opened takes the whole width. */
export const foldRow = (...folds) => make("div", { class: "nano-folds" }, ...folds);

/** Details behind a fold, closed at first. */
export const fold = (summary, ...inside) =>
  make("details", { class: "nano-fold" }, make("summary", { text: summary }), ...inside);

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
