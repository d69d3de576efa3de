// Parts of tables, and the key that says what marks mean.

import { make } from "./elements.js";

/** One entry of a `nano-key`: a mark, made by the CSS of its class, and what it means. */
export function keyEntry(mark, words, sign = null) {
  return make(
    "span",
    { class: "nano-entry" },
    make("i", { class: mark, text: sign, "aria-hidden": "true" }),
    words,
  );
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
