// Colours of values, and of the text on them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { cividis, css, inkOn, signed } from "../../../nanogpt_lib/widgets/pictures/colours.js";

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
