/** Elements made of texts. A text never becomes markup here. */

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', "#x27": "'" };

/** Return a new element. */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/** Return `text` without accents and in small letters, as readers type it in haste; đ counts as d. */
export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();
}

/** Return `text` as nodes: what begins as `typed`, and what completes it in bold. */
export function completed(text, typed) {
  let left = fold(text).startsWith(fold(typed)) ? fold(typed).length : 0;
  let end = 0;
  for (const letter of text) {
    if (left <= 0 && fold(letter)) break;
    left -= fold(letter).length;
    end += letter.length;
  }
  return [text.slice(0, end), element("b", {}, text.slice(end))];
}

/** Return escaped text with `<mark>` as nodes; any other tag is shown as it is written. */
export function marked(html) {
  return html.split(/<mark>(.*?)<\/mark>/s).map((part, index) => {
    const text = part.replace(/&(#x27|\w+);/g, (whole, name) => ENTITIES[name] ?? whole);
    return index % 2 ? element("mark", {}, text) : text;
  });
}
