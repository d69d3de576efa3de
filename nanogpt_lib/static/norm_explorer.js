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

// nanogpt_lib/widgets/norm_explorer.js
var REST = "#0072b2";
var GROUP = "#e69f00";
var HEIGHT = 84;
var HUE = 2;
var SIDES = ["top", "right", "bottom", "left"];
var sum = (values) => values.reduce((total, value) => total + value, 0);
var mean = (values) => sum(values) / values.length;
function variance(values) {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}
function groupsOf(dims, shape) {
  const [, T, C] = shape;
  const keys = Array.from({ length: shape[0] * T * C }, (_, at) => {
    const place = [Math.floor(at / (T * C)), Math.floor(at / C) % T, at % C];
    return place.map((one, axis) => dims.includes(axis) ? 0 : one).join();
  });
  const names = [...new Set(keys)];
  return keys.map((key) => names.indexOf(key));
}
var members = (values, groups, group) => values.filter((_, at) => groups[at] === group);
function normalise(x, groups, eps) {
  const means = [];
  const deviations = [];
  for (let group = 0; group <= Math.max(...groups); group += 1) {
    const own = members(x, groups, group);
    means.push(mean(own));
    deviations.push(Math.sqrt(variance(own) + eps));
  }
  return x.map((value, at) => (value - means[groups[at]]) / deviations[groups[at]]);
}
function barOf(value, limit, bins) {
  return clamp(Math.floor((value + limit) / (2 * limit) * bins), 0, bins - 1);
}
function counted(values, limit, bins) {
  const counts = Array(bins).fill(0);
  for (const value of values) counts[barOf(value, limit, bins)] += 1;
  return counts;
}
function plain(value) {
  return String(value).replace("-", "−");
}
function by(value, layout, most = "") {
  return value >= layout.little ? `by ${most}${fixed(value, 2)}` : `by less than ${layout.little}`;
}
function would(light, value, layout) {
  return {
    leak: `would move ${by(value, layout)}: it sees`,
    hidden: "would not move, but only since your change hides it: it sees",
    closed: "would not move: it does not see"
  }[light];
}
function changeInWords(label, shift, scale, own, rest, same, layout) {
  const parts = [];
  if (scale !== 1) parts.push(`times ${plain(scale)}`);
  if (shift) parts.push(`${shift > 0 ? "plus" : "minus"} ${Math.abs(shift)}`);
  if (!parts.length) return "Change: none yet. Choose a position or a feature, then shift or scale it.";
  const what = `${label} ${parts.join(", ")}`;
  if (same) return `Change: ${what}. That leaves every number of the table as it was.`;
  const most = Math.max(own, rest);
  if (most < layout.nothing)
    return `Change: ${what}. After the norm every number is as it was: the norm erases the change.`;
  const [ownMoves, restMoves] = [own, rest].map(
    (far) => far < layout.nothing ? "stays as it was" : `moves ${by(far, layout, "up to ")}`
  );
  const erased = most >= layout.little ? "" : " The norm erases the change, but for its ε.";
  return `Change: ${what}. After the norm it ${ownMoves}, the rest ${restMoves}.${erased}`;
}
function explore(layout, axis, part, shift, scale) {
  const [, , dims] = layout.axes.find(([name]) => name === axis);
  const [, label, cells] = layout.parts.find(([name]) => name === part);
  const [, T, C] = layout.shape;
  const groups = groupsOf(dims, layout.shape);
  const norm = (table) => normalise(table, groups, layout.eps);
  const changed = (table) => table.map((value, at) => cells.includes(at) ? scale * value + shift : value);
  const x = changed(layout.x);
  const normalised = norm(x);
  const far = (one, other, where) => Math.max(...one.map((value, at) => where(at) ? Math.abs(value - other[at]) : 0));
  const probe = (where) => {
    const other = layout.x.map((value, at) => where(Math.floor(at / C)) ? layout.z[at % C] : value);
    return far(norm(changed(other)), normalised, (at) => at < C);
  };
  const light = (far2, reaches) => far2 >= layout.nothing ? "leak" : reaches ? "hidden" : "closed";
  const time = probe((position) => position === T - 1);
  const batch = probe((position) => position >= T);
  const lights = [light(time, dims.includes(1)), light(batch, dims.includes(0))];
  const plainly = norm(layout.x);
  const own = far(normalised, plainly, (at) => cells.includes(at));
  const rest = far(normalised, plainly, (at) => !cells.includes(at));
  const most = Math.max(...x.map(Math.abs));
  const limits = [layout.limits.find((limit) => limit >= most), layout.limits[0]];
  const statistics = layout.groups[axis].map(
    (_, group) => [x, normalised].flatMap((table) => {
      const numbers = members(table, groups, group);
      return [mean(numbers), variance(numbers)];
    })
  );
  const first = layout.line[0];
  return {
    x,
    normalised,
    groups,
    statistics,
    limits,
    counts: [x, normalised].map((table, at) => counted(table, limits[at], layout.bins)),
    change: normalised.map((value, at) => Math.abs(value - plainly[at])),
    time,
    batch,
    lights,
    words: [
      `Time: if block 0 ended in z, its ${first} ${would(lights[0], time, layout)} its future.`,
      `Batch: if block 1 were zzzz, the ${first} of block 0 ${would(lights[1], batch, layout)} its neighbour.`,
      changeInWords(
        label,
        shift,
        scale,
        own,
        rest,
        x.every((value, at) => value === layout.x[at]),
        layout
      )
    ]
  };
}
function edges(at, groups, C) {
  const other = (next, there) => !there || groups[next] !== groups[at];
  return [
    other(at - C, at >= C),
    other(at + 1, at % C < C - 1),
    other(at + C, at + C < groups.length),
    other(at - 1, at % C > 0)
  ];
}
function cellInWords(state, layout, axis, at) {
  const C = layout.shape[2];
  const group = state.groups[at];
  const [middle, varies] = state.statistics[group].map((value) => fixed(value, 2));
  const many = state.groups.filter((one) => one === group).length;
  return `${layout.parts[Math.floor(at / C)][1]}, ${layout.features[at % C]}: ${plain(state.x[at])} becomes ${fixed(state.normalised[at], 2)}. It shares one mean, ${middle}, and one variance, ${varies}, with ${many - 1} other numbers (outlined: ${layout.groups[axis][group]}).`;
}
function render({ model, el }) {
  const root = startRoot(el, "norm_explorer", "Norm explorer: which axes share a mean and a variance");
  root.classList.add("nano-adapts");
  const save = saver(model);
  const layout = model.get("layout_of");
  const [B, T, C] = layout.shape;
  const partOf = (name) => layout.parts.find(([one]) => one === name);
  let state;
  let chosen = 0;
  let pointed = null;
  const axisField = select({
    label: "Average over",
    options: layout.axes,
    value: model.get("axis"),
    onChange: (axis) => save({ axis })
  });
  const partField = select({
    label: "Change",
    options: layout.parts,
    value: model.get("part"),
    onChange: (part) => save({ part })
  });
  const scaleField = slider({
    label: "scale",
    min: layout.scales[0],
    max: layout.scales[1],
    step: 0.5,
    value: model.get("scale"),
    format: (value) => `× ${plain(value)}`,
    onInput: (scale) => save({ scale })
  });
  const shiftField = slider({
    label: "shift",
    min: layout.shifts[0],
    max: layout.shifts[1],
    value: model.get("shift"),
    format: (value) => value < 0 ? plain(value) : `+${value}`,
    onInput: (shift) => save({ shift })
  });
  const back = button({ label: "Undo the change", onClick: () => save({ shift: 0, scale: 1 }) });
  const lights = [0, 1].map(() => {
    const words = make("span");
    const light = verdict("p", { leak: "bad", hidden: "warn", closed: "good" }, words);
    return { ...light, words };
  });
  const changed = make("p", { class: "nrm-change" });
  const aloud = readout();
  aloud.root.classList.add("nrm-cell-said");
  const canvases = [0, 1].map(() => make("canvas", { role: "img" }));
  const [before, after] = ["before", "after"].map((name, at) => table(name, canvases[at]));
  const statistics = make("tbody");
  const head = ["group", "mean", "variance", "mean after", "variance after"];
  const groupTable = make(
    "table",
    { class: "nano-table nrm-groups" },
    make("caption", { text: "What is averaged together" }),
    headRow(...head.map((text) => [text])),
    statistics
  );
  root.append(
    make(
      "div",
      { class: "nano-bar" },
      axisField.root,
      partField.root,
      scaleField.root,
      shiftField.root,
      back
    ),
    make("div", { class: "nrm-lights" }, ...lights.map((light) => light.root)),
    changed,
    make(
      "div",
      { class: "nano-panels" },
      before.root,
      after.root,
      make("div", { class: "nano-panel nrm-panel nrm-wide" }, groupTable, aloud.root)
    ),
    hint(
      `Point at a number, or go to it with the arrow keys: the numbers that share its mean and variance are outlined, and orange in the pictures. Bold numbers were moved by your change, which is made in each z too. How far t moves is the largest step of its ${C} features. ε is 0.00001.`
    )
  );
  function table(name, canvas) {
    const first = name === "before";
    const cells = Array.from(
      { length: B * T * C },
      (_, at) => make("td", {
        "data-at": at,
        role: first ? "gridcell" : null,
        tabindex: first ? at === chosen ? 0 : -1 : null,
        style: { "border-style": "solid" }
      })
    );
    const title = first ? "Before the norm" : "After the norm";
    const columns = layout.features.map((text) => make("th", { scope: "col", text }));
    const sides = Array.from(
      { length: B * T },
      (_, position) => make("th", {
        scope: "row",
        "aria-label": partOf(`position ${position}`)[1],
        text: layout.line[position]
      })
    );
    const rows = sides.map(
      (side, position) => make(
        "tr",
        { class: position && position % T === 0 ? "nrm-next" : null },
        position % T ? null : make("th", {
          class: "nrm-block",
          scope: "rowgroup",
          rowspan: T,
          text: `block ${position / T}`
        }),
        side,
        ...cells.slice(position * C, position * C + C)
      )
    );
    const grid = make(
      "table",
      {
        class: "nano-table",
        "aria-label": `${title}: positions down, features across`,
        role: first ? "grid" : null
      },
      make("caption", { text: title }),
      make("thead", {}, make("tr", {}, make("td"), make("td"), ...columns)),
      make("tbody", {}, ...rows)
    );
    if (first) grid.setAttribute("aria-multiselectable", "true");
    const where = (event) => {
      const cell = event.target.closest("td[data-at]");
      return cell && Number(cell.dataset.at);
    };
    grid.addEventListener("pointerover", (event) => point(where(event)));
    grid.addEventListener("pointerleave", () => point(null));
    grid.addEventListener("click", (event) => where(event) !== null && choose(where(event)));
    if (first) {
      grid.addEventListener("focusin", (event) => where(event) !== null && choose(where(event)));
      grid.addEventListener("keydown", (event) => {
        const to = moved(event.key, [Math.floor(chosen / C), chosen % C], [B * T, C]);
        if (!to) return;
        event.preventDefault();
        cells[to[0] * C + to[1]].focus();
      });
    }
    return { root: make("div", { class: "nano-panel nrm-panel" }, grid, canvas), cells, columns, sides };
  }
  function point(at) {
    if (at === pointed) return;
    pointed = at;
    paint.now();
  }
  function choose(at) {
    if (at === chosen && pointed === null) return;
    before.cells[chosen].tabIndex = -1;
    before.cells[at].tabIndex = 0;
    chosen = at;
    pointed = null;
    paint.now();
  }
  function show() {
    const [axis, part, shift, scale] = ["axis", "part", "shift", "scale"].map((name) => model.get(name));
    state = explore(layout, axis, part, shift, scale);
    axisField.set(axis);
    partField.set(part);
    shiftField.set(shift);
    scaleField.set(scale);
    lights.forEach((light, at) => {
      light.show(state.lights[at], { leak: "✗", hidden: "!", closed: "✓" }[state.lights[at]]);
      light.words.textContent = state.words[at];
    });
    changed.textContent = state.words[2];
    const cells = partOf(part)[2];
    for (const { columns, sides } of [before, after]) {
      columns.forEach((one, at) => one.classList.toggle("nrm-changed", layout.features[at] === part));
      sides.forEach((one, at) => one.classList.toggle("nrm-changed", part === `position ${at}`));
    }
    state.x.forEach((value, at) => {
      before.cells[at].textContent = plain(value);
      before.cells[at].classList.toggle("nrm-moved", cells.includes(at) && value !== layout.x[at]);
      const colour = signed(state.normalised[at], HUE);
      const cell = after.cells[at];
      cell.textContent = fixed(state.normalised[at], 2);
      cell.style.backgroundColor = css(colour);
      cell.style.color = inkOn(colour);
      cell.classList.toggle("nrm-moved", state.change[at] >= layout.little);
    });
    statistics.replaceChildren(
      ...state.statistics.map(
        (numbers, group) => make(
          "tr",
          {},
          make("th", {
            scope: "row",
            "aria-label": layout.groups[axis][group],
            text: layout.groups[axis][group].replace("space", "␣")
          }),
          ...numbers.map((value) => make("td", { text: fixed(value, 2) }))
        )
      )
    );
    paint.now();
  }
  const paint = widePainter(root, before.root, (width) => {
    const at = pointed ?? chosen;
    const group = state.groups[at];
    for (const { cells } of [before, after])
      cells.forEach((cell, one) => {
        const inside = state.groups[one] === group;
        const open = edges(one, state.groups, C);
        cell.classList.toggle("nrm-in", inside);
        SIDES.forEach((side, place) => cell.classList.toggle(`nrm-${side}`, inside && open[place]));
        if (cells === before.cells) cell.setAttribute("aria-selected", String(inside));
      });
    [...statistics.children].forEach((row, one) => row.classList.toggle("nrm-in", one === group));
    const words = cellInWords(state, layout, model.get("axis"), at);
    aloud.say(words, `${state.words.join(" ")} ${words}`);
    histogram(canvases[0], width, state.x, group, state.limits[0], "before");
    histogram(canvases[1], width, state.normalised, group, state.limits[1], "after");
  });
  function histogram(canvas, width, values, group, limit, when) {
    const context = sizeCanvas(canvas, width, HEIGHT);
    const colours = themeColours(root);
    const { bins } = layout;
    const all = state.counts[when === "before" ? 0 : 1];
    const own = counted(members(values, state.groups, group), limit, bins);
    const [left, floor, top] = [6, HEIGHT - 18, 14];
    const inner = width - 2 * left;
    const edge = (bar) => Math.round(left + bar * inner / bins);
    const unit = (floor - top) / Math.max(...all);
    context.clearRect(0, 0, width, HEIGHT);
    all.forEach((count, bar) => {
      const across = edge(bar + 1) - edge(bar) - 1;
      context.fillStyle = REST;
      context.fillRect(edge(bar), floor - unit * count, across, unit * count);
      context.fillStyle = GROUP;
      context.fillRect(edge(bar), floor - unit * own[bar], across, unit * own[bar]);
    });
    context.font = `12px ${colours.font}`;
    context.fillStyle = colours.muted;
    context.fillRect(left, floor, inner, 1);
    context.textBaseline = "top";
    for (const [text, x, align] of [
      [`−${limit}`, left, "left"],
      ["0", width / 2, "center"],
      [String(limit), width - left, "right"]
    ]) {
      context.textAlign = align;
      context.fillText(text, x, floor + 4);
    }
    context.textAlign = "left";
    context.fillText(`tallest bar: ${Math.max(...all)} of ${values.length}`, left, 0);
    canvas.setAttribute(
      "aria-label",
      `Histogram of the numbers ${when} the norm, from −${limit} to ${limit}: mean ${fixed(mean(values), 2)}, variance ${fixed(variance(values), 2)}, ${Math.max(...all)} of ${values.length} in the tallest bar.`
    );
  }
  const ends = [
    watch(model, ["axis", "part", "shift", "scale"], show),
    onTheme(root, paint),
    paint.stop,
    aloud.stop,
    save.flush
  ];
  show();
  return () => ends.forEach((end) => end());
}
var norm_explorer_default = { render };
export {
  barOf,
  cellInWords,
  counted,
  norm_explorer_default as default,
  edges,
  explore,
  groupsOf,
  normalise,
  plain
};
