// The pure half of quiz.js; the page itself is driven in tests/test_browser_quiz.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import { aloud, isRight, score, spans, summary, verdict } from "../../../nanogpt_lib/kit/quiz.js";

const choice = (text, correct) => ({ text, correct, why: `Because of ${text}.` });
const one = { prompt: "One?", several: false, choices: [choice("a", true), choice("b", false)] };
const many = {
  prompt: "Many?",
  several: true,
  choices: [choice("a", true), choice("`b`", true), choice("c", false)],
};

test("backticks cut a text into plain and code", () => {
  assert.deepEqual(spans("call `f(x)` once"), [
    ["call ", false],
    ["f(x)", true],
    [" once", false],
  ]);
  assert.deepEqual(spans("`f`"), [["f", true]]);
  assert.deepEqual(spans("plain <b>"), [["plain <b>", false]]);
});

test("a question is right when exactly the correct choices are chosen", () => {
  assert.equal(isRight(one, [0]), true);
  assert.equal(isRight(one, [1]), false);
  assert.equal(isRight(one, []), false);
  assert.equal(isRight(many, [0, 1]), true);
  assert.equal(isRight(many, [0]), false);
  assert.equal(isRight(many, [0, 1, 2]), false);
});

test("right and wrong differ in sign and in word", () => {
  assert.deepEqual(verdict(true), { sign: "✓", word: "Right." });
  assert.deepEqual(verdict(false), { sign: "✗", word: "Not quite." });
});

test("with several right answers the whole is told apart from its parts", () => {
  assert.equal(summary(many, [0]), "✗ Not quite: something is still missing.");
  assert.equal(summary(many, [0, 1, 2]), "✗ Not quite: one tick does not belong.");
  assert.equal(
    summary(many, [0, 2]),
    "✗ Not quite: one tick does not belong, and something is still missing.",
  );
  assert.equal(summary(many, [1, 0]), "✓ Right: these and no others.");
  assert.equal(summary(many, []), "");
  assert.equal(summary(one, [1]), "");
});

test("two ticks that do not belong are counted", () => {
  const question = { several: true, choices: [choice("a", true), choice("b", false), choice("c", false)] };
  assert.equal(summary(question, [0, 1, 2]), "✗ Not quite: 2 ticks do not belong.");
});

test("the score counts questions, not ticks", () => {
  assert.equal(score([one, many], [[0], [0]]), "1 of 2 right");
  assert.equal(score([one, many], [[], []]), "0 of 2 right");
  assert.equal(score([one, many], [[0], [0, 1]]), "2 of 2 right");
});

test("a screen reader hears the word, the reason and the score, without backticks", () => {
  assert.equal(aloud(one, [1], "0 of 1 right"), "Not quite. Because of b. 0 of 1 right.");
  assert.equal(
    aloud(many, [0, 1], "1 of 1 right"),
    "Right. a: Because of a. Right. b: Because of b. Right: these and no others. 1 of 1 right.",
  );
});
