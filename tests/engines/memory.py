"""A plain archive in memory, the second to pass the contract: it knows no file, no SQLite and no Whoosh.

Everything is worked out anew for each question, slowly and simply, from the articles themselves. It proves that nothing
above ``ArticleStore`` and ``Engine`` needs more than these promise, and shows what an engine has to do.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from copy import copy
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from index.analysis.abbreviations import abbreviation_terms
from index.analysis.analyzer import Stream, analyze
from index.analysis.near_copies import MOST_DIFFERING, differing, sketch
from index.analysis.normalization import fold
from index.analysis.suggestions import one_of_each
from index.article import TEXT_FIELDS, Article, searchable_body
from index.dates import local_minute
from index.labels import begun_keys, label_values
from index.shared_texts import FolderTexts
from index.store.article_store import (
    Progress,
)
from index.usage import folder_usage
from search.archive import Archive
from search.engine import (
    PERIODS,
    Cursor,
    FacetCount,
    Filters,
    Hit,
    Order,
    Request,
    Retrieved,
    Sort,
    SortKey,
    fixed_order,
    order_of,
)
from search.leadership import FolderLeadership
from search.query.filter_tree import FilterNode, all_of, conjuncts, fields_in
from search.query.synonyms import NO_SYNONYMS, Synonyms
from search.query.typed import TypedWords
from search.ranking.scoring import Ranking
from search.statistics import T
from tests.engines.memory_store import MemoryStore
from tests.plain_phrases import phrases
from tests.reference import Found, Reference, article_keys, meeting

_MINUTES_A_DAY = 1440


class MemoryEngine:
    """Search a copy of the store's articles as of the last ``apply``."""

    upkeep = None

    def __init__(self, store: MemoryStore, ranking: Ranking | None = None) -> None:
        self._store = store
        self._ranking = ranking or Ranking()
        self._lock = threading.Lock()
        self._indexed = _Indexed([], -1, self._ranking)

    def apply(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:
        with self._lock:
            seq = self._store.last_seq()
            if seq != self._indexed.seq:
                self._indexed = _Indexed(list(self._store.articles()), seq, self._ranking)
            if progress is not None:
                progress(0)

    def rebuild(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:
        self.apply(wait=wait, progress=progress)

    def near_copies(self, writes: Sequence[range]) -> int | None:
        return None

    def applied(self) -> int:
        return self._indexed.seq

    def version(self) -> Hashable:
        return self._indexed.seq

    def retrieve(self, request: Request) -> Retrieved:
        request.deadline.passed()
        return self._indexed.retrieve(request)

    def similar(self, article: Article, size: int) -> list[Hit]:
        indexed = self._indexed
        own = {word.text for word in analyze(f"{article.title}\n{searchable_body(article)}").words}
        own = {word for word in own if word.isalnum() or "_" in word}
        hits = []
        for other in indexed.by_id.values():
            shared = own & {word.text for word in analyze(f"{other.title}\n{searchable_body(other)}").words}
            if shared and indexed.stories[other.id] != indexed.stories.get(article.id):
                hits.append(Hit(other.id, sum(1.0 / indexed.document_frequency(Stream.WORD, word) for word in shared)))
        return sorted(hits, key=lambda hit: -hit.score)[:size]

    def titled(self, typed: TypedWords, size: int) -> list[Hit]:
        return self._indexed.titled(typed)[:size]

    def copies(self, id: str, size: int) -> list[Hit]:
        stories = self._indexed.stories
        others = [other for other in stories if other != id and stories[other] == stories.get(id)]
        return [Hit(other, 0.0) for other in others[:size]]

    def statistics(self) -> _Indexed:
        return self._indexed

    def close(self) -> None:
        pass


class _Indexed:
    """The articles of one moment, and what can be said of them; also their ``TermStatistics``."""

    def __init__(self, articles: Sequence[Article], seq: int, ranking: Ranking) -> None:
        self.seq = seq
        self._reference = Reference(articles, ranking)
        self.by_id = self._reference.articles
        self._order = {id: number for number, id in enumerate(self.by_id)}
        self._phrases: Counter[str] = Counter()
        self._abbreviations: Counter[str] = Counter()
        self.stories: dict[str, int] = {}
        sketches: list[Any] = []
        for article in articles:
            title, body = analyze(article.title), analyze(searchable_body(article))
            self._phrases.update(one_of_each(phrases(title, 3), phrases(body, 1)))
            self._abbreviations.update(abbreviation_terms(title) | abbreviation_terms(body))
            own = np.array(sketch(body.tokens.exact), np.uint64)
            story = len(self.stories)
            if own.any() and sketches:
                slots = differing(own, np.array(sketches).T)
                near = [n for n, apart in enumerate(slots.tolist()) if apart <= MOST_DIFFERING and sketches[n].any()]
                if near:
                    story = list(self.stories.values())[min(near, key=lambda n: (slots[n], n))]
            self.stories[article.id] = story
            sketches.append(own)

    @property
    def articles(self) -> int:
        return len(self.by_id)

    @property
    def length(self) -> float:
        lengths = self._reference.lengths["body", Stream.SYLLABLE].values()
        return sum(lengths) / max(1, sum(map(bool, lengths)))

    def document_frequency(self, stream: Stream, term: str) -> int:
        return self._reference.frequency(stream, term, None)

    def terms(self, stream: Stream, prefix: str, most: int) -> list[tuple[str, int]]:
        known = {term for name in TEXT_FIELDS for term in self._reference.places[name, stream]}
        chosen = sorted(term for term in known if term.startswith(prefix))[:most]
        return [(term, self.document_frequency(stream, term)) for term in chosen]

    def has_phrase(self, syllables: Sequence[str]) -> bool:
        terms = [(Stream.SYLLABLE, syllable) for syllable in syllables]
        return bool(self._reference.together(terms, range(len(terms)), None))

    def phrases(self, prefix: str, most: int) -> list[tuple[str, int]]:
        begun = Counter({term: count for term, count in self._phrases.items() if term.startswith(prefix)})
        return sorted(begun.most_common(most))

    def abbreviations(self, prefix: str, most: int) -> list[tuple[str, int]]:
        begun = sorted((term, count) for term, count in self._abbreviations.items() if term.startswith(prefix))
        return sorted(begun[:most], key=lambda entry: (-entry[1], entry[0]))

    def together(self, work: Callable[[], T]) -> T:
        return work()

    def retrieve(self, request: Request) -> Retrieved:
        reference = copy(self._reference)
        weights = reference.ranking.fields.items()
        reference.ranking = replace(
            reference.ranking, fields={name: weight * request.boosts.get(name, 1.0) for name, weight in weights}
        )
        found = reference.run(request.tree, request.match, self._within(request.filters), request.recency)
        if not request.relax or request.cursor is not None:
            found.relaxed = set()
        facets = {facet: self._count(facet, found.matched, request) for facet in request.facets}
        if request.other_filters:
            for label in set(facets) & {next(iter(named)) for named in _named(request.filters) if len(named) == 1}:
                left = replace(
                    request.filters,
                    labels=tuple(pair for pair in request.filters.labels if pair[0] != label),
                    tree=_without(request.filters.tree, label),
                )
                matched = reference.run(request.tree, request.match, self._within(left), request.recency).matched
                facets[label] = self._count(label, matched, request)
        days = Counter(day for id in found.matched if (day := self._day(id)) is not None)
        some = Retrieved(len(found.matched), 0, [], facets, len(found.relaxed))
        some = replace(some, days=dict(sorted(days.items())) if request.count_days else {})
        return self._page(found, request, some) if request.cursor is None else self._after(found, request, some)

    def _page(self, found: Found, request: Request, some: Retrieved) -> Retrieved:
        order = order_of(request.sort)
        ordered = [
            id
            for group in (found.matched, found.relaxed)
            for id in sorted(group, key=lambda one: (*self._keys(one, found.score[one], order), self._order[one]))
        ]
        told: dict[int, list[str]] = {}
        for id in ordered:
            told.setdefault(self.stories[id] if request.collapse else self._order[id], []).append(id)
        hits = [
            Hit(
                ids[0],
                found.score[ids[0]],
                {"score": found.score[ids[0]]} if request.explain else None,
                len(ids) - 1,
                ids[0] in found.relaxed,
                tuple(sorted(ids[1:], key=self._order.__getitem__)[: request.copies]),
            )
            for ids in list(told.values())[request.start : request.start + request.size]
        ]
        return replace(some, stories=len(told), hits=hits)

    def _after(self, found: Found, request: Request, some: Retrieved) -> Retrieved:
        """Return the page after a cursor."""
        assert request.cursor is not None
        order = fixed_order(request.sort)
        ordered = sorted(found.matched, key=lambda one: (*self._keys(one, 0.0, order), one))
        if (after := request.cursor.id) is not None:
            values = iter(request.cursor.values)
            place = [_directed(next(values), key) for key in order for _ in range(1 if key.field == "published" else 2)]
            ordered = [id for id in ordered if (*self._keys(id, 0.0, order), id) > (*place, after)]
        page = ordered[: request.size]
        hits = [Hit(id, found.score[id], {"score": found.score[id]} if request.explain else None) for id in page]
        following = None
        if page and len(page) == request.size:
            values = [value for key in order for value in self._values(page[-1], key)]
            following = Cursor(tuple(values), page[-1])
        return replace(some, stories=len(found.matched), hits=hits, next=following)

    def _within(self, filters: Filters) -> set[str]:
        articles = list(self.by_id.values())
        return set(self.by_id).intersection(*(meeting(articles, condition) for condition in filters.conditions()))

    def titled(self, typed: TypedWords) -> list[Hit]:
        scores: dict[str, float] = {}
        for id, article in self.by_id.items():
            analysis = analyze(article.title)
            known = [exact for exact, _ in analysis.terms(Stream.SYLLABLE)]
            if all(any(map(one.is_in, known)) for one in typed.syllables):
                pairs = [term.split("_", 1) for term, _ in analysis.terms(Stream.BIGRAM)]
                rows = (
                    any(one.is_in(first) and other.is_in(second) for first, second in pairs)
                    for one, other in pairwise(typed.syllables)
                )
                scores[id] = 1.0 if all(rows) else 0.5
        ordered = sorted(
            scores, key=lambda one: (-scores[one], *self._keys(one, 0.0, order_of(Sort.NEWEST)), self._order[one])
        )
        told = Counter(self.stories[id] for id in ordered)
        firsts = {self.stories[id]: id for id in reversed(ordered)}
        return [
            Hit(id, scores[id], copies=told[self.stories[id]] - 1) for id in ordered if firsts[self.stories[id]] == id
        ]

    def _day(self, id: str) -> int | None:
        published = self.by_id[id].published
        return None if published is None else local_minute(published) // _MINUTES_A_DAY + 1

    def _keys(self, id: str, score: float, order: Order) -> list[Any]:
        """Return what sorts an article by the keys of an order, ascending."""
        return [_directed(value, key) for key in order for value in self._values(id, key, score)]

    def _values(self, id: str, key: SortKey, score: float = 0.0) -> list[Any]:
        article = self.by_id[id]
        match key.field:
            case "relevance":
                return [score]
            case "published":
                return [None if article.published is None else local_minute(article.published)]
            case "written":
                return [self._order[id]]
            case "id":
                return [id]
        known = article_keys(article, key.field)
        return [min(map(fold, known), default=None), min(known, default=None)]

    def _count(self, facet: str, ids: Iterable[str], request: Request) -> list[FacetCount]:
        if facet in PERIODS:
            days = [day for id in ids if (day := self._day(id)) is not None]
            counts = Counter(date.fromordinal(day).isoformat()[: PERIODS[facet]] for day in days)
            return [FacetCount(value, counts[value]) for value in sorted(counts, reverse=True)][: request.facet_size]
        texts = [getattr(article, facet) or "" for article in self.by_id.values()]
        often = Counter(value for text in texts for value in label_values(facet, text))
        names = {value.key: value.written for value in sorted(often, key=lambda value: (often[value], value.written))}
        chosen = set(begun_keys(request.facet_text, names))
        counts = Counter(names[key] for id in ids for key in article_keys(self.by_id[id], facet) & chosen)
        ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        return [FacetCount(value, count) for value, count in ordered[: request.facet_size]]


def _directed(value: Any, key: SortKey) -> tuple[bool, Any]:
    """Return what sorts a value: by its direction, and what is missing last."""
    if value is None:
        return True, 0
    if key.descending:
        value = [-ord(sign) for sign in value] + [1] if isinstance(value, str) else -value
    return False, value


def _named(filters: Filters) -> list[set[str]]:
    return [fields_in(condition) for condition in filters.conditions()]


def _without(tree: FilterNode | None, label: str) -> FilterNode | None:
    kept = [] if tree is None else [part for part in conjuncts(tree) if fields_in(part) != {label}]
    return all_of(kept) if kept else None


class NoSynonyms:
    """No owner, no synonyms."""

    def current(self) -> Synonyms:
        return NO_SYNONYMS

    def version(self) -> Hashable:
        return None


def memory_archive(home: Path) -> Archive:
    """Return an empty archive in memory; ``home`` is where the application keeps its key."""
    store = MemoryStore()
    leadership, usage = partial(FolderLeadership, home), partial(folder_usage, home)
    return Archive(store, MemoryEngine(store), NoSynonyms(), home, FolderTexts(home), leadership, usage)
