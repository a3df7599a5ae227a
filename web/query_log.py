"""What is searched for, if the setting ``log.searches`` asks for it: noted in batches, never in the way of an answer.

A search is noted once, by its first page; never with the address, the key or the cookies of who made it. Who runs the
service reads it at the desk; ``popular`` is what the front page may show. That counts each client once an hour, so that
nobody alone gets a text there quickly: who asked what is known by a keyed hash, in memory, until others take its place.
"""

from __future__ import annotations

import hashlib
import logging
import mmap
import re
import secrets
import threading
import time
import unicodedata
from contextlib import suppress
from pathlib import Path

from index.errors import StoreError
from index.store.search_log import Searched, SearchLog
from search.answer import Answer
from search.parameters import SearchParameters

log = logging.getLogger(__name__)

LEAST_TIMES = 5
"""How often something was searched before the front page shows it, each client counted once an hour,"""
LEAST_HOURS = 2
"""and in how many different hours."""
MOST_POPULAR = 6
"""How many queries the front page shows at most."""
_FILE = "searches.sqlite"
_LONGEST = 200
_MOST_PENDING = 2000
_FLUSH_SECONDS = 2.0
_POPULAR_SECONDS = 60.0
_HOUR = 3600
_ASKED = 50
_PLAIN = re.compile(r"[^\W_]+(?:[ ,./-][^\W_]+)*")
_NOT_NARROWING = {
    *("size", "sort", "facets", "facet_filters", "fragments", "fragment_size"),
    *("explain", "collapse", "copies", "recency"),
}
_OPERATOR = re.compile(r"\b(?:OR|AND|NOT)\b")
_PLACES = 1 << 16


class _Askers:
    """Who searched for what in which hour, as far as they are remembered; processes forked from this one share it."""

    def __init__(self) -> None:
        self._marks = memoryview(mmap.mmap(-1, 8 * _PLACES)).cast("Q")
        self._secret = secrets.token_bytes(16)

    def is_again(self, client: str, query: str, hour: int) -> bool:
        """Note that somebody searches; tell whether it is known already."""
        text = f"{hour} {client} {query}".encode("utf-8", "replace")
        mark = int.from_bytes(hashlib.blake2b(text, digest_size=8, key=self._secret).digest(), "big")
        known = self._marks[mark % _PLACES] == mark
        self._marks[mark % _PLACES] = mark
        return known


_askers = _Askers()


class QueryLog:
    """The log of the data folder ``home``; with ``on`` false, nothing is noted. Threads may share it."""

    def __init__(self, home: Path, *, on: bool) -> None:
        self.on = on
        self.kept = SearchLog(home / _FILE)
        self._lock = threading.Lock()
        self._pending: list[Searched] = []
        self._timer: threading.Timer | None = None
        self._failed = False
        self._popular: tuple[float, list[str]] = float("-inf"), []

    def note(self, parameters: SearchParameters, answer: Answer, ms: float, client: str = "") -> None:
        """Note a search that took ``ms``; what it found only counts where nothing but its words narrowed it.

        ``client`` is who searches, of which only a hash is kept, in memory.
        """
        query = _tidy(parameters.q)
        if not self.on or not query or parameters.page != 1:
            return
        narrowed = parameters.model_copy(update={"q": ""}).model_dump(
            exclude=_NOT_NARROWING,
            exclude_defaults=True,
        )
        found = None if narrowed or answer.partial else answer.total
        hour = int(time.time()) // _HOUR
        one = Searched(query, hour, found, round(ms, 2), _askers.is_again(client, query, hour))
        with self._lock:
            if len(self._pending) < _MOST_PENDING:
                self._pending.append(one)
            if self._timer is None:
                self._timer = threading.Timer(_FLUSH_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what was noted; if that fails, say so once and forget it."""
        with self._lock:
            pending, self._pending = self._pending, []
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if not pending:
            return
        try:
            self.kept.add(pending)
            self._failed = False
        except StoreError as error:
            if not self._failed:
                log.warning("searches are not noted: %s", error)
            self._failed = True

    def popular(self, size: int) -> list[str]:
        """Return up to ``size`` queries that are made often and that find something; none if the log is off.

        It is read again once a minute.
        """
        if not self.on:
            return []
        read, known = self._popular
        if time.monotonic() - read > _POPULAR_SECONDS:
            known = []
            with suppress(StoreError):
                known = [query for query in self.kept.popular(_ASKED, LEAST_TIMES, LEAST_HOURS) if _is_plain(query)]
            self._popular = time.monotonic(), known
        return known[:size]

    def forget_popular(self) -> None:
        """Have ``popular`` read the log again; other processes do so within a minute."""
        self._popular = float("-inf"), []


def _tidy(query: str) -> str:
    """Return a query as it is counted: one spelling of its letters and spaces, and not too long."""
    shown = "".join(letter if letter.isprintable() else " " for letter in unicodedata.normalize("NFC", query))
    return " ".join(shown[:_LONGEST].split())


def _is_plain(query: str) -> bool:
    """Tell whether a query is words alone, without operators."""
    return _PLAIN.fullmatch(query) is not None and _OPERATOR.search(query) is None
