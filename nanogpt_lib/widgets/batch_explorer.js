import { button, slider } from "../kit/browser/controls.js";
import { make, markDrawn, startRoot } from "../kit/browser/elements.js";
import { NO_ANSWER, patience, saver, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { headRow } from "../kit/browser/tables.js";
import { clamp, grouped, isolated, spoken, visible } from "../kit/browser/words.js";

/** Every example of the block at `at` of a list of characters: what is seen, and what comes next. */
export function examplesOf(chars, at, T) {
  return Array.from({ length: T }, (_, t) => ({
    t,
    context: chars.slice(at, at + t + 1).join(""),
    target: chars[at + t + 1],
  }));
}

/** The last offset with a whole block and the character after it. */
export function lastOffset(length, T) {
  return Math.max(0, length - T - 1);
}

/** Whether a passage holds this block and its last target. */
export function holds(start, count, offset, T) {
  return start <= offset && offset + T < start + count;
}

const AROUND = 160; // characters beside the block; wider than any screen shows
const PATIENCE = 4000; // milliseconds until the widget says that Python does not answer

function render({ model, el }) {
  const root = startRoot(el, "batch_explorer", "Batch explorer: a block of the text and its examples");
  const save = saver(model, 40);
  const ids = new Map(Array.from(model.get("vocabulary"), (char, id) => [char, id]));
  const length = model.get("length");
  const said = readout();
  let offset = model.get("offset");
  let T = model.get("block_size");
  let passage = { start: 0, chars: [] };
  const waiting = patience(() => said.say(NO_ANSWER), PATIENCE);

  const read = () => {
    const { start = 0, text = "" } = model.get("passage");
    passage = { start, chars: Array.from(text) }; // characters, and not halves of them
  };

  // --- the parts --------------------------------------------------------------------------------
  const place = slider({
    label: "offset",
    min: 0,
    max: lastOffset(length, T),
    value: offset,
    format: grouped,
    onInput: (value) => go(value),
  });
  place.root.classList.add("nano-wide");
  const size = slider({
    label: "block_size",
    min: 1,
    max: model.get("longest_block"),
    value: T,
    onInput: (value) => resize(value),
  });
  const map = make("div", { class: "nano-places", "aria-hidden": "true" });
  const tape = make("div", { class: "nano-tape", role: "img" });
  const body = make("tbody");
  const caption = make("caption");
  const table = make(
    "table",
    { class: "nano-examples" },
    caption,
    headRow(...["t", "context", "target", "id"].map((text) => [text])),
    body,
  );
  const draw = button({ label: `Draw a batch of ${model.get("batch").length}`, onClick: () => ask() });
  const counted = make("span", { class: "nano-counted" });
  const rows = make("div", { class: "nano-rows", role: "group", "aria-label": "rows of the batch" });
  root.append(
    make("div", { class: "nano-bar" }, place.root, size.root),
    map,
    tape,
    said.root,
    make(
      "div",
      { class: "nano-two" },
      make(
        "div",
        { class: "nano-scroll", tabindex: "0", role: "region", "aria-label": "examples of the block" },
        table,
      ),
      make("div", { class: "nano-batch" }, make("div", { class: "nano-bar" }, draw, counted), rows),
    ),
  );

  // --- what happens -----------------------------------------------------------------------------
  function go(to) {
    offset = clamp(Math.round(to), 0, lastOffset(length, T));
    save({ offset });
    show();
  }
  function resize(to) {
    T = to;
    offset = clamp(offset, 0, lastOffset(length, T));
    save({ block_size: T, offset });
    showBatch();
    show();
  }
  function ask() {
    save({ draws: model.get("draws") + 1 });
    waiting.start();
  }

  const piece = (name, text, at) => make("span", { class: name, text, "data-at": at });
  const cell = (name, text, row, column) =>
    make("span", { class: name, text, style: { "grid-area": `${row} / ${column}` } });
  function showTape(at) {
    const { chars, start } = passage;
    const left = Math.max(0, at - AROUND);
    const before = chars
      .slice(left, at)
      .map((char, i) => piece("", char === "\n" ? "⏎" : char, start + left + i));
    const after = chars.slice(at + T + 1, at + T + 1 + AROUND);
    const block = chars.slice(at, at + T + 1);
    tape.replaceChildren(
      make(
        "div",
        { class: "nano-before" },
        offset === 0 ? make("em", { text: "the text begins " }) : null,
        ...before,
      ),
      make(
        "div",
        { class: "nano-block", style: { "--chars": T + 1 } },
        ...block.map((char, i) => piece("", visible(char), offset + i)),
        cell("nano-name", "x", 2, 1),
        ...block.slice(0, T).map((char, i) => cell("nano-x", visible(char), 2, i + 1)),
        cell("nano-name", "y", 3, 1),
        ...block.slice(1).map((char, i) => cell("nano-y", visible(char), 3, i + 2)),
      ),
      make(
        "div",
        { class: "nano-after" },
        ...after.map((char, i) => piece("", char === "\n" ? "⏎" : char, offset + T + 1 + i)),
        offset === lastOffset(length, T) ? make("em", { text: " the text ends" }) : null,
      ),
    );
    tape.setAttribute(
      "aria-label",
      `x is ${block.slice(0, T).map(visible).join("")}, y is ${block.slice(1).map(visible).join("")}`,
    );
  }

  function showMap() {
    const tick = (name, at) =>
      make("i", { class: name, style: { left: `${(100 * at) / Math.max(1, length - 1)}%` } });
    map.replaceChildren(
      ...model.get("batch").map((row) => tick("nano-drawn", row.offset)),
      tick("nano-here", offset),
    );
  }

  function show() {
    place.input.max = String(lastOffset(length, T));
    place.set(offset);
    size.set(T);
    for (const row of rows.children)
      row.setAttribute("aria-pressed", String(Number(row.dataset.offset) === offset));
    showMap();
    if (!holds(passage.start, passage.chars.length, offset, T)) {
      root.classList.add("nano-waiting"); // what is shown belongs to another offset
      waiting.start(); // Python was told this one, and sends that part of the text
      return;
    }
    waiting.end();
    root.classList.remove("nano-waiting");
    const at = offset - passage.start;
    showTape(at);
    const examples = examplesOf(passage.chars, at, T);
    caption.textContent = T === 1 ? "1 example in this block" : `${T} examples in this block`;
    body.replaceChildren(
      ...examples.map(({ t, context, target }) =>
        make(
          "tr",
          {},
          make("th", { scope: "row", text: t }),
          make("td", { class: "nano-context", text: visible(context) }),
          make("td", { class: "nano-target", text: visible(target) }),
          make("td", { class: "nano-id", text: ids.get(target) }),
        ),
      ),
    );
    const last = examples[T - 1];
    said.say(
      `t = ${T - 1}: after “${isolated(visible(last.context))}” comes “${isolated(visible(last.target))}”, id ${ids.get(last.target)}.`,
      `offset ${grouped(offset)}, ${caption.textContent}; the longest context is ${visible(last.context)}, its target ${spoken(last.target)}`,
    );
    markDrawn(root);
  }

  function showBatch() {
    const batch = model.get("batch");
    const B = batch.length;
    counted.textContent = `Batch ${model.get("batch_number")}: ${B} × ${T} = ${grouped(B * T)} examples. Python draws it: get_batch with seed ${model.get("seed")}.`;
    const had = document.activeElement;
    const kept = Array.from(rows.children).indexOf(had);
    rows.replaceChildren(
      ...batch.map((row, b) => {
        const chars = Array.from(row.text).slice(0, T + 1);
        const words = (list) => list.map(visible).join("");
        return make(
          "button",
          {
            type: "button",
            class: "nano-row",
            "data-offset": row.offset,
            "aria-pressed": String(row.offset === offset),
            title: `Move the block to offset ${grouped(row.offset)}`,
            on: { click: () => go(row.offset) },
          },
          make("span", { class: "nano-b", text: `b = ${b}` }),
          make(
            "span",
            { class: "nano-pair" },
            make("b", { text: "x " }),
            make("span", { class: "nano-x", text: words(chars.slice(0, T)) }),
          ),
          make("span", { class: "nano-offset", text: grouped(row.offset) }),
          make(
            "span",
            { class: "nano-pair" },
            make("b", { text: "y " }),
            make("span", { class: "nano-y", text: words(chars.slice(1)) }),
          ),
        );
      }),
    );
    if (kept >= 0) rows.children[Math.min(kept, B - 1)].focus();
    showMap();
  }

  tape.addEventListener("click", (event) => {
    const at = event.target.closest("[data-at]");
    if (at) go(Number(at.dataset.at));
  });
  const unwatch = [
    watch(model, ["passage"], () => {
      read();
      show();
    }),
    watch(model, ["batch", "batch_number"], () => {
      waiting.end();
      showBatch();
      markDrawn(root);
    }),
    watch(model, ["offset", "block_size"], () => {
      if (model.get("offset") === offset && model.get("block_size") === T) return;
      offset = model.get("offset");
      T = model.get("block_size");
      showBatch();
      show();
    }),
  ];
  read();
  showBatch();
  show();
  return () => {
    unwatch.forEach((end) => end());
    waiting.end();
    said.stop();
    save.flush();
  };
}

export default { render };
