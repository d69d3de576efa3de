// The pure half of recipe_race.js.

import assert from "node:assert/strict";
import { test } from "node:test";

import { longest, placeOf, reached, upTo, valueAt } from "../../../nanogpt_lib/widgets/recipe_race.js";

const SECONDS = [0, 2.5, 4.5, 10];
const racer = {
  seconds: SECONDS,
  mean: [4.2, 2.6, 2.2, 2],
  characters: [0, 102400, 204800, 306900],
};

test("a moment lies between two evaluations, or after the last", () => {
  const moments = [0, 1.25, 2.5, 4.5, 7.25, 10, 11];
  assert.deepEqual(
    moments.map((moment) => placeOf(SECONDS, moment)),
    [0, 0.5, 1, 2, 2.5, 3, 3],
  );
});

test("a value is read on the straight line", () => {
  assert.equal(valueAt([4, 2, 1], 0), 4);
  assert.equal(valueAt([4, 2, 1], 0.25), 3.5);
  assert.equal(valueAt([4, 2, 1], 1.5), 1.5);
  assert.equal(valueAt([4, 2, 1], 2), 1);
});

test("a curve that grows ends where it has come to", () => {
  assert.deepEqual(upTo([4, 2, 1], 0), [4]);
  assert.deepEqual(upTo([4, 2, 1], 0.5), [4, 3]);
  assert.deepEqual(upTo([4, 2, 1], 1), [4, 2]);
  assert.deepEqual(upTo([4, 2, 1], 1.5), [4, 2, 1.5]);
  assert.deepEqual(upTo([4, 2, 1], 2), [4, 2, 1]);
});

test("the race lasts as long as the slower racer", () => {
  assert.equal(longest([racer, { seconds: [1, 12.5] }]), 12.5);
  assert.equal(longest([racer, racer]), 10);
});

test("what a racer has reached is told on and after its way", () => {
  assert.equal(reached(racer, 0), "4.200 after 0 characters");
  assert.equal(reached(racer, 3.5), "2.400 after 153,600 characters");
  assert.equal(reached(racer, 10), "2.000, arrived after 10.0 s");
  assert.equal(reached(racer, 12), "2.000, arrived after 10.0 s");
});
