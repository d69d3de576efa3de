// What every drawn picture needs: a sharp canvas, the theme's colours, one picture per frame.

import { make, markDrawn } from "../../kit/browser/elements.js";

/** Gives a canvas its size in CSS pixels, sharp on every screen; returns a context that draws in them. */
export function sizeCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** The theme's colours as a canvas needs them, read from the variables that elements.css defines. */
export function themeColours(root) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(`--nano-${name}`).trim();
  return {
    text: read("text"),
    muted: read("muted"),
    back: read("back"),
    panel: read("panel"),
    line: read("line"),
    accent: read("accent"),
    font: style.fontFamily,
  };
}

/**
 * Calls when the page's theme has changed; returns what ends that. JupyterLab and VS Code note theirs on the
 * body. Elsewhere the transition of the text colour tells; in JupyterLab it may not, since the whole page is
 * hidden for a moment, which ends transitions.
 */
export function onTheme(root, call) {
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

/**
 * Runs `draw` once before the next frame, however often it is asked, then counts the picture; a draw that
 * returns false had nothing to draw on yet.
 */
export function painter(root, draw) {
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

/** Calls with a box's width in whole pixels, now and when it has changed; a box out of view has none. */
export function onWidth(box, call) {
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

/**
 * A painter of pictures that are as wide as a box: `draw` gets the width, in whole pixels, and is called anew
 * when it has changed. While the box is out of view there is nothing to draw on.
 */
export function widePainter(root, box, draw) {
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
