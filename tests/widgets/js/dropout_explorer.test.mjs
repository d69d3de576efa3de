// The pure half of dropout_explorer.js; tests/test_widgets_dropout_explorer.py holds it to Python's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { kind, unpack } from "../../../nanogpt_lib/widgets/dropout_explorer.js";

const layout = { shares: [0, 0.2, 1], masks: 2, line: ["a", "b"] };
const length = 4 + 3 * 2;
const numbers = Float32Array.from({ length: 6 * length }, (_, at) => at);

test("each choice gets its own stretch of the list, part by part", () => {
  const first = unpack(numbers, layout, 0, 0);
  const cells = [
    [0, 1],
    [2, 3],
  ];
  assert.deepEqual(first, { choice: 0, share: 0, cells, sums: [4, 5], means: [6, 7], deviations: [8, 9] });
  const middle = unpack(numbers, layout, 0.2, 1);
  assert.deepEqual([middle.choice, middle.share, middle.cells[0][0]], [3, 1, 3 * length]);
  assert.equal(unpack(numbers, layout, 1, 1).deviations[1], numbers.length - 1);
});

test("a place is the future, dropped or kept; a kept weight may be as small as it likes", () => {
  assert.deepEqual([-2, -1, 0, 0.125, 10].map(kind), ["future", "dropped", "kept", "kept", "kept"]);
});
