/** The words found in an article: step through them, hide them, show them. */

import { element } from "./elements.js";
import { onKey } from "./keys.js";

const NAME = "marks";

/** Fill `bar` with what steps through the marks of `article`. */
export function marks(article, bar) {
  const found = [...article.querySelectorAll("mark")];
  const count = element("span", { role: "status" });
  const toggle = button(bar.dataset.toggle, "m", () => show(article.classList.contains("unmarked")));
  let at = -1;

  function button(shown, key, act, name = shown) {
    const attributes = { type: "button", "aria-label": name, title: `${name} (${key})`, "aria-keyshortcuts": key };
    const made = element("button", attributes, shown);
    made.addEventListener("click", act);
    onKey(key, act);
    return made;
  }

  function say() {
    count.textContent = `${at + 1} / ${found.length}`;
  }

  function step(by) {
    show(true);
    found[at]?.classList.remove("here");
    at = (Math.max(at, by < 0 ? 0 : -1) + by + found.length) % found.length;
    found[at].classList.add("here");
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    found[at].scrollIntoView({ block: "center", behavior: still ? "instant" : "smooth" });
    say();
  }

  function show(wanted) {
    article.classList.toggle("unmarked", !wanted);
    toggle.setAttribute("aria-pressed", String(wanted));
    try {
      sessionStorage.setItem(NAME, wanted ? "on" : "off");
    } catch {
      // it is forgotten with the page
    }
  }

  function kept() {
    try {
      return sessionStorage.getItem(NAME) !== "off";
    } catch {
      return true;
    }
  }

  show(kept());
  say();
  bar.replaceChildren(
    button("↑", "p", () => step(-1), bar.dataset.previous),
    count,
    button("↓", "n", () => step(1), bar.dataset.next),
    toggle,
  );
}
