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
var numbered = (char) => `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
function visible(token) {
  return Array.from(token, (char) => SIGNS[char] ?? (INKLESS.test(char) ? numbered(char) : char)).join("");
}
function readable(text) {
  return Array.from(text, (char) => char === " " || char === "\n" ? char : visible(char)).join("");
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
function line({ context, across, up }, places, values, { colour, dash = [], wide = 2.5, strength = 1 }) {
  context.strokeStyle = colour;
  context.lineWidth = wide;
  context.globalAlpha = strength;
  context.setLineDash(dash);
  context.beginPath();
  values.forEach((value, at) => context.lineTo(across(places[at]), up(value)));
  context.stroke();
  context.globalAlpha = 1;
  context.setLineDash([]);
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

// nanogpt_lib/widgets/ngram_explorer.js
function axisTop(values) {
  return Math.max(0.5, Math.ceil(Math.max(...values) * 2 + 0.15) / 2);
}
function barPlaces(orders, left, width) {
  const group = width / orders;
  const bar2 = Math.min(46, group * 0.38);
  return Array.from({ length: orders }, (_, order) => {
    const middle = left + group * (order + 0.5);
    return {
      order,
      group: left + group * order,
      width: group,
      bar: bar2,
      train: middle - bar2 - 1,
      val: middle + 1
    };
  });
}
function orderAt(x, orders, left, width) {
  return clamp(Math.floor((x - left) / width * orders), 0, orders - 1);
}
var TRAIN = "#0072b2";
var VAL = "#e69f00";
var HEIGHT2 = 225;
var MARGIN2 = { left: 46, right: 10, top: 10, bottom: 32 };
function render({ model, el }) {
  const root = startRoot(el, "ngram_explorer", "N-gram explorer: loss and writing of every order");
  const save = saver(model, 40);
  const train = model.get("train_losses");
  const val = model.get("val_losses");
  const orders = train.length;
  const guess = Math.log(model.get("vocab_size"));
  const top = axisTop([...train, ...val, guess]);
  let order = model.get("order");
  let width = 700;
  const contexts = (n) => `${n} (${n === 1 ? "1 character" : `${n} characters`} of context)`;
  const field = slider({
    label: "order",
    min: 0,
    max: orders - 1,
    value: order,
    format: contexts,
    onInput: pick
  });
  const said = readout();
  const waiting = patience(() => said.say(NO_ANSWER));
  const canvas = make("canvas", { role: "img" });
  canvas.setAttribute(
    "aria-label",
    `Bars of loss in nats per character. ${train.map((loss, n) => `Order ${n}: train ${fixed(loss)}, validation ${fixed(val[n])}.`).join(" ")} Uniform guessing: ${fixed(guess)}.`
  );
  const swatch = (name, words) => keyEntry(name, make("span", { text: words }));
  const title = make("span", { class: "nano-written" });
  const text = make("pre", { class: "nano-sample", tabindex: "0", "aria-label": "sample" });
  const again = button({ label: "Another sample", onClick: another });
  root.append(
    make(
      "div",
      { class: "nano-bar" },
      field.root,
      swatch("nano-train", "train loss"),
      swatch("nano-val", "validation loss")
    ),
    canvas,
    said.root,
    make("p", { class: "nano-words", text: model.get("words") }),
    make("div", { class: "nano-bar nano-writing" }, again, title),
    text
  );
  function pick(to) {
    order = to;
    save({ order });
    show();
  }
  function another() {
    const wanted = [...model.get("wanted")];
    wanted[order] += 1;
    save({ wanted });
    waiting.start();
    showSample();
  }
  function showSample() {
    const sample = model.get("samples")[order];
    const wanted = model.get("wanted")[order];
    const asked = wanted !== sample.number;
    again.disabled = false;
    title.textContent = asked ? `Python writes sample ${wanted} …` : `Written by order ${order}, sample ${sample.number} (Python, seed ${model.get("seed") + sample.number - 1})`;
    text.textContent = readable(sample.text);
    text.classList.toggle("nano-old", asked);
    if (!asked) waiting.end();
  }
  function show() {
    field.set(order);
    said.say(
      `Order ${order}: train loss ${fixed(train[order])}, validation loss ${fixed(val[order])} nats per character.`
    );
    showSample();
    paint();
  }
  const paint = painter(root, () => {
    const colours = themeColours(root);
    const picture = frame(canvas, {
      width,
      height: HEIGHT2,
      margin: MARGIN2,
      x: { from: 0, to: orders },
      y: { low: 0, high: top, ticks: ticks(0, top, top), format: String, faint: true },
      colours
    });
    const { context, inner, floor, up: y } = picture;
    context.save();
    context.translate(13, (floor + MARGIN2.top) / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText("loss (nats/char)", 0, 0);
    context.restore();
    for (const place of barPlaces(orders, MARGIN2.left, inner)) {
      const chosen = place.order === order;
      if (chosen) {
        context.fillStyle = colours.panel;
        context.fillRect(place.group + 2, MARGIN2.top, place.width - 4, floor - MARGIN2.top);
        context.fillStyle = colours.accent;
        context.fillRect(place.group + 2, HEIGHT2 - 6, place.width - 4, 4);
      }
      bar(context, place.train, y(train[place.order]), place.bar, floor, TRAIN, false);
      bar(context, place.val, y(val[place.order]), place.bar, floor, VAL, true);
      context.fillStyle = colours.text;
      context.textAlign = "center";
      context.font = `${chosen ? "bold " : ""}13px ${colours.font}`;
      context.fillText(String(place.order), place.group + place.width / 2, floor + 13);
      if (place.bar >= 30) {
        context.font = `${chosen ? "bold " : ""}11px ${colours.font}`;
        context.fillText(
          fixed(train[place.order], 2),
          place.train + place.bar / 2,
          y(train[place.order]) - 8
        );
        context.fillText(fixed(val[place.order], 2), place.val + place.bar / 2, y(val[place.order]) - 8);
      }
    }
    context.fillStyle = colours.muted;
    context.font = `12px ${colours.font}`;
    context.textAlign = "left";
    context.fillText("order", 4, floor + 13);
    line(picture, [0, orders], [guess, guess], { colour: colours.text, dash: [6, 4], wide: 1 });
    context.fillStyle = colours.text;
    context.textAlign = "right";
    context.fillText(
      `uniform guessing: ln ${model.get("vocab_size")} = ${fixed(guess)}`,
      width - MARGIN2.right - 4,
      y(guess) - 9
    );
  });
  canvas.addEventListener("click", (event) => {
    const x = event.clientX - canvas.getBoundingClientRect().left;
    pick(orderAt(x, orders, MARGIN2.left, width - MARGIN2.left - MARGIN2.right));
  });
  const unwatch = [
    watch(model, ["samples", "wanted"], () => {
      showSample();
      paint();
    }),
    watch(model, ["order"], () => {
      if (model.get("order") === order) return;
      order = model.get("order");
      show();
    }),
    onTheme(root, paint),
    onWidth(root, (room) => {
      width = clamp(room - 2, 300, 900);
      paint.now();
    })
  ];
  show();
  return () => {
    unwatch.forEach((end) => end());
    waiting.end();
    paint.stop();
    said.stop();
    save.flush();
  };
}
function bar(context, left, top, width, floor, colour, striped) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, floor - top);
  context.clip();
  context.fillStyle = colour;
  context.globalAlpha = striped ? 0.55 : 1;
  context.fillRect(left, top, width, floor - top);
  context.globalAlpha = 1;
  context.strokeStyle = colour;
  context.lineWidth = 3;
  if (striped) {
    for (let at = left - (floor - top); at < left + width; at += 9) {
      context.beginPath();
      context.moveTo(at, floor);
      context.lineTo(at + floor - top, top);
      context.stroke();
    }
  }
  context.strokeRect(left, top, width, floor - top);
  context.restore();
}
var ngram_explorer_default = { render };
export {
  axisTop,
  barPlaces,
  ngram_explorer_default as default,
  orderAt
};
