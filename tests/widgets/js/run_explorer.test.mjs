// The pure half of run_explorer.js.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  commonEnd,
  found,
  inSight,
  judged,
  lossAt,
  meanLine,
  ranked,
  readAt,
  sliderStep,
  sorted,
} from "../../../nanogpt_lib/widgets/run_explorer.js";

const row = (experiment, variant, differs, loss, more = {}) => ({
  key: `${experiment}: ${variant}`,
  experiment,
  variant,
  cells: [experiment, variant, differs],
  ranks: [3, loss, 512000, 1, 10],
  seeds: [1, 2],
  per_step: 10,
  steps: [0, 100, 200],
  val: [
    [4, loss + 0.1, loss],
    [4, loss + 0.1, loss + 0.02],
  ],
  train: [
    [4, 3, 2],
    [4, 3, 2],
  ],
  seconds: [
    [1, 2, 3],
    [1, 3, 5],
  ],
  ...more,
});
const ROWS = [
  row("heads", "1 head", "n_head=1", 2.1),
  row("batch size", "batch 8", "batch_size=8", 2.0),
  row("Heads?", "B", "x", 2.3),
];
const T95 = [12.706, 4.303];

test("every word of the search must stand somewhere, in any case", () => {
  const keys = (only, search) => found(ROWS, only, search).map(({ key }) => key);
  assert.deepEqual(keys("", ""), ["heads: 1 head", "batch size: batch 8", "Heads?: B"]);
  assert.deepEqual(keys("", "HEADS"), ["heads: 1 head", "Heads?: B"]);
  assert.deepEqual(keys("", " batch  8 "), ["batch size: batch 8"]);
  assert.deepEqual(keys("", "batch heads"), []);
  assert.deepEqual(keys("heads", ""), ["heads: 1 head"]);
  assert.deepEqual(keys("", "(["), []);
});

test("a column is sorted both ways, text without case, and -1 is as recorded", () => {
  const order = (sort) => sorted(ROWS, sort).map(({ variant }) => variant);
  assert.deepEqual(order([-1, false]), ["1 head", "batch 8", "B"]);
  assert.deepEqual(order([1, false]), ["1 head", "B", "batch 8"]);
  assert.deepEqual(order([4, false]), ["batch 8", "1 head", "B"]);
  assert.deepEqual(order([4, true]), ["B", "1 head", "batch 8"]);
  assert.deepEqual(order([3, true]), ["1 head", "batch 8", "B"], "equal ones keep their order");
});

test("a loss is read on the line between two evaluations and nowhere else", () => {
  const read = (at) => lossAt([0, 100, 200], [4, 3, 2], at);
  assert.deepEqual([0, 50, 100, 175, 200].map(read), [4, 3.5, 3, 2.25, 2]);
  assert.deepEqual([-1, 201].map(read), [null, null]);
  assert.equal(lossAt([], [], 0), null);
  assert.equal(lossAt([5, 5], [4, 3], 5), 4);
});

test("in seconds a row is read as far as its quickest seed, in steps to its end", () => {
  assert.equal(commonEnd(ROWS, "steps"), 200);
  assert.equal(commonEnd(ROWS, "characters"), 2000);
  assert.equal(commonEnd(ROWS, "seconds"), 3);
  assert.equal(readAt(ROWS[0], "seconds", 4), null);
  assert.equal(readAt(ROWS[0], "seconds", 0.5), null);
  const [where, losses] = meanLine(ROWS[0], "seconds", "train");
  assert.deepEqual(where, [1, 2, 3]);
  assert.deepEqual(losses, [4, (3 + 3.5) / 2, (2 + 3) / 2]);
});

test("the lowest comes first, and what has ended last, with the reason", () => {
  const short = row("short", "s", "", 1.9, { steps: [0, 50, 90] });
  const list = ranked([...ROWS, short], "steps", 200, T95);
  assert.deepEqual(
    list.map(({ row: one }) => one.variant),
    ["batch 8", "1 head", "B", "s"],
  );
  assert.deepEqual([list[0].words, list[3].loss, list[3].words], ["lowest", "ended", "ended at 90 steps"]);
  assert.equal(list[0].loss, "2.010 ± 0.014");
  assert.match(list[1].words, /^0\.100 apart; seed by seed that varies by 0\.000, .*more than noise$/);
  assert.equal(ranked(ROWS, "seconds", 0.2, T95)[0].loss, "not evaluated yet");
  assert.deepEqual(ranked([], "steps", 0, T95), []);
});

test("a seed that the lowest does not have says nothing about luck", () => {
  const alone = row("yours", "yours 1", "", 2.5, {
    seeds: [9],
    val: [[4, 3, 2.5]],
    train: [[4, 3, 2]],
    seconds: [[1, 2, 3]],
  });
  const list = ranked([ROWS[0], alone], "steps", 200, T95);
  assert.equal(list[1].loss, "2.500");
  assert.match(list[1].words, /nobody knows what is luck$/);
});

test("the height is made for what comes after the first evaluation, if there is anything", () => {
  assert.deepEqual(inSight([[4, 3], [4, 2, 1], [4]]), [[3], [4, 2, 1]]);
  assert.deepEqual(inSight([[4]]), [[4]]);
});

test("a guess is right, among the first, or wrong", () => {
  const won = { answer: "a", drawn: ["a"], told: "T." };
  const drawn = { answer: "a draw", drawn: ["a", "b"], told: "T." };
  assert.equal(judged("a", won, "a draw"), "Right. T.");
  assert.equal(judged("a draw", won, "a draw"), "Not this time. T.");
  assert.equal(judged("a draw", drawn, "a draw"), "Right. T.");
  assert.equal(judged("b", drawn, "a draw"), "Among the first, but not alone. T.");
  assert.equal(judged("c", drawn, "a draw"), "Not this time. T.");
});

test("a slider has some two hundred round steps", () => {
  assert.equal(sliderStep("steps", 999), 5);
  assert.equal(sliderStep("steps", 60), 1);
  assert.equal(sliderStep("characters", 511_488), 5000);
  assert.equal(sliderStep("seconds", 22.7), 0.2);
  assert.equal(sliderStep("seconds", 3), 0.1);
});
