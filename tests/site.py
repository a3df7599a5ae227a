"""A small site for tests: a real HTTP server on a free port of this machine, and functions that make its pages."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SENTENCES = (
    "Nông dân huyện Tháp Mười phấn khởi vì giá lúa tăng hơn ba trăm đồng mỗi ký so với tuần trước.",
    "Thương lái đến tận ruộng đặt cọc, nhiều hộ đã bán xong ngay từ khi lúa còn chưa chín.",
    "Sở Nông nghiệp cho biết vụ này toàn tỉnh gieo sạ hơn một trăm nghìn héc ta, năng suất khá.",
    "Các hợp tác xã mong giá giữ vững đến cuối vụ để bù chi phí phân bón và vật tư.",
)


class Site:
    """Answers by path, and every request received: (path, headers in lower case).

    An answer is a body, a (status, headers, body), or a function that is called with the request's handler.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self.stopped = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                site.connections += 1
                super().setup()

            def do_GET(self) -> None:
                site.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                answer = site.answers.get(self.path, (404, {}, b""))
                if callable(answer):
                    with suppress(OSError):
                        answer(self)
                    return
                status, headers, body = answer if isinstance(answer, tuple) else (200, {}, answer)
                data = body.encode() if isinstance(body, str) else body
                if "ETag" in headers and self.headers.get("If-None-Match") == headers["ETag"]:
                    status, data = 304, b""
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.root = f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        """Return the paths requested, without robots.txt."""
        return [path for path, _ in self.requests if path != "/robots.txt"]

    def trickle(self, handler: BaseHTTPRequestHandler, head: bytes, piece: bytes) -> None:
        """Send ``head``, then ``piece`` over and over until the test ends."""
        handler.wfile.write(head)
        while not self.stopped.is_set():
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(0.02)


@contextmanager
def running_site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        site.stopped.set()
        site.server.shutdown()
        site.server.server_close()
        thread.join()


def page(title: str, extra: str = "") -> str:
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title>{extra}</head>'
        f"<body><nav>Trang chủ</nav><article><h1>{title}</h1>{paragraphs}</article></body></html>"
    )


def rss(*items: str, title: str = "Báo Mẫu") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>{title}</title>{"".join(items)}</channel></rss>'
    )


def item(link: str, more: str = "") -> str:
    return f"<item><link>{link}</link>{more}</item>"


def urlset(*urls: str) -> str:
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{"".join(urls)}</urlset>'
