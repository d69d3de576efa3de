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
var hint = (...words2) => make("p", { class: "nano-hint" }, ...words2);
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
    const words2 = format(Number(now));
    input.value = String(now);
    put(shown, words2);
    input.setAttribute("aria-valuetext", words2);
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
    ...options.map(([, words2], at) => make("label", {}, inputs[at], make("span", { text: words2 })))
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
  const say = (text, words2 = text) => {
    put(shown, text);
    clearTimeout(timer);
    timer = setTimeout(() => aloud.textContent = words2, 250);
  };
  return { root, say, stop: () => clearTimeout(timer) };
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

// nanogpt_lib/widgets/architecture_explorer.js
var SIZES = ["n_layer", "n_head", "n_embd", "block_size", "vocab_size", "batch_size"];
var SETTINGS = [...SIZES, "attention", "dropout"];
var LETTERS = { n_embd: "C", block_size: "T", vocab_size: "V", batch_size: "B" };
var STAYS = ["parameters", "gradients", "AdamW's moments"];
var COLOURS = {
  "token table": [230, 159, 0],
  "position table": [240, 228, 66],
  "query, key, value": [0, 114, 178],
  scores: [86, 180, 233],
  "weighted sum": [120, 94, 180],
  projection: [0, 158, 115],
  "feed-forward": [213, 94, 0],
  norms: [150, 150, 150],
  head: [204, 121, 167],
  parameters: [51, 34, 136],
  gradients: [136, 204, 238],
  "AdamW's moments": [68, 170, 153],
  "attention maps": [204, 102, 119],
  masks: [136, 34, 85],
  activations: [221, 204, 119],
  loss: [170, 68, 153]
};
var sum = (values) => values.reduce((all, value) => all + value, 0);
var totalOf = (parts) => sum(Object.values(parts));
var evaluated = (terms, setting) => sum(terms.map(([number, sizes]) => sizes.reduce((product, size) => product * setting[size], number)));
function costsOf(setting, costs) {
  const terms = costs[setting.attention][setting.dropout > 0 ? 1 : 0];
  const [parameters, flops, memory] = ["parameters", "flops", "memory"].map(
    (list2) => Object.fromEntries(Object.entries(terms[list2]).map(([part, some]) => [part, evaluated(some, setting)]))
  );
  return {
    parameters,
    flops,
    memory,
    in_blocks: evaluated(terms.in_blocks, setting),
    a_character: totalOf(flops) / (setting.batch_size * setting.block_size),
    rule: evaluated(terms.rule, setting)
  };
}
function widths({ n_embd, n_head }) {
  const left = n_embd % n_head;
  return left ? [n_embd - left, n_embd - left + n_head].filter((width) => width > 0) : [];
}
function refusal({ n_embd, n_head }) {
  const near = widths({ n_embd, n_head });
  if (!near.length) return "";
  return `Expected n_embd to split into n_head equal heads, got n_embd=${n_embd}, n_head=${n_head} (${n_embd} % ${n_head} = ${n_embd % n_head}). Choose n_embd=${near.join(" or ")}.`;
}
var decimals = (value) => value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
function short(value, unit) {
  if (value < 1e3) return `${value} ${unit}`;
  let [at, shown] = [0, value];
  while (shown >= 999.5 && at < 6) [at, shown] = [at + 1, shown / 1e3];
  return `${fixed(shown, decimals(shown))} ${" kMGTPE"[at]}${unit}`;
}
function share(part, whole) {
  const percent = 100 * part / whole;
  return percent > 0 && percent < 0.05 ? "<0.1 %" : `${fixed(percent, 1)} %`;
}
var powered = (value) => (value * 1.000001).toExponential(1).replace("e+", "e");
function factor(now, before) {
  if (now === before) return "the same";
  if (!now || !before) return now ? "new" : "gone";
  const ratio = Math.max(now, before) / Math.min(now, before);
  const text = fixed(ratio, decimals(ratio));
  const written = ratio > 99999 ? powered(ratio) : text.includes(".") ? text : grouped(text);
  return `${now > before ? "×" : "÷"} ${written}`;
}
function words({ parameters, flops, memory }) {
  return `${grouped(totalOf(parameters))} parameters to learn; ${short(totalOf(flops), "FLOP")} to compute and ${short(totalOf(memory), "B")} to keep in a training step.`;
}
function notes({ parameters, memory, in_blocks, a_character, rule }) {
  const stays = sum(STAYS.map((part) => memory[part]));
  return [
    `In the blocks: ${share(in_blocks, totalOf(parameters))}.`,
    `${short(a_character, "FLOP")} for each character; by the rule of 6 for each parameter outside the tables, ${short(rule, "FLOP")}.`,
    `${share(stays, totalOf(memory))} follows from the parameters alone; the rest grows with the batch or with block_size.`
  ];
}
function compared(now, before, setting, kept) {
  const changed = SETTINGS.filter((name) => setting[name] !== kept[name]);
  if (!changed.length) return "This is the one you kept.";
  const [numbers, flops, memory] = ["parameters", "flops", "memory"].map(
    (list2) => factor(totalOf(now[list2]), totalOf(before[list2]))
  );
  return `Since the one you kept: ${changed.map((name) => `${name} ${kept[name]} → ${setting[name]}`).join(", ")}. Parameters ${numbers}, those in the blocks ${factor(now.in_blocks, before.in_blocks)}; a step computes ${flops}, for each character ${factor(now.a_character, before.a_character)}; memory ${memory}.`;
}
function withStop(stops, value) {
  return stops.includes(value) ? stops : [...stops, value].sort((a, b) => a - b);
}
function list(title, names, write) {
  const total = make("span", { class: "arc-total" });
  const paint = (part) => ({ background: css(COLOURS[part]), color: inkOn(COLOURS[part]) });
  const [now, old] = ["arc-now", "arc-before"].map((kind) => {
    const parts = names.map((part) => make("span", { style: paint(part) }));
    return { parts, bar: make("div", { class: `arc-bar ${kind}`, "aria-hidden": "true" }, ...parts) };
  });
  const rows = names.map((part, at) => {
    const cells = ["arc-number", "arc-share", "arc-factor"].map((kind) => make("td", { class: kind }));
    const sample = make("i", { "aria-hidden": "true", text: String(at + 1), style: paint(part) });
    const name = make("th", { scope: "row" }, sample, make("span", { text: part }));
    return { cells, row: make("tr", {}, name, ...cells) };
  });
  const heads = { part: null, "how many": null, share: "arc-share", change: "arc-factor" };
  const note = make("p", { class: "arc-note" });
  const box = make(
    "section",
    { class: "arc-list", "aria-label": title },
    make("p", { class: "arc-title" }, `${title} `, total),
    now.bar,
    old.bar,
    make(
      "table",
      {},
      make(
        "thead",
        {},
        make(
          "tr",
          {},
          ...Object.entries(heads).map(([text, kind]) => make("th", { scope: "col", class: kind, text }))
        )
      ),
      make("tbody", {}, ...rows.map(({ row }) => row))
    ),
    note
  );
  function fillBar({ parts }, values) {
    const all = totalOf(values);
    names.forEach((part, at) => {
      parts[at].style.width = `${100 * values[part] / all}%`;
      put(parts[at], values[part] / all > 0.06 ? String(at + 1) : "");
      parts[at].title = `${part}: ${share(values[part], all)}`;
    });
  }
  function fill(values, before, said) {
    const all = totalOf(values);
    put(total, write(all) + (before ? `, ${factor(all, totalOf(before))}` : ""));
    put(note, said);
    fillBar(now, values);
    if (before) fillBar(old, before);
    rows.forEach(({ cells }, at) => {
      const value = values[names[at]];
      put(cells[0], write(value));
      put(cells[1], share(value, all));
      put(cells[2], before ? factor(value, before[names[at]]) : "");
    });
  }
  return { box, fill };
}
function render({ model, el }) {
  const root = startRoot(
    el,
    "architecture_explorer",
    "Architecture explorer: what a GPT of these sizes costs"
  );
  const save = saver(model);
  const layout = model.get("layout_of");
  const stops = { ...layout.stops };
  const setting = () => Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
  const presets = layout.presets.map(([label, values, note]) => ({
    values,
    note: `${label}: ${note}`,
    pick: button({ label, onClick: () => save(values) })
  }));
  const sliders = Object.fromEntries(
    SIZES.map((name) => {
      stops[name] = withStop(stops[name], model.get(name));
      const field = slider({
        label: LETTERS[name] ? `${name} (${LETTERS[name]})` : name,
        min: 0,
        max: stops[name].length - 1,
        value: stops[name].indexOf(model.get(name)),
        format: (at) => grouped(stops[name][at]),
        onInput: (at) => save({ [name]: stops[name][at] })
      });
      return [name, field];
    })
  );
  const attention = choice({
    label: "attention",
    options: layout.attentions.map((name) => [name, name]),
    value: model.get("attention"),
    onChange: (name) => save({ attention: name })
  });
  const dropout = checkbox({
    label: "dropout",
    value: model.get("dropout") > 0,
    onChange: (on) => save({ dropout: on ? layout.dropped : 0 })
  });
  const known = make("p", { class: "arc-known" });
  const said = readout();
  const remedies = [0, 1].map(
    (at) => button({
      label: "",
      onClick: () => {
        save({ n_embd: widths(setting())[at] });
        sliders.n_embd.input.focus();
      }
    })
  );
  const mend = make("div", { class: "nano-bar arc-mend" }, ...remedies);
  const keep = button({ label: "Keep this one to compare", onClick: () => save({ pinned: setting() }) });
  const forget = button({
    label: "Forget the kept one",
    onClick: () => {
      keep.focus();
      save({ pinned: {} });
    }
  });
  const some = costsOf(layout.presets[0][1], layout.costs);
  const lists = Object.entries({
    parameters: ["Parameters to learn:", grouped],
    flops: ["Operations of a training step:", (value) => short(value, "FLOP")],
    memory: ["Memory of a training step:", (value) => short(value, "B")]
  }).map(([name, [title, write]]) => [name, list(title, Object.keys(some[name]), write)]);
  const results = make("div", { class: "arc-lists" }, ...lists.map(([, { box }]) => box));
  root.append(
    make(
      "div",
      { class: "nano-bar arc-presets", role: "group", "aria-label": "ready-made settings" },
      ...presets.map(({ pick }) => pick)
    ),
    known,
    make("div", { class: "arc-sliders" }, ...SIZES.map((name) => sliders[name].root)),
    make("div", { class: "nano-bar" }, attention.root, dropout.root, keep, forget),
    make("div", { class: "arc-said" }, said.root, mend),
    results,
    foldRow(
      fold(
        "How this is counted",
        hint(
          "Counted part by part, for a full batch of B lines of T characters. Operations are those of the matrix products, forwards and backwards; a multiplication with its addition counts 2 (1 GFLOP is a billion). Memory is what must be kept in float32, 4 bytes per number, on a CPU: a running process takes more."
        )
      ),
      hint(make("span", { class: "arc-thin", text: "The thin bars are those of the setting you kept." }))
    )
  );
  function setControls(now) {
    for (const name of SIZES) {
      stops[name] = withStop(layout.stops[name], now[name]);
      const { input, set } = sliders[name];
      const last = String(stops[name].length - 1);
      if (input.max !== last) input.max = last;
      set(stops[name].indexOf(now[name]));
    }
    attention.set(now.attention);
    dropout.set(now.dropout > 0);
  }
  const paint = painter(root, () => {
    const [now, pinned] = [setting(), model.get("pinned")];
    const kept = Object.keys(pinned).length ? pinned : null;
    const refused = refusal(now);
    setControls(now);
    const fits = presets.filter(({ values }) => SETTINGS.every((name) => values[name] === now[name]));
    presets.forEach((preset) => preset.pick.setAttribute("aria-pressed", String(fits.includes(preset))));
    put(known, fits.map(({ note }) => note).join(" ") || "A setting of your own.");
    root.dataset.refused = String(Boolean(refused));
    root.dataset.kept = String(Boolean(kept));
    keep.disabled = Boolean(refused);
    forget.hidden = !kept;
    widths(now).forEach((width, at) => put(remedies[at], `n_embd = ${width}`));
    remedies.forEach((remedy, at) => remedy.hidden = at >= widths(now).length);
    if (refused) {
      said.say(refused);
      return true;
    }
    const state = costsOf(now, layout.costs);
    const before = kept && costsOf(kept, layout.costs);
    said.say(before ? `${words(state)} ${compared(state, before, now, kept)}` : words(state));
    const told = notes(state);
    lists.forEach(([name, { fill }], at) => fill(state[name], before?.[name], told[at]));
    return true;
  });
  const end = watch(model, [...SETTINGS, "pinned"], paint);
  paint();
  return () => {
    end();
    paint.stop();
    said.stop();
    save.flush();
  };
}
var architecture_explorer_default = { render };
export {
  compared,
  costsOf,
  architecture_explorer_default as default,
  evaluated,
  factor,
  notes,
  refusal,
  share,
  short,
  widths,
  withStop,
  words
};
