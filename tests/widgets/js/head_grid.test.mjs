// The pure half of head_grid.js.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  axisEnd,
  gridGeometry,
  heaviest,
  letter,
  offKey,
  placeAt,
  toggled,
  weightInWords,
} from "../../../nanogpt_lib/widgets/head_grid.js";

test("a tick puts a head in its place, a second one takes it out again", () => {
  const one = toggled([], [1, 0]);
  const two = toggled(one, [0, 10]);
  const three = toggled(two, [0, 2]);
  assert.deepEqual(three, [
    [0, 2],
    [0, 10],
    [1, 0],
  ]);
  assert.equal(offKey(Object.freeze([...three].reverse())), "0.2 0.10 1.0");
  assert.deepEqual(toggled(toggled(three, [0, 10]), [0, 2]), [[1, 0]]);
  assert.deepEqual(one, [[1, 0]], "a trait's list is never changed in place");
});

test("the cards fit, and their rows are as equal as they can be", () => {
  for (const [width, n_head, T, columns] of [
    [820, 1, 19, 1],
    [820, 4, 19, 4],
    [820, 6, 32, 6],
    [876, 8, 64, 8],
    [400, 4, 19, 2],
    [260, 4, 64, 1],
  ]) {
    const grid = gridGeometry({ width, n_head, T });
    assert.equal(grid.columns, columns, `${n_head} heads in ${width}`);
    assert.ok(columns * grid.card + 8 * (columns - 1) <= width, `${n_head} heads in ${width}`);
    assert.ok(grid.card >= grid.side + 32, "a card holds its map, its labels and its padding");
    assert.ok(grid.side >= (n_head > 4 ? 64 : 100));
    assert.equal(grid.cell, grid.side / T);
  }
  for (const n_head of [9, 12, 16])
    for (const width of [300, 640, 820, 1074]) {
      const { columns, card } = gridGeometry({ width, n_head, T: 64 });
      assert.ok(columns * card + 8 * (columns - 1) <= width);
      assert.ok(columns * Math.ceil(n_head / columns) - n_head < columns);
    }
});

test("on a wide widget all heads are seen at once, on a small screen", () => {
  for (const width of [640, 820, 876, 1074])
    for (const T of [1, 18, 64])
      for (let n_head = 1; n_head <= 16; n_head += 1) {
        const { columns, side } = gridGeometry({ width, n_head, T });
        const rows = Math.ceil(n_head / columns);
        if (width >= 876) assert.ok(rows <= Math.ceil(n_head / 8), `${n_head} heads in ${width}`);
        assert.ok(side <= (rows > 1 ? 84 : 150), `${n_head} heads in ${width}`);
      }
});

test("a short text makes small maps and whole pixels a cell", () => {
  assert.deepEqual(gridGeometry({ width: 820, n_head: 2, T: 1 }), {
    columns: 2,
    side: 40,
    cell: 40,
    card: 144,
  });
  const { side, cell } = gridGeometry({ width: 820, n_head: 4, T: 19 });
  assert.equal(cell, Math.round(cell));
  assert.equal(side, 19 * cell);
});

test("a point on a card is found in its map, and the bars keep the query", () => {
  const geometry = { side: 152, cell: 8 };
  for (const [query, key] of [
    [0, 0],
    [18, 0],
    [18, 18],
    [4, 2],
  ])
    assert.deepEqual(placeAt(geometry, 19, 18 + (key + 0.5) * 8, (query + 0.5) * 8, 7), [query, key]);
  assert.deepEqual(placeAt(geometry, 19, 18 + 20, 152 + 30, 7), [7, 2]);
  assert.deepEqual(placeAt(geometry, 19, 5, 20, 7), [2, null]);
  assert.equal(placeAt(geometry, 19, 18 + 153, 20, 7), null);
  assert.equal(placeAt(geometry, 19, 30, 300, 7), null);
});

test("of weights that are shown alike the first is the heaviest", () => {
  assert.equal(heaviest(Float32Array.from([0.1, 0.4, 0.40001, 0.1])), 1);
  assert.equal(heaviest(Float32Array.from([0.1, 0.4, 0.4009])), 2);
});

test("an axis has one character for each, and signs for those that cannot be seen", () => {
  assert.deepEqual(["a", " ", "\n", "\u200b", "😀"].map(letter), ["a", "␣", "⏎", "·", "😀"]);
});

test("a weight is told with its head, query and key, and the future with its reason", () => {
  const tokens = ["a", " ", "b"];
  assert.equal(weightInWords(tokens, 2, 1, 0, 1 / 3), 'head 2: query "␣" at 1 → key "a" at 0: 0.333');
  assert.equal(
    weightInWords(tokens, 0, 1, 2, 0, () => "x"),
    'head 0: query "x" at 1 → key "x" at 2: 0.000 (its future, which the mask hides)',
  );
  assert.doesNotMatch(weightInWords(tokens, 0, 1, 1, 0.5), /future/);
});

test("the axis of losses holds every loss and guessing", () => {
  assert.ok(axisEnd({ "": { now: 2.3 }, 0.1: { now: 5 } }, 4.17) > 5);
  assert.ok(axisEnd({ "": { now: 2.3 } }, 4.17) > 4.17);
});
