import { button, moved, select } from "../kit/browser/controls.js";
import { fold, hint, make, startRoot } from "../kit/browser/elements.js";
import { floats, saver, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { amount, clamp, fixed, grouped, isolated, readable, spoken, visible } from "../kit/browser/words.js";
import { onTheme, onWidth, painter, sizeCanvas, themeColours } from "./pictures/canvas.js";
import { cividis, css } from "./pictures/colours.js";
import { drawCells, ring } from "./pictures/heat_map.js";

/** A small random stream with a seed, numbers in [0, 1): mulberry32. The same seed gives the same text. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The column that a number in [0, 1) draws from one row of a table; never one of probability 0. */
export function drawColumn(probs, V, row, chance) {
  let left = chance;
  let last = 0;
  for (let column = 0; column < V; column++) {
    const prob = probs[row * V + column];
    if (prob <= 0) continue;
    last = column;
    left -= prob;
    if (left < 0) break;
  }
  return last; // rounding may leave a crumb: it goes to the last possible one
}

/** Ids drawn one after the other, each from the row of the one before. */
export function write(probs, V, start, count, random) {
  const ids = [start];
  while (ids.length <= count) ids.push(drawColumn(probs, V, ids[ids.length - 1], random()));
  return ids;
}

/** The likeliest columns of a row, the likeliest first; equals keep their order. */
export function likeliest(probs, V, row, top) {
  const columns = Array.from({ length: V }, (_, column) => column);
  columns.sort((a, b) => probs[row * V + b] - probs[row * V + a] || a - b);
  return columns.slice(0, top);
}

/** [row, column] where two tables differ most; the first of several. */
export function largestDifference(one, other, V) {
  let place = 0;
  for (let at = 1; at < V * V; at++) {
    if (Math.abs(one[at] - other[at]) > Math.abs(one[place] - other[place])) place = at;
  }
  return [Math.floor(place / V), place % V];
}

/** A probability with three decimals, or that it is smaller than those show. */
export function probInWords(prob) {
  return prob === 0 || prob >= 0.0005 ? fixed(prob) : "below 0.001";
}

/** One cell of the table as a sentence; `show` turns a character into something to see, or to say. */
export function pairInWords({ before, after, seen, of, prob, alpha, learned = null }, show = visible) {
  const times = seen
    ? `seen ${grouped(seen)} of ${grouped(of)} times`
    : `never seen (0 of ${grouped(of)} times)`;
  const added = alpha ? ` (alpha = ${alpha})` : "";
  const other = learned === null ? "" : `, learned ${probInWords(learned)}`;
  return `after "${isolated(show(before))}": "${isolated(show(after))}", ${times}, probability ${probInWords(prob)}${added}${other}`;
}

/** How large a cell can be, in whole pixels, where so much width and height is left for V of them. */
export function cellSize(width, V, height = Infinity) {
  return clamp(Math.floor(Math.min(width, height) / V), 2, 24);
}

const TOP = 12;
const WRITTEN = 160; // characters a sample
const GUTTER = 22; // for the labels, which stand in two staggered lines
const NAMED = 5; // pixels a cell needs for its label to be read
const LEAST = { one: 641, two: 841 }; // width of a widget in which the bars stand beside one map, or two
const PANEL = { one: 260, two: 175 }; // the bars beside one map, or beside two
const TALLEST = { one: 390, two: 330 }; // of a map: with the controls and the bars it fits on a small screen
const GAP = 12;

function render({ model, el }) {
  const root = startRoot(el, "bigram_map", "Bigram map: which character follows which");
  const save = saver(model, 80);
  const chars = Array.from(model.get("vocabulary"));
  const V = chars.length;
  const counts = floats(model.get("counts_bytes"));
  const counted = floats(model.get("counted_bytes"));
  const learned = model.get("learned_bytes").byteLength ? floats(model.get("learned_bytes")) : null;
  const totals = chars.map((_, row) =>
    counts.subarray(row * V, (row + 1) * V).reduce((sum, count) => sum + count, 0),
  );
  const unseen = counts.reduce((sum, count) => sum + (count === 0), 0);
  const tables = learned ? [counted, learned] : [counted];
  let row = model.get("row");
  let cursor = [row, likeliest(counted, V, row, 1)[0]];
  let sample = 1;
  let cell = 0;
  let width = 816; // until the page has told

  // --- the parts --------------------------------------------------------------------------------
  const said = readout();
  const canvases = tables.map((_, at) =>
    make("canvas", {
      tabindex: at ? "-1" : "0",
      role: "application",
      "aria-roledescription": "map",
      "aria-label": `${at ? "Learned" : "Counted"} table, ${V} by ${V}. Arrow keys move, Enter shows the row, a letter goes to its row.`,
    }),
  );
  const figures = canvases.map((canvas, at) =>
    make(
      "figure",
      {},
      learned
        ? make("figcaption", { text: at ? "learned" : `counted (alpha = ${model.get("alpha")})` })
        : null,
      canvas,
    ),
  );
  const name = (char) =>
    spoken(char) === visible(char) ? visible(char) : `${visible(char)} ${spoken(char)}`;
  const rows = select({
    label: "row: the character before",
    options: chars.map((char, at) => [String(at), name(char)]),
    value: row,
    onChange: (value) => pick(Number(value)),
  });
  const again = button({ label: "Another sample", onClick: another });
  const head = make("p", { class: "nano-head" });
  const bars = make("div", { class: "nano-bars", role: "list" });
  const written = make("p", { class: "nano-head" });
  const texts = tables.map((_, at) =>
    make("pre", {
      class: "nano-sample",
      tabindex: "0",
      "aria-label": at ? "written by the learned table" : "written by the counted table",
    }),
  );
  const ticks = [0, 0.01, 0.1, 0.25, 0.5, 1].map((prob) =>
    make("span", { text: String(prob), style: { left: `${100 * Math.sqrt(prob)}%` } }),
  );
  const steps = Array.from({ length: 17 }, (_, at) => css(cividis(at / 16)));
  const legend = make(
    "div",
    { class: "nano-legend" },
    make("span", { text: "probability (colour: its square root)" }),
    make(
      "div",
      { class: "nano-scale" },
      make("i", { style: { background: `linear-gradient(to right, ${steps.join(", ")})` } }),
      ...ticks,
    ),
    make(
      "span",
      { class: "nano-unseen" },
      make("i"),
      make("span", { text: `never seen: ${grouped(unseen)} of ${grouped(V * V)} pairs` }),
    ),
  );
  const apart = learned ? largestDifference(counted, learned, V) : null;
  const difference = apart
    ? make(
        "p",
        { class: "nano-difference" },
        make("span", {
          text: `Largest difference: after "${isolated(visible(chars[apart[0]]))}", "${isolated(visible(chars[apart[1]]))}": counted ${probInWords(counted[apart[0] * V + apart[1]])}, learned ${probInWords(learned[apart[0] * V + apart[1]])}. `,
        }),
        button({ label: "Show it", onClick: () => choose(apart) }),
      )
    : null;
  const samples = learned
    ? fold("What both tables write", written, make("div", { class: "nano-panels" }, ...texts))
    : null;
  const keys = learned
    ? make(
        "span",
        { class: "nano-keys" },
        make("i", { class: "nano-counted" }),
        "counted",
        make("i", { class: "nano-learned" }),
        "learned",
      )
    : null;
  const maps = make(
    "div",
    { class: "nano-maps" },
    make("div", { class: "nano-figures" }, ...figures),
    legend,
  );
  const notes = make("div", { class: "nano-notes" }, said.root, difference);
  const panel = make(
    "div",
    { class: "nano-panel" },
    make("div", {}, head, bars),
    learned ? null : make("div", {}, written, ...texts),
  );
  const layout = make(
    "div",
    { class: learned ? "nano-layout nano-pair" : "nano-layout" },
    maps,
    notes,
    panel,
  );
  root.append(
    ...[
      make("div", { class: "nano-bar" }, rows.root, again, keys),
      layout,
      samples,
      hint("Point at the map or use the arrow keys; click or Enter shows a row."),
    ].filter(Boolean),
  );

  // --- what happens -----------------------------------------------------------------------------
  function point(to) {
    cursor = to;
    const [before, after] = to;
    const at = before * V + after;
    const facts = {
      before: chars[before],
      after: chars[after],
      seen: counts[at],
      of: totals[before],
      prob: counted[at],
      alpha: model.get("alpha"),
      learned: learned ? learned[at] : null,
    };
    said.say(pairInWords(facts), pairInWords(facts, spoken));
    paint();
  }
  function pick(to) {
    row = to;
    sample = 1;
    save({ row });
    showRow();
    point([row, likeliest(counted, V, row, 1)[0]]);
  }
  function choose(to) {
    pick(to[0]);
    point(to);
  }
  function another() {
    sample += 1;
    if (samples) samples.open = true;
    showSample();
    paint();
  }
  function showSample() {
    const seed = model.get("seed") + sample - 1;
    written.textContent = `Sample ${sample} that starts from "${isolated(visible(chars[row]))}" (drawn in your browser, seed ${seed})`;
    tables.forEach((table, at) => {
      const ids = write(table, V, row, WRITTEN, randomFrom(seed + 100003 * row)); // both tables: the same numbers
      const text = readable(ids.map((id) => chars[id]).join(""));
      texts[at].replaceChildren(learned ? make("b", { text: at ? "learned\n" : "counted\n" }) : "", text);
    });
  }
  function showRow() {
    rows.set(row);
    const order = likeliest(counted, V, row, TOP);
    const most = Math.max(...order.flatMap((column) => tables.map((table) => table[row * V + column])));
    head.textContent = `After "${isolated(visible(chars[row]))}" (${grouped(totals[row])} times) comes:`;
    bars.replaceChildren(
      ...order.map((column) => {
        const probs = tables.map((table) => table[row * V + column]);
        const never = counts[row * V + column] === 0;
        return make(
          "div",
          { class: never ? "nano-bar-row nano-never" : "nano-bar-row", role: "listitem" },
          make("span", { class: "nano-char", text: visible(chars[column]), title: spoken(chars[column]) }),
          make(
            "span",
            { class: "nano-lengths", "aria-hidden": "true" },
            ...probs.map((prob, at) =>
              make("i", {
                class: at ? "nano-learned" : "nano-counted",
                style: { width: `${(100 * prob) / most}%` },
              }),
            ),
          ),
          make(
            "span",
            { class: "nano-number" },
            ...probs.map((prob, at) =>
              make(
                "span",
                {},
                at ? make("span", { class: "nano-hidden", text: " | " }) : never ? "unseen " : null,
                amount(prob),
              ),
            ),
          ),
        );
      }),
    );
    showSample();
  }

  // --- the maps ---------------------------------------------------------------------------------
  let grounds = []; // each map without its cursor, drawn once per theme and size
  let stacked = false; // side by side the second map shares the first one's row labels
  const left = (at) => (at && !stacked ? 0 : GUTTER);
  function prepare() {
    const wide = Math.max(240, width - 2);
    const many = learned ? "two" : "one";
    const beside = wide >= LEAST[many];
    const rest = GUTTER + (learned ? GAP : 0) + (beside ? GAP + PANEL[many] : 0);
    const room = (wide - rest) / tables.length;
    cell = cellSize(room, V, TALLEST[many]);
    const alone = cellSize(wide - GUTTER, V, TALLEST.one);
    stacked = Boolean(learned) && cell < NAMED && alone > cell;
    if (stacked) cell = alone;
    const across = stacked || !learned ? V * cell : 2 * V * cell + GAP;
    maps.style.width = `${Math.max(240, GUTTER + across)}px`; // leaves the rest to the bars
    layout.classList.toggle("nano-beside", beside);
    const colours = themeColours(root);
    grounds = tables.map((table, at) => {
      const ground = document.createElement("canvas");
      const context = sizeCanvas(ground, left(at) + V * cell, GUTTER + V * cell);
      context.translate(left(at), GUTTER);
      const geometry = { left: 0, top: 0, cellWidth: cell, cellHeight: cell, rows: V, columns: V };
      const look = (y, x) => (!at && counts[y * V + x] === 0 ? null : cividis(Math.sqrt(table[y * V + x])));
      drawCells(context, geometry, look, (x, y) => {
        context.fillStyle = colours.panel;
        context.fillRect(x, y, cell, cell);
        context.strokeStyle = colours.line;
        context.lineWidth = 1;
        context.beginPath();
        context.moveTo(x, y + cell);
        context.lineTo(x + cell, y);
        context.stroke();
      });
      context.fillStyle = colours.muted;
      chars.forEach((_, id) => {
        if (cell < NAMED) return;
        label(context, colours, id, "top");
        if (left(at)) label(context, colours, id, "left");
      });
      return ground;
    });
  }
  function label(context, colours, id, side, chosen = false) {
    const size = clamp(cell + 3, 9, 12);
    const line = cell >= 12 ? 0 : id % 2; // neighbours stand in two lines, so that each can be read
    const along = (id + 0.5) * cell;
    const off = -6 - 10 * line;
    const [x, y] = side === "top" ? [along, off] : [off, along];
    context.font = `${chosen ? "bold " : ""}${chosen ? size + 3 : size}px ${colours.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    if (chosen) {
      context.fillStyle = colours.back;
      if (side === "top") context.fillRect(x - 9, -GUTTER, 18, GUTTER);
      else context.fillRect(-GUTTER, y - 9, GUTTER, 18);
      context.fillStyle = colours.accent;
      context.fillText(
        visible(chars[id]),
        side === "top" ? x : -GUTTER / 2,
        side === "top" ? -GUTTER / 2 : y,
      );
    } else context.fillText(visible(chars[id]), x, y);
  }
  const paint = painter(root, () => {
    if (!grounds.length) prepare();
    const colours = themeColours(root);
    const [before, after] = cursor;
    canvases.forEach((canvas, at) => {
      const context = sizeCanvas(canvas, left(at) + V * cell, GUTTER + V * cell);
      context.drawImage(grounds[at], 0, 0, left(at) + V * cell, GUTTER + V * cell);
      context.translate(left(at), GUTTER);
      ring(context, 1, row * cell, V * cell - 2, cell);
      ring(context, after * cell, before * cell, cell, cell);
      label(context, colours, after, "top", true);
      if (left(at)) label(context, colours, before, "left", true);
    });
  });

  canvases.forEach((canvas, at) => {
    const under = (event) => {
      const box = canvas.getBoundingClientRect();
      const place = [event.clientY - box.top - GUTTER, event.clientX - box.left - left(at)];
      return place.map((pixels) => clamp(Math.floor(pixels / cell), 0, V - 1));
    };
    canvas.addEventListener("pointermove", (event) => {
      const to = under(event);
      if (to[0] !== cursor[0] || to[1] !== cursor[1]) point(to);
    });
    canvas.addEventListener("click", (event) => {
      choose(under(event));
    });
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const to = moved(event.key, cursor, [V, V]);
      const typed = event.key === " " ? -1 : chars.indexOf(event.key);
      if (to) point(to);
      else if (event.key === "Enter" || event.key === " ") choose(cursor);
      else if (typed >= 0) pick(typed);
      else return;
      event.preventDefault();
    });
  });

  const afresh = () => {
    grounds = [];
    paint();
  };
  const unwatch = [
    watch(model, ["row"], () => {
      if (model.get("row") === row) return;
      row = model.get("row");
      showRow();
      point([row, likeliest(counted, V, row, 1)[0]]);
    }),
    onTheme(root, afresh),
    onWidth(root, (room) => {
      width = room;
      afresh();
    }),
  ];
  showRow();
  point(cursor);
  return () => {
    unwatch.forEach((end) => end());
    paint.stop();
    said.stop();
    save.flush();
  };
}

export default { render };
