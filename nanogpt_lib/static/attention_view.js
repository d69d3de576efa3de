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
var SIGNS = { " ": "␣", "\n": "⏎", "	": "⇥", "\r": "␍" };
var INKLESS = /[\p{C}\p{Z}\p{M}\u115f\u1160\u2800\u3164\uffa0\u{1d159}]/u;
var RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
var numbered = (char) => `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
function visible(token) {
  return Array.from(token, (char) => SIGNS[char] ?? (INKLESS.test(char) ? numbered(char) : char)).join("");
}
var isolated = (words) => RIGHT_TO_LEFT.test(words) ? `⁨${words}⁩` : words;
function spoken(token) {
  return { " ": "space", "\n": "newline", "	": "tab" }[token] ?? visible(token);
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
function floats(view) {
  if (!view?.byteLength) return new Float32Array(0);
  const bytes = new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);
  return new Float32Array(bytes.slice().buffer);
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
function signed(value, limit) {
  return between(RED_BLUE, limit > 0 ? 0.5 + value / (2 * limit) : 0.5);
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

// nanogpt_lib/widgets/pictures/heat_map.js
function cellAt({ left, top, cellWidth, cellHeight, rows, columns }, x, y) {
  const [row, column] = [Math.floor((y - top) / cellHeight), Math.floor((x - left) / cellWidth)];
  return row >= 0 && row < rows && column >= 0 && column < columns ? [row, column] : null;
}
function drawCells(context, geometry, look, blank, over = null) {
  const { left, top, cellWidth, cellHeight, rows, columns } = geometry;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const [x, y] = [left + column * cellWidth, top + row * cellHeight];
      const colour = look(row, column);
      if (colour) {
        context.fillStyle = css(colour);
        context.fillRect(x, y, cellWidth, cellHeight);
      } else blank(x, y);
      over?.(row, column, x, y, colour);
    }
  }
}
function ring(context, x, y, width, height, thick = Math.min(width, height) < 20 ? 1 : 2) {
  const box = [x - thick / 2, y - thick / 2, width + thick, height + thick];
  context.lineJoin = "miter";
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2 * thick + 1;
  context.strokeRect(...box);
  context.strokeStyle = "#000000";
  context.lineWidth = thick;
  context.strokeRect(...box);
}
var STEPS = Uint32Array.from({ length: 256 }, (_, at) => {
  const bytes = Uint8Array.from([...cividis(at / 255), 255]);
  return new Uint32Array(bytes.buffer)[0];
});
function pixels(weights, columns) {
  const canvas = make("canvas");
  [canvas.width, canvas.height] = [columns, weights.length / columns];
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const colours = new Uint32Array(image.data.buffer);
  weights.forEach((weight, at) => {
    colours[at] = STEPS[Math.round(clamp(weight, 0, 1) * 255)];
  });
  context.putImageData(image, 0, 0);
  return canvas;
}
function drawScale(canvas, long, high, colour) {
  const context = sizeCanvas(canvas, long, high);
  for (let x = 0; x < long; x += 1) {
    context.fillStyle = css(colour(x / (long - 1)));
    context.fillRect(x, 0, 1, high);
  }
}

// nanogpt_lib/widgets/pictures/token_strip.js
function tokenStrip({ kept, onLook, onKeep }) {
  const stem = newId("token");
  const root = make("div", {
    class: "strip-text",
    role: "listbox",
    tabindex: "0",
    "aria-orientation": "horizontal",
    "aria-label": "The text: choose a query with the arrow keys"
  });
  const items = () => [...root.children];
  function fill(tokens, words = () => null) {
    root.replaceChildren(
      ...tokens.map(
        (token, at) => make("span", {
          class: "strip-token",
          role: "option",
          id: `${stem}-${at}`,
          "data-at": at,
          "aria-label": words(token, at),
          text: visible(token)
        })
      )
    );
  }
  function choose(at) {
    items().forEach((item, place) => {
      item.classList.toggle("strip-query", place === at);
      item.setAttribute("aria-selected", String(place === at));
    });
    root.setAttribute("aria-activedescendant", items()[at].id);
  }
  const under = (event) => {
    const item = event.target.closest(".strip-token");
    return item && Number(item.dataset.at);
  };
  root.addEventListener("pointermove", (event) => onLook(under(event)));
  root.addEventListener("pointerleave", () => onLook(null));
  root.addEventListener("click", (event) => under(event) !== null && onKeep(under(event)));
  root.addEventListener("keydown", (event) => {
    const to = moved(event.key, [0, kept()], [1, items().length]);
    if (!to) return;
    event.preventDefault();
    onKeep(to[1]);
  });
  return { root, items, fill, choose };
}

// nanogpt_lib/widgets/attention_view.js
var STAGE_WORDS = {
  scores: "score",
  scaled: "scaled score",
  masked: "masked score",
  weights: "weight",
  output: "output"
};
function unpack(numbers, { n_layer, n_head, T, parts }) {
  const found = {};
  let start = 0;
  for (const [name, columns] of parts) {
    const [first, size] = [start, T * columns];
    found[name] = {
      columns,
      at: (layer, head) => numbers.subarray(first + (layer * n_head + head) * size, first + (layer * n_head + head + 1) * size)
    };
    start += n_layer * n_head * size;
  }
  return { n_layer, n_head, T, parts: found };
}
function limitOf(numbers) {
  let most = 0;
  for (const value of numbers) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most || 1;
}
function stageLimit(pack, stage, layer, head) {
  const shared = stage !== "output" && pack.parts.scores ? "scores" : stage;
  return limitOf(pack.parts[shared].at(layer, head));
}
function cellColour(stage, value, limit) {
  if (value === -Infinity) return null;
  return stage === "weights" ? cividis(value) : signed(value, limit);
}
var SCALE = 200;
var TALL = 380;
var BESIDE = { heads: 100, bars: 190 };
var WRITTEN = { most: 16, wide: 34, high: 16 };
function mapGeometry({ width, T, columns, left, top }) {
  const across = clamp(Math.floor((width - left - 5) / columns), 4, 44);
  const down = clamp(Math.floor((TALL - top) / T), 4, 44);
  const written = columns <= WRITTEN.most && across >= WRITTEN.wide && down >= WRITTEN.high;
  const square = Math.min(across, down);
  const cellWidth = columns !== T ? across : written ? Math.max(square, WRITTEN.wide) : square;
  const cellHeight = columns === T ? square : down;
  return {
    left,
    top,
    cellWidth,
    cellHeight,
    written,
    rows: T,
    columns,
    width: left + columns * cellWidth + 5,
    height: top + T * cellHeight + 5
  };
}
function mapWidth(width) {
  return width < 640 ? width : Math.min(640, Math.floor(0.69 * width));
}
function thumbSize(width, n_head, height = Infinity, n_layer = 1) {
  return clamp(Math.min(Math.floor(width / n_head), Math.floor(height / n_layer)) - 4, 18, 72);
}
function sentence({ stage, query, column, value, tokens, sum = null }, name = visible) {
  const from = `query "${isolated(name(tokens[query]))}" at ${query}`;
  if (stage === "output") return `${from}, dimension ${column}: ${fixed(value)}`;
  const to = `key "${isolated(name(tokens[column]))}" at ${column}`;
  const odd = stage === "weights" && sum !== null && Math.abs(sum - 1) > 15e-4;
  return `${from} → ${to}: ${fixed(value)}${odd ? ` (this row sums to ${fixed(sum)}, not 1)` : ""}`;
}
function products(q, k, query, key, size) {
  const bars = Array.from({ length: size }, (_, at) => q[query * size + at] * k[key * size + at]);
  return { bars, sum: bars.reduce((total, bar) => total + bar, 0) };
}
function short(token, most = 10) {
  const chars = Array.from(visible(token));
  return chars.length > most ? `${chars.slice(0, most - 1).join("")}…` : chars.join("");
}
function render({ model, el }) {
  const root = startRoot(el, "attention_view", "Attention view");
  const get = (name) => model.get(name);
  const save = saver(model);
  let pack, tokens, rotate;
  let built = [];
  let hover = null;
  let dimension = 0;
  let atlas = null;
  let baseMap = null;
  let geometry = null;
  let thumbs = null;
  let width = 0;
  const bar = make("div", { class: "nano-bar" });
  const said = readout();
  const words = tokenStrip({
    kept: () => get("query"),
    onLook: (at) => look(at === null ? null : [at, current()[1]]),
    onKeep: (at) => keep([at, kept()[1]])
  });
  const caption = make("div", { class: "attn-caption" });
  const map = make("canvas", {
    class: "attn-map",
    tabindex: "0",
    role: "application",
    "aria-roledescription": "map"
  });
  const scaleBar = make("canvas", { "aria-hidden": "true" });
  const [scaleLow, scaleMiddle, scaleHigh] = [make("span"), make("span"), make("span")];
  const hatchNote = make(
    "span",
    { class: "attn-hatch-note" },
    make("span", { class: "attn-hatch", "aria-hidden": "true" }),
    make("span", { text: "−∞: may not be seen" })
  );
  const scaleNote = make("div", { text: "the same colours as for the scores: what is paler has shrunk" });
  const legend = make(
    "div",
    { class: "attn-legend" },
    scaleBar,
    make("div", { class: "attn-ends" }, scaleLow, scaleMiddle, scaleHigh),
    scaleNote,
    hatchNote
  );
  const allHeads = make("canvas", {
    class: "attn-heads",
    tabindex: "0",
    role: "application",
    "aria-roledescription": "grid of heads"
  });
  const headsTitle = make("div", { class: "attn-caption" });
  const headsBox = make("div", { class: "attn-side" }, headsTitle, allHeads);
  const barsTitle = make("div", { class: "attn-caption" });
  const barsCanvas = make("canvas", { role: "img" });
  const barsBox = make("div", { class: "attn-side" }, barsTitle, barsCanvas);
  const sides = make("div", { class: "attn-sides" }, headsBox, barsBox, legend);
  const complaint = make("p", { class: "attn-complaint", role: "alert", hidden: true });
  root.append(
    bar,
    complaint,
    caption,
    words.root,
    said.root,
    make("div", { class: "attn-main" }, map, sides),
    hint("Point to look, click to keep. Tab moves between text, map and heads; arrow keys move inside.")
  );
  const stage = () => get("stage");
  const part = () => pack.parts[stage()];
  const kept = () => [
    get("query"),
    stage() === "output" ? Math.min(dimension, part().columns - 1) : get("key")
  ];
  const current = () => hover ?? kept();
  const keyNow = () => stage() === "output" ? get("key") : current()[1];
  function keep([query, column]) {
    hover = null;
    if (stage() === "output") {
      dimension = column;
      save({ query });
    } else save({ query, key: column });
    paint();
  }
  const keepHead = (layer, head) => save({ layer, head });
  function rowOf(name, query) {
    const { columns, at } = pack.parts[name];
    return at(get("layer"), get("head")).subarray(query * columns, (query + 1) * columns);
  }
  function hidden(query, key) {
    if (pack.parts.masked) return rowOf("masked", query)[key] === -Infinity;
    return key > query && rowOf("weights", query)[key] === 0;
  }
  function hatch(context, colours2, x, y, w, h) {
    context.save();
    context.beginPath();
    context.rect(x, y, w, h);
    context.clip();
    context.fillStyle = colours2.panel;
    context.fillRect(x, y, w, h);
    context.strokeStyle = colours2.muted;
    context.globalAlpha = 0.55;
    context.lineWidth = 1;
    context.beginPath();
    const step = 6;
    for (let at = Math.floor((x - y - h) / step) * step; at <= x - y + w; at += step) {
      context.moveTo(at + y, y);
      context.lineTo(at + y + h, y + h);
    }
    context.stroke();
    context.restore();
  }
  function tick(context, text, x, y, { turned = false, align = "center" } = {}) {
    context.save();
    context.translate(x, y);
    if (turned) context.rotate(-Math.PI / 2);
    context.textAlign = turned ? "left" : align;
    context.textBaseline = "middle";
    context.fillText(text, 0, 0);
    context.restore();
  }
  const tickFont = (size, bold = false) => `${bold ? "bold " : ""}${clamp(size, 7, 13)}px ${colours.mono}`;
  let colours = null;
  function readColours() {
    colours = themeColours(root);
    colours.mono = getComputedStyle(words.root).fontFamily;
  }
  function drawBaseMap() {
    const { columns, at } = part();
    const output = stage() === "output";
    const context = sizeCanvas(map, 1, 1);
    context.font = tickFont(13);
    const longest = rotate ? Math.max(...tokens.map((token) => context.measureText(short(token)).width)) : 9;
    const left = Math.ceil(longest) + 34;
    const top = output || !rotate ? 40 : Math.ceil(longest) + 34;
    geometry = mapGeometry({ width: mapWidth(width), T: pack.T, columns, left, top });
    baseMap = make("canvas");
    const paper = sizeCanvas(baseMap, geometry.width, geometry.height);
    sizeCanvas(map, geometry.width, geometry.height);
    const { cellWidth, cellHeight } = geometry;
    const numbers = at(get("layer"), get("head"));
    const limit = stage() === "weights" ? 1 : stageLimit(pack, stage(), get("layer"), get("head"));
    paper.font = `11px ${colours.font}`;
    paper.textAlign = "center";
    paper.textBaseline = "middle";
    drawCells(
      paper,
      geometry,
      (query, column) => cellColour(stage(), numbers[query * columns + column], limit),
      (x, y) => hatch(paper, colours, x, y, cellWidth, cellHeight),
      (query, column, x, y, colour) => {
        if (!geometry.written) return;
        paper.fillStyle = colour ? inkOn(colour) : colours.text;
        const text = fixed(numbers[query * columns + column], 2);
        paper.fillText(text, x + cellWidth / 2, y + cellHeight / 2 + 0.5);
      }
    );
    paper.strokeStyle = colours.line;
    paper.strokeRect(left - 0.5, top - 0.5, columns * cellWidth + 1, pack.T * cellHeight + 1);
    paper.fillStyle = colours.muted;
    paper.font = `12px ${colours.font}`;
    paper.textAlign = "left";
    paper.fillText(output ? "dimension →" : "key →", left, 9);
    paper.save();
    paper.translate(9, top);
    paper.rotate(-Math.PI / 2);
    paper.textAlign = "right";
    paper.fillText("← query", 0, 0);
    paper.restore();
    drawLegend(limit);
  }
  function drawLegend(limit) {
    const weights = stage() === "weights";
    drawScale(scaleBar, SCALE, 12, (place) => weights ? cividis(place) : signed(2 * place - 1, 1));
    scaleLow.textContent = weights ? "0" : fixed(-limit, 2);
    scaleMiddle.textContent = weights ? "weight" : "0";
    scaleHigh.textContent = weights ? "1" : fixed(limit, 2);
    scaleNote.hidden = stage() !== "scaled" && stage() !== "masked";
    hatchNote.hidden = stage() !== "masked";
  }
  function drawMap([query, column]) {
    const { left, top, cellWidth, cellHeight, columns, rows: T } = geometry;
    const context = map.getContext("2d");
    context.clearRect(0, 0, geometry.width, geometry.height);
    context.drawImage(baseMap, 0, 0, geometry.width, geometry.height);
    const output = stage() === "output";
    const each = Math.ceil(16 / cellWidth);
    const thinned = (size) => rotate ? Math.ceil(8 / size) : 1;
    const offset = (at) => !rotate && cellHeight < 8 ? at % 2 * 9 : 0;
    const large = (text, x, y, across2) => {
      context.font = tickFont(13, true);
      const wide = across2 ? context.measureText(text).width + 4 : left - 24;
      context.fillStyle = colours.back;
      context.fillRect(across2 ? x - wide / 2 : x - wide, y - 8, wide, 16);
      context.fillStyle = colours.text;
      tick(context, text, x, y, { align: across2 ? "center" : "right" });
    };
    context.fillStyle = colours.muted;
    context.font = tickFont(cellHeight);
    for (let at = 0; at < T; at += 1) {
      if (at === query || at % thinned(cellHeight)) continue;
      const place = [left - 6 - offset(at), top + (at + 0.5) * cellHeight];
      tick(context, short(tokens[at]), ...place, { align: "right" });
    }
    large(short(tokens[query]), left - 6, top + (query + 0.5) * cellHeight, false);
    context.fillStyle = colours.muted;
    context.font = tickFont(cellWidth);
    const across = (at) => left + (at + 0.5) * cellWidth;
    for (let at = 0; at < columns; at += 1) {
      if (at === column || output && (at % each || Math.abs(at - column) < each)) continue;
      if (output) tick(context, String(at), across(at), top - 9);
      else if (at % thinned(cellWidth) === 0)
        tick(context, short(tokens[at]), across(at), top - (rotate ? 6 : 9), { turned: rotate });
    }
    if (rotate && !output) {
      context.fillStyle = colours.text;
      context.font = tickFont(cellWidth, true);
      tick(context, short(tokens[column]), across(column), top - 6, { turned: true });
    } else large(output ? String(column) : short(tokens[column]), across(column), top - 11, true);
    ring(context, left, top + query * cellHeight, columns * cellWidth, cellHeight);
    ring(context, left + column * cellWidth, top + query * cellHeight, cellWidth, cellHeight);
  }
  function drawText([query], key) {
    const weights = rowOf("weights", query);
    let sum = 0;
    words.items().forEach((token, at) => {
      sum += weights[at];
      const blind = hidden(query, at);
      const colour = blind ? null : cividis(weights[at]);
      token.classList.toggle("strip-blind", blind);
      token.classList.toggle("attn-key", at === key);
      token.style.background = colour ? css(colour) : "";
      token.style.color = colour ? inkOn(colour) : "";
      const told = `"${isolated(spoken(tokens[at]))}" at ${at}, weight ${fixed(weights[at])}`;
      const seen = { stage: "weights", query, column: at, value: weights[at], tokens };
      token.setAttribute("aria-label", told);
      token.title = sentence(seen);
    });
    words.choose(query);
    const chosen = `"${isolated(visible(tokens[query]))}" at ${query}`;
    caption.textContent = `Where ${chosen} looks: the text, coloured by its weights`;
    return sum;
  }
  function drawHeads() {
    const { n_layer, n_head } = pack;
    if (!thumbs) return;
    const { size, left, top } = thumbs;
    const context = allHeads.getContext("2d");
    context.clearRect(0, 0, allHeads.width, allHeads.height);
    context.imageSmoothingEnabled = size < pack.T;
    context.font = `11px ${colours.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const [layerNow, headNow] = [get("layer"), get("head")];
    for (let head = 0; head < n_head; head += 1) {
      context.fillStyle = head === headNow ? colours.text : colours.muted;
      context.fillText(String(head), left + head * (size + 4) + size / 2, top - 8);
    }
    for (let layer = 0; layer < n_layer; layer += 1) {
      context.fillStyle = layer === layerNow ? colours.text : colours.muted;
      context.fillText(String(layer), left - 10, top + layer * (size + 4) + size / 2);
      for (let head = 0; head < n_head; head += 1) {
        const [x, y] = [left + head * (size + 4), top + layer * (size + 4)];
        context.drawImage(atlas, head * pack.T, layer * pack.T, pack.T, pack.T, x, y, size, size);
      }
    }
    ring(context, left + headNow * (size + 4), top + layerNow * (size + 4), size, size);
  }
  function drawBars([query], key) {
    if (!pack.parts.q) return;
    const { columns: size } = pack.parts.q;
    const both = ["q", "k"].map((name) => pack.parts[name].at(get("layer"), get("head")));
    const { bars, sum } = products(...both, query, key, size);
    const most = limitOf(bars);
    const biggest = bars.reduce((best, bar2, at) => Math.abs(bar2) > Math.abs(bars[best]) ? at : best, 0);
    const [from, to] = [query, key].map((at) => `"${isolated(visible(tokens[at]))}" at ${at}`);
    barsTitle.textContent = `q·k of ${from} and ${to}, dimension by dimension: they sum to ${fixed(sum)}, most from dimension ${biggest} (${fixed(bars[biggest])})`;
    barsCanvas.setAttribute("aria-label", barsTitle.textContent);
    const wide = clamp(Math.floor((thumbs.room - 48) / size), 3, 26);
    const [left, half] = [44, 44];
    const context = sizeCanvas(barsCanvas, left + wide * size + 4, 2 * half + 30);
    context.font = `11px ${colours.font}`;
    context.textBaseline = "middle";
    bars.forEach((value, at) => {
      const tall = Math.abs(value) / most * half;
      context.fillStyle = value < 0 ? "#0072B2" : "#D55E00";
      context.fillRect(left + at * wide + 1, value < 0 ? half + 8 : half + 8 - tall, wide - 2, tall);
    });
    context.fillStyle = colours.muted;
    context.textAlign = "right";
    context.fillText(fixed(most, 2), left - 4, 10);
    context.fillText("0", left - 4, half + 8);
    context.fillText(fixed(-most, 2), left - 4, 2 * half + 6);
    context.fillRect(left, half + 8, wide * size, 1);
    context.textAlign = "center";
    const each = Math.ceil(20 / wide);
    for (let at = 0; at < size; at += each)
      context.fillText(String(at), left + (at + 0.5) * wide, 2 * half + 22);
  }
  const paint = painter(root, () => {
    if (!baseMap) return false;
    const [query, column] = current();
    const key = keyNow();
    const sum = drawText([query], key);
    drawMap([query, column]);
    drawBars([query], key);
    const value = part().at(get("layer"), get("head"))[query * part().columns + column];
    const told = { stage: stage(), query, column, value, tokens, sum };
    const where = `layer ${get("layer")}, head ${get("head")}, ${STAGE_WORDS[stage()]}: `;
    said.say(where + sentence(told), where + sentence(told, spoken));
    return true;
  });
  function rebuildMap() {
    if (!width) return;
    readColours();
    hover = null;
    stagePick.set(stage());
    layerPick.set(get("layer"));
    headPick.set(get("head"));
    const across = stage() === "output" ? "dimension" : "key";
    const what = `${stage()} of layer ${get("layer")}, head ${get("head")}`;
    map.setAttribute("aria-label", `${what}: query down, ${across} across. Arrow keys move.`);
    drawBaseMap();
    layOutHeads();
    drawHeads();
    paint();
  }
  function layOutHeads() {
    const { n_layer, n_head } = pack;
    const [left, top] = [22, 18];
    const beside = width - geometry.width - 34;
    const fits = beside >= SCALE && (beside - left) / n_head >= 22;
    sides.classList.toggle("attn-below", !fits);
    const room = (fits ? beside : width) - 12;
    const high = fits ? geometry.height - top - BESIDE.heads - (pack.parts.q ? BESIDE.bars : 0) : Infinity;
    const size = thumbSize(room - left, n_head, high, n_layer);
    thumbs = { size, left, top, room };
    headsBox.hidden = n_layer * n_head === 1;
    const tall = top + n_layer * (size + 4) + 2;
    sizeCanvas(allHeads, left + n_head * (size + 4) + 2, tall);
    headsTitle.textContent = `All heads' weights: layer down, head across`;
    allHeads.setAttribute(
      "aria-label",
      `The weights of ${n_layer} × ${n_head} heads, layer down and head across. Arrow keys choose one.`
    );
  }
  function buildAtlas() {
    const { n_layer, n_head, T } = pack;
    atlas = make("canvas");
    [atlas.width, atlas.height] = [n_head * T, n_layer * T];
    const context = atlas.getContext("2d");
    for (let layer = 0; layer < n_layer; layer += 1)
      for (let head = 0; head < n_head; head += 1)
        context.drawImage(pixels(pack.parts.weights.at(layer, head), T), head * T, layer * T);
  }
  let stagePick, layerPick, headPick, textBox;
  const sources = () => [get("data"), get("tokens"), get("shape")];
  function refresh() {
    if (sources().some((source, at) => source !== built[at])) rebuildAll();
    else rebuildMap();
  }
  function rebuildAll() {
    built = sources();
    tokens = get("tokens");
    pack = unpack(floats(get("data")), get("shape"));
    rotate = tokens.some((token) => Array.from(visible(token)).length > 1);
    hover = null;
    const count = (many) => Array.from({ length: many }, (_, at) => [String(at), String(at)]);
    const stages = Object.keys(pack.parts).filter((name) => name in STAGE_WORDS);
    stagePick = choice({
      label: "Stage",
      options: stages.map((name) => [name, name]),
      value: stage(),
      onChange: (name) => save({ stage: name })
    });
    layerPick = select({
      label: "Layer",
      options: count(pack.n_layer),
      value: get("layer"),
      onChange: (layer) => keepHead(Number(layer), get("head"))
    });
    headPick = select({
      label: "Head",
      options: count(pack.n_head),
      value: get("head"),
      onChange: (head) => keepHead(get("layer"), Number(head))
    });
    bar.replaceChildren(stagePick.root, layerPick.root, headPick.root);
    if (get("asks") && !textBox) {
      textBox = textField({
        label: "Text",
        value: get("text"),
        maxlength: 64,
        onInput: throttle((text) => save({ text }), 300)
      });
      textBox.root.classList.add("attn-ask");
      root.insertBefore(textBox.root, complaint);
    }
    words.fill(tokens);
    barsBox.hidden = !pack.parts.q;
    buildAtlas();
    rebuildMap();
  }
  function complain() {
    complaint.textContent = get("complaint");
    complaint.hidden = !get("complaint");
  }
  const cellUnder = (event) => cellAt(geometry, event.offsetX, event.offsetY);
  const same = (one, two) => one?.[0] === two?.[0] && one?.[1] === two?.[1];
  const look = (cell) => {
    if (same(cell, hover)) return;
    hover = cell;
    paint();
  };
  map.addEventListener("pointermove", (event) => look(cellUnder(event)));
  map.addEventListener("pointerleave", () => look(null));
  map.addEventListener("click", (event) => {
    const cell = cellUnder(event);
    if (cell) keep(cell);
  });
  map.addEventListener("keydown", (event) => {
    const to = moved(event.key, kept(), [pack.T, part().columns]);
    if (!to) return;
    event.preventDefault();
    keep(to);
  });
  const headUnder = (event) => {
    const { size, left, top } = thumbs;
    const head = Math.floor((event.offsetX - left) / (size + 4));
    const layer = Math.floor((event.offsetY - top) / (size + 4));
    return head >= 0 && head < pack.n_head && layer >= 0 && layer < pack.n_layer ? [layer, head] : null;
  };
  allHeads.addEventListener("click", (event) => {
    const found = headUnder(event);
    if (found) keepHead(...found);
  });
  allHeads.addEventListener("pointermove", (event) => {
    const found = headUnder(event);
    allHeads.title = found ? `layer ${found[0]}, head ${found[1]}` : "";
  });
  allHeads.addEventListener("keydown", (event) => {
    const to = moved(event.key, [get("layer"), get("head")], [pack.n_layer, pack.n_head]);
    if (!to) return;
    event.preventDefault();
    keepHead(...to);
  });
  rebuildAll();
  complain();
  const ends = [
    onWidth(root, (room) => {
      if (room < 120) return;
      width = room;
      rebuildMap();
    }),
    () => save.flush(),
    said.stop,
    paint.stop,
    onTheme(root, rebuildMap),
    watch(model, ["data", "tokens", "shape", "stage", "layer", "head"], refresh),
    watch(
      model,
      ["query", "key"],
      () => sources().some((source, at) => source !== built[at]) ? rebuildAll() : paint()
    ),
    watch(model, ["complaint"], complain),
    watch(model, ["text"], () => textBox?.set(get("text")))
  ];
  return () => ends.forEach((end) => end());
}
var attention_view_default = { render };
export {
  cellColour,
  attention_view_default as default,
  limitOf,
  mapGeometry,
  mapWidth,
  products,
  sentence,
  short,
  stageLimit,
  thumbSize,
  unpack
};
