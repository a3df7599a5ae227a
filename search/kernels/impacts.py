"""``TermImpacts`` by the compiled kernels: the same numbers as by numpy, in a few calls for a query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.arrays import Floats
from index.directory.snapshot import Snapshot
from index.kernels.library import kernels
from search.deadline import Deadline
from search.kernels.postings import PackedFields, PostingKernels, TermLists, joined, pack_field
from search.ranking.clauses import DocMask, ProximityClause, WeightedTerm
from search.ranking.impacts import FIELDS, TermImpacts
from search.ranking.scoring import Ranking

_MOST_LISTED = 1 << 13
_BYTES_KEPT = 36 << 20
_MANY = 1000
_LEAST_TERMS = 8
_MOST_NUMBERS = 1 << 20


def impacts_of(snapshot: Snapshot, ranking: Ranking, sharing: int) -> TermImpacts[Snapshot]:
    """Return the impacts of terms, by kernels where they are compiled."""
    library = kernels()
    if library is None:
        return TermImpacts(snapshot, ranking)
    return CompiledImpacts(snapshot, ranking, sharing, PostingKernels(library))


class CompiledImpacts(TermImpacts[Snapshot]):
    """Look up terms in ``snapshot`` and their impacts, with ``kernels``. Safe to share between threads.

    A term is looked up once. Frequent ones get blocks, up to 36 MB, divided by ``sharing``.
    """

    def __init__(self, snapshot: Snapshot, ranking: Ranking, sharing: int, kernels: PostingKernels) -> None:
        super().__init__(snapshot, ranking)
        self._kernels = kernels
        self._packed: dict[tuple[str, ...], PackedFields] = {}
        self._lists: dict[tuple[str, tuple[str, ...]], TermLists] = {}
        self._scored: dict[tuple[str, tuple[str, ...]], TermLists] = {}
        self._most = _BYTES_KEPT // sharing
        self._blocks = Counter[str]()  # what is kept is shared with boosted impacts, so are the bytes it takes

    def _live_counts(self, fields: tuple[str, ...], term: str) -> Sequence[int]:
        return _by_field(self._list(fields, term).living, len(fields))

    def document_frequency(self, fields: tuple[str, ...], term: str) -> int:
        """Return how many articles, deleted ones included, have ``term`` in the field where most have it."""
        return max(_by_field(self._list(fields, term).having, len(fields)))

    def docs_with_term(self, fields: tuple[str, ...], term: str) -> DocMask:
        """Return the live articles that have ``term`` in any of ``fields``."""
        flags = np.zeros(self.snapshot.size, bool)
        self._kernels.flag_articles(self._list(fields, term), flags)
        if self.snapshot.any_deleted:
            flags &= self.snapshot.live
        return flags

    def with_row(self, row: Sequence[tuple[str, str, int]], articles: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell which of ``articles`` (ascending) have terms in a row: each (field, term, position less the first's)."""
        lists = [self._list((field,), term) for field, term, _ in row]
        return self._kernels.find_rows(lists, [at for _, _, at in row], articles)

    def add(
        self, terms: Sequence[WeightedTerm], articles: NDArray[np.intp], sums: Floats, k1: float, deadline: Deadline
    ) -> None:
        """Add to ``sums``, term by term, what ``terms`` add to the scores of ``articles`` (ascending, not deleted).

        Once ``deadline`` is over, the terms after the first eight are left out.
        """
        step = max(_LEAST_TERMS, _MOST_NUMBERS // (len(articles) + 1))
        for first in range(0, len(terms), step):
            if deadline.must_stop(first):
                break
            some = terms[first : first + step]
            lists = [self._scorable(term, len(articles)) for term in some]
            weights = [term.weight for term in some]
            self._kernels.add_terms(lists, weights, self._occurrence_weights, articles, k1, sums)

    def nearness(
        self, clause: ProximityClause, articles: NDArray[np.intp], deadline: Deadline
    ) -> tuple[Floats, Floats]:
        """Return ``proximity_of`` for ``articles`` (ascending). Raises SearchTimeoutError once ``deadline`` is over."""
        deadline.check()
        lists = [[self._list((field,), term) for term in clause.weights] for field in clause.fields]
        weights, ranking = list(clause.weights.values()), self.ranking
        return self._kernels.weigh_windows(lists, weights, articles, list(ranking.windows), ranking.lead[0])

    def _scorable(self, term: WeightedTerm, articles: int) -> TermLists:
        """Return the posting lists of a term, to look up so many ``articles``.

        A frequent term gets blocks for many articles, or when it is asked for again: filling them costs some 30 µs.
        """
        key = term.term, tuple([field for field, _ in term.fields])
        known = self._scored.get(key)
        found, more = known or self._list(key[1], term.term), 0
        if found.blocks is None and self.frequent(term.frequency) and (known is not None or articles > _MANY):
            found, more = self._kernels.with_blocks(found)
        if found is not known:
            if len(self._scored) >= _MOST_LISTED or self._blocks["bytes"] + more > self._most:
                self._scored.clear()
                self._blocks.clear()
            self._blocks["bytes"] += more
            self._scored[key] = found
        return found

    def _list(self, fields: tuple[str, ...], term: str) -> TermLists:
        """Return the posting lists of a term in some fields."""
        found = self._lists.get((term, fields))
        if found is None:
            live = self.snapshot.live if self.snapshot.any_deleted else None
            found = self._kernels.find(self._fields(fields), term.encode(), live)
            if len(self._lists) >= _MOST_LISTED:
                self._lists.clear()
            self._lists[term, fields] = found
        return found

    def _fields(self, fields: tuple[str, ...]) -> PackedFields:
        packed = self._packed.get(fields)
        if packed is None:
            there = [(FIELDS[field], *one) for field in fields for one in self.snapshot.inverted(field)]
            packed = self._packed[fields] = joined([pack_field(inverted, row, *ids) for row, inverted, *ids in there])
        return packed


def _by_field(counts: Sequence[int], fields: int) -> Sequence[int]:
    """Return the sums of counts of segments, which are there field by field."""
    each = len(counts) // fields
    return counts if each == 1 else [sum(counts[at * each : (at + 1) * each]) for at in range(fields)]
