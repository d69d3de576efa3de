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
var hint = (...words) => make("p", { class: "nano-hint" }, ...words);
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

// nanogpt_lib/kit/browser/words.js
function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
function fixed(value, digits = 3) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = (Math.abs(value) + 1e-6).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

// nanogpt_lib/kit/browser/controls.js
function labelled(kind, label, input, extra = null) {
  input.id = newId(kind);
  const root = make(
    "div",
    { class: `nano-field nano-${kind}` },
    make("label", { for: input.id, text: label }),
    input,
    extra
  );
  return { root, input };
}
function select({ label, options, value, onChange }) {
  const input = make(
    "select",
    {},
    ...options.map(([key, words]) => make("option", { value: key, text: words }))
  );
  const field = labelled("select", label, input);
  const set = (now) => {
    input.value = String(now);
  };
  input.addEventListener("change", () => onChange(input.value));
  set(value);
  return { ...field, set };
}
function button({ label, onClick, title = null }) {
  return make("button", { type: "button", class: "nano-button", text: label, title, on: { click: onClick } });
}
function choice({ label, options, value, onChange }) {
  const name = newId("choice");
  const inputs = options.map(([key]) => make("input", { type: "radio", name, value: key }));
  const root = make(
    "div",
    { class: "nano-field nano-choice", role: "radiogroup", "aria-label": label },
    make("span", { class: "nano-caption", text: label, "aria-hidden": "true" }),
    ...options.map(([, words], at) => make("label", {}, inputs[at], make("span", { text: words })))
  );
  const set = (now) => {
    for (const input of inputs) input.checked = input.value === String(now);
  };
  for (const input of inputs) input.addEventListener("change", () => input.checked && onChange(input.value));
  set(value);
  return { root, inputs, set };
}
function moved(key, [row, column], [rows, columns]) {
  const to = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [row, 0],
    End: [row, columns - 1],
    PageUp: [0, column],
    PageDown: [rows - 1, column]
  }[key];
  return to ? [clamp(to[0], 0, rows - 1), clamp(to[1], 0, columns - 1)] : null;
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
function verdict(tag, tones, words) {
  const sign = make("span", { class: "nano-sign", "aria-hidden": "true" });
  const root = make(tag, { class: "nano-light" }, sign, words);
  const show = (kind, text) => {
    root.dataset.light = kind;
    root.dataset.tone = tones[kind];
    put(sign, text);
  };
  return { root, show };
}

// nanogpt_lib/widgets/pictures/colours.js
var samples = (hex) => hex.match(/../g).map((pair) => parseInt(pair, 16));
var CIVIDIS = samples(
  "00224e00285b002e6a0533711a386f273e6e32436d3b496c434e6c4b546c535a6d5a5f6e61656f686a716f70737676767d7c788482798c8878938e789b9476a39a74aba072b4a76fbcae6cc4b468cdbb63d5c25edec958e7d150f0d846f9e03afee838"
);
var RED_BLUE = samples("0530612166ac4393c392c5ded1e5f0f7f7f7fddbc7f4a582d6604db2182b67001f");
function between(list, place) {
  const last = list.length / 3 - 1;
  const at = clamp(place, 0, 1) * last;
  const left = Math.min(Math.floor(at), last - 1);
  return [0, 1, 2].map((channel) => {
    const low = list[3 * left + channel];
    return Math.round(low + (at - left) * (list[3 * left + 3 + channel] - low));
  });
}
function cividis(value) {
  return between(CIVIDIS, value);
}
function css([red, green, blue]) {
  return `rgb(${red}, ${green}, ${blue})`;
}
function inkOn(colour) {
  const [red, green, blue] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

// nanogpt_lib/widgets/averaging_explorer.js
var MODES = [
  ["none", "none"],
  ["zero", "0 before softmax"],
  ["after", "0 after softmax"],
  ["-inf", "−∞ before softmax"]
];
var DEFAULT_X = [2, 4, 9, 1, 7, 3, 8, 5];
var LIMIT = 20;
var TALL = 176;
var SPACING = 2;
var SHOWN = 5e-4;
function softmax(row) {
  const most = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
function verdictOf(future, rowSums) {
  const leaks = future.flatMap(
    (share, row) => share > 0 ? [`row ${row} gives ${share >= SHOWN ? fixed(share) : "less than 0.001"} to its future`] : []
  );
  if (leaks.length) return { light: "leak", verdict: leaks.join(", ") };
  const short = rowSums.flatMap((sum, row) => 1 - sum >= SHOWN ? [`row ${row} sums to ${fixed(sum)}`] : []);
  if (short.length) {
    return {
      light: "short",
      verdict: `no weight on the future, but the softmax counted it: ${short.join(", ")}`
    };
  }
  return { light: "closed", verdict: "no row sees its future" };
}
function explore(scores, mode, x) {
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const masked = scores.map(
    (row, query) => row.map((score, key) => key <= query ? score : { zero: 0, "-inf": -Infinity }[mode] ?? score)
  );
  const weights = masked.map(
    (row, query) => softmax(row).map((weight, key) => mode === "after" && key > query ? 0 : weight)
  );
  const future = weights.map((row, query) => sum(row.slice(query + 1)));
  const rowSums = weights.map(sum);
  const output = weights.map((row) => sum(row.map((weight, key) => weight * x[key])));
  return { masked, weights, row_sums: rowSums, output, future, ...verdictOf(future, rowSums) };
}
function resizedScores(scores, T) {
  return Array.from(
    { length: T },
    (_, query) => Array.from({ length: T }, (_2, key) => scores[query]?.[key] ?? 0)
  );
}
function resizedX(x, T) {
  return Array.from({ length: T }, (_, at) => x[at] ?? DEFAULT_X[at]);
}
function typed(text, limit) {
  const value = Number(text.trim().replace(",", ".").replace("−", "-"));
  return text.trim() === "" || !Number.isFinite(value) ? null : clamp(value, -limit, limit);
}
function rowHeight(T) {
  return Math.min(30, Math.floor(TALL / (T + 1)) - SPACING);
}
function randomScores(T, random = Math.random) {
  return Array.from({ length: T }, () => Array.from({ length: T }, () => Math.round(random() * 12) / 2 - 3));
}
function render({ model, el }) {
  const root = startRoot(el, "averaging_explorer", "Averaging explorer");
  const save = saver(model);
  let scores, x;
  let T = 0;
  let cells = {};
  const words = make("span");
  const light = verdict("p", { leak: "bad", short: "warn", closed: "good" }, words);
  light.root.setAttribute("role", "status");
  light.root.setAttribute("aria-live", "polite");
  const modePick = choice({
    label: "Mask",
    options: MODES,
    value: model.get("mode"),
    onChange: (mode) => save({ mode })
  });
  const sizePick = select({
    label: "Positions",
    options: [2, 3, 4, 5, 6, 7, 8].map((count) => [String(count), String(count)]),
    value: 4,
    onChange: (count) => save({ scores: resizedScores(scores, Number(count)), x: resizedX(x, Number(count)) })
  });
  const zero = button({ label: "All scores 0", onClick: () => save({ scores: resizedScores([], T) }) });
  const random = button({ label: "Random scores", onClick: () => save({ scores: randomScores(T) }) });
  const panels = make("div", { class: "avg-panels" });
  root.append(
    make("div", { class: "nano-bar" }, modePick.root, sizePick.root, zero, random),
    light.root,
    panels,
    hint(
      "Type a score, or press ↑ and ↓ in it; Ctrl and an arrow key go to the next. Query down, key across."
    )
  );
  function grid(title, columns, content, label) {
    const head = make(
      "tr",
      {},
      make("td"),
      ...columns.map((name) => make("th", { scope: "col", text: name }))
    );
    const rows = Array.from(
      { length: T },
      (_, query) => make(
        "tr",
        {},
        make("th", { scope: "row", text: String(query) }),
        ...columns.map((_2, key) => content(query, key))
      )
    );
    return make(
      "div",
      { class: "avg-panel" },
      make(
        "table",
        { "aria-label": label ?? title },
        make("caption", { text: title }),
        make("thead", {}, head),
        make("tbody", {}, ...rows)
      )
    );
  }
  function numberInput(label, limit, onNumber, place, all) {
    const input = make("input", {
      type: "number",
      step: "0.5",
      min: -limit,
      max: limit,
      "aria-label": label,
      autocomplete: "off"
    });
    input.addEventListener("input", () => {
      const value = typed(input.value, limit);
      input.toggleAttribute("aria-invalid", value === null);
      if (value !== null) onNumber(value);
    });
    input.addEventListener("blur", () => draw());
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
    const scoreCell = (query, key) => keep(
      cells.scores,
      query,
      numberInput(
        `score of query ${query}, key ${key}`,
        LIMIT,
        (value) => {
          scores = scores.map(
            (row2, at) => at === query ? row2.map((old, column) => column === key ? value : old) : row2
          );
          save({ scores });
        },
        [query, key],
        () => cells.scores
      )
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
              x = x.map((old, at) => at === query ? value : old);
              save({ x });
            },
            [query, 0],
            () => cells.x
          )
        );
      const cell = make("td", { class: "avg-total" });
      (column === 0 ? cells.sums : cells.output).push(cell);
      return cell;
    };
    const row = rowHeight(T);
    panels.style.setProperty("--avg-row", `${row}px`);
    panels.classList.toggle("avg-small", row < 24);
    panels.replaceChildren(
      make(
        "div",
        { class: "avg-pair" },
        grid("Scores", positions, scoreCell, "scores to change, query down, key across"),
        grid("What the softmax sees", positions, plain(cells.masked))
      ),
      make(
        "div",
        { class: "avg-pair" },
        grid("Weights", positions, plain(cells.weights)),
        grid("Sums and averages", ["row sum", "x", "output"], last)
      )
    );
  }
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
        seen.className = state.masked[query][key] === -Infinity ? "avg-blind" : ahead && mode === "zero" ? "avg-put" : "";
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
  const ends = [watch(model, ["scores", "x", "mode"], draw), () => save.flush()];
  return () => ends.forEach((end) => end());
}
var averaging_explorer_default = { render };
export {
  averaging_explorer_default as default,
  explore,
  randomScores,
  resizedScores,
  resizedX,
  rowHeight,
  softmax,
  typed
};
