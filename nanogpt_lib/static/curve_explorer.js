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
var dashSample = (split) => sample((context, colours) => {
  const plain = { context, across: (value) => value, up: () => 8 };
  line(plain, [0, 30], [0, 0], { colour: colours.text, dash: DASHES[split] });
}, 30);

// nanogpt_lib/widgets/curve_explorer.js
function nearest(steps, share) {
  const goal = steps[0] + clamp(share, 0, 1) * (steps.at(-1) - steps[0]);
  return steps.reduce(
    (best, step, at) => Math.abs(step - goal) < Math.abs(steps[best] - goal) ? at : best,
    0
  );
}
function render({ model, el }) {
  const layout = model.get("layout_of");
  const { steps, variants } = layout;
  const splits = layout.splits.map(([name]) => name);
  const curves = model.get("curves");
  const root = startRoot(
    el,
    "curve_explorer",
    `Curve explorer: recorded training runs of "${layout.experiment}"`
  );
  const save = saver(model);
  let ink = null;
  const boxes = (trait, names, words) => names.map(
    (name, at) => checkbox({
      label: words[at],
      value: false,
      onChange: (on) => save({ [trait]: toggled(names, model.get(trait), name, on) })
    })
  );
  const variantBoxes = boxes("variants", variants, variants);
  const splitBoxes = boxes(
    "splits",
    splits,
    layout.splits.map(([, words]) => words)
  );
  const marks = variants.map((_, at) => markSample(at));
  const dashes = splits.map(dashSample);
  variantBoxes.forEach((box2, at) => box2.root.append(marks[at].canvas));
  splitBoxes.forEach((box2, at) => box2.root.append(dashes[at].canvas));
  const group = (label, fields) => make(
    "div",
    { class: "nano-field cur-group", role: "group", "aria-label": label },
    ...fields.map((box2) => box2.root)
  );
  const stepField = slider({
    label: "read at step",
    min: 0,
    max: steps.length - 1,
    value: steps.indexOf(model.get("step")),
    format: (at) => String(steps[at]),
    onInput: (at) => save({ step: steps[at] })
  });
  const said = readout();
  const canvas = make("canvas", { role: "img" });
  const box = make("div", { class: "cur-picture" }, canvas);
  const heads = ["training", "validation", "gap", "lowest validation", "at steps", "whole split, end"];
  const rows = variants.map((variant) => {
    const cells = heads.map(() => make("td", { class: "cur-number" }));
    return { cells, row: make("tr", {}, make("th", { scope: "row", text: variant }), ...cells) };
  });
  const caption = make("caption");
  const table = make(
    "table",
    { class: "nano-table cur-table" },
    caption,
    headRow(["variant"], ...heads.map((text) => [text, "cur-number"])),
    make("tbody", {}, ...rows.map(({ row }) => row))
  );
  root.append(
    make(
      "div",
      { class: "nano-bar" },
      group("variants", variantBoxes),
      group("losses", splitBoxes),
      stepField.root
    ),
    box,
    said.root,
    make("div", { class: "cur-scroll" }, table),
    hint(
      "Click or drag in the picture, or use the arrow keys on the slider. Open marks: the lowest validation of each seed. Filled marks: the means at the step you read."
    ),
    foldRow(fold("How these runs were made", hint(layout.hint)))
  );
  function show() {
    const at = steps.indexOf(model.get("step"));
    const [chosen, wanted] = [model.get("variants"), model.get("splits")];
    stepField.set(at);
    variantBoxes.forEach((box2, v) => box2.set(chosen.includes(variants[v])));
    splitBoxes.forEach((box2, s) => box2.set(wanted.includes(splits[s])));
    const words = variants.flatMap((name, v) => chosen.includes(name) ? [curves[v].words[at]] : []);
    const first = `Step ${steps[at]}.`;
    said.say(words.length ? [first, ...words].join(" ") : "Tick a variant to see its curves.");
    put(caption, `Losses at step ${steps[at]}, in nats per character (means over the seeds)`);
    rows.forEach(({ row, cells }, v) => {
      row.hidden = !chosen.includes(variants[v]);
      [...curves[v].columns[at], ...curves[v].lasting].forEach((text, column) => put(cells[column], text));
    });
    paint();
  }
  const paint = widePainter(root, box, (width) => {
    const colours = themeColours(root);
    if (colours.text !== ink) [...marks, ...dashes].forEach((one) => one.paint(colours));
    ink = colours.text;
    const at = steps.indexOf(model.get("step"));
    const chosen = variants.map((_, v) => v).filter((v) => model.get("variants").includes(variants[v]));
    const wanted = splits.filter((split) => model.get("splits").includes(split));
    const all = chosen.flatMap((v) => wanted.flatMap((split) => curves[v][split]));
    const { low, high, lines } = range(all);
    const picture = frame(canvas, {
      width,
      x: {
        from: steps[0],
        to: steps.at(-1),
        ticks: placesTo(steps.at(-1)),
        format: String,
        title: "step (loss in nats per character)"
      },
      y: { low, high, ticks: lines, format: lossText(low, high) },
      colours
    });
    const { context } = picture;
    if (!all.length) {
      picture.say("Tick a variant and a loss.");
      describe(at, chosen, wanted);
      return;
    }
    picture.upright(steps[at]);
    picture.inside(() => {
      for (const v of chosen) {
        const { colour } = lookOf(v);
        for (const split of wanted) {
          const style = { colour, dash: DASHES[split] };
          if (curves[v][split].length > 1)
            for (const losses of curves[v][split])
              line(picture, steps, losses, { ...style, wide: 1, strength: 0.55 });
          line(picture, steps, curves[v][`${split}_mean`], style);
        }
      }
    });
    for (const v of chosen) {
      const { colour, shape } = lookOf(v);
      if (wanted.includes("val"))
        curves[v].val.forEach((losses, seed) => {
          const place = curves[v].best[seed];
          mark(
            context,
            shape,
            picture.across(steps[place]),
            picture.up(losses[place]),
            colour,
            false,
            colours.back
          );
        });
      for (const split of wanted) {
        const loss = curves[v][`${split}_mean`][at];
        if (loss <= high) mark(context, shape, picture.across(steps[at]), picture.up(loss), colour, true);
      }
    }
    describe(at, chosen, wanted);
  });
  function describe(at, chosen, wanted) {
    const losses = layout.splits.filter(([name]) => wanted.includes(name)).map(([, words]) => words);
    const told = chosen.map((v) => {
      const [train, val] = curves[v].columns[at];
      return `${variants[v]} training ${train}, validation ${val}`;
    });
    canvas.setAttribute(
      "aria-label",
      told.length && losses.length ? `Curves of ${losses.join(" and ")} loss. At step ${steps[at]}: ${told.join("; ")}.` : "An empty picture: tick a variant and a loss."
    );
  }
  pointing(canvas, stepField.input, (share) => {
    const step = steps[nearest(steps, share)];
    if (step !== model.get("step")) save({ step });
  });
  const ends = [watch(model, ["step", "variants", "splits"], show), onTheme(root, paint)];
  show();
  return () => {
    ends.forEach((end) => end());
    paint.stop();
    said.stop();
    save.flush();
  };
}
var curve_explorer_default = { render };
export {
  curve_explorer_default as default,
  nearest
};
