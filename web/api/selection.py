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
from search.query.filter_tree import PUBLISHED, AllOf, AnyOf, FilterNode, HasField, HasLabel, NoneOf, PublishedIn

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
        self._conditions = filters.conditions()
        self._known: dict[tuple[str, str], set[str]] = {}

    def pages(self, after: int = 0, upto: int | None = None) -> Iterator[Page]:
        """Yield the articles written after number ``after``, and up to ``upto``, in the order they were written in.

        Each article that is there throughout is yielded; one that is written again meanwhile may be, once more.
        """
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
        return all(self._meets(article, condition) for condition in self._conditions)

    def _meets(self, article: Article, condition: FilterNode) -> bool:
        match condition:
            case HasLabel(label, values):
                return any(self._has(article, label, text) for text in values)
            case PublishedIn(first, last):
                day = None if article.published is None else local_minute(article.published) // MINUTES_A_DAY + 1
                return day is not None and (first is None or first <= day) and (last is None or day <= last)
            case HasField(field):
                known = article.published if field == PUBLISHED else _keys(field, getattr(article, field))
                return bool(known)
            case NoneOf(part):
                return not self._meets(article, part)
            case AllOf(parts):
                return all(self._meets(article, part) for part in parts)
            case AnyOf(parts):
                return any(self._meets(article, part) for part in parts)

    def _has(self, article: Article, label: str, text: str) -> bool:
        wanted, own = _keys(label, text), _keys(label, getattr(article, label))
        return bool(wanted) and all(self._accepted(label, key) & own for key in wanted)

    def _accepted(self, label: str, key: str) -> set[str]:
        """Return the keys that ``key`` stands for, as in ``index.labels.equal_keys``; this may read every article."""
        if key != fold(key):
            return {key}
        if (label, key) not in self._known:
            self._known[label, key] = self._look_up(label, key)
        return self._known[label, key]

    def _look_up(self, label: str, key: str) -> set[str]:
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
