// AveragingExplorer: scores to change, a mask to choose, weights that follow, and who sees the future.
import { button, choice, moved, select } from "../kit/browser/controls.js";
import { hint, make, markDrawn, startRoot } from "../kit/browser/elements.js";
import { saver, watch } from "../kit/browser/python.js";
import { verdict } from "../kit/browser/said.js";
import { clamp, fixed } from "../kit/browser/words.js";
import { cividis, css, inkOn } from "./pictures/colours.js";

const MODES = [
  ["none", "none"],
  ["zero", "0 before softmax"],
  ["after", "0 after softmax"],
  ["-inf", "−∞ before softmax"],
];
const DEFAULT_X = [2, 4, 9, 1, 7, 3, 8, 5];
const LIMIT = 20;
const TALL = 176; // pixels for the rows of a table
const SPACING = 2; // between them
const SHOWN = 0.0005; // what rounds to 0.000 is told as "less than 0.001"

// --- pure: the same as averaging_explorer_state in Python, and a test holds them together -----------

export function softmax(row) {
  const most = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

function verdictOf(future, rowSums) {
  const leaks = future.flatMap((share, row) =>
    share > 0 ? [`row ${row} gives ${share >= SHOWN ? fixed(share) : "less than 0.001"} to its future`] : [],
  );
  if (leaks.length) return { light: "leak", verdict: leaks.join(", ") };
  const short = rowSums.flatMap((sum, row) => (1 - sum >= SHOWN ? [`row ${row} sums to ${fixed(sum)}`] : []));
  if (short.length) {
    return {
      light: "short",
      verdict: `no weight on the future, but the softmax counted it: ${short.join(", ")}`,
    };
  }
  return { light: "closed", verdict: "no row sees its future" };
}

/** What follows from scores (T rows of T), a mode and x (T numbers). */
export function explore(scores, mode, x) {
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const masked = scores.map((row, query) =>
    row.map((score, key) => (key <= query ? score : ({ zero: 0, "-inf": -Infinity }[mode] ?? score))),
  );
  const weights = masked.map((row, query) =>
    softmax(row).map((weight, key) => (mode === "after" && key > query ? 0 : weight)),
  );
  const future = weights.map((row, query) => sum(row.slice(query + 1)));
  const rowSums = weights.map(sum);
  const output = weights.map((row) => sum(row.map((weight, key) => weight * x[key])));
  return { masked, weights, row_sums: rowSums, output, future, ...verdictOf(future, rowSums) };
}

/** The same scores for another number of positions: new ones are 0. */
export function resizedScores(scores, T) {
  return Array.from({ length: T }, (_, query) =>
    Array.from({ length: T }, (_, key) => scores[query]?.[key] ?? 0),
  );
}

export function resizedX(x, T) {
  return Array.from({ length: T }, (_, at) => x[at] ?? DEFAULT_X[at]);
}

/** The number that was typed, or null where it is none yet. */
export function typed(text, limit) {
  const value = Number(text.trim().replace(",", ".").replace("−", "-"));
  return text.trim() === "" || !Number.isFinite(value) ? null : clamp(value, -limit, limit);
}

/** The height of a row, so that two tables of T rows and a head stand above one another on a small screen. */
export function rowHeight(T) {
  return Math.min(30, Math.floor(TALL / (T + 1)) - SPACING);
}

/** Scores from −3 to 3 in steps of a half. */
export function randomScores(T, random = Math.random) {
  return Array.from({ length: T }, () => Array.from({ length: T }, () => Math.round(random() * 12) / 2 - 3));
}

// --- the widget -----------------------------------------------------------------------------------

function render({ model, el }) {
  const root = startRoot(el, "averaging_explorer", "Averaging explorer");
  const save = saver(model);
  let scores, x;
  let T = 0;
  let cells = {}; // the elements that change, by what they show

  const words = make("span");
  const light = verdict("p", { leak: "bad", short: "warn", closed: "good" }, words);
  light.root.setAttribute("role", "status");
  light.root.setAttribute("aria-live", "polite");
  const modePick = choice({
    label: "Mask",
    options: MODES,
    value: model.get("mode"),
    onChange: (mode) => save({ mode }),
  });
  const sizePick = select({
    label: "Positions",
    options: [2, 3, 4, 5, 6, 7, 8].map((count) => [String(count), String(count)]),
    value: 4,
    onChange: (count) =>
      save({ scores: resizedScores(scores, Number(count)), x: resizedX(x, Number(count)) }),
  });
  const zero = button({ label: "All scores 0", onClick: () => save({ scores: resizedScores([], T) }) });
  const random = button({ label: "Random scores", onClick: () => save({ scores: randomScores(T) }) });
  const panels = make("div", { class: "avg-panels" });
  root.append(
    make("div", { class: "nano-bar" }, modePick.root, sizePick.root, zero, random),
    light.root,
    panels,
    hint(
      "Type a score, or press ↑ and ↓ in it; Ctrl and an arrow key go to the next. Query down, key across.",
    ),
  );

  /** A table with a title; `content(query, key)` makes each cell's inside. */
  function grid(title, columns, content, label) {
    const head = make(
      "tr",
      {},
      make("td"),
      ...columns.map((name) => make("th", { scope: "col", text: name })),
    );
    const rows = Array.from({ length: T }, (_, query) =>
      make(
        "tr",
        {},
        make("th", { scope: "row", text: String(query) }),
        ...columns.map((_, key) => content(query, key)),
      ),
    );
    return make(
      "div",
      { class: "avg-panel" },
      make(
        "table",
        { "aria-label": label ?? title },
        make("caption", { text: title }),
        make("thead", {}, head),
        make("tbody", {}, ...rows),
      ),
    );
  }

  function numberInput(label, limit, onNumber, place, all) {
    const input = make("input", {
      type: "number",
      step: "0.5",
      min: -limit,
      max: limit,
      "aria-label": label,
      autocomplete: "off",
    });
    input.addEventListener("input", () => {
      const value = typed(input.value, limit);
      input.toggleAttribute("aria-invalid", value === null);
      if (value !== null) onNumber(value);
    });
    input.addEventListener("blur", () => draw()); // what was half typed becomes the number that counts
    input.addEventListener("keydown", (event) => {
      const to = event.ctrlKey || event.metaKey ? moved(event.key, place, [T, all()[0].length]) : null;
      if (!to) return;
      event.preventDefault();
      all()[to[0]][to[1]].focus();
      all()[to[0]][to[1]].select();
    });
    return input;
  }

  function build() {
    const positions = Array.from({ length: T }, (_, at) => String(at));
    const two = () => positions.map(() => []);
    cells = { scores: two(), masked: two(), weights: two(), x: two(), sums: [], output: [] };
    const keep = (list, query, element, kind = "td") => {
      list[query].push(element);
      return element.tagName === "TD" ? element : make(kind, {}, element);
    };
    const scoreCell = (query, key) =>
      keep(
        cells.scores,
        query,
        numberInput(
          `score of query ${query}, key ${key}`,
          LIMIT,
          (value) => {
            scores = scores.map((row, at) =>
              at === query ? row.map((old, column) => (column === key ? value : old)) : row,
            );
            save({ scores });
          },
          [query, key],
          () => cells.scores,
        ),
      );
    const plain = (list) => (query) => keep(list, query, make("td"));
    const last = (query, column) => {
      if (column === 1)
        return keep(
          cells.x,
          query,
          numberInput(
            `x of position ${query}`,
            99,
            (value) => {
              x = x.map((old, at) => (at === query ? value : old));
              save({ x });
            },
            [query, 0],
            () => cells.x,
          ),
        );
      const cell = make("td", { class: "avg-total" });
      (column === 0 ? cells.sums : cells.output).push(cell);
      return cell;
    };
    const row = rowHeight(T);
    panels.style.setProperty("--avg-row", `${row}px`);
    panels.classList.toggle("avg-small", row < 24);
    // In pairs, so that each row of weights stands beside its sum.
    panels.replaceChildren(
      make(
        "div",
        { class: "avg-pair" },
        grid("Scores", positions, scoreCell, "scores to change, query down, key across"),
        grid("What the softmax sees", positions, plain(cells.masked)),
      ),
      make(
        "div",
        { class: "avg-pair" },
        grid("Weights", positions, plain(cells.weights)),
        grid("Sums and averages", ["row sum", "x", "output"], last),
      ),
    );
  }

  /** Leaves alone the input in which somebody types. */
  function fill(input, value) {
    if (document.activeElement === input && typed(input.value, Infinity) === value) return;
    if (document.activeElement === input && input.hasAttribute("aria-invalid")) return;
    input.value = String(value);
    input.removeAttribute("aria-invalid");
  }

  function draw() {
    const mode = model.get("mode");
    scores = model.get("scores");
    x = resizedX(model.get("x"), scores.length);
    if (scores.length !== T) {
      T = scores.length;
      build();
    }
    modePick.set(mode);
    sizePick.set(T);
    const state = explore(scores, mode, x);
    light.show(state.light, { leak: "✗", short: "!", closed: "✓" }[state.light]);
    words.textContent = state.verdict;
    for (let query = 0; query < T; query += 1) {
      for (let key = 0; key < T; key += 1) {
        const ahead = key > query;
        fill(cells.scores[query][key], scores[query][key]);
        const seen = cells.masked[query][key];
        seen.textContent = fixed(state.masked[query][key], 2);
        seen.className =
          state.masked[query][key] === -Infinity ? "avg-blind" : ahead && mode === "zero" ? "avg-put" : "";
        const weight = state.weights[query][key];
        const cell = cells.weights[query][key];
        const colour = cividis(weight);
        cell.textContent = fixed(weight, 3);
        cell.style.background = css(colour);
        cell.style.color = inkOn(colour);
        cell.className = ahead && weight > 0 ? "avg-leak" : "";
        cell.title = ahead && weight > 0 ? `query ${query} sees key ${key}, which is in its future` : "";
      }
      cells.sums[query].textContent = fixed(state.row_sums[query]);
      cells.sums[query].classList.toggle("avg-short", 1 - state.row_sums[query] >= SHOWN);
      fill(cells.x[query][0], x[query]);
      cells.output[query].textContent = fixed(state.output[query], 2);
    }
    markDrawn(root);
  }

  draw();
  // At once, not in the next frame: eight rows are nothing to wait for.
  const ends = [watch(model, ["scores", "x", "mode"], draw), () => save.flush()];
  return () => ends.forEach((end) => end());
}

export default { render };
