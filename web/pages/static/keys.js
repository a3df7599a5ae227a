/** Keys that do something on the whole page, while the reader does not type. */

/** Call `act` when `key` is pressed alone. */
export function onKey(key, act) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
    const others = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
    if (event.key !== key || typing || others || event.defaultPrevented) return;
    event.preventDefault();
    act();
  });
}
