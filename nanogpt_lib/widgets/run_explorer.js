// RunExplorer: all recorded training runs in a table; overlay, read at equal cost, predict, and run your own.
//
// Python has computed the table and who wins; here curves are picked, drawn and read on straight lines.
import { button, checkbox, choice, select, slider, textField } from "../kit/browser/controls.js";
import { fold, foldRow, hint, make, newId, put, startRoot } from "../kit/browser/elements.js";
import { asker, saver, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { headRow } from "../kit/browser/tables.js";
import { fixed } from "../kit/browser/words.js";
import { onTheme, onWidth, painter, themeColours } from "./pictures/canvas.js";
import { frame, line, mark, pointing } from "./pictures/chart.js";
import { DASHES, lookOf, lossText, markSample, placesTo, range } from "./pictures/curves.js";
import { roundStep } from "./pictures/ticks.js";

const TEXTS = 3; // the first columns are sorted as text, the others by their numbers
const PATIENCE = 20_000; // milliseconds until the widget says that Python does not answer; an evaluation takes some
const SPLITS = ["val", "train"];
const HEIGHTS = { compare: 190, predict: 180, run: 260 }; // of the picture in each view

// --- pure -----------------------------------------------------------------------------------------

/** The rows of one experiment, or of all where it is "", in which every word of the search stands. */
export function found(rows, only, search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(({ experiment, cells }) => {
    const text = cells.slice(0, TEXTS).join(" ").toLowerCase();
    return (!only || experiment === only) && words.every((word) => text.includes(word));
  });
}

/** The rows by a column, upwards or downwards; equal ones, and all for column -1, stay in their order. */
export function sorted(rows, [column, down]) {
  if (column < 0) return [...rows];
  const value = (row) => (column < TEXTS ? row.cells[column].toLowerCase() : row.ranks[column - TEXTS]);
  const order = (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0);
  return [...rows].sort((a, b) => (down ? -order(a, b) : order(a, b)));
}

// What was computed of a row. A row never changes, and a hand on the slider asks again at every pixel.
const known = new WeakMap();

function once(row, what, compute) {
  if (!known.has(row)) known.set(row, new Map());
  const answers = known.get(row);
  if (!answers.has(what)) answers.set(what, compute());
  return answers.get(what);
}

/** Where a row was evaluated on an axis: a list for each seed, as `places` in Python. */
export function places(row, axis) {
  if (axis === "seconds") return row.seconds;
  const scale = axis === "characters" ? row.per_step : 1;
  return once(row, axis, () => row.seeds.map(() => row.steps.map((step) => step * scale)));
}

/** A loss on the straight line between two evaluations; null before the first and after the last. */
export function lossAt(where, losses, at) {
  if (!where.length || at < where[0] || at > where.at(-1)) return null;
  const right = where.findIndex((place) => place >= at);
  const left = Math.max(0, right - 1);
  const share = where[right] > where[left] ? (at - where[left]) / (where[right] - where[left]) : 0;
  return losses[left] + share * (losses[right] - losses[left]);
}

/** Each seed's loss at a place, or null where one of them cannot be read; as `read_at` in Python. */
export function readAt(row, axis, at, split = "val") {
  const losses = places(row, axis).map((where, seed) => lossAt(where, row[split][seed], at));
  return losses.length && losses.every((loss) => loss !== null) ? losses : null;
}

/** The mean over the seeds as a line: [places, losses], as far as all seeds go. */
export function meanLine(row, axis, split) {
  const all = places(row, axis);
  if (all.length === 1) return [all[0], row[split][0]];
  return once(row, `${axis}, ${split}`, () => {
    const where = [...new Set(all.flat())].sort((a, b) => a - b).filter((at) => readAt(row, axis, at, split));
    return [where, where.map((at) => mean(readAt(row, axis, at, split)))];
  });
}

/** The last place that all of these reach. */
export const commonEnd = (rows, axis) =>
  rows.length ? Math.min(...rows.flatMap((row) => places(row, axis).map((where) => where.at(-1)))) : 0;

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function spread(values) {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/** Whether a difference is more than noise, and why, as `gap_in_words` in Python; `t95` by degrees of freedom. */
export function gapInWords(gaps, apart, t95) {
  if (gaps.length < 2)
    return `${fixed(apart)} apart; fewer than two seeds in common, so nobody knows what is luck`;
  if (gaps.every((gap) => gap === 0)) return "the very same losses with every seed";
  const half = (t95[gaps.length - 2] * spread(gaps)) / Math.sqrt(gaps.length);
  const told = Math.abs(mean(gaps)) > half ? "more than noise" : "within the noise";
  return (
    `${fixed(apart)} apart; seed by seed that varies by ${fixed(spread(gaps))}, ` +
    `so luck alone makes up to ${fixed(half)}: ${told}`
  );
}

/** What is read at a place: [{row, losses, loss, words}], lowest first; what is not there comes last. */
export function ranked(rows, axis, at, t95) {
  const read = rows.map((row) => ({ row, losses: readAt(row, axis, at) }));
  const there = read.filter(({ losses }) => losses).sort((a, b) => mean(a.losses) - mean(b.losses));
  const best = there[0];
  for (const one of there) {
    one.loss = fixed(mean(one.losses)) + (one.losses.length > 1 ? ` ± ${fixed(spread(one.losses))}` : "");
    const gaps = one.row.seeds.flatMap((seed, s) => {
      const other = best.row.seeds.indexOf(seed);
      return other < 0 ? [] : [one.losses[s] - best.losses[other]];
    });
    one.words = one === best ? "lowest" : gapInWords(gaps, mean(one.losses) - mean(best.losses), t95);
  }
  const away = read.filter(({ losses }) => !losses);
  for (const one of away) {
    const ended = places(one.row, axis).some((where) => at > where.at(-1));
    one.loss = ended ? "ended" : "not evaluated yet";
    one.words = ended ? `ended at ${inWords(axis, commonEnd([one.row], axis))}` : "";
  }
  return [...there, ...away];
}

/** A place as the widget says it, as `place_in_words` in Python. */
export function inWords(axis, at) {
  if (axis === "seconds") return `${at.toFixed(1)} seconds`;
  return `${Math.round(at).toLocaleString("en")} ${axis}`;
}

/** A round step for a slider that goes to `last`: some two hundred of them. */
export const sliderStep = (axis, last) => roundStep(Math.max(last / 200, axis === "seconds" ? 0.1 : 1));

/** What the picture's height is made for: every evaluation but each curve's first, which lies far above. */
export function inSight(curves) {
  const later = curves
    .filter((curve) => curve.length > 1)
    .map((curve) => curve.slice(curve.length > 2 ? 0 : 1));
  return later.length ? later : curves;
}

/** The verdict on a guess, in words. */
export function judged(guess, { answer, drawn, told }, draw) {
  if (guess === answer) return `Right. ${told}`;
  if (answer === draw && drawn.includes(guess)) return `Among the first, but not alone. ${told}`;
  return `Not this time. ${told}`;
}

// --- the widget -----------------------------------------------------------------------------------

/** Puts exactly these into a table's body, in this order; what stands where it belongs is not touched. */
function arrange(body, elements) {
  const stay = new Set(elements);
  for (const child of [...body.children]) if (!stay.has(child)) child.remove();
  elements.forEach((element, at) => {
    if (body.children[at] !== element) body.insertBefore(element, body.children[at] ?? null);
  });
}

/** The sample of a look beside a name: drawn anew only where it is another one, or none (null). */
function showMark(one, look) {
  if (one.look === look) return;
  one.look = look;
  const sample = look === null ? null : markSample(look);
  sample?.paint();
  one.mark.replaceChildren(...(sample ? [sample.canvas] : []));
}

function render({ model, el }) {
  const get = (name) => model.get(name);
  const layout = get("layout_of");
  const recorded = get("rows");
  const questions = get("questions");
  const root = startRoot(el, "run_explorer", "Run explorer: all recorded training runs");
  const save = saver(model);
  let width = 0;
  let laidOut = null; // the view that the page shows
  let live = null; // the row of the run of one's own that is under way
  const rows = () => [...recorded, ...get("own")];

  // --- which curves are drawn, each with a look that it keeps as long as it is there
  const looks = new Map();
  function give(keys) {
    for (const key of looks.keys()) if (!keys.includes(key)) looks.delete(key);
    for (const key of keys) {
      if (looks.has(key)) continue;
      const taken = new Set(looks.values());
      let at = 0;
      while (taken.has(at)) at += 1;
      looks.set(key, at);
    }
  }
  const isRevealed = () => Object.hasOwn(get("tried"), get("question"));
  function drawn() {
    if (get("view") === "predict")
      return isRevealed() ? recorded.filter((row) => row.experiment === get("question")) : [];
    const ticked = get("ticked");
    const chosen = rows().filter((row) => ticked.includes(row.key));
    return live && get("view") === "run" ? [...chosen, live] : chosen;
  }
  const reading = (shown) => {
    const readable = shown.filter((row) => row.steps.length);
    const settled = readable.filter((row) => row !== live); // the growing one must not drag the marker
    return get("at") ?? commonEnd(settled.length ? settled : readable, get("axis"));
  };

  // --- compare: the table
  const view = choice({
    label: "What to do",
    options: layout.views,
    value: get("view"),
    onChange: (value) => save({ view: value }),
  });
  const only = select({
    label: "experiment",
    options: [["", "all"], ...[...layout.experiments, layout.yours].map((name) => [name, name])],
    value: get("only"),
    onChange: (value) => save({ only: value }),
  });
  const search = textField({
    label: "find",
    value: get("search"),
    placeholder: "batch, heads, …",
    maxlength: 60,
    onInput: (value) => save({ search: value }),
  });
  const tickShown = button({
    label: "Tick all shown",
    onClick: () => {
      const keys = shownRows().map(({ key }) => key);
      const all = [...new Set([...get("ticked"), ...keys])];
      tick(all);
    },
  });
  const untick = button({ label: "Untick all", onClick: () => tick([]) });
  const count = make("span", { class: "run-count", role: "status" });
  let notice = null;
  function tick(keys) {
    notice = keys.length > layout.most ? `${layout.most} curves at most: ${layout.most} are ticked.` : null;
    save({ ticked: keys.slice(0, layout.most) });
    showTable();
  }
  const shownRows = () => sorted(found(rows(), get("only"), get("search")), get("sort"));

  const heads = layout.columns.map((text, column) => {
    const sorter = make("button", { type: "button", class: "run-sort" }, make("span", { text }));
    const sign = make("span", { class: "run-sign", "aria-hidden": "true" });
    sorter.append(sign);
    sorter.addEventListener("click", () => {
      const [before, down] = get("sort");
      save({ sort: before !== column ? [column, false] : down ? [-1, false] : [column, true] });
    });
    const head = make("th", { scope: "col", class: column >= TEXTS ? "cur-number" : null }, sorter);
    return { head, sign };
  });
  const lines = new Map(); // key to the row of the table
  function lineOf(row) {
    if (lines.has(row.key)) return lines.get(row.key);
    const box = make("input", { type: "checkbox", "aria-label": row.key });
    const mark = make("span", { class: "run-mark" });
    box.addEventListener("change", () => {
      const others = get("ticked").filter((key) => key !== row.key);
      tick(box.checked ? [...others, row.key] : others);
      if (box.checked && !get("ticked").includes(row.key)) box.checked = false;
    });
    const cells = row.cells.map((text, column) =>
      column === 1
        ? make("th", { scope: "row", text })
        : make("td", { class: column >= TEXTS ? "cur-number" : column === 2 ? "run-differs" : null, text }),
    );
    const element = make("tr", {}, make("td", { class: "run-tick" }, box, mark), ...cells);
    element.addEventListener("click", (event) => event.target !== box && box.click());
    lines.set(row.key, { element, box, mark, look: null });
    return lines.get(row.key);
  }
  const body = make("tbody");
  const table = make(
    "table",
    { class: "nano-table cur-table run-table" },
    make("caption", { class: "nano-hidden", text: "All runs" }),
    make(
      "thead",
      {},
      make("tr", {}, make("th", { scope: "col", "aria-label": "overlay" }), ...heads.map(({ head }) => head)),
    ),
    body,
  );
  const compare = make(
    "section",
    { class: "run-compare", "aria-label": "The table of all runs" },
    make("div", { class: "nano-bar run-narrowing" }, only.root, search.root, tickShown, untick, count),
    make("div", { class: "cur-scroll run-scroll" }, table),
  );
  function showTable() {
    const shown = shownRows();
    const ticked = get("ticked");
    only.set(get("only"));
    search.set(get("search"));
    const [column, down] = get("sort");
    heads.forEach(({ head, sign }, at) => {
      const order = at !== column ? "none" : down ? "descending" : "ascending";
      if (head.getAttribute("aria-sort") !== order) head.setAttribute("aria-sort", order);
      put(sign, { none: "", ascending: " ▲", descending: " ▼" }[order]);
    });
    arrange(
      body,
      shown.map((row) => lineOf(row).element),
    );
    for (const [key, { box, element }] of lines) {
      box.checked = ticked.includes(key);
      element.classList.toggle("run-ticked", box.checked);
    }
    const words = `${shown.length} of ${rows().length} shown, ${ticked.length} ticked.`;
    put(count, notice ? `${notice} ${words}` : words);
    paint();
  }

  // --- predict
  const names = Object.keys(questions);
  const question = select({
    label: "experiment",
    options: names.map((name) => [name, name]),
    value: get("question"),
    onChange: (name) => save({ question: name, guess: get("tried")[name] ?? "" }),
  });
  const reveal = button({
    label: "Reveal",
    onClick: () => {
      if (!get("guess")) return void asks.say("Choose a variant, or the draw, first.");
      if (!isRevealed()) save({ tried: { ...get("tried"), [get("question")]: get("guess") } });
    },
  });
  reveal.classList.add("run-main");
  const next = button({
    label: "Next experiment",
    onClick: () => {
      const at = names.indexOf(get("question"));
      const order = [...names.slice(at + 1), ...names.slice(0, at + 1)];
      const name = order.find((one) => !Object.hasOwn(get("tried"), one)) ?? order[0];
      save({ question: name, guess: get("tried")[name] ?? "" });
    },
  });
  const asks = readout();
  const score = make("span", { class: "run-score" });
  const guesses = make("div", {
    class: "run-guesses",
    role: "radiogroup",
    "aria-label": "Which has the lowest loss?",
  });
  let asked = null;
  let radios = [];
  const predict = make(
    "section",
    { class: "run-predict", "aria-label": "Predict the winner" },
    make("div", { class: "nano-bar" }, question.root, next, score),
    make("p", {
      class: "run-question",
      text: "Curves and losses are hidden. Which of these has the lowest loss on the whole validation split, mean over its seeds?",
    }),
    guesses,
    make("div", { class: "nano-bar" }, reveal),
    asks.root,
  );
  function showPredict() {
    const name = get("question");
    if (!name) return;
    if (asked !== name) {
      asked = name;
      const group = newId("guess");
      const options = [
        ...recorded
          .filter((row) => row.experiment === name)
          .map(({ variant, cells }) => [
            variant,
            variant,
            `${cells[2]}; ${cells[5]} characters, ${cells[7]} parameters`,
          ]),
        [layout.draw, "a draw", "no variant is lowest by more than noise"],
      ];
      radios = options.map(([value]) => make("input", { type: "radio", name: group, value }));
      radios.forEach((radio) =>
        radio.addEventListener("change", () => radio.checked && save({ guess: radio.value })),
      );
      guesses.replaceChildren(
        ...options.map(([, words, small], at) =>
          make(
            "label",
            { class: "run-guess" },
            radios[at],
            make("b", { text: words }),
            " ",
            make("span", { text: small }),
          ),
        ),
      );
    }
    question.set(name);
    const tried = get("tried");
    const open = isRevealed();
    for (const radio of radios) {
      radio.checked = radio.value === (open ? tried[name] : get("guess"));
      radio.disabled = open && !radio.checked;
      const right = open && radio.value === questions[name].answer;
      radio.parentElement.classList.toggle("run-right", right);
    }
    reveal.setAttribute("aria-disabled", String(open || !get("guess")));
    const all = Object.keys(tried);
    const right = all.filter((one) => tried[one] === questions[one]?.answer).length;
    put(
      score,
      all.length
        ? `Score: ${right} of ${all.length} (${names.length} experiments)`
        : `${names.length} experiments to try`,
    );
    if (open) asks.say(judged(tried[name], questions[name], layout.draw));
    else asks.say(get("guess") ? "Press Reveal when you are sure." : "Choose one, then press Reveal.");
  }

  // --- run your own
  const told = readout();
  let instead = null; // what is said where Python has not answered yet, or does not
  let isStarting = false;
  const inputs = Object.keys(get("fields")).map((name) => {
    const field = textField({
      label: name,
      value: get("fields")[name],
      maxlength: 12,
      onInput: (text) => save({ fields: { ...get("fields"), [name]: text } }),
    });
    field.root.classList.add("run-field");
    return [name, field];
  });
  const isRunning = () => instead === null && get("now").is_running;
  const begin = button({
    label: "Train",
    onClick: () => {
      if (isStarting || isRunning()) return;
      isStarting = true;
      instead = "Reading the text and building the model.";
      if (ask({ do: "train", fields: get("fields") })) showOwn();
    },
  });
  begin.classList.add("run-main");
  const stop = button({ label: "Stop", onClick: () => isRunning() && ask({ do: "stop" }) });
  const bar = make("progress", { max: 1, value: 0, "aria-label": "time used" });
  const own = make(
    "section",
    { class: "run-own", "aria-label": "Run your own" },
    make("div", { class: "run-fields" }, ...inputs.map(([, field]) => field.root)),
    make("div", { class: "nano-bar" }, begin, stop, bar),
    told.root,
    fold(
      "How it is trained",
      hint(
        `Trains in the kernel for up to ${layout.most_seconds} seconds on one thread, evaluations included, with fused attention: ` +
          "the same numbers as the recorded ones, sooner. Your other cells can run meanwhile, and their time is not " +
          "counted. At the end it is measured on the whole validation split, and its row joins the table.",
      ),
    ),
  );
  const ask = asker(
    model,
    () => {
      isStarting = false;
      instead = "Python does not answer: it is busy, or gone. Wait for your cells, or run this one again.";
      showOwn();
    },
    PATIENCE,
  );
  const liveRow = ({ curve, per_step }) => ({
    key: "training now",
    experiment: layout.yours,
    variant: "now",
    seeds: [0],
    per_step,
    steps: curve.map(([step]) => step),
    train: [curve.map(([, train]) => train)],
    val: [curve.map(([, , val]) => val)],
    seconds: [curve.map(([, , , seconds]) => seconds)],
  });
  function hear() {
    isStarting = false;
    instead = null;
    if (get("now").is_running) ask.reported();
    else ask.answered();
    showOwn();
  }
  /** The run of one's own; what stood when Python fell silent stays. */
  function showOwn() {
    const now = get("now");
    live = now.is_running ? liveRow(now) : null;
    for (const [name, field] of inputs) field.set(get("fields")[name]);
    begin.setAttribute("aria-disabled", String(isStarting || isRunning()));
    stop.setAttribute("aria-disabled", String(!isRunning() || now.stopped));
    bar.value = now.share ?? 0;
    told.say(instead ?? now.words);
    paint();
  }

  // --- the picture, and what is read in it
  const axis = choice({
    label: "read at equal",
    options: layout.axes,
    value: get("axis"),
    onChange: (value) => save({ axis: value, at: null }),
  });
  const training = checkbox({
    label: "training loss too (dashed)",
    value: get("training"),
    onChange: (on) => save({ training: on }),
  });
  const marker = slider({
    label: "read at",
    min: 0,
    max: 1,
    step: 1,
    value: 0,
    format: () => inWords(get("axis"), reading(drawn())),
    onInput: (at) => save({ at }),
  });
  const end = button({
    label: "Last common place",
    title: "the last place that all curves reach",
    onClick: () => save({ at: null }),
  });
  const canvas = make("canvas", { role: "img" });
  const picture = make("div", { class: "cur-picture" }, canvas);
  const said = readout();
  const rankBody = make("tbody");
  const rankCaption = make("caption");
  const rankHeads = ["curve", "validation loss", "behind the lowest"];
  const rank = make(
    "table",
    { class: "nano-table cur-table run-rank" },
    rankCaption,
    headRow(...rankHeads.map((text) => [text])),
    rankBody,
  );
  const markerBar = make("div", { class: "nano-bar" }, marker.root, end);
  const reader = make(
    "section",
    { class: "run-reader", "aria-label": "The curves" },
    make("div", { class: "nano-bar" }, axis.root, training.root),
    markerBar,
    picture,
    said.root,
  );
  const everyCurve = fold("Every curve as a table", make("div", { class: "cur-scroll" }, rank));
  const details = foldRow(
    everyCurve,
    fold(
      "How these numbers were made",
      hint(
        `${layout.hint} ${layout.took} Click or drag in the picture, or use the arrow keys on the slider.`,
      ),
    ),
  );
  root.append(
    make("div", { class: "nano-bar" }, view.root),
    make("div", { class: "run-body" }, compare, predict, own, reader),
    details,
  );

  /** How far the picture goes: to the last evaluation, but where a run of one's own is looked at, not far beyond. */
  function longest(shown) {
    const lastOf = (some) =>
      Math.max(0, ...some.flatMap((row) => places(row, get("axis")).map((where) => where.at(-1) ?? 0)));
    const mine = lastOf(shown.filter(({ experiment }) => experiment === layout.yours));
    return get("view") === "run" && mine ? Math.min(lastOf(shown), 1.5 * mine) : lastOf(shown);
  }

  const ranks = new Map(); // key to the row of the table below the picture
  function rankOf(key) {
    if (ranks.has(key)) return ranks.get(key);
    const mark = make("span");
    const texts = [make("span"), make("td"), make("td", { class: "run-words" })];
    const [name, ...cells] = texts;
    const element = make("tr", {}, make("th", { scope: "row" }, mark, name), ...cells);
    ranks.set(key, { element, mark, texts, look: null });
    return ranks.get(key);
  }

  /** The table below the picture: [row, loss, words] each. */
  function fillRank(list, name) {
    for (const [row, ...rest] of list) {
      const one = rankOf(row.key);
      showMark(one, looks.get(row.key));
      [name(row), ...rest].forEach((text, at) => put(one.texts[at], text));
    }
    arrange(
      rankBody,
      list.map(([row]) => rankOf(row.key).element),
    );
  }

  /** Who won, as measured on the whole split: what was to be predicted. */
  function showResult(shown) {
    const { order, words } = questions[get("question")];
    const row = (variant) => shown.find((one) => one.variant === variant);
    put(
      rankCaption,
      "On the whole validation split, after the last step (mean ± standard deviation of the seeds)",
    );
    fillRank(
      order.map((variant, at) => [row(variant), row(variant).cells[4], at ? words[at - 1] : "lowest"]),
      ({ variant }) => variant,
    );
  }

  /** What the curves say where the marker stands. */
  function showReading(list, at) {
    const there = list.filter(({ losses }) => losses);
    const where = inWords(get("axis"), at);
    if (!list.length) said.say("Tick a run to see its curve.");
    else if (!there.length) said.say(`At ${where} no curve can be read.`);
    else {
      const yours = there.findLast(({ row }) => row.experiment === layout.yours);
      const other = get("view") === "run" && yours && yours !== there[0] ? yours : there[1];
      const lowest = `At ${where} the lowest is ${there[0].row.key}, ${there[0].loss}.`;
      said.say(
        other
          ? `${lowest} ${other === yours ? "Yours" : "The next"}, ${other.row.key}: ${other.words}.`
          : lowest,
      );
    }
    put(rankCaption, `Read at ${where} (validation, mean over the seeds ± their standard deviation)`);
    fillRank(
      list.map(({ row, loss, words }) => [row, loss, words]),
      ({ key }) => key,
    );
  }

  const paint = painter(root, () => {
    const open = get("view");
    const shown = drawn();
    compare.hidden = open !== "compare";
    predict.hidden = open !== "predict";
    own.hidden = open !== "run";
    reader.hidden = details.hidden = open === "predict" && !isRevealed();
    root.dataset.view = open;
    if (reader.hidden) return root.clientWidth > 0;
    if (laidOut !== open) {
      width = 0; // beside the fields there is less room for it
      everyCurve.open = open === "predict"; // there it is the answer
    }
    laidOut = open;
    width ||= Math.floor(picture.clientWidth); // asking for it lays the page out, so once is enough
    if (!width) return false;
    const colours = themeColours(root);
    give(shown.map(({ key }) => key));
    if (open === "compare") for (const [key, one] of lines) showMark(one, looks.get(key) ?? null);
    const last = longest(shown) || 1;
    const [most, step] = [String(last), String(sliderStep(get("axis"), last))];
    if (marker.input.max !== most) marker.input.max = most;
    if (marker.input.step !== step) marker.input.step = step;
    const guessing = open === "predict";
    const at = guessing ? commonEnd(shown, get("axis")) : reading(shown);
    const list = ranked(
      shown.filter((row) => row.steps.length),
      get("axis"),
      at,
      layout.t95,
    );
    markerBar.hidden = said.root.hidden = guessing;
    if (guessing) showResult(shown);
    else showReading(list, at);
    marker.set(at);
    const splits = get("training") ? SPLITS : SPLITS.slice(0, 1);
    const {
      low,
      high,
      lines: losses,
    } = range(inSight(shown.flatMap((row) => splits.flatMap((split) => row[split]))));
    const chart = frame(canvas, {
      width,
      height: HEIGHTS[open],
      x: {
        from: 0,
        to: last,
        ticks: placesTo(last),
        format: (place) => place.toLocaleString("en"),
        title: `${layout.axes.find(([key]) => key === get("axis"))[1]} (loss in nats per character)`,
      },
      y: { low, high, ticks: losses, format: lossText(low, high) },
      colours,
    });
    const { context } = chart;
    if (!shown.length)
      chart.say(open === "run" ? "Your curve will be drawn here." : "Tick a run in the table.");
    else {
      if (!guessing) chart.upright(at);
      chart.inside(() => {
        for (const row of shown) {
          const { colour } = lookOf(looks.get(row.key));
          for (const split of splits) {
            const style = { colour, dash: DASHES[split] };
            const all = places(row, get("axis"));
            if (all.length > 1)
              all.forEach((where, seed) =>
                line(chart, where, row[split][seed], { ...style, wide: 1, strength: 0.55 }),
              );
            line(chart, ...meanLine(row, get("axis"), split), style);
          }
        }
      });
      for (const { row, losses } of list) {
        const { colour, shape } = lookOf(looks.get(row.key));
        // What cannot be read here is still to be told apart: its mark stands, open, at its end.
        const [where, ends] = losses ? [[at], [mean(losses)]] : meanLine(row, get("axis"), "val");
        const loss = ends.at(-1);
        if (loss <= high)
          mark(
            context,
            shape,
            chart.across(where.at(-1)),
            chart.up(loss),
            colour,
            Boolean(losses),
            colours.back,
          );
      }
    }
    canvas.setAttribute(
      "aria-label",
      list.length
        ? `Curves of validation${get("training") ? " and training" : ""} loss. At ${inWords(get("axis"), at)}: ` +
            `${list.map(({ row, loss }) => `${row.key} ${loss}`).join("; ")}.`
        : "An empty picture.",
    );
    return true;
  });
  pointing(canvas, marker.input, (share) => {
    if (get("view") === "predict") return;
    const last = longest(drawn());
    const step = sliderStep(get("axis"), last);
    const at = Number(Math.min(last, Math.round((share * last) / step) * step).toPrecision(8));
    if (at !== get("at")) save({ at });
  });

  function show() {
    view.set(get("view"));
    axis.set(get("axis"));
    training.set(get("training"));
    if (get("view") === "predict") showPredict();
    if (get("view") === "compare") showTable();
    paint();
  }

  const ends = [
    ask.answered,
    () => save.flush(),
    asks.stop,
    told.stop,
    said.stop,
    paint.stop,
    watch(
      model,
      [
        "view",
        "ticked",
        "axis",
        "at",
        "training",
        "only",
        "search",
        "sort",
        "question",
        "guess",
        "tried",
        "own",
      ],
      show,
    ),
    watch(model, ["fields"], () => showOwn()),
    watch(model, ["now"], hear),
    onTheme(root, paint),
    onWidth(picture, (room) => {
      if (room === width) return;
      width = room;
      paint.now();
    }),
  ];
  show();
  if (get("now").is_running) hear();
  else showOwn();
  return () => {
    ends.forEach((finish) => finish());
  };
}

export default { render };
