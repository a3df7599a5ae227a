/** What scripts say, in the language of the page: the texts that the server wrote, and a voice for screen readers. */

const texts = document.getElementById("texts")?.dataset ?? {};
const region = document.createElement("p");
region.className = "unseen";
region.setAttribute("role", "status");
document.body.append(region);

/** Return a text of `<template id="texts">`, with `number` for its "%n". */
export function text(name, number) {
  return (texts[name] ?? "").replace("%n", number);
}

/** Have a screen reader say `message` once it is free. */
export function announce(message) {
  region.replaceChildren(message);
}
