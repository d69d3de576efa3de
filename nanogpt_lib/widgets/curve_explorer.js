// CurveExplorer: recorded trainings over one another; tick variants and losses, read them at any step.
//
// Python has computed means, gaps and sentences of every step; here they are picked and drawn.
import {
  checkbox,
  clamp,
  make,
  onTheme,
  painter,
  readout,
  saver,
  sizeCanvas,
  slider,
  startRoot,
  themeColours,
  watch,
} from "./common.js";

// A line is known by its colour and by the shape of its marks; on a dark page black would be lost.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const SHAPES = ["circle", "square", "up", "diamond", "down", "cross"];
const DASHES = { train: [8, 5], val: [] };
const HEIGHT = 300;
const MARGIN = { left: 42, right: 14, top: 10, bottom: 40 };

// --- pure -----------------------------------------------------------------------------------------

/** The list with this name put in or taken out, in the order of all names. */
export function toggled(all, chosen, name, on) {
  return all.filter((one) => (one === name ? on : chosen.includes(one)));
}

/**
 * From where to where a picture of these curves goes, and its lines. What was judged before the training
 * began is left out: it lies so high that all the rest would be flat.
 */
export function range(curves) {
  const values = curves.flatMap((curve) => (curve.length > 2 ? curve.slice(1) : curve));
  if (!values.length) return { low: 0, high: 1, lines: [] };
  const room = Math.max(0.02, (Math.max(...values) - Math.min(...values)) * 0.06);
  const [low, high] = [Math.min(...values) - room, Math.max(...values) + room];
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2].find((one) => (high - low) / one <= 7) ?? 5;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return { low, high, lines: Array.from({ length: count }, (_, at) => Number(((first + at) * step).toFixed(2))) };
}

/** The place of the judgement that lies nearest to a share 0..1 of the way from the first to the last. */
export function nearest(steps, share) {
  const goal = steps[0] + clamp(share, 0, 1) * (steps.at(-1) - steps[0]);
  return steps.reduce((best, step, at) => (Math.abs(step - goal) < Math.abs(steps[best] - goal) ? at : best), 0);
}

/** The steps that are written below a picture: five or six round ones. */
export function ticks(steps) {
  const last = steps.at(-1);
  const size = 10 ** Math.floor(Math.log10(last / 2));
  const step = [1, 2, 5, 10].map((one) => (one * size) / 2).find((one) => last / one <= 7) ?? 10 * size;
  return Array.from({ length: Math.floor((last + 1) / step) + 1 }, (_, at) => at * step);
}

// --- the widget -----------------------------------------------------------------------------------

function render({ model, el }) {
  const layout = model.get("layout_of");
  const { steps, variants } = layout;
  const splits = layout.splits.map(([name]) => name);
  const curves = model.get("curves");
  const root = startRoot(el, "curve_explorer", `Curve explorer: recorded trainings of "${layout.experiment}"`);
  const save = saver(model);
  let width = 0;
  let ink = null; // in which the samples beside the boxes are drawn

  // --- the parts --------------------------------------------------------------------------------
  const boxes = (trait, names, words) =>
    names.map((name, at) =>
      checkbox({
        label: words[at],
        value: false,
        onChange: (on) => save({ [trait]: toggled(names, model.get(trait), name, on) }),
      }),
    );
  const variantBoxes = boxes("variants", variants, variants);
  const splitBoxes = boxes(
    "splits",
    splits,
    layout.splits.map(([, words]) => words),
  );
  const sample = (draw, wide) => {
    const canvas = make("canvas", { class: "cur-sample", "aria-hidden": "true" });
    return { canvas, paint: (colours) => draw(sizeCanvas(canvas, wide, 16), colours) };
  };
  const marks = variants.map((_, at) =>
    sample((context) => mark(context, SHAPES[at % SHAPES.length], 8, 8, COLOURS[at % COLOURS.length], true), 16),
  );
  const dashes = splits.map((split) =>
    sample((context, colours) => {
      context.strokeStyle = colours.text;
      context.lineWidth = 2.5;
      context.setLineDash(DASHES[split]);
      context.beginPath();
      context.moveTo(0, 8);
      context.lineTo(30, 8);
      context.stroke();
    }, 30),
  );
  variantBoxes.forEach((box, at) => box.root.append(marks[at].canvas));
  splitBoxes.forEach((box, at) => box.root.append(dashes[at].canvas));
  const group = (label, fields) =>
    make(
      "div",
      { class: "nano-field cur-group", role: "group", "aria-label": label },
      ...fields.map((box) => box.root),
    );
  const stepField = slider({
    label: "read at step",
    min: 0,
    max: steps.length - 1,
    value: steps.indexOf(model.get("step")),
    format: (at) => String(steps[at]),
    onInput: (at) => save({ step: steps[at] }),
  });
  const said = readout();
  const canvas = make("canvas", { role: "img" });
  const picture = make("div", { class: "cur-picture" }, canvas);

  const heads = ["training", "validation", "gap", "lowest validation", "at steps", "whole split, end"];
  const rows = variants.map((variant) => {
    const cells = heads.map(() => make("td", { class: "cur-number" }));
    return { cells, row: make("tr", {}, make("th", { scope: "row", text: variant }), ...cells) };
  });
  const caption = make("caption");
  const table = make(
    "table",
    { class: "cur-table" },
    caption,
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        make("th", { scope: "col", text: "variant" }),
        ...heads.map((text) => make("th", { scope: "col", class: "cur-number", text })),
      ),
    ),
    make("tbody", {}, ...rows.map(({ row }) => row)),
  );

  root.append(
    make("div", { class: "nano-bar" }, group("variants", variantBoxes), group("losses", splitBoxes)),
    make("div", { class: "nano-bar" }, stepField.root),
    picture,
    said.root,
    make("div", { class: "cur-scroll" }, table),
    make("p", {
      class: "cur-hint",
      text:
        `${layout.hint} Click or drag in the picture, or use the arrow keys on the slider. Open marks: the ` +
        "lowest validation of each seed. Filled marks: the means at the step you read.",
    }),
  );

  // --- what happens -----------------------------------------------------------------------------
  function show() {
    const at = steps.indexOf(model.get("step"));
    const [chosen, wanted] = [model.get("variants"), model.get("splits")];
    stepField.set(at);
    variantBoxes.forEach((box, v) => box.set(chosen.includes(variants[v])));
    splitBoxes.forEach((box, s) => box.set(wanted.includes(splits[s])));
    const words = variants.flatMap((name, v) => (chosen.includes(name) ? [curves[v].words[at]] : []));
    const first = `Step ${steps[at]}.`;
    said.say(words.length ? [first, ...words].join(" ") : "Tick a variant to see its curves.");
    caption.textContent = `Losses at step ${steps[at]}, in nats per character (means over the seeds)`;
    rows.forEach(({ row, cells }, v) => {
      row.hidden = !chosen.includes(variants[v]);
      [...curves[v].columns[at], ...curves[v].lasting].forEach((text, column) => {
        cells[column].textContent = text;
      });
    });
    paint();
  }

  const paint = painter(root, () => {
    const room = Math.floor(picture.clientWidth);
    if (!room) return false;
    width = room;
    const colours = themeColours(root);
    if (colours.text !== ink) [...marks, ...dashes].forEach((one) => one.paint(colours));
    ink = colours.text;
    const context = sizeCanvas(canvas, width, HEIGHT);
    const at = steps.indexOf(model.get("step"));
    const chosen = variants.map((_, v) => v).filter((v) => model.get("variants").includes(variants[v]));
    const wanted = splits.filter((split) => model.get("splits").includes(split));
    const all = chosen.flatMap((v) => wanted.flatMap((split) => curves[v][split]));
    const { low, high, lines } = range(all);
    const inner = width - MARGIN.left - MARGIN.right;
    const floor = HEIGHT - MARGIN.bottom;
    const across = (step) => MARGIN.left + (inner * (step - steps[0])) / (steps.at(-1) - steps[0]);
    const up = (loss) => floor - ((floor - MARGIN.top) * (loss - low)) / (high - low);
    context.font = `12px ${colours.font}`;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const loss of lines) {
      context.fillStyle = colours.line;
      context.fillRect(MARGIN.left, Math.round(up(loss)), inner, 1);
      context.fillStyle = colours.muted;
      context.fillText(loss.toFixed(high - low < 0.4 ? 2 : 1), MARGIN.left - 6, up(loss));
    }
    context.textAlign = "center";
    for (const step of ticks(steps)) context.fillText(String(step), Math.min(across(step), width - 16), floor + 13);
    context.fillText("step (loss in nats per character)", MARGIN.left + inner / 2, HEIGHT - 8);
    if (!all.length) {
      context.fillStyle = colours.text;
      context.fillText("Tick a variant and a loss.", MARGIN.left + inner / 2, HEIGHT / 2);
      describe(at, chosen, wanted);
      return true;
    }
    context.fillStyle = colours.text;
    context.fillRect(Math.round(across(steps[at])), MARGIN.top, 1, floor - MARGIN.top);
    context.save();
    context.beginPath();
    context.rect(MARGIN.left, MARGIN.top, inner, floor - MARGIN.top);
    context.clip(); // the first judgement lies above
    const line = (values, split, colour, wide, strength) => {
      context.strokeStyle = colour;
      context.lineWidth = wide;
      context.globalAlpha = strength;
      context.setLineDash(DASHES[split]);
      context.beginPath();
      values.forEach((value, place) => context.lineTo(across(steps[place]), up(value)));
      context.stroke();
      context.globalAlpha = 1;
      context.setLineDash([]);
    };
    for (const v of chosen) {
      const colour = COLOURS[v % COLOURS.length];
      for (const split of wanted) {
        if (curves[v][split].length > 1)
          for (const values of curves[v][split]) line(values, split, colour, 1, 0.55);
        line(curves[v][`${split}_mean`], split, colour, 2.5, 1);
      }
    }
    context.restore();
    for (const v of chosen) {
      const [shape, colour] = [SHAPES[v % SHAPES.length], COLOURS[v % COLOURS.length]];
      if (wanted.includes("val"))
        curves[v].val.forEach((values, seed) => {
          const place = curves[v].best[seed];
          mark(context, shape, across(steps[place]), up(values[place]), colour, false, colours.back);
        });
      for (const split of wanted) {
        const value = curves[v][`${split}_mean`][at];
        if (value <= high) mark(context, shape, across(steps[at]), up(value), colour, true);
      }
    }
    describe(at, chosen, wanted);
    return true;
  });

  function describe(at, chosen, wanted) {
    const losses = layout.splits.filter(([name]) => wanted.includes(name)).map(([, words]) => words);
    const told = chosen.map((v) => {
      const [train, val] = curves[v].columns[at];
      return `${variants[v]} training ${train}, validation ${val}`;
    });
    canvas.setAttribute(
      "aria-label",
      told.length && losses.length
        ? `Curves of ${losses.join(" and ")} loss. At step ${steps[at]}: ${told.join("; ")}.`
        : "An empty picture: tick a variant and a loss.",
    );
  }

  const point = (event) => {
    const share = (event.offsetX - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
    const step = steps[nearest(steps, share)];
    if (step !== model.get("step")) save({ step });
  };
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // no text is selected on the way
    canvas.setPointerCapture(event.pointerId);
    stepField.input.focus({ preventScroll: true }); // so that the arrow keys go on from here
    point(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && point(event));

  const ends = [watch(model, ["step", "variants", "splits"], show), onTheme(root, paint)];
  const sized = new ResizeObserver(() => Math.floor(picture.clientWidth) !== width && paint.now());
  sized.observe(picture);
  show();
  return () => {
    ends.forEach((end) => end());
    sized.disconnect();
    paint.stop();
    said.stop();
    save.flush();
  };
}

/** One mark: filled, or open with this ground inside. */
function mark(context, shape, x, y, colour, filled, ground = null) {
  const r = filled ? 5.5 : 4.5;
  const corners = {
    square: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
    up: [[0, -1.2], [1.1, 0.9], [-1.1, 0.9]],
    down: [[0, 1.2], [1.1, -0.9], [-1.1, -0.9]],
    diamond: [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]],
    cross: [[-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1],
      [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]],
  }[shape]; // prettier-ignore
  context.beginPath();
  if (corners) for (const [dx, dy] of corners) context.lineTo(x + 0.85 * r * dx, y + 0.85 * r * dy);
  else context.arc(x, y, r * 0.9, 0, 2 * Math.PI);
  context.closePath();
  context.fillStyle = filled ? colour : ground;
  context.fill();
  context.strokeStyle = colour;
  context.lineWidth = 1.75;
  context.stroke();
}

export default { render };
