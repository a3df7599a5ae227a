"""Pages of a real browser that fail a test for what a reader would not see, and measures of what they show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.conftest import chromium

PATIENCE = 120_000
"""Milliseconds that a browser may take on a busy machine."""
OUR_ADDRESSES = re.compile(r"http://127\.0\.0\.1:\d+/|data:|blob:|about:")


@contextmanager
def browser_page(
    *,
    javascript: bool = True,
    width: int = 1280,
    height: int = 800,
    scheme: str = "light",
    expected: Sequence[str] = (),
    **context: Any,
) -> Iterator[Page]:
    """A page of a browser of its own; further arguments are those of Playwright's ``new_context``.

    Raises AssertionError at the end for errors on the console (a broken Content-Security-Policy is one), exceptions
    of scripts, and requests to another host. Those that have one of the texts ``expected`` are no failures.
    """
    with chromium() as browser:
        opened = browser.new_context(
            java_script_enabled=javascript,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            **{"locale": "vi-VN", **context},
        )
        opened.set_default_timeout(PATIENCE)
        failures: list[str] = []
        page = opened.new_page()
        watch(page, failures)
        yield page
        opened.close()
    if unexpected := [failure for failure in failures if not any(text in failure for text in expected)]:
        raise AssertionError("\n".join(unexpected))


def watch(page: Page, failures: list[str]) -> None:
    """Add to ``failures`` what goes wrong on a page."""
    page.on("console", lambda said: failures.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("dialog", lambda dialog: (failures.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda sent: None if OUR_ADDRESSES.match(sent.url) else failures.append(f"asked {sent.url}"))


def axe_violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong with a page as it is now, "rule: the elements", and ids of several elements."""
    found = Axe().run(page).response["violations"]
    ids = page.evaluate("() => [...document.querySelectorAll('[id]')].map((one) => one.id)")
    twice = sorted({f"id: {id}" for id in ids if ids.count(id) > 1})
    return twice + [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]


def layout_shift(page: Page) -> float:
    """Return the cumulative layout shift since the page was loaded, without what the reader's own acts moved."""
    return float(
        page.evaluate(
            """() => new Promise((resolve) => {
                 const sum = () => {
                   const observer = new PerformanceObserver(() => {});
                   observer.observe({ type: "layout-shift", buffered: true });
                   const shifts = observer.takeRecords().filter((shift) => !shift.hadRecentInput);
                   resolve(shifts.reduce((total, shift) => total + shift.value, 0));
                 };
                 requestAnimationFrame(() => requestAnimationFrame(sum));  // what just changed has been painted
               })"""
        )
    )
