"""The embedded engine: the store and its Whoosh index behind the ``Engine`` protocol."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream, analyze
from index.article import Article
from index.directory.commits import OpenSegments
from index.directory.data_folder import DataFolder
from index.directory.generations import current_generation, read_state
from index.directory.snapshot import Floats, Snapshot
from index.errors import DamagedIndexError
from index.segments.schema import TEXT_FIELDS, UNDATED, field_name, searchable_body
from index.store.articles import DeleteResult, Store, WriteResult
from index.store.database import Database
from index.writer.indexer import Indexer
from search.engine import Hit, Progress, Request, Retrieved, Sort
from search.matching.collapse import NO_STORIES, stories_found
from search.matching.evaluator import Evaluator, Matches
from search.matching.facets import count_facet
from search.matching.filters import within
from search.query.expansion import Abbreviations, expand
from search.query.synonyms import SynonymFile
from search.query.tree import Node
from search.ranking.impacts import TermImpacts, WeightedTerm
from search.ranking.maxscore import MaxScoreScorer
from search.ranking.scoring import Ranking, idf
from search.ranking.top_k import best_first, largest
from search.spelling.completions import suggest
from search.spelling.corrections import correct
from search.spelling.vocabulary import Frequencies

log = logging.getLogger(__name__)

_SIMILAR_TERMS = 30
_SIMILAR_READ = 20_000
_OPEN_ATTEMPTS = 20
_OPEN_PAUSE = 0.01
_SETTLED = 1_000_000_000
_VERIFY_SECONDS = 0.1


class EmbeddedEngine:
    """Open the engine on a data folder; what the index lacks is applied at the next ``commit``.

    What is kept of hot terms takes the less memory the more engines there are ``sharing`` it.
    """

    def __init__(self, folder: DataFolder, ranking: Ranking | None = None, *, sharing: int = 1) -> None:
        self._folder = folder
        self._store = Store(Database(folder.store))
        self.indexer = Indexer(folder, self._store)
        self._ranking = ranking or Ranking()
        self._segments = OpenSegments()
        self._sharing = sharing
        self._opened: _Opened | None = None
        self._synonyms = SynonymFile(folder.synonyms)
        self._unchanged = _Unchanged()
        self._lock = threading.Lock()

    def add(self, articles: Sequence[Article]) -> WriteResult:
        """Put articles into the store."""
        return self._store.put(articles)

    def delete(self, ids: Sequence[str]) -> DeleteResult:
        """Delete articles from the store."""
        return self._store.delete(ids)

    def commit(self, *, wait: float = 10.0, progress: Progress | None = None) -> None:
        """Bring the index level with the store, and read files whose bytes were not compared with their checksums."""
        self.indexer.catch_up(wait=wait, progress=progress)
        while not self.indexer.verify(_VERIFY_SECONDS):
            self.indexer.catch_up(wait=wait, progress=progress)
            if progress is not None:
                progress(0)
        self.release_stale()

    def scrub(self, seconds: float) -> None:
        """Read again the index files that were read longest ago, for about so many seconds."""
        self.indexer.verify(seconds, again=True)

    def rebuild(
        self,
        *,
        wait: float = 10.0,
        within: AbstractContextManager[object] | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Make a new generation of the index and swap it in."""
        self.indexer.rebuild(wait=wait, within=within, progress=progress)
        self.release_stale()

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

    def release_stale(self) -> None:
        """Let go of files that were replaced, so that their space is free."""
        if self._opened is not None:
            with suppress(DamagedIndexError):
                self._newest()

    def close(self) -> None:
        """Close the index and the store; no thread may be using them."""
        with self._lock:
            self._opened = None
        self._store.database.close()

    def retrieve(self, request: Request) -> Retrieved:
        """Evaluate the tree over the present snapshot, filter, order and cut it, and count facets."""
        opened = self._newest()
        if opened is None:
            return Retrieved(0, 0, [], {facet: [] for facet in request.facets})
        return _retrieve(opened.impacts, request)

    def expand(self, tree: Node) -> Node:
        """Add the abbreviations the articles define and the synonyms of the data folder."""
        opened = self._newest()
        return expand(tree, None if opened is None else opened.abbreviations, self._synonyms.current())

    def suggest(self, typed: str, size: int) -> list[str]:
        """Complete what is typed from the phrases of the index."""
        opened = self._newest()
        return [] if opened is None else suggest(opened.snapshot, typed, size)

    def correct(self, text: str) -> str | None:
        """Correct a query by the words of the index."""
        opened = self._newest()
        return None if opened is None else correct(opened.impacts, opened.frequencies, text)

    def similar(self, id: str, size: int) -> list[Hit]:
        """Score every article of another story by the words most telling of this one: frequent here, rare elsewhere."""
        article = self._store.get(id)
        opened = self._newest()
        if opened is None or article is None:
            return []
        snapshot, impacts = opened.snapshot, opened.impacts
        text = analyze(f"{article.title}\n{searchable_body(article)}"[:_SIMILAR_READ])
        importance = {}
        for term, count in Counter(word.text for word in text.words if not word.text.isdigit()).items():
            frequency = snapshot.term_postings(field_name("body", Stream.WORD), term).count
            if frequency > 1:
                importance[term] = idf(snapshot.count, frequency) * count / (count + 1.0)
        telling = sorted(importance, key=lambda term: (-importance[term], term))[:_SIMILAR_TERMS]
        fields = [field_name(name, Stream.WORD) for name in TEXT_FIELDS]
        scores = impacts.sums_of_all(
            [
                WeightedTerm(field, term, importance[term], snapshot.term_postings(field, term))
                for term in telling
                for field in fields
            ]
        ).astype(np.float32)
        scores *= snapshot.live
        own = snapshot.article_number(id)
        if own is not None:
            scores[snapshot.stories == snapshot.stories[own]] = 0.0
        near = largest(scores, size)
        best = near[np.argsort(-scores[near], kind="stable")[:size]]
        return [Hit(snapshot.article_id(int(n)), float(scores[n])) for n in best if scores[n] > 0]

    def _newest(self) -> _Opened | None:
        """Return the newest snapshot with what is kept of it; a replaced one lives until its last user is done."""
        with self._lock:
            if self._opened is not None and self._unchanged.holds():
                return self._opened
            self._unchanged = _Unchanged()
            for attempt in range(_OPEN_ATTEMPTS):
                try:
                    generation = current_generation(self._folder.indexes)
                except OSError as error:
                    if self._opened is None:
                        raise DamagedIndexError(f"which index serves cannot be read: {error}") from error
                    break
                if generation is None:
                    break
                try:
                    look = _Unchanged(self._folder.indexes, generation)
                    self._renew(generation)
                    self._unchanged = look
                    break
                except OSError as error:  # swapped for another between finding and opening it
                    if attempt == _OPEN_ATTEMPTS - 1 and self._opened is None:
                        raise DamagedIndexError(f"the index in {generation} cannot be opened: {error}") from error
                    time.sleep(_OPEN_PAUSE)
                except DamagedIndexError:
                    if self._opened is None:
                        raise
                    break
            return self._opened

    def _renew(self, generation: Path) -> None:
        if self._opened is None or not self._opened.snapshot.is_latest(generation):
            state = read_state(generation)
            if state is not None and not state.searchable:
                raise DamagedIndexError(
                    f"the index in {generation} was made by another version of timtin;"
                    " it is made anew from the store by timtin serve, or by timtin index --rebuild"
                )
            snapshot = Snapshot(generation, self._segments)
            impacts = TermImpacts(snapshot, self._ranking, self._sharing)
            self._opened = _Opened(snapshot, impacts, Abbreviations(snapshot), Frequencies(snapshot))


class _Unchanged:
    """Tell cheaply that no name in some folders was added, removed or replaced since it was made.

    A folder's time of change is that of the kernel's clock, which ticks every few milliseconds. It is relied on only
    where it was long past when the folder was looked at: whatever happens after that has another time.
    """

    def __init__(self, *folders: Path) -> None:
        """Look at ``folders``, before they are read. Raises FileNotFoundError."""
        seen = [(folder, folder.stat().st_mtime_ns) for folder in folders]
        settled = time.time_ns() - max([changed for _, changed in seen], default=0) > _SETTLED
        self._seen = seen if settled else []

    def holds(self) -> bool:
        """Return False where that cannot be told."""
        try:
            return bool(self._seen) and all(folder.stat().st_mtime_ns == changed for folder, changed in self._seen)
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class _Opened:
    """A snapshot, and what is kept for as long as it is the newest: hot terms, abbreviations, words looked up."""

    snapshot: Snapshot
    impacts: TermImpacts
    abbreviations: Abbreviations
    frequencies: Frequencies


def _retrieve(impacts: TermImpacts, request: Request) -> Retrieved:
    snapshot = impacts.snapshot
    found = Evaluator(impacts, request.match).run(request.tree, within(snapshot, request.filters))
    shown = found if request.sort is Sort.RELEVANCE else found.preferring_accents()
    total = int(np.count_nonzero(shown.matched))
    stories = stories_found(snapshot, shown.matched) if request.collapse else NO_STORIES
    reach = request.start + request.size
    all_shown = reach >= total - stories.hidden
    most = reach + (stories.hidden if all_shown else min(stories.hidden, reach))
    while True:
        ranked = MaxScoreScorer(impacts, found, most)
        some, scores = _first_ones(ranked, shown, snapshot, request, most)
        firsts = stories.first_told(some)
        if len(firsts) >= reach or most >= total:
            break
        most = min(total, 4 * most)
    firsts = firsts[request.start : reach]
    some, scores = some[firsts], scores[firsts]
    explained = ranked.explained(np.sort(some)) if request.explain else {}
    hits = [
        Hit(snapshot.article_id(article), score, explained.get(article), copies)
        for article, score, copies in zip(some.tolist(), scores.tolist(), stories.copies(some).tolist(), strict=True)
    ]
    articles = np.flatnonzero(shown.matched) if request.facets else some
    facets = {facet: count_facet(snapshot, facet, articles) for facet in request.facets}
    return Retrieved(total, total - stories.hidden, hits, facets)


def _first_ones(
    ranked: MaxScoreScorer, shown: Matches, snapshot: Snapshot, request: Request, most: int
) -> tuple[NDArray[np.intp], Floats]:
    """Return the ``most`` articles that come first, in their order, and their scores."""
    if request.sort is Sort.RELEVANCE:
        some, scores = ranked.articles, ranked.best
        order = best_first(snapshot, some, scores, most)
    else:
        matched = np.flatnonzero(shown.matched)
        some = matched[largest(-_ages(snapshot, matched, request.sort), most)]
        scores = ranked.scores(some)
        order = np.lexsort((snapshot.sequence[some], -scores, _ages(snapshot, some, request.sort)))[:most]
    return some[order], scores[order]


def _ages(snapshot: Snapshot, articles: NDArray[np.intp], sort: Sort) -> NDArray[np.int64]:
    """Return keys that put articles into their order by date, undated ones last."""
    minutes = snapshot.minutes[articles]
    ages = minutes if sort is Sort.OLDEST else -minutes
    ages[minutes == UNDATED] = np.iinfo(np.int64).max
    return ages
