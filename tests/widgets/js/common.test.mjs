// The pure half of common.js.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import {
  cividis,
  clamp,
  css,
  fixed,
  floats,
  inkOn,
  moved,
  signed,
  spoken,
  throttle,
  visible,
} from "../../../nanogpt_lib/widgets/common.js";

test("cividis runs from dark blue to yellow and stays inside for what lies outside", () => {
  assert.deepEqual(cividis(0), [0, 34, 78]);
  assert.deepEqual(cividis(1), [254, 232, 56]);
  assert.deepEqual(cividis(-5), cividis(0));
  assert.deepEqual(cividis(5), cividis(1));
});

test("the signed map has its middle at 0, whatever the limit, also where all is 0", () => {
  const middle = [247, 247, 247];
  for (const limit of [0, 0.001, 1, 1000]) assert.deepEqual(signed(0, limit), middle);
  assert.deepEqual(signed(7, 7), [103, 0, 31]);
  assert.deepEqual(signed(-7, 7), [5, 48, 97]);
});

test("ink is white on dark colours and black on light ones, at a contrast of 4.5 or more", () => {
  const linear = (part) =>
    part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
  const bright = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  for (let at = 0; at <= 100; at += 1) {
    for (const colour of [cividis(at / 100), signed(at / 50 - 1, 1)]) {
      const ink = inkOn(colour) === "#ffffff" ? 1 : 0;
      const [high, low] = [Math.max(ink, bright(colour)), Math.min(ink, bright(colour))];
      assert.ok((high + 0.05) / (low + 0.05) >= 4.5, `${css(colour)} at ${at}`);
    }
  }
});

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

test("bytes become floats also where they do not start at a multiple of four", () => {
  const bytes = new Uint8Array(13);
  bytes.set(new Uint8Array(new Float32Array([1.5, -2, -Infinity]).buffer), 1);
  assert.deepEqual([...floats(new DataView(bytes.buffer, 1, 12))], [1.5, -2, -Infinity]);
  assert.equal(floats(null).length, 0);
});

test("clamp keeps what is inside", () => {
  assert.deepEqual([clamp(-1, 0, 3), clamp(2, 0, 3), clamp(9, 0, 3)], [0, 2, 3]);
});
