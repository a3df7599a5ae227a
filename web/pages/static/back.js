/** Back to the results by the browser's own history, which has them as they were left. */

/** Let `link` go back in history if the reader came from where it leads. */
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
