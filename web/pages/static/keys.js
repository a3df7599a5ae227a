/** Keys that do something on the whole page, while the reader does not type. They can be turned off (WCAG 2.1.4). */

const NAME = "keys";
let off = false;
try {
  off = localStorage.getItem(NAME) === "off";
} catch {
  // they are on
}

/** Call `act` when `key` is pressed alone. */
export function onKey(key, act) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
    const others = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
    if (off || event.key !== key || typing || others || event.defaultPrevented) return;
    event.preventDefault();
    act();
  });
}

/** Let `button` turn the keys off and on; this browser remembers it. */
export function keys(button) {
  const say = () => (button.textContent = off ? button.dataset.on : button.dataset.off);
  button.addEventListener("click", () => {
    off = !off;
    say();
    try {
      localStorage.setItem(NAME, off ? "off" : "on");
    } catch {
      // it is forgotten with the page
    }
  });
  say();
  button.hidden = false;
}
