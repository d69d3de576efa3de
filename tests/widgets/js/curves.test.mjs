// The pure half of curves.js.

import assert from "node:assert/strict";
import { test } from "node:test";

import { lookOf, placesTo, range } from "../../../nanogpt_lib/widgets/pictures/curves.js";

test("a picture holds every judgement but the first, with round lines", () => {
  const found = range([
    [4.4, 2.5, 2.4, 3.3],
    [4.3, 2.2, 1.5, 0.85],
  ]);
  assert.ok(found.low < 0.85 && found.low > 0.6);
  assert.ok(found.high > 3.3 && found.high < 3.5);
  assert.deepEqual(found.lines, [1, 1.5, 2, 2.5, 3]);
});

test("curves close together get fine lines, and equal ones still a picture", () => {
  assert.deepEqual(range([[9, 2.43, 2.38]]).lines, [2.36, 2.38, 2.4, 2.42, 2.44]);
  const { low, high } = range([[2, 2, 2]]);
  assert.ok(high - low > 0.03);
  assert.deepEqual(range([]), { low: 0, high: 1, lines: [] });
});

test("of a run judged only twice nothing is left out", () => {
  assert.ok(range([[4, 2]]).high > 4);
});

test("places are written where they are round, whatever their unit", () => {
  assert.deepEqual(placesTo(2999), [0, 500, 1000, 1500, 2000, 2500, 3000]);
  assert.deepEqual(placesTo(999), [0, 250, 500, 750, 1000]);
  assert.deepEqual(placesTo(2499), [0, 500, 1000, 1500, 2000, 2500]);
  assert.ok(placesTo(4999).length <= 8);
  assert.deepEqual(placesTo(511_488), [0, 100_000, 200_000, 300_000, 400_000, 500_000]);
  assert.deepEqual(placesTo(22.7), [0, 5, 10, 15, 20]);
  assert.deepEqual(placesTo(0.7), [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]);
});

test("no two of thirty-six curves look alike", () => {
  const looks = Array.from({ length: 36 }, (_, at) => JSON.stringify(lookOf(at)));
  assert.equal(new Set(looks).size, 36);
});
