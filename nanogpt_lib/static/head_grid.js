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
function button({ label, onClick, title = null }) {
  return make("button", { type: "button", class: "nano-button", text: label, title, on: { click: onClick } });
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
var NO_ANSWER = "Python does not answer: run this cell again.";
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
function css([red, green, blue]) {
  return `rgb(${red}, ${green}, ${blue})`;
}

// nanogpt_lib/widgets/pictures/heat_map.js
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

// nanogpt_lib/widgets/head_grid.js
var GUTTER = 18;
var BARS = 40;
var LETTERS = 16;
var AROUND = 14;
var GAP = 8;
var SAID = 112;
var WIDE = 640;
var inOrder = (off) => [...off].sort((one, two) => one[0] - two[0] || one[1] - two[1]);
function offKey(off) {
  return inOrder(off).map(([layer, head]) => `${layer}.${head}`).join(" ");
}
function toggled(off, [layer, head]) {
  const others = off.filter((pair) => pair[0] !== layer || pair[1] !== head);
  return inOrder(others.length < off.length ? others : [...off, [layer, head]]);
}
function gridGeometry({ width, n_head, T }) {
  const wide = width >= WIDE;
  const least = (wide ? 68 : n_head > 8 ? SAID : 150) + GUTTER + AROUND;
  const fitting = clamp(Math.floor((width + GAP) / (least + GAP)), 1, n_head);
  const rows = Math.ceil(n_head / fitting);
  const columns = Math.ceil(n_head / rows);
  const room = Math.floor((width - GAP * (columns - 1)) / columns) - GUTTER - AROUND;
  const tallest = wide ? rows > 1 ? 84 : 150 : n_head > 8 ? 120 : 270;
  const most = clamp(room, 40, Math.min(tallest, 40 * T));
  const side = most >= 4 * T ? T * Math.floor(most / T) : most;
  return { columns, side, cell: side / T, card: Math.max(side, Math.min(room, SAID)) + GUTTER + AROUND };
}
function placeAt({ side, cell }, T, x, y, query) {
  const key = Math.floor((x - GUTTER) / cell);
  const row = Math.floor(y / cell);
  if (x > GUTTER + side || y > side + BARS + LETTERS || key >= T) return null;
  return [row < T ? row : query, key < 0 ? null : key];
}
function heaviest(row) {
  const rounded = Array.from(row, (weight) => Math.round(weight * 1e4));
  return rounded.indexOf(Math.max(...rounded));
}
function letter(token) {
  const seen = visible(token);
  return Array.from(seen).length === 1 ? seen : "·";
}
function weightInWords(tokens, head, query, key, weight, name = visible) {
  const hidden = key > query ? " (its future, which the mask hides)" : "";
  return `head ${head}: query "${isolated(name(tokens[query]))}" at ${query} → key "${isolated(name(tokens[key]))}" at ${key}: ${fixed(weight)}${hidden}`;
}
function axisEnd(effects, guess) {
  return 1.12 * Math.max(guess, ...Object.values(effects).map(({ now }) => now));
}
function render({ model, el }) {
  const root = startRoot(el, "head_grid", "Grid of heads");
  const get = (name) => model.get(name);
  const save = saver(model);
  const tokens = get("tokens");
  const shape = get("shape");
  const { n_layer, n_head, T } = shape;
  const { B, T: long, V } = get("batch");
  const guess = Math.log(V);
  const weights = floats(get("data"));
  const pictures = [];
  let hover = null;
  let geometry = null;
  let width = 0;
  let colours = null;
  const rowOf = (head, query2) => {
    const start = ((get("layer") * n_head + head) * T + query2) * T;
    return weights.subarray(start, start + T);
  };
  const isOff = (head) => get("off").some((pair) => pair[0] === get("layer") && pair[1] === head);
  const layerPick = select({
    label: "Layer",
    options: Array.from({ length: n_layer }, (_, at) => [String(at), String(at)]),
    value: get("layer"),
    onChange: (layer) => save({ layer: Number(layer) })
  });
  const words = tokenStrip({
    kept: () => get("query"),
    onLook: (at) => look(at === null ? null : { query: at }),
    onKeep: (at) => keep(at)
  });
  words.fill(tokens, (token, at) => `"${isolated(spoken(token))}" at ${at}`);
  const pointed = readout();
  const cards = Array.from({ length: n_head }, (_, head) => {
    const tick = checkbox({
      label: `head ${head}`,
      value: true,
      onChange: () => save({ off: toggled(get("off"), [get("layer"), head]) })
    });
    const state = make("span", { class: "hgrid-state", text: "off" });
    const canvas = make("canvas", { class: "hgrid-map", role: "img" });
    const most = make("div", { class: "hgrid-most", "aria-hidden": "true" });
    const card = make(
      "div",
      { class: "hgrid-card" },
      make("div", { class: "hgrid-title" }, tick.root, state),
      canvas,
      most
    );
    return { head, tick, canvas, most, card };
  });
  const grid = make("div", { class: "hgrid-cards" }, ...cards.map(({ card }) => card));
  const track = (...inside) => make("span", { class: "hgrid-track", "aria-hidden": "true" }, ...inside);
  const line = (name, ...rest) => make("div", { class: "hgrid-line" }, make("span", { class: "hgrid-name", text: name }), ...rest);
  const [baseBar, nowBar, change] = ["hgrid-bar", "hgrid-bar", "hgrid-change"].map(
    (kind) => make("span", { class: kind })
  );
  const [baseText, nowText, differenceText] = ["base", "now", "difference"].map(
    (kind) => make("span", { class: `hgrid-number hgrid-${kind}` })
  );
  const mark = make("span", { class: "hgrid-mark" });
  const verdict = readout();
  const waiting = patience(() => verdict.say(NO_ANSWER));
  verdict.root.classList.add("hgrid-verdict");
  const panel = make(
    "div",
    { class: "hgrid-loss", role: "group", "aria-label": "Loss on a fixed batch" },
    make("div", {
      class: "hgrid-caption",
      text: `Loss on a fixed batch of ${B} × ${long} characters, in nats per character`
    }),
    make(
      "div",
      { class: "hgrid-lines" },
      line("every head on", track(baseBar), baseText),
      line("now", track(nowBar, change), nowText, differenceText),
      line(`guessing, ln ${V}`, track(mark), make("span", { class: "hgrid-number", text: fixed(guess) }))
    ),
    verdict.root
  );
  const allOn = button({ label: "All heads on", onClick: () => save({ off: [] }) });
  const scale = make("canvas", { "aria-hidden": "true" });
  root.append(
    make("div", { class: "nano-bar" }, n_layer > 1 ? layerPick.root : null, allOn),
    words.root,
    pointed.root,
    grid,
    make(
      "div",
      { class: "hgrid-legend" },
      make("span", { text: "weight 0" }),
      scale,
      make("span", { text: "1" }),
      make("span", {
        class: "hgrid-axes",
        text: `Query down, key across; the bars are the framed row.${n_layer > 1 ? " The maps are those of the model with every head on." : ""}`
      })
    ),
    panel,
    hint(
      "Point to look, click to keep a query; untick a head to switch it off. Tab moves on, arrow keys choose a character."
    )
  );
  const query = () => hover?.query ?? get("query");
  function drawCard({ head, canvas, most, tick, card }) {
    const { side, cell } = geometry;
    const at = query();
    const row = rowOf(head, at);
    const best = heaviest(row);
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, GUTTER + side + 4, 3 + side + 8 + BARS + LETTERS);
    context.save();
    context.translate(GUTTER, 3);
    context.imageSmoothingEnabled = cell < 1;
    context.drawImage(pictures[head], 0, 0, side, side);
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    context.strokeRect(-0.5, -0.5, side + 1, side + 1);
    const tall = Math.max(2, Math.round(cell));
    ring(context, 0, Math.round(at * cell), side, tall, tall < 9 ? 1 : 2);
    const floor = side + 8 + BARS;
    context.fillStyle = colours.panel;
    context.fillRect(0, floor - BARS, side, BARS);
    const thick = cell > 5 ? cell - 2 : Math.max(1, cell * 0.8);
    row.forEach((weight, key) => {
      context.fillStyle = hover?.head === head && hover.key === key ? colours.text : colours.accent;
      context.fillRect((key + 0.5) * cell - thick / 2, floor - weight * BARS, thick, weight * BARS);
    });
    context.fillStyle = colours.muted;
    context.fillRect(0, floor, side, 1);
    context.textAlign = "center";
    context.textBaseline = "middle";
    const size = clamp(Math.floor(cell) + 1, 9, 13);
    const write = (token, x, y, bold) => {
      context.font = `${bold ? "bold " : ""}${bold ? Math.max(size, 12) : size}px ${colours.mono}`;
      context.fillStyle = bold ? colours.text : colours.muted;
      context.fillText(letter(token), x, y);
    };
    for (let place = 0; place < T; place += 1) {
      if (place === at || cell >= 12) write(tokens[place], -10, (place + 0.5) * cell, place === at);
      if (place === best || cell >= 8) write(tokens[place], (place + 0.5) * cell, floor + 9, place === best);
    }
    context.restore();
    const told = (name) => `"${isolated(name(tokens[best]))}" at ${best}, ${fixed(row[best])}`;
    most.textContent = `most: ${told(visible)}`;
    const off = isOff(head);
    tick.set(!off);
    card.classList.toggle("hgrid-off", off);
    canvas.setAttribute(
      "aria-label",
      `Weights of head ${head}. Query "${isolated(spoken(tokens[at]))}" at ${at} reads most: ${told(spoken)}`
    );
    return `head ${head}: ${told(spoken)}`;
  }
  function drawText(at) {
    words.choose(at);
    words.items().forEach((token, place) => token.classList.toggle("strip-blind", place > at));
  }
  function drawLoss() {
    const effects = get("effects");
    const off = get("off");
    const effect = effects[offKey(off)];
    allOn.disabled = !off.length;
    panel.classList.toggle("hgrid-asked", effect === void 0);
    if (effect === void 0) {
      if (!waiting.isOn()) {
        waiting.start();
        verdict.say("Python measures the loss without these heads …");
      }
      return false;
    }
    waiting.end();
    const share = (loss) => `${100 * loss / axisEnd(effects, guess)}%`;
    const { base, now, difference, signed } = effect;
    baseBar.style.width = share(base);
    nowBar.style.width = share(Math.min(base, now));
    change.style.left = share(Math.min(base, now));
    change.style.width = share(Math.abs(difference));
    panel.classList.toggle("hgrid-less", difference < 0);
    mark.style.left = share(guess);
    baseText.textContent = fixed(base);
    nowText.textContent = fixed(now);
    differenceText.textContent = signed;
    verdict.say(effect.words);
    return true;
  }
  const paint = painter(root, () => {
    if (!geometry) return false;
    const at = query();
    drawText(at);
    const heads = cards.map(drawCard);
    const one = `query "${isolated(visible(tokens[at]))}" at ${at}`;
    if (hover && hover.head !== void 0 && hover.key !== null) {
      const { head, key } = hover;
      const weight = rowOf(head, at)[key];
      pointed.say(...[visible, spoken].map((name) => weightInWords(tokens, head, at, key, weight, name)));
    } else {
      pointed.say(
        `${one}: what each head${n_layer > 1 ? ` of layer ${get("layer")}` : ""} reads`,
        `query "${isolated(spoken(tokens[at]))}" at ${at}. Most weight, ${heads.join("; ")}`
      );
    }
    return drawLoss();
  });
  function paintPictures() {
    for (let head = 0; head < n_head; head += 1) {
      const start = (get("layer") * n_head + head) * T * T;
      pictures[head] = pixels(weights.subarray(start, start + T * T), T);
    }
  }
  function layOut() {
    if (!width) return;
    colours = { ...themeColours(root), mono: getComputedStyle(words.root).fontFamily };
    geometry = gridGeometry({ width, n_head, T });
    const { columns, side, card } = geometry;
    grid.style.setProperty("grid-template-columns", `repeat(${columns}, ${card}px)`);
    grid.classList.toggle("hgrid-small", card < SAID + GUTTER + AROUND);
    for (const { canvas } of cards) sizeCanvas(canvas, GUTTER + side + 4, 3 + side + 8 + BARS + LETTERS);
    drawScale(scale, 120, 10, cividis);
    paint();
  }
  function changeLayer() {
    layerPick.set(get("layer"));
    hover = null;
    paintPictures();
    paint();
  }
  const look = (found) => {
    if (JSON.stringify(found) === JSON.stringify(hover)) return;
    hover = found;
    paint();
  };
  const keep = (at) => {
    hover = null;
    save({ query: at });
    paint();
  };
  for (const { head, canvas } of cards) {
    const under = (event) => {
      const place = placeAt(geometry, T, event.offsetX, event.offsetY - 3, get("query"));
      return place && { query: clamp(place[0], 0, T - 1), head, key: place[1] };
    };
    canvas.addEventListener("pointermove", (event) => look(under(event)));
    canvas.addEventListener("pointerleave", () => look(null));
    canvas.addEventListener("click", (event) => {
      const found = under(event);
      if (found) keep(found.query);
    });
  }
  paintPictures();
  const ends = [
    onWidth(root, (room) => {
      if (room < 120) return;
      width = room;
      layOut();
    }),
    waiting.end,
    () => save.flush(),
    pointed.stop,
    verdict.stop,
    paint.stop,
    onTheme(root, layOut),
    watch(model, ["layer"], changeLayer),
    watch(model, ["query", "off", "effects"], paint)
  ];
  return () => ends.forEach((end) => end());
}
var head_grid_default = { render };
export {
  axisEnd,
  head_grid_default as default,
  gridGeometry,
  heaviest,
  letter,
  offKey,
  placeAt,
  toggled,
  weightInWords
};
