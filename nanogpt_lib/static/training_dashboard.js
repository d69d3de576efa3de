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
var SIGNS = { " ": "␣", "\n": "⏎", "	": "⇥", "\r": "␍" };
var INKLESS = /[\p{C}\p{Z}\p{M}\u115f\u1160\u2800\u3164\uffa0\u{1d159}]/u;
var numbered = (char) => `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
function visible(token) {
  return Array.from(token, (char) => SIGNS[char] ?? (INKLESS.test(char) ? numbered(char) : char)).join("");
}
function readable(text) {
  return Array.from(text, (char) => char === " " || char === "\n" ? char : visible(char)).join("");
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
function dot(context, shape, x, y, colour, size) {
  outline(context, shape, x, y, size);
  context.fillStyle = colour;
  context.fill();
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

// nanogpt_lib/widgets/training_dashboard.js
var LINES = [
  { name: "training", column: 1, colour: "#0072b2", dash: [], shape: "circle" },
  { name: "validation", column: 2, colour: "#d55e00", dash: [7, 4], shape: "square" }
];
var LEFT = 50;
var GAP = 14;
var LOSS = { height: 250, top: 8, bottom: 38 };
var RATE = { height: 84, top: 8, bottom: 20 };
var LONGEST_NAME = 22;
var PATIENCE2 = 6e3;
var LABELS = { new: "Train", training: "Stop", stopped: "Continue", failed: "Continue", done: "Done" };
function lossRange(curve, levels) {
  const values = [...curve.flatMap(([, train, val]) => [train, val]), ...levels].filter(
    (one) => one !== null
  );
  if (!values.length) return { low: 0, high: 4.5 };
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.1, (high - low) * 0.05);
  return { low: Math.max(0, low - room), high: high + room };
}
function apart(heights, gap, low, high) {
  const order = heights.map((_, at) => at).sort((one, two) => heights[one] - heights[two]);
  const places = [...heights];
  order.forEach((at, rank) => {
    const before = rank ? places[order[rank - 1]] + gap : low;
    places[at] = Math.max(heights[at], before);
  });
  [...order].reverse().forEach((at, rank) => {
    const after = rank ? places[order[order.length - rank]] - gap : high;
    places[at] = Math.min(places[at], after);
  });
  return places;
}
function nearestEvaluation(curve, step) {
  return curve.reduce(
    (best, [at], place) => Math.abs(at - step) < Math.abs(curve[best][0] - step) ? place : best,
    0
  );
}
var followed = (chosen, before, after) => chosen >= before - 1 ? after - 1 : Math.min(chosen, after - 1);
var rateText = (rate) => rate === 0 ? "0" : String(Number(rate.toPrecision(3)));
var shortened = (name) => name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
var named = ([name, loss]) => `${shortened(name)} ${loss.toFixed(2)}`;
function render({ model, el }) {
  const root = startRoot(
    el,
    "training_dashboard",
    "Training dashboard: a live training run, its losses and what it writes"
  );
  const layout = model.get("layout_of");
  const levels = layout.baselines;
  let chosen = Math.max(0, model.get("curve").length - 1);
  let known = model.get("curve").length;
  let width = 0;
  let right = 0;
  let colours = null;
  let notice = null;
  const silent = () => {
    notice = "Python has not answered for a while. If no other cell is running, the kernel may be gone: run this cell again. What is here stays.";
    show();
  };
  const ask = asker(model, silent, PATIENCE2);
  const act = (what) => {
    notice = null;
    ask({ do: what });
  };
  const state = () => model.get("now").state;
  const press = () => {
    if (notice === null && state() === "training") act("stop");
    else if (state() !== "done") act("train");
  };
  const main = button({ label: "Train", onClick: press });
  main.classList.add("dash-main");
  const again = button({
    label: "Start again …",
    title: `Back to step ${layout.from}, after a question`,
    onClick: () => {
      if (again.getAttribute("aria-disabled") === "true") return;
      if (state() === "training") act("stop");
      sure.hidden = false;
      show();
      keep.focus();
    }
  });
  const closeSure = () => {
    sure.hidden = true;
    again.focus();
    show();
  };
  const keep = button({ label: "No, keep it", onClick: closeSure });
  const yes = button({
    label: "Yes, start again",
    onClick: () => {
      sure.hidden = true;
      act("again");
      main.focus();
    }
  });
  const question = make("span");
  const sure = make(
    "div",
    { class: "nano-bar dash-sure", role: "group", "aria-label": "Start again?", hidden: true },
    question,
    keep,
    yes
  );
  sure.addEventListener("keydown", (event) => event.key === "Escape" && closeSure());
  const status = readout();
  const notes = make(
    "div",
    { class: "dash-notes", role: "note" },
    ...layout.notes.map((text2) => make("p", { text: text2 }))
  );
  const facts = model.get("now").facts.map(([label]) => {
    const value = make("dd");
    return { value, root: make("div", { class: "dash-fact" }, make("dt", { text: label }), value) };
  });
  const key = make(
    "div",
    { class: "dash-key" },
    ...LINES.map(
      ({ name, colour, dash, shape }) => make(
        "span",
        {},
        make("i", {
          class: `dash-line${dash.length ? " dash-dashed" : ""} dash-${shape}`,
          style: { color: colour },
          "aria-hidden": "true"
        }),
        make("span", { text: name })
      )
    ),
    levels.length ? make(
      "span",
      {},
      make("i", { class: "dash-line dash-dotted", "aria-hidden": "true" }),
      make("span", { text: "levels to beat" })
    ) : null
  );
  const lossCanvas = make("canvas", { role: "img" });
  const rateCanvas = make("canvas", { role: "img" });
  const picture = make("div", { class: "dash-picture" }, lossCanvas, rateCanvas);
  const field = slider({
    label: "evaluation",
    min: 0,
    max: 0,
    value: 0,
    format: (at) => model.get("curve")[at] ? `step ${model.get("curve")[at][0].toLocaleString("en")}` : "none yet",
    onInput: (at) => choose(at)
  });
  const evaluated = readout();
  const wrote = make("p", { class: "dash-wrote" });
  const start = make("b");
  const text = make("span");
  const paper = make(
    "pre",
    { class: "dash-paper", tabindex: "0", role: "group", "aria-label": "What the model wrote" },
    start,
    text
  );
  const body = make("tbody");
  const table = fold(
    "All evaluations as a table",
    make(
      "table",
      {},
      make("caption", { text: "Losses in nats per character, estimated before these steps" }),
      headRow(["step"], ["training"], ["validation"]),
      body
    )
  );
  table.classList.add("dash-table");
  root.append(
    make("div", { class: "nano-bar" }, main, again),
    sure,
    status.root,
    notes,
    make("dl", { class: "dash-facts" }, ...facts.map((fact) => fact.root)),
    make(
      "div",
      { class: "dash-two" },
      make("div", {}, key, picture),
      make(
        "div",
        {},
        make("div", { class: "dash-choose" }, field.root),
        make("div", { class: "dash-evaluated" }, evaluated.root),
        wrote,
        paper
      )
    ),
    foldRow(
      table,
      fold(
        "How to use it",
        hint(
          `The other cells can run meanwhile: a cell waits for the end of a step, the training run for the end of the cell. It stops at Stop, at the kernel's interrupt, and when nobody watches any more. Click in the picture, or use the arrow keys on the slider, to go back to an earlier evaluation.${layout.folder ? ` Saved in ${layout.folder} at every evaluation and at Stop.` : ""}`
        )
      )
    )
  );
  function choose(at) {
    const last = model.get("curve").length - 1;
    if (last < 0) return;
    chosen = clamp(at, 0, last);
    show();
  }
  function show() {
    const now = model.get("now");
    const curve = model.get("curve");
    const running = now.state === "training";
    const label = notice !== null && running ? "Continue" : LABELS[now.state];
    put(main, label);
    main.setAttribute("aria-disabled", String(now.state === "done"));
    const back = now.step > layout.from;
    again.setAttribute("aria-disabled", String(!back));
    if (!back) sure.hidden = true;
    put(
      question,
      `Give up the steps ${layout.from.toLocaleString("en")} to ${now.step.toLocaleString("en")}, their curve and their samples?`
    );
    root.dataset.state = now.state;
    const words = notice ?? now.words;
    status.say(words, running && notice === null ? "Training." : words);
    now.facts.forEach(([, value], at) => put(facts[at].value, value));
    notes.hidden = !layout.notes.length;
    const most = String(Math.max(0, curve.length - 1));
    if (field.input.max !== most) field.input.max = most;
    field.input.disabled = curve.length < 1;
    field.set(chosen);
    const record = curve[chosen];
    evaluated.say(record ? record[3] : "No evaluation yet.");
    const sample = record && model.get("samples").find(([step]) => step === record[0]);
    const late = !record && model.get("samples").at(-1);
    const written = sample ?? (chosen === curve.length - 1 ? model.get("samples").at(-1) ?? null : null) ?? late;
    wrote.hidden = paper.hidden = !layout.samples;
    if (written) put(wrote, `At step ${written[0].toLocaleString("en")} it wrote:`);
    else
      put(
        wrote,
        record ? `At step ${record[0].toLocaleString("en")} no sample was drawn.` : "It has written nothing yet."
      );
    put(start, written ? readable(layout.prompt) : "");
    put(text, written ? readable(written[1]) : "");
    while (body.children.length > curve.length) body.lastChild.remove();
    curve.forEach(([step, train, val], at) => {
      const cells = [
        step.toLocaleString("en"),
        ...[train, val].map((one) => one === null ? "not a number" : one.toFixed(3))
      ];
      const row = body.children[at] ?? body.appendChild(make("tr", {}, make("th", { scope: "row" }), make("td"), make("td")));
      cells.forEach((cell, place) => put(row.children[place], cell));
    });
    paint();
  }
  function roomForNames() {
    const context = lossCanvas.getContext("2d");
    context.font = `12px ${colours.font}`;
    const wide = levels.map((level) => Math.ceil(context.measureText(named(level)).width));
    return 12 + Math.max(0, ...wide);
  }
  function charted(canvas, { height, top, bottom }, y, title) {
    const from = 0;
    const to = Math.max(1, layout.steps - 1);
    const inner = width - LEFT - right;
    return frame(canvas, {
      width,
      height,
      margin: { left: LEFT, right, top, bottom },
      x: {
        from,
        to,
        ticks: ticks(from, to, clamp(Math.floor(inner / 90), 2, 8)),
        format: (step) => step.toLocaleString("en"),
        title
      },
      y: { ...y, faint: true },
      colours,
      under: ({ context, across, floor }) => {
        context.fillStyle = colours.panel;
        context.globalAlpha = 0.6;
        context.fillRect(LEFT, top, across(Math.min(model.get("now").step, to)) - LEFT, floor - top);
        context.globalAlpha = 1;
      }
    });
  }
  function drawLosses(curve) {
    const { low, high } = lossRange(
      curve,
      levels.map(([, loss]) => loss)
    );
    const lines = ticks(low, high, 6);
    const digits = lines.length > 1 && lines[1] - lines[0] < 0.1 ? 2 : 1;
    const format = (value) => value.toFixed(digits);
    const title = "step (loss in nats per character)";
    const chart = charted(lossCanvas, LOSS, { low, high, ticks: lines, format }, title);
    const { context, inner, floor, across, up } = chart;
    const heights = levels.map(([, loss]) => up(loss));
    const places = apart(heights, GAP, LOSS.top + 4, floor);
    context.textAlign = "left";
    levels.forEach((level, at) => {
      const ends2 = [0, Math.max(1, layout.steps - 1)];
      line(chart, ends2, [level[1], level[1]], { colour: colours.text, dash: [1.5, 3.5], wide: 2 });
      context.fillStyle = colours.text;
      context.fillText(named(level), LEFT + inner + 6, places[at]);
    });
    const record = curve[chosen];
    if (record) chart.upright(record[0]);
    for (const { column, colour, dash, shape } of LINES) {
      const there = curve.filter((one) => one[column] !== null);
      const [steps, losses] = [0, column].map((place) => there.map((one) => one[place]));
      line(chart, steps, losses, { colour, dash, wide: 2 });
      const size = there.length > 60 ? 1.5 : 3;
      for (const one of there) dot(context, shape, across(one[0]), up(one[column]), colour, size);
      if (record && record[column] !== null)
        dot(context, shape, across(record[0]), up(record[column]), colour, 5);
    }
    lossCanvas.setAttribute(
      "aria-label",
      record ? `Loss curves. ${record[3]}` : `Loss curves, still empty. Levels: ${levels.map(([name, loss]) => `${name} ${loss.toFixed(2)}`).join(", ")}.`
    );
  }
  function drawRate() {
    const top = Math.max(...layout.rates.map(([, rate2]) => rate2));
    const chart = charted(rateCanvas, RATE, { low: 0, high: top * 1.08, ticks: [0, top], format: rateText });
    const { context, inner, floor, across, up } = chart;
    const [steps, rates] = [0, 1].map((place) => layout.rates.map((one) => one[place]));
    line(chart, steps, rates, { colour: colours.muted, wide: 2 });
    const { step, rate } = model.get("now");
    dot(context, "circle", across(Math.min(step, layout.steps - 1)), up(rate), colours.text, 4.5);
    context.textAlign = "left";
    context.fillStyle = colours.text;
    context.fillText("rate now", LEFT + inner + 6, floor / 2 - 6);
    context.fillText(rateText(rate), LEFT + inner + 6, floor / 2 + 9);
    rateCanvas.setAttribute(
      "aria-label",
      `Learning rate over the steps, up to ${rateText(top)}; now ${rateText(rate)}.`
    );
  }
  const paint = widePainter(root, picture, (room) => {
    width = room;
    colours = themeColours(root);
    right = roomForNames();
    drawLosses(model.get("curve"));
    drawRate();
  });
  pointing(
    lossCanvas,
    field.input,
    (share) => {
      const curve = model.get("curve");
      if (curve.length) choose(nearestEvaluation(curve, share * Math.max(1, layout.steps - 1)));
    },
    () => ({ left: LEFT, right })
  );
  const told = () => {
    const curve = model.get("curve");
    chosen = Math.max(0, followed(chosen, known, curve.length));
    known = curve.length;
    notice = null;
    if (state() === "training") ask.reported();
    else ask.answered();
    show();
  };
  const ends = [watch(model, ["now"], told), onTheme(root, () => paint())];
  if (state() === "training") told();
  else show();
  return () => {
    ends.forEach((end) => end());
    ask.answered();
    paint.stop();
    status.stop();
    evaluated.stop();
  };
}
var training_dashboard_default = { render };
export {
  apart,
  training_dashboard_default as default,
  followed,
  lossRange,
  nearestEvaluation,
  rateText,
  shortened
};
