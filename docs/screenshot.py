"""Take the README's picture of the search page, with the seeds in it: ``make screenshot``.

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

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "search-page.png"
QUERY = "hoi nhap quoc te"

_TIMTIN = [os.environ["TIMTIN"]] if "TIMTIN" in os.environ else [sys.executable, "-m", "web.cli"]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ("--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-proxy-server", "--no-first-run")
_SIZE = {"width": 1200, "height": 860}
_START_SECONDS = 60


def take_picture(path: Path) -> None:
    """Write the page that answers ``QUERY`` to ``path``, a PNG 1,200 pixels wide."""
    browser_path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser_path is None:
        sys.exit("no Chromium was found; Debian's is: apt-get install chromium")
    with _service() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=_QUIET)
        page = browser.new_context(viewport=_SIZE, locale="vi-VN", color_scheme="light").new_page()  # type: ignore[arg-type]
        page.goto(f"{address}/?{urlencode({'q': QUERY})}")  # once, so that the time it shows is that of a warm service
        page.reload()
        page.screenshot(path=path)
        browser.close()


@contextmanager
def _service() -> Iterator[str]:
    """Serve the seeds; yield the address, and stop the service at the end."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        subprocess.run([*_TIMTIN, "index", ROOT / "seeds", "--data", data], cwd=ROOT, check=True)  # noqa: S603
        port = _free_port()
        process = subprocess.Popen([*_TIMTIN, "serve", "--data", data, "--port", str(port)], cwd=ROOT)  # noqa: S603
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/healthz", process)
            yield address
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
    take_picture(PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")
