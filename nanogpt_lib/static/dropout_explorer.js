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
  for (const kind2 of ["keydown", "keyup", "keypress"])
    root.addEventListener(kind2, (event) => event.stopPropagation());
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
function labelled(kind2, label, input, extra = null) {
  input.id = newId(kind2);
  const root = make(
    "div",
    { class: `nano-field nano-${kind2}` },
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
    ([text, kind2 = null]) => text === null ? make("td", { class: "nano-long", "aria-hidden": "true" }) : make("th", { scope: "col", text, class: kind2 })
  );
  return make("thead", {}, make("tr", {}, ...cells));
}
function barCell() {
  const fill = make("div", { class: "nano-fill" });
  const track = make("div", { class: "nano-track" }, fill);
  return { cell: make("td", { class: "nano-long", "aria-hidden": "true" }, track), track, fill };
}

// nanogpt_lib/widgets/pictures/canvas.js
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

// nanogpt_lib/widgets/dropout_explorer.js
var WIDEST = 3.2;
function unpack(numbers, layout, p, mask) {
  const { shares, masks, line } = layout;
  const size = line.length;
  const share = shares.indexOf(p);
  const choice = share * masks + mask;
  const lengths = [size * size, size, size, size];
  const [cells, sums, means, deviations] = pieces(numbers, choice * (size * size + 3 * size), lengths);
  return { choice, share, cells: rowsOf(cells, size), sums, means, deviations };
}
function kind(cell) {
  if (cell < -1.5) return "future";
  return cell < -0.5 ? "dropped" : "kept";
}
function render({ model, el }) {
  const root = startRoot(
    el,
    "dropout_explorer",
    "Dropout explorer: attention weights and sums of their rows"
  );
  root.classList.add("nano-adapts");
  const save = saver(model);
  const layout = model.get("layout_of");
  const { shares, masks, line } = layout;
  const numbers = floats(model.get("numbers"));
  const repeats = layout.repeats.toLocaleString("en-GB");
  const shareField = slider({
    label: "p, the share to drop",
    min: 0,
    max: shares.length - 1,
    value: shares.indexOf(model.get("p")),
    format: (at) => String(shares[at]),
    onInput: (at) => save({ p: shares[at] })
  });
  const again = button({
    label: "Draw again",
    title: `Another mask: the next of ${masks}`,
    onClick: () => save({ mask: (model.get("mask") + 1) % masks })
  });
  const which = make("span", { class: "dro-which" });
  const said = readout();
  said.root.classList.add("nano-light");
  const grid = line.map((token, t) => {
    const cells = line.map(() => make("td", { class: "dro-cell" }));
    const total = make("td", { class: "nano-number dro-sum" });
    const head = make("th", { scope: "row", text: `${t} ${token}` });
    return { cells, total, row: make("tr", {}, head, ...cells, total) };
  });
  const corner = make("td", { "aria-hidden": "true" });
  const sumHead = make("th", { scope: "col", class: "nano-number", text: "sum" });
  const weights = make(
    "table",
    { class: "nano-table dro-weights" },
    make("caption", { text: "This draw: weights after dropout (query down, key across)" }),
    make(
      "thead",
      {},
      make("tr", {}, corner, ...line.map((token) => make("th", { scope: "col", text: token })), sumHead)
    ),
    make("tbody", {}, ...grid.map(({ row }) => row))
  );
  const raised = make("span");
  const key = make(
    "p",
    { class: "nano-key" },
    keyEntry("dro-kept", raised),
    keyEntry("dro-dropped", make("span", { text: "dropped" }), "×"),
    keyEntry("dro-future", make("span", { text: "the future, never a weight" }))
  );
  const many = line.map((token, t) => {
    const { cell, fill } = barCell();
    const [mean, deviation, zero] = [0, 1, 2].map(() => make("td", { class: "nano-number" }));
    const head = make("th", { scope: "row", text: `${t} ${token}` });
    return { fill, mean, deviation, zero, row: make("tr", {}, head, mean, cell, deviation, zero) };
  });
  const table = make(
    "table",
    { class: "nano-table dro-many" },
    make("caption", { text: `The sums of the rows over ${repeats} draws` }),
    headRow(
      ["row"],
      ["mean", "nano-number"],
      [null],
      ["standard deviation", "nano-number"],
      ["all zero", "nano-number"]
    ),
    make("tbody", {}, ...many.map(({ row }) => row))
  );
  root.append(
    make("div", { class: "nano-bar" }, shareField.root, again, which),
    said.root,
    make(
      "div",
      { class: "nano-panels" },
      make("div", { class: "nano-panel" }, weights, key),
      make("div", { class: "nano-panel" }, table)
    ),
    hint(
      `Row t holds t + 1 equal weights. Each draw has its own random numbers (seeds 1 to ${masks}, as my_dropout in this notebook takes them), the same for every p: so a larger p drops more of the same draw. Bars end at a standard deviation of ${WIDEST}.`
    )
  );
  function show() {
    const [p, mask] = [model.get("p"), model.get("mask")];
    const state = unpack(numbers, layout, p, mask);
    shareField.set(state.share);
    which.textContent = `draw ${mask + 1} of ${masks}`;
    const words = model.get("words")[state.choice];
    const sums = state.sums.map((sum) => fixed(sum, 2));
    said.say(words, `${words} Draw ${mask + 1}, sums of the rows: ${sums.join(", ")}.`);
    raised.textContent = p === 1 ? "kept (none here)" : `kept, ${layout.kept[state.share]} times as large`;
    grid.forEach(({ cells, total }, t) => {
      cells.forEach((cell, s) => {
        const value = state.cells[t][s];
        const found = kind(value);
        const colour = found === "kept" ? cividis(value) : null;
        cell.className = `dro-cell dro-${found}`;
        cell.textContent = { future: "", dropped: "×", kept: fixed(value, 2) }[found];
        cell.style.background = colour ? css(colour) : "";
        cell.style.color = colour ? inkOn(colour) : "";
        if (found === "dropped") cell.setAttribute("aria-label", "dropped");
        else cell.removeAttribute("aria-label");
      });
      total.textContent = sums[t];
      total.classList.toggle("dro-nothing", state.sums[t] === 0);
    });
    many.forEach(({ fill, mean, deviation, zero }, t) => {
      mean.textContent = fixed(state.means[t], 2);
      deviation.textContent = fixed(state.deviations[t], 2);
      zero.textContent = layout.zeros[state.share][t];
      fill.style.width = `${Math.min(100, 100 * state.deviations[t] / WIDEST)}%`;
    });
    paint();
  }
  const paint = painter(root, () => true);
  const ends = [watch(model, ["p", "mask"], show), paint.stop, said.stop, save.flush];
  show();
  return () => ends.forEach((end) => end());
}
var dropout_explorer_default = { render };
export {
  dropout_explorer_default as default,
  kind,
  unpack
};
