// What the pictures of training curves share: colours and marks, axes, lines, and pointing into them.
import { make } from "../../kit/browser/elements.js";
import { clamp } from "../../kit/browser/words.js";
import { sizeCanvas } from "./canvas.js";

// A line is known by its colour and by the shape of its marks; on a dark page black would be lost.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const SHAPES = ["circle", "square", "up", "diamond", "down", "cross"];
export const DASHES = { train: [8, 5], val: [] };
export const HEIGHT = 300;
export const MARGIN = { left: 42, right: 14, top: 10, bottom: 40 };

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
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2].find((one) => (high - low) / one <= 7) ?? 5;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return {
    low,
    high,
    lines: Array.from({ length: count }, (_, at) => Number(((first + at) * step).toFixed(2))),
  };
}

/** The places that are written below a picture that goes to `last`: five or six round ones. */
export function ticks(last) {
  const size = 10 ** Math.floor(Math.log10(last / 2));
  const step = [1, 2, 5, 10].map((one) => (one * size) / 2).find((one) => last / one <= 7) ?? 10 * size;
  const count = Math.floor((last * 1.0011) / step) + 1; // a training of 1,000 steps is judged up to step 999
  return Array.from({ length: count }, (_, at) => Number((at * step).toPrecision(6)));
}

// --- drawing --------------------------------------------------------------------------------------

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
    const [x, y] = [(value) => value, () => 8];
    line(context, { across: x, up: y }, [0, 30], [0, 0], { colour: colours.text, dash: DASHES[split] });
  }, 30);

/**
 * Axes and the loss lines. Returns how to draw into them: `across` and `up` give the pixel of a place and of
 * a loss; `inside(draw)` draws what may not leave the picture.
 */
export function axes(context, { width, from, to, low, high, lines, places, format, title, colours }) {
  const inner = width - MARGIN.left - MARGIN.right;
  const floor = HEIGHT - MARGIN.bottom;
  const across = (place) => MARGIN.left + (inner * (place - from)) / (to - from);
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
  context.fillStyle = colours.muted;
  context.textAlign = "center";
  for (const place of places) {
    const text = format(place);
    const most = width - 2 - context.measureText(text).width / 2;
    context.fillText(text, Math.min(across(place), most), floor + 13);
  }
  context.fillText(title, MARGIN.left + inner / 2, HEIGHT - 8);
  const inside = (draw) => {
    context.save();
    context.beginPath();
    context.rect(MARGIN.left, MARGIN.top, inner, floor - MARGIN.top);
    context.clip(); // the first judgement lies above
    draw();
    context.restore();
  };
  const upright = (place) => {
    context.fillStyle = colours.text;
    context.fillRect(Math.round(across(place)), MARGIN.top, 1, floor - MARGIN.top);
  };
  const say = (text) => {
    context.fillStyle = colours.text;
    context.fillText(text, MARGIN.left + inner / 2, HEIGHT / 2);
  };
  return { across, up, inside, upright, say };
}

/** One curve: its places and its losses. */
export function line(
  context,
  { across, up },
  places,
  losses,
  { colour, dash = [], wide = 2.5, strength = 1 },
) {
  context.strokeStyle = colour;
  context.lineWidth = wide;
  context.globalAlpha = strength;
  context.setLineDash(dash);
  context.beginPath();
  losses.forEach((loss, at) => context.lineTo(across(places[at]), up(loss)));
  context.stroke();
  context.globalAlpha = 1;
  context.setLineDash([]);
}

/** One mark: filled, or open with this ground inside. */
export function mark(context, shape, x, y, colour, filled, ground = null) {
  const r = filled ? 5.5 : 4.5;
  const corners = {
    square: [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, 1],
    ],
    up: [
      [0, -1.2],
      [1.1, 0.9],
      [-1.1, 0.9],
    ],
    down: [
      [0, 1.2],
      [1.1, -0.9],
      [-1.1, -0.9],
    ],
    diamond: [
      [0, -1.3],
      [1.3, 0],
      [0, 1.3],
      [-1.3, 0],
    ],
    cross: [
      [-0.4, -1.1],
      [0.4, -1.1],
      [0.4, -0.4],
      [1.1, -0.4],
      [1.1, 0.4],
      [0.4, 0.4],
      [0.4, 1.1],
      [-0.4, 1.1],
      [-0.4, 0.4],
      [-1.1, 0.4],
      [-1.1, -0.4],
      [-0.4, -0.4],
    ],
  }[shape];
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

/** A click or a drag in the picture: `onShare` gets 0..1 of the way, and the keys go on from `input`. */
export function pointing(canvas, input, onShare) {
  const point = (event) => {
    const inner = canvas.clientWidth - MARGIN.left - MARGIN.right;
    onShare(clamp((event.offsetX - MARGIN.left) / inner, 0, 1));
  };
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // no text is selected on the way
    canvas.setPointerCapture(event.pointerId);
    input.focus({ preventScroll: true });
    point(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && point(event));
}
