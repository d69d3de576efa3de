// Round numbers for axes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { multiples, roundStep, ticks } from "../../../nanogpt_lib/widgets/pictures/ticks.js";

test("round numbers lie between the ends and are not more than asked for", () => {
  assert.deepEqual(ticks(0, 599, 6), [0, 100, 200, 300, 400, 500]);
  assert.deepEqual(ticks(1.5, 4.3, 6), [1.5, 2, 2.5, 3, 3.5, 4]);
  assert.deepEqual(ticks(0, 1, 8), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  for (const [low, high] of [
    [0.013, 0.0137],
    [0, 19999],
    [2, 2.2],
  ])
    assert.ok(ticks(low, high, 6).length <= 7 && ticks(low, high, 6).length >= 2);
});

test("a round step is the least that is no smaller, among the round ones that are allowed", () => {
  assert.deepEqual(
    [0.03, 0.05, 1, 1.01, 7, 143].map((least) => roundStep(least)),
    [0.05, 0.05, 1, 2, 10, 200],
  );
  assert.equal(roundStep(143, [1, 2.5, 5, 10]), 250);
  assert.deepEqual(ticks(0, 24, 6, [1, 2, 4, 10]), [0, 4, 8, 12, 16, 20, 24]);
});

test("multiples are written without crumbs, from either side of 0", () => {
  assert.deepEqual(multiples(0.1, 0, 0.31), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(multiples(20, -32, 32), [-20, 0, 20]);
  assert.deepEqual(multiples(1, 0.2, 0.8), []);
});
