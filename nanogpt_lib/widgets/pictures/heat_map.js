// The heat map: cells of colour, the ring around one of them, small maps of one pixel per number, the scale.
import { make } from "../../kit/browser/elements.js";
import { clamp } from "../../kit/browser/words.js";
import { sizeCanvas } from "./canvas.js";
import { cividis, css } from "./colours.js";

// --- pure -----------------------------------------------------------------------------------------

/** The [row, column] under a point of a map, or null beside it. */
export function cellAt({ left, top, cellWidth, cellHeight, rows, columns }, x, y) {
  const [row, column] = [Math.floor((y - top) / cellHeight), Math.floor((x - left) / cellWidth)];
  return row >= 0 && row < rows && column >= 0 && column < columns ? [row, column] : null;
}

// --- drawing --------------------------------------------------------------------------------------

/**
 * All cells of a map. `look(row, column)` gives the colour [r, g, b] of one, or null where no colour may stand
 * for it: `blank(x, y)` draws those. `over`, where it is given, draws on each what is written in it.
 */
export function drawCells(context, geometry, look, blank, over = null) {
  const { left, top, cellWidth, cellHeight, rows, columns } = geometry;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const [x, y] = [left + column * cellWidth, top + row * cellHeight];
      const colour = look(row, column);
      if (colour) {
        context.fillStyle = css(colour);
        context.fillRect(x, y, cellWidth, cellHeight);
      } else blank(x, y);
      over?.(row, column, x, y, colour);
    }
  }
}

/** A frame that is seen on every colour: white with black inside, around what it frames. */
export function ring(context, x, y, width, height, thick = Math.min(width, height) < 20 ? 1 : 2) {
  const box = [x - thick / 2, y - thick / 2, width + thick, height + thick];
  context.lineJoin = "miter";
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2 * thick + 1;
  context.strokeRect(...box);
  context.strokeStyle = "#000000";
  context.lineWidth = thick;
  context.strokeRect(...box);
}

const STEPS = Uint32Array.from({ length: 256 }, (_, at) => {
  const bytes = Uint8Array.from([...cividis(at / 255), 255]);
  return new Uint32Array(bytes.buffer)[0];
});

/** A canvas with one pixel for each weight, in rows of so many; to be drawn as large as there is room. */
export function pixels(weights, columns) {
  const canvas = make("canvas");
  [canvas.width, canvas.height] = [columns, weights.length / columns];
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const colours = new Uint32Array(image.data.buffer);
  weights.forEach((weight, at) => {
    colours[at] = STEPS[Math.round(clamp(weight, 0, 1) * 255)];
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Draws the scale of a map's colours; `colour` gets 0..1 of the way. */
export function drawScale(canvas, long, high, colour) {
  const context = sizeCanvas(canvas, long, high);
  for (let x = 0; x < long; x += 1) {
    context.fillStyle = css(colour(x / (long - 1)));
    context.fillRect(x, 0, 1, high);
  }
}
