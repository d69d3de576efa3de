// ArchitectureExplorer: sizes of a GPT to choose; what it learns, computes and keeps follows at once.
//
// Python has sent what each part costs as a list of terms, so that this answers without a kernel.
import { button, checkbox, choice, slider } from "../kit/browser/controls.js";
import { fold, foldRow, hint, make, put, startRoot } from "../kit/browser/elements.js";
import { saver, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { fixed, grouped } from "../kit/browser/words.js";
import { painter } from "./pictures/canvas.js";
import { css, inkOn } from "./pictures/colours.js";

const SIZES = ["n_layer", "n_head", "n_embd", "block_size", "vocab_size", "batch_size"];
const SETTINGS = [...SIZES, "attention", "dropout"];
const LETTERS = { n_embd: "C", block_size: "T", vocab_size: "V", batch_size: "B" };
const STAYS = ["parameters", "gradients", "AdamW's moments"];
const COLOURS = {
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
  loss: [170, 68, 153],
};

// --- pure -----------------------------------------------------------------------------------------

const sum = (values) => values.reduce((all, value) => all + value, 0);
const totalOf = (parts) => sum(Object.values(parts));

/** The value of a list of terms: each a number times some of the sizes. */
export const evaluated = (terms, setting) =>
  sum(terms.map(([number, sizes]) => sizes.reduce((product, size) => product * setting[size], number)));

/** What one setting costs, as `architecture_explorer_state` in Python; `costs` are the terms it has sent. */
export function costsOf(setting, costs) {
  const terms = costs[setting.attention][setting.dropout > 0 ? 1 : 0];
  const [parameters, flops, memory] = ["parameters", "flops", "memory"].map((list) =>
    Object.fromEntries(Object.entries(terms[list]).map(([part, some]) => [part, evaluated(some, setting)])),
  );
  return {
    parameters,
    flops,
    memory,
    in_blocks: evaluated(terms.in_blocks, setting),
    a_character: totalOf(flops) / (setting.batch_size * setting.block_size),
    rule: evaluated(terms.rule, setting),
  };
}

/** Widths that can be split where this one cannot, the lower first; none where it can. */
export function widths({ n_embd, n_head }) {
  const left = n_embd % n_head;
  return left ? [n_embd - left, n_embd - left + n_head].filter((width) => width > 0) : [];
}

/** Why no such model can be built, as the library says it; an empty text where it can. */
export function refusal({ n_embd, n_head }) {
  const near = widths({ n_embd, n_head });
  if (!near.length) return "";
  return (
    `Expected n_embd to split into n_head equal heads, got n_embd=${n_embd}, n_head=${n_head} ` +
    `(${n_embd} % ${n_head} = ${n_embd % n_head}). Choose n_embd=${near.join(" or ")}.`
  );
}

const decimals = (value) => (value < 9.995 ? 2 : value < 99.95 ? 1 : 0);

/** A size in three digits, with the unit in its thousands. */
export function short(value, unit) {
  if (value < 1000) return `${value} ${unit}`;
  let [at, shown] = [0, value];
  while (shown >= 999.5 && at < 6) [at, shown] = [at + 1, shown / 1000];
  return `${fixed(shown, decimals(shown))} ${" kMGTPE"[at]}${unit}`;
}

/** A share in percent; what is more than nothing never as nothing. */
export function share(part, whole) {
  const percent = (100 * part) / whole;
  return percent > 0 && percent < 0.05 ? "<0.1 %" : `${fixed(percent, 1)} %`;
}

/** A large number in two digits and a power of ten. */
const powered = (value) => (value * 1.000001).toExponential(1).replace("e+", "e");

/** How many times as much, or which part of it, now is. */
export function factor(now, before) {
  if (now === before) return "the same";
  if (!now || !before) return now ? "new" : "gone";
  const ratio = Math.max(now, before) / Math.min(now, before);
  const text = fixed(ratio, decimals(ratio));
  const written = ratio > 99_999 ? powered(ratio) : text.includes(".") ? text : grouped(text);
  return `${now > before ? "×" : "÷"} ${written}`;
}

/** The three totals in a sentence. */
export function words({ parameters, flops, memory }) {
  return (
    `${grouped(totalOf(parameters))} parameters to learn; ${short(totalOf(flops), "FLOP")} to compute and ` +
    `${short(totalOf(memory), "B")} to keep in a training step.`
  );
}

/** What is said below each of the three lists. */
export function notes({ parameters, memory, in_blocks, a_character, rule }) {
  const stays = sum(STAYS.map((part) => memory[part]));
  return [
    `In the blocks: ${share(in_blocks, totalOf(parameters))}.`,
    `${short(a_character, "FLOP")} for each character; by the rule of 6 for each parameter outside the ` +
      `tables, ${short(rule, "FLOP")}.`,
    `${share(stays, totalOf(memory))} follows from the parameters alone; the rest grows with the batch or ` +
      "with block_size.",
  ];
}

/** By how much each total differs from a setting that was kept, and in what the two settings differ. */
export function compared(now, before, setting, kept) {
  const changed = SETTINGS.filter((name) => setting[name] !== kept[name]);
  if (!changed.length) return "This is the one you kept.";
  const [numbers, flops, memory] = ["parameters", "flops", "memory"].map((list) =>
    factor(totalOf(now[list]), totalOf(before[list])),
  );
  return (
    `Since the one you kept: ${changed.map((name) => `${name} ${kept[name]} → ${setting[name]}`).join(", ")}. ` +
    `Parameters ${numbers}, those in the blocks ${factor(now.in_blocks, before.in_blocks)}; a step computes ` +
    `${flops}, for each character ${factor(now.a_character, before.a_character)}; memory ${memory}.`
  );
}

/** The stops of a slider with one more among them, in order. */
export function withStop(stops, value) {
  return stops.includes(value) ? stops : [...stops, value].sort((a, b) => a - b);
}

// --- the widget -----------------------------------------------------------------------------------

/** One of the three lists: its title, its bars, its table, its note. */
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
          ...Object.entries(heads).map(([text, kind]) => make("th", { scope: "col", class: kind, text })),
        ),
      ),
      make("tbody", {}, ...rows.map(({ row }) => row)),
    ),
    note,
  );

  function fillBar({ parts }, values) {
    const all = totalOf(values);
    names.forEach((part, at) => {
      parts[at].style.width = `${(100 * values[part]) / all}%`;
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
    "Architecture explorer: what a GPT of these sizes costs",
  );
  const save = saver(model);
  const layout = model.get("layout_of");
  const stops = { ...layout.stops };
  const setting = () => Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));

  // --- the parts --------------------------------------------------------------------------------
  const presets = layout.presets.map(([label, values, note]) => ({
    values,
    note: `${label}: ${note}`,
    pick: button({ label, onClick: () => save(values) }),
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
        onInput: (at) => save({ [name]: stops[name][at] }),
      });
      return [name, field];
    }),
  );
  const attention = choice({
    label: "attention",
    options: layout.attentions.map((name) => [name, name]),
    value: model.get("attention"),
    onChange: (name) => save({ attention: name }),
  });
  const dropout = checkbox({
    label: "dropout",
    value: model.get("dropout") > 0,
    onChange: (on) => save({ dropout: on ? layout.dropped : 0 }),
  });
  const known = make("p", { class: "arc-known" });
  const said = readout();
  const remedies = [0, 1].map((at) =>
    button({
      label: "",
      onClick: () => {
        save({ n_embd: widths(setting())[at] });
        sliders.n_embd.input.focus(); // the button is about to leave
      },
    }),
  );
  const mend = make("div", { class: "nano-bar arc-mend" }, ...remedies);
  const keep = button({ label: "Keep this one to compare", onClick: () => save({ pinned: setting() }) });
  const forget = button({
    label: "Forget the kept one",
    onClick: () => {
      keep.focus(); // the button is about to leave
      save({ pinned: {} });
    },
  });
  const some = costsOf(layout.presets[0][1], layout.costs);
  const lists = Object.entries({
    parameters: ["Parameters to learn:", grouped],
    flops: ["Operations of a training step:", (value) => short(value, "FLOP")],
    memory: ["Memory of a training step:", (value) => short(value, "B")],
  }).map(([name, [title, write]]) => [name, list(title, Object.keys(some[name]), write)]);
  const results = make("div", { class: "arc-lists" }, ...lists.map(([, { box }]) => box));

  root.append(
    make(
      "div",
      { class: "nano-bar arc-presets", role: "group", "aria-label": "ready-made settings" },
      ...presets.map(({ pick }) => pick),
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
          "Counted part by part, for a full batch of B lines of T characters. Operations are those of the " +
            "matrix products, forwards and backwards; a multiplication with its addition counts 2 (1 GFLOP is " +
            "a billion). Memory is what must be kept in float32, 4 bytes per number, on a CPU: a running " +
            "process takes more.",
        ),
      ),
      hint(make("span", { class: "arc-thin", text: "The thin bars are those of the setting you kept." })),
    ),
  );

  // --- what happens -----------------------------------------------------------------------------
  function setControls(now) {
    for (const name of SIZES) {
      stops[name] = withStop(layout.stops[name], now[name]); // one that is left again is no stop any more
      const { input, set } = sliders[name];
      const last = String(stops[name].length - 1);
      if (input.max !== last) input.max = last;
      set(stops[name].indexOf(now[name]));
    }
    attention.set(now.attention);
    dropout.set(now.dropout > 0);
  }

  // All of it once per frame: a ready-made setting changes eight traits, each of which is told of.
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
    remedies.forEach((remedy, at) => (remedy.hidden = at >= widths(now).length));
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

export default { render };
