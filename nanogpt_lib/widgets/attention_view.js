// AttentionView: one head's stages as a map, its weights over the text, and all heads beside it.
import { choice, moved, select, textField } from "../kit/browser/controls.js";
import { hint, make, startRoot } from "../kit/browser/elements.js";
import { floats, saver, throttle, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { clamp, fixed, isolated, spoken, visible } from "../kit/browser/words.js";
import { onTheme, onWidth, painter, sizeCanvas, themeColours } from "./pictures/canvas.js";
import { cividis, css, inkOn, signed } from "./pictures/colours.js";
import { cellAt, drawCells, drawScale, pixels, ring } from "./pictures/heat_map.js";
import { tokenStrip } from "./pictures/token_strip.js";

const STAGE_WORDS = {
  scores: "score",
  scaled: "scaled score",
  masked: "masked score",
  weights: "weight",
  output: "output",
};

// --- pure -----------------------------------------------------------------------------------------

/** Views into the packed floats: parts[name].at(layer, head) has T rows of `columns` numbers. */
export function unpack(numbers, { n_layer, n_head, T, parts }) {
  const found = {};
  let start = 0;
  for (const [name, columns] of parts) {
    const [first, size] = [start, T * columns];
    found[name] = {
      columns,
      at: (layer, head) =>
        numbers.subarray(first + (layer * n_head + head) * size, first + (layer * n_head + head + 1) * size),
    };
    start += n_layer * n_head * size;
  }
  return { n_layer, n_head, T, parts: found };
}

/** The largest finite magnitude, so that a signed map has 0 in its middle; 1 where all are 0. */
export function limitOf(numbers) {
  let most = 0;
  for (const value of numbers) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most || 1;
}

/** Scores, scaled and masked share one limit, so that scaling can be seen; output has its own. */
export function stageLimit(pack, stage, layer, head) {
  const shared = stage !== "output" && pack.parts.scores ? "scores" : stage;
  return limitOf(pack.parts[shared].at(layer, head));
}

/** The colour of one number: null where it is minus infinity, which no colour may stand for. */
export function cellColour(stage, value, limit) {
  if (value === -Infinity) return null;
  return stage === "weights" ? cividis(value) : signed(value, limit);
}

const SCALE = 200; // pixels that the scale of colours is long
const TALL = 380; // of a map with its labels: with the controls above it, it fits on a small screen
const BESIDE = { heads: 100, bars: 190 }; // of its height, what titles and scale take, and the bars of q·k
const WRITTEN = { most: 16, wide: 34, high: 16 }; // columns, and pixels of a cell, for numbers to be read

/**
 * Where everything lies on a map: as large as fits, and no larger than can be read at once. Its cells are
 * square where columns are positions, too, unless numbers have room in wider ones.
 */
export function mapGeometry({ width, T, columns, left, top }) {
  const across = clamp(Math.floor((width - left - 5) / columns), 4, 44);
  const down = clamp(Math.floor((TALL - top) / T), 4, 44);
  const written = columns <= WRITTEN.most && across >= WRITTEN.wide && down >= WRITTEN.high;
  const square = Math.min(across, down);
  const cellWidth = columns !== T ? across : written ? Math.max(square, WRITTEN.wide) : square;
  const cellHeight = columns === T ? square : down;
  return {
    left,
    top,
    cellWidth,
    cellHeight,
    written,
    rows: T,
    columns,
    width: left + columns * cellWidth + 5,
    height: top + T * cellHeight + 5,
  };
}

/** How wide the map may be in a widget of this width: on a wide one, room stays for the heads beside it. */
export function mapWidth(width) {
  return width < 640 ? width : Math.min(640, Math.floor(0.69 * width));
}

/** The side of a thumbnail, so that all heads of a layer fit in a row, and all layers above one another. */
export function thumbSize(width, n_head, height = Infinity, n_layer = 1) {
  return clamp(Math.min(Math.floor(width / n_head), Math.floor(height / n_layer)) - 4, 18, 72);
}

/** What the map says about one cell. `name` makes a token readable: `visible` to see, `spoken` to hear. */
export function sentence({ stage, query, column, value, tokens, sum = null }, name = visible) {
  const from = `query "${isolated(name(tokens[query]))}" at ${query}`;
  if (stage === "output") return `${from}, dimension ${column}: ${fixed(value)}`;
  const to = `key "${isolated(name(tokens[column]))}" at ${column}`;
  const odd = stage === "weights" && sum !== null && Math.abs(sum - 1) > 0.0015;
  return `${from} → ${to}: ${fixed(value)}${odd ? ` (this row sums to ${fixed(sum)}, not 1)` : ""}`;
}

/** Each dimension's product of one query and one key, and their sum, which is the score. */
export function products(q, k, query, key, size) {
  const bars = Array.from({ length: size }, (_, at) => q[query * size + at] * k[key * size + at]);
  return { bars, sum: bars.reduce((total, bar) => total + bar, 0) };
}

/** A label that fits: long tokens end in an ellipsis. */
export function short(token, most = 10) {
  const chars = Array.from(visible(token));
  return chars.length > most ? `${chars.slice(0, most - 1).join("")}…` : chars.join("");
}

// --- the widget -----------------------------------------------------------------------------------

function render({ model, el }) {
  const root = startRoot(el, "attention_view", "Attention view");
  const get = (name) => model.get(name);
  const save = saver(model);

  let pack, tokens, rotate;
  let built = []; // the data that all of this was built from
  let hover = null; // [query, column] under the pointer; it goes when the pointer goes
  let dimension = 0; // the column that is kept on the output stage, which has no keys
  let atlas = null; // all heads' weights, one pixel per number
  let baseMap = null; // the map without marks, drawn once per head and stage
  let geometry = null;
  let thumbs = null;
  let width = 0;

  // --- elements

  const bar = make("div", { class: "nano-bar" });
  const said = readout();
  const words = tokenStrip({
    kept: () => get("query"),
    onLook: (at) => look(at === null ? null : [at, current()[1]]),
    onKeep: (at) => keep([at, kept()[1]]),
  });
  const caption = make("div", { class: "attn-caption" });
  const map = make("canvas", {
    class: "attn-map",
    tabindex: "0",
    role: "application",
    "aria-roledescription": "map",
  });
  const scaleBar = make("canvas", { "aria-hidden": "true" });
  const [scaleLow, scaleMiddle, scaleHigh] = [make("span"), make("span"), make("span")];
  const hatchNote = make(
    "span",
    { class: "attn-hatch-note" },
    make("span", { class: "attn-hatch", "aria-hidden": "true" }),
    make("span", { text: "−∞: may not be seen" }),
  );
  const scaleNote = make("div", { text: "the same colours as for the scores: what is paler has shrunk" });
  const legend = make(
    "div",
    { class: "attn-legend" },
    scaleBar,
    make("div", { class: "attn-ends" }, scaleLow, scaleMiddle, scaleHigh),
    scaleNote,
    hatchNote,
  );
  const allHeads = make("canvas", {
    class: "attn-heads",
    tabindex: "0",
    role: "application",
    "aria-roledescription": "grid of heads",
  });
  const headsTitle = make("div", { class: "attn-caption" });
  const headsBox = make("div", { class: "attn-side" }, headsTitle, allHeads);
  const barsTitle = make("div", { class: "attn-caption" });
  const barsCanvas = make("canvas", { role: "img" });
  const barsBox = make("div", { class: "attn-side" }, barsTitle, barsCanvas);
  const sides = make("div", { class: "attn-sides" }, headsBox, barsBox, legend);
  const complaint = make("p", { class: "attn-complaint", role: "alert", hidden: true });
  root.append(
    bar,
    complaint,
    caption,
    words.root,
    said.root,
    make("div", { class: "attn-main" }, map, sides),
    hint("Point to look, click to keep. Tab moves between text, map and heads; arrow keys move inside."),
  );

  // --- what is chosen

  const stage = () => get("stage");
  const part = () => pack.parts[stage()];
  const kept = () => [
    get("query"),
    stage() === "output" ? Math.min(dimension, part().columns - 1) : get("key"),
  ];
  const current = () => hover ?? kept();
  const keyNow = () => (stage() === "output" ? get("key") : current()[1]);

  function keep([query, column]) {
    hover = null;
    if (stage() === "output") {
      dimension = column;
      save({ query });
    } else save({ query, key: column });
    paint(); // the pointer's choice may have been the one that was kept already
  }

  const keepHead = (layer, head) => save({ layer, head });

  // --- drawing

  function rowOf(name, query) {
    const { columns, at } = pack.parts[name];
    return at(get("layer"), get("head")).subarray(query * columns, (query + 1) * columns);
  }

  /** Whether a key is hidden from a query: by the mask where that is known, else by a 0 in the future. */
  function hidden(query, key) {
    if (pack.parts.masked) return rowOf("masked", query)[key] === -Infinity;
    return key > query && rowOf("weights", query)[key] === 0;
  }

  function hatch(context, colours, x, y, w, h) {
    context.save();
    context.beginPath();
    context.rect(x, y, w, h);
    context.clip();
    context.fillStyle = colours.panel;
    context.fillRect(x, y, w, h);
    context.strokeStyle = colours.muted;
    context.globalAlpha = 0.55;
    context.lineWidth = 1;
    context.beginPath();
    // The lines go on from cell to cell, so that a hidden triangle reads as one surface.
    const step = 6;
    for (let at = Math.floor((x - y - h) / step) * step; at <= x - y + w; at += step) {
      context.moveTo(at + y, y);
      context.lineTo(at + y + h, y + h);
    }
    context.stroke();
    context.restore();
  }

  function tick(context, text, x, y, { turned = false, align = "center" } = {}) {
    context.save();
    context.translate(x, y);
    if (turned) context.rotate(-Math.PI / 2);
    context.textAlign = turned ? "left" : align;
    context.textBaseline = "middle";
    context.fillText(text, 0, 0);
    context.restore();
  }

  const tickFont = (size, bold = false) => `${bold ? "bold " : ""}${clamp(size, 7, 13)}px ${colours.mono}`;
  let colours = null;

  function readColours() {
    colours = themeColours(root);
    colours.mono = getComputedStyle(words.root).fontFamily;
  }

  function drawBaseMap() {
    const { columns, at } = part();
    const output = stage() === "output";
    const context = sizeCanvas(map, 1, 1);
    context.font = tickFont(13);
    const longest = rotate ? Math.max(...tokens.map((token) => context.measureText(short(token)).width)) : 9;
    const left = Math.ceil(longest) + 34;
    const top = output || !rotate ? 40 : Math.ceil(longest) + 34;
    geometry = mapGeometry({ width: mapWidth(width), T: pack.T, columns, left, top });
    baseMap = make("canvas");
    const paper = sizeCanvas(baseMap, geometry.width, geometry.height);
    sizeCanvas(map, geometry.width, geometry.height);
    const { cellWidth, cellHeight } = geometry;
    const numbers = at(get("layer"), get("head"));
    const limit = stage() === "weights" ? 1 : stageLimit(pack, stage(), get("layer"), get("head"));
    paper.font = `11px ${colours.font}`;
    paper.textAlign = "center";
    paper.textBaseline = "middle";
    drawCells(
      paper,
      geometry,
      (query, column) => cellColour(stage(), numbers[query * columns + column], limit),
      (x, y) => hatch(paper, colours, x, y, cellWidth, cellHeight),
      (query, column, x, y, colour) => {
        if (!geometry.written) return;
        paper.fillStyle = colour ? inkOn(colour) : colours.text;
        const text = fixed(numbers[query * columns + column], 2);
        paper.fillText(text, x + cellWidth / 2, y + cellHeight / 2 + 0.5);
      },
    );
    paper.strokeStyle = colours.line;
    paper.strokeRect(left - 0.5, top - 0.5, columns * cellWidth + 1, pack.T * cellHeight + 1);
    paper.fillStyle = colours.muted;
    paper.font = `12px ${colours.font}`;
    paper.textAlign = "left";
    paper.fillText(output ? "dimension →" : "key →", left, 9);
    paper.save();
    paper.translate(9, top);
    paper.rotate(-Math.PI / 2);
    paper.textAlign = "right";
    paper.fillText("← query", 0, 0);
    paper.restore();
    drawLegend(limit);
  }

  function drawLegend(limit) {
    const weights = stage() === "weights";
    drawScale(scaleBar, SCALE, 12, (place) => (weights ? cividis(place) : signed(2 * place - 1, 1)));
    scaleLow.textContent = weights ? "0" : fixed(-limit, 2);
    scaleMiddle.textContent = weights ? "weight" : "0";
    scaleHigh.textContent = weights ? "1" : fixed(limit, 2);
    scaleNote.hidden = stage() !== "scaled" && stage() !== "masked";
    hatchNote.hidden = stage() !== "masked";
  }

  function drawMap([query, column]) {
    const { left, top, cellWidth, cellHeight, columns, rows: T } = geometry;
    const context = map.getContext("2d");
    context.clearRect(0, 0, geometry.width, geometry.height);
    context.drawImage(baseMap, 0, 0, geometry.width, geometry.height);
    const output = stage() === "output";
    const each = Math.ceil(16 / cellWidth);
    const thinned = (size) => (rotate ? Math.ceil(8 / size) : 1); // long names need more room than thin cells have
    const offset = (at) => (!rotate && cellHeight < 8 ? (at % 2) * 9 : 0); // two staggered columns can be read
    // Of 64 small ticks the two that matter are written large, over their neighbours.
    const large = (text, x, y, across) => {
      context.font = tickFont(13, true);
      const wide = across ? context.measureText(text).width + 4 : left - 24;
      context.fillStyle = colours.back;
      context.fillRect(across ? x - wide / 2 : x - wide, y - 8, wide, 16);
      context.fillStyle = colours.text;
      tick(context, text, x, y, { align: across ? "center" : "right" });
    };
    context.fillStyle = colours.muted;
    context.font = tickFont(cellHeight);
    for (let at = 0; at < T; at += 1) {
      if (at === query || at % thinned(cellHeight)) continue;
      const place = [left - 6 - offset(at), top + (at + 0.5) * cellHeight];
      tick(context, short(tokens[at]), ...place, { align: "right" });
    }
    large(short(tokens[query]), left - 6, top + (query + 0.5) * cellHeight, false);
    context.fillStyle = colours.muted;
    context.font = tickFont(cellWidth);
    const across = (at) => left + (at + 0.5) * cellWidth;
    for (let at = 0; at < columns; at += 1) {
      if (at === column || (output && (at % each || Math.abs(at - column) < each))) continue;
      if (output) tick(context, String(at), across(at), top - 9);
      else if (at % thinned(cellWidth) === 0)
        tick(context, short(tokens[at]), across(at), top - (rotate ? 6 : 9), { turned: rotate });
    }
    if (rotate && !output) {
      context.fillStyle = colours.text;
      context.font = tickFont(cellWidth, true);
      tick(context, short(tokens[column]), across(column), top - 6, { turned: true });
    } else large(output ? String(column) : short(tokens[column]), across(column), top - 11, true);
    ring(context, left, top + query * cellHeight, columns * cellWidth, cellHeight);
    ring(context, left + column * cellWidth, top + query * cellHeight, cellWidth, cellHeight);
  }

  function drawText([query], key) {
    const weights = rowOf("weights", query);
    let sum = 0;
    words.items().forEach((token, at) => {
      sum += weights[at];
      const blind = hidden(query, at);
      const colour = blind ? null : cividis(weights[at]);
      token.classList.toggle("strip-blind", blind);
      token.classList.toggle("attn-key", at === key);
      token.style.background = colour ? css(colour) : "";
      token.style.color = colour ? inkOn(colour) : "";
      const told = `"${isolated(spoken(tokens[at]))}" at ${at}, weight ${fixed(weights[at])}`;
      const seen = { stage: "weights", query, column: at, value: weights[at], tokens };
      token.setAttribute("aria-label", told);
      token.title = sentence(seen);
    });
    words.choose(query);
    const chosen = `"${isolated(visible(tokens[query]))}" at ${query}`;
    caption.textContent = `Where ${chosen} looks: the text, coloured by its weights`;
    return sum;
  }

  function drawHeads() {
    const { n_layer, n_head } = pack;
    if (!thumbs) return;
    const { size, left, top } = thumbs;
    const context = allHeads.getContext("2d");
    context.clearRect(0, 0, allHeads.width, allHeads.height);
    context.imageSmoothingEnabled = size < pack.T;
    context.font = `11px ${colours.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    const [layerNow, headNow] = [get("layer"), get("head")];
    for (let head = 0; head < n_head; head += 1) {
      context.fillStyle = head === headNow ? colours.text : colours.muted;
      context.fillText(String(head), left + head * (size + 4) + size / 2, top - 8);
    }
    for (let layer = 0; layer < n_layer; layer += 1) {
      context.fillStyle = layer === layerNow ? colours.text : colours.muted;
      context.fillText(String(layer), left - 10, top + layer * (size + 4) + size / 2);
      for (let head = 0; head < n_head; head += 1) {
        const [x, y] = [left + head * (size + 4), top + layer * (size + 4)];
        context.drawImage(atlas, head * pack.T, layer * pack.T, pack.T, pack.T, x, y, size, size);
      }
    }
    ring(context, left + headNow * (size + 4), top + layerNow * (size + 4), size, size);
  }

  function drawBars([query], key) {
    if (!pack.parts.q) return;
    const { columns: size } = pack.parts.q;
    const both = ["q", "k"].map((name) => pack.parts[name].at(get("layer"), get("head")));
    const { bars, sum } = products(...both, query, key, size);
    const most = limitOf(bars);
    const biggest = bars.reduce((best, bar, at) => (Math.abs(bar) > Math.abs(bars[best]) ? at : best), 0);
    const [from, to] = [query, key].map((at) => `"${isolated(visible(tokens[at]))}" at ${at}`);
    barsTitle.textContent =
      `q·k of ${from} and ${to}, dimension by dimension: ` +
      `they sum to ${fixed(sum)}, most from dimension ${biggest} (${fixed(bars[biggest])})`;
    barsCanvas.setAttribute("aria-label", barsTitle.textContent);
    const wide = clamp(Math.floor((thumbs.room - 48) / size), 3, 26);
    const [left, half] = [44, 44];
    const context = sizeCanvas(barsCanvas, left + wide * size + 4, 2 * half + 30);
    context.font = `11px ${colours.font}`;
    context.textBaseline = "middle";
    bars.forEach((value, at) => {
      const tall = (Math.abs(value) / most) * half;
      context.fillStyle = value < 0 ? "#0072B2" : "#D55E00"; // as the signed map: blue below, red above
      context.fillRect(left + at * wide + 1, value < 0 ? half + 8 : half + 8 - tall, wide - 2, tall);
    });
    context.fillStyle = colours.muted;
    context.textAlign = "right";
    context.fillText(fixed(most, 2), left - 4, 10);
    context.fillText("0", left - 4, half + 8);
    context.fillText(fixed(-most, 2), left - 4, 2 * half + 6);
    context.fillRect(left, half + 8, wide * size, 1);
    context.textAlign = "center";
    const each = Math.ceil(20 / wide);
    for (let at = 0; at < size; at += each)
      context.fillText(String(at), left + (at + 0.5) * wide, 2 * half + 22);
  }

  const paint = painter(root, () => {
    if (!baseMap) return false;
    const [query, column] = current();
    const key = keyNow();
    const sum = drawText([query], key);
    drawMap([query, column]);
    drawBars([query], key);
    const value = part().at(get("layer"), get("head"))[query * part().columns + column];
    const told = { stage: stage(), query, column, value, tokens, sum };
    const where = `layer ${get("layer")}, head ${get("head")}, ${STAGE_WORDS[stage()]}: `;
    said.say(where + sentence(told), where + sentence(told, spoken));
    return true;
  });

  // --- what is built when something bigger changes

  function rebuildMap() {
    if (!width) return;
    readColours();
    hover = null;
    stagePick.set(stage());
    layerPick.set(get("layer"));
    headPick.set(get("head"));
    const across = stage() === "output" ? "dimension" : "key";
    const what = `${stage()} of layer ${get("layer")}, head ${get("head")}`;
    map.setAttribute("aria-label", `${what}: query down, ${across} across. Arrow keys move.`);
    drawBaseMap();
    layOutHeads();
    drawHeads();
    paint();
  }

  function layOutHeads() {
    const { n_layer, n_head } = pack;
    const [left, top] = [22, 18];
    const beside = width - geometry.width - 34;
    const fits = beside >= SCALE && (beside - left) / n_head >= 22;
    sides.classList.toggle("attn-below", !fits);
    const room = (fits ? beside : width) - 12;
    const high = fits ? geometry.height - top - BESIDE.heads - (pack.parts.q ? BESIDE.bars : 0) : Infinity;
    const size = thumbSize(room - left, n_head, high, n_layer);
    thumbs = { size, left, top, room };
    headsBox.hidden = n_layer * n_head === 1;
    const tall = top + n_layer * (size + 4) + 2;
    sizeCanvas(allHeads, left + n_head * (size + 4) + 2, tall);
    headsTitle.textContent = `All heads' weights: layer down, head across`;
    allHeads.setAttribute(
      "aria-label",
      `The weights of ${n_layer} × ${n_head} heads, layer down and head across. Arrow keys choose one.`,
    );
  }

  function buildAtlas() {
    const { n_layer, n_head, T } = pack;
    atlas = make("canvas");
    [atlas.width, atlas.height] = [n_head * T, n_layer * T];
    const context = atlas.getContext("2d");
    for (let layer = 0; layer < n_layer; layer += 1)
      for (let head = 0; head < n_head; head += 1)
        context.drawImage(pixels(pack.parts.weights.at(layer, head), T), head * T, layer * T);
  }

  let stagePick, layerPick, headPick, textBox;

  const sources = () => [get("data"), get("tokens"), get("shape")];

  /** After any change from Python: several traits may arrive at once, the data last. */
  function refresh() {
    if (sources().some((source, at) => source !== built[at])) rebuildAll();
    else rebuildMap();
  }

  function rebuildAll() {
    built = sources();
    tokens = get("tokens");
    pack = unpack(floats(get("data")), get("shape"));
    rotate = tokens.some((token) => Array.from(visible(token)).length > 1);
    hover = null;
    const count = (many) => Array.from({ length: many }, (_, at) => [String(at), String(at)]);
    const stages = Object.keys(pack.parts).filter((name) => name in STAGE_WORDS);
    stagePick = choice({
      label: "Stage",
      options: stages.map((name) => [name, name]),
      value: stage(),
      onChange: (name) => save({ stage: name }),
    });
    layerPick = select({
      label: "Layer",
      options: count(pack.n_layer),
      value: get("layer"),
      onChange: (layer) => keepHead(Number(layer), get("head")),
    });
    headPick = select({
      label: "Head",
      options: count(pack.n_head),
      value: get("head"),
      onChange: (head) => keepHead(get("layer"), Number(head)),
    });
    bar.replaceChildren(stagePick.root, layerPick.root, headPick.root);
    if (get("asks") && !textBox) {
      textBox = textField({
        label: "Text",
        value: get("text"),
        maxlength: 64,
        onInput: throttle((text) => save({ text }), 300),
      });
      textBox.root.classList.add("attn-ask");
      root.insertBefore(textBox.root, complaint); // once: an element that is put in again loses the caret
    }
    words.fill(tokens);
    barsBox.hidden = !pack.parts.q;
    buildAtlas();
    rebuildMap();
  }

  function complain() {
    complaint.textContent = get("complaint");
    complaint.hidden = !get("complaint");
  }

  // --- pointer and keys

  const cellUnder = (event) => cellAt(geometry, event.offsetX, event.offsetY);
  const same = (one, two) => one?.[0] === two?.[0] && one?.[1] === two?.[1];
  const look = (cell) => {
    if (same(cell, hover)) return;
    hover = cell;
    paint();
  };
  map.addEventListener("pointermove", (event) => look(cellUnder(event)));
  map.addEventListener("pointerleave", () => look(null));
  map.addEventListener("click", (event) => {
    const cell = cellUnder(event);
    if (cell) keep(cell);
  });
  map.addEventListener("keydown", (event) => {
    const to = moved(event.key, kept(), [pack.T, part().columns]);
    if (!to) return;
    event.preventDefault();
    keep(to);
  });

  const headUnder = (event) => {
    const { size, left, top } = thumbs;
    const head = Math.floor((event.offsetX - left) / (size + 4));
    const layer = Math.floor((event.offsetY - top) / (size + 4));
    return head >= 0 && head < pack.n_head && layer >= 0 && layer < pack.n_layer ? [layer, head] : null;
  };
  allHeads.addEventListener("click", (event) => {
    const found = headUnder(event);
    if (found) keepHead(...found);
  });
  allHeads.addEventListener("pointermove", (event) => {
    const found = headUnder(event);
    allHeads.title = found ? `layer ${found[0]}, head ${found[1]}` : "";
  });
  allHeads.addEventListener("keydown", (event) => {
    const to = moved(event.key, [get("layer"), get("head")], [pack.n_layer, pack.n_head]);
    if (!to) return;
    event.preventDefault();
    keepHead(...to);
  });

  // --- start, and end

  rebuildAll();
  complain();
  const ends = [
    onWidth(root, (room) => {
      if (room < 120) return;
      width = room;
      rebuildMap();
    }),
    () => save.flush(),
    said.stop,
    paint.stop,
    onTheme(root, rebuildMap),
    watch(model, ["data", "tokens", "shape", "stage", "layer", "head"], refresh),
    watch(model, ["query", "key"], () =>
      sources().some((source, at) => source !== built[at]) ? rebuildAll() : paint(),
    ),
    watch(model, ["complaint"], complain),
    watch(model, ["text"], () => textBox?.set(get("text"))),
  ];
  return () => ends.forEach((end) => end());
}

export default { render };
