// The pure half of architecture_explorer.js; tests/test_widgets_architecture_explorer.py holds it to Python's.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  compared,
  costs,
  factor,
  grouped,
  refusal,
  share,
  short,
  widths,
  withStop,
} from "../../../nanogpt_lib/widgets/architecture_explorer.js";

const tiny = {
  n_layer: 1,
  n_head: 2,
  n_embd: 4,
  block_size: 3,
  vocab_size: 5,
  batch_size: 2,
  attention: "heads",
  dropout: 0,
};

test("a model so small that its parts can be counted by hand", () => {
  const { parameters, flops, memory, in_blocks, a_character, rule } = costs(tiny, "pre");
  assert.deepEqual(Object.values(parameters), [20, 12, 48, 20, 148, 24, 25]);
  assert.equal(in_blocks, 48 + 20 + 148 + 16);
  assert.equal(rule, 6 * (297 - 32));
  // Two lines of three places; products forwards, and twice as many backwards.
  const forwards = [
    2 * 6 * 4 * 12,
    2 * 6 * 3 * 4,
    2 * 6 * 3 * 4,
    2 * 6 * 4 * 4,
    2 * 6 * 8 * 16,
    2 * 6 * 4 * 5,
  ];
  assert.deepEqual(
    Object.values(flops),
    forwards.map((one) => 3 * one),
  );
  assert.equal(a_character, forwards.reduce((all, one) => all + 3 * one, 0) / 6);
  assert.equal(memory["attention maps"], 4 * 2 * 2 * 3 * 3);
  assert.equal(memory.masks, 2 * 2 * 3 * 3);
});

test("what the parts are counted from can be switched", () => {
  const maps = (changes, norm = "pre") => costs({ ...tiny, ...changes }, norm).memory["attention maps"];
  const one = maps({});
  assert.equal(maps({ dropout: 0.2 }), 3 * one);
  assert.equal(maps({ attention: "fused" }), 0);
  assert.equal(maps({ attention: "fused", dropout: 0.2 }), 3 * one);
  assert.equal(costs(tiny, "post").parameters.norms, 16);
  assert.equal(costs(tiny, "none").parameters.norms, 0);
});

test("a width that cannot be split is refused, with those that can", () => {
  assert.equal(refusal({ n_embd: 64, n_head: 4 }), "");
  assert.equal(
    refusal({ n_embd: 64, n_head: 3 }),
    "Expected n_embd to split into n_head equal heads, got n_embd=64, n_head=3 (64 % 3 = 1). " +
      "Choose n_embd=63 or 66.",
  );
  assert.deepEqual(widths({ n_embd: 2, n_head: 3 }), [3]);
});

test("sizes have three digits and a unit", () => {
  const sizes = [0, 999, 1000, 9994, 9995, 99_950, 999_499, 999_500, 603_979_776, 1.5e15];
  const said = [
    "0 B",
    "999 B",
    "1.00 kB",
    "9.99 kB",
    "10.0 kB",
    "100 kB",
    "999 kB",
    "1.00 MB",
    "604 MB",
    "1.50 PB",
  ];
  assert.deepEqual(
    sizes.map((size) => short(size, "B")),
    said,
  );
  assert.deepEqual([0, 12, 1234, 10_788_929].map(grouped), ["0", "12", "1,234", "10,788,929"]);
});

test("shares and factors say what they are of", () => {
  assert.deepEqual(
    [share(1, 3), share(0, 3), share(1, 5000), share(3, 3)],
    ["33.3 %", "0.0 %", "<0.1 %", "100.0 %"],
  );
  const pairs = [
    [8, 2],
    [2, 8],
    [3, 3],
    [0, 0],
    [5, 0],
    [0, 5],
    [99_999, 1],
    [12_345_678, 1],
    [199, 2],
  ];
  assert.deepEqual(
    pairs.map(([now, before]) => factor(now, before)),
    ["× 4.00", "÷ 4.00", "the same", "the same", "new", "gone", "× 99,999", "× 1.2e7", "× 99.5"],
  );
});

test("a comparison names what was changed, and nothing else", () => {
  const state = costs(tiny, "pre");
  assert.equal(compared(state, state, tiny, { ...tiny }), "This is the one you kept.");
  const doubled = { ...tiny, batch_size: 4, dropout: 0.2 };
  assert.match(
    compared(costs(doubled, "pre"), state, doubled, tiny),
    /^Since the one you kept: batch_size 2 → 4, dropout 0 → 0\.2\. Parameters the same, .* for each character the same;/,
  );
});

test("a value between two stops of a slider becomes a stop", () => {
  assert.deepEqual(withStop([1, 2, 8], 5), [1, 2, 5, 8]);
  assert.deepEqual(withStop([1, 2, 8], 9), [1, 2, 8, 9]);
  const stops = [1, 2, 8];
  assert.equal(withStop(stops, 2), stops);
});
