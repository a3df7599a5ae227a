"""Polite visits: obey robots.txt, pause between requests to a host, leave busy hosts alone, follow redirects.

One request is made at a time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urljoin

from protego import Protego

from index.fetching.addresses import FetchError, RefusedError
from index.fetching.download import AGENT, Downloader, Reply

MOST_REDIRECTS = 5
LARGEST_ROBOTS = 512 * 1024
LONGEST_PAUSE = 30.0
MOST_FAILURES = 3
"""Consecutive requests without an answer after which a host is left alone."""

_REDIRECTS = {301, 302, 303, 307, 308}
_BUSY = {429, 503}
_AGENT_LINE = re.compile(r"^([ \t]*user(?:-|[ \t]?)agent(?:[ \t]*:)?[ \t]*)([^#]*)", re.IGNORECASE)


class HostLeftError(FetchError):
    """Report that a host is left alone, as it asked or kept failing; this client requests nothing more from it."""

    def __init__(self, host: str, message: str) -> None:
        super().__init__(message, temporary=True)
        self.host = host


class PoliteClient:
    """Request URLs through ``downloader``, with at least ``delay`` seconds between requests to one host."""

    def __init__(
        self, downloader: Downloader, *, delay: float = 1.0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._downloader = downloader
        self._delay = delay
        self._sleep = sleep
        self._free_at: dict[str, float] = {}
        self._left_hosts: dict[str, str] = {}
        self._failures: dict[str, int] = {}
        self._robots: dict[str, Protego | FetchError] = {}

    def get(self, url: str, *, largest: int, etag: str | None = None, modified: str | None = None) -> Reply:
        """Fetch ``url`` and return a reply with status 200, or 304 if ``etag`` or ``modified`` is still current.

        Raises FetchError for everything else, RefusedError if robots.txt or the address forbids it.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in conditions.items() if value is not None}
        return self._follow(url, headers, largest)

    def _follow(self, url: str, headers: dict[str, str], largest: int, *, check_robots: bool = True) -> Reply:
        for _ in range(MOST_REDIRECTS + 1):
            host = self._downloader.target(url).host
            if host in self._left_hosts:
                raise HostLeftError(host, self._left_hosts[host])
            if check_robots:
                self._ask_robots(url)
            reply = self._request(url, host, headers, largest)
            if reply.status in _BUSY:
                raise self._leave(host, _busy(host, reply))
            if reply.status == 200 or (reply.status == 304 and headers):
                return reply
            if reply.status not in _REDIRECTS or not reply.headers.get("location"):
                temporary = reply.status not in {404, 410}
                raise FetchError(f"returned HTTP {reply.status}", temporary=temporary, status=reply.status)
            try:
                url = urljoin(url, _location(reply)).partition("#")[0]
            except ValueError:
                raise RefusedError("redirects to something that is not a web address") from None
        raise FetchError(f"redirects more than {MOST_REDIRECTS} times")

    def _request(self, url: str, host: str, headers: dict[str, str], largest: int) -> Reply:
        pause = self._free_at.get(host, 0.0) - time.monotonic()
        if pause > 0:
            self._sleep(pause)
        try:
            reply = self._downloader.get(url, headers, largest)
            self._failures[host] = 0
            return reply
        except RefusedError:
            raise
        except FetchError as error:
            self._failures[host] = self._failures.get(host, 0) + error.temporary
            if self._failures[host] >= MOST_FAILURES:
                raise self._leave(host, str(error)) from None
            raise
        finally:
            self._free_at[host] = time.monotonic() + max(self._delay, self._wanted_pause(url))

    def _wanted_pause(self, url: str) -> float:
        rules = self._robots.get(self._downloader.target(url).origin)
        wanted = rules.crawl_delay(AGENT) if isinstance(rules, Protego) else None
        return min(wanted or 0.0, LONGEST_PAUSE)

    def _leave(self, host: str, why: str) -> HostLeftError:
        self._left_hosts[host] = f"{why}; no more requests are sent to {host} in this run"
        return HostLeftError(host, self._left_hosts[host])

    def _ask_robots(self, url: str) -> None:
        """Raise RefusedError if robots.txt forbids ``url``, HostLeftError if it cannot be read (RFC 9309)."""
        origin = self._downloader.target(url).origin
        if origin not in self._robots:
            self._robots[origin] = self._read_robots(origin)
        rules = self._robots[origin]
        if isinstance(rules, FetchError):
            raise rules
        if not rules.can_fetch(url, AGENT):
            raise RefusedError("is disallowed by robots.txt")

    def _read_robots(self, origin: str) -> Protego | FetchError:
        try:
            reply = self._follow(f"{origin}/robots.txt", {}, LARGEST_ROBOTS, check_robots=False)
        except (RefusedError, HostLeftError) as error:
            return error
        except FetchError as error:
            if error.status is not None and 400 <= error.status < 500:
                return Protego.parse("")
            return self._leave(self._downloader.target(origin).host, f"its robots.txt could not be read: {error}")
        return Protego.parse(_own_group(reply.body.decode("utf-8", "replace")))


def _location(reply: Reply) -> str:
    """Return where a reply redirects to; HTTP headers are decoded as Latin-1, but sites write UTF-8."""
    location = reply.headers["location"].strip()
    with suppress(UnicodeError):
        return location.encode("latin-1").decode("utf-8")
    return location


def _own_group(robots: str) -> str:
    """Return robots.txt with one name for all agents other than this one.

    The parser copies the rules of a group for each of its agents, which half a megabyte can turn into millions.
    """
    lines = []
    for line in robots.splitlines():
        named = _AGENT_LINE.match(line)
        is_other = named is not None and named[2].strip("* \t").lower() not in {"", AGENT}
        lines.append(f"{named[1]}-" if named is not None and is_other else line)
    return "\n".join(lines)


def _busy(host: str, reply: Reply) -> str:
    later = reply.headers.get("retry-after", "")[:40]
    asked = f" and asks to retry after {later}{' s' if later.isdecimal() else ''}" if later else ""
    return f"{host} answered {reply.status}{asked}"
