"""A cache of search answers, valid while nothing they depend on changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import replace

from cachetools import LRUCache, cached

from search.parameters import SearchParameters
from search.service import Answer

_MOST_CHARACTERS = 24_000_000


class AnswerCache:
    """Cache what ``answer`` returns; simultaneous equal searches compute it once. Safe to share between threads.

    ``version`` returns a value that changes whenever an answer may. The least recently used answers are evicted once
    all together have more than ``most_characters``.
    """

    def __init__(
        self,
        answer: Callable[[SearchParameters], Answer],
        version: Callable[[], Hashable],
        most_characters: int = _MOST_CHARACTERS,
    ) -> None:
        self._version = version
        kept: LRUCache[Hashable, Answer] = LRUCache(most_characters, _characters)
        once = cached(kept, key=lambda *asked: asked, condition=threading.Condition())
        self._answer = once(lambda _version, parameters: answer(parameters))

    def search(self, parameters: SearchParameters) -> Answer:
        """Answer one search like ``search.service.search``."""
        started = time.perf_counter()
        answer = self._answer(self._version(), parameters)
        return replace(answer, took_ms=round((time.perf_counter() - started) * 1000, 2))


def _characters(answer: Answer) -> int:
    """Return about how many characters an answer takes, plus an allowance for everything else."""
    texts = (len(hit.article.lead) + len(hit.title_html) + sum(map(len, hit.body_html)) for hit in answer.hits)
    parts = sum(len(hit.explanation or ()) for hit in answer.hits)
    counted = [entry.value for counts in answer.facets.values() for entry in counts]
    said = [answer.parameters.q, *answer.terms, *answer.expanded, *counted]
    return sum(texts) + sum(map(len, said)) + 100 * (len(said) + parts) + 1000 * (1 + len(answer.hits))
