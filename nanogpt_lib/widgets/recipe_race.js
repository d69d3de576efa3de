// RecipeRace: two recipes race by their recorded runs, on one clock; four changes to tick, and all recipes below.
//
// Python has made the curves, the rows and a sentence for every pair; here they are picked, drawn and read.
import { button, checkbox, choice, slider, toggled } from "../kit/browser/controls.js";
import { fold, foldRow, hint, make, newId, put, startRoot } from "../kit/browser/elements.js";
import { saver, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { headRow } from "../kit/browser/tables.js";
import { fixed, grouped } from "../kit/browser/words.js";
import { onTheme, themeColours, widePainter } from "./pictures/canvas.js";
import { frame, line, mark, pointing } from "./pictures/chart.js";
import { lookOf, lossText, markSample, placesTo, range } from "./pictures/curves.js";

const WHOLE = 8000; // milliseconds from start to finish
const SLOWEST = 100; // milliseconds that a frame may count: a page out of sight stands still
const PARTS = 200; // places of the slider
const HEIGHT = 262;
const DASHES = [[], [7, 4]];

// --- pure -----------------------------------------------------------------------------------------

/** Where a moment lies between the evaluations: 2.5 is half way from the third to the next. */
export function placeOf(seconds, moment) {
  const after = seconds.findIndex((one) => one > moment);
  if (after < 0) return seconds.length - 1;
  return after - 1 + (moment - seconds[after - 1]) / (seconds[after] - seconds[after - 1]);
}

/** What lies at such a place, on the straight line between two values. */
export function valueAt(values, place) {
  const before = Math.floor(place);
  return values[before] + (place - before) * ((values[before + 1] ?? values[before]) - values[before]);
}

/** The values up to such a place; the last lies there. */
export const upTo = (values, place) => [...values.slice(0, Math.ceil(place)), valueAt(values, place)];

/** How long the slower of these racers takes. */
export const longest = (racers) => Math.max(...racers.map(({ seconds }) => seconds.at(-1)));

/** What a racer has reached at this moment, in words. */
export function reached({ seconds, mean, characters }, moment) {
  const place = placeOf(seconds, moment);
  const loss = fixed(valueAt(mean, place));
  if (place === seconds.length - 1) return `${loss}, arrived after ${fixed(seconds.at(-1), 1)} s`;
  return `${loss} after ${grouped(Math.round(valueAt(characters, place)))} characters`;
}

// --- the widget -----------------------------------------------------------------------------------

function render({ model, el }) {
  const get = (name) => model.get(name);
  const layout = get("layout_of");
  const racers = get("racers");
  const kinds = layout.kinds.map(([kind]) => kind);
  const root = startRoot(el, "recipe_race", "Recipe race: two recipes on one clock");
  const save = saver(model);

  const placeIn = (trait) => racers.findIndex(({ kinds: on }) => on.join() === get(trait).join());
  const both = () => [placeIn("ticks"), placeIn("against")];
  const pair = () => both().map((at) => racers[at]);
  const nameOf = (at) => racers[at].cells[0];
  const moment = () => get("share") * longest(pair());

  // --- the parts --------------------------------------------------------------------------------
  const drawnMark = (at) => {
    const sample = markSample(at);
    sample.paint();
    return sample.canvas;
  };
  const boxes = kinds.map((kind) =>
    checkbox({
      label: kind,
      value: false,
      onChange: (on) => save({ ticks: toggled(kinds, get("ticks"), kind, on) }),
    }),
  );
  boxes.forEach(({ root: box }, at) => {
    box.title = layout.kinds[at][1];
  });
  const mine = make(
    "div",
    { class: "nano-field cur-group", role: "group", "aria-label": "your racer" },
    make("span", { class: "nano-caption race-who" }, drawnMark(0), "your racer"),
    ...boxes.map((box) => box.root),
  );
  const rival = make("b");
  const theirs = make(
    "span",
    { class: "nano-field race-who" },
    drawnMark(1),
    make("span", { class: "nano-caption", text: "against" }),
    rival,
  );
  const pin = button({
    label: "Race against this one",
    title: "Your racer becomes the other one; then change yours",
    onClick: () => save({ against: get("ticks") }),
  });
  const plain = button({
    label: "Race against nothing",
    title: "The other racer has none of the four changes",
    onClick: () => save({ against: [] }),
  });

  const start = button({ label: "Start", onClick: () => (running === null ? begin() : rest()) });
  const clock = slider({
    label: "time",
    min: 0,
    max: PARTS,
    value: PARTS,
    format: () => `${fixed(moment(), 1)} s`, // a race under way is mostly between two places
    onInput: (at) => goTo(at / PARTS),
  });
  const axis = choice({
    label: "drawn over",
    options: layout.axes,
    value: get("axis"),
    onChange: (value) => save({ axis: value }),
  });

  const canvas = make("canvas", { role: "img" });
  const picture = make("div", { class: "cur-picture" }, canvas);
  const [now, told] = [readout(), readout()];
  told.root.classList.add("race-told");

  const marks = [0, 1].map((at) => drawnMark(at));
  const isRival = make("span", { class: "nano-hidden", text: " (the other racer)" });
  const group = newId("race");
  const rows = racers.map(({ kinds: on, cells: [name, ...cells] }) => {
    const input = make("input", { type: "radio", name: group, id: newId("racer") });
    const spot = make("span", { class: "race-marks" });
    const label = make("label", { for: input.id, text: name });
    const head = make("th", { scope: "row" }, make("div", { class: "race-name" }, input, label, spot));
    const row = make("tr", {}, head, ...cells.map((text) => make("td", { class: "nano-number", text })));
    input.addEventListener("change", () => save({ ticks: on }));
    row.addEventListener("click", ({ target }) => target.closest("input, label") || input.click());
    return { input, spot, row };
  });
  const table = make(
    "table",
    { class: "nano-table race-table" },
    make("caption", { text: `All ${racers.length} recipes, lowest loss first` }),
    headRow(...layout.columns.map((text, at) => [text, at ? "nano-number" : null])),
    make("tbody", {}, ...rows.map(({ row }) => row)),
  );

  root.append(
    make("div", { class: "nano-bar" }, mine, pin),
    make("div", { class: "nano-bar" }, theirs, plain),
    make("div", { class: "nano-bar" }, start, clock.root, axis.root),
    make(
      "div",
      { class: "race-body" },
      make("div", {}, picture, now.root, told.root),
      make("div", { class: "cur-scroll" }, table),
    ),
    hint(layout.made),
    foldRow(
      fold(
        "What the four changes are",
        ...layout.kinds.map(([kind, steps]) => hint(make("b", { text: kind }), `: ${steps}`)),
      ),
      fold(
        "How these numbers were made",
        hint(layout.how),
        hint(
          "Click or drag in the picture, or use the arrow keys on the slider. A row of the table is taken by a click, or by the arrow keys.",
        ),
      ),
    ),
  );

  // --- the race ---------------------------------------------------------------------------------
  let running = null; // the frame that is to come
  let before = 0;

  function begin() {
    before = performance.now();
    if (get("share") >= 1) model.set("share", 0);
    running = requestAnimationFrame(go);
    put(start, "Pause");
  }
  function go(time) {
    const passed = Math.min(Math.max(time - before, 0), SLOWEST);
    before = time;
    const share = Math.min(1, get("share") + passed / WHOLE);
    running = requestAnimationFrame(go);
    model.set("share", share); // Python hears of it when it rests
    if (share === 1) rest();
  }
  /** Stands still, here or anywhere: Python is told where. */
  function rest() {
    if (running === null) return;
    cancelAnimationFrame(running);
    running = null;
    put(start, "Start");
    save({});
  }
  function goTo(share) {
    rest();
    if (share !== get("share")) save({ share });
  }
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const calm = () => {
    start.hidden = still.matches;
    if (still.matches) rest();
  };

  // --- what is shown ----------------------------------------------------------------------------
  function show() {
    const [you, other] = both();
    kinds.forEach((kind, at) => {
      boxes[at].set(get("ticks").includes(kind));
    });
    put(rival, nameOf(other));
    pin.setAttribute("aria-disabled", String(you === other));
    plain.setAttribute("aria-disabled", String(!get("against").length));
    axis.set(get("axis"));
    rows.forEach(({ input, row }, at) => {
      input.checked = at === you;
      row.classList.toggle("race-yours", at === you);
    });
    rows[you].spot.append(marks[0]);
    rows[other].spot.append(marks[1], isRival);
    told.say(get("words")[you][other]);
    showTime();
  }

  function showTime() {
    clock.set(Math.round(get("share") * PARTS));
    const [yours, other] = pair();
    const words = `After ${fixed(moment(), 1)} s: yours ${reached(yours, moment())}; the other ${reached(other, moment())}.`;
    now.say(words);
    canvas.setAttribute("aria-label", `Curves of validation loss. ${words}`);
    paint();
  }

  const paint = widePainter(root, picture, (width) => {
    const colours = themeColours(root);
    const over = get("axis");
    const runners = pair();
    const last = Math.max(...runners.map((racer) => racer[over].at(-1)));
    const { low, high, lines } = range(racers.flatMap((racer) => [racer.low, racer.high]));
    const chart = frame(canvas, {
      width,
      height: HEIGHT,
      x: {
        from: 0,
        to: last,
        ticks: placesTo(last),
        format: grouped,
        title: `${layout.axes.find(([key]) => key === over)[1]} (loss in nats per character)`,
      },
      y: { low, high, ticks: lines, format: lossText(low, high) },
      colours,
    });
    if (over === "seconds") chart.upright(moment());
    runners.forEach((racer, at) => {
      const place = placeOf(racer.seconds, moment());
      if (at && racer === runners[0]) return;
      const { colour, shape } = lookOf(at);
      const [where, mean, bottom, top] = [over, "mean", "low", "high"].map((key) => upTo(racer[key], place));
      chart.inside(() => {
        band(chart, where, bottom, top, colour);
        line(chart, where, mean, { colour, dash: DASHES[at] });
      });
      if (mean.at(-1) <= high)
        mark(chart.context, shape, chart.across(where.at(-1)), chart.up(mean.at(-1)), colour, true);
    });
  });

  pointing(canvas, clock.input, (share) => goTo(Math.round(share * PARTS) / PARTS));

  const ends = [
    rest,
    watch(model, ["ticks", "against", "axis"], show),
    watch(model, ["share"], showTime),
    onTheme(root, paint),
    paint.stop,
    now.stop,
    told.stop,
    () => still.removeEventListener("change", calm),
    save.flush,
  ];
  still.addEventListener("change", calm);
  calm();
  show();
  return () => ends.forEach((end) => end());
}

/** The ground between two curves. */
function band({ context, across, up }, places, low, high, colour) {
  context.beginPath();
  places.forEach((place, at) => context.lineTo(across(place), up(low[at])));
  places.toReversed().forEach((place, at) => context.lineTo(across(place), up(high.at(-1 - at))));
  context.closePath();
  context.globalAlpha = 0.22;
  context.fillStyle = colour;
  context.fill();
  context.globalAlpha = 1;
}

export default { render };
