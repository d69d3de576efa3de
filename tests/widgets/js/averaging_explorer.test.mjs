// The pure half of averaging_explorer.js; tests/test_widgets_averaging_explorer.py holds it to Python's.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  explore,
  randomScores,
  resizedScores,
  resizedX,
  rowHeight,
  softmax,
  typed,
} from "../../../nanogpt_lib/widgets/averaging_explorer.js";

const zeros = resizedScores([], 4);
const x = [2, 4, 9, 1];

test("two tables of eight rows stand above one another on a small screen", () => {
  for (let T = 2; T <= 8; T += 1) assert.ok((T + 1) * (rowHeight(T) + 2) <= 176, `${T} rows`);
  assert.equal(rowHeight(4), 30);
  assert.ok(rowHeight(8) >= 17);
});

test("equal scores and minus infinity give plain averages of the past", () => {
  const state = explore(zeros, "-inf", x);
  assert.deepEqual(state.output, [2, 3, 5, 4]);
  assert.deepEqual(state.weights[1], [0.5, 0.5, 0, 0]);
  assert.equal(state.light, "closed");
  assert.equal(state.verdict, "no row sees its future");
});

test("a mask of zeros lets the future in", () => {
  const state = explore(
    [
      [0, 5],
      [0, 0],
    ],
    "zero",
    [0, 1],
  );
  assert.equal(state.light, "leak");
  assert.equal(state.verdict, "row 0 gives 0.500 to its future"); // the score 5 became 0, which is a score
});

test("masking after the softmax leaves rows that do not sum to 1", () => {
  const state = explore(zeros, "after", x);
  assert.equal(state.light, "short");
  assert.deepEqual(state.row_sums, [0.25, 0.5, 0.75, 1]);
  assert.match(state.verdict, /the softmax counted it: row 0 sums to 0\.250, row 1 sums to 0\.500, row 2/);
});

test("a tiny leak is told, not rounded away", () => {
  assert.match(
    explore(
      [
        [20, -20],
        [0, 0],
      ],
      "none",
      [0, 1],
    ).verdict,
    /row 0 gives less than 0\.001 to its future/,
  );
});

test("large scores do not overflow", () => {
  assert.deepEqual(softmax([1000, 1000]), [0.5, 0.5]);
  assert.deepEqual(softmax([0, -Infinity]), [1, 0]);
});

test("another number of positions keeps what there was", () => {
  assert.deepEqual(
    resizedScores(
      [
        [1, 2],
        [3, 4],
      ],
      3,
    ),
    [
      [1, 2, 0],
      [3, 4, 0],
      [0, 0, 0],
    ],
  );
  assert.deepEqual(
    resizedScores(
      [
        [1, 2, 0],
        [3, 4, 0],
        [0, 0, 0],
      ],
      2,
    ),
    [
      [1, 2],
      [3, 4],
    ],
  );
  assert.deepEqual(resizedX([5], 3), [5, 4, 9]);
});

test("what is typed counts when it is a number, with a comma or a point, and is kept within limits", () => {
  assert.equal(typed("1,5", 20), 1.5);
  assert.equal(typed(" −2 ", 20), -2);
  assert.equal(typed("999", 20), 20);
  for (const text of ["", " ", "-", "abc"]) assert.equal(typed(text, 20), null);
});

test("random scores are halves from −3 to 3", () => {
  const flat = [...randomScores(8, () => 0), ...randomScores(8, () => 0.999)].flat();
  assert.deepEqual(new Set(flat), new Set([-3, 3]));
});
