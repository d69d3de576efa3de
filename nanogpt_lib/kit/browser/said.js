// What a widget says in a sentence, and how a verdict looks.

import { make, put } from "./elements.js";

/**
 * A sentence that is seen at once, and read aloud when it has rested for a moment: a screen reader that
 * hears every step of a sweep hears nothing.
 */
export function readout() {
  const shown = make("span", { class: "nano-said", "aria-hidden": "true" });
  const aloud = make("span", { class: "nano-hidden", role: "status", "aria-live": "polite" });
  const root = make("p", { class: "nano-readout" }, shown, aloud);
  let timer = null;
  const say = (text, words = text) => {
    put(shown, text);
    clearTimeout(timer);
    timer = setTimeout(() => (aloud.textContent = words), 250);
  };
  return { root, say, stop: () => clearTimeout(timer) };
}

/**
 * A verdict: its sentence, behind a sign and a bar of colour. `tones` says which of "bad", "warn", "good" and
 * "calm" each kind of verdict is.
 */
export function verdict(tag, tones, words) {
  const sign = make("span", { class: "nano-sign", "aria-hidden": "true" });
  const root = make(tag, { class: "nano-light" }, sign, words);
  const show = (kind, text) => {
    root.dataset.light = kind;
    root.dataset.tone = tones[kind];
    put(sign, text);
  };
  return { root, show };
}
