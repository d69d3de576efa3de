// Recorded curves over one another: how each looks, and how far a picture of them goes.
import { make } from "../../kit/browser/elements.js";
import { sizeCanvas } from "./canvas.js";
import { line, mark } from "./chart.js";
import { multiples, roundStep, ticks } from "./ticks.js";

// A line is known by its colour and by the shape of its marks; on a dark page black would be lost.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const SHAPES = ["circle", "square", "up", "diamond", "down", "cross"];
export const DASHES = { train: [8, 5], val: [] };

// --- pure -----------------------------------------------------------------------------------------

/** The look of the curve at this place: after six, the colours come again with other shapes. */
export const lookOf = (at) => ({
  colour: COLOURS[at % COLOURS.length],
  shape: SHAPES[(at + Math.floor(at / COLOURS.length)) % SHAPES.length],
});

/**
 * From where to where a picture of these curves goes, and its lines. What was judged before the training
 * began is left out: it lies so high that all the rest would be flat.
 */
export function range(curves) {
  const values = curves.flatMap((curve) => (curve.length > 2 ? curve.slice(1) : curve));
  if (!values.length) return { low: 0, high: 1, lines: [] };
  const room = Math.max(0.02, (Math.max(...values) - Math.min(...values)) * 0.06);
  const [low, high] = [Math.min(...values) - room, Math.max(...values) + room];
  return { low, high, lines: ticks(low, high, 7) };
}

/** The places that are written below a picture that goes to `last`: five or six round ones. */
export function placesTo(last) {
  const step = roundStep(last / 7, [1, 2.5, 5, 10]);
  return multiples(step, 0, last * 1.0011); // a training of 1,000 steps is judged up to step 999
}

// --- drawing --------------------------------------------------------------------------------------

/** Losses beside their lines: with the second decimal where the lines lie close. */
export const lossText = (low, high) => (loss) => loss.toFixed(high - low < 0.4 ? 2 : 1);

/** A small canvas beside a box or a name; `draw` gets its context and the theme's colours. */
export function sample(draw, wide) {
  const canvas = make("canvas", { class: "cur-sample", "aria-hidden": "true" });
  return { canvas, paint: (colours) => draw(sizeCanvas(canvas, wide, 16), colours) };
}

/** A sample of how the marks of the curve at this place look. */
export const markSample = (at) =>
  sample((context) => mark(context, lookOf(at).shape, 8, 8, lookOf(at).colour, true), 16);

/** A sample of how the lines of a split look. */
export const dashSample = (split) =>
  sample((context, colours) => {
    const plain = { context, across: (value) => value, up: () => 8 };
    line(plain, [0, 30], [0, 0], { colour: colours.text, dash: DASHES[split] });
  }, 30);
