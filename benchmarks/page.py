"""The search page in a browser: what it loads, when it is painted, suggestions. ``python -m benchmarks.page DATA``

``DATA`` is a data folder with an index; Chromium of this machine asks a server of its own. Times are milliseconds:
*paint* from the last byte of the answer to the first paint of it, *results in place* and *suggestions* from the key or
click to the frame that shows them. *Kilobytes* are all that a first visit loads, with the heads of answers.
"""

from __future__ import annotations

import random
import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright

from benchmarks.serving import server
from index.analysis.normalization import fold
from index.directory.data_folder import open_data_folder
from index.store.articles import SqliteArticleStore

QUERIES = 30
TYPED = 12
_WATCH = """() => {
  window.__frames = [];
  const painted = (began) => requestAnimationFrame(() => setTimeout(() => __frames.push(performance.now() - began)));
  let key;
  addEventListener("keydown", (event) => { key = event.timeStamp; }, true);
  addEventListener("click", (event) => { key = event.timeStamp; }, true);
  new MutationObserver((changes) => {
    const list = document.getElementById("suggestions");
    const of_list = changes.some((change) => list && (change.target === list || list.contains(change.target)));
    const of_main = changes.some((change) => [...change.addedNodes].some((node) => node.id === "main"));
    if (key !== undefined && ((of_list && !list.hidden) || of_main)) { painted(key); key = undefined; }
  }).observe(document.body, { childList: true, subtree: true });
}"""


def titles(data: Path) -> list[str]:
    """Return titles of stored articles, always the same ones."""
    store = SqliteArticleStore(open_data_folder(data).store)
    found = [article.title for article, _ in zip(store.articles(), range(2000), strict=False) if article.title]
    store.close()
    return random.Random(7).sample(found, QUERIES)


def first_visit(page: Page, address: str) -> tuple[float, float]:
    """Return (kilobytes that a first visit loads, milliseconds from the answer to its first paint)."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address, wait_until="networkidle")
    session.detach()
    return sum(sizes) / 1000, painted(page)


def painted(page: Page) -> float:
    """Return the milliseconds from the last byte of the page's answer to its first paint."""
    page.wait_for_function("() => performance.getEntriesByName('first-contentful-paint').length")
    return float(
        page.evaluate(
            """() => performance.getEntriesByName("first-contentful-paint")[0].startTime
                     - performance.getEntriesByType("navigation")[0].responseEnd"""
        )
    )


def frames(page: Page, acts: Sequence[Any]) -> list[float]:
    """Return for each act the milliseconds until the frame that shows what it led to."""
    page.evaluate("() => { __frames.length = 0; }")
    for number, act in enumerate(acts):
        act()
        page.wait_for_function(f"() => __frames.length > {number}", timeout=10_000)
    found: list[float] = page.evaluate("() => __frames")
    return found


def shown(name: str, values: list[float], unit: str = "ms") -> None:
    """Print the median and the 95th percentile."""
    some = sorted(values)
    print(f"{name:34} p50 {statistics.median(some):7.1f}  p95 {some[int(len(some) * 0.95) - 1]:7.1f} {unit}")


def main(data: Path) -> None:
    """Measure and print."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    asked = [" ".join(title.split()[:3]) for title in titles(data)]
    with server(data, "/?q=a") as (port, _, _), sync_playwright() as playwright:
        root = f"http://127.0.0.1:{port}/"
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--no-proxy-server"])
        page = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="vi-VN").new_page()
        sizes, paints = zip(*(first_visit(page, f"{root}?{urlencode({'q': query})}") for query in asked), strict=True)
        shown("first visit, results", list(sizes), "kB")
        shown("first visit, answer to paint", list(paints))
        kilobytes, paint = first_visit(page, root)
        print(f"{'front page':34} {kilobytes:.1f} kB, paint {paint:.0f} ms after the answer")
        again = []
        for query in asked:
            page.goto(f"{root}?{urlencode({'q': query})}")
            again.append(painted(page))
        shown("next visits, answer to paint", again)
        page.goto(root)
        page.evaluate(_WATCH)
        box = page.get_by_role("combobox")
        waits: list[float] = []
        for number, query in enumerate(asked[:TYPED]):
            text = query if number % 2 else fold(query)
            box.fill("")
            page.keyboard.press("Escape")
            box.focus()
            for letter in text:
                try:
                    waits += frames(page, [lambda letter=letter: page.keyboard.type(letter)])
                except Exception:  # nothing is suggested, so nothing changes
                    break
        shown("suggestions, key to frame", waits)
        print(f"{'':34} {sum(wait <= 50 for wait in waits)} of {len(waits)} within 50 ms")
        page.goto(f"{root}?{urlencode({'q': asked[0]})}")
        page.evaluate(_WATCH)
        orders = ["Mới nhất", "Cũ nhất", "Liên quan nhất"] * 4
        moves = frames(page, [lambda name=name: page.get_by_role("link", name=name).click() for name in orders])
        shown("results in place, click to frame", moves)
        chromium.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
