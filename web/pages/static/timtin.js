/** A client of a timtin service, for scripts of any page and for programs with `fetch`: docs/api.md shows its use. */

const WAIT = [500, 20000]; // ms before the first further try, and at most
const POLL = [50, 1000]; // ms between two looks at a task
const REFUSED = 429;
const BUSY = [502, 503, 504];

/** The service answered with an error: `problem` is its document (RFC 9457), `retryAfter` the seconds it asks for. */
export class ProblemError extends Error {
  constructor(problem, retryAfter) {
    super(`${problem.status} ${problem.detail || problem.title}`);
    this.name = "ProblemError";
    this.problem = problem;
    this.status = problem.status;
    this.retryAfter = retryAfter;
  }
}

/** The service at `url`. With `retries`, what is safe to repeat is sent again so often. */
export class Timtin {
  #root;
  #key;
  #retries;

  constructor(url, { key, retries = 0 } = {}) {
    this.#root = new URL(`${url}`.replace(/\/*$/, "/"), globalThis.location?.href);
    this.#key = key;
    this.#retries = retries;
  }

  /** Find articles: `search("lúa")`, or `search({ q: "lúa", facets: ["source"] })` with any parameter of the API. */
  async search(query, options) {
    return this.#json("GET", "search", { query: asked(query), ...options });
  }

  /** Yield the answers to a search page by page. */
  async *pages(query, options) {
    let { page = 1, ...rest } = asked(query);
    for (let answer; !answer || answer.links.next; page++) yield (answer = await this.search({ ...rest, page }, options));
  }

  /** Complete what is typed so far: `suggest({ q: "hoi nh", titles: 3 })`. */
  async suggest(query, options) {
    return this.#json("GET", "suggest", { query: asked(query), ...options });
  }

  /** Return the articles most similar to one. */
  async similar(id, query = {}, options = {}) {
    return this.#json("GET", `${article(id)}/similar`, { query, ...options });
  }

  /** Return an article. */
  async get(id, options) {
    return this.#json("GET", article(id), options);
  }

  /** Create or replace an article; `options.query` may be `{ wait: true }`, `options.headers` conditions. */
  async put(record, options) {
    return this.#json("PUT", article(record.id), { json: record, ...options });
  }

  /** Change the fields of an article that `changes` names; null empties one. */
  async patch(id, changes, options) {
    return this.#json("PATCH", article(id), { json: changes, ...options });
  }

  /** Delete an article. */
  async delete(id, options) {
    return this.#json("DELETE", article(id), options);
  }

  /** Store articles, or do what `{ create: record }` and `{ delete: { id } }` say; return what became of each. */
  async bulk(writes, options = {}) {
    const body = writes.map((write) => JSON.stringify(write)).join("\n");
    const headers = { "Content-Type": "application/x-ndjson", ...options.headers };
    return this.#json("POST", "articles", { ...options, headers, body });
  }

  /** Return the articles with these ids, and which ids are missing. */
  async getMany(ids, options) {
    return this.#json("POST", "lookup", { json: { ids }, ...options });
  }

  /** Yield every article that passes the filters, while it is received. */
  async *export(filters = {}, options = {}) {
    const response = await this.request("GET", "export", { query: filters, ...options });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    try {
      for (let begun = "", done = false, value; !done; ) {
        ({ done, value = "\n" } = await reader.read());
        const lines = (begun + value).split("\n");
        begun = lines.pop();
        for (const line of lines) if (line) yield JSON.parse(line);
      }
    } finally {
      reader.cancel().catch(() => {}); // the reader of the articles knows already
    }
  }

  /** Have every article deleted that passes the filters; return the task. */
  async deleteWhere(filter, options) {
    return this.#json("POST", "deletions", { json: { filter }, ...options });
  }

  /** Cancel a deletion or a rebuild and return it, which may still be on its way to an end. */
  async cancel(id, options) {
    return this.#json("POST", `tasks/${id}/cancel`, options);
  }

  /** Return a task once it has ended. */
  async wait(id, options) {
    for (let pause = POLL[0]; ; pause = Math.min(2 * pause, POLL[1])) {
      const task = await this.#json("GET", `tasks/${id}`, options);
      if (!["waiting", "running", "cancelling"].includes(task.state)) return task;
      await sleep(pause, options?.signal);
    }
  }

  /**
   * Send any request below `/api/v1/` and return its `Response`. Throws a ProblemError for an error of the service;
   * what `fetch` throws, if no answer came or `signal` ended it.
   */
  async request(method, path, { query = {}, headers = {}, json, body, signal } = {}) {
    const address = new URL(`api/v1/${path}`, this.#root);
    for (const [name, value] of Object.entries(query)) if (value != null) address.searchParams.set(name, value);
    const sent = new Headers(headers);
    if (this.#key) sent.set("Authorization", `Bearer ${this.#key}`);
    if (json !== undefined && !sent.has("Content-Type")) sent.set("Content-Type", "application/json");
    const options = { method, headers: sent, body: json === undefined ? body : JSON.stringify(json), signal };
    for (let tried = 1; ; tried++) {
      const last = tried > this.#retries;
      const pause = Math.min(WAIT[1], WAIT[0] * 2 ** (tried - 1)) * (0.5 + Math.random() / 2);
      try {
        const response = await fetch(address, options);
        if (response.ok) return response;
        const error = await problemOf(response);
        if (last || !(error.status === REFUSED || (repeatable(method, sent) && BUSY.includes(error.status)))) throw error;
        await sleep(Math.max(pause, 1000 * (error.retryAfter ?? 0)), signal);
      } catch (error) {
        if (last || !(error instanceof TypeError) || !repeatable(method, sent)) throw error;
        await sleep(pause, signal);
      }
    }
  }

  async #json(method, path, options) {
    return (await this.request(method, path, options)).json();
  }
}

function asked(query) {
  return typeof query === "string" ? { q: query } : (query ?? {});
}

function article(id) {
  if (!id) throw new TypeError("An article's id is not empty.");
  return `articles/${id.split("/").map(encodeURIComponent).join("/")}`;
}

/** Whether a request may be carried out twice; with a condition, the second outcome would contradict the first. */
function repeatable(method, headers) {
  if (headers.has("Idempotency-Key")) return true;
  const conditional = headers.has("If-Match") || headers.has("If-None-Match");
  return method === "GET" || (["PUT", "DELETE"].includes(method) && !conditional);
}

async function problemOf(response) {
  const after = response.headers.get("Retry-After");
  const seconds = /^\d+$/.test(after ?? "") ? Number(after) : (Date.parse(after) - Date.now()) / 1000;
  const plain = { status: response.status, title: response.statusText, detail: "", errors: [] };
  let sent = {};
  try {
    sent = JSON.parse(await response.text());
  } catch {
    // a proxy's error has no document
  }
  return new ProblemError({ ...plain, ...sent, status: response.status }, seconds > 0 ? seconds : undefined);
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
