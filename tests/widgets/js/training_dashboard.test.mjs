// The pure half of training_dashboard.js.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  apart,
  followed,
  lossRange,
  nearestEvaluation,
  rateText,
  shortened,
} from "../../../nanogpt_lib/widgets/training_dashboard.js";

const curve = [
  [0, 4.2, 4.1, ""],
  [50, 2.5, 2.6, ""],
  [99, 2.0, null, ""],
];

test("the picture holds every loss and every level, and what is no number takes no room", () => {
  const { low, high } = lossRange(curve, [1.67, 4.17]);
  assert.ok(low < 1.67 && low > 1.4);
  assert.ok(high > 4.2 && high < 4.5);
  assert.deepEqual(lossRange([], []), { low: 0, high: 4.5 });
  assert.equal(lossRange([[0, 0.01, 0.02]], []).low, 0);
});

test("names that would lie over one another are moved apart, in their order, and stay inside", () => {
  assert.deepEqual(apart([10, 50], 14, 0, 100), [10, 50]);
  assert.deepEqual(apart([50, 52, 10], 14, 0, 100), [50, 64, 10]);
  assert.deepEqual(apart([98, 99], 14, 0, 100), [86, 100]);
  assert.deepEqual(apart([52, 50], 14, 0, 100), [64, 50]);
  assert.deepEqual(apart([], 14, 0, 100), []);
});

test("a click chooses the nearest evaluation", () => {
  assert.equal(nearestEvaluation(curve, -20), 0);
  assert.equal(nearestEvaluation(curve, 26), 1);
  assert.equal(nearestEvaluation(curve, 500), 2);
});

test("the newest evaluation is followed, an older one that was chosen stays", () => {
  assert.equal(followed(2, 3, 4), 3);
  assert.equal(followed(1, 3, 4), 1);
  assert.equal(followed(0, 0, 1), 0);
  assert.equal(followed(2, 3, 0), -1);
});

test("rates and names are written short", () => {
  assert.deepEqual([0, 0.004, 0.0039612, 0.00004].map(rateText), ["0", "0.004", "0.00396", "0.00004"]);
  assert.equal(shortened("best count"), "best count");
  assert.equal(shortened("x".repeat(40)).length, 22);
});
