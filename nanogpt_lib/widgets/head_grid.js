// HeadGrid: a layer's heads side by side, one query for all, and a box at each head to switch it off.
import { button, checkbox, select } from "../kit/browser/controls.js";
import { hint, make, startRoot } from "../kit/browser/elements.js";
import { floats, NO_ANSWER, patience, saver, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { clamp, fixed, isolated, spoken, visible } from "../kit/browser/words.js";
import { onTheme, onWidth, painter, sizeCanvas, themeColours } from "./pictures/canvas.js";
import { cividis } from "./pictures/colours.js";
import { drawScale, pixels, ring } from "./pictures/heat_map.js";
import { tokenStrip } from "./pictures/token_strip.js";

const GUTTER = 18; // left of a map, for the queries' characters
const BARS = 40; // height of a bar for the weight 1
const LETTERS = 16; // below the bars, for the keys' characters
const AROUND = 14; // a card's padding and border
const GAP = 8; // between cards
const SAID = 112; // width of what is written below a map; on a smaller card it takes two lines
const WIDE = 640; // a widget that is no narrower shows all its heads at once

// --- pure -----------------------------------------------------------------------------------------

const inOrder = (off) => [...off].sort((one, two) => one[0] - two[0] || one[1] - two[1]);

/** The name of a set of heads in the table of effects; "" is every head on. */
export function offKey(off) {
  return inOrder(off)
    .map(([layer, head]) => `${layer}.${head}`)
    .join(" ");
}

/** The heads that are off, after one more tick or one less. */
export function toggled(off, [layer, head]) {
  const others = off.filter((pair) => pair[0] !== layer || pair[1] !== head);
  return inOrder(others.length < off.length ? others : [...off, [layer, head]]);
}

/** How many cards stand in a row, and how large their maps are. */
export function gridGeometry({ width, n_head, T }) {
  const wide = width >= WIDE;
  const least = (wide ? 68 : n_head > 8 ? SAID : 150) + GUTTER + AROUND;
  const fitting = clamp(Math.floor((width + GAP) / (least + GAP)), 1, n_head);
  const rows = Math.ceil(n_head / fitting);
  const columns = Math.ceil(n_head / rows); // rows as equal as they can be
  const room = Math.floor((width - GAP * (columns - 1)) / columns) - GUTTER - AROUND;
  const tallest = wide ? (rows > 1 ? 84 : 150) : n_head > 8 ? 120 : 270;
  const most = clamp(room, 40, Math.min(tallest, 40 * T));
  const side = most >= 4 * T ? T * Math.floor(most / T) : most; // whole pixels, where that costs little
  return { columns, side, cell: side / T, card: Math.max(side, Math.min(room, SAID)) + GUTTER + AROUND };
}

/** The [query, key] under a point of a card's picture; in the bars, and left of the map, query is kept. */
export function placeAt({ side, cell }, T, x, y, query) {
  const key = Math.floor((x - GUTTER) / cell);
  const row = Math.floor(y / cell);
  if (x > GUTTER + side || y > side + BARS + LETTERS || key >= T) return null;
  return [row < T ? row : query, key < 0 ? null : key];
}

/** Where a row of weights has its largest: the first one, if several are shown alike. */
export function heaviest(row) {
  const rounded = Array.from(row, (weight) => Math.round(weight * 1e4));
  return rounded.indexOf(Math.max(...rounded));
}

/** One character for an axis: what takes more room to write is a dot there, and told in words elsewhere. */
export function letter(token) {
  const seen = visible(token);
  return Array.from(seen).length === 1 ? seen : "·";
}

/** What is said about one weight. */
export function weightInWords(tokens, head, query, key, weight, name = visible) {
  const hidden = key > query ? " (its future, which the mask hides)" : "";
  return (
    `head ${head}: query "${isolated(name(tokens[query]))}" at ${query} → ` +
    `key "${isolated(name(tokens[key]))}" at ${key}: ${fixed(weight)}${hidden}`
  );
}

/** The right end of the axis of losses: what is known, and guessing, with room for a number. */
export function axisEnd(effects, guess) {
  return 1.12 * Math.max(guess, ...Object.values(effects).map(({ now }) => now));
}

// --- the widget -----------------------------------------------------------------------------------

function render({ model, el }) {
  const root = startRoot(el, "head_grid", "Grid of heads");
  const get = (name) => model.get(name);
  const save = saver(model);
  const tokens = get("tokens");
  const shape = get("shape");
  const { n_layer, n_head, T } = shape;
  const { B, T: long, V } = get("batch");
  const guess = Math.log(V);
  const weights = floats(get("data"));
  const pictures = []; // one canvas per head of the layer, one pixel per weight

  let hover = null; // {query, head, key} under the pointer; it goes when the pointer goes
  let geometry = null;
  let width = 0;
  let colours = null;

  const rowOf = (head, query) => {
    const start = ((get("layer") * n_head + head) * T + query) * T;
    return weights.subarray(start, start + T);
  };
  const isOff = (head) => get("off").some((pair) => pair[0] === get("layer") && pair[1] === head);

  // --- elements

  const layerPick = select({
    label: "Layer",
    options: Array.from({ length: n_layer }, (_, at) => [String(at), String(at)]),
    value: get("layer"),
    onChange: (layer) => save({ layer: Number(layer) }),
  });
  const words = tokenStrip({
    kept: () => get("query"),
    onLook: (at) => look(at === null ? null : { query: at }),
    onKeep: (at) => keep(at),
  });
  words.fill(tokens, (token, at) => `"${isolated(spoken(token))}" at ${at}`);
  const pointed = readout();
  const cards = Array.from({ length: n_head }, (_, head) => {
    const tick = checkbox({
      label: `head ${head}`,
      value: true,
      onChange: () => save({ off: toggled(get("off"), [get("layer"), head]) }),
    });
    const state = make("span", { class: "hgrid-state", text: "off" });
    const canvas = make("canvas", { class: "hgrid-map", role: "img" });
    const most = make("div", { class: "hgrid-most", "aria-hidden": "true" });
    const card = make(
      "div",
      { class: "hgrid-card" },
      make("div", { class: "hgrid-title" }, tick.root, state),
      canvas,
      most,
    );
    return { head, tick, canvas, most, card };
  });
  const grid = make("div", { class: "hgrid-cards" }, ...cards.map(({ card }) => card));

  const track = (...inside) => make("span", { class: "hgrid-track", "aria-hidden": "true" }, ...inside);
  const line = (name, ...rest) =>
    make("div", { class: "hgrid-line" }, make("span", { class: "hgrid-name", text: name }), ...rest);
  const [baseBar, nowBar, change] = ["hgrid-bar", "hgrid-bar", "hgrid-change"].map((kind) =>
    make("span", { class: kind }),
  );
  const [baseText, nowText, differenceText] = ["base", "now", "difference"].map((kind) =>
    make("span", { class: `hgrid-number hgrid-${kind}` }),
  );
  const mark = make("span", { class: "hgrid-mark" });
  const verdict = readout();
  const waiting = patience(() => verdict.say(NO_ANSWER));
  verdict.root.classList.add("hgrid-verdict");
  const panel = make(
    "div",
    { class: "hgrid-loss", role: "group", "aria-label": "Loss on a fixed batch" },
    make("div", {
      class: "hgrid-caption",
      text: `Loss on a fixed batch of ${B} × ${long} characters, in nats per character`,
    }),
    make(
      "div",
      { class: "hgrid-lines" },
      line("every head on", track(baseBar), baseText),
      line("now", track(nowBar, change), nowText, differenceText),
      line(`guessing, ln ${V}`, track(mark), make("span", { class: "hgrid-number", text: fixed(guess) })),
    ),
    verdict.root,
  );
  const allOn = button({ label: "All heads on", onClick: () => save({ off: [] }) });
  const scale = make("canvas", { "aria-hidden": "true" });
  root.append(
    make("div", { class: "nano-bar" }, n_layer > 1 ? layerPick.root : null, allOn),
    words.root,
    pointed.root,
    grid,
    make(
      "div",
      { class: "hgrid-legend" },
      make("span", { text: "weight 0" }),
      scale,
      make("span", { text: "1" }),
      make("span", {
        class: "hgrid-axes",
        text:
          "Query down, key across; the bars are the framed row." +
          `${n_layer > 1 ? " The maps are those of the model with every head on." : ""}`,
      }),
    ),
    panel,
    hint(
      "Point to look, click to keep a query; untick a head to switch it off. Tab moves on, arrow keys choose " +
        "a character.",
    ),
  );

  // --- drawing

  const query = () => hover?.query ?? get("query");

  function drawCard({ head, canvas, most, tick, card }) {
    const { side, cell } = geometry;
    const at = query();
    const row = rowOf(head, at);
    const best = heaviest(row);
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, GUTTER + side + 4, 3 + side + 8 + BARS + LETTERS);
    context.save();
    context.translate(GUTTER, 3);
    context.imageSmoothingEnabled = cell < 1;
    context.drawImage(pictures[head], 0, 0, side, side);
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    context.strokeRect(-0.5, -0.5, side + 1, side + 1);
    const tall = Math.max(2, Math.round(cell));
    ring(context, 0, Math.round(at * cell), side, tall, tall < 9 ? 1 : 2);

    const floor = side + 8 + BARS;
    context.fillStyle = colours.panel;
    context.fillRect(0, floor - BARS, side, BARS);
    const thick = cell > 5 ? cell - 2 : Math.max(1, cell * 0.8);
    row.forEach((weight, key) => {
      context.fillStyle = hover?.head === head && hover.key === key ? colours.text : colours.accent;
      context.fillRect((key + 0.5) * cell - thick / 2, floor - weight * BARS, thick, weight * BARS);
    });
    context.fillStyle = colours.muted;
    context.fillRect(0, floor, side, 1);

    context.textAlign = "center";
    context.textBaseline = "middle";
    const size = clamp(Math.floor(cell) + 1, 9, 13);
    const write = (token, x, y, bold) => {
      context.font = `${bold ? "bold " : ""}${bold ? Math.max(size, 12) : size}px ${colours.mono}`;
      context.fillStyle = bold ? colours.text : colours.muted;
      context.fillText(letter(token), x, y);
    };
    for (let place = 0; place < T; place += 1) {
      // Where there is no room for every character, only those that matter are written.
      if (place === at || cell >= 12) write(tokens[place], -10, (place + 0.5) * cell, place === at);
      if (place === best || cell >= 8) write(tokens[place], (place + 0.5) * cell, floor + 9, place === best);
    }
    context.restore();

    const told = (name) => `"${isolated(name(tokens[best]))}" at ${best}, ${fixed(row[best])}`;
    most.textContent = `most: ${told(visible)}`;
    const off = isOff(head);
    tick.set(!off);
    card.classList.toggle("hgrid-off", off);
    canvas.setAttribute(
      "aria-label",
      `Weights of head ${head}. Query "${isolated(spoken(tokens[at]))}" at ${at} reads most: ${told(spoken)}`,
    );
    return `head ${head}: ${told(spoken)}`;
  }

  function drawText(at) {
    words.choose(at);
    words.items().forEach((token, place) => token.classList.toggle("strip-blind", place > at));
  }

  /** Whether the loss without these heads is known; the panel says it, or that Python is asked. */
  function drawLoss() {
    const effects = get("effects");
    const off = get("off");
    const effect = effects[offKey(off)];
    allOn.disabled = !off.length;
    panel.classList.toggle("hgrid-asked", effect === undefined);
    if (effect === undefined) {
      if (!waiting.isOn()) {
        waiting.start();
        verdict.say("Python measures the loss without these heads …");
      }
      return false;
    }
    waiting.end();
    const share = (loss) => `${(100 * loss) / axisEnd(effects, guess)}%`;
    const { base, now, difference, signed } = effect;
    baseBar.style.width = share(base);
    nowBar.style.width = share(Math.min(base, now));
    change.style.left = share(Math.min(base, now));
    change.style.width = share(Math.abs(difference));
    panel.classList.toggle("hgrid-less", difference < 0);
    mark.style.left = share(guess);
    baseText.textContent = fixed(base);
    nowText.textContent = fixed(now);
    differenceText.textContent = signed;
    verdict.say(effect.words);
    return true;
  }

  const paint = painter(root, () => {
    if (!geometry) return false;
    const at = query();
    drawText(at);
    const heads = cards.map(drawCard);
    const one = `query "${isolated(visible(tokens[at]))}" at ${at}`;
    if (hover && hover.head !== undefined && hover.key !== null) {
      const { head, key } = hover;
      const weight = rowOf(head, at)[key];
      pointed.say(...[visible, spoken].map((name) => weightInWords(tokens, head, at, key, weight, name)));
    } else {
      pointed.say(
        `${one}: what each head${n_layer > 1 ? ` of layer ${get("layer")}` : ""} reads`,
        `query "${isolated(spoken(tokens[at]))}" at ${at}. Most weight, ${heads.join("; ")}`,
      );
    }
    return drawLoss(); // a picture that still waits for Python is not finished
  });

  // --- what is built when something bigger changes

  function paintPictures() {
    for (let head = 0; head < n_head; head += 1) {
      const start = (get("layer") * n_head + head) * T * T;
      pictures[head] = pixels(weights.subarray(start, start + T * T), T);
    }
  }

  function layOut() {
    if (!width) return;
    colours = { ...themeColours(root), mono: getComputedStyle(words.root).fontFamily };
    geometry = gridGeometry({ width, n_head, T });
    const { columns, side, card } = geometry;
    grid.style.setProperty("grid-template-columns", `repeat(${columns}, ${card}px)`);
    grid.classList.toggle("hgrid-small", card < SAID + GUTTER + AROUND);
    for (const { canvas } of cards) sizeCanvas(canvas, GUTTER + side + 4, 3 + side + 8 + BARS + LETTERS);
    drawScale(scale, 120, 10, cividis);
    paint();
  }

  function changeLayer() {
    layerPick.set(get("layer"));
    hover = null;
    paintPictures();
    paint();
  }

  // --- pointer and keys

  const look = (found) => {
    if (JSON.stringify(found) === JSON.stringify(hover)) return;
    hover = found;
    paint();
  };
  const keep = (at) => {
    hover = null;
    save({ query: at });
    paint(); // the pointer's choice may have been the one that was kept already
  };
  for (const { head, canvas } of cards) {
    const under = (event) => {
      const place = placeAt(geometry, T, event.offsetX, event.offsetY - 3, get("query"));
      return place && { query: clamp(place[0], 0, T - 1), head, key: place[1] };
    };
    canvas.addEventListener("pointermove", (event) => look(under(event)));
    canvas.addEventListener("pointerleave", () => look(null));
    canvas.addEventListener("click", (event) => {
      const found = under(event);
      if (found) keep(found.query);
    });
  }
  // --- start, and end

  paintPictures();
  const ends = [
    onWidth(root, (room) => {
      if (room < 120) return;
      width = room;
      layOut();
    }),
    waiting.end,
    () => save.flush(),
    pointed.stop,
    verdict.stop,
    paint.stop,
    onTheme(root, layOut),
    watch(model, ["layer"], changeLayer),
    watch(model, ["query", "off", "effects"], paint),
  ];
  return () => ends.forEach((end) => end());
}

export default { render };
