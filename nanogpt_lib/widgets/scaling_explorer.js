// ScalingExplorer: a head_size and a divisor to choose; scores, weights, entropy and gradients follow.
//
// Python has computed every choice beforehand; here one of them is picked and drawn.
import { button, select, slider } from "../kit/browser/controls.js";
import { hint, make, startRoot } from "../kit/browser/elements.js";
import { floats, pieces, rowsOf, saver, watch } from "../kit/browser/python.js";
import { readout, verdict } from "../kit/browser/said.js";
import { barCell, headRow, keyEntry } from "../kit/browser/tables.js";
import { amount, clamp, fixed } from "../kit/browser/words.js";
import { onTheme, sizeCanvas, themeColours, widePainter } from "./pictures/canvas.js";
import { ticks } from "./pictures/ticks.js";

const BAR = "#0072b2";
const MARK = "#d55e00";
const HEIGHT = 170;
const MARGIN = { left: 10, right: 10, top: 24, bottom: 36 };

// --- pure -----------------------------------------------------------------------------------------

/** One choice's numbers, out of the list of all of them; the order is that of _packed in Python. */
export function unpack(numbers, layout, size, divisor) {
  const { sizes, divisors, measures, bins, examples, keys } = layout;
  const parts = [3, measures.length, bins, examples * keys, examples * keys, examples * 4];
  const length = parts.reduce((sum, part) => sum + part, 0);
  const choice = sizes.indexOf(size) * divisors.length + divisors.findIndex(([name]) => name === divisor);
  const [head, measured, counts, scores, weights, rows] = pieces(numbers, choice * length, parts);
  return {
    choice,
    divisor: head[0],
    outside: head[1],
    spread: head[2],
    measures: measured,
    counts,
    scores: rowsOf(scores, keys),
    weights: rowsOf(weights, keys),
    row_measures: rowsOf(rows, 4),
  };
}

/** The share in words: how much of the scores lies beyond the picture; nothing where none does. */
export function beyond(outside, limit) {
  return outside > 0 ? ` (${amount(100 * outside, 1)} % beyond ±${limit})` : "";
}

/** Where a score lies in a picture of this width, and whether it lies beyond it: −1 left, 1 right, else 0. */
export function placed(score, limit, left, width) {
  const x = left + ((clamp(score, -limit, limit) + limit) / (2 * limit)) * width;
  return { x, beyond: Math.abs(score) > limit ? Math.sign(score) : 0 };
}

// --- the widget -----------------------------------------------------------------------------------

function render({ model, el }) {
  const root = startRoot(el, "scaling_explorer", "Scaling explorer: spread of scores, weights and gradients");
  root.classList.add("nano-adapts");
  const save = saver(model);
  const layout = model.get("layout_of");
  const { sizes, keys, limit } = layout;
  const numbers = floats(model.get("numbers"));
  const drawn = layout.queries.toLocaleString("en-GB");
  let state;

  // --- the parts --------------------------------------------------------------------------------
  const sizeField = slider({
    label: "head_size",
    min: 0,
    max: sizes.length - 1,
    value: sizes.indexOf(model.get("head_size")),
    format: (at) => String(sizes[at]),
    onInput: (at) => save({ head_size: sizes[at] }),
  });
  const divisorField = select({
    label: "scores divided by",
    options: layout.divisors,
    value: model.get("divisor"),
    onChange: (divisor) => save({ divisor }),
  });
  const again = button({
    label: "Draw again",
    title: `Another query with other keys: the next of the first ${layout.examples}`,
    onClick: () => save({ query: (model.get("query") + 1) % layout.examples }),
  });
  const said = readout();
  const light = verdict("div", { sharp: "bad", level: "good", even: "calm" }, said.root);
  light.root.classList.add("nano-roomy");

  const canvas = make("canvas", { role: "img" });
  const scoresTitle = make("p", { class: "nano-title" });
  const whose = make("span");
  const scoresKey = make(
    "p",
    { class: "nano-key" },
    keyEntry("sca-dash", make("span", { text: "one spread from 0" })),
    keyEntry("sca-peak", whose),
  );
  const left = make("div", { class: "nano-panel" }, scoresTitle, canvas, scoresKey);

  const keyRows = Array.from({ length: keys }, (_, key) => {
    const score = make("td", { class: "nano-number" });
    const weight = make("td", { class: "nano-number" });
    const { cell, track, fill } = barCell();
    track.classList.add("sca-equal");
    track.style.setProperty("--sca-equal", `${100 / keys}%`);
    const row = make("tr", {}, make("th", { scope: "row", text: `key ${key}` }), score, cell, weight);
    return { row, score, fill, weight };
  });
  const exampleTitle = make("caption");
  const example = make(
    "table",
    { class: "nano-table" },
    exampleTitle,
    headRow(["key"], ["score", "nano-number"], [null], ["weight", "nano-number"]),
    make("tbody", {}, ...keyRows.map(({ row }) => row)),
  );
  const equal = make("span", { text: `equal shares: ${fixed(1 / keys)}` });
  const exampleKey = make("p", { class: "nano-key" }, keyEntry("sca-dash", equal));

  const measured = layout.measures.map(([words]) => {
    const mean = make("td", { class: "nano-number" });
    const { cell, fill } = barCell();
    const row = make("tr", {}, make("th", { scope: "row", text: words }), cell, mean);
    return { row, mean, fill };
  });
  // The example has one gradient, which stands beside both the median and the mean of all.
  const own = [1, 1, 1, 2].map((rowspan, at) => {
    const cell = make("td", { class: "nano-number sca-own", rowspan });
    measured[at].row.append(cell);
    return cell;
  });
  const measures = make(
    "table",
    { class: "nano-table sca-measures" },
    make("caption", { text: "What it does to the weights and to learning" }),
    headRow(["measure"], [null], [`all ${drawn}`, "nano-number"], ["", "nano-number sca-own"]),
    make("tbody", {}, ...measured.map(({ row }) => row)),
  );
  const ownTitle = measures.querySelector("thead .sca-own");

  root.append(
    make("div", { class: "nano-bar" }, sizeField.root, divisorField.root, again),
    light.root,
    make("div", { class: "nano-panels" }, left, make("div", { class: "nano-panel" }, example, exampleKey)),
    measures,
    hint(
      `${drawn} queries with ${keys} keys each, random numbers of mean 0 and variance 1 (seed ` +
        `${layout.seed}). What stands for all of them is the mean, unless it is called the median. ` +
        `The gradient is that of the weight of key 0; its bars end at ${layout.measures.at(-1)[1]}.`,
    ),
  );

  // --- what happens -----------------------------------------------------------------------------
  function show() {
    const size = model.get("head_size");
    const query = model.get("query");
    state = unpack(numbers, layout, size, model.get("divisor"));
    sizeField.set(sizes.indexOf(size));
    divisorField.set(model.get("divisor"));
    const [kind, words] = model.get("words")[state.choice];
    light.show(kind, layout.signs[kind]);
    const [largest, entropy] = state.row_measures[query].map((value) => amount(value));
    said.say(words, `${words} Query ${query}: largest weight ${largest}, entropy ${entropy}.`);
    scoresTitle.textContent = `Scores that enter the softmax${beyond(state.outside, limit)}`;
    whose.textContent = `the ${keys} scores of query ${query}`;
    exampleTitle.textContent = `One example: query ${query} and its ${keys} keys`;
    ownTitle.textContent = `query ${query}`;
    keyRows.forEach(({ score, fill, weight }, key) => {
      score.textContent = fixed(state.scores[query][key]);
      fill.style.width = `${100 * state.weights[query][key]}%`;
      weight.textContent = amount(state.weights[query][key]);
    });
    measured.forEach(({ mean, fill }, at) => {
      mean.textContent = amount(state.measures[at]);
      fill.style.width = `${100 * clamp(state.measures[at] / layout.measures[at][1], 0, 1)}%`;
    });
    own.forEach((cell, at) => {
      cell.textContent = amount(state.row_measures[query][at]);
    });
    paint();
  }

  const paint = widePainter(root, left, (width) => {
    const colours = themeColours(root);
    const context = sizeCanvas(canvas, width, HEIGHT);
    const inner = width - MARGIN.left - MARGIN.right;
    const floor = HEIGHT - MARGIN.bottom;
    const at = (score) => placed(score, limit, MARGIN.left, inner);
    const most = Math.max(...state.counts);
    const share = amount((100 * most) / (layout.queries * keys), 1);
    context.clearRect(0, 0, width, HEIGHT);
    context.font = `12px ${colours.font}`;
    context.fillStyle = BAR;
    const edge = (index) => Math.round(MARGIN.left + (index * inner) / layout.bins); // else gaps would shimmer
    state.counts.forEach((count, index) => {
      const tall = ((floor - MARGIN.top) * count) / most;
      if (!count) return;
      const high = Math.max(1, tall); // or a bar with few scores in it would be taken for an empty one
      context.fillRect(edge(index), floor - high, edge(index + 1) - edge(index), high);
    });
    context.fillStyle = colours.muted;
    context.fillRect(MARGIN.left, floor, inner, 1);
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const score of ticks(-limit, limit, inner < 260 ? 4 : 7)) {
      context.fillRect(Math.round(at(score).x), floor, 1, 5);
      context.fillText(fixed(score, 0), at(score).x, HEIGHT - 13);
    }
    context.strokeStyle = colours.text;
    context.setLineDash([4, 3]);
    for (const score of [-state.spread, state.spread]) {
      context.beginPath();
      context.moveTo(at(score).x, MARGIN.top - 4);
      context.lineTo(at(score).x, floor);
      context.stroke();
    }
    context.setLineDash([]);
    context.fillStyle = colours.text;
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.fillText(`tallest bar: ${share} %`, MARGIN.left, 9);
    context.textAlign = "right";
    context.fillText(`spread ${amount(state.spread)}`, width - MARGIN.right, 9);
    context.fillStyle = MARK;
    for (const score of state.scores[model.get("query")]) {
      const { x, beyond: side } = at(score);
      context.beginPath();
      if (side) {
        context.moveTo(x + 6 * side, floor + 12);
        context.lineTo(x - 3 * side, floor + 7);
        context.lineTo(x - 3 * side, floor + 17);
      } else {
        context.moveTo(x, floor + 6);
        context.lineTo(x - 4, floor + 17);
        context.lineTo(x + 4, floor + 17);
      }
      context.fill();
    }
    canvas.setAttribute(
      "aria-label",
      `Histogram of the scores from −${limit} to ${limit}: spread ${amount(state.spread)}, ` +
        `${share} % of the scores in the tallest bar${beyond(state.outside, limit)}.`,
    );
  });

  const ends = [
    watch(model, ["head_size", "divisor", "query"], show),
    onTheme(root, paint),
    paint.stop,
    said.stop,
    save.flush,
  ];
  show();
  return () => ends.forEach((end) => end());
}

export default { render };
