// The pure half of curve_explorer.js.

import assert from "node:assert/strict";
import { test } from "node:test";

import { nearest, range, ticks, toggled } from "../../nanogpt_lib/widgets/curve_explorer.js";

test("a name is put in where it belongs, and taken out", () => {
  const all = ["a", "b", "c"];
  assert.deepEqual(toggled(all, ["c", "a"], "b", true), ["a", "b", "c"]);
  assert.deepEqual(toggled(all, ["a", "b"], "b", true), ["a", "b"]);
  assert.deepEqual(toggled(all, ["a", "b"], "b", false), ["a"]);
  assert.deepEqual(toggled(all, ["a"], "a", false), []);
});

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

test("a place in the picture leads to the judgement beside it", () => {
  const steps = [0, 100, 200, 299];
  const shares = [-1, 0, 0.16, 0.17, 0.5, 0.84, 1, 7];
  assert.deepEqual(
    shares.map((share) => nearest(steps, share)),
    [0, 0, 0, 1, 1, 3, 3, 3],
  );
});

test("steps are written at round places", () => {
  assert.deepEqual(ticks([0, 100, 2999]), [0, 500, 1000, 1500, 2000, 2500, 3000]);
  assert.deepEqual(ticks([0, 999]), [0, 250, 500, 750, 1000]);
  assert.deepEqual(ticks([0, 2499]), [0, 500, 1000, 1500, 2000, 2500]);
  assert.ok(ticks([0, 4999]).length <= 8);
});
