// CurveExplorer: recorded training runs over one another; tick variants and losses, read them at any step.
//
// Python has computed means, gaps and sentences of every step; here they are picked and drawn.
import { checkbox, slider, toggled } from "../kit/browser/controls.js";
import { fold, foldRow, hint, make, put, startRoot } from "../kit/browser/elements.js";
import { saver, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { headRow } from "../kit/browser/tables.js";
import { clamp } from "../kit/browser/words.js";
import { onTheme, themeColours, widePainter } from "./pictures/canvas.js";
import { frame, line, mark, pointing } from "./pictures/chart.js";
import { DASHES, dashSample, lookOf, lossText, markSample, placesTo, range } from "./pictures/curves.js";

// --- pure -----------------------------------------------------------------------------------------

/** The place of the evaluation that lies nearest to a share 0..1 of the way from the first to the last. */
export function nearest(steps, share) {
  const goal = steps[0] + clamp(share, 0, 1) * (steps.at(-1) - steps[0]);
  return steps.reduce(
    (best, step, at) => (Math.abs(step - goal) < Math.abs(steps[best] - goal) ? at : best),
    0,
  );
}

// --- the widget -----------------------------------------------------------------------------------

function render({ model, el }) {
  const layout = model.get("layout_of");
  const { steps, variants } = layout;
  const splits = layout.splits.map(([name]) => name);
  const curves = model.get("curves");
  const root = startRoot(
    el,
    "curve_explorer",
    `Curve explorer: recorded training runs of "${layout.experiment}"`,
  );
  const save = saver(model);
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
  const marks = variants.map((_, at) => markSample(at));
  const dashes = splits.map(dashSample);
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
  const box = make("div", { class: "cur-picture" }, canvas);

  const heads = ["training", "validation", "gap", "lowest validation", "at steps", "whole split, end"];
  const rows = variants.map((variant) => {
    const cells = heads.map(() => make("td", { class: "cur-number" }));
    return { cells, row: make("tr", {}, make("th", { scope: "row", text: variant }), ...cells) };
  });
  const caption = make("caption");
  const table = make(
    "table",
    { class: "nano-table cur-table" },
    caption,
    headRow(["variant"], ...heads.map((text) => [text, "cur-number"])),
    make("tbody", {}, ...rows.map(({ row }) => row)),
  );

  root.append(
    make(
      "div",
      { class: "nano-bar" },
      group("variants", variantBoxes),
      group("losses", splitBoxes),
      stepField.root,
    ),
    box,
    said.root,
    make("div", { class: "cur-scroll" }, table),
    hint(
      "Click or drag in the picture, or use the arrow keys on the slider. Open marks: the lowest validation " +
        "of each seed. Filled marks: the means at the step you read.",
    ),
    foldRow(fold("How these runs were made", hint(layout.hint))),
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
    put(caption, `Losses at step ${steps[at]}, in nats per character (means over the seeds)`);
    rows.forEach(({ row, cells }, v) => {
      row.hidden = !chosen.includes(variants[v]);
      [...curves[v].columns[at], ...curves[v].lasting].forEach((text, column) => put(cells[column], text));
    });
    paint();
  }

  const paint = widePainter(root, box, (width) => {
    const colours = themeColours(root);
    if (colours.text !== ink) [...marks, ...dashes].forEach((one) => one.paint(colours));
    ink = colours.text;
    const at = steps.indexOf(model.get("step"));
    const chosen = variants.map((_, v) => v).filter((v) => model.get("variants").includes(variants[v]));
    const wanted = splits.filter((split) => model.get("splits").includes(split));
    const all = chosen.flatMap((v) => wanted.flatMap((split) => curves[v][split]));
    const { low, high, lines } = range(all);
    const picture = frame(canvas, {
      width,
      x: {
        from: steps[0],
        to: steps.at(-1),
        ticks: placesTo(steps.at(-1)),
        format: String,
        title: "step (loss in nats per character)",
      },
      y: { low, high, ticks: lines, format: lossText(low, high) },
      colours,
    });
    const { context } = picture;
    if (!all.length) {
      picture.say("Tick a variant and a loss.");
      describe(at, chosen, wanted);
      return;
    }
    picture.upright(steps[at]);
    picture.inside(() => {
      for (const v of chosen) {
        const { colour } = lookOf(v);
        for (const split of wanted) {
          const style = { colour, dash: DASHES[split] };
          if (curves[v][split].length > 1)
            for (const losses of curves[v][split])
              line(picture, steps, losses, { ...style, wide: 1, strength: 0.55 });
          line(picture, steps, curves[v][`${split}_mean`], style);
        }
      }
    });
    for (const v of chosen) {
      const { colour, shape } = lookOf(v);
      if (wanted.includes("val"))
        curves[v].val.forEach((losses, seed) => {
          const place = curves[v].best[seed];
          mark(
            context,
            shape,
            picture.across(steps[place]),
            picture.up(losses[place]),
            colour,
            false,
            colours.back,
          );
        });
      for (const split of wanted) {
        const loss = curves[v][`${split}_mean`][at];
        if (loss <= high) mark(context, shape, picture.across(steps[at]), picture.up(loss), colour, true);
      }
    }
    describe(at, chosen, wanted);
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

  pointing(canvas, stepField.input, (share) => {
    const step = steps[nearest(steps, share)];
    if (step !== model.get("step")) save({ step });
  });

  const ends = [watch(model, ["step", "variants", "splits"], show), onTheme(root, paint)];
  show();
  return () => {
    ends.forEach((end) => end());
    paint.stop();
    said.stop();
    save.flush();
  };
}

export default { render };
