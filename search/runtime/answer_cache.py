"""A cache of search answers, valid while nothing they depend on changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import nullcontext, suppress
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from cachetools import LRUCache

from index.errors import SearchCancelledError, SearchTimeoutError
from search.answer import Answer, WrittenAnswer
from search.deadline import Deadline
from search.parameters import SearchParameters

_MOST_BYTES = 24_000_000

_Key = tuple[Hashable, str | None, str]


class Writing(NamedTuple):
    """How an answer is written: ``write`` does it, in the form of that name."""

    form: str
    write: Callable[[Answer], WrittenAnswer]


class AnswerCache:
    """Cache what ``answer`` returns; simultaneous equal searches compute it once, and share its error too.

    A partial answer, or the error of a search that ran out of time, is for the one who asked alone. Nobody waits for
    another's search longer than their own may take.

    ``answer`` takes parameters and perhaps a ``deadline``. ``version`` returns a value that changes whenever an answer
    may; then all answers are dropped. The least recently used ones are evicted once all together have more than
    ``most_bytes``. ``found`` is told of each search whether its answer was cached. Safe to share between threads.
    """

    def __init__(
        self,
        answer: Callable[..., Answer],
        version: Callable[[], Hashable],
        most_bytes: int = _MOST_BYTES,
        found: Callable[[bool], object] = bool,
    ) -> None:
        self._answer = answer
        self._version = version
        self._found = found
        self._cached: LRUCache[str, Answer] = LRUCache(most_bytes, _size)
        self._cached_version: Hashable = None
        self._computing: dict[_Key, Future[Answer]] = {}
        self._lock = threading.Lock()

    def search(
        self, parameters: SearchParameters, deadline: Deadline | None = None, writing: Writing | None = None
    ) -> Answer:
        """Answer one search like ``search.service.search``.

        If it is written, that is all that is kept of its hits, in the form that was asked for last.
        """
        started = time.perf_counter()
        asked = parameters.model_dump_json()  # a text knows its hash; that of so many parameters takes as long as this
        compute = self._answer if deadline is None else partial(self._answer, deadline=deadline)
        form = None
        if writing is not None:
            form, compute = writing.form, partial(_written, compute, writing.write)
        version = self._version()
        with self._lock:
            if version != self._cached_version:
                self._cached_version = version
                self._cached.clear()
            answer = self._cached.get(asked)
            if answer is not None and form != (answer.written and answer.written.form):
                answer = None
            future = self._computing.get((version, form, asked))
            is_first = answer is None and future is None
            if is_first:
                future = self._computing[version, form, asked] = Future()
        self._found(answer is not None)
        if is_first and future is not None:
            self._compute((version, form, asked), partial(compute, parameters), future)
        if answer is None and future is not None:
            left = None if is_first or deadline is None else deadline.left()
            with suppress(SearchTimeoutError, SearchCancelledError, TimeoutError) if not is_first else nullcontext():
                answer = future.result(left)
            if not is_first and (answer is None or answer.partial):
                answer = compute(parameters)
        assert answer is not None
        return replace(answer, took_ms=round((time.perf_counter() - started) * 1000, 2))

    def _compute(self, key: _Key, compute: Callable[[], Answer], future: Future[Answer]) -> None:
        answer = None
        try:
            answer = compute()
            future.set_result(answer)
        except BaseException as error:
            future.set_exception(error)
        with self._lock:
            del self._computing[key]
            if answer is not None and not answer.partial and key[0] == self._cached_version:
                with suppress(ValueError):  # it alone is larger than the cache
                    self._cached[key[-1]] = answer


def _written(
    compute: Callable[[SearchParameters], Answer],
    write: Callable[[Answer], WrittenAnswer],
    parameters: SearchParameters,
) -> Answer:
    answer = compute(parameters)
    return replace(answer, hits=(), facets={}, histogram=(), written=write(answer))


def _size(answer: Answer) -> int:
    """Return about how many bytes an answer takes: two a character, and an allowance for everything else."""
    shown = (len(hit.article.lead) + len(hit.title_html) + sum(map(len, hit.body_html)) for hit in answer.hits)
    whole = [text for hit in answer.hits for text in hit.marked.values()]
    parts = sum(len(hit.explanation or ()) + 3 * len(hit.explained) for hit in answer.hits) + len(answer.histogram)
    copied = [article for hit in answer.hits for article in hit.copied]
    texts = (*shown, *(len(article.lead) + len(article.title) for article in copied))
    counted = [entry.value for counts in answer.facets.values() for entry in counts]
    said = [answer.parameters.q, *answer.terms, *answer.expanded, *counted]
    return (
        sum(map(len, (answer.written or ())[1:]))
        + 2 * (sum(texts) + sum(map(len, whole)) + sum(map(len, said)))
        + 100 * (len(said) + parts)
        + 1000 * (1 + len(answer.hits) + len(copied))
    )
