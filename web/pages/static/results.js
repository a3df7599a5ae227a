/** Searches on the search page without loading all of it: links and forms that lead to it replace what it shows. */

import { addressOf } from "./addresses.js";
import { announce } from "./texts.js";

const PATIENCE = 8000; // ms, after which the browser loads the page itself
const MOST = 10;
const PIECES = ["title", "#main", "#kept", ".language"];
const HEAD = "link[rel=canonical], link[rel=alternate], meta[property], meta[name=robots], meta[name=description]";
const PROGRAM = "script[type=module][src]";

/** Keep searches of `form` within the page. */
export function results(form) {
  const box = form.elements.q;
  const search = new URL(form.action);
  const left = new Map(); // address → the page it had when it was left, the newest last
  let shown = location.pathname + location.search;
  let request;

  const leadsHere = ({ origin, pathname, searchParams }) =>
    origin === search.origin && pathname === search.pathname && !searchParams.has("lang");

  function partsOf(page) {
    return {
      pieces: PIECES.map((piece) => page.querySelector(piece)),
      head: [...page.head.querySelectorAll(HEAD)],
      query: page.getElementById("q").defaultValue,
      look: page.body.className,
    };
  }

  /** Show a page's parts in place of those shown, which are kept; leave alone who has typed since the box had `sent`. */
  function put(next, address, sent = box.value) {
    const old = partsOf(document);
    const focused = document.activeElement;
    left.delete(shown);
    left.set(shown, { ...old, scroll: scrollY, focused: old.pieces[1].contains(focused) ? focused : null });
    if (left.size > MOST) left.delete(left.keys().next().value);
    old.pieces.forEach((piece, index) => piece.replaceWith(next.pieces[index]));
    old.head.forEach((one) => one.remove());
    document.head.append(...next.head);
    document.body.className = next.look;
    box.defaultValue = next.query;
    shown = address.pathname + address.search;
    const main = next.pieces[1];
    const heading = main.querySelector("h1");
    heading.tabIndex = -1;
    if (box.value === sent) {
      box.value = next.query;
      (next.focused ?? heading).focus({ preventScroll: true });
    }
    announce(heading.textContent);
  }

  function stop() {
    request?.abort();
    request = undefined;
    document.getElementById("main").removeAttribute("aria-busy");
  }

  /** Fetch the page of `address`, give it to `arrived`; call `failed` if it does not come in time. */
  async function load(address, arrived, failed) {
    stop();
    const mine = (request = new AbortController());
    const sent = box.value;
    document.getElementById("main").setAttribute("aria-busy", "true");
    const late = setTimeout(() => mine.abort(), PATIENCE);
    try {
      const response = await fetch(address, { headers: { Accept: "text/html" }, signal: mine.signal });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const [ours, theirs] = [document, page].map((one) => one.querySelector(PROGRAM).getAttribute("src") + one.documentElement.lang);
      const next = partsOf(page);
      if (ours !== theirs || next.pieces.includes(null)) throw new TypeError("a page of another program or language");
      if (mine !== request) return;
      stop();
      const there = new URL(response.url);
      there.hash = address.hash;
      arrived(next, there, sent);
    } catch {
      if (mine !== request) return; // another page was asked for
      stop();
      failed();
    } finally {
      clearTimeout(late);
    }
  }

  function go(address) {
    load(
      address,
      (next, there, sent) => {
        history.replaceState({ scroll: scrollY }, "");
        const again = there.pathname + there.search === shown;
        history[again ? "replaceState" : "pushState"](null, "", there);
        put(next, there, sent);
        scrollTo(0, 0);
      },
      () => location.assign(address),
    );
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const ours = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !ours || event.defaultPrevented || link.hasAttribute("target")) return;
    const address = new URL(link.getAttribute("href"), document.baseURI);
    if (!leadsHere(address) || (address.hash && address.pathname + address.search === shown)) return;
    event.preventDefault();
    go(address);
  });

  document.addEventListener("submit", (event) => {
    const sent = event.target;
    if (event.defaultPrevented || sent.method !== "get" || !leadsHere(new URL(sent.action))) return;
    event.preventDefault();
    go(addressOf(sent, event.submitter));
  });

  addEventListener("popstate", (event) => {
    stop();
    const there = new URL(location.href);
    const address = there.pathname + there.search;
    if (address === shown) return;
    const kept = left.get(address);
    if (kept) {
      put(kept, there);
      scrollTo(0, kept.scroll);
      return;
    }
    load(
      there,
      (next, _, sent) => {
        put(next, there, sent);
        scrollTo(0, event.state?.scroll ?? 0);
      },
      () => location.reload(),
    );
  });
}
