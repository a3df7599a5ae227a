"""The embedded engine: the store and its Whoosh index behind the ``Engine`` protocol."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from whoosh.index import EmptyIndexError

from index.analysis import Stream, analyze
from index.article import Article
from index.commits import OpenSegments
from index.datafolder import DataFolder
from index.errors import DamagedIndexError
from index.generations import current_generation
from index.indexer import Indexer
from index.schema import TEXT_FIELDS, UNDATED, field_name, searchable_body
from index.store import DeleteResult, Store, WriteResult
from search.corrections import correct
from search.engine import Facet, FacetCount, Filters, Hit, Request, Retrieved, Sort
from search.evaluation import Evaluated, Evaluation
from search.expansion import Abbreviations, expand
from search.facets import count_facet
from search.query import Node
from search.scoring import Ranking, idf, saturation
from search.snapshot import Snapshot
from search.suggest import suggest
from search.synonyms import SynonymFile

log = logging.getLogger(__name__)

_SIMILAR_TERMS = 30
_SIMILAR_READ = 20_000
_OPEN_ATTEMPTS = 20
_OPEN_PAUSE = 0.01


class WhooshEngine:
    """Open the engine on a data folder; what the index lacks is applied at the next ``commit``."""

    def __init__(self, folder: DataFolder, ranking: Ranking | None = None) -> None:
        self._folder = folder
        self._store = Store(folder.store)
        self.indexer = Indexer(folder, self._store)
        self._ranking = ranking or Ranking()
        self._segments = OpenSegments()
        self._snapshot: Snapshot | None = None
        self._abbreviations: Abbreviations | None = None
        self._synonyms = SynonymFile(folder.synonyms)
        self._lock = threading.Lock()

    def add(self, articles: Sequence[Article], origin: str | None = None) -> WriteResult:
        """Put articles into the store."""
        return self._store.put(articles, origin)

    def delete(self, ids: Sequence[str]) -> DeleteResult:
        """Delete articles from the store."""
        return self._store.delete(ids)

    def commit(self, *, wait: float = 10.0) -> None:
        """Bring the index level with the store."""
        self.indexer.catch_up(wait=wait)

    def rebuild(self, *, wait: float = 10.0) -> None:
        """Make a new generation of the index and swap it in."""
        self.indexer.rebuild(wait=wait)

    def fetch(self, ids: Sequence[str]) -> dict[str, Article]:
        """Read articles from the store."""
        return self._store.get_many(ids)

    def count(self) -> int:
        """Return how many articles the store has."""
        return self._store.count()

    def searchable(self, seq: int | None = None) -> bool:
        """Tell whether the index has applied the store's write ``seq``, or the latest one."""
        return self.indexer.applied() >= (self._store.last_seq() if seq is None else seq)

    def check(self) -> list[str]:
        """Compare index and store."""
        return self.indexer.check()

    @property
    def store(self) -> Store:
        """The store of this data folder."""
        return self._store

    def close(self) -> None:
        """Close the index and the store; no thread may be using them."""
        with self._lock:
            self._snapshot = None
        self._store.close()

    def retrieve(self, request: Request) -> Retrieved:
        """Evaluate the tree over the present snapshot, filter, order and cut it, and count facets."""
        with self._present() as snapshot:
            if snapshot is None:
                return Retrieved(0, [], {facet: [] for facet in request.facets})
            evaluation = Evaluation(snapshot, self._ranking, request.match, explain=request.explain)
            found = evaluation.run(request.tree, _within(evaluation, request.filters))
            if request.sort is not Sort.RELEVANCE:
                _prefer_accents(found)
            articles = np.flatnonzero(found.matched)
            wanted = _ordered(snapshot, found, articles, request)[request.start : request.start + request.size]
            hits = [
                Hit(
                    snapshot.article_id(int(article)),
                    float(found.score[article]),
                    _explained(found, int(article), request),
                )
                for article in wanted
            ]
            facets: dict[Facet, Sequence[FacetCount]] = {
                facet: count_facet(snapshot, facet, articles) for facet in request.facets
            }
            return Retrieved(len(articles), hits, facets)

    def expand(self, tree: Node) -> Node:
        """Add the abbreviations the articles define and the synonyms of the data folder."""
        synonyms = self._synonyms.current()
        with self._present() as snapshot:
            if snapshot is None:
                return expand(tree, None, synonyms)
            known = self._abbreviations
            if known is None or known.snapshot is not snapshot:
                known = self._abbreviations = Abbreviations(snapshot)
            return expand(tree, known, synonyms)

    def suggest(self, typed: str, size: int) -> list[str]:
        """Complete what is typed from the phrases of the index."""
        with self._present() as snapshot:
            return [] if snapshot is None else suggest(snapshot, typed, size)

    def correct(self, text: str) -> str | None:
        """Correct a query by the words of the index."""
        with self._present() as snapshot:
            return None if snapshot is None else correct(snapshot, self._ranking, text)

    def similar(self, id: str, size: int) -> list[Hit]:
        """Score every article by the words most telling of this one: frequent here, rare elsewhere."""
        article = self._store.get(id)
        with self._present() as snapshot:
            if snapshot is None or article is None:
                return []
            text = analyze(f"{article.title}\n{searchable_body(article)}"[:_SIMILAR_READ])
            frequencies = Counter(word.text for word in text.words if not word.text.isdigit())
            field = field_name("body", Stream.WORD)
            importance = {
                term: idf(snapshot.count, len(snapshot.postings(field, term))) * count / (count + 1.0)
                for term, count in frequencies.items()
                if len(snapshot.postings(field, term)) > 1
            }
            scores = np.zeros(snapshot.size, np.float32)
            for term in sorted(importance, key=lambda term: (-importance[term], term))[:_SIMILAR_TERMS]:
                for name in TEXT_FIELDS:
                    where = field_name(name, Stream.WORD)
                    found = snapshot.postings(where, term)
                    lengths = snapshot.lengths(where)[found.articles]
                    average = snapshot.average_length(where)
                    parts = saturation(found.frequencies, lengths, average, self._ranking.k1, self._ranking.b[name])
                    scores[found.articles] += np.float32(importance[term]) * parts
            own = snapshot.article_number(id)
            if own is not None:
                scores[own] = 0.0
            best = np.argsort(-scores, kind="stable")[:size]
            return [Hit(snapshot.article_id(int(n)), float(scores[n])) for n in best if scores[n] > 0]

    @contextmanager
    def _present(self) -> Iterator[Snapshot | None]:
        """Lend the newest snapshot; one that was replaced lives until its last user is done."""
        yield self._newest()

    def _newest(self) -> Snapshot | None:
        with self._lock:
            for attempt in range(_OPEN_ATTEMPTS):
                generation = current_generation(self._folder.indexes)
                if generation is None:
                    break
                try:
                    self._renew(generation)
                    break
                except (OSError, EmptyIndexError) as error:  # swapped for another between finding and opening it
                    if attempt == _OPEN_ATTEMPTS - 1 and self._snapshot is None:
                        raise DamagedIndexError(f"the index in {generation} cannot be opened: {error}") from error
                    time.sleep(_OPEN_PAUSE)
                except DamagedIndexError:
                    if self._snapshot is None:
                        raise
                    break
            return self._snapshot

    def _renew(self, generation: Path) -> None:
        if self._snapshot is None or not self._snapshot.is_latest(generation):
            self._snapshot = Snapshot(generation, self._segments)


def _within(evaluation: Evaluation, filters: Filters) -> NDArray[np.bool_] | None:
    """Return the articles that pass the filters, None where there are no filters."""
    wanted = [
        evaluation.labelled(label, value)
        for label in ("source", "category", "author")
        if (value := getattr(filters, label)) is not None
    ]
    if filters.first_day is not None or filters.last_day is not None:
        wanted.append(evaluation.dated(filters.first_day, filters.last_day))
    return np.logical_and.reduce(wanted) if wanted else None


def _prefer_accents(found: Evaluated) -> None:
    """Leave out mere unaccented matches of a short query, which no score puts last where hits are sorted by date."""
    as_typed = found.matched & found.exact
    if found.short and found.accents and as_typed.any():
        found.matched = as_typed


def _ordered(snapshot: Snapshot, found: Evaluated, articles: NDArray[np.int64], request: Request) -> NDArray[np.int64]:
    """Return ``articles`` in the order asked for, as far as the request reaches.

    Ties go to the newest, then to the one written first.
    """
    minutes = snapshot.minutes[articles]
    undated = minutes == UNDATED
    scores = found.score[articles]
    if request.sort is Sort.RELEVANCE:
        reach = request.start + request.size
        if reach < len(articles):
            least = np.partition(scores, len(scores) - reach)[len(scores) - reach]
            near = scores >= least
            articles, minutes, scores = articles[near], minutes[near], scores[near]
        return articles[np.lexsort((snapshot.sequence[articles], -minutes, -scores))]
    direction = -minutes if request.sort is Sort.NEWEST else minutes
    return articles[np.lexsort((snapshot.sequence[articles], -scores, direction, undated))]


def _explained(found: Evaluated, article: int, request: Request) -> dict[str, float] | None:
    if not request.explain:
        return None
    parts = {name: float(part[article]) for name, part in found.parts.items() if part[article]}
    return dict(sorted(parts.items(), key=lambda entry: -entry[1]))
