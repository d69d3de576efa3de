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
var foldRow = (...folds) => make("div", { class: "nano-folds" }, ...folds);
var fold = (summary, ...inside) => make("details", { class: "nano-fold" }, make("summary", { text: summary }), ...inside);
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
function checkbox({ label, value, onChange }) {
  const input = make("input", { type: "checkbox" });
  const field = labelled("checkbox", label, input);
  field.root.prepend(input);
  const set = (now) => {
    input.checked = Boolean(now);
  };
  input.addEventListener("change", () => onChange(input.checked));
  set(value);
  return { ...field, set };
}
function textField({ label, value, onInput, rows = 0, placeholder = null, maxlength = null }) {
  const input = rows ? make("textarea", { rows, placeholder, maxlength, spellcheck: "false" }) : make("input", { type: "text", placeholder, maxlength, spellcheck: "false", autocomplete: "off" });
  const field = labelled("text", label, input);
  const set = (now) => {
    if (input.value !== now) input.value = now;
  };
  input.addEventListener("input", () => onInput(input.value));
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
var PATIENCE = 5e3;
function patience(silent, wait = PATIENCE) {
  let late = null;
  const end = () => {
    clearTimeout(late);
    late = null;
  };
  const start = () => {
    end();
    late = setTimeout(silent, wait);
  };
  return { start, end, isOn: () => late !== null };
}
var REPORTS = 8;
function asker(model, silent, wait) {
  const waiting = patience(silent, wait);
  let reports = 0;
  const ask = (content) => {
    waiting.start();
    try {
      model.send(content);
      return true;
    } catch (error) {
      console.warn(error);
      waiting.end();
      silent();
      return false;
    }
  };
  ask.answered = waiting.end;
  ask.reported = () => {
    waiting.start();
    reports += 1;
    if (reports % REPORTS === 0) ask({ do: "seen" });
  };
  return ask;
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

// nanogpt_lib/kit/browser/tables.js
function headRow(...heads) {
  const cells = heads.map(
    ([text, kind = null]) => text === null ? make("td", { class: "nano-long", "aria-hidden": "true" }) : make("th", { scope: "col", text, class: kind })
  );
  return make("thead", {}, make("tr", {}, ...cells));
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
  let frame2 = null;
  const finish = () => draw() !== false && markDrawn(root);
  const paint = () => {
    if (frame2 !== null) return;
    frame2 = requestAnimationFrame(() => {
      frame2 = null;
      finish();
    });
  };
  paint.now = () => {
    if (frame2 !== null) cancelAnimationFrame(frame2);
    frame2 = null;
    finish();
  };
  paint.stop = () => frame2 !== null && cancelAnimationFrame(frame2);
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

// nanogpt_lib/widgets/pictures/chart.js
var HEIGHT = 240;
var MARGIN = { left: 42, right: 14, top: 10, bottom: 40 };
function frame(canvas, { width, height = HEIGHT, margin = MARGIN, x, y, colours, under = null }) {
  const context = sizeCanvas(canvas, width, height);
  const inner = width - margin.left - margin.right;
  const floor = height - margin.bottom;
  const across = (place) => margin.left + inner * (place - x.from) / (x.to - x.from);
  const up = (value) => floor - (floor - margin.top) * (value - y.low) / (y.high - y.low);
  const upright = (place) => {
    context.fillStyle = colours.text;
    context.fillRect(Math.round(across(place)), margin.top, 1, floor - margin.top);
  };
  const say = (text) => {
    context.fillStyle = colours.text;
    context.fillText(text, margin.left + inner / 2, height / 2);
  };
  const inside = (draw) => {
    context.save();
    context.beginPath();
    context.rect(margin.left, margin.top, inner, floor - margin.top);
    context.clip();
    draw();
    context.restore();
  };
  const picture = { context, inner, floor, across, up, upright, say, inside };
  under?.(picture);
  context.font = `12px ${colours.font}`;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const value of y.ticks) {
    context.globalAlpha = y.faint ? 0.5 : 1;
    context.fillStyle = value === y.strong ? colours.muted : colours.line;
    context.fillRect(margin.left, Math.round(up(value)), inner, 1);
    context.globalAlpha = 1;
    context.fillStyle = colours.muted;
    context.fillText(y.format(value), margin.left - 6, up(value));
  }
  context.fillStyle = colours.muted;
  context.textAlign = "center";
  for (const place of x.ticks ?? []) {
    const text = x.format(place);
    const most = width - 2 - context.measureText(text).width / 2;
    context.fillText(text, Math.min(across(place), most), floor + 13);
  }
  if (x.title) context.fillText(x.title, margin.left + inner / 2, height - 8);
  return picture;
}
function line({ context, across, up }, places2, values, { colour, dash = [], wide = 2.5, strength = 1 }) {
  context.strokeStyle = colour;
  context.lineWidth = wide;
  context.globalAlpha = strength;
  context.setLineDash(dash);
  context.beginPath();
  values.forEach((value, at) => context.lineTo(across(places2[at]), up(value)));
  context.stroke();
  context.globalAlpha = 1;
  context.setLineDash([]);
}
var CORNERS = {
  square: "-1,-1 1,-1 1,1 -1,1",
  up: "0,-1.2 1.1,0.9 -1.1,0.9",
  down: "0,1.2 1.1,-0.9 -1.1,-0.9",
  diamond: "0,-1.3 1.3,0 0,1.3 -1.3,0",
  cross: "-0.4,-1.1 0.4,-1.1 0.4,-0.4 1.1,-0.4 1.1,0.4 0.4,0.4 0.4,1.1 -0.4,1.1 -0.4,0.4 -1.1,0.4 -1.1,-0.4 -0.4,-0.4"
};
function outline(context, shape, x, y, size) {
  context.beginPath();
  if (shape === "circle") context.arc(x, y, 1.1 * size, 0, 2 * Math.PI);
  else
    for (const corner of CORNERS[shape].split(" ")) {
      const [dx, dy] = corner.split(",").map(Number);
      context.lineTo(x + size * dx, y + size * dy);
    }
  context.closePath();
}
function mark(context, shape, x, y, colour, filled, ground = null) {
  outline(context, shape, x, y, filled ? 4.6 : 3.8);
  context.fillStyle = filled ? colour : ground;
  context.fill();
  context.strokeStyle = colour;
  context.lineWidth = 1.75;
  context.stroke();
}
function pointing(canvas, input, onShare, margin = () => MARGIN) {
  const point = (event) => {
    const { left, right } = margin();
    onShare(clamp((event.offsetX - left) / (canvas.clientWidth - left - right), 0, 1));
  };
  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    input.focus({ preventScroll: true });
    point(event);
  });
  canvas.addEventListener("pointermove", (event) => event.buttons && point(event));
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

// nanogpt_lib/widgets/pictures/curves.js
var COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
var SHAPES = ["circle", "square", "up", "diamond", "down", "cross"];
var DASHES = { train: [8, 5], val: [] };
var lookOf = (at) => ({
  colour: COLOURS[at % COLOURS.length],
  shape: SHAPES[(at + Math.floor(at / COLOURS.length)) % SHAPES.length]
});
function range(curves) {
  const values = curves.flatMap((curve) => curve.length > 2 ? curve.slice(1) : curve);
  if (!values.length) return { low: 0, high: 1, lines: [] };
  const room = Math.max(0.02, (Math.max(...values) - Math.min(...values)) * 0.06);
  const [low, high] = [Math.min(...values) - room, Math.max(...values) + room];
  return { low, high, lines: ticks(low, high, 7) };
}
function placesTo(last) {
  const step = roundStep(last / 7, [1, 2.5, 5, 10]);
  return multiples(step, 0, last * 1.0011);
}
var lossText = (low, high) => (loss) => loss.toFixed(high - low < 0.4 ? 2 : 1);
function sample(draw, wide) {
  const canvas = make("canvas", { class: "cur-sample", "aria-hidden": "true" });
  return { canvas, paint: (colours) => draw(sizeCanvas(canvas, wide, 16), colours) };
}
var markSample = (at) => sample((context) => mark(context, lookOf(at).shape, 8, 8, lookOf(at).colour, true), 16);

// nanogpt_lib/widgets/run_explorer.js
var TEXTS = 3;
var PATIENCE2 = 2e4;
var SPLITS = ["val", "train"];
var HEIGHTS = { compare: 190, predict: 180, run: 260 };
function found(rows, only, search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(({ experiment, cells }) => {
    const text = cells.slice(0, TEXTS).join(" ").toLowerCase();
    return (!only || experiment === only) && words.every((word) => text.includes(word));
  });
}
function sorted(rows, [column, down]) {
  if (column < 0) return [...rows];
  const value = (row) => column < TEXTS ? row.cells[column].toLowerCase() : row.ranks[column - TEXTS];
  const order = (a, b) => value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0;
  return [...rows].sort((a, b) => down ? -order(a, b) : order(a, b));
}
var known = /* @__PURE__ */ new WeakMap();
function once(row, what, compute) {
  if (!known.has(row)) known.set(row, /* @__PURE__ */ new Map());
  const answers = known.get(row);
  if (!answers.has(what)) answers.set(what, compute());
  return answers.get(what);
}
function places(row, axis) {
  if (axis === "seconds") return row.seconds;
  const scale = axis === "characters" ? row.per_step : 1;
  return once(row, axis, () => row.seeds.map(() => row.steps.map((step) => step * scale)));
}
function lossAt(where, losses, at) {
  if (!where.length || at < where[0] || at > where.at(-1)) return null;
  const right = where.findIndex((place) => place >= at);
  const left = Math.max(0, right - 1);
  const share = where[right] > where[left] ? (at - where[left]) / (where[right] - where[left]) : 0;
  return losses[left] + share * (losses[right] - losses[left]);
}
function readAt(row, axis, at, split = "val") {
  const losses = places(row, axis).map((where, seed) => lossAt(where, row[split][seed], at));
  return losses.length && losses.every((loss) => loss !== null) ? losses : null;
}
function meanLine(row, axis, split) {
  const all = places(row, axis);
  if (all.length === 1) return [all[0], row[split][0]];
  return once(row, `${axis}, ${split}`, () => {
    const where = [...new Set(all.flat())].sort((a, b) => a - b).filter((at) => readAt(row, axis, at, split));
    return [where, where.map((at) => mean(readAt(row, axis, at, split)))];
  });
}
var commonEnd = (rows, axis) => rows.length ? Math.min(...rows.flatMap((row) => places(row, axis).map((where) => where.at(-1)))) : 0;
var mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
function spread(values) {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}
function gapInWords(gaps, apart, t95) {
  if (gaps.length < 2)
    return `${fixed(apart)} apart; fewer than two seeds in common, so nobody knows what is luck`;
  if (gaps.every((gap) => gap === 0)) return "the very same losses with every seed";
  const half = t95[gaps.length - 2] * spread(gaps) / Math.sqrt(gaps.length);
  const told = Math.abs(mean(gaps)) > half ? "more than noise" : "within the noise";
  return `${fixed(apart)} apart; seed by seed that varies by ${fixed(spread(gaps))}, so luck alone makes up to ${fixed(half)}: ${told}`;
}
function ranked(rows, axis, at, t95) {
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
function inWords(axis, at) {
  if (axis === "seconds") return `${at.toFixed(1)} seconds`;
  return `${Math.round(at).toLocaleString("en")} ${axis}`;
}
var sliderStep = (axis, last) => roundStep(Math.max(last / 200, axis === "seconds" ? 0.1 : 1));
function inSight(curves) {
  const later = curves.filter((curve) => curve.length > 1).map((curve) => curve.slice(curve.length > 2 ? 0 : 1));
  return later.length ? later : curves;
}
function judged(guess, { answer, drawn, told }, draw) {
  if (guess === answer) return `Right. ${told}`;
  if (answer === draw && drawn.includes(guess)) return `Among the first, but not alone. ${told}`;
  return `Not this time. ${told}`;
}
function arrange(body, elements) {
  const stay = new Set(elements);
  for (const child of [...body.children]) if (!stay.has(child)) child.remove();
  elements.forEach((element, at) => {
    if (body.children[at] !== element) body.insertBefore(element, body.children[at] ?? null);
  });
}
function showMark(one, look) {
  if (one.look === look) return;
  one.look = look;
  const sample2 = look === null ? null : markSample(look);
  sample2?.paint();
  one.mark.replaceChildren(...sample2 ? [sample2.canvas] : []);
}
function render({ model, el }) {
  const get = (name) => model.get(name);
  const layout = get("layout_of");
  const recorded = get("rows");
  const questions = get("questions");
  const root = startRoot(el, "run_explorer", "Run explorer: all recorded training runs");
  const save = saver(model);
  let width = 0;
  let laidOut = null;
  let live = null;
  const rows = () => [...recorded, ...get("own")];
  const looks = /* @__PURE__ */ new Map();
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
    const settled = readable.filter((row) => row !== live);
    return get("at") ?? commonEnd(settled.length ? settled : readable, get("axis"));
  };
  const view = choice({
    label: "What to do",
    options: layout.views,
    value: get("view"),
    onChange: (value) => save({ view: value })
  });
  const only = select({
    label: "experiment",
    options: [["", "all"], ...[...layout.experiments, layout.yours].map((name) => [name, name])],
    value: get("only"),
    onChange: (value) => save({ only: value })
  });
  const search = textField({
    label: "find",
    value: get("search"),
    placeholder: "batch, heads, …",
    maxlength: 60,
    onInput: (value) => save({ search: value })
  });
  const tickShown = button({
    label: "Tick all shown",
    onClick: () => {
      const keys = shownRows().map(({ key }) => key);
      const all = [.../* @__PURE__ */ new Set([...get("ticked"), ...keys])];
      tick(all);
    }
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
  const lines = /* @__PURE__ */ new Map();
  function lineOf(row) {
    if (lines.has(row.key)) return lines.get(row.key);
    const box = make("input", { type: "checkbox", "aria-label": row.key });
    const mark2 = make("span", { class: "run-mark" });
    box.addEventListener("change", () => {
      const others = get("ticked").filter((key) => key !== row.key);
      tick(box.checked ? [...others, row.key] : others);
      if (box.checked && !get("ticked").includes(row.key)) box.checked = false;
    });
    const cells = row.cells.map(
      (text, column) => column === 1 ? make("th", { scope: "row", text }) : make("td", { class: column >= TEXTS ? "cur-number" : column === 2 ? "run-differs" : null, text })
    );
    const element = make("tr", {}, make("td", { class: "run-tick" }, box, mark2), ...cells);
    element.addEventListener("click", (event) => event.target !== box && box.click());
    lines.set(row.key, { element, box, mark: mark2, look: null });
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
      make("tr", {}, make("th", { scope: "col", "aria-label": "overlay" }), ...heads.map(({ head }) => head))
    ),
    body
  );
  const compare = make(
    "section",
    { class: "run-compare", "aria-label": "The table of all runs" },
    make("div", { class: "nano-bar run-narrowing" }, only.root, search.root, tickShown, untick, count),
    make("div", { class: "cur-scroll run-scroll" }, table)
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
      shown.map((row) => lineOf(row).element)
    );
    for (const [key, { box, element }] of lines) {
      box.checked = ticked.includes(key);
      element.classList.toggle("run-ticked", box.checked);
    }
    const words = `${shown.length} of ${rows().length} shown, ${ticked.length} ticked.`;
    put(count, notice ? `${notice} ${words}` : words);
    paint();
  }
  const names = Object.keys(questions);
  const question = select({
    label: "experiment",
    options: names.map((name) => [name, name]),
    value: get("question"),
    onChange: (name) => save({ question: name, guess: get("tried")[name] ?? "" })
  });
  const reveal = button({
    label: "Reveal",
    onClick: () => {
      if (!get("guess")) return void asks.say("Choose a variant, or the draw, first.");
      if (!isRevealed()) save({ tried: { ...get("tried"), [get("question")]: get("guess") } });
    }
  });
  reveal.classList.add("run-main");
  const next = button({
    label: "Next experiment",
    onClick: () => {
      const at = names.indexOf(get("question"));
      const order = [...names.slice(at + 1), ...names.slice(0, at + 1)];
      const name = order.find((one) => !Object.hasOwn(get("tried"), one)) ?? order[0];
      save({ question: name, guess: get("tried")[name] ?? "" });
    }
  });
  const asks = readout();
  const score = make("span", { class: "run-score" });
  const guesses = make("div", {
    class: "run-guesses",
    role: "radiogroup",
    "aria-label": "Which has the lowest loss?"
  });
  let asked = null;
  let radios = [];
  const predict = make(
    "section",
    { class: "run-predict", "aria-label": "Predict the winner" },
    make("div", { class: "nano-bar" }, question.root, next, score),
    make("p", {
      class: "run-question",
      text: "Curves and losses are hidden. Which of these has the lowest loss on the whole validation split, mean over its seeds?"
    }),
    guesses,
    make("div", { class: "nano-bar" }, reveal),
    asks.root
  );
  function showPredict() {
    const name = get("question");
    if (!name) return;
    if (asked !== name) {
      asked = name;
      const group = newId("guess");
      const options = [
        ...recorded.filter((row) => row.experiment === name).map(({ variant, cells }) => [
          variant,
          variant,
          `${cells[2]}; ${cells[5]} characters, ${cells[7]} parameters`
        ]),
        [layout.draw, "a draw", "no variant is lowest by more than noise"]
      ];
      radios = options.map(([value]) => make("input", { type: "radio", name: group, value }));
      radios.forEach(
        (radio) => radio.addEventListener("change", () => radio.checked && save({ guess: radio.value }))
      );
      guesses.replaceChildren(
        ...options.map(
          ([, words, small], at) => make(
            "label",
            { class: "run-guess" },
            radios[at],
            make("b", { text: words }),
            " ",
            make("span", { text: small })
          )
        )
      );
    }
    question.set(name);
    const tried = get("tried");
    const open = isRevealed();
    for (const radio of radios) {
      radio.checked = radio.value === (open ? tried[name] : get("guess"));
      radio.disabled = open && !radio.checked;
      const right2 = open && radio.value === questions[name].answer;
      radio.parentElement.classList.toggle("run-right", right2);
    }
    reveal.setAttribute("aria-disabled", String(open || !get("guess")));
    const all = Object.keys(tried);
    const right = all.filter((one) => tried[one] === questions[one]?.answer).length;
    put(
      score,
      all.length ? `Score: ${right} of ${all.length} (${names.length} experiments)` : `${names.length} experiments to try`
    );
    if (open) asks.say(judged(tried[name], questions[name], layout.draw));
    else asks.say(get("guess") ? "Press Reveal when you are sure." : "Choose one, then press Reveal.");
  }
  const told = readout();
  let instead = null;
  let isStarting = false;
  const inputs = Object.keys(get("fields")).map((name) => {
    const field = textField({
      label: name,
      value: get("fields")[name],
      maxlength: 12,
      onInput: (text) => save({ fields: { ...get("fields"), [name]: text } })
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
    }
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
        `Trains in the kernel for up to ${layout.most_seconds} seconds on one thread, evaluations included, with fused attention: the same numbers as the recorded ones, sooner. Your other cells can run meanwhile, and their time is not counted. At the end it is measured on the whole validation split, and its row joins the table.`
      )
    )
  );
  const ask = asker(
    model,
    () => {
      isStarting = false;
      instead = "Python does not answer: it is busy, or gone. Wait for your cells, or run this one again.";
      showOwn();
    },
    PATIENCE2
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
    seconds: [curve.map(([, , , seconds]) => seconds)]
  });
  function hear() {
    isStarting = false;
    instead = null;
    if (get("now").is_running) ask.reported();
    else ask.answered();
    showOwn();
  }
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
  const axis = choice({
    label: "read at equal",
    options: layout.axes,
    value: get("axis"),
    onChange: (value) => save({ axis: value, at: null })
  });
  const training = checkbox({
    label: "training loss too (dashed)",
    value: get("training"),
    onChange: (on) => save({ training: on })
  });
  const marker = slider({
    label: "read at",
    min: 0,
    max: 1,
    step: 1,
    value: 0,
    format: () => inWords(get("axis"), reading(drawn())),
    onInput: (at) => save({ at })
  });
  const end = button({
    label: "Last common place",
    title: "the last place that all curves reach",
    onClick: () => save({ at: null })
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
    rankBody
  );
  const markerBar = make("div", { class: "nano-bar" }, marker.root, end);
  const reader = make(
    "section",
    { class: "run-reader", "aria-label": "The curves" },
    make("div", { class: "nano-bar" }, axis.root, training.root),
    markerBar,
    picture,
    said.root
  );
  const everyCurve = fold("Every curve as a table", make("div", { class: "cur-scroll" }, rank));
  const details = foldRow(
    everyCurve,
    fold(
      "How these numbers were made",
      hint(
        `${layout.hint} ${layout.took} Click or drag in the picture, or use the arrow keys on the slider.`
      )
    )
  );
  root.append(
    make("div", { class: "nano-bar" }, view.root),
    make("div", { class: "run-body" }, compare, predict, own, reader),
    details
  );
  function longest(shown) {
    const lastOf = (some) => Math.max(0, ...some.flatMap((row) => places(row, get("axis")).map((where) => where.at(-1) ?? 0)));
    const mine = lastOf(shown.filter(({ experiment }) => experiment === layout.yours));
    return get("view") === "run" && mine ? Math.min(lastOf(shown), 1.5 * mine) : lastOf(shown);
  }
  const ranks = /* @__PURE__ */ new Map();
  function rankOf(key) {
    if (ranks.has(key)) return ranks.get(key);
    const mark2 = make("span");
    const texts = [make("span"), make("td"), make("td", { class: "run-words" })];
    const [name, ...cells] = texts;
    const element = make("tr", {}, make("th", { scope: "row" }, mark2, name), ...cells);
    ranks.set(key, { element, mark: mark2, texts, look: null });
    return ranks.get(key);
  }
  function fillRank(list, name) {
    for (const [row, ...rest] of list) {
      const one = rankOf(row.key);
      showMark(one, looks.get(row.key));
      [name(row), ...rest].forEach((text, at) => put(one.texts[at], text));
    }
    arrange(
      rankBody,
      list.map(([row]) => rankOf(row.key).element)
    );
  }
  function showResult(shown) {
    const { order, words } = questions[get("question")];
    const row = (variant) => shown.find((one) => one.variant === variant);
    put(
      rankCaption,
      "On the whole validation split, after the last step (mean ± standard deviation of the seeds)"
    );
    fillRank(
      order.map((variant, at) => [row(variant), row(variant).cells[4], at ? words[at - 1] : "lowest"]),
      ({ variant }) => variant
    );
  }
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
        other ? `${lowest} ${other === yours ? "Yours" : "The next"}, ${other.row.key}: ${other.words}.` : lowest
      );
    }
    put(rankCaption, `Read at ${where} (validation, mean over the seeds ± their standard deviation)`);
    fillRank(
      list.map(({ row, loss, words }) => [row, loss, words]),
      ({ key }) => key
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
      width = 0;
      everyCurve.open = open === "predict";
    }
    laidOut = open;
    width ||= Math.floor(picture.clientWidth);
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
      layout.t95
    );
    markerBar.hidden = said.root.hidden = guessing;
    if (guessing) showResult(shown);
    else showReading(list, at);
    marker.set(at);
    const splits = get("training") ? SPLITS : SPLITS.slice(0, 1);
    const {
      low,
      high,
      lines: losses
    } = range(inSight(shown.flatMap((row) => splits.flatMap((split) => row[split]))));
    const chart = frame(canvas, {
      width,
      height: HEIGHTS[open],
      x: {
        from: 0,
        to: last,
        ticks: placesTo(last),
        format: (place) => place.toLocaleString("en"),
        title: `${layout.axes.find(([key]) => key === get("axis"))[1]} (loss in nats per character)`
      },
      y: { low, high, ticks: losses, format: lossText(low, high) },
      colours
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
              all.forEach(
                (where, seed) => line(chart, where, row[split][seed], { ...style, wide: 1, strength: 0.55 })
              );
            line(chart, ...meanLine(row, get("axis"), split), style);
          }
        }
      });
      for (const { row, losses: losses2 } of list) {
        const { colour, shape } = lookOf(looks.get(row.key));
        const [where, ends2] = losses2 ? [[at], [mean(losses2)]] : meanLine(row, get("axis"), "val");
        const loss = ends2.at(-1);
        if (loss <= high)
          mark(
            context,
            shape,
            chart.across(where.at(-1)),
            chart.up(loss),
            colour,
            Boolean(losses2),
            colours.back
          );
      }
    }
    canvas.setAttribute(
      "aria-label",
      list.length ? `Curves of validation${get("training") ? " and training" : ""} loss. At ${inWords(get("axis"), at)}: ${list.map(({ row, loss }) => `${row.key} ${loss}`).join("; ")}.` : "An empty picture."
    );
    return true;
  });
  pointing(canvas, marker.input, (share) => {
    if (get("view") === "predict") return;
    const last = longest(drawn());
    const step = sliderStep(get("axis"), last);
    const at = Number(Math.min(last, Math.round(share * last / step) * step).toPrecision(8));
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
        "own"
      ],
      show
    ),
    watch(model, ["fields"], () => showOwn()),
    watch(model, ["now"], hear),
    onTheme(root, paint),
    onWidth(picture, (room) => {
      if (room === width) return;
      width = room;
      paint.now();
    })
  ];
  show();
  if (get("now").is_running) hear();
  else showOwn();
  return () => {
    ends.forEach((finish) => finish());
  };
}
var run_explorer_default = { render };
export {
  commonEnd,
  run_explorer_default as default,
  found,
  gapInWords,
  inSight,
  inWords,
  judged,
  lossAt,
  meanLine,
  places,
  ranked,
  readAt,
  sliderStep,
  sorted
};
