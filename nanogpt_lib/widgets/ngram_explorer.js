import { button, slider } from "../kit/browser/controls.js";
import { make, startRoot } from "../kit/browser/elements.js";
import { NO_ANSWER, patience, saver, watch } from "../kit/browser/python.js";
import { readout } from "../kit/browser/said.js";
import { keyEntry } from "../kit/browser/tables.js";
import { clamp, fixed, readable } from "../kit/browser/words.js";
import { onTheme, onWidth, painter, themeColours } from "./pictures/canvas.js";
import { frame, line } from "./pictures/chart.js";
import { ticks } from "./pictures/ticks.js";

/** The top of the loss axis: the next half nat above everything that is drawn. */
export function axisTop(values) {
  return Math.max(0.5, Math.ceil(Math.max(...values) * 2 + 0.15) / 2);
}

/** Where the bars stand: for each order the left edge of its group, and of its two bars, in pixels. */
export function barPlaces(orders, left, width) {
  const group = width / orders;
  const bar = Math.min(46, group * 0.38);
  return Array.from({ length: orders }, (_, order) => {
    const middle = left + group * (order + 0.5);
    return {
      order,
      group: left + group * order,
      width: group,
      bar,
      train: middle - bar - 1,
      val: middle + 1,
    };
  });
}

/** Which order a click at x means; the nearest one where it is beside them all. */
export function orderAt(x, orders, left, width) {
  return clamp(Math.floor(((x - left) / width) * orders), 0, orders - 1);
}

const TRAIN = "#0072b2";
const VAL = "#e69f00";
const HEIGHT = 225;
const MARGIN = { left: 46, right: 10, top: 10, bottom: 32 };

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

  // --- the parts --------------------------------------------------------------------------------
  const contexts = (n) => `${n} (${n === 1 ? "1 character" : `${n} characters`} of context)`;
  const field = slider({
    label: "order",
    min: 0,
    max: orders - 1,
    value: order,
    format: contexts,
    onInput: pick,
  });
  const said = readout();
  const waiting = patience(() => said.say(NO_ANSWER));
  const canvas = make("canvas", { role: "img" });
  canvas.setAttribute(
    "aria-label",
    `Bars of loss in nats per character. ${train.map((loss, n) => `Order ${n}: train ${fixed(loss)}, validation ${fixed(val[n])}.`).join(" ")} Uniform guessing: ${fixed(guess)}.`,
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
      swatch("nano-val", "validation loss"),
    ),
    canvas,
    said.root,
    make("p", { class: "nano-words", text: model.get("words") }),
    make("div", { class: "nano-bar nano-writing" }, again, title),
    text,
  );

  // --- what happens -----------------------------------------------------------------------------
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
    title.textContent = asked
      ? `Python writes sample ${wanted} …`
      : `Written by order ${order}, sample ${sample.number} (Python, seed ${model.get("seed") + sample.number - 1})`;
    text.textContent = readable(sample.text);
    text.classList.toggle("nano-old", asked);
    if (!asked) waiting.end();
  }
  function show() {
    field.set(order);
    said.say(
      `Order ${order}: train loss ${fixed(train[order])}, validation loss ${fixed(val[order])} nats per character.`,
    );
    showSample();
    paint();
  }

  const paint = painter(root, () => {
    const colours = themeColours(root);
    const picture = frame(canvas, {
      width,
      height: HEIGHT,
      margin: MARGIN,
      x: { from: 0, to: orders },
      y: { low: 0, high: top, ticks: ticks(0, top, top), format: String, faint: true },
      colours,
    });
    const { context, inner, floor, up: y } = picture;
    context.save();
    context.translate(13, (floor + MARGIN.top) / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText("loss (nats/char)", 0, 0);
    context.restore();

    for (const place of barPlaces(orders, MARGIN.left, inner)) {
      const chosen = place.order === order;
      if (chosen) {
        context.fillStyle = colours.panel;
        context.fillRect(place.group + 2, MARGIN.top, place.width - 4, floor - MARGIN.top);
        context.fillStyle = colours.accent;
        context.fillRect(place.group + 2, HEIGHT - 6, place.width - 4, 4);
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
          y(train[place.order]) - 8,
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
      width - MARGIN.right - 4,
      y(guess) - 9,
    );
  });

  canvas.addEventListener("click", (event) => {
    const x = event.clientX - canvas.getBoundingClientRect().left;
    pick(orderAt(x, orders, MARGIN.left, width - MARGIN.left - MARGIN.right));
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
    }),
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

/** A bar that can be told apart without its colour: one kind is full, the other striped. */
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

export default { render };
