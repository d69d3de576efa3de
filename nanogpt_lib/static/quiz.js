// nanogpt_lib/kit/browser/elements.js
var stamp = Math.random().toString(36).slice(2, 8);
var made = 0;
function newId(stem) {
  made += 1;
  return `nano-${stem}-${stamp}-${made}`;
}
function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === void 0 || value === false) continue;
    if (key === "text") element.textContent = value;
    else if (key === "on")
      for (const [name, handler] of Object.entries(value)) element.addEventListener(name, handler);
    else if (key === "style")
      for (const [name, entry] of Object.entries(value)) element.style.setProperty(name, entry);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== void 0));
  return element;
}
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
function startRoot(el, name, label) {
  const root = make("div", {
    class: "nano-widget",
    "data-widget": name,
    "data-drawn": "0",
    role: "group",
    "aria-label": label
  });
  for (const kind of ["keydown", "keyup", "keypress"])
    root.addEventListener(kind, (event) => event.stopPropagation());
  el.append(root);
  return root;
}
function markDrawn(root) {
  root.dataset.drawn = String(Number(root.dataset.drawn) + 1);
}

// nanogpt_lib/kit/browser/python.js
function throttle(call, wait) {
  let timer = null;
  let pending = null;
  const tick = () => {
    timer = null;
    if (pending) run(...pending);
  };
  const run = (...args) => {
    if (timer !== null) {
      pending = args;
      return;
    }
    pending = null;
    timer = setTimeout(tick, wait);
    call(...args);
  };
  run.flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (pending) {
      const args = pending;
      pending = null;
      call(...args);
    }
  };
  return run;
}
function saver(model, wait = 80) {
  const send = throttle(() => model.save_changes(), wait);
  const save = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    send();
  };
  save.flush = send.flush;
  return save;
}
function watch(model, names, call) {
  for (const name of names) model.on(`change:${name}`, call);
  return () => {
    for (const name of names) model.off(`change:${name}`, call);
  };
}

// nanogpt_lib/kit/browser/said.js
function readout() {
  const shown = make("span", { class: "nano-said", "aria-hidden": "true" });
  const aloud2 = make("span", { class: "nano-hidden", role: "status", "aria-live": "polite" });
  const root = make("p", { class: "nano-readout" }, shown, aloud2);
  let timer = null;
  const say = (text, words2 = text) => {
    put(shown, text);
    clearTimeout(timer);
    timer = setTimeout(() => aloud2.textContent = words2, 250);
  };
  return { root, say, stop: () => clearTimeout(timer) };
}

// nanogpt_lib/kit/quiz.js
function spans(text) {
  return text.split("`").map((piece, at) => [piece, at % 2 === 1]).filter(([piece]) => piece);
}
function isRight(question, chosen) {
  return question.choices.every((choice, at) => choice.correct === chosen.includes(at));
}
function verdict(correct) {
  return correct ? { sign: "✓", word: "Right." } : { sign: "✗", word: "Not quite." };
}
function summary(question, chosen) {
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
function score(questions, answers) {
  const right = questions.filter((question, at) => isRight(question, answers[at] ?? [])).length;
  return `${right} of ${questions.length} right`;
}
function aloud(question, chosen, scored) {
  const reasons = chosen.map((at) => {
    const { text, correct, why } = question.choices[at];
    return `${verdict(correct).word} ${question.several ? `${text}: ` : ""}${why}`;
  });
  const whole = summary(question, chosen).slice(2);
  return [...reasons, whole, `${scored}.`].filter(Boolean).join(" ").replaceAll("`", "");
}
function words(text) {
  return spans(text).map(([piece, isCode]) => isCode ? make("code", { text: piece }) : piece);
}
function questionPart(question, number, onCheck) {
  const whyIds = question.choices.map(() => newId("why"));
  const inputs = question.choices.map(
    (_, at) => make("input", {
      type: question.several ? "checkbox" : "radio",
      name: "answer",
      // radio buttons are one group within their form
      "aria-describedby": whyIds[at]
    })
  );
  const reasons = question.choices.map(
    (_, at) => make("p", { class: "nano-quiz-why", id: whyIds[at], hidden: true })
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
      ...question.choices.map(
        (choice, at) => make(
          "div",
          { class: "nano-quiz-choice" },
          make("label", {}, inputs[at], make("span", {}, ...words(choice.text))),
          reasons[at]
        )
      ),
      make(
        "div",
        { class: "nano-quiz-foot" },
        make("button", {
          type: "submit",
          class: "nano-button",
          "aria-label": `Check question ${number}`,
          text: "Check"
        }),
        whole
      )
    )
  );
  const chosen = () => inputs.flatMap((input, at) => input.checked ? [at] : []);
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
        ...words(question.choices[at].why)
      ];
      reason.replaceChildren(...reason.hidden ? [] : reasonWords);
    });
    whole.textContent = summary(question, answer);
    form.dataset.state = answer.length ? isRight(question, answer) ? "right" : "wrong" : "open";
  };
  const choose = (answer) => inputs.forEach((input, at) => input.checked = answer.includes(at));
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
  const parts = questions.map(
    (question, at) => questionPart(question, at + 1, (chosen) => {
      save({ answers: answers().map((old, other) => other === at ? chosen : old) });
      const scored = score(questions, answers());
      if (!chosen.length) {
        parts[at].ask();
        line.say(scored, "Choose an answer first.");
        markDrawn(root);
      } else {
        line.say(scored, aloud(question, chosen, scored));
      }
    })
  );
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
var quiz_default = { render };
export {
  aloud,
  quiz_default as default,
  isRight,
  score,
  spans,
  summary,
  verdict
};
