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
function toggled(all, chosen, name, on) {
  return all.filter((one) => one === name ? on : chosen.includes(one));
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

// nanogpt_lib/widgets/recipe_race.js
var WHOLE = 8e3;
var SLOWEST = 100;
var PARTS = 200;
var HEIGHT2 = 262;
var DASHES = [[], [7, 4]];
function placeOf(seconds, moment) {
  const after = seconds.findIndex((one) => one > moment);
  if (after < 0) return seconds.length - 1;
  return after - 1 + (moment - seconds[after - 1]) / (seconds[after] - seconds[after - 1]);
}
function valueAt(values, place) {
  const before = Math.floor(place);
  return values[before] + (place - before) * ((values[before + 1] ?? values[before]) - values[before]);
}
var upTo = (values, place) => [...values.slice(0, Math.ceil(place)), valueAt(values, place)];
var longest = (racers) => Math.max(...racers.map(({ seconds }) => seconds.at(-1)));
function reached({ seconds, mean, characters }, moment) {
  const place = placeOf(seconds, moment);
  const loss = fixed(valueAt(mean, place));
  if (place === seconds.length - 1) return `${loss}, arrived after ${fixed(seconds.at(-1), 1)} s`;
  return `${loss} after ${grouped(Math.round(valueAt(characters, place)))} characters`;
}
function render({ model, el }) {
  const get = (name) => model.get(name);
  const layout = get("layout_of");
  const racers = get("racers");
  const kinds = layout.kinds.map(([kind]) => kind);
  const root = startRoot(el, "recipe_race", "Recipe race: two recipes on one clock");
  const save = saver(model);
  const placeIn = (trait) => racers.findIndex(({ kinds: on }) => on.join() === get(trait).join());
  const both = () => [placeIn("ticks"), placeIn("against")];
  const pair = () => both().map((at) => racers[at]);
  const nameOf = (at) => racers[at].cells[0];
  const moment = () => get("share") * longest(pair());
  const drawnMark = (at) => {
    const sample2 = markSample(at);
    sample2.paint();
    return sample2.canvas;
  };
  const boxes = kinds.map(
    (kind) => checkbox({
      label: kind,
      value: false,
      onChange: (on) => save({ ticks: toggled(kinds, get("ticks"), kind, on) })
    })
  );
  boxes.forEach(({ root: box }, at) => {
    box.title = layout.kinds[at][1];
  });
  const mine = make(
    "div",
    { class: "nano-field cur-group", role: "group", "aria-label": "your racer" },
    make("span", { class: "nano-caption race-who" }, drawnMark(0), "your racer"),
    ...boxes.map((box) => box.root)
  );
  const rival = make("b");
  const theirs = make(
    "span",
    { class: "nano-field race-who" },
    drawnMark(1),
    make("span", { class: "nano-caption", text: "against" }),
    rival
  );
  const pin = button({
    label: "Race against this one",
    title: "Your racer becomes the other one; then change yours",
    onClick: () => save({ against: get("ticks") })
  });
  const plain = button({
    label: "Race against nothing",
    title: "The other racer has none of the four changes",
    onClick: () => save({ against: [] })
  });
  const start = button({ label: "Start", onClick: () => running === null ? begin() : rest() });
  const clock = slider({
    label: "time",
    min: 0,
    max: PARTS,
    value: PARTS,
    format: () => `${fixed(moment(), 1)} s`,
    // a race under way is mostly between two places
    onInput: (at) => goTo(at / PARTS)
  });
  const axis = choice({
    label: "drawn over",
    options: layout.axes,
    value: get("axis"),
    onChange: (value) => save({ axis: value })
  });
  const canvas = make("canvas", { role: "img" });
  const picture = make("div", { class: "cur-picture" }, canvas);
  const [now, told] = [readout(), readout()];
  told.root.classList.add("race-told");
  const marks = [0, 1].map((at) => drawnMark(at));
  const isRival = make("span", { class: "nano-hidden", text: " (the other racer)" });
  const group = newId("race");
  const rows = racers.map(({ kinds: on, cells: [name, ...cells] }) => {
    const input = make("input", { type: "radio", name: group, id: newId("racer") });
    const spot = make("span", { class: "race-marks" });
    const label = make("label", { for: input.id, text: name });
    const head = make("th", { scope: "row" }, make("div", { class: "race-name" }, input, label, spot));
    const row = make("tr", {}, head, ...cells.map((text) => make("td", { class: "nano-number", text })));
    input.addEventListener("change", () => save({ ticks: on }));
    row.addEventListener("click", ({ target }) => target.closest("input, label") || input.click());
    return { input, spot, row };
  });
  const table = make(
    "table",
    { class: "nano-table race-table" },
    make("caption", { text: `All ${racers.length} recipes, lowest loss first` }),
    headRow(...layout.columns.map((text, at) => [text, at ? "nano-number" : null])),
    make("tbody", {}, ...rows.map(({ row }) => row))
  );
  root.append(
    make("div", { class: "nano-bar" }, mine, pin),
    make("div", { class: "nano-bar" }, theirs, plain),
    make("div", { class: "nano-bar" }, start, clock.root, axis.root),
    make(
      "div",
      { class: "race-body" },
      make("div", {}, picture, now.root, told.root),
      make("div", { class: "cur-scroll" }, table)
    ),
    hint(layout.made),
    foldRow(
      fold(
        "What the four changes are",
        ...layout.kinds.map(([kind, steps]) => hint(make("b", { text: kind }), `: ${steps}`))
      ),
      fold(
        "How these numbers were made",
        hint(layout.how),
        hint(
          "Click or drag in the picture, or use the arrow keys on the slider. A row of the table is taken by a click, or by the arrow keys."
        )
      )
    )
  );
  let running = null;
  let before = 0;
  function begin() {
    before = performance.now();
    if (get("share") >= 1) model.set("share", 0);
    running = requestAnimationFrame(go);
    put(start, "Pause");
  }
  function go(time) {
    const passed = Math.min(Math.max(time - before, 0), SLOWEST);
    before = time;
    const share = Math.min(1, get("share") + passed / WHOLE);
    running = requestAnimationFrame(go);
    model.set("share", share);
    if (share === 1) rest();
  }
  function rest() {
    if (running === null) return;
    cancelAnimationFrame(running);
    running = null;
    put(start, "Start");
    save({});
  }
  function goTo(share) {
    rest();
    if (share !== get("share")) save({ share });
  }
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const calm = () => {
    start.hidden = still.matches;
    if (still.matches) rest();
  };
  function show() {
    const [you, other] = both();
    kinds.forEach((kind, at) => {
      boxes[at].set(get("ticks").includes(kind));
    });
    put(rival, nameOf(other));
    pin.setAttribute("aria-disabled", String(you === other));
    plain.setAttribute("aria-disabled", String(!get("against").length));
    axis.set(get("axis"));
    rows.forEach(({ input, row }, at) => {
      input.checked = at === you;
      row.classList.toggle("race-yours", at === you);
    });
    rows[you].spot.append(marks[0]);
    rows[other].spot.append(marks[1], isRival);
    told.say(get("words")[you][other]);
    showTime();
  }
  function showTime() {
    clock.set(Math.round(get("share") * PARTS));
    const [yours, other] = pair();
    const words = `After ${fixed(moment(), 1)} s: yours ${reached(yours, moment())}; the other ${reached(other, moment())}.`;
    now.say(words);
    canvas.setAttribute("aria-label", `Curves of validation loss. ${words}`);
    paint();
  }
  const paint = widePainter(root, picture, (width) => {
    const colours = themeColours(root);
    const over = get("axis");
    const runners = pair();
    const last = Math.max(...runners.map((racer) => racer[over].at(-1)));
    const { low, high, lines } = range(racers.flatMap((racer) => [racer.low, racer.high]));
    const chart = frame(canvas, {
      width,
      height: HEIGHT2,
      x: {
        from: 0,
        to: last,
        ticks: placesTo(last),
        format: grouped,
        title: `${layout.axes.find(([key]) => key === over)[1]} (loss in nats per character)`
      },
      y: { low, high, ticks: lines, format: lossText(low, high) },
      colours
    });
    if (over === "seconds") chart.upright(moment());
    runners.forEach((racer, at) => {
      const place = placeOf(racer.seconds, moment());
      if (at && racer === runners[0]) return;
      const { colour, shape } = lookOf(at);
      const [where, mean, bottom, top] = [over, "mean", "low", "high"].map((key) => upTo(racer[key], place));
      chart.inside(() => {
        band(chart, where, bottom, top, colour);
        line(chart, where, mean, { colour, dash: DASHES[at] });
      });
      if (mean.at(-1) <= high)
        mark(chart.context, shape, chart.across(where.at(-1)), chart.up(mean.at(-1)), colour, true);
    });
  });
  pointing(canvas, clock.input, (share) => goTo(Math.round(share * PARTS) / PARTS));
  const ends = [
    rest,
    watch(model, ["ticks", "against", "axis"], show),
    watch(model, ["share"], showTime),
    onTheme(root, paint),
    paint.stop,
    now.stop,
    told.stop,
    () => still.removeEventListener("change", calm),
    save.flush
  ];
  still.addEventListener("change", calm);
  calm();
  show();
  return () => ends.forEach((end) => end());
}
function band({ context, across, up }, places, low, high, colour) {
  context.beginPath();
  places.forEach((place, at) => context.lineTo(across(place), up(low[at])));
  places.toReversed().forEach((place, at) => context.lineTo(across(place), up(high.at(-1 - at))));
  context.closePath();
  context.globalAlpha = 0.22;
  context.fillStyle = colour;
  context.fill();
  context.globalAlpha = 1;
}
var recipe_race_default = { render };
export {
  recipe_race_default as default,
  longest,
  placeOf,
  reached,
  upTo,
  valueAt
};
