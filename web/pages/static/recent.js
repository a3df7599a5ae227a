/** The newest queries of this browser. They are kept here alone; where nothing can be kept, there are none. */

const NAME = "recent-queries";
const MOST = 10;

/** Return the queries, newest first. */
export function recent() {
  try {
    return JSON.parse(localStorage.getItem(NAME)).filter((query) => typeof query === "string");
  } catch {
    return [];
  }
}

/** Put `query` first. */
export function remember(query) {
  if (query) keep([query, ...others(query)].slice(0, MOST));
}

/** Drop `query`. */
export function forget(query) {
  keep(others(query));
}

/** Drop all queries. */
export function forgetAll() {
  keep([]);
}

function others(query) {
  return recent().filter((other) => other.toLowerCase() !== query.toLowerCase());
}

function keep(queries) {
  try {
    localStorage.setItem(NAME, JSON.stringify(queries));
  } catch {
    // the reader's browser keeps nothing
  }
}
