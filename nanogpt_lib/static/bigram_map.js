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
var SIGNS = { " ": "␣", "\n": "⏎", "	": "⇥", "\r": "␍" };
var INKLESS = /[\p{C}\p{Z}\p{M}\u115f\u1160\u2800\u3164\uffa0\u{1d159}]/u;
var RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
var numbered = (char) => `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
function visible(token) {
  return Array.from(token, (char) => SIGNS[char] ?? (INKLESS.test(char) ? numbered(char) : char)).join("");
}
function readable(text) {
  return Array.from(text, (char) => char === " " || char === "\n" ? char : visible(char)).join("");
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
function amount(value, digits = 3) {
  const text = fixed(value, digits);
  return value > 0 && Number(text) === 0 ? `<${(10 ** -digits).toFixed(digits)}` : text;
}
var grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");

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
function css([red, green, blue]) {
  return `rgb(${red}, ${green}, ${blue})`;
}

// nanogpt_lib/widgets/pictures/heat_map.js
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

// nanogpt_lib/widgets/bigram_map.js
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = state + 1831565813 >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 4294967296;
  };
}
function drawColumn(probs, V, row, chance) {
  let left = chance;
  let last = 0;
  for (let column = 0; column < V; column++) {
    const prob = probs[row * V + column];
    if (prob <= 0) continue;
    last = column;
    left -= prob;
    if (left < 0) break;
  }
  return last;
}
function write(probs, V, start, count, random) {
  const ids = [start];
  while (ids.length <= count) ids.push(drawColumn(probs, V, ids[ids.length - 1], random()));
  return ids;
}
function likeliest(probs, V, row, top) {
  const columns = Array.from({ length: V }, (_, column) => column);
  columns.sort((a, b) => probs[row * V + b] - probs[row * V + a] || a - b);
  return columns.slice(0, top);
}
function largestDifference(one, other, V) {
  let place = 0;
  for (let at = 1; at < V * V; at++) {
    if (Math.abs(one[at] - other[at]) > Math.abs(one[place] - other[place])) place = at;
  }
  return [Math.floor(place / V), place % V];
}
function probInWords(prob) {
  return prob === 0 || prob >= 5e-4 ? fixed(prob) : "below 0.001";
}
function pairInWords({ before, after, seen, of, prob, alpha, learned = null }, show = visible) {
  const times = seen ? `seen ${grouped(seen)} of ${grouped(of)} times` : `never seen (0 of ${grouped(of)} times)`;
  const added = alpha ? ` (alpha = ${alpha})` : "";
  const other = learned === null ? "" : `, learned ${probInWords(learned)}`;
  return `after "${isolated(show(before))}": "${isolated(show(after))}", ${times}, probability ${probInWords(prob)}${added}${other}`;
}
function cellSize(width, V, height = Infinity) {
  return clamp(Math.floor(Math.min(width, height) / V), 2, 24);
}
var TOP = 12;
var WRITTEN = 160;
var GUTTER = 22;
var NAMED = 5;
var LEAST = { one: 641, two: 841 };
var PANEL = { one: 260, two: 175 };
var TALLEST = { one: 390, two: 330 };
var GAP = 12;
function render({ model, el }) {
  const root = startRoot(el, "bigram_map", "Bigram map: which character follows which");
  const save = saver(model, 80);
  const chars = Array.from(model.get("vocabulary"));
  const V = chars.length;
  const counts = floats(model.get("counts_bytes"));
  const counted = floats(model.get("counted_bytes"));
  const learned = model.get("learned_bytes").byteLength ? floats(model.get("learned_bytes")) : null;
  const totals = chars.map(
    (_, row2) => counts.subarray(row2 * V, (row2 + 1) * V).reduce((sum, count) => sum + count, 0)
  );
  const unseen = counts.reduce((sum, count) => sum + (count === 0), 0);
  const tables = learned ? [counted, learned] : [counted];
  let row = model.get("row");
  let cursor = [row, likeliest(counted, V, row, 1)[0]];
  let sample = 1;
  let cell = 0;
  let width = 816;
  const said = readout();
  const canvases = tables.map(
    (_, at) => make("canvas", {
      tabindex: at ? "-1" : "0",
      role: "application",
      "aria-roledescription": "map",
      "aria-label": `${at ? "Learned" : "Counted"} table, ${V} by ${V}. Arrow keys move, Enter shows the row, a letter goes to its row.`
    })
  );
  const figures = canvases.map(
    (canvas, at) => make(
      "figure",
      {},
      learned ? make("figcaption", { text: at ? "learned" : `counted (alpha = ${model.get("alpha")})` }) : null,
      canvas
    )
  );
  const name = (char) => spoken(char) === visible(char) ? visible(char) : `${visible(char)} ${spoken(char)}`;
  const rows = select({
    label: "row: the character before",
    options: chars.map((char, at) => [String(at), name(char)]),
    value: row,
    onChange: (value) => pick(Number(value))
  });
  const again = button({ label: "Another sample", onClick: another });
  const head = make("p", { class: "nano-head" });
  const bars = make("div", { class: "nano-bars", role: "list" });
  const written = make("p", { class: "nano-head" });
  const texts = tables.map(
    (_, at) => make("pre", {
      class: "nano-sample",
      tabindex: "0",
      "aria-label": at ? "written by the learned table" : "written by the counted table"
    })
  );
  const ticks = [0, 0.01, 0.1, 0.25, 0.5, 1].map(
    (prob) => make("span", { text: String(prob), style: { left: `${100 * Math.sqrt(prob)}%` } })
  );
  const steps = Array.from({ length: 17 }, (_, at) => css(cividis(at / 16)));
  const legend = make(
    "div",
    { class: "nano-legend" },
    make("span", { text: "probability (colour: its square root)" }),
    make(
      "div",
      { class: "nano-scale" },
      make("i", { style: { background: `linear-gradient(to right, ${steps.join(", ")})` } }),
      ...ticks
    ),
    make(
      "span",
      { class: "nano-unseen" },
      make("i"),
      make("span", { text: `never seen: ${grouped(unseen)} of ${grouped(V * V)} pairs` })
    )
  );
  const apart = learned ? largestDifference(counted, learned, V) : null;
  const difference = apart ? make(
    "p",
    { class: "nano-difference" },
    make("span", {
      text: `Largest difference: after "${isolated(visible(chars[apart[0]]))}", "${isolated(visible(chars[apart[1]]))}": counted ${probInWords(counted[apart[0] * V + apart[1]])}, learned ${probInWords(learned[apart[0] * V + apart[1]])}. `
    }),
    button({ label: "Show it", onClick: () => choose(apart) })
  ) : null;
  const samples2 = learned ? fold("What both tables write", written, make("div", { class: "nano-panels" }, ...texts)) : null;
  const keys = learned ? make(
    "span",
    { class: "nano-keys" },
    make("i", { class: "nano-counted" }),
    "counted",
    make("i", { class: "nano-learned" }),
    "learned"
  ) : null;
  const maps = make(
    "div",
    { class: "nano-maps" },
    make("div", { class: "nano-figures" }, ...figures),
    legend
  );
  const notes = make("div", { class: "nano-notes" }, said.root, difference);
  const panel = make(
    "div",
    { class: "nano-panel" },
    make("div", {}, head, bars),
    learned ? null : make("div", {}, written, ...texts)
  );
  const layout = make(
    "div",
    { class: learned ? "nano-layout nano-pair" : "nano-layout" },
    maps,
    notes,
    panel
  );
  root.append(
    ...[
      make("div", { class: "nano-bar" }, rows.root, again, keys),
      layout,
      samples2,
      hint("Point at the map or use the arrow keys; click or Enter shows a row.")
    ].filter(Boolean)
  );
  function point(to) {
    cursor = to;
    const [before, after] = to;
    const at = before * V + after;
    const facts = {
      before: chars[before],
      after: chars[after],
      seen: counts[at],
      of: totals[before],
      prob: counted[at],
      alpha: model.get("alpha"),
      learned: learned ? learned[at] : null
    };
    said.say(pairInWords(facts), pairInWords(facts, spoken));
    paint();
  }
  function pick(to) {
    row = to;
    sample = 1;
    save({ row });
    showRow();
    point([row, likeliest(counted, V, row, 1)[0]]);
  }
  function choose(to) {
    pick(to[0]);
    point(to);
  }
  function another() {
    sample += 1;
    if (samples2) samples2.open = true;
    showSample();
    paint();
  }
  function showSample() {
    const seed = model.get("seed") + sample - 1;
    written.textContent = `Sample ${sample} that starts from "${isolated(visible(chars[row]))}" (drawn in your browser, seed ${seed})`;
    tables.forEach((table, at) => {
      const ids = write(table, V, row, WRITTEN, randomFrom(seed + 100003 * row));
      const text = readable(ids.map((id) => chars[id]).join(""));
      texts[at].replaceChildren(learned ? make("b", { text: at ? "learned\n" : "counted\n" }) : "", text);
    });
  }
  function showRow() {
    rows.set(row);
    const order = likeliest(counted, V, row, TOP);
    const most = Math.max(...order.flatMap((column) => tables.map((table) => table[row * V + column])));
    head.textContent = `After "${isolated(visible(chars[row]))}" (${grouped(totals[row])} times) comes:`;
    bars.replaceChildren(
      ...order.map((column) => {
        const probs = tables.map((table) => table[row * V + column]);
        const never = counts[row * V + column] === 0;
        return make(
          "div",
          { class: never ? "nano-bar-row nano-never" : "nano-bar-row", role: "listitem" },
          make("span", { class: "nano-char", text: visible(chars[column]), title: spoken(chars[column]) }),
          make(
            "span",
            { class: "nano-lengths", "aria-hidden": "true" },
            ...probs.map(
              (prob, at) => make("i", {
                class: at ? "nano-learned" : "nano-counted",
                style: { width: `${100 * prob / most}%` }
              })
            )
          ),
          make(
            "span",
            { class: "nano-number" },
            ...probs.map(
              (prob, at) => make(
                "span",
                {},
                at ? make("span", { class: "nano-hidden", text: " | " }) : never ? "unseen " : null,
                amount(prob)
              )
            )
          )
        );
      })
    );
    showSample();
  }
  let grounds = [];
  let stacked = false;
  const left = (at) => at && !stacked ? 0 : GUTTER;
  function prepare() {
    const wide = Math.max(240, width - 2);
    const many = learned ? "two" : "one";
    const beside = wide >= LEAST[many];
    const rest = GUTTER + (learned ? GAP : 0) + (beside ? GAP + PANEL[many] : 0);
    const room = (wide - rest) / tables.length;
    cell = cellSize(room, V, TALLEST[many]);
    const alone = cellSize(wide - GUTTER, V, TALLEST.one);
    stacked = Boolean(learned) && cell < NAMED && alone > cell;
    if (stacked) cell = alone;
    const across = stacked || !learned ? V * cell : 2 * V * cell + GAP;
    maps.style.width = `${Math.max(240, GUTTER + across)}px`;
    layout.classList.toggle("nano-beside", beside);
    const colours = themeColours(root);
    grounds = tables.map((table, at) => {
      const ground = document.createElement("canvas");
      const context = sizeCanvas(ground, left(at) + V * cell, GUTTER + V * cell);
      context.translate(left(at), GUTTER);
      const geometry = { left: 0, top: 0, cellWidth: cell, cellHeight: cell, rows: V, columns: V };
      const look = (y, x) => !at && counts[y * V + x] === 0 ? null : cividis(Math.sqrt(table[y * V + x]));
      drawCells(context, geometry, look, (x, y) => {
        context.fillStyle = colours.panel;
        context.fillRect(x, y, cell, cell);
        context.strokeStyle = colours.line;
        context.lineWidth = 1;
        context.beginPath();
        context.moveTo(x, y + cell);
        context.lineTo(x + cell, y);
        context.stroke();
      });
      context.fillStyle = colours.muted;
      chars.forEach((_, id) => {
        if (cell < NAMED) return;
        label(context, colours, id, "top");
        if (left(at)) label(context, colours, id, "left");
      });
      return ground;
    });
  }
  function label(context, colours, id, side, chosen = false) {
    const size = clamp(cell + 3, 9, 12);
    const line = cell >= 12 ? 0 : id % 2;
    const along = (id + 0.5) * cell;
    const off = -6 - 10 * line;
    const [x, y] = side === "top" ? [along, off] : [off, along];
    context.font = `${chosen ? "bold " : ""}${chosen ? size + 3 : size}px ${colours.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    if (chosen) {
      context.fillStyle = colours.back;
      if (side === "top") context.fillRect(x - 9, -GUTTER, 18, GUTTER);
      else context.fillRect(-GUTTER, y - 9, GUTTER, 18);
      context.fillStyle = colours.accent;
      context.fillText(
        visible(chars[id]),
        side === "top" ? x : -GUTTER / 2,
        side === "top" ? -GUTTER / 2 : y
      );
    } else context.fillText(visible(chars[id]), x, y);
  }
  const paint = painter(root, () => {
    if (!grounds.length) prepare();
    const colours = themeColours(root);
    const [before, after] = cursor;
    canvases.forEach((canvas, at) => {
      const context = sizeCanvas(canvas, left(at) + V * cell, GUTTER + V * cell);
      context.drawImage(grounds[at], 0, 0, left(at) + V * cell, GUTTER + V * cell);
      context.translate(left(at), GUTTER);
      ring(context, 1, row * cell, V * cell - 2, cell);
      ring(context, after * cell, before * cell, cell, cell);
      label(context, colours, after, "top", true);
      if (left(at)) label(context, colours, before, "left", true);
    });
  });
  canvases.forEach((canvas, at) => {
    const under = (event) => {
      const box = canvas.getBoundingClientRect();
      const place = [event.clientY - box.top - GUTTER, event.clientX - box.left - left(at)];
      return place.map((pixels) => clamp(Math.floor(pixels / cell), 0, V - 1));
    };
    canvas.addEventListener("pointermove", (event) => {
      const to = under(event);
      if (to[0] !== cursor[0] || to[1] !== cursor[1]) point(to);
    });
    canvas.addEventListener("click", (event) => {
      choose(under(event));
    });
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const to = moved(event.key, cursor, [V, V]);
      const typed = event.key === " " ? -1 : chars.indexOf(event.key);
      if (to) point(to);
      else if (event.key === "Enter" || event.key === " ") choose(cursor);
      else if (typed >= 0) pick(typed);
      else return;
      event.preventDefault();
    });
  });
  const afresh = () => {
    grounds = [];
    paint();
  };
  const unwatch = [
    watch(model, ["row"], () => {
      if (model.get("row") === row) return;
      row = model.get("row");
      showRow();
      point([row, likeliest(counted, V, row, 1)[0]]);
    }),
    onTheme(root, afresh),
    onWidth(root, (room) => {
      width = room;
      afresh();
    })
  ];
  showRow();
  point(cursor);
  return () => {
    unwatch.forEach((end) => end());
    paint.stop();
    said.stop();
    save.flush();
  };
}
var bigram_map_default = { render };
export {
  cellSize,
  bigram_map_default as default,
  drawColumn,
  largestDifference,
  likeliest,
  pairInWords,
  probInWords,
  randomFrom,
  write
};
