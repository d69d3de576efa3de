// The pure half of bigram_map.js; the page itself is driven in tests/test_browser_text.py.

import assert from "node:assert/strict";
import { test } from "node:test";
import { grouped, spoken } from "../../../nanogpt_lib/kit/browser/words.js";
import {
  cellSize,
  drawColumn,
  largestDifference,
  likeliest,
  pairInWords,
  probInWords,
  randomFrom,
  write,
} from "../../../nanogpt_lib/widgets/bigram_map.js";

// Row by row: certain, even between two, three unequal ones.
const TABLE = new Float32Array([0, 1, 0, 0.5, 0, 0.5, 0.2, 0.7, 0.1]);

test("the same seed gives the same numbers, another seed others", () => {
  const take = (seed) => {
    const random = randomFrom(seed);
    return Array.from({ length: 5 }, random);
  };
  assert.deepEqual(take(1337), take(1337));
  assert.notDeepEqual(take(1337), take(1338));
});

test("the numbers fill [0, 1) evenly", () => {
  // 10,000 draws into ten tenths: each holds 1,000 with a standard deviation of 30.
  const random = randomFrom(1);
  const tenths = new Array(10).fill(0);
  for (let i = 0; i < 10_000; i++) tenths[Math.floor(10 * random())] += 1;
  assert.equal(tenths.length, 10); // a number outside [0, 1) would have added an entry
  for (const count of tenths) assert.ok(Math.abs(count - 1000) < 150, `${tenths}`);
});

test("a draw falls into each column as often as its probability says", () => {
  const counts = [0, 0, 0];
  for (let i = 0; i < 1000; i++) counts[drawColumn(TABLE, 3, 2, (i + 0.5) / 1000)] += 1;
  assert.deepEqual(counts, [200, 700, 100]);
});

test("a column of probability 0 is never drawn, not even by rounding", () => {
  assert.equal(drawColumn(TABLE, 3, 0, 0), 1);
  assert.equal(drawColumn(TABLE, 3, 0, 1 - 2 ** -32), 1);
  assert.equal(drawColumn(TABLE, 3, 1, 0.5), 2);
  assert.equal(drawColumn(new Float32Array([0.3, 0.3, 0]), 3, 0, 0.99), 1); // a row that misses 1
});

test("every character written follows from the row of the one before", () => {
  const ids = write(TABLE, 3, 0, 300, randomFrom(5));
  assert.equal(ids.length, 301);
  assert.equal(ids[0], 0);
  for (let i = 1; i < ids.length; i++)
    assert.ok(TABLE[3 * ids[i - 1] + ids[i]] > 0, `${ids[i - 1]} to ${ids[i]}`);
  assert.deepEqual(write(TABLE, 3, 0, 300, randomFrom(5)), ids);
});

test("the likeliest come first, and equals keep their order", () => {
  assert.deepEqual(likeliest(TABLE, 3, 1, 3), [0, 2, 1]);
  assert.deepEqual(likeliest(TABLE, 3, 2, 2), [1, 0]);
});

test("the largest difference is found whichever table is higher", () => {
  for (const [place, change] of [
    [5, 0.3],
    [7, -0.3],
  ]) {
    const other = TABLE.slice();
    other[place] += change;
    assert.deepEqual(largestDifference(TABLE, other, 3), [Math.floor(place / 3), place % 3]);
  }
});

test("a small probability is not rounded to nothing", () => {
  assert.deepEqual([0, 0.0004, 0.0005, 0.25, 1].map(probInWords), [
    "0.000",
    "below 0.001",
    "0.001",
    "0.250",
    "1.000",
  ]);
});

test("a pair is told with what was seen, to the eye and to the ear", () => {
  const facts = { before: "q", after: "u", seen: 1500, of: 1500, prob: 0.98, alpha: 0.5 };
  assert.equal(
    pairInWords(facts),
    'after "q": "u", seen 1,500 of 1,500 times, probability 0.980 (alpha = 0.5)',
  );
  const rare = { before: " ", after: "\n", seen: 0, of: 9, prob: 0, alpha: 0, learned: 0.125 };
  assert.equal(
    pairInWords(rare),
    'after "␣": "⏎", never seen (0 of 9 times), probability 0.000, learned 0.125',
  );
  assert.match(pairInWords(rare, spoken), /^after "space": "newline", never seen/);
});

test("cells are whole pixels, and never too small or too large to hit", () => {
  assert.equal(cellSize(540, 65), 8);
  assert.equal(cellSize(540, 65, 390), 6);
  assert.equal(cellSize(100, 400), 2);
  assert.equal(cellSize(900, 3), 24);
});

test("numbers are grouped as in the text of the notebooks", () => {
  assert.deepEqual([7, 1000, 60384].map(grouped), ["7", "1,000", "60,384"]);
});
