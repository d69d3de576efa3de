// The pure half of architecture_explorer.js; tests/test_widgets_architecture_explorer.py holds it to Python's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { grouped } from "../../../nanogpt_lib/kit/browser/words.js";
import {
  compared,
  costsOf,
  factor,
  refusal,
  share,
  short,
  widths,
  withStop,
} from "../../../nanogpt_lib/widgets/architecture_explorer.js";

const costs = {
  heads: [
    {
      parameters: {
        "a table": [[1, ["vocab_size", "n_embd"]]],
        head: [
          [1, ["n_embd", "vocab_size"]],
          [1, ["vocab_size"]],
        ],
      },
      flops: { head: [[6, ["batch_size", "block_size", "n_embd"]]] },
      memory: { parameters: [[4, ["n_embd", "n_embd", "n_layer"]]], masks: [] },
      in_blocks: [
        [2, ["n_layer"]],
        [-1, []],
      ],
      rule: [[6, ["n_embd"]]],
    },
    { parameters: {}, flops: {}, memory: { masks: [[3, []]] }, in_blocks: [], rule: [] },
  ],
};
const tiny = {
  n_layer: 2,
  n_embd: 4,
  block_size: 3,
  vocab_size: 5,
  batch_size: 7,
  attention: "heads",
  dropout: 0,
};

test("costs are the sums of their terms, for the kind of attention and the dropout that are set", () => {
  const found = costsOf(tiny, costs);
  assert.deepEqual(found.parameters, { "a table": 20, head: 25 });
  assert.deepEqual(found.memory, { parameters: 4 * 16 * 2, masks: 0 });
  assert.equal(found.in_blocks, 3);
  assert.equal(found.rule, 24);
  assert.equal(found.a_character, 6 * 4);
  assert.deepEqual(costsOf({ ...tiny, dropout: 0.2 }, costs).memory, { masks: 3 });
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
  const state = costsOf(tiny, costs);
  assert.equal(compared(state, state, tiny, { ...tiny }), "This is the one you kept.");
  const doubled = { ...tiny, batch_size: 14, vocab_size: 10 };
  assert.match(
    compared(costsOf(doubled, costs), state, doubled, tiny),
    /^Since the one you kept: vocab_size 5 → 10, batch_size 7 → 14\. Parameters × 2\.00, .* for each character the same;/,
  );
});

test("a value between two stops of a slider becomes a stop", () => {
  assert.deepEqual(withStop([1, 2, 8], 5), [1, 2, 5, 8]);
  assert.deepEqual(withStop([1, 2, 8], 9), [1, 2, 8, 9]);
  const stops = [1, 2, 8];
  assert.equal(withStop(stops, 2), stops);
});
