"""Answers to searches, remembered while nothing they depend on changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import replace

from index.directory.commits import latest_commit
from index.directory.data_folder import DataFolder
from index.directory.generations import current_generation
from index.store.articles import Store
from search.runtime.cache import BoundedCache
from search.service import Answer, Search

_MOST_CHARACTERS = 24_000_000


class AnswerCache:
    """Answers of ``answer``, each made once however many ask for it at a time; safe to share between threads.

    ``state`` returns a value that is another whenever an answer may be: then all are forgotten. Those asked for
    longest ago go first once they have more than ``most_characters``.
    """

    def __init__(
        self,
        answer: Callable[[Search], Answer],
        state: Callable[[], Hashable],
        most_characters: int = _MOST_CHARACTERS,
    ) -> None:
        self._answer = answer
        self._state = state
        self._most = most_characters
        self._kept: tuple[Hashable, BoundedCache[Search, Answer]] = (None, self._empty())
        self._awaited: dict[tuple[Hashable, Search], Future[Answer]] = {}
        self._lock = threading.Lock()

    def search(self, wanted: Search) -> Answer:
        """Answer one search as ``search.service.search`` does."""
        started = time.perf_counter()
        wanted = replace(wanted, facets=tuple(wanted.facets))
        state = self._state()
        known, answers = self._kept
        if known != state:
            answers = self._empty()
            self._kept = (state, answers)
        answer = answers.kept(wanted) or self._made(answers, state, wanted)
        return replace(answer, took_ms=round((time.perf_counter() - started) * 1000, 2))

    def _made(self, answers: BoundedCache[Search, Answer], state: Hashable, wanted: Search) -> Answer:
        with self._lock:
            future = self._awaited.get((state, wanted))
            first = future is None
            if future is None:
                future = self._awaited[state, wanted] = Future()
        if first:
            try:
                future.set_result(answers.get(wanted, lambda: self._answer(wanted)))
            except BaseException as error:
                future.set_exception(error)
            finally:
                with self._lock:
                    del self._awaited[state, wanted]
        return future.result()

    def _empty(self) -> BoundedCache[Search, Answer]:
        return BoundedCache(self._most, _characters)


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
    texts = (len(hit.article.lead) + len(hit.title_html) + sum(map(len, hit.body_html)) for hit in answer.hits)
    parts = sum(len(hit.explanation or ()) for hit in answer.hits)
    counted = [entry.value for counts in answer.facets.values() for entry in counts]
    said = [answer.search.text, *answer.terms, *answer.expanded, *counted]
    return sum(texts) + sum(map(len, said)) + 100 * (len(said) + parts) + 1000 * (1 + len(answer.hits))
