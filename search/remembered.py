"""Answers to searches, remembered while nothing they depend on changes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace

from index.commits import latest_commit
from index.datafolder import DataFolder
from index.generations import current_generation
from index.store import Store
from search.engine import Engine
from search.service import Answer, Search, search

_MOST_CHARACTERS = 24_000_000


class RememberedAnswers:
    """Answer searches on ``engine``; safe to share between threads.

    ``state`` returns a value that is another whenever an answer may be: then all are forgotten. Those asked for
    longest ago go first once their articles have more than ``most_characters``.
    """

    def __init__(self, engine: Engine, state: Callable[[], Hashable], most_characters: int = _MOST_CHARACTERS) -> None:
        self._engine = engine
        self._state = state
        self._most = most_characters
        self._lock = threading.Lock()
        self._of: Hashable = None
        self._answers: OrderedDict[Search, Answer] = OrderedDict()
        self._characters = 0

    def search(self, wanted: Search) -> Answer:
        """Answer one search as ``search.service.search`` does."""
        started = time.perf_counter()
        wanted = replace(wanted, facets=tuple(wanted.facets))
        state = self._state()
        with self._lock:
            if state != self._of:
                self._of, self._characters = state, 0
                self._answers.clear()
            known = self._answers.get(wanted)
            if known is not None:
                self._answers.move_to_end(wanted)
        if known is not None:
            return replace(known, took_ms=round((time.perf_counter() - started) * 1000, 2))
        answer = search(self._engine, wanted)
        with self._lock:
            if state == self._of and wanted not in self._answers:  # else it may be of another state by now
                self._answers[wanted] = answer
                self._characters += _characters(answer)
                while self._characters > self._most:
                    _, oldest = self._answers.popitem(last=False)
                    self._characters -= _characters(oldest)
        return answer


def searched_state(folder: DataFolder, store: Store) -> Hashable:
    """Return what tells the state of all that a search reads: the index, the store and the owner's synonyms.

    The cost is a few file names and one row of the store.
    """
    kept = store.last_seq()
    try:
        generation = current_generation(folder.indexes)
        commit = None if generation is None else latest_commit(generation)
    except OSError:  # swapped for another meanwhile
        return object()
    try:
        status = folder.synonyms.stat()
    except OSError:
        return kept, generation, commit
    return kept, generation, commit, status.st_mtime_ns, status.st_size, status.st_ino


def _characters(answer: Answer) -> int:
    """Return about how many characters an answer holds, with a share for all else."""
    texts = (len(hit.article.title) + len(hit.article.body) + sum(map(len, hit.body_html)) for hit in answer.hits)
    return sum(texts) + 1000 * (1 + len(answer.hits))
