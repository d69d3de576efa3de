// The pure half of batch_explorer.js; the page itself is driven in tests/test_browser_text.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import { grouped } from "../../../nanogpt_lib/kit/browser/words.js";
import { examplesOf, holds, lastOffset } from "../../../nanogpt_lib/widgets/batch_explorer.js";

test("a block of T characters holds T examples, each with one character more", () => {
  assert.deepEqual(examplesOf(Array.from("hello"), 1, 3), [
    { t: 0, context: "e", target: "l" },
    { t: 1, context: "el", target: "l" },
    { t: 2, context: "ell", target: "o" },
  ]);
});

test("a character outside the basic plane counts once", () => {
  assert.deepEqual(examplesOf(Array.from("a😀b"), 0, 2), [
    { t: 0, context: "a", target: "😀" },
    { t: 1, context: "a😀", target: "b" },
  ]);
});

test("the last offset leaves room for the block and one target", () => {
  const chars = Array.from("0123456789");
  assert.equal(lastOffset(10, 4), 5);
  assert.equal(examplesOf(chars, 5, 4).at(-1).target, "9");
  assert.equal(examplesOf(chars, 6, 4).at(-1).target, undefined);
  assert.equal(lastOffset(3, 4), 0);
});

test("a passage holds a block only together with its last target", () => {
  assert.equal(holds(100, 10, 100, 9), true);
  assert.equal(holds(100, 10, 100, 10), false);
  assert.equal(holds(100, 10, 99, 4), false);
  assert.equal(holds(100, 10, 105, 4), true);
  assert.equal(holds(100, 10, 106, 4), false);
});

test("numbers are grouped as in the text of the notebooks", () => {
  assert.deepEqual([0, 999, 1000, 1115394].map(grouped), ["0", "999", "1,000", "1,115,394"]);
});
