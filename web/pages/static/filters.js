/** The filters that lie over the results on a phone: Escape closes them, and the way back does not open them again. */

/** Close the filters as their link does, in its place in history. */
export function filters() {
  const close = (event) => {
    event.preventDefault();
    location.replace("#main");
  };
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("#filters:target .close")?.checkVisibility();
    if (open && event.key === "Escape" && !event.defaultPrevented) close(event);
  });
  document.addEventListener("click", (event) => {
    const others = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!others && event.target.closest?.("#filters .close")) close(event);
  });
}
