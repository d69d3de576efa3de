// The pure half of sampling_studio.js; tests/test_widgets_sampling_studio.py holds it to Python's.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  applied,
  cellText,
  choiceInWords,
  inText,
  settingsInWords,
  wholeNumber,
} from "../../../nanogpt_lib/widgets/sampling_studio.js";

const page = { start: "to be", hidden: 3, notes: ["A note."], seed: 7, choices: ["a", "b", "c"] };

/** A choice as Python sends it; each row is an id, its character, and four probabilities. */
const choice = (rows, rest) => ({ id: 1, char: rows[0][1], by: "draw", rank: 1, rows, ...rest });

test("an answer that goes on adds its choices and leaves the page", () => {
  const more = applied(page, { from: 3, choices: ["d", "e"] });
  assert.deepEqual(more, { ...page, choices: ["a", "b", "c", "d", "e"] });
});

test("an answer from an earlier place replaces what stood there and all that followed", () => {
  assert.deepEqual(applied(page, { from: 1, choices: ["x"] }).choices, ["a", "x"]);
  assert.deepEqual(applied(page, { from: 0, choices: [] }).choices, []);
});

test("an answer with a start is a new page, and takes nothing of the old one", () => {
  const fresh = {
    start: "",
    hidden: 0,
    notes: [],
    seed: 8,
    from: 0,
    choices: ["z"],
    run: "run-1",
    done: false,
  };
  assert.deepEqual(applied(page, fresh), { start: "", hidden: 0, notes: [], seed: 8, choices: ["z"] });
});

test("the page that was there is not written into", () => {
  const before = structuredClone(page);
  applied(page, { from: 0, choices: ["x"] });
  assert.deepEqual(page, before);
});

test("a filter that is off says so, and 0 or 1 is not taken for off", () => {
  assert.equal(settingsInWords([1, null, null]), "temperature 1.00, top-k off, top-p off");
  assert.equal(settingsInWords([0, 1, 1]), "temperature 0.00, top-k 1, top-p 1.00");
  assert.equal(settingsInWords([0.85, 40, 0.9]), "temperature 0.85, top-k 40, top-p 0.90");
});

test("what is possible never looks impossible, and what a filter took out has no number", () => {
  assert.deepEqual([0, 1e-6, 0.00049, 0.0005, 0.25, 1].map(cellText), [
    "out",
    "<0.001",
    "<0.001",
    "0.001",
    "0.250",
    "1.000",
  ]);
});

test("a drawn character is told with the probability after all filters, and its rank before them", () => {
  const favourite = choice([[1, "e", 0.4, 0.5, 0.625, 0.75]]);
  assert.equal(
    choiceInWords(favourite, 0),
    'Character 1: "e" was drawn with probability 0.750. It is the model\'s favourite.',
  );
  const fourth = choice([[1, "e", 0.1, 0.1, 0.1, 0.1]], { rank: 4 });
  assert.match(choiceInWords(fourth, 9), /^Character 10: .* It is number 4 of the model's list\.$/);
});

test("the probability told is that of the character taken, wherever it stands in the list", () => {
  const second = choice(
    [
      [3, "o", 0.6, 0.6, 0.6, 0.6],
      [1, "e", 0.3, 0.3, 0.3, 0.3],
    ],
    { char: "e", rank: 2 },
  );
  assert.match(choiceInWords(second, 0), /"e" was drawn with probability 0\.300\./);
});

test("a reader's own choice says so, also where the filters had taken it out", () => {
  const mine = choice([[1, "e", 0.2, 0.2, 0.2, 0.2]], { by: "you" });
  assert.match(choiceInWords(mine, 0), /"e" was chosen by you; its probability was 0\.200\./);
  const out = choice([[1, "e", 0.2, 0.2, 0, 0]], { by: "you" });
  assert.match(choiceInWords(out, 0), /"e" was chosen by you; the filters had taken it out\./);
});

test("a newline is a sign for the eye, and can be given a name for the ear", () => {
  const newline = choice([[1, "\n", 0.5, 0.5, 0.5, 0.5]]);
  assert.match(choiceInWords(newline, 0), /"⏎" was drawn/);
  assert.match(
    choiceInWords(newline, 0, () => "newline"),
    /"newline" was drawn/,
  );
});

test("a field holds a whole number within its limits, or nothing", () => {
  assert.equal(wholeNumber("0", 0, 5), 0);
  assert.equal(wholeNumber(" 5\n", 0, 5), 5);
  assert.equal(wholeNumber("007", 0, 10), 7);
  for (const text of ["6", "-1", "1.5", "1e2", "0x1", "٣", "", " ", "one"]) {
    assert.equal(wholeNumber(text, 0, 5), null, text);
  }
});

test("in the text a newline is seen and breaks the line, a space stays a space, the rest is visible", () => {
  assert.deepEqual(["\n", " ", "a", "\t"].map(inText), ["⏎\n", " ", "a", "⇥"]);
});
