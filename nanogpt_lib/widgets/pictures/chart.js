// The line chart: axes, lines, marks, and pointing into it.
import { clamp } from "../../kit/browser/words.js";
import { sizeCanvas } from "./canvas.js";

const HEIGHT = 240;
const MARGIN = { left: 42, right: 14, top: 10, bottom: 40 };

/**
 * A canvas with its axes, ready to be drawn into: `across` and `up` give the pixel of a place and of a value,
 * `inside(draw)` draws what may not leave the picture.
 *
 * x: {from, to, ticks, format, title}.   under: draws what lies below the lines.
 * y: {low, high, ticks, format}; `faint` lines are half as strong, the line of the value `strong` is stronger.
 */
export function frame(canvas, { width, height = HEIGHT, margin = MARGIN, x, y, colours, under = null }) {
  const context = sizeCanvas(canvas, width, height);
  const inner = width - margin.left - margin.right;
  const floor = height - margin.bottom;
  const across = (place) => margin.left + (inner * (place - x.from)) / (x.to - x.from);
  const up = (value) => floor - ((floor - margin.top) * (value - y.low)) / (y.high - y.low);
  const upright = (place) => {
    context.fillStyle = colours.text;
    context.fillRect(Math.round(across(place)), margin.top, 1, floor - margin.top);
  };
  const say = (text) => {
    context.fillStyle = colours.text;
    context.fillText(text, margin.left + inner / 2, height / 2);
  };
  const inside = (draw) => {
    context.save();
    context.beginPath();
    context.rect(margin.left, margin.top, inner, floor - margin.top);
    context.clip();
    draw();
    context.restore();
  };
  const picture = { context, inner, floor, across, up, upright, say, inside };
  under?.(picture);
  context.font = `12px ${colours.font}`;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const value of y.ticks) {
    context.globalAlpha = y.faint ? 0.5 : 1;
    context.fillStyle = value === y.strong ? colours.muted : colours.line;
    context.fillRect(margin.left, Math.round(up(value)), inner, 1);
    context.globalAlpha = 1;
    context.fillStyle = colours.muted;
    context.fillText(y.format(value), margin.left - 6, up(value));
  }
  context.fillStyle = colours.muted;
  context.textAlign = "center";
  for (const place of x.ticks ?? []) {
    const text = x.format(place);
    const most = width - 2 - context.measureText(text).width / 2;
    context.fillText(text, Math.min(across(place), most), floor + 13);
  }
  if (x.title) context.fillText(x.title, margin.left + inner / 2, height - 8);
  return picture;
}

/** One curve: its places and its values. */
export function line(
  { context, across, up },
  places,
  values,
  { colour, dash = [], wide = 2.5, strength = 1 },
) {
  context.strokeStyle = colour;
  context.lineWidth = wide;
  context.globalAlpha = strength;
  context.setLineDash(dash);
  context.beginPath();
  values.forEach((value, at) => context.lineTo(across(places[at]), up(value)));
  context.stroke();
  context.globalAlpha = 1;
  context.setLineDash([]);
}

const CORNERS = {
  square: "-1,-1 1,-1 1,1 -1,1",
  up: "0,-1.2 1.1,0.9 -1.1,0.9",
  down: "0,1.2 1.1,-0.9 -1.1,-0.9",
  diamond: "0,-1.3 1.3,0 0,1.3 -1.3,0",
  cross:
    "-0.4,-1.1 0.4,-1.1 0.4,-0.4 1.1,-0.4 1.1,0.4 0.4,0.4 0.4,1.1 -0.4,1.1 -0.4,0.4 -1.1,0.4 -1.1,-0.4 -0.4,-0.4",
};

/** The outline of a mark around a point, `size` to each side. */
function outline(context, shape, x, y, size) {
  context.beginPath();
  if (shape === "circle") context.arc(x, y, 1.1 * size, 0, 2 * Math.PI);
  else
    for (const corner of CORNERS[shape].split(" ")) {
      const [dx, dy] = corner.split(",").map(Number);
      context.lineTo(x + size * dx, y + size * dy);
    }
  context.closePath();
}

/** A mark without a rim, as small as wanted. */
export function dot(context, shape, x, y, colour, size) {
  outline(context, shape, x, y, size);
  context.fillStyle = colour;
  context.fill();
}

/** One mark: filled, or open with this ground inside. */
export function mark(context, shape, x, y, colour, filled, ground = null) {
  outline(context, shape, x, y, filled ? 4.6 : 3.8);
  context.fillStyle = filled ? colour : ground;
  context.fill();
  context.strokeStyle = colour;
  context.lineWidth = 1.75;
  context.stroke();
}

/** A click or a drag in the picture: `onShare` gets 0..1 of the way, and the keys go on from `input`. */
export function pointing(canvas, input, onShare, margin = () => MARGIN) {
  const point = (event) => {
    const { left, right } = margin();
    onShare(clamp((event.offsetX - left) / (canvas.clientWidth - left - right), 0, 1));
  };
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // no text is selected on the way
    canvas.setPointerCapture(event.pointerId);
    input.focus({ preventScroll: true });
    point(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && point(event));
}
