// The pure half of norm_explorer.js; tests/test_widgets_norm_explorer.py holds it to Python's.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  barOf,
  cellInWords,
  counted,
  edges,
  explore,
  groupsOf,
  normalise,
  plain,
} from "../../../nanogpt_lib/widgets/norm_explorer.js";

const layout = {
  x: [0, 2, 4, 0],
  z: [-5, 1],
  shape: [1, 2, 2],
  line: ["a", "b"],
  features: ["one", "two"],
  axes: [
    ["layer", "", [2]],
    ["batch", "", [0, 1]],
  ],
  parts: [
    ["position 0", "a of block 0", [0, 1]],
    ["position 1", "b of block 0", [2, 3]],
    ["one", "one", [0, 2]],
  ],
  groups: { layer: ["a of block 0", "b of block 0"], batch: ["one", "two"] },
  bins: 3,
  limits: [5, 10],
  eps: 0,
  nothing: 1e-9,
  little: 0.005,
};

test("cells that differ only along the axes share a group", () => {
  const shape = [2, 2, 2];
  assert.deepEqual(groupsOf([2], shape), [0, 0, 1, 1, 2, 2, 3, 3]);
  assert.deepEqual(groupsOf([0, 1], shape), [0, 1, 0, 1, 0, 1, 0, 1]);
  assert.deepEqual(groupsOf([1, 2], shape), [0, 0, 0, 0, 1, 1, 1, 1]);
  assert.deepEqual(groupsOf([0, 1, 2], shape), Array(8).fill(0));
});

test("each group gets mean 0 and variance 1", () => {
  assert.deepEqual(normalise([0, 2, 4, 0], [0, 0, 1, 1], 0), [-1, 1, 1, -1]);
  assert.deepEqual(normalise([0, 2, 4, 0], [0, 1, 0, 1], 0), [-1, 1, 1, -1]);
  assert.deepEqual(normalise([3, 3], [0, 0], 1e-5), [0, 0]);
});

test("a change of one position is erased by its own norm, a change of sign is not", () => {
  const erased = explore(layout, "layer", "position 1", 3, 2);
  assert.deepEqual(erased.x, [0, 2, 11, 3]);
  assert.deepEqual(erased.normalised, [-1, 1, 1, -1]);
  assert.match(erased.words[2], /^Change: b of block 0 times 2, plus 3\. .* the norm erases the change\.$/);
  const turned = explore(layout, "layer", "position 1", 0, -1);
  assert.match(
    turned.words[2],
    /times −1\. After the norm it moves by up to 2\.00, the rest stays as it was\.$/,
  );
});

test("the light tells whether the last position reaches the first", () => {
  assert.match(explore(layout, "layer", "one", 0, 1).words[0], /would not move: it does not see its future/);
  assert.match(
    explore(layout, "batch", "position 1", 0, -1).words[0],
    /would move by 2\.00: it sees its future/,
  );
  const hidden = explore(layout, "batch", "one", 0, 0);
  assert.equal(hidden.lights[0], "hidden");
  assert.match(hidden.words[0], /would not move, but only since your change hides it: it sees its future/);
});

test("the ends of a histogram belong to its outer bars", () => {
  assert.deepEqual(
    [-9, -5, -1, 0, 1, 4.9, 5, 9].map((value) => barOf(value, 5, 3)),
    [0, 0, 1, 1, 1, 2, 2, 2],
  );
  assert.deepEqual(counted([-5, 0, 0, 5], 5, 3), [1, 2, 1]);
});

test("a group is outlined where it ends", () => {
  const rows = groupsOf([2], [1, 2, 2]);
  assert.deepEqual(edges(0, rows, 2), [true, false, true, true]);
  assert.deepEqual(edges(3, rows, 2), [true, true, true, false]);
  const all = [0, 0, 0, 0];
  assert.deepEqual(edges(0, all, 2), [true, false, false, true]);
  assert.deepEqual(edges(2, all, 2), [false, false, true, true]); // not the end of the row above
});

test("a cell says with which others it is averaged", () => {
  const words = cellInWords(explore(layout, "layer", "one", 0, 1), layout, "layer", 1);
  assert.equal(
    words,
    "a of block 0, two: 2 becomes 1.00. It shares one mean, 1.00, and one variance, 1.00, with 1 other " +
      "numbers (outlined: a of block 0).",
  );
});

test("a number keeps its own decimals and gets a true minus", () => {
  assert.deepEqual([-2.5, 0, 7].map(plain), ["−2.5", "0", "7"]);
});
