/** Completions of what is typed, from the server, one request at a time. */

import { Timtin } from "./timtin.js";

const MOST = 50;
const known = new Map(); // what was typed → its answer
let request;

/** Return the answer of the service at `root` to `typed`, {} if it has none; undefined if something else was asked since. */
export async function ask(root, typed) {
  withdraw();
  if (known.has(typed)) return known.get(typed);
  const mine = (request = new AbortController());
  let answer = {};
  try {
    answer = await new Timtin(root).suggest({ q: typed, size: 6, titles: typed.length > 1 ? 3 : 0 }, { signal: mine.signal });
    if (known.size === MOST) known.delete(known.keys().next().value);
    known.set(typed, answer);
  } catch {
    // a reader who types needs no word about it
  }
  return mine === request ? answer : undefined;
}

/** Stop waiting for an answer. */
export function withdraw() {
  request?.abort();
  request = undefined;
}
