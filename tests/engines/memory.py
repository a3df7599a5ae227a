"""A plain archive in memory, the second to pass the contract: it knows no file, no SQLite and no Whoosh.

Everything is worked out anew for each question, slowly and simply, from the articles themselves. It proves that nothing
above ``ArticleStore`` and ``Engine`` needs more than these promise, and shows what an engine has to do.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, date, datetime
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
from index.dates import LOCAL_ZONE, local_minute
from index.errors import ChangedError
from index.labels import begun_keys, label_values
from index.shared_texts import FolderTexts
from index.store.article_store import (
    Change,
    Condition,
    DeleteResult,
    Fetched,
    Progress,
    Stamp,
    Task,
    TaskKind,
    TaskState,
    WriteResult,
)
from index.store.input_log import Input
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
from tests.plain_phrases import phrases
from tests.reference import Found, Reference, article_keys, meeting

_MINUTES_A_DAY = 1440


class MemoryStore:
    """Articles in a dictionary, tasks and inputs beside them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._articles: dict[str, tuple[int, Article]] = {}
        self._deleted: dict[str, int] = {}
        self._stored_at: dict[str, str] = {}
        self._seq = self._highest_applied = 0
        self.tasks = MemoryTasks()
        self.inputs = MemoryInputs()
        self.fetches = MemoryFetches(self)

    def identity(self) -> str:
        return str(id(self))

    def highest_applied(self) -> int:
        return self._highest_applied

    def record_applied(self, seq: int) -> None:
        self._highest_applied = max(seq, self._highest_applied)

    def problems(self) -> list[str]:
        return []

    def verify(self, seconds: float | None = None) -> list[str]:
        return []

    def obstacle(self) -> str | None:
        return None

    def how_to_restore(self) -> str:
        return "index the files again"

    def _check(self, id: str, only_if: Condition | None) -> None:
        known = self._articles.get(id)
        if only_if is not None and not only_if(None if known is None else known[1].content_hash()):
            raise ChangedError(id)

    def put(
        self,
        articles: Sequence[Article],
        inputs: Sequence[int | None] | None = None,
        *,
        only_if: Condition | None = None,
    ) -> WriteResult:
        result = WriteResult([], [], [], 0)
        inputs = inputs or [None] * len(articles)
        with self._lock:
            for article in articles:
                self._check(article.id, only_if)
            for article, number in zip(articles, inputs, strict=True):
                known = self._articles.get(article.id)
                self.inputs.own(article.id, number)
                if known is not None and known[1] == article:
                    result.unchanged.append(article.id)
                    continue
                (result.added if known is None else result.updated).append(article.id)
                self._seq += 1
                self._deleted.pop(article.id, None)
                self._articles[article.id] = (self._seq, article)
                self._stored_at[article.id] = datetime.now(UTC).isoformat(timespec="seconds")
            return replace(result, seq=self._seq)

    def delete(self, ids: Iterable[str], *, only_if: Condition | None = None) -> DeleteResult:
        gone = []
        with self._lock:
            ids = list(ids)
            for id in ids:
                self._check(id, only_if)
            for id in ids:
                if self._articles.pop(id, None) is not None:
                    self._seq += 1
                    self._deleted[id] = self._seq
                    self.inputs.own(id, None)
                    gone.append(id)
            return DeleteResult(gone, self._seq)

    def get(self, id: str) -> Article | None:
        return self.get_many([id]).get(id)

    def get_many(self, ids: Sequence[str]) -> dict[str, Article]:
        with self._lock:
            return {id: self._articles[id][1] for id in ids if id in self._articles}

    def changes_after(self, seq: int, limit: int) -> list[Change]:
        with self._lock:
            changes = [Change(number, article.id, article) for number, article in self._articles.values()]
            changes += [Change(number, id, None) for id, number in self._deleted.items()]
        return sorted((change for change in changes if change.seq > seq), key=lambda change: change.seq)[:limit]

    def articles(self, rotten: Callable[[str], None] | None = None) -> Iterator[Article]:
        with self._lock:
            kept = sorted(self._articles.values(), key=lambda entry: entry[0])
        yield from (article for _, article in kept)

    def stamps(self, first: int, last: int) -> list[Stamp]:
        with self._lock:
            kept = sorted((seq, article.id) for seq, article in self._articles.values() if first <= seq <= last)
            return [Stamp(seq, id, self._stored_at[id]) for seq, id in kept]

    def last_stamps(self, width: int) -> list[Stamp]:
        return list({(stamp.seq - 1) // width: stamp for stamp in self.stamps(1, self._seq)}.values())

    def stored_at(self, ids: Sequence[str]) -> dict[str, str]:
        with self._lock:
            return {id: self._stored_at[id] for id in ids if id in self._articles}

    def count(self) -> int:
        return len(self._articles)

    def last_seq(self) -> int:
        return self._seq

    def last_stamp(self) -> Stamp | None:
        return max(self.stamps(1, self._seq), default=None, key=lambda stamp: stamp.seq)

    def stored_per_day(self, since: date) -> Mapping[str, int]:
        days = Counter(
            datetime.fromisoformat(self._stored_at[id]).astimezone(LOCAL_ZONE).date() for id in self._articles
        )
        return {day.isoformat(): count for day, count in sorted(days.items()) if day >= since}

    def was_deleted(self, id: str) -> bool:
        return id in self._deleted

    def back_up(self, file: Path) -> list[str]:
        file.write_text("\n".join(article.model_dump_json() for article in self.articles()), "utf-8")
        return []

    def close(self) -> None:
        pass


class MemoryTasks:
    """Tasks in a list."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}

    def _add(
        self,
        kind: TaskKind,
        counts: Mapping[str, int],
        errors: Sequence[Any],
        seq: int | None,
        filters: Mapping[str, Any] | None = None,
    ) -> Task:
        task = Task(uuid.uuid4().hex, kind, TaskState.WAITING, _now(), None, None, counts, errors[:100], seq, filters)
        self._tasks[task.id] = task
        return task

    def written(self, seq: int, counts: Mapping[str, int], errors: Sequence[Any]) -> Task:
        return self._add(TaskKind.ARTICLES, counts, errors, seq)

    def request_rebuild(self) -> Task:
        waiting = [task for task in self.unfinished(TaskKind.REINDEX) if task.state is TaskState.WAITING]
        return waiting[0] if waiting else self._add(TaskKind.REINDEX, {}, [], None)

    def request_deletion(self, filters: Mapping[str, Any], seq: int) -> Task:
        return self._add(TaskKind.DELETE, {"deleted": 0}, [], seq, filters)

    def get(self, id: str) -> Task | None:
        return self._tasks.get(id)

    def latest(self, size: int, state: TaskState | None = None) -> list[Task]:
        return [task for task in reversed(self._tasks.values()) if state in {None, task.state}][:size]

    def unfinished(self, kind: TaskKind) -> list[Task]:
        open_states = {TaskState.WAITING, TaskState.RUNNING}
        return [task for task in self._tasks.values() if task.kind is kind and task.state in open_states]

    def begin(self, id: str) -> None:
        self._tasks[id] = replace(self._tasks[id], state=TaskState.RUNNING, started=_now())

    def count(self, id: str, counts: Mapping[str, int]) -> None:
        self._tasks[id] = replace(self._tasks[id], counts=dict(counts))

    def end(self, id: str, error: str | None = None) -> None:
        state = TaskState.DONE if error is None else TaskState.FAILED
        errors = [] if error is None else [{"detail": error}]
        self._tasks[id] = replace(self._tasks[id], state=state, finished=_now(), errors=errors)


class MemoryFetches:
    """The last fetch of each URL."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._fetched: dict[str, Fetched] = {}

    def known(self, url: str, id: str) -> Fetched | None:
        return None if self._store.was_deleted(id) else self._fetched.get(url)

    def note(self, fetched: Iterable[Fetched]) -> None:
        self._fetched.update((one.url, one) for one in fetched)


class MemoryInputs:
    """The files that articles were read from, and the articles they dropped."""

    def __init__(self) -> None:
        self._inputs: dict[int, Input] = {}
        self._owned: dict[str, int] = {}
        self._dropped: dict[str, int] = {}
        self._names: dict[str, dict[str, str]] = {}

    def names(self) -> dict[str, dict[str, str]]:
        return self._names

    def keep_names(self, path: str, names: Mapping[str, str]) -> None:
        self._names[path] = {**self._names.get(path, {}), **names}

    def own(self, id: str, number: int | None) -> None:
        if (before := self._owned.pop(id, None)) not in {None, number}:
            self._inputs[before] = replace(self._inputs[before], digest=None)
        self._dropped.pop(id, None)
        if number is not None:
            self._owned[id] = number

    def _current(self) -> list[Input]:
        counts = Counter(self._owned.values())
        return [replace(input, articles=counts[input.number]) for input in self._inputs.values()]

    def below(self, path: str) -> list[Input]:
        return [one for one in self._current() if one.path == path or one.path.startswith(path.rstrip("/") + "/")]

    def with_digest(self, prefix: str) -> list[Input]:
        return [input for input in self._current() if (input.digest or "").startswith(prefix)]

    def owners(self, ids: Sequence[str]) -> dict[str, str]:
        return {id: self._inputs[self._owned[id]].path for id in ids if id in self._owned}

    def ids(self, path: str) -> set[str]:
        return {id for id, number in self._owned.items() if self._inputs[number].path == path}

    def dropped(self, path: str) -> set[str]:
        numbers = {input.number for input in self.below(path)}
        return {id for id, number in self._dropped.items() if number in numbers}

    def begin(self, paths: Iterable[str]) -> dict[str, int]:
        numbers = {}
        for path in paths:
            known = next((input for input in self._inputs.values() if input.path == path), None)
            number = known.number if known is not None else max(self._inputs, default=0) + 1
            self._inputs[number] = Input(number, path, None, 0)
            numbers[path] = number
        return numbers

    def finish(self, read: Iterable[tuple[int, str, int]]) -> None:
        counts = Counter(self._owned.values())
        for number, digest, count in read:
            if counts[number] == count:
                self._inputs[number] = replace(self._inputs[number], digest=digest)

    def drop(self, ids: Iterable[str]) -> None:
        for id in ids:
            if id in self._owned:
                self._dropped[id] = self._owned.pop(id)

    def move(self, moves: Iterable[tuple[int, str]]) -> None:
        for number, path in moves:
            left = self._inputs[number].path
            for other in self._inputs.values():
                if other.path == path:
                    self._inputs[other.number] = replace(other, path=left)
                    break
            self._inputs[number] = replace(self._inputs[number], path=path)

    def forget(self, numbers: Iterable[int]) -> None:
        kept = {*self._owned.values(), *self._dropped.values()}
        for number in numbers:
            if number not in kept:
                self._inputs.pop(number, None)


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
        return sorted((term, count) for term, count in self._abbreviations.items() if term.startswith(prefix))[:most]

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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
