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

// nanogpt_lib/kit/browser/python.js
function throttle(call, wait) {
  let timer = null;
  let pending = null;
  const tick2 = () => {
    timer = null;
    if (pending) run(...pending);
  };
  const run = (...args) => {
    if (timer !== null) {
      pending = args;
      return;
    }
    pending = null;
    timer = setTimeout(tick2, wait);
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
function dot(context, shape, x, y, colour, size) {
  outline(context, shape, x, y, size);
  context.fillStyle = colour;
  context.fill();
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

// nanogpt_lib/widgets/depth_explorer.js
var COLOURS = ["#0072b2", "#d55e00", "#009e73"];
var DASHES = [[], [5, 4], []];
var SHAPES = ["circle", "square", "circle"];
var HEIGHT2 = 220;
var MARGIN2 = { left: 50, right: 12, top: 10, bottom: 40 };
function unpack(numbers, layout, { init, residual, norm, n_layer }) {
  const { inits, deepest } = layout;
  const stack = 4 * inits.findIndex(([name]) => name === init) + 2 * Number(residual) + Number(norm);
  const places = n_layer + 1;
  const before = (n_layer - 1) * (n_layer + 2) / 2;
  const start = 3 * (stack * (deepest * (deepest + 3) / 2) + before);
  const [spread, between, gradient] = pieces(numbers, start, [places, places, places]);
  return { choice: stack * deepest + n_layer - 1, spread, between, gradient };
}
var tooSmall = (value) => value <= 1000001e-18;
function brief(value) {
  if (tooSmall(value)) return "<1e-12";
  const text = (value * 1.000001).toExponential(1);
  const [digits, power] = text.split("e");
  if (power >= -3 && power <= 3) return Number(text).toFixed(Math.max(0, 1 - power));
  return `${digits}e${Number(power)}`;
}
function decades(values) {
  const lowest = Math.log10(Math.min(...values)) + 1e-6;
  const highest = Math.log10(Math.max(...values)) - 1e-6;
  const low = [-1, -2, -3, -6, -9, -12].find((power) => power <= lowest) ?? -12;
  const high = [1, 2, 3, 6].find((power) => power >= highest) ?? 9;
  const step = high - low <= 4 ? 1 : high - low <= 6 ? 2 : 3;
  const powers = Array.from({ length: high - low + 1 }, (_, at) => low + at);
  return { low, high, lines: powers.filter((power) => power % step === 0) };
}
function tick(power) {
  if (power < -3 || power > 3) return `1e${power}`;
  return power < 0 ? (10 ** power).toFixed(-power) : String(10 ** power);
}
function render({ model, el }) {
  const root = startRoot(el, "depth_explorer", "Depth explorer: spread and gradient through many layers");
  root.classList.add("nano-adapts");
  const save = saver(model);
  const layout = model.get("layout_of");
  const { deepest, series } = layout;
  const numbers = floats(model.get("numbers"));
  let state;
  const fields = {
    n_layer: slider({
      label: "layers",
      min: 1,
      max: deepest,
      value: model.get("n_layer"),
      onInput: (n_layer) => save({ n_layer })
    }),
    residual: checkbox({
      label: "bypass",
      value: model.get("residual"),
      onChange: (residual) => save({ residual })
    }),
    norm: checkbox({
      label: "norm before each layer",
      value: model.get("norm"),
      onChange: (norm) => save({ norm })
    }),
    init: select({
      label: "weights start as",
      options: layout.inits,
      value: model.get("init"),
      onChange: (init) => save({ init })
    })
  };
  const said = readout();
  const light = verdict("div", { fades: "bad", arrives: "good", swells: "warn" }, said.root);
  light.root.classList.add("nano-roomy");
  const keys = ["dep-spread", "dep-between", "dep-gradient"].map((mark) => {
    const words = make("span");
    return { entry: keyEntry(mark, words), words };
  });
  const panel = (title, shown) => {
    const canvas = make("canvas", { role: "img" });
    const key = make("p", { class: "nano-key" }, ...shown.map((at) => keys[at].entry));
    const head = make("p", { class: "nano-title", text: title });
    return { canvas, shown, box: make("div", { class: "nano-panel" }, head, canvas, key) };
  };
  const forwards = panel("Forwards: the spread after each layer", [0, 1]);
  const backwards = panel("Backwards: the gradient that arrives there", [2]);
  const rows = Array.from({ length: deepest + 1 }, (_, at) => {
    const cells = series.map(() => make("td", { class: "nano-number" }));
    const name = at ? `after layer ${at}` : "input";
    return { row: make("tr", {}, make("th", { scope: "row", text: name }), ...cells), cells };
  });
  const all = fold(
    "The numbers of every layer",
    make(
      "table",
      { class: "nano-table" },
      headRow(["place"], ...series.map((text) => [text, "nano-number"])),
      make("tbody", {}, ...rows.map(({ row }) => row))
    )
  );
  root.append(
    make("div", { class: "nano-bar" }, ...Object.values(fields).map((field) => field.root)),
    light.root,
    make("div", { class: "nano-panels" }, forwards.box, backwards.box),
    all,
    hint(
      `Before any training: ${layout.inputs} random inputs of ${layout.width} numbers, layers of ${layout.width} × ${layout.width} weights and a ReLU (seed ${layout.seed}). "Between inputs" is the part of the spread in which one input differs from another; the rest is the same for all. The gradient starts at the output, 1 long. The grids of both pictures go in powers of ten.`
    )
  );
  function fill() {
    rows.forEach(({ row, cells }, at) => {
      row.hidden = at >= state.spread.length;
      if (row.hidden) return;
      [state.spread, state.between, state.gradient].forEach((values, column) => {
        cells[column].textContent = brief(values[at]);
      });
    });
  }
  function show() {
    const choice = Object.fromEntries(Object.keys(fields).map((name) => [name, model.get(name)]));
    for (const [name, field] of Object.entries(fields)) field.set(choice[name]);
    state = unpack(numbers, layout, choice);
    const [kind, words] = model.get("words")[state.choice];
    light.show(kind, layout.signs[kind]);
    said.say(words);
    keys[0].words.textContent = `all of it; at the output ${brief(state.spread.at(-1))}`;
    keys[1].words.textContent = `between inputs; at the output ${brief(state.between.at(-1))}`;
    keys[2].words.textContent = `gradient; at the input ${brief(state.gradient[0])}`;
    fill();
    paint();
  }
  function draw({ canvas, shown }, lists, colours, width) {
    const { low, high, lines } = decades(lists.flat());
    const { context, across, up } = frame(canvas, {
      width,
      height: HEIGHT2,
      margin: MARGIN2,
      x: {
        from: 0,
        to: deepest,
        ticks: ticks(0, deepest, 6, [1, 2, 4, 10]),
        // layers are counted in fours
        format: String,
        title: "layers passed"
      },
      y: { low, high, ticks: lines, format: tick, strong: 0 },
      // 1 is what everything is compared with
      colours
    });
    lists.forEach((values, at) => {
      const points = values.map((value, place) => [across(place), up(clamp(Math.log10(value), low, high))]);
      const told = values.map((value) => !tooSmall(value));
      context.strokeStyle = COLOURS[shown[at]];
      context.lineWidth = 2;
      context.setLineDash(DASHES[shown[at]]);
      context.beginPath();
      points.forEach(([x, y], place) => {
        if (told[place] || told[place - 1]) context.lineTo(x, y);
        else context.moveTo(x, y);
      });
      context.stroke();
      context.setLineDash([]);
      for (const [x, y] of points.filter((_, place) => told[place]))
        dot(context, SHAPES[shown[at]], x, y, COLOURS[shown[at]], 3);
    });
  }
  const paint = widePainter(root, forwards.box, (width) => {
    const colours = themeColours(root);
    const last = state.spread.length - 1;
    draw(forwards, [state.spread, state.between], colours, width);
    draw(backwards, [state.gradient], colours, width);
    const through = `through ${last} ${last === 1 ? "layer" : "layers"}`;
    forwards.canvas.setAttribute(
      "aria-label",
      `Spread ${through}, on a scale of powers of ten: ${brief(state.spread[0])} at the input, ${brief(state.spread[last])} at the output; between inputs ${brief(state.between[last])}.`
    );
    backwards.canvas.setAttribute(
      "aria-label",
      `Gradient ${through}, on a scale of powers of ten: 1.0 at the output, ${brief(state.gradient[0])} at the input.`
    );
  });
  const ends = [
    watch(model, Object.keys(fields), show),
    onTheme(root, paint),
    paint.stop,
    said.stop,
    save.flush
  ];
  show();
  return () => ends.forEach((end) => end());
}
var depth_explorer_default = { render };
export {
  brief,
  decades,
  depth_explorer_default as default,
  tick,
  unpack
};
