// The pure half of attention_view.js; the rest is driven in tests/test_browser_attention.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  cellColour,
  limitOf,
  mapGeometry,
  mapWidth,
  products,
  sentence,
  short,
  stageLimit,
  thumbSize,
  unpack,
} from "../../../nanogpt_lib/widgets/attention_view.js";
import { cellAt } from "../../../nanogpt_lib/widgets/pictures/heat_map.js";

const tokens = ["c", "a", "t", " "];

test("packed floats are found again by part, layer and head", () => {
  // 2 layers × 3 heads × T=2: first weights (2 columns), then output (1 column), counted upwards.
  const numbers = Float32Array.from({ length: 2 * 3 * 2 * 2 + 2 * 3 * 2 }, (_, at) => at);
  const pack = unpack(numbers, {
    n_layer: 2,
    n_head: 3,
    T: 2,
    parts: [
      ["weights", 2],
      ["output", 1],
    ],
  });
  assert.deepEqual([...pack.parts.weights.at(0, 0)], [0, 1, 2, 3]);
  assert.deepEqual([...pack.parts.weights.at(1, 2)], [20, 21, 22, 23]);
  assert.deepEqual([...pack.parts.output.at(0, 1)], [26, 27]);
  assert.deepEqual([...pack.parts.output.at(1, 2)], [34, 35]);
});

test("a limit counts only finite numbers and is never 0", () => {
  assert.equal(limitOf([-3, 2, -Infinity]), 3);
  assert.equal(limitOf([0, 0]), 1);
});

test("scores, scaled and masked share one limit, output has its own", () => {
  const part = (numbers) => ({ columns: 1, at: () => numbers });
  const pack = {
    parts: { scores: part([8]), scaled: part([2]), masked: part([2]), weights: part([1]), output: part([5]) },
  };
  for (const stage of ["scores", "scaled", "masked"]) assert.equal(stageLimit(pack, stage, 0, 0), 8);
  assert.equal(stageLimit(pack, "output", 0, 0), 5);
});

test("minus infinity has no colour, and a weight's colour does not depend on the others", () => {
  assert.equal(cellColour("masked", -Infinity, 3), null);
  assert.deepEqual(cellColour("weights", 1, 99), [254, 232, 56]);
  assert.deepEqual(cellColour("scores", 0, 3), [247, 247, 247]);
});

test("a map fits its width, is square where it may be, and knows its cells", () => {
  for (const [T, width] of [
    [4, 300],
    [64, 640],
    [64, 420],
    [20, 1000],
  ]) {
    const map = mapGeometry({ width, T, columns: T, left: 40, top: 40 });
    assert.ok(map.width <= width, `T=${T} in ${width}`);
    assert.ok(map.height <= 385, `T=${T} in ${width} leaves room for the controls on a small screen`);
    assert.equal(map.cellWidth, map.cellHeight);
    for (const [query, key] of [
      [0, 0],
      [T - 1, T - 1],
      [T - 1, 0],
    ]) {
      const middle = [40 + (key + 0.5) * map.cellWidth, 40 + (query + 0.5) * map.cellHeight];
      assert.deepEqual(cellAt(map, ...middle), [query, key]);
    }
    assert.equal(cellAt(map, 39, 60), null);
    assert.equal(cellAt(map, 60, 40 + T * map.cellHeight), null);
  }
});

test("a map of at most 16 positions has room for its numbers, where the widget has", () => {
  for (const T of [1, 8, 9, 16]) {
    const { written, cellWidth, cellHeight, height } = mapGeometry({
      width: 604,
      T,
      columns: T,
      left: 43,
      top: 40,
    });
    assert.ok(written && cellWidth >= 34 && cellHeight >= 16 && height <= 385, `T=${T}`);
  }
  const small = mapGeometry({ width: 456, T: 16, columns: 16, left: 43, top: 40 });
  assert.ok(!small.written && small.cellWidth === small.cellHeight);
  assert.ok(!mapGeometry({ width: 1000, T: 17, columns: 17, left: 43, top: 40 }).written);
});

test("an output with more columns than positions still fits", () => {
  const map = mapGeometry({ width: 600, T: 4, columns: 64, left: 40, top: 40 });
  assert.ok(map.width <= 600);
  assert.deepEqual(cellAt(map, 40 + 63.5 * map.cellWidth, 40 + 3.5 * map.cellHeight), [3, 63]);
});

test("a wide widget leaves room for the heads, a narrow one does not", () => {
  assert.equal(mapWidth(400), 400);
  assert.ok(mapWidth(820) <= 566);
  assert.equal(mapWidth(2000), 640);
});

test("sixteen heads fit in a row", () => {
  assert.ok(16 * (thumbSize(700, 16) + 4) <= 700);
  assert.equal(thumbSize(700, 1), 72);
});

test("twelve layers fit above one another beside the map", () => {
  assert.equal(thumbSize(400, 4, 264, 12), 18);
  assert.equal(thumbSize(400, 4, 264, 4), 62);
  assert.equal(thumbSize(400, 4, 264, 2), 72);
});

test("the sentence names query, key and value", () => {
  const weights = { stage: "weights", query: 1, column: 2, value: 1 / 3, tokens, sum: 1 };
  assert.equal(sentence(weights), 'query "a" at 1 → key "t" at 2: 0.333');
  const blind = { stage: "masked", query: 0, column: 3, value: -Infinity, tokens };
  assert.equal(sentence(blind), 'query "c" at 0 → key "␣" at 3: −∞');
  assert.equal(
    sentence(blind, (token) => (token === " " ? "space" : token)),
    'query "c" at 0 → key "space" at 3: −∞',
  );
  const output = { stage: "output", query: 0, column: 7, value: -0.12, tokens };
  assert.equal(sentence(output), 'query "c" at 0, dimension 7: −0.120');
});

test("a row that does not sum to 1 is told, but only of weights", () => {
  const row = { stage: "weights", query: 1, column: 0, value: 0.2, tokens, sum: 0.4 };
  assert.match(sentence(row), /0\.200 \(this row sums to 0\.400, not 1\)$/);
  assert.doesNotMatch(sentence({ ...row, stage: "scores" }), /sums/);
  assert.doesNotMatch(sentence({ ...row, sum: 1.0004 }), /sums/);
});

test("the products of a query and a key sum to their score", () => {
  const [q, k] = [
    [1, 2, 3, 4],
    [10, 20, 30, 40],
  ];
  assert.deepEqual(products(q, k, 1, 0, 2), { bars: [30, 80], sum: 110 });
});

test("long tokens are cut for the axes", () => {
  assert.equal(short("<img src=x onerror=alert(1)>"), "<img␣src=…");
  assert.equal(short("a"), "a");
});
