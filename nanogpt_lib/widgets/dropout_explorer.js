// DropoutExplorer: a share to drop, a mask to draw; weights, sums of rows and their standard deviation follow.
//
// Python has computed every choice beforehand; here one of them is picked and shown.
import { button, slider } from "../kit/browser/controls.js";
import { hint, make, startRoot } from "../kit/browser/elements.js";
import { floats, pieces, rowsOf, saver, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { barCell, headRow, keyEntry } from "../kit/browser/tables.js";
import { fixed } from "../kit/browser/words.js";
import { painter } from "./pictures/canvas.js";
import { cividis, css, inkOn } from "./pictures/colours.js";

const WIDEST = 3.2; // the standard deviation at which a bar is full; row 0 has 3.02 at p = 0.9

// --- pure -----------------------------------------------------------------------------------------

/** One choice's numbers, out of the list of all of them; the order is that of _packed in Python. */
export function unpack(numbers, layout, p, mask) {
  const { shares, masks, line } = layout;
  const size = line.length;
  const share = shares.indexOf(p);
  const choice = share * masks + mask;
  const lengths = [size * size, size, size, size];
  const [cells, sums, means, deviations] = pieces(numbers, choice * (size * size + 3 * size), lengths);
  return { choice, share, cells: rowsOf(cells, size), sums, means, deviations };
}

/** What a place of the table is: "future", "dropped" or "kept". */
export function kind(cell) {
  if (cell < -1.5) return "future";
  return cell < -0.5 ? "dropped" : "kept";
}

// --- the widget -----------------------------------------------------------------------------------

function render({ model, el }) {
  const root = startRoot(
    el,
    "dropout_explorer",
    "Dropout explorer: attention weights and sums of their rows",
  );
  root.classList.add("nano-adapts");
  const save = saver(model);
  const layout = model.get("layout_of");
  const { shares, masks, line } = layout;
  const numbers = floats(model.get("numbers"));
  const repeats = layout.repeats.toLocaleString("en-GB");

  // --- the parts --------------------------------------------------------------------------------
  const shareField = slider({
    label: "p, the share to drop",
    min: 0,
    max: shares.length - 1,
    value: shares.indexOf(model.get("p")),
    format: (at) => String(shares[at]),
    onInput: (at) => save({ p: shares[at] }),
  });
  const again = button({
    label: "Draw again",
    title: `Another mask: the next of ${masks}`,
    onClick: () => save({ mask: (model.get("mask") + 1) % masks }),
  });
  const which = make("span", { class: "dro-which" });
  const said = readout();
  said.root.classList.add("nano-light");

  const grid = line.map((token, t) => {
    const cells = line.map(() => make("td", { class: "dro-cell" }));
    const total = make("td", { class: "nano-number dro-sum" });
    const head = make("th", { scope: "row", text: `${t} ${token}` });
    return { cells, total, row: make("tr", {}, head, ...cells, total) };
  });
  const corner = make("td", { "aria-hidden": "true" });
  const sumHead = make("th", { scope: "col", class: "nano-number", text: "sum" });
  const weights = make(
    "table",
    { class: "nano-table dro-weights" },
    make("caption", { text: "This draw: weights after dropout (query down, key across)" }),
    make(
      "thead",
      {},
      make("tr", {}, corner, ...line.map((token) => make("th", { scope: "col", text: token })), sumHead),
    ),
    make("tbody", {}, ...grid.map(({ row }) => row)),
  );
  const raised = make("span");
  const key = make(
    "p",
    { class: "nano-key" },
    keyEntry("dro-kept", raised),
    keyEntry("dro-dropped", make("span", { text: "dropped" }), "×"),
    keyEntry("dro-future", make("span", { text: "the future, never a weight" })),
  );

  const many = line.map((token, t) => {
    const { cell, fill } = barCell();
    const [mean, deviation, zero] = [0, 1, 2].map(() => make("td", { class: "nano-number" }));
    const head = make("th", { scope: "row", text: `${t} ${token}` });
    return { fill, mean, deviation, zero, row: make("tr", {}, head, mean, cell, deviation, zero) };
  });
  const table = make(
    "table",
    { class: "nano-table dro-many" },
    make("caption", { text: `The sums of the rows over ${repeats} draws` }),
    headRow(
      ["row"],
      ["mean", "nano-number"],
      [null],
      ["standard deviation", "nano-number"],
      ["all zero", "nano-number"],
    ),
    make("tbody", {}, ...many.map(({ row }) => row)),
  );

  root.append(
    make("div", { class: "nano-bar" }, shareField.root, again, which),
    said.root,
    make(
      "div",
      { class: "nano-panels" },
      make("div", { class: "nano-panel" }, weights, key),
      make("div", { class: "nano-panel" }, table),
    ),
    hint(
      `Row t holds t + 1 equal weights. Each draw has its own random numbers (seeds 1 to ${masks}, as ` +
        "my_dropout in this notebook takes them), the same for every p: so a larger p drops more of the same " +
        `draw. Bars end at a standard deviation of ${WIDEST}.`,
    ),
  );

  // --- what happens -----------------------------------------------------------------------------
  function show() {
    const [p, mask] = [model.get("p"), model.get("mask")];
    const state = unpack(numbers, layout, p, mask);
    shareField.set(state.share);
    which.textContent = `draw ${mask + 1} of ${masks}`;
    const words = model.get("words")[state.choice];
    const sums = state.sums.map((sum) => fixed(sum, 2));
    said.say(words, `${words} Draw ${mask + 1}, sums of the rows: ${sums.join(", ")}.`);
    raised.textContent = p === 1 ? "kept (none here)" : `kept, ${layout.kept[state.share]} times as large`;
    grid.forEach(({ cells, total }, t) => {
      cells.forEach((cell, s) => {
        const value = state.cells[t][s];
        const found = kind(value);
        const colour = found === "kept" ? cividis(value) : null; // darkest at 0, lightest at 1 and above
        cell.className = `dro-cell dro-${found}`;
        cell.textContent = { future: "", dropped: "×", kept: fixed(value, 2) }[found];
        cell.style.background = colour ? css(colour) : "";
        cell.style.color = colour ? inkOn(colour) : "";
        if (found === "dropped") cell.setAttribute("aria-label", "dropped");
        else cell.removeAttribute("aria-label");
      });
      total.textContent = sums[t];
      total.classList.toggle("dro-nothing", state.sums[t] === 0);
    });
    many.forEach(({ fill, mean, deviation, zero }, t) => {
      mean.textContent = fixed(state.means[t], 2);
      deviation.textContent = fixed(state.deviations[t], 2);
      zero.textContent = layout.zeros[state.share][t];
      fill.style.width = `${Math.min(100, (100 * state.deviations[t]) / WIDEST)}%`;
    });
    paint();
  }

  const paint = painter(root, () => true); // all is text and CSS, there is nothing left to draw
  const ends = [watch(model, ["p", "mask"], show), paint.stop, said.stop, save.flush];
  show();
  return () => ends.forEach((end) => end());
}

export default { render };
