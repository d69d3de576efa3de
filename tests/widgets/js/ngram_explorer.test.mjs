// The pure half of ngram_explorer.js; the page itself is driven in tests/test_browser_text.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import { axisTop, barPlaces, orderAt } from "../../../nanogpt_lib/widgets/ngram_explorer.js";

test("the axis ends above everything that is drawn, and not far above", () => {
  for (const highest of [0, 0.4, 0.5, 1.99, 2, 4.1744, 5.9]) {
    const top = axisTop([highest, 0.1]);
    assert.ok(top > highest, `${top} for ${highest}`);
    assert.ok(top - highest <= 0.6, `${top} for ${highest}`);
    assert.equal((2 * top) % 1, 0);
  }
});

test("both bars of an order stand inside its own group, side by side", () => {
  for (const orders of [1, 2, 7, 9]) {
    for (const place of barPlaces(orders, 46, 640)) {
      assert.ok(place.group <= place.train);
      assert.ok(place.train + place.bar <= place.val);
      assert.ok(place.val + place.bar <= place.group + place.width);
    }
  }
});

test("a click on a bar means its order, and a click beside them all the nearest", () => {
  for (const place of barPlaces(7, 46, 700)) {
    assert.equal(orderAt(place.train + 1, 7, 46, 700), place.order);
    assert.equal(orderAt(place.val + place.bar - 1, 7, 46, 700), place.order);
  }
  assert.equal(orderAt(0, 7, 46, 700), 0);
  assert.equal(orderAt(2000, 7, 46, 700), 6);
});
