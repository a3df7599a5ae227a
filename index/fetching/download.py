"""One HTTP request, within limits of time and size; redirects are not followed.

The socket is opened, checked and, for https, wrapped here; urllib3 speaks HTTP over it and decodes the content encoding
in bounded pieces. Proxies from the environment are not used: behind one, the address connected to could not be checked.
"""

from __future__ import annotations

import codecs
import gzip
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from importlib.metadata import version
from io import BytesIO

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from index.fetching.addresses import FetchError, Target, dial, target_of

AGENT = "timtin"
_HEADERS = {
    "User-Agent": f"{AGENT}/{version('timtin')} (full-text search; fetches feeds, sitemaps and articles)",
    "Accept": "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/html;q=0.9, */*;q=0.5",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "close",
}
_ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}
_IDLE_SECONDS = 20.0
_PIECE = 1 << 16
_DECLARED = re.compile(
    rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)|<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]+)"
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_TEXT_CODECS = re.compile(
    r"utf-(?:8|16|32)(?:-[lb]e)?|ascii|cp125\d|iso8859-\d+|gb\w+|big5|shift_jis|euc_\w+|koi8-\w", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered to one request; the names of ``headers`` are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Downloader:
    """Make requests to public addresses, or to any if ``allow_private``; each ends within ``seconds``."""

    def __init__(self, *, allow_private: bool = False, seconds: float = 60.0) -> None:
        self._allow_private = allow_private
        self._seconds = seconds
        self._tls = ssl.create_default_context()

    def target(self, url: str) -> Target:
        """Split ``url`` into its parts. Raises RefusedError if it may not be fetched."""
        return target_of(url, allow_private=self._allow_private)

    def get(self, url: str, headers: Mapping[str, str], largest: int) -> Reply:
        """Request ``url`` once and return the reply, with at most ``largest`` bytes after decoding.

        Raises FetchError if that fails, RefusedError if the request would go where it must not.
        """
        target = self.target(url)
        until = time.monotonic() + self._seconds
        raw = dial(target, allow_private=self._allow_private, seconds=self._seconds)
        failed: Exception | None = None
        with closing(raw), _ended_after(raw, until - time.monotonic()) as timed_out:
            try:
                reply = self._ask(url, target, raw, headers, largest)
            except (HTTPError, HTTPException, OSError, ValueError) as error:
                failed = error
        if timed_out.is_set():  # a reply without a length looks complete when it was cut
            raise FetchError(f"took longer than {self._seconds:g} seconds", temporary=True)
        if failed is not None:
            raise FetchError(_reason(failed), temporary=True)
        return reply

    def _ask(self, url: str, target: Target, raw: socket.socket, headers: Mapping[str, str], largest: int) -> Reply:
        secure = target.scheme == "https"
        kind = HTTPSConnection if secure else HTTPConnection
        connection = kind(target.host, target.port, timeout=_IDLE_SECONDS)
        connection.auto_open = 0  # use the given socket or none
        raw.settimeout(_IDLE_SECONDS)
        connection.sock = self._tls.wrap_socket(raw, server_hostname=target.host) if secure else raw
        try:
            connection.request(
                "GET",
                target.path,
                headers={**_HEADERS, **headers, "Host": target.authority},
                preload_content=False,
            )
            response = connection.getresponse()
            with response:
                return Reply(
                    url,
                    response.status,
                    {name.lower(): " ".join(value.split()) for name, value in response.headers.items()},
                    _body(response, largest),
                )
        finally:
            connection.close()


def decoded(data: bytes, content_type: str = "") -> str:
    """Return a page or feed as text: as UTF-8 if it is valid, otherwise as the header or the text itself declares.

    Raises FetchError if it is in none of the declared encodings.
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8")
    inside = _DECLARED.search(data[:4096])
    named = [match[1] for match in [_CHARSET.search(content_type)] if match]
    named += [(inside[1] or inside[2]).decode("ascii", "replace")] if inside else []
    for name in named:
        with suppress(LookupError, UnicodeError):
            codec = codecs.lookup(name).name
            if _TEXT_CODECS.fullmatch(codec):
                return data.decode(codec, "replace" if codec.startswith("utf-8") else "strict")
    raise FetchError("is not UTF-8, nor in the encoding it declares")


def gunzipped(data: bytes, largest: int) -> bytes:
    """Return the content of a gzip file, at most ``largest`` bytes, or other data unchanged. Raises FetchError."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as stream:
            content = stream.read(largest + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FetchError(f"is a damaged gzip file: {error}") from None
    if len(content) > largest:
        raise FetchError(_too_large(largest))
    return content


def _body(response: HTTPResponse, largest: int) -> bytes:
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in _ENCODINGS:
        raise FetchError(f"has the content encoding {encoding[:40]!r}, which was not requested")
    body = bytearray()
    while piece := response.read(_PIECE, decode_content=True):
        body += piece
        if len(body) > largest:
            raise FetchError(_too_large(largest))
    return bytes(body)


@contextmanager
def _ended_after(connection: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """Shut ``connection`` down after ``seconds``, whoever is reading from it, and set the event yielded."""
    timed_out = threading.Event()
    duplicate = connection.dup()  # wrapping in TLS detaches the original socket

    def end() -> None:
        timed_out.set()
        with suppress(OSError):
            duplicate.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield timed_out
    finally:
        timer.cancel()
        timer.join()
        duplicate.close()


def _too_large(largest: int) -> str:
    return f"is larger than {largest >> 20} MB" if largest >> 20 else f"is larger than {largest} bytes"


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that cannot be trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return f"sent nothing for {_IDLE_SECONDS:g} seconds"
    return f"sent no answer that can be read: {error or type(error).__name__}"
