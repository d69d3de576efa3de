// The pure half of depth_explorer.js; tests/test_widgets_depth_explorer.py holds it to Python's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { brief, decades, tick, unpack } from "../../../nanogpt_lib/widgets/depth_explorer.js";

const layout = {
  deepest: 2,
  inits: [
    ["torch", "as it is"],
    ["small", "smaller"],
  ],
};
const stack = 3 * (2 + 3); // two depths: two places and three
const numbers = Float32Array.from({ length: 8 * stack }, (_, at) => at);

test("each choice gets its own stretch of the list, row by row", () => {
  const first = unpack(numbers, layout, { init: "torch", residual: false, norm: false, n_layer: 1 });
  assert.deepEqual(first, { choice: 0, spread: [0, 1], between: [2, 3], gradient: [4, 5] });
  const deeper = unpack(numbers, layout, { init: "torch", residual: false, norm: false, n_layer: 2 });
  assert.deepEqual(deeper, { choice: 1, spread: [6, 7, 8], between: [9, 10, 11], gradient: [12, 13, 14] });
  const normed = unpack(numbers, layout, { init: "torch", residual: false, norm: true, n_layer: 1 });
  assert.equal(normed.choice, 2);
  assert.equal(normed.spread[0], stack);
  const last = unpack(numbers, layout, { init: "small", residual: true, norm: true, n_layer: 2 });
  assert.equal(last.choice, 15);
  assert.equal(last.gradient[2], numbers.length - 1);
});

test("numbers have two digits, and what is too small to be told says so", () => {
  const values = [1, 0.4142, 35.1, 410, 9949, 9951, 220000, 0.00861, 0.0000183, 9.96e-6, 1e-12, 0];
  const said = [
    "1.0",
    "0.41",
    "35",
    "410",
    "9900",
    "1.0e4",
    "2.2e5",
    "0.0086",
    "1.8e-5",
    "1.0e-5",
    "<1e-12",
    "<1e-12",
  ];
  assert.deepEqual(values.map(brief), said);
});

test("a picture reaches from below its least to above its largest value, 1 always within", () => {
  assert.deepEqual(decades([1, 1]), { low: -1, high: 1, lines: [-1, 0, 1] });
  assert.deepEqual(decades([0.045, 1]), { low: -2, high: 1, lines: [-2, -1, 0, 1] });
  assert.deepEqual(decades([2e-5, 1]), { low: -6, high: 1, lines: [-6, -3, 0] });
  assert.deepEqual(decades([1, 220000]), { low: -1, high: 6, lines: [0, 3, 6] });
  assert.deepEqual(decades([1e-12, 1]), { low: -12, high: 1, lines: [-12, -9, -6, -3, 0] });
});

test("a power of ten is written out as long as it is short", () => {
  assert.deepEqual([-12, -3, -1, 0, 2, 6].map(tick), ["1e-12", "0.001", "0.1", "1", "100", "1e6"]);
});
