// Numbers and characters as they are written and read aloud; pure, and the same in Python.

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

const SIGNS = { " ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍" };

// What has no ink of its own: controls, spaces, marks that only change the one before, and a few blank letters.
const INKLESS = /[\p{C}\p{Z}\p{M}\u115f\u1160\u2800\u3164\uffa0\u{1d159}]/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

const numbered = (char) => `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** A token as it can be seen in a label: each character as style.visible in Python makes it. */
export function visible(token) {
  return Array.from(token, (char) => SIGNS[char] ?? (INKLESS.test(char) ? numbered(char) : char)).join("");
}

/** Text as it is read, line by line: spaces and newlines stay, everything else can be seen. */
export function readable(text) {
  return Array.from(text, (char) => (char === " " || char === "\n" ? char : visible(char))).join("");
}

/** Words within a sentence, as style.isolated in Python: letters from right to left turn nothing around them. */
export const isolated = (words) => (RIGHT_TO_LEFT.test(words) ? `\u2068${words}\u2069` : words);

/** The character in words, for a screen reader, which may skip a sign. */
export function spoken(token) {
  return { " ": "space", "\n": "newline", "\t": "tab" }[token] ?? visible(token);
}

/** A number as widget.number writes it in Python: fixed decimals, halves away from zero, a true minus sign. */
export function fixed(value, digits = 3) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = (Math.abs(value) + 1e-6).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** A number as `amount` in Python writes it: what is more than nothing never looks like nothing. */
export function amount(value, digits = 3) {
  const text = fixed(value, digits);
  return value > 0 && Number(text) === 0 ? `<${(10 ** -digits).toFixed(digits)}` : text;
}

/** 1234567 as 1,234,567, whatever the browser's language. */
export const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
