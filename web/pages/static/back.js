/** Ways back that fit the browser's own history: from an article to its results, from the filters over the results. */

/** Let `link` go back to the results as they were left, if the reader came from them. */
export function back(link) {
  const came = document.referrer && new URL(document.referrer);
  if (!came || came.origin !== location.origin || came.pathname !== link.pathname) return;
  const [theirs, ours] = [came, new URL(link.href)].map((address) => address.searchParams.get("q"));
  if (theirs !== ours || history.length < 2) return;
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.back();
  });
}

/** Let Escape, too, close the filters that lie over the results on a phone; going back does not open them again. */
export function closing() {
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
