// The model in Python: setting traits, asking, hearing of changes, reading numbers.

/** Calls at once, then at most every `wait` milliseconds, always ending with the newest arguments. */
export function throttle(call, wait) {
  let timer = null;
  let pending = null;
  const tick = () => {
    timer = null;
    if (pending) run(...pending);
  };
  const run = (...args) => {
    if (timer !== null) {
      pending = args;
      return;
    }
    pending = null;
    timer = setTimeout(tick, wait);
    call(...args);
  };
  run.flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (pending) {
      const args = pending;
      pending = null;
      call(...args);
    }
  };
  return run;
}

/** A function that sets traits and tells Python, a few times a second at most while a key is held. */
export function saver(model, wait = 80) {
  const send = throttle(() => model.save_changes(), wait);
  const save = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    send();
  };
  save.flush = send.flush;
  return save;
}

/** What is said where Python stays silent. */
export const NO_ANSWER = "Python does not answer: run this cell again.";

const PATIENCE = 5000; // milliseconds

/** Waits for Python: `silent` is called some time after `start()`, unless `end()` comes first. */
export function patience(silent, wait = PATIENCE) {
  let late = null;
  const end = () => {
    clearTimeout(late);
    late = null;
  };
  const start = () => {
    end();
    late = setTimeout(silent, wait);
  };
  return { start, end, isOn: () => late !== null };
}

const REPORTS = 8; // of Python's work that go without an answer

/**
 * A function that sends Python a question and says whether it could be sent. `silent` is called when it could
 * not, and when nothing came back in time: `answered()` ends the waiting. While work goes on in Python (see
 * turns.py), `reported()` hears each of its reports, and lets Python know now and then that somebody watches.
 */
export function asker(model, silent, wait) {
  const waiting = patience(silent, wait);
  let reports = 0;
  const ask = (content) => {
    waiting.start();
    try {
      model.send(content);
      return true;
    } catch (error) {
      console.warn(error); // a closed channel throws; its words are for developers
      waiting.end();
      silent();
      return false;
    }
  };
  ask.answered = waiting.end;
  ask.reported = () => {
    waiting.start();
    reports += 1;
    if (reports % REPORTS === 0) ask({ do: "seen" });
  };
  return ask;
}

/** Calls when one of the traits changes, here or in Python; returns what ends that. */
export function watch(model, names, call) {
  for (const name of names) model.on(`change:${name}`, call);
  return () => {
    for (const name of names) model.off(`change:${name}`, call);
  };
}

/** The bytes of a Bytes trait as floats, copied so that they start where a Float32Array may. */
export function floats(view) {
  if (!view?.byteLength) return new Float32Array(0);
  const bytes = new Uint8Array(view.buffer ?? view, view.byteOffset ?? 0, view.byteLength);
  return new Float32Array(bytes.slice().buffer);
}

/** The pieces of these lengths that a list holds from a place on, as arrays. */
export function pieces(numbers, start, lengths) {
  let at = start;
  return lengths.map((length) => {
    at += length;
    return Array.from(numbers.slice(at - length, at));
  });
}

/** A list in rows of this width. */
export const rowsOf = (list, width) =>
  Array.from({ length: list.length / width }, (_, row) => list.slice(row * width, (row + 1) * width));
