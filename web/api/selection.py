"""Articles chosen by the filters of a search, from the store itself: all that pass, also what no search sees yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from index.analysis.normalization import fold
from index.article import Article
from index.dates import MINUTES_A_DAY, local_minute
from index.labels import label_values
from index.store.article_store import ArticleStore
from search.engine import Filters

_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Page:
    """The articles of a part of the store that pass; the part ends with write ``seq``."""

    articles: list[Article]
    seq: int


class Selection:
    """The articles of ``store`` that pass ``filters``. Memory: 20 articles at a time."""

    def __init__(self, store: ArticleStore, filters: Filters) -> None:
        self._store = store
        self._filters = filters
        self._wanted: list[tuple[str, frozenset[str]]] | None = None

    def pages(self, after: int = 0, upto: int | None = None) -> Iterator[Page]:
        """Yield the articles written after number ``after``, and up to ``upto``, in the order they were written in.

        Each article that is there throughout is yielded; one that is written again meanwhile may be, once more.
        """
        if self._wanted is None:
            self._wanted = [
                (label, frozenset(self._accepted(label, key)))
                for label, text in self._filters.labels
                for key in _keys(label, text)
            ]
        while changes := self._store.changes_after(after, _AT_ONCE):
            within = [one for one in changes if upto is None or one.seq <= upto]
            after = changes[-1].seq
            yield Page([one.article for one in within if one.article is not None and self._passes(one.article)], after)
            if len(within) < len(changes):
                return

    def count(self) -> int:
        """Return how many articles pass."""
        return sum(len(page.articles) for page in self.pages(upto=self._store.last_seq()))

    def _passes(self, article: Article) -> bool:
        if any(not _keys(label, text) for label, text in self._filters.labels):
            return False
        if any(not _keys(label, getattr(article, label)) & keys for label, keys in self._wanted or ()):
            return False
        first, last = self._filters.first_day, self._filters.last_day
        if first is None and last is None:
            return True
        if article.published is None:
            return False
        minute = local_minute(article.published)
        return (first is None or minute >= (first - 1) * MINUTES_A_DAY) and (
            last is None or minute < last * MINUTES_A_DAY
        )

    def _accepted(self, label: str, key: str) -> set[str]:
        """Return the keys that ``key`` stands for, as in ``index.labels.equal_keys``; this may read every article."""
        if key != fold(key):
            return {key}
        found: set[str] = set()
        after = 0
        while key not in found and (changes := self._store.changes_after(after, _AT_ONCE)):
            after = changes[-1].seq
            for one in changes:
                if one.article is not None:
                    found |= {other for other in _keys(label, getattr(one.article, label)) if fold(other) == key}
        return {key} if key in found else found


def _keys(label: str, text: str | None) -> set[str]:
    return {value.key for value in label_values(label, text or "")}
