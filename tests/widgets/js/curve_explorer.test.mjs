// The pure half of curve_explorer.js.

import assert from "node:assert/strict";
import { test } from "node:test";

import { toggled } from "../../../nanogpt_lib/kit/browser/controls.js";
import { nearest } from "../../../nanogpt_lib/widgets/curve_explorer.js";

test("a name is put in where it belongs, and taken out", () => {
  const all = ["a", "b", "c"];
  assert.deepEqual(toggled(all, ["c", "a"], "b", true), ["a", "b", "c"]);
  assert.deepEqual(toggled(all, ["a", "b"], "b", true), ["a", "b"]);
  assert.deepEqual(toggled(all, ["a", "b"], "b", false), ["a"]);
  assert.deepEqual(toggled(all, ["a"], "a", false), []);
});

test("a place in the picture leads to the evaluation beside it", () => {
  const steps = [0, 100, 200, 299];
  const shares = [-1, 0, 0.16, 0.17, 0.5, 0.84, 1, 7];
  assert.deepEqual(
    shares.map((share) => nearest(steps, share)),
    [0, 0, 0, 1, 1, 3, 3, 3],
  );
});
