// Round numbers for the axes of a picture; pure.

const ROUND = [1, 2, 5, 10];

/** The least round step that is no smaller than this one. */
export function roundStep(least, rounds = ROUND) {
  const size = 10 ** Math.floor(Math.log10(least) + 1e-9);
  return Number((size * rounds.find((one) => one * size >= least * 0.999)).toPrecision(12));
}

/** The multiples of a step from low to high. */
export function multiples(step, low, high) {
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** The round numbers from low to high that are at most so many steps apart. */
export const ticks = (low, high, most, rounds = ROUND) =>
  multiples(roundStep((high - low) / most, rounds), low, high);
