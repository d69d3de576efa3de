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
function amount(value, digits = 3) {
  const text = fixed(value, digits);
  return value > 0 && Number(text) === 0 ? `<${(10 ** -digits).toFixed(digits)}` : text;
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
function slider({ label, min, max, step = 1, value, format = String, onInput }) {
  const input = make("input", { type: "range", min, max, step });
  const shown = make("output", { class: "nano-value" });
  const field = labelled("slider", label, input, shown);
  const set = (now) => {
    const words = format(Number(now));
    input.value = String(now);
    put(shown, words);
    input.setAttribute("aria-valuetext", words);
  };
  input.addEventListener("input", () => {
    set(input.value);
    onInput(Number(input.value));
  });
  shown.setAttribute("for", input.id);
  set(value);
  return { ...field, set };
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
function floats(view) {
  if (!view?.byteLength) return new Float32Array(0);
  const bytes = new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);
  return new Float32Array(bytes.slice().buffer);
}
function pieces(numbers, start, lengths) {
  let at = start;
  return lengths.map((length) => {
    at += length;
    return Array.from(numbers.slice(at - length, at));
  });
}
var rowsOf = (list, width) => Array.from({ length: list.length / width }, (_, row) => list.slice(row * width, (row + 1) * width));

// nanogpt_lib/kit/browser/said.js
function readout() {
  const shown = make("span", { class: "nano-said", "aria-hidden": "true" });
  const aloud = make("span", { class: "nano-hidden", role: "status", "aria-live": "polite" });
  const root = make("p", { class: "nano-readout" }, shown, aloud);
  let timer = null;
  const say = (text, words = text) => {
    put(shown, text);
    clearTimeout(timer);
    timer = setTimeout(() => aloud.textContent = words, 250);
  };
  return { root, say, stop: () => clearTimeout(timer) };
}
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

// nanogpt_lib/kit/browser/tables.js
function keyEntry(mark, words, sign = null) {
  return make(
    "span",
    { class: "nano-entry" },
    make("i", { class: mark, text: sign, "aria-hidden": "true" }),
    words
  );
}
function headRow(...heads) {
  const cells = heads.map(
    ([text, kind = null]) => text === null ? make("td", { class: "nano-long", "aria-hidden": "true" }) : make("th", { scope: "col", text, class: kind })
  );
  return make("thead", {}, make("tr", {}, ...cells));
}
function barCell() {
  const fill = make("div", { class: "nano-fill" });
  const track = make("div", { class: "nano-track" }, fill);
  return { cell: make("td", { class: "nano-long", "aria-hidden": "true" }, track), track, fill };
}

// nanogpt_lib/widgets/pictures/canvas.js
function sizeCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
function themeColours(root) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(`--nano-${name}`).trim();
  return {
    text: read("text"),
    muted: read("muted"),
    back: read("back"),
    panel: read("panel"),
    line: read("line"),
    accent: read("accent"),
    font: style.fontFamily
  };
}
function onTheme(root, call) {
  const sentinel = make("span", { class: "nano-sentinel", "aria-hidden": "true" });
  let timer = null;
  const rest = () => {
    clearTimeout(timer);
    timer = setTimeout(call, 60);
  };
  for (const kind of ["transitionrun", "transitionend"]) sentinel.addEventListener(kind, rest);
  const notes = new MutationObserver(rest);
  const attributeFilter = ["data-jp-theme-name", "data-jp-theme-light", "data-vscode-theme-kind"];
  notes.observe(document.body, { attributeFilter });
  root.append(sentinel);
  return () => {
    clearTimeout(timer);
    notes.disconnect();
    sentinel.remove();
  };
}
function painter(root, draw) {
  let frame = null;
  const finish = () => draw() !== false && markDrawn(root);
  const paint = () => {
    if (frame !== null) return;
    frame = requestAnimationFrame(() => {
      frame = null;
      finish();
    });
  };
  paint.now = () => {
    if (frame !== null) cancelAnimationFrame(frame);
    frame = null;
    finish();
  };
  paint.stop = () => frame !== null && cancelAnimationFrame(frame);
  return paint;
}
function onWidth(box, call) {
  let width = 0;
  const sized = new ResizeObserver(([entry]) => {
    const room = Math.floor(entry.contentRect.width);
    if (!room || room === width) return;
    width = room;
    call(width);
  });
  sized.observe(box);
  return () => sized.disconnect();
}
function widePainter(root, box, draw) {
  let width = 0;
  const paint = painter(root, () => {
    const room = Math.floor(box.clientWidth);
    if (!room) return false;
    width = room;
    draw(width);
    return true;
  });
  const unwatch = onWidth(box, (room) => room !== width && paint.now());
  const { stop } = paint;
  paint.stop = () => {
    unwatch();
    stop();
  };
  return paint;
}

// nanogpt_lib/widgets/pictures/ticks.js
var ROUND = [1, 2, 5, 10];
function roundStep(least, rounds = ROUND) {
  const size = 10 ** Math.floor(Math.log10(least) + 1e-9);
  return Number((size * rounds.find((one) => one * size >= least * 0.999)).toPrecision(12));
}
function multiples(step, low, high) {
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}
var ticks = (low, high, most, rounds = ROUND) => multiples(roundStep((high - low) / most, rounds), low, high);

// nanogpt_lib/widgets/scaling_explorer.js
var BAR = "#0072b2";
var MARK = "#d55e00";
var HEIGHT = 170;
var MARGIN = { left: 10, right: 10, top: 24, bottom: 36 };
function unpack(numbers, layout, size, divisor) {
  const { sizes, divisors, measures, bins, examples, keys } = layout;
  const parts = [3, measures.length, bins, examples * keys, examples * keys, examples * 4];
  const length = parts.reduce((sum, part) => sum + part, 0);
  const choice = sizes.indexOf(size) * divisors.length + divisors.findIndex(([name]) => name === divisor);
  const [head, measured, counts, scores, weights, rows] = pieces(numbers, choice * length, parts);
  return {
    choice,
    divisor: head[0],
    outside: head[1],
    spread: head[2],
    measures: measured,
    counts,
    scores: rowsOf(scores, keys),
    weights: rowsOf(weights, keys),
    row_measures: rowsOf(rows, 4)
  };
}
function beyond(outside, limit) {
  return outside > 0 ? ` (${amount(100 * outside, 1)} % beyond ±${limit})` : "";
}
function placed(score, limit, left, width) {
  const x = left + (clamp(score, -limit, limit) + limit) / (2 * limit) * width;
  return { x, beyond: Math.abs(score) > limit ? Math.sign(score) : 0 };
}
function render({ model, el }) {
  const root = startRoot(el, "scaling_explorer", "Scaling explorer: spread of scores, weights and gradients");
  root.classList.add("nano-adapts");
  const save = saver(model);
  const layout = model.get("layout_of");
  const { sizes, keys, limit } = layout;
  const numbers = floats(model.get("numbers"));
  const drawn = layout.queries.toLocaleString("en-GB");
  let state;
  const sizeField = slider({
    label: "head_size",
    min: 0,
    max: sizes.length - 1,
    value: sizes.indexOf(model.get("head_size")),
    format: (at) => String(sizes[at]),
    onInput: (at) => save({ head_size: sizes[at] })
  });
  const divisorField = select({
    label: "scores divided by",
    options: layout.divisors,
    value: model.get("divisor"),
    onChange: (divisor) => save({ divisor })
  });
  const again = button({
    label: "Draw again",
    title: `Another query with other keys: the next of the first ${layout.examples}`,
    onClick: () => save({ query: (model.get("query") + 1) % layout.examples })
  });
  const said = readout();
  const light = verdict("div", { sharp: "bad", level: "good", even: "calm" }, said.root);
  light.root.classList.add("nano-roomy");
  const canvas = make("canvas", { role: "img" });
  const scoresTitle = make("p", { class: "nano-title" });
  const whose = make("span");
  const scoresKey = make(
    "p",
    { class: "nano-key" },
    keyEntry("sca-dash", make("span", { text: "one spread from 0" })),
    keyEntry("sca-peak", whose)
  );
  const left = make("div", { class: "nano-panel" }, scoresTitle, canvas, scoresKey);
  const keyRows = Array.from({ length: keys }, (_, key) => {
    const score = make("td", { class: "nano-number" });
    const weight = make("td", { class: "nano-number" });
    const { cell, track, fill } = barCell();
    track.classList.add("sca-equal");
    track.style.setProperty("--sca-equal", `${100 / keys}%`);
    const row = make("tr", {}, make("th", { scope: "row", text: `key ${key}` }), score, cell, weight);
    return { row, score, fill, weight };
  });
  const exampleTitle = make("caption");
  const example = make(
    "table",
    { class: "nano-table" },
    exampleTitle,
    headRow(["key"], ["score", "nano-number"], [null], ["weight", "nano-number"]),
    make("tbody", {}, ...keyRows.map(({ row }) => row))
  );
  const equal = make("span", { text: `equal shares: ${fixed(1 / keys)}` });
  const exampleKey = make("p", { class: "nano-key" }, keyEntry("sca-dash", equal));
  const measured = layout.measures.map(([words]) => {
    const mean = make("td", { class: "nano-number" });
    const { cell, fill } = barCell();
    const row = make("tr", {}, make("th", { scope: "row", text: words }), cell, mean);
    return { row, mean, fill };
  });
  const own = [1, 1, 1, 2].map((rowspan, at) => {
    const cell = make("td", { class: "nano-number sca-own", rowspan });
    measured[at].row.append(cell);
    return cell;
  });
  const measures = make(
    "table",
    { class: "nano-table sca-measures" },
    make("caption", { text: "What it does to the weights and to learning" }),
    headRow(["measure"], [null], [`all ${drawn}`, "nano-number"], ["", "nano-number sca-own"]),
    make("tbody", {}, ...measured.map(({ row }) => row))
  );
  const ownTitle = measures.querySelector("thead .sca-own");
  root.append(
    make("div", { class: "nano-bar" }, sizeField.root, divisorField.root, again),
    light.root,
    make("div", { class: "nano-panels" }, left, make("div", { class: "nano-panel" }, example, exampleKey)),
    measures,
    hint(
      `${drawn} queries with ${keys} keys each, random numbers of mean 0 and variance 1 (seed ${layout.seed}). What stands for all of them is the mean, unless it is called the median. The gradient is that of the weight of key 0; its bars end at ${layout.measures.at(-1)[1]}.`
    )
  );
  function show() {
    const size = model.get("head_size");
    const query = model.get("query");
    state = unpack(numbers, layout, size, model.get("divisor"));
    sizeField.set(sizes.indexOf(size));
    divisorField.set(model.get("divisor"));
    const [kind, words] = model.get("words")[state.choice];
    light.show(kind, layout.signs[kind]);
    const [largest, entropy] = state.row_measures[query].map((value) => amount(value));
    said.say(words, `${words} Query ${query}: largest weight ${largest}, entropy ${entropy}.`);
    scoresTitle.textContent = `Scores that enter the softmax${beyond(state.outside, limit)}`;
    whose.textContent = `the ${keys} scores of query ${query}`;
    exampleTitle.textContent = `One example: query ${query} and its ${keys} keys`;
    ownTitle.textContent = `query ${query}`;
    keyRows.forEach(({ score, fill, weight }, key) => {
      score.textContent = fixed(state.scores[query][key]);
      fill.style.width = `${100 * state.weights[query][key]}%`;
      weight.textContent = amount(state.weights[query][key]);
    });
    measured.forEach(({ mean, fill }, at) => {
      mean.textContent = amount(state.measures[at]);
      fill.style.width = `${100 * clamp(state.measures[at] / layout.measures[at][1], 0, 1)}%`;
    });
    own.forEach((cell, at) => {
      cell.textContent = amount(state.row_measures[query][at]);
    });
    paint();
  }
  const paint = widePainter(root, left, (width) => {
    const colours = themeColours(root);
    const context = sizeCanvas(canvas, width, HEIGHT);
    const inner = width - MARGIN.left - MARGIN.right;
    const floor = HEIGHT - MARGIN.bottom;
    const at = (score) => placed(score, limit, MARGIN.left, inner);
    const most = Math.max(...state.counts);
    const share = amount(100 * most / (layout.queries * keys), 1);
    context.clearRect(0, 0, width, HEIGHT);
    context.font = `12px ${colours.font}`;
    context.fillStyle = BAR;
    const edge = (index) => Math.round(MARGIN.left + index * inner / layout.bins);
    state.counts.forEach((count, index) => {
      const tall = (floor - MARGIN.top) * count / most;
      if (!count) return;
      const high = Math.max(1, tall);
      context.fillRect(edge(index), floor - high, edge(index + 1) - edge(index), high);
    });
    context.fillStyle = colours.muted;
    context.fillRect(MARGIN.left, floor, inner, 1);
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const score of ticks(-limit, limit, inner < 260 ? 4 : 7)) {
      context.fillRect(Math.round(at(score).x), floor, 1, 5);
      context.fillText(fixed(score, 0), at(score).x, HEIGHT - 13);
    }
    context.strokeStyle = colours.text;
    context.setLineDash([4, 3]);
    for (const score of [-state.spread, state.spread]) {
      context.beginPath();
      context.moveTo(at(score).x, MARGIN.top - 4);
      context.lineTo(at(score).x, floor);
      context.stroke();
    }
    context.setLineDash([]);
    context.fillStyle = colours.text;
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.fillText(`tallest bar: ${share} %`, MARGIN.left, 9);
    context.textAlign = "right";
    context.fillText(`spread ${amount(state.spread)}`, width - MARGIN.right, 9);
    context.fillStyle = MARK;
    for (const score of state.scores[model.get("query")]) {
      const { x, beyond: side } = at(score);
      context.beginPath();
      if (side) {
        context.moveTo(x + 6 * side, floor + 12);
        context.lineTo(x - 3 * side, floor + 7);
        context.lineTo(x - 3 * side, floor + 17);
      } else {
        context.moveTo(x, floor + 6);
        context.lineTo(x - 4, floor + 17);
        context.lineTo(x + 4, floor + 17);
      }
      context.fill();
    }
    canvas.setAttribute(
      "aria-label",
      `Histogram of the scores from −${limit} to ${limit}: spread ${amount(state.spread)}, ${share} % of the scores in the tallest bar${beyond(state.outside, limit)}.`
    );
  });
  const ends = [
    watch(model, ["head_size", "divisor", "query"], show),
    onTheme(root, paint),
    paint.stop,
    said.stop,
    save.flush
  ];
  show();
  return () => ends.forEach((end) => end());
}
var scaling_explorer_default = { render };
export {
  beyond,
  scaling_explorer_default as default,
  placed,
  unpack
};
