// DepthExplorer: layers, bypass, start and norm to choose; spread forwards and gradient backwards follow.
//
// Python has computed every choice beforehand; here one of them is picked and drawn.
import { checkbox, select, slider } from "../kit/browser/controls.js";
import { fold, hint, make, startRoot } from "../kit/browser/elements.js";
import { floats, pieces, saver, watch } from "../kit/browser/python.js";
import { readout, verdict } from "../kit/browser/said.js";
import { headRow, keyEntry } from "../kit/browser/tables.js";
import { clamp } from "../kit/browser/words.js";
import { onTheme, themeColours, widePainter } from "./pictures/canvas.js";
import { dot, frame } from "./pictures/chart.js";
import { ticks } from "./pictures/ticks.js";

const COLOURS = ["#0072b2", "#d55e00", "#009e73"]; // spread, between inputs, gradient
const DASHES = [[], [5, 4], []];
const SHAPES = ["circle", "square", "circle"];
const HEIGHT = 220;
const MARGIN = { left: 50, right: 12, top: 10, bottom: 40 };

// --- pure -----------------------------------------------------------------------------------------

/** One choice's numbers, out of the list of all of them; the order is that of the states in Python. */
export function unpack(numbers, layout, { init, residual, norm, n_layer }) {
  const { inits, deepest } = layout;
  const stack = 4 * inits.findIndex(([name]) => name === init) + 2 * Number(residual) + Number(norm);
  const places = n_layer + 1;
  const before = ((n_layer - 1) * (n_layer + 2)) / 2; // places of all the shallower ones
  const start = 3 * (stack * ((deepest * (deepest + 3)) / 2) + before);
  const [spread, between, gradient] = pieces(numbers, start, [places, places, places]);
  return { choice: stack * deepest + n_layer - 1, spread, between, gradient };
}

const tooSmall = (value) => value <= 1.000001e-12;

/** A positive number in two digits, as `brief` in Python writes it. */
export function brief(value) {
  if (tooSmall(value)) return "<1e-12";
  const text = (value * 1.000001).toExponential(1);
  const [digits, power] = text.split("e");
  if (power >= -3 && power <= 3) return Number(text).toFixed(Math.max(0, 1 - power));
  return `${digits}e${Number(power)}`;
}

/** The powers of ten at which a picture of these values has its lines, from the lowest to the highest. */
export function decades(values) {
  const lowest = Math.log10(Math.min(...values)) + 1e-6;
  const highest = Math.log10(Math.max(...values)) - 1e-6;
  const low = [-1, -2, -3, -6, -9, -12].find((power) => power <= lowest) ?? -12;
  const high = [1, 2, 3, 6].find((power) => power >= highest) ?? 9;
  const step = high - low <= 4 ? 1 : high - low <= 6 ? 2 : 3;
  const powers = Array.from({ length: high - low + 1 }, (_, at) => low + at);
  return { low, high, lines: powers.filter((power) => power % step === 0) };
}

/** A power of ten as it stands beside its line. */
export function tick(power) {
  if (power < -3 || power > 3) return `1e${power}`;
  return power < 0 ? (10 ** power).toFixed(-power) : String(10 ** power);
}

// --- the widget -----------------------------------------------------------------------------------

function render({ model, el }) {
  const root = startRoot(el, "depth_explorer", "Depth explorer: spread and gradient through many layers");
  root.classList.add("nano-adapts");
  const save = saver(model);
  const layout = model.get("layout_of");
  const { deepest, series } = layout;
  const numbers = floats(model.get("numbers"));
  let state;

  // --- the parts --------------------------------------------------------------------------------
  const fields = {
    n_layer: slider({
      label: "layers",
      min: 1,
      max: deepest,
      value: model.get("n_layer"),
      onInput: (n_layer) => save({ n_layer }),
    }),
    residual: checkbox({
      label: "bypass",
      value: model.get("residual"),
      onChange: (residual) => save({ residual }),
    }),
    norm: checkbox({
      label: "norm before each layer",
      value: model.get("norm"),
      onChange: (norm) => save({ norm }),
    }),
    init: select({
      label: "weights start as",
      options: layout.inits,
      value: model.get("init"),
      onChange: (init) => save({ init }),
    }),
  };
  const said = readout();
  const light = verdict("div", { fades: "bad", arrives: "good", swells: "warn" }, said.root);
  light.root.classList.add("nano-roomy");

  const keys = ["dep-spread", "dep-between", "dep-gradient"].map((mark) => {
    const words = make("span");
    return { entry: keyEntry(mark, words), words };
  });
  const panel = (title, shown) => {
    const canvas = make("canvas", { role: "img" });
    const key = make("p", { class: "nano-key" }, ...shown.map((at) => keys[at].entry));
    const head = make("p", { class: "nano-title", text: title });
    return { canvas, shown, box: make("div", { class: "nano-panel" }, head, canvas, key) };
  };
  const forwards = panel("Forwards: the spread after each layer", [0, 1]);
  const backwards = panel("Backwards: the gradient that arrives there", [2]);

  const rows = Array.from({ length: deepest + 1 }, (_, at) => {
    const cells = series.map(() => make("td", { class: "nano-number" }));
    const name = at ? `after layer ${at}` : "input";
    return { row: make("tr", {}, make("th", { scope: "row", text: name }), ...cells), cells };
  });
  const all = fold(
    "The numbers of every layer",
    make(
      "table",
      { class: "nano-table" },
      headRow(["place"], ...series.map((text) => [text, "nano-number"])),
      make("tbody", {}, ...rows.map(({ row }) => row)),
    ),
  );

  root.append(
    make("div", { class: "nano-bar" }, ...Object.values(fields).map((field) => field.root)),
    light.root,
    make("div", { class: "nano-panels" }, forwards.box, backwards.box),
    all,
    hint(
      `Before any training: ${layout.inputs} random inputs of ${layout.width} numbers, layers of ` +
        `${layout.width} × ${layout.width} weights and a ReLU (seed ${layout.seed}). "Between inputs" is the ` +
        "part of the spread in which one input differs from another; the rest is the same for all. The " +
        "gradient starts at the output, 1 long. The grids of both pictures go in powers of ten.",
    ),
  );

  // --- what happens -----------------------------------------------------------------------------
  function fill() {
    rows.forEach(({ row, cells }, at) => {
      row.hidden = at >= state.spread.length;
      if (row.hidden) return;
      [state.spread, state.between, state.gradient].forEach((values, column) => {
        cells[column].textContent = brief(values[at]);
      });
    });
  }

  function show() {
    const choice = Object.fromEntries(Object.keys(fields).map((name) => [name, model.get(name)]));
    for (const [name, field] of Object.entries(fields)) field.set(choice[name]);
    state = unpack(numbers, layout, choice);
    const [kind, words] = model.get("words")[state.choice];
    light.show(kind, layout.signs[kind]);
    said.say(words);
    keys[0].words.textContent = `all of it; at the output ${brief(state.spread.at(-1))}`;
    keys[1].words.textContent = `between inputs; at the output ${brief(state.between.at(-1))}`;
    keys[2].words.textContent = `gradient; at the input ${brief(state.gradient[0])}`;
    fill();
    paint();
  }

  function draw({ canvas, shown }, lists, colours, width) {
    const { low, high, lines } = decades(lists.flat());
    const { context, across, up } = frame(canvas, {
      width,
      height: HEIGHT,
      margin: MARGIN,
      x: {
        from: 0,
        to: deepest,
        ticks: ticks(0, deepest, 6, [1, 2, 4, 10]), // layers are counted in fours
        format: String,
        title: "layers passed",
      },
      y: { low, high, ticks: lines, format: tick, strong: 0 }, // 1 is what everything is compared with
      colours,
    });
    lists.forEach((values, at) => {
      const points = values.map((value, place) => [across(place), up(clamp(Math.log10(value), low, high))]);
      const told = values.map((value) => !tooSmall(value)); // what is not leaves the picture at its floor
      context.strokeStyle = COLOURS[shown[at]];
      context.lineWidth = 2;
      context.setLineDash(DASHES[shown[at]]);
      context.beginPath();
      points.forEach(([x, y], place) => {
        if (told[place] || told[place - 1]) context.lineTo(x, y);
        else context.moveTo(x, y);
      });
      context.stroke();
      context.setLineDash([]);
      for (const [x, y] of points.filter((_, place) => told[place]))
        dot(context, SHAPES[shown[at]], x, y, COLOURS[shown[at]], 3);
    });
  }

  const paint = widePainter(root, forwards.box, (width) => {
    const colours = themeColours(root);
    const last = state.spread.length - 1;
    draw(forwards, [state.spread, state.between], colours, width);
    draw(backwards, [state.gradient], colours, width);
    const through = `through ${last} ${last === 1 ? "layer" : "layers"}`;
    forwards.canvas.setAttribute(
      "aria-label",
      `Spread ${through}, on a scale of powers of ten: ${brief(state.spread[0])} at the input, ` +
        `${brief(state.spread[last])} at the output; between inputs ${brief(state.between[last])}.`,
    );
    backwards.canvas.setAttribute(
      "aria-label",
      `Gradient ${through}, on a scale of powers of ten: 1.0 at the output, ` +
        `${brief(state.gradient[0])} at the input.`,
    );
  });

  const ends = [
    watch(model, Object.keys(fields), show),
    onTheme(root, paint),
    paint.stop,
    said.stop,
    save.flush,
  ];
  show();
  return () => ends.forEach((end) => end());
}

export default { render };
