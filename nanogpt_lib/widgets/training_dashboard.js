// TrainingDashboard: a live training run. Python trains and tells after each turn; here it is drawn.
import { button, slider } from "../kit/browser/controls.js";
import { fold, foldRow, hint, make, put, startRoot } from "../kit/browser/elements.js";
import { asker, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { headRow } from "../kit/browser/tables.js";
import { clamp, readable } from "../kit/browser/words.js";
import { onTheme, themeColours, widePainter } from "./pictures/canvas.js";
import { dot, frame, line, pointing } from "./pictures/chart.js";
import { ticks } from "./pictures/ticks.js";

// A line is known by its colour, its dash and the shape of its marks.
const LINES = [
  { name: "training", column: 1, colour: "#0072b2", dash: [], shape: "circle" },
  { name: "validation", column: 2, colour: "#d55e00", dash: [7, 4], shape: "square" },
];
const LEFT = 50;
const GAP = 14; // pixels between two names of levels
const LOSS = { height: 250, top: 8, bottom: 38 };
const RATE = { height: 84, top: 8, bottom: 20 };
const LONGEST_NAME = 22;
const PATIENCE = 6000; // milliseconds until the widget says that Python does not answer
const LABELS = { new: "Train", training: "Stop", stopped: "Continue", failed: "Continue", done: "Done" };

// --- pure -----------------------------------------------------------------------------------------

/** From where to where a picture of the losses goes: all of them and all levels, with a little room. */
export function lossRange(curve, levels) {
  const values = [...curve.flatMap(([, train, val]) => [train, val]), ...levels].filter(
    (one) => one !== null,
  );
  if (!values.length) return { low: 0, high: 4.5 };
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.1, (high - low) * 0.05);
  return { low: Math.max(0, low - room), high: high + room };
}

/** Places for names at these heights, in the order given: none nearer than `gap`, all between the ends. */
export function apart(heights, gap, low, high) {
  const order = heights.map((_, at) => at).sort((one, two) => heights[one] - heights[two]);
  const places = [...heights];
  order.forEach((at, rank) => {
    const before = rank ? places[order[rank - 1]] + gap : low;
    places[at] = Math.max(heights[at], before);
  });
  [...order].reverse().forEach((at, rank) => {
    const after = rank ? places[order[order.length - rank]] - gap : high;
    places[at] = Math.min(places[at], after);
  });
  return places;
}

/** The place of the evaluation nearest to a step. */
export function nearestEvaluation(curve, step) {
  return curve.reduce(
    (best, [at], place) => (Math.abs(at - step) < Math.abs(curve[best][0] - step) ? place : best),
    0,
  );
}

/** Which evaluation is shown when there are more than before: the newest, unless an older one was chosen. */
export const followed = (chosen, before, after) =>
  chosen >= before - 1 ? after - 1 : Math.min(chosen, after - 1);

/** What is written of a learning rate beside its axis. */
export const rateText = (rate) => (rate === 0 ? "0" : String(Number(rate.toPrecision(3))));

export const shortened = (name) =>
  name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;

/** A level as it stands beside its line. */
const named = ([name, loss]) => `${shortened(name)} ${loss.toFixed(2)}`;

// --- the widget -----------------------------------------------------------------------------------

function render({ model, el }) {
  const root = startRoot(
    el,
    "training_dashboard",
    "Training dashboard: a live training run, its losses and what it writes",
  );
  const layout = model.get("layout_of");
  const levels = layout.baselines;
  let chosen = Math.max(0, model.get("curve").length - 1);
  let known = model.get("curve").length;
  let width = 0;
  let right = 0; // of the pictures, where the levels have their names
  let colours = null;
  let notice = null; // Python does not answer

  // --- asking Python

  const silent = () => {
    notice =
      "Python has not answered for a while. If no other cell is running, the kernel may be gone: run this cell " +
      "again. What is here stays.";
    show();
  };
  const ask = asker(model, silent, PATIENCE);
  const act = (what) => {
    notice = null;
    ask({ do: what });
  };

  // --- the parts

  const state = () => model.get("now").state;
  const press = () => {
    if (notice === null && state() === "training") act("stop");
    else if (state() !== "done") act("train");
  };
  const main = button({ label: "Train", onClick: press });
  main.classList.add("dash-main");
  const again = button({
    label: "Start again …",
    title: `Back to step ${layout.from}, after a question`,
    onClick: () => {
      if (again.getAttribute("aria-disabled") === "true") return;
      if (state() === "training") act("stop");
      sure.hidden = false;
      show();
      keep.focus();
    },
  });
  const closeSure = () => {
    sure.hidden = true;
    again.focus();
    show();
  };
  const keep = button({ label: "No, keep it", onClick: closeSure });
  const yes = button({
    label: "Yes, start again",
    onClick: () => {
      sure.hidden = true;
      act("again");
      main.focus();
    },
  });
  const question = make("span");
  const sure = make(
    "div",
    { class: "nano-bar dash-sure", role: "group", "aria-label": "Start again?", hidden: true },
    question,
    keep,
    yes,
  );
  sure.addEventListener("keydown", (event) => event.key === "Escape" && closeSure());

  const status = readout();
  const notes = make(
    "div",
    { class: "dash-notes", role: "note" },
    ...layout.notes.map((text) => make("p", { text })),
  );
  const facts = model.get("now").facts.map(([label]) => {
    const value = make("dd");
    return { value, root: make("div", { class: "dash-fact" }, make("dt", { text: label }), value) };
  });
  const key = make(
    "div",
    { class: "dash-key" },
    ...LINES.map(({ name, colour, dash, shape }) =>
      make(
        "span",
        {},
        make("i", {
          class: `dash-line${dash.length ? " dash-dashed" : ""} dash-${shape}`,
          style: { color: colour },
          "aria-hidden": "true",
        }),
        make("span", { text: name }),
      ),
    ),
    levels.length
      ? make(
          "span",
          {},
          make("i", { class: "dash-line dash-dotted", "aria-hidden": "true" }),
          make("span", { text: "levels to beat" }),
        )
      : null,
  );
  const lossCanvas = make("canvas", { role: "img" });
  const rateCanvas = make("canvas", { role: "img" });
  const picture = make("div", { class: "dash-picture" }, lossCanvas, rateCanvas);
  const field = slider({
    label: "evaluation",
    min: 0,
    max: 0,
    value: 0,
    format: (at) =>
      model.get("curve")[at] ? `step ${model.get("curve")[at][0].toLocaleString("en")}` : "none yet",
    onInput: (at) => choose(at),
  });
  const evaluated = readout();
  const wrote = make("p", { class: "dash-wrote" });
  const start = make("b");
  const text = make("span");
  const paper = make(
    "pre",
    { class: "dash-paper", tabindex: "0", role: "group", "aria-label": "What the model wrote" },
    start,
    text,
  );
  const body = make("tbody");
  const table = fold(
    "All evaluations as a table",
    make(
      "table",
      {},
      make("caption", { text: "Losses in nats per character, estimated before these steps" }),
      headRow(["step"], ["training"], ["validation"]),
      body,
    ),
  );
  table.classList.add("dash-table");

  root.append(
    make("div", { class: "nano-bar" }, main, again),
    sure,
    status.root,
    notes,
    make("dl", { class: "dash-facts" }, ...facts.map((fact) => fact.root)),
    make(
      "div",
      { class: "dash-two" },
      make("div", {}, key, picture),
      make(
        "div",
        {},
        make("div", { class: "dash-choose" }, field.root),
        make("div", { class: "dash-evaluated" }, evaluated.root),
        wrote,
        paper,
      ),
    ),
    foldRow(
      table,
      fold(
        "How to use it",
        hint(
          "The other cells can run meanwhile: a cell waits for the end of a step, the training run for the end " +
            "of the cell. It stops at Stop, at the kernel's interrupt, and when nobody watches any more. Click " +
            "in the picture, or use the arrow keys on the slider, to go back to an earlier evaluation." +
            `${layout.folder ? ` Saved in ${layout.folder} at every evaluation and at Stop.` : ""}`,
        ),
      ),
    ),
  );

  // --- what happens

  function choose(at) {
    const last = model.get("curve").length - 1;
    if (last < 0) return;
    chosen = clamp(at, 0, last);
    show();
  }

  function show() {
    const now = model.get("now");
    const curve = model.get("curve");
    const running = now.state === "training";
    const label = notice !== null && running ? "Continue" : LABELS[now.state];
    put(main, label);
    main.setAttribute("aria-disabled", String(now.state === "done"));
    const back = now.step > layout.from;
    again.setAttribute("aria-disabled", String(!back));
    if (!back) sure.hidden = true;
    put(
      question,
      `Give up the steps ${layout.from.toLocaleString("en")} to ${now.step.toLocaleString("en")}, their curve and their samples?`,
    );
    root.dataset.state = now.state;
    const words = notice ?? now.words;
    status.say(words, running && notice === null ? "Training." : words);
    now.facts.forEach(([, value], at) => put(facts[at].value, value));
    notes.hidden = !layout.notes.length;
    const most = String(Math.max(0, curve.length - 1));
    if (field.input.max !== most) field.input.max = most;
    field.input.disabled = curve.length < 1;
    field.set(chosen);
    const record = curve[chosen];
    evaluated.say(record ? record[3] : "No evaluation yet.");
    const sample = record && model.get("samples").find(([step]) => step === record[0]);
    const late = !record && model.get("samples").at(-1);
    const written =
      sample ?? (chosen === curve.length - 1 ? (model.get("samples").at(-1) ?? null) : null) ?? late;
    wrote.hidden = paper.hidden = !layout.samples;
    if (written) put(wrote, `At step ${written[0].toLocaleString("en")} it wrote:`);
    else
      put(
        wrote,
        record
          ? `At step ${record[0].toLocaleString("en")} no sample was drawn.`
          : "It has written nothing yet.",
      );
    put(start, written ? readable(layout.prompt) : "");
    put(text, written ? readable(written[1]) : "");
    while (body.children.length > curve.length) body.lastChild.remove();
    curve.forEach(([step, train, val], at) => {
      const cells = [
        step.toLocaleString("en"),
        ...[train, val].map((one) => (one === null ? "not a number" : one.toFixed(3))),
      ];
      const row =
        body.children[at] ??
        body.appendChild(make("tr", {}, make("th", { scope: "row" }), make("td"), make("td")));
      cells.forEach((cell, place) => put(row.children[place], cell));
    });
    paint();
  }

  // --- drawing

  /** Room for the names of the levels, right of both pictures. */
  function roomForNames() {
    const context = lossCanvas.getContext("2d");
    context.font = `12px ${colours.font}`;
    const wide = levels.map((level) => Math.ceil(context.measureText(named(level)).width));
    return 12 + Math.max(0, ...wide);
  }

  /** One of the pictures, with the part of it that is done on a darker ground. */
  function charted(canvas, { height, top, bottom }, y, title) {
    const from = 0;
    const to = Math.max(1, layout.steps - 1);
    const inner = width - LEFT - right;
    return frame(canvas, {
      width,
      height,
      margin: { left: LEFT, right, top, bottom },
      x: {
        from,
        to,
        ticks: ticks(from, to, clamp(Math.floor(inner / 90), 2, 8)),
        format: (step) => step.toLocaleString("en"),
        title,
      },
      y: { ...y, faint: true },
      colours,
      under: ({ context, across, floor }) => {
        context.fillStyle = colours.panel;
        context.globalAlpha = 0.6;
        context.fillRect(LEFT, top, across(Math.min(model.get("now").step, to)) - LEFT, floor - top);
        context.globalAlpha = 1;
      },
    });
  }

  function drawLosses(curve) {
    const { low, high } = lossRange(
      curve,
      levels.map(([, loss]) => loss),
    );
    const lines = ticks(low, high, 6);
    const digits = lines.length > 1 && lines[1] - lines[0] < 0.1 ? 2 : 1;
    const format = (value) => value.toFixed(digits);
    const title = "step (loss in nats per character)";
    const chart = charted(lossCanvas, LOSS, { low, high, ticks: lines, format }, title);
    const { context, inner, floor, across, up } = chart;
    const heights = levels.map(([, loss]) => up(loss));
    const places = apart(heights, GAP, LOSS.top + 4, floor);
    context.textAlign = "left";
    levels.forEach((level, at) => {
      const ends = [0, Math.max(1, layout.steps - 1)];
      line(chart, ends, [level[1], level[1]], { colour: colours.text, dash: [1.5, 3.5], wide: 2 });
      context.fillStyle = colours.text;
      context.fillText(named(level), LEFT + inner + 6, places[at]);
    });
    const record = curve[chosen];
    if (record) chart.upright(record[0]);
    for (const { column, colour, dash, shape } of LINES) {
      const there = curve.filter((one) => one[column] !== null);
      const [steps, losses] = [0, column].map((place) => there.map((one) => one[place]));
      line(chart, steps, losses, { colour, dash, wide: 2 });
      const size = there.length > 60 ? 1.5 : 3;
      for (const one of there) dot(context, shape, across(one[0]), up(one[column]), colour, size);
      if (record && record[column] !== null)
        dot(context, shape, across(record[0]), up(record[column]), colour, 5);
    }
    lossCanvas.setAttribute(
      "aria-label",
      record
        ? `Loss curves. ${record[3]}`
        : `Loss curves, still empty. Levels: ${levels.map(([name, loss]) => `${name} ${loss.toFixed(2)}`).join(", ")}.`,
    );
  }

  function drawRate() {
    const top = Math.max(...layout.rates.map(([, rate]) => rate));
    const chart = charted(rateCanvas, RATE, { low: 0, high: top * 1.08, ticks: [0, top], format: rateText });
    const { context, inner, floor, across, up } = chart;
    const [steps, rates] = [0, 1].map((place) => layout.rates.map((one) => one[place]));
    line(chart, steps, rates, { colour: colours.muted, wide: 2 });
    const { step, rate } = model.get("now");
    dot(context, "circle", across(Math.min(step, layout.steps - 1)), up(rate), colours.text, 4.5);
    context.textAlign = "left";
    context.fillStyle = colours.text;
    context.fillText("rate now", LEFT + inner + 6, floor / 2 - 6);
    context.fillText(rateText(rate), LEFT + inner + 6, floor / 2 + 9);
    rateCanvas.setAttribute(
      "aria-label",
      `Learning rate over the steps, up to ${rateText(top)}; now ${rateText(rate)}.`,
    );
  }

  const paint = widePainter(root, picture, (room) => {
    width = room;
    colours = themeColours(root);
    right = roomForNames();
    drawLosses(model.get("curve"));
    drawRate();
  });

  pointing(
    lossCanvas,
    field.input,
    (share) => {
      const curve = model.get("curve");
      if (curve.length) choose(nearestEvaluation(curve, share * Math.max(1, layout.steps - 1)));
    },
    () => ({ left: LEFT, right }),
  );

  // --- start, and end

  const told = () => {
    const curve = model.get("curve");
    chosen = Math.max(0, followed(chosen, known, curve.length));
    known = curve.length;
    notice = null;
    if (state() === "training") ask.reported();
    else ask.answered();
    show();
  };
  const ends = [watch(model, ["now"], told), onTheme(root, () => paint())];
  if (state() === "training") told();
  else show();
  return () => {
    ends.forEach((end) => end());
    ask.answered();
    paint.stop();
    status.stop();
    evaluated.stop();
  };
}

export default { render };
