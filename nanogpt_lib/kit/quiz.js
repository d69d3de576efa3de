// Questions with radio buttons or boxes; each checked answer says why. The browser's own controls do the work, so
// that the keyboard and screen readers find what they know.

import { make, markDrawn, newId, startRoot } from "./browser/elements.js";
import { saver, watch } from "./browser/python.js";
import { readout } from "./browser/said.js";

// --- pure -----------------------------------------------------------------------------------------

/** The text in pieces, [piece, whether it stood between backticks], as quiz.spans in Python. */
export function spans(text) {
  return text
    .split("`")
    .map((piece, at) => [piece, at % 2 === 1])
    .filter(([piece]) => piece);
}

/** Whether exactly the correct choices are chosen. */
export function isRight(question, chosen) {
  return question.choices.every((choice, at) => choice.correct === chosen.includes(at));
}

/** The word and the sign that stand before a reason. */
export function verdict(correct) {
  return correct ? { sign: "✓", word: "Right." } : { sign: "✗", word: "Not quite." };
}

/** What is said about a whole question beyond its choices: nothing where one choice says it all. */
export function summary(question, chosen) {
  if (!chosen.length) return "";
  if (!question.several) return "";
  if (isRight(question, chosen)) return "✓ Right: these and no others.";
  const wrong = chosen.filter((at) => !question.choices[at].correct).length;
  const missing = question.choices.filter((choice, at) => choice.correct && !chosen.includes(at)).length;
  const parts = [];
  if (wrong) parts.push(wrong === 1 ? "one tick does not belong" : `${wrong} ticks do not belong`);
  if (missing) parts.push("something is still missing");
  return `✗ Not quite: ${parts.join(", and ")}.`;
}

/** "2 of 3 right". */
export function score(questions, answers) {
  const right = questions.filter((question, at) => isRight(question, answers[at] ?? [])).length;
  return `${right} of ${questions.length} right`;
}

/** What a screen reader hears after a check: the reasons of what was chosen, then the score. */
export function aloud(question, chosen, scored) {
  const reasons = chosen.map((at) => {
    const { text, correct, why } = question.choices[at];
    return `${verdict(correct).word} ${question.several ? `${text}: ` : ""}${why}`;
  });
  const whole = summary(question, chosen).slice(2);
  return [...reasons, whole, `${scored}.`].filter(Boolean).join(" ").replaceAll("`", "");
}

// --- the page -------------------------------------------------------------------------------------

/** Text as text; what stood between backticks as code. */
function words(text) {
  return spans(text).map(([piece, isCode]) => (isCode ? make("code", { text: piece }) : piece));
}

/** One question; `onCheck` gets the indices of what is chosen. `show` puts up the reasons for some choices. */
function questionPart(question, number, onCheck) {
  const whyIds = question.choices.map(() => newId("why"));
  const inputs = question.choices.map((_, at) =>
    make("input", {
      type: question.several ? "checkbox" : "radio",
      name: "answer", // radio buttons are one group within their form
      "aria-describedby": whyIds[at],
    }),
  );
  const reasons = question.choices.map((_, at) =>
    make("p", { class: "nano-quiz-why", id: whyIds[at], hidden: true }),
  );
  const whole = make("p", { class: "nano-quiz-whole" });
  const form = make(
    "form",
    { class: "nano-quiz-question", "data-state": "open" },
    make(
      "fieldset",
      {},
      make("legend", {}, `${number}. `, ...words(question.prompt)),
      question.several ? make("p", { class: "nano-caption", text: "One or more are right." }) : null,
      ...question.choices.map((choice, at) =>
        make(
          "div",
          { class: "nano-quiz-choice" },
          make("label", {}, inputs[at], make("span", {}, ...words(choice.text))),
          reasons[at],
        ),
      ),
      make(
        "div",
        { class: "nano-quiz-foot" },
        make("button", {
          type: "submit",
          class: "nano-button",
          "aria-label": `Check question ${number}`,
          text: "Check",
        }),
        whole,
      ),
    ),
  );
  const chosen = () => inputs.flatMap((input, at) => (input.checked ? [at] : []));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onCheck(chosen());
  });

  const show = (answer) => {
    reasons.forEach((reason, at) => {
      const { sign, word } = verdict(question.choices[at].correct);
      reason.hidden = !answer.includes(at);
      reason.className = `nano-quiz-why ${question.choices[at].correct ? "nano-quiz-right" : "nano-quiz-wrong"}`;
      const mark = make("span", { class: "nano-quiz-sign", "aria-hidden": "true", text: sign });
      const reasonWords = [
        mark,
        " ",
        make("strong", { text: word }),
        " ",
        ...words(question.choices[at].why),
      ];
      reason.replaceChildren(...(reason.hidden ? [] : reasonWords));
    });
    whole.textContent = summary(question, answer);
    form.dataset.state = answer.length ? (isRight(question, answer) ? "right" : "wrong") : "open";
  };
  const choose = (answer) => inputs.forEach((input, at) => (input.checked = answer.includes(at)));
  const ask = () => {
    show([]);
    whole.textContent = "Choose an answer first.";
  };
  return { form, show, choose, ask };
}

function render({ model, el }) {
  const questions = model.get("items");
  const count = questions.length;
  const root = startRoot(el, "quiz", `Quiz with ${count} question${count > 1 ? "s" : ""}`);
  const save = saver(model);
  const line = readout();
  const answers = () => model.get("answers");

  const parts = questions.map((question, at) =>
    questionPart(question, at + 1, (chosen) => {
      save({ answers: answers().map((old, other) => (other === at ? chosen : old)) });
      const scored = score(questions, answers());
      if (!chosen.length) {
        parts[at].ask();
        line.say(scored, "Choose an answer first.");
        markDrawn(root);
      } else {
        line.say(scored, aloud(question, chosen, scored));
      }
    }),
  );

  // A changed answer may come from here, from Python or from another view of the same quiz; what is being chosen in
  // the other questions stays as it is.
  const drawn = questions.map(() => null);
  const draw = () => {
    parts.forEach((part, at) => {
      const answer = answers()[at] ?? [];
      if (drawn[at] === String(answer)) return;
      drawn[at] = String(answer);
      part.choose(answer);
      part.show(answer);
    });
    line.say(score(questions, answers()));
    markDrawn(root);
  };
  const stopWatching = watch(model, ["answers"], draw);
  root.append(...parts.map((part) => part.form), line.root);
  draw();
  return () => {
    stopWatching();
    line.stop();
    save.flush();
  };
}

export default { render };
