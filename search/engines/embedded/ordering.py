"""The order of hits by several keys: numbers that sort the articles of a snapshot, ascending, and where a cursor is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.article import LABELS
from index.directory.label_column import NO_LABEL
from index.directory.snapshot import Snapshot
from index.segments.schema import UNDATED
from search.engine import ID, PUBLISHED, RELEVANCE, Cursor, Order, SortKey
from search.ranking.clauses import DocMask

Keys = NDArray[np.int64]
Articles = NDArray[np.intp]
_LAST = np.iinfo(np.int64).max


class Ordering:
    """Sort articles of ``snapshot`` by ``order``, equal ones by their last writes."""

    def __init__(self, snapshot: Snapshot, order: Order) -> None:
        self._snapshot = snapshot
        fields = [key.field for key in order]
        scored = fields.index(RELEVANCE) if RELEVANCE in fields else len(fields)
        self.scored = RELEVANCE in fields
        self._before = order[:scored]
        self._after = order[scored + 1 :]

    @property
    def scores_first(self) -> bool:
        """Whether the score is the first key."""
        return self.scored and not self._before

    def candidates(self, articles: Articles, most: int) -> Articles:
        """Return those of ``articles`` (ascending) that may be among the first ``most``, whatever their scores."""
        keys = self._keys(articles, self._before)
        if not self.scored:
            keys.append(self._snapshot.sequence[articles])
        return articles[np.sort(_firsts(keys, most, len(articles)))]

    def places(self, articles: Articles, scores: NDArray[np.float32], most: int) -> Articles:
        """Return the indices of the first ``most`` of ``articles``, in order."""
        keys: list[NDArray[np.int64] | NDArray[np.float32]] = [*self._keys(articles, self._before)]
        if self.scored:
            keys.append(-scores)
        keys += [*self._keys(articles, self._after), self._snapshot.sequence[articles]]
        return np.lexsort(keys[::-1])[:most]

    def _keys(self, articles: Articles, order: Sequence[SortKey]) -> list[Keys]:
        return [key for one in order for key in _keys(self._snapshot, articles, one)]


def page_after(snapshot: Snapshot, matched: DocMask, order: Order, cursor: Cursor, most: int) -> Articles:
    """Return the first ``most`` articles of ``matched`` after ``cursor``, in a fixed order."""
    articles = np.flatnonzero(matched)
    keys = [one for key in order for one in _keys(snapshot, articles, key)]
    if cursor.id is not None:
        later = np.zeros(len(articles), bool)
        equal = np.ones(len(articles), bool)
        for key, place in zip(keys, _places(snapshot, order, cursor), strict=True):
            later |= equal & (key > place)
            equal &= key == place
        later |= np.isin(articles, snapshot.with_id_after(articles[equal], cursor.id))
        articles, keys = articles[later], [key[later] for key in keys]
    some = _firsts(keys, most, len(articles))
    if len(some) > most:
        columns = np.array([key[some] for key in keys], np.int64).reshape(len(keys), len(some))
        last = columns[:, [np.lexsort(columns[::-1])[most - 1]]] if keys else np.empty((0, 1), np.int64)
        tied = (columns == last).all(axis=0)
        chosen = snapshot.first_ids(articles[np.sort(some[tied])], most - int(np.count_nonzero(~tied)))
        some = np.concatenate([some[~tied], articles.searchsorted(chosen)])
    ids = [snapshot.article_id(article).encode() for article in articles[some].tolist()]
    rows = sorted(zip(*[key[some].tolist() for key in keys], ids, some.tolist(), strict=True))
    return articles[np.array([row[-1] for row in rows], np.intp)]


def cursor_at(snapshot: Snapshot, article: int, order: Order) -> Cursor:
    """Return the cursor after ``article``."""
    values: list[int | str | None] = []
    for key in order:
        if key.field == PUBLISHED:
            minute = int(snapshot.minutes[article])
            values.append(None if minute == UNDATED else minute)
        else:
            for ranked in snapshot.label_ranks(key.field):
                rank = int(ranked.ranks[article])
                values.append(None if rank == NO_LABEL else ranked.texts[rank])
    return Cursor(tuple(values), snapshot.article_id(article))


def _keys(snapshot: Snapshot, articles: Articles, key: SortKey) -> list[Keys]:
    """Return numbers that sort ``articles`` by one key: even ones, so that others fit between them."""
    if key.field == PUBLISHED:
        minutes = snapshot.minutes[articles]
        return [_directed(minutes, key.descending, minutes == UNDATED)]
    if key.field in LABELS:
        ranks = [ranked.ranks[articles] for ranked in snapshot.label_ranks(key.field)]
        return [_directed(one, key.descending, one == NO_LABEL) for one in ranks]
    if key.field == ID:
        places = np.empty(len(articles), np.int64)
        places[np.searchsorted(articles, snapshot.first_ids(articles, len(articles)))] = np.arange(len(articles))
        return [_directed(places, key.descending)]
    return [_directed(snapshot.sequence[articles], key.descending)]


def _directed(values: Keys, descending: bool, missing: NDArray[np.bool_] | None = None) -> Keys:
    keys = 2 * (-values if descending else values)
    if missing is not None:
        keys[missing] = _LAST
    return keys


def _places(snapshot: Snapshot, order: Order, cursor: Cursor) -> list[int]:
    """Return where the values of a cursor are among the numbers that ``_keys`` returns."""
    values = iter(cursor.values)
    return [
        _place(next(values), texts, key.descending)
        for key in order
        for texts in ([None] if key.field == PUBLISHED else [one.texts for one in snapshot.label_ranks(key.field)])
    ]


def _place(value: int | str | None, texts: Sequence[str] | None, descending: bool) -> int:
    if value is None:
        return int(_LAST)
    if texts is None:
        place = 2 * int(value)
    else:
        at = bisect_left(texts, str(value))
        place = 2 * at - (at == len(texts) or texts[at] != value)
    return -place if descending else place


def _firsts(keys: Sequence[Keys], most: int, count: int) -> Articles:
    """Return the indices of the first ``most`` of ``count`` articles by ``keys``, and all that equal the last one."""
    places = np.arange(count)
    kept = [np.empty(0, np.intp)]
    for key in keys:
        if len(places) <= most:
            break
        values = key[places]
        last = np.partition(values, most - 1)[most - 1] if most > 0 else values.min()
        first = places[values < last]
        kept.append(first)
        places = places[values == last]
        most -= len(first)
    return np.concatenate([*kept, places])
