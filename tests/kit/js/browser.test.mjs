// What every widget's page is made of, where it needs no page.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { moved } from "../../../nanogpt_lib/kit/browser/controls.js";
import { asker, floats, throttle } from "../../../nanogpt_lib/kit/browser/python.js";
import { clamp, fixed, spoken, visible } from "../../../nanogpt_lib/kit/browser/words.js";

test("markup stays text, and only what cannot be seen gets a sign", () => {
  assert.equal(visible("<img src=x onerror=alert(1)>"), "<img␣src=x␣onerror=alert(1)>");
  assert.equal(visible("a\n"), "a⏎");
  assert.equal(visible("\u200b"), "U+200B");
  assert.equal(spoken(" "), "space");
  assert.equal(spoken("\n"), "newline");
  assert.equal(spoken("a"), "a");
});

test("numbers have a true minus, no negative zero, and infinity as a sign", () => {
  assert.equal(fixed(-1.5, 1), "−1.5");
  assert.equal(fixed(-0.0001), "0.000");
  assert.equal(fixed(-Infinity), "−∞");
  assert.equal(fixed(Infinity), "∞");
  assert.equal(fixed(0.125, 2), "0.13");
  assert.equal(fixed(NaN), "NaN");
});

test("keys move inside a grid and stop at its edges; other keys are left alone", () => {
  assert.deepEqual(moved("ArrowDown", [0, 0], [2, 3]), [1, 0]);
  assert.deepEqual(moved("ArrowUp", [0, 0], [2, 3]), [0, 0]);
  assert.deepEqual(moved("ArrowRight", [1, 2], [2, 3]), [1, 2]);
  assert.deepEqual(moved("End", [0, 0], [2, 3]), [0, 2]);
  assert.deepEqual(moved("PageDown", [0, 1], [2, 3]), [1, 1]);
  assert.equal(moved("a", [0, 0], [2, 3]), null);
  assert.equal(moved("Tab", [0, 0], [2, 3]), null);
});

test("a held key is sent at once, then seldom, and the last value is never lost", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const send = throttle((value) => sent.push(value), 100);
  for (let value = 0; value < 10; value += 1) send(value);
  assert.deepEqual(sent, [0]);
  mock.timers.tick(100);
  assert.deepEqual(sent, [0, 9]);
  send(10); // still within the pause after 9
  assert.deepEqual(sent, [0, 9]);
  send.flush();
  assert.deepEqual(sent, [0, 9, 10]);
  mock.timers.tick(1000);
  assert.deepEqual(sent, [0, 9, 10]);
  mock.timers.reset();
});

test("one report in eight is answered, and silence after the last one is noticed", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  let silences = 0;
  const count = () => (silences += 1);
  const ask = asker({ send: (content) => sent.push(content) }, count, 1000);
  for (let at = 0; at < 20; at += 1) {
    ask.reported();
    mock.timers.tick(900);
  }
  assert.deepEqual(sent, [{ do: "seen" }, { do: "seen" }]);
  assert.equal(silences, 0);
  mock.timers.tick(200);
  assert.equal(silences, 1);
  ask.reported();
  ask.answered(); // the work has ended
  mock.timers.tick(2000);
  assert.equal(silences, 1);
  mock.timers.reset();
});

test("bytes become floats also where they do not start at a multiple of four", () => {
  const bytes = new Uint8Array(13);
  bytes.set(new Uint8Array(new Float32Array([1.5, -2, -Infinity]).buffer), 1);
  assert.deepEqual([...floats(new DataView(bytes.buffer, 1, 12))], [1.5, -2, -Infinity]);
  assert.equal(floats(null).length, 0);
});

test("clamp keeps what is inside", () => {
  assert.deepEqual([clamp(-1, 0, 3), clamp(2, 0, 3), clamp(9, 0, 3)], [0, 2, 3]);
});
