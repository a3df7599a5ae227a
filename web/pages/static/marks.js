/** The words found in an article: step through them, hide them, show them. */

import { element } from "./elements.js";
import { onKey } from "./keys.js";

const NAME = "marks";

/** Fill `bar` with what steps through the marks of `article`. */
export function marks(article, bar) {
  const found = [...article.querySelectorAll("mark")];
  if (!found.length) return;
  let at = -1;
  const count = element("span", { role: "status" });
  const toggle = button("toggle", () => show(article.classList.contains("unmarked")));

  function button(name, act) {
    const made = element("button", { type: "button", class: name }, bar.dataset[name]);
    made.addEventListener("click", act);
    return made;
  }

  function say() {
    count.textContent = `${at + 1} / ${found.length}`;
  }

  function step(by) {
    show(true);
    found[at]?.classList.remove("here");
    at = at < 0 && by < 0 ? found.length - 1 : (at + by + found.length) % found.length;
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

  function wanted() {
    try {
      return sessionStorage.getItem(NAME) !== "off";
    } catch {
      return true;
    }
  }

  show(wanted());
  say();
  bar.replaceChildren(button("previous", () => step(-1)), count, button("next", () => step(1)), toggle);
  onKey("n", () => step(1));
  onKey("p", () => step(-1));
  onKey("m", () => toggle.click());
}
