"""Take the README's pictures of the search page and the desk, with the seeds in it: ``make screenshot``.

A service of its own answers on a free port, from a temporary data folder. The browser is Chromium of this machine.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright

from web.keys import FIRST

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs"
QUERY = "hoi nhap quoc te"
TYPED = "ngoai g"

_TIMTIN = [os.environ["TIMTIN"]] if "TIMTIN" in os.environ else [sys.executable, "-m", "web.cli"]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ("--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-proxy-server", "--no-first-run")
_DESK = (1200, 860)
_PHONE = (390, 860)
_START_SECONDS = 60


def take_pictures(folder: Path) -> list[Path]:
    """Write the pictures to ``folder``: results on a desk and a phone, suggestions, and the operator's desk."""
    browser_path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser_path is None:
        sys.exit("no Chromium was found; Debian's is: apt-get install chromium")
    with _service() as (address, key), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=_QUIET)
        results = f"{address}/?{urlencode({'q': QUERY})}"
        pictures = []

        def take(page: Page, name: str) -> None:
            pictures.append(folder / f"{name}.png")
            page.screenshot(path=pictures[-1])

        page = _page(browser, *_DESK, "light")
        page.goto(results)
        take(page, "search-page")
        page = _page(browser, *_PHONE, "dark")
        page.goto(address)
        page.get_by_role("combobox").press_sequentially(TYPED)
        page.locator("#suggestions .titles").wait_for()
        take(page, "search-page-phone")
        page = _page(browser, *_DESK, "light")
        page.goto(f"{address}/admin")
        page.locator("main input[type=password]").fill(key)
        page.locator("main form button").first.click()
        page.get_by_role("heading", level=1).wait_for()
        take(page, "desk")
        browser.close()
    return pictures


def _page(browser: Browser, width: int, height: int, scheme: str) -> Page:
    return browser.new_context(
        viewport={"width": width, "height": height},
        locale="vi-VN",
        color_scheme=scheme,  # type: ignore[arg-type]
    ).new_page()


@contextmanager
def _service() -> Iterator[tuple[str, str]]:
    """Serve the seeds; yield the address and the key, and stop the service at the end."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        subprocess.run([*_TIMTIN, "index", ROOT / "seeds", "--data", data], cwd=ROOT, check=True)  # noqa: S603
        port = _free_port()
        process = subprocess.Popen([*_TIMTIN, "serve", "--data", data, "--port", str(port)], cwd=ROOT)  # noqa: S603
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/readyz", process)
            yield address, (data / FIRST).read_text("utf-8").strip()
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the service is here, behind no proxy
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            direct.open(url, timeout=5).close()
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    sys.exit(f"the service did not answer within {_START_SECONDS} seconds")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    for picture in take_pictures(FOLDER):
        print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size:,} bytes")
