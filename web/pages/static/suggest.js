/** The search box as an editable combobox (ARIA 1.2): recent queries, completions and titles, in one list of groups. */

import { ask, withdraw } from "./completions.js";
import { completed, element, fold, marked } from "./elements.js";
import { forget, forgetAll, recent, remember } from "./recent.js";
import { announce, text } from "./texts.js";

const REST = 200; // ms: an input method still composes, but the reader has stopped
const RECENT_BESIDE_OTHERS = 3;

/** Suggest what to search for while the reader types into the box of `form`. */
export function suggest(form) {
  const box = form.elements.q;
  const list = element("div", { id: "suggestions", role: "listbox", "aria-label": text("suggestions"), hidden: "" });
  let active;
  let resting;

  const options = () => [...list.querySelectorAll("[role=option]")];

  async function update() {
    clearTimeout(resting);
    const typed = box.value.trimStart();
    const answer = typed ? await ask(form.action, typed) : withdraw() ?? {};
    if (answer) show(typed, answer);
  }

  function show(typed, { suggestions = [], titles = [] }) {
    const begun = fold(typed);
    const old = recent().filter((query) => ` ${fold(query)}`.includes(` ${begun}`));
    const shown = typed ? old.slice(0, RECENT_BESIDE_OTHERS) : old;
    const known = new Set(shown.map((query) => query.toLowerCase()));
    const others = suggestions.filter((query) => !known.has(query.toLowerCase()));
    list.replaceChildren(
      ...group("recent", [...shown.map(recentQuery), ...(typed || !shown.length ? [] : [clearing()])]),
      ...group("completions", others.map((query) => option(completed(query, typed), () => search(query)))),
      ...group("titles", titles.map((article) => titleOf(article, typed))),
    );
    options().forEach((one, index) => (one.id = `suggestion-${index}`));
    list.hidden = !list.firstChild;
    box.setAttribute("aria-expanded", String(!list.hidden));
    activate();
    announce(list.hidden ? "" : text("count", shown.length + others.length + titles.length));
  }

  function group(name, members) {
    return members.length ? [element("div", { role: "group", class: name, "aria-label": text(name) }, ...members)] : [];
  }

  function option(nodes, choose, name = "div", attributes = {}) {
    const made = element(name, { role: "option", "aria-selected": "false", ...attributes }, ...nodes);
    made.addEventListener("click", choose);
    return made;
  }

  function recentQuery(query) {
    const cross = element("span", { class: "forget", "aria-hidden": "true", title: text("forget") }, "×");
    const made = option([element("span", {}, query), cross], (event) =>
      event.target === cross ? drop(made) : search(query),
    );
    made.dataset.query = query;
    return made;
  }

  function clearing() {
    return option([text("clear")], () => {
      forgetAll();
      update();
    });
  }

  function titleOf({ id, highlights }, typed) {
    const path = id.split("/").map(encodeURIComponent).join("/");
    const address = new URL(`articles/${path}?${new URLSearchParams({ q: typed })}`, form.action);
    return option(marked(highlights.title), close, "a", { href: address, tabindex: "-1" });
  }

  async function drop(one) {
    const place = one === active ? options().indexOf(one) : -1;
    forget(one.dataset.query);
    await update();
    activate(options()[place]);
  }

  function search(query) {
    box.value = query;
    form.requestSubmit();
  }

  function close() {
    clearTimeout(resting);
    withdraw();
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    activate();
  }

  function clear() {
    box.value = "";
    close(); // what is still on its way is not wanted any more
  }

  function activate(one) {
    active?.setAttribute("aria-selected", "false");
    active = one;
    active?.setAttribute("aria-selected", "true");
    active?.scrollIntoView({ block: "nearest" });
    if (active) box.setAttribute("aria-activedescendant", active.id);
    else box.removeAttribute("aria-activedescendant");
  }

  function move(step) {
    withdraw(); // the list does not change under the reader's hand
    const all = options();
    const place = all.indexOf(active) + step; // -1 is the box itself
    activate(place < -1 ? all.at(-1) : all[place]);
  }

  function keyed(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const open = !list.hidden;
    const act = {
      ArrowDown: open ? () => move(1) : update,
      ArrowUp: open && (() => move(-1)),
      ArrowLeft: active && (() => activate()),
      ArrowRight: active && (() => activate()),
      Home: active && (() => activate(options()[0])),
      End: active && (() => activate(options().at(-1))),
      Enter: active && (() => active.click()),
      Delete: active?.dataset.query && (() => drop(active)),
      Escape: open ? close : box.value && clear,
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  function typed(event) {
    clearTimeout(resting);
    activate();
    if (event.isComposing) resting = setTimeout(update, REST);
    else update();
  }

  for (const [name, value] of Object.entries({
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
    "aria-expanded": "false",
  }))
    box.setAttribute(name, value);
  form.append(list);
  box.addEventListener("input", typed);
  box.addEventListener("compositionend", update);
  box.addEventListener("keydown", keyed);
  box.addEventListener("click", () => list.hidden && update());
  box.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
  form.addEventListener("submit", () => {
    remember(box.value.trim());
    close();
  });
}
