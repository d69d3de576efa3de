// Colours of magnitudes, of signed values, and of the text on them; pure.

import { clamp } from "../../kit/browser/words.js";

const samples = (hex) => hex.match(/../g).map((pair) => parseInt(pair, 16));

/** matplotlib's cividis at 33 equal steps: dark blue is 0, yellow is 1. */
const CIVIDIS = samples(
  "00224e00285b002e6a0533711a386f273e6e32436d3b496c434e6c4b546c535a6d5a5f6e61656f686a716f70737676767d7c78" +
    "8482798c8878938e789b9476a39a74aba072b4a76fbcae6cc4b468cdbb63d5c25edec958e7d150f0d846f9e03afee838",
);

/** ColorBrewer's RdBu turned round, as style.SIGNED: blue is negative, near-white is 0, red is positive. */
const RED_BLUE = samples("0530612166ac4393c392c5ded1e5f0f7f7f7fddbc7f4a582d6604db2182b67001f");

/** The colour [r, g, b] at place 0..1 of a list of samples, with straight lines between them. */
function between(list, place) {
  const last = list.length / 3 - 1;
  const at = clamp(place, 0, 1) * last;
  const left = Math.min(Math.floor(at), last - 1);
  return [0, 1, 2].map((channel) => {
    const low = list[3 * left + channel];
    return Math.round(low + (at - left) * (list[3 * left + 3 + channel] - low));
  });
}

/** A magnitude 0..1 as [r, g, b]. */
export function cividis(value) {
  return between(CIVIDIS, value);
}

/** A signed value as [r, g, b]; limit is the magnitude at both ends, so 0 is always the middle. */
export function signed(value, limit) {
  return between(RED_BLUE, limit > 0 ? 0.5 + value / (2 * limit) : 0.5);
}

export function css([red, green, blue]) {
  return `rgb(${red}, ${green}, ${blue})`;
}

/** Black or white, whichever can be read better on this colour (WCAG relative luminance). */
export function inkOn(colour) {
  const [red, green, blue] = colour.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}
