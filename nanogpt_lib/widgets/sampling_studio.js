// SamplingStudio: a text that streams, and behind each of its characters the choice that it was.
import { button, checkbox, moved, slider, textField } from "../kit/browser/controls.js";
import { fold, foldRow, hint, make, newId, startRoot } from "../kit/browser/elements.js";
import { asker, NO_ANSWER, saver, throttle, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { amount, clamp, fixed, isolated, readable, spoken, visible } from "../kit/browser/words.js";
import { painter } from "./pictures/canvas.js";

const MOST_ROWS = 13; // candidates that a choice keeps at most, and one for all others
const LONGEST = 1000;
const HIGHEST_SEED = 2 ** 31 - 1;
const STAGES = ["the model", "temperature", "top-k", "top-p"];
const NAMES = ["A", "B"];

// --- pure -----------------------------------------------------------------------------------------

/** A page after an answer from Python: what stood from its first character on is replaced. */
export function applied(page, answer) {
  const { start, hidden, notes, seed } = answer.start === undefined ? page : answer;
  return { start, hidden, notes, seed, choices: [...page.choices.slice(0, answer.from), ...answer.choices] };
}

/** Settings in words, as Settings.words in Python. */
export function settingsInWords([temperature, k, p]) {
  return `temperature ${fixed(temperature, 2)}, top-k ${k ?? "off"}, top-p ${p === null ? "off" : fixed(p, 2)}`;
}

/** A probability in a cell: what a filter has taken out has no number. */
export const cellText = (value) => (value > 0 ? amount(value) : "out");

/** What the bars are of, in one sentence; `name` makes a character readable or speakable. */
export function choiceInWords(choice, at, name = visible) {
  const taken = choice.rows.find(([id]) => id === choice.id);
  const chance = taken[5] > 0 ? `its probability was ${cellText(taken[5])}` : "the filters had taken it out";
  const how =
    choice.by === "you" ? `chosen by you; ${chance}` : `drawn with probability ${cellText(taken[5])}`;
  const rank = choice.rank === 1 ? "the model's favourite" : `number ${choice.rank} of the model's list`;
  return `Character ${at + 1}: "${isolated(name(choice.char))}" was ${how}. It is ${rank}.`;
}

/** What a seed or length field holds as a whole number inside the limits, or null. */
export function wholeNumber(text, low, high) {
  if (!/^\d+$/.test(text.trim())) return null;
  const value = Number(text);
  return value >= low && value <= high ? value : null;
}

/** How the text shows a character: a newline is seen, and breaks the line. */
export const inText = (char) => (char === "\n" ? "⏎\n" : char === " " ? " " : visible(char));

const same = (one, two) => JSON.stringify(one) === JSON.stringify(two);

// --- the widget -----------------------------------------------------------------------------------

function render({ model, el }) {
  const root = startRoot(el, "sampling_studio", "Sampling studio: a model writes, one choice at a time");
  const save = saver(model);
  const get = (name) => model.get(name);
  const V = get("vocab_size");
  const stem = newId("run");
  let runs = 0;
  let notice = null; // what went wrong, until something is done about it
  const status = readout();
  status.root.classList.add("studio-status");
  const notify = (words) => {
    notice = words;
    paint();
  };

  // --- what both pages share

  const prompt = textField({
    label: "Prompt",
    value: get("prompt"),
    rows: 2,
    onInput: (text) => {
      save({ prompt: text });
      columns.forEach((column) => column.checkStale());
    },
  });
  prompt.root.classList.add("studio-prompt-field");
  const numberField = (name, label, low, high) => {
    const field = textField({
      label,
      value: String(get(name)),
      onInput: (text) => {
        const value = wholeNumber(text, low, high);
        field.input.setAttribute("aria-invalid", String(value === null));
        if (value === null) {
          notify(
            `The ${name} is a whole number from ${low} to ${high.toLocaleString("en")}; it stays ${get(name)}.`,
          );
          return;
        }
        notify(null);
        save({ [name]: value });
      },
    });
    field.input.setAttribute("inputmode", "numeric");
    field.root.classList.add("studio-number-field");
    return field;
  };
  const seed = numberField("seed", "Seed", 0, HIGHEST_SEED);
  const length = numberField("length", "Length", 1, LONGEST);
  const compare = checkbox({
    label: "Compare two settings",
    value: get("compare"),
    onChange: (on) => {
      save({ compare: on });
      showCompare();
      if (on && !columns[1].page.choices.length) columns[1].start();
      else if (!on) columns[1].stop();
    },
  });
  const open = () => columns.slice(0, get("compare") ? 2 : 1);
  const write = button({ label: "Write", onClick: () => open().forEach((column) => column.start()) });
  const stop = button({ label: "Stop", onClick: () => columns.forEach((column) => column.stop()) });
  const goOn = button({ label: "Go on", onClick: () => open().forEach((column) => column.goOn()) });
  write.classList.add("studio-write");

  // --- asking Python: a lost kernel must not take the text away

  const silent = () => notify(`${NO_ANSWER} The text stays to be looked at.`);
  const ask = asker(model, silent);

  // --- one page

  function makeColumn(at) {
    const name = `Page ${NAMES[at]}`;
    let run = null; // {id, got, wanted}: the writing under way
    const over = new Set(); // the writings that were given up here, of which more may still come
    let chosen = 0;
    let follow = false;
    let preview = null; // a choice under settings that the text was not written with
    let dirty = 0; // from which character on the text must be drawn anew
    const column = { page: { start: "", hidden: 0, notes: [], choices: [], ...get("pages")[at] } };
    const listId = newId("text");

    // settings

    const current = () => get("settings")[at];
    const set = (place, value) => {
      const all = get("settings").map((one) => [...one]);
      all[at][place] = value;
      save({ settings: all });
      column.checkStale();
      look();
    };
    const off = (value, last, words) => (value >= last ? "off" : words);
    const sliders = [
      slider({
        label: "temperature",
        min: 0,
        max: Math.max(3, Math.ceil(current()[0])),
        step: 0.05,
        value: current()[0],
        format: (value) => fixed(value, 2),
        onInput: (value) => set(0, value),
      }),
      slider({
        label: "top-k",
        min: 1,
        max: V,
        value: current()[1] ?? V,
        format: (value) => off(value, V, String(value)),
        onInput: (value) => set(1, value >= V ? null : value),
      }),
      slider({
        label: "top-p",
        min: 0.01,
        max: 1,
        step: 0.01,
        value: current()[2] ?? 1,
        format: (value) => off(value, 1, fixed(value, 2)),
        onInput: (value) => set(2, value >= 1 ? null : value),
      }),
    ];

    // text

    const notes = make("div", { class: "studio-notes", role: "note" });
    const before = make("span", { class: "studio-start" });
    const list = make("span", {
      class: "studio-list",
      id: listId,
      role: "listbox",
      tabindex: "0",
      "aria-orientation": "horizontal",
      "aria-label": `${name}: what was written. Arrow keys choose a character, Enter goes to its bars`,
    });
    const paper = make("div", { class: "studio-paper" }, before, list);
    const stale = make("div", { class: "studio-stale" });

    // bars: built once, filled for each choice

    const said = readout();
    const rows = Array.from({ length: MOST_ROWS }, () => {
      const sign = make("span", { class: "studio-char" });
      const cells = STAGES.map(() => {
        const bar = make("i", { class: "studio-bar" });
        const text = make("span", { class: "studio-number" });
        return { bar, text, cell: make("span", { class: "studio-cell", "aria-hidden": "true" }, bar, text) };
      });
      const row = make(
        "button",
        { type: "button", class: "studio-row", tabindex: "-1" },
        sign,
        ...cells.map(({ cell }) => cell),
      );
      row.addEventListener("click", () => row.dataset.id !== "" && column.instead(Number(row.dataset.id)));
      return { row, sign, cells };
    });
    const counts = STAGES.map(() => make("span", { class: "studio-count" }));
    const rest = {
      root: make("div", { class: "studio-row studio-rest" }),
      sign: make("span", { class: "studio-char" }),
      cells: STAGES.map(() => make("span", { class: "studio-number" })),
    };
    rest.root.append(rest.sign, ...rest.cells.map((cell) => make("span", { class: "studio-cell" }, cell)));
    const bars = make(
      "div",
      {
        class: "studio-bars",
        role: "group",
        "aria-label": `${name}: the candidates, before and after each filter`,
      },
      make(
        "div",
        { class: "studio-row studio-head", "aria-hidden": "true" },
        make("span"),
        ...STAGES.map((stage, place) =>
          make(
            "span",
            { class: "studio-cell" },
            make("b", { text: place ? `after ${stage}` : stage }),
            counts[place],
          ),
        ),
      ),
      ...rows.map(({ row }) => row),
      rest.root,
    );
    column.root = make(
      "section",
      { class: "studio-page", "aria-label": name },
      make("div", { class: "studio-title", text: name }),
      make("div", { class: "nano-bar studio-settings" }, ...sliders.map((field) => field.root)),
      notes,
      make(
        "div",
        { class: "studio-sheet" },
        make("div", {}, paper, stale),
        make("div", { class: "studio-choice" }, said.root, bars),
      ),
    );

    // asking

    const look = throttle(() => {
      if (run || !column.page.choices.length) return;
      if (same(current(), column.page.choices[chosen].settings)) {
        preview = null;
        paint();
      } else ask({ do: "look", column: at, at: chosen, settings: current() });
    }, 60);
    function giveUp() {
      if (run) over.add(run.id);
      run = null;
    }
    function begin(content, wanted) {
      giveUp();
      runs += 1;
      run = { id: `${stem}-${runs}`, got: false, prompt: get("prompt"), wanted };
      notify(null);
      root.classList.add("studio-running"); // at once: whoever looks before the next frame must know
      if (!ask({ ...content, column: at, run: run.id, settings: current(), length: wanted })) run = null;
      paint();
    }
    column.start = () => {
      follow = true;
      begin({ do: "start", prompt: get("prompt"), seed: get("seed") }, get("length"));
    };
    column.goOn = () => {
      const have = column.page.choices.length;
      if (run) return;
      if (!column.page.seed && column.page.seed !== 0) return void column.start();
      if (have >= get("length")) {
        notify(`The text has its ${get("length")} characters: raise the length to go on.`);
        return;
      }
      follow = true;
      begin({ do: "more", at: have }, get("length"));
    };
    column.instead = (id) => {
      follow = false;
      preview = null;
      const wanted = Math.max(get("length"), chosen + 1);
      begin({ do: "instead", at: chosen, id }, wanted);
    };
    column.stop = () => {
      if (!run) return;
      giveUp();
      ask({ do: "stop", column: at, at: column.page.choices.length });
      paint();
    };
    column.running = () => run;

    /** A report of what was written, or an answer; another view of the same widget may have asked for it. */
    column.hear = (answer) => {
      const isReport = answer.choices !== undefined;
      if (isReport && !answer.done) ask.reported();
      else ask.answered();
      if (over.has(answer.run)) return;
      if (answer.look !== undefined) showLook(answer);
      if (isReport) take(answer);
      if (!answer.error) return;
      run = null;
      notify(answer.error);
    };
    function showLook({ look: place, choice }) {
      const taken = column.page.choices[place];
      if (run || place !== chosen || taken?.id !== choice.id) return;
      preview = same(choice.settings, taken.settings) ? null : choice;
      paint();
    }
    function take(answer) {
      if (answer.from > column.page.choices.length) return void ask({ do: "pages", column: at }); // opened late
      const prompt = run?.id === answer.run ? run.prompt : get("prompt");
      run = answer.done ? null : { id: answer.run, got: true, prompt, wanted: answer.wanted };
      notify(null);
      if (answer.start !== undefined) column.wrote = { prompt };
      column.page = applied(column.page, answer);
      dirty = Math.min(dirty, answer.from);
      preview = null;
      if (follow) chosen = column.page.choices.length - 1;
      chosen = clamp(chosen, 0, Math.max(0, column.page.choices.length - 1));
      paint();
    }
    column.replace = () => {
      const page = get("pages")[at];
      if (run || !page?.choices) return;
      if (
        same(
          page.choices.map(({ id }) => id),
          column.page.choices.map(({ id }) => id),
        )
      )
        return;
      column.page = page;
      dirty = 0;
      preview = null;
      chosen = clamp(chosen, 0, Math.max(0, page.choices.length - 1));
      paint();
    };

    // choosing a character

    const choose = (place, keep = true) => {
      const last = column.page.choices.length - 1;
      if (last < 0) return;
      chosen = clamp(place, 0, last);
      follow = false;
      preview = null;
      if (keep && at === 0) save({ chosen });
      paint.now();
    };
    column.choose = (place) => place !== chosen && choose(place, false);
    list.addEventListener("click", (event) => {
      const token = event.target.closest(".studio-token");
      if (token) choose(Number(token.dataset.at));
    });
    list.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        rows[0].row.focus();
        return;
      }
      const to =
        /^(ArrowLeft|ArrowRight|Home|End)$/.test(event.key) &&
        moved(event.key, [0, chosen], [1, column.page.choices.length]);
      if (!to) return;
      event.preventDefault();
      choose(to[1]);
      list.children[chosen]?.scrollIntoView({ block: "nearest" });
    });
    bars.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return void list.focus();
      const shown = rows.filter(({ row }) => !row.hidden).map(({ row }) => row);
      const to = moved(event.key, [shown.indexOf(document.activeElement), 0], [shown.length, 1]);
      if (!to || !/^Arrow(Up|Down)$|^(Home|End)$/.test(event.key)) return;
      event.preventDefault();
      const place = { Home: 0, End: shown.length - 1 }[event.key] ?? to[0];
      shown[place].focus();
    });

    // drawing

    column.checkStale = () => {
      const last = column.page.choices.at(-1);
      const parts = [];
      if (last && !run) {
        if (!same(last.settings, current())) parts.push(settingsInWords(last.settings));
        if (column.page.seed !== get("seed")) parts.push(`seed ${column.page.seed}`);
        if (column.wrote.prompt !== get("prompt")) parts.push("another prompt");
      }
      stale.textContent = parts.length
        ? `This was written with ${parts.join(", ")}. Press Write to write anew.`
        : "";
    };
    column.wrote = { prompt: get("prompt") };

    function drawText() {
      const { start, hidden, choices, notes: sentences } = column.page;
      if (dirty === 0) {
        before.textContent =
          (hidden ? `… (${hidden.toLocaleString("en")} more before this) ` : "") + readable(start);
        notes.replaceChildren(...sentences.map((text) => make("p", { text })));
      }
      while (list.children.length > dirty) list.lastChild.remove();
      for (let place = list.children.length; place < choices.length; place += 1) {
        const { char, by } = choices[place];
        list.append(
          make("span", {
            class: `studio-token${by === "you" ? " studio-yours" : ""}${char === "\n" ? " studio-break" : ""}`,
            role: "option",
            id: `${listId}-${place}`,
            "data-at": place,
            "aria-label": `"${isolated(spoken(char))}", character ${place + 1}${by === "you" ? ", chosen by you" : ""}`,
            text: inText(char),
          }),
        );
      }
      dirty = Infinity;
      list.querySelector(".studio-chosen")?.classList.remove("studio-chosen");
      list.querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
      const token = list.children[chosen];
      token?.classList.add("studio-chosen");
      token?.setAttribute("aria-selected", "true");
      if (token) list.setAttribute("aria-activedescendant", token.id);
      if (run && follow) paper.scrollTop = paper.scrollHeight;
    }

    function drawBars() {
      const recorded = column.page.choices[chosen];
      bars.hidden = !recorded;
      if (!recorded) return;
      const choice = preview ?? recorded;
      bars.classList.toggle("studio-preview", Boolean(preview));
      const top = Math.max(...choice.rows.flatMap((row) => row.slice(2)), 1e-9);
      rows.forEach(({ row, sign, cells }, place) => {
        const candidate = choice.rows[place];
        row.hidden = !candidate;
        row.dataset.id = candidate ? candidate[0] : "";
        if (!candidate) return;
        const [id, char, ...values] = candidate;
        const taken = id === choice.id;
        row.classList.toggle("studio-taken", taken);
        sign.textContent = `${taken ? "▸" : ""}${visible(char)}`;
        cells.forEach(({ bar, text, cell }, stage) => {
          bar.style.width = `${(100 * values[stage]) / top}%`;
          text.textContent = cellText(values[stage]);
          cell.classList.toggle("studio-out", !(values[stage] > 0));
        });
        row.tabIndex = place === 0 ? 0 : -1;
        row.setAttribute(
          "aria-label",
          `"${isolated(spoken(char))}": ${STAGES.map((stage, n) => `${n ? "after " : ""}${stage} ${cellText(values[n])}`).join(", ")}. ` +
            (taken ? "This one was taken." : "Take this one instead."),
        );
        row.title = taken
          ? "This one was taken"
          : `Take "${isolated(visible(char))}" here instead, and go on from there`;
      });
      const others = V - choice.rows.length;
      rest.root.hidden = others <= 0;
      rest.sign.textContent = `${others} more`;
      rest.cells.forEach((cell, stage) => (cell.textContent = cellText(choice.rest[stage])));
      counts.forEach((count, stage) => (count.textContent = `${choice.left[stage]} of ${V} left`));
      if (preview) {
        const words = (name) =>
          `The same choice with ${settingsInWords(preview.settings)}: "${isolated(name(preview.char))}", character ${chosen + 1}, would have ${cellText(preview.rows.find(([id]) => id === preview.id)[5])}.`;
        said.say(words(visible), words(spoken));
      } else said.say(choiceInWords(choice, chosen), choiceInWords(choice, chosen, spoken));
    }

    column.draw = () => {
      sliders.forEach((field, place) => field.set(current()[place] ?? [0, V, 1][place]));
      drawText();
      drawBars();
      column.checkStale();
    };
    column.end = () => {
      look.flush();
      said.stop();
    };
    return column;
  }

  // --- both pages

  const columns = [0, 1].map(makeColumn);
  const both = make("div", { class: "studio-pages" }, ...columns.map((column) => column.root));
  root.append(
    make("div", { class: "nano-bar studio-shared" }, prompt.root, seed.root, length.root),
    make("div", { class: "nano-bar" }, write, stop, goOn, compare.root, status.root),
    both,
    foldRow(
      fold(
        "By keyboard, and about luck",
        hint(
          "Arrow keys in the text, Enter to the bars, arrow keys and Enter there, Escape back. One seed gives " +
            "one text, and both pages the same luck.",
        ),
      ),
      hint(
        "Click a character to see the choice that it was; click a bar to choose otherwise and go on from there.",
      ),
    ),
  );
  function showCompare() {
    compare.set(get("compare"));
    columns[1].root.hidden = !get("compare");
    both.classList.toggle("studio-two", get("compare"));
    paint();
  }

  const progress = (column) => {
    const many = column.page.choices.length;
    const run = column.running();
    return run
      ? `writing, ${many} of ${run.wanted}`
      : `${many} of ${Math.max(get("length"), many)} characters`;
  };
  let told = "";
  const paint = painter(root, () => {
    open().forEach((column) => column.draw());
    const running = columns.some((column) => column.running());
    root.classList.toggle("studio-running", running);
    stop.setAttribute("aria-disabled", String(!running));
    goOn.setAttribute(
      "aria-disabled",
      String(running || open().every((column) => column.page.choices.length >= get("length"))),
    );
    const two = open().length > 1;
    const words = open()
      .map((column, at) => `${two ? `Page ${NAMES[at]}: ` : ""}${progress(column)}`)
      .join("; ");
    if ((notice ?? words) !== told) {
      told = notice ?? words;
      const text = open().map(
        (column, at) =>
          `${two ? `Page ${NAMES[at]}: ` : ""}${column.page.choices.map(({ char }) => char).join("")}`,
      );
      if (notice) status.say(notice);
      else status.say(`${words}.`, running ? `${words}.` : `${words}: ${text.join("; ")}`);
    }
    // A picture that waits for its first character is not finished.
    return open().every((column) => column.running()?.got !== false);
  });

  // --- start, and end

  const hear = (answer) => columns[answer.column]?.hear(answer);
  model.on("msg:custom", hear);
  const ends = [
    () => model.off("msg:custom", hear),
    ask.answered,
    () => columns.forEach((column) => column.end()),
    () => save.flush(),
    status.stop,
    paint.stop,
    watch(model, ["pages"], () => columns.forEach((column) => column.replace())),
    watch(model, ["settings"], paint),
    watch(model, ["compare"], showCompare),
    watch(model, ["chosen"], () => columns[0].choose(get("chosen"))),
    watch(model, ["prompt", "seed", "length"], () => {
      prompt.set(get("prompt"));
      if (wholeNumber(seed.input.value, 0, HIGHEST_SEED) !== get("seed")) seed.set(String(get("seed")));
      if (wholeNumber(length.input.value, 1, LONGEST) !== get("length")) length.set(String(get("length")));
      paint();
    }),
  ];
  columns[0].choose(get("chosen"));
  showCompare();
  return () => ends.forEach((end) => end());
}

export default { render };
