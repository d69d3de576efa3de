// The pure half of scaling_explorer.js; tests/test_widgets_scaling_explorer.py holds it to Python's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { amount } from "../../../nanogpt_lib/kit/browser/words.js";
import { beyond, placed, unpack } from "../../../nanogpt_lib/widgets/scaling_explorer.js";

const layout = {
  sizes: [1, 2],
  divisors: [
    ["none", "1"],
    ["half", "two"],
  ],
  measures: [["a"], ["b"]],
  bins: 3,
  examples: 2,
  keys: 2,
};
const length = 3 + 2 + 3 + 4 + 4 + 8;
const numbers = Float32Array.from({ length: 4 * length }, (_, at) => at);

test("each choice gets its own stretch of the list, part by part", () => {
  const first = unpack(numbers, layout, 1, "none");
  assert.equal(first.choice, 0);
  assert.deepEqual([first.divisor, first.outside, first.spread], [0, 1, 2]);
  assert.deepEqual(first.measures, [3, 4]);
  assert.deepEqual(first.counts, [5, 6, 7]);
  assert.deepEqual(first.scores, [
    [8, 9],
    [10, 11],
  ]);
  assert.deepEqual(first.weights[0], [12, 13]);
  assert.deepEqual(first.row_measures[1], [20, 21, 22, 23]);
  const last = unpack(numbers, layout, 2, "half");
  assert.equal(last.choice, 3);
  assert.equal(last.divisor, 3 * length);
  assert.equal(last.row_measures[1][3], 4 * length - 1);
});

test("what is more than nothing never looks like nothing", () => {
  assert.equal(amount(0.0004), "<0.001");
  assert.equal(amount(0.00004, 4), "<0.0001");
  assert.equal(amount(0), "0.000");
  assert.equal(amount(8.0542), "8.054");
});

test("scores beyond the picture are told, and only when there are any", () => {
  assert.equal(beyond(0, 32), "");
  assert.equal(beyond(0.0447, 32), " (4.5 % beyond ±32)");
  assert.equal(beyond(1 / 32000, 32), " (<0.1 % beyond ±32)");
});

test("a score lies between the margins, and one beyond them stays at the edge and says so", () => {
  assert.deepEqual(placed(0, 32, 10, 640), { x: 330, beyond: 0 });
  assert.deepEqual(placed(-32, 32, 10, 640), { x: 10, beyond: 0 });
  assert.deepEqual(placed(40, 32, 10, 640), { x: 650, beyond: 1 });
  assert.deepEqual(placed(-40, 32, 10, 640), { x: 10, beyond: -1 });
});
