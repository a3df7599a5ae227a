"""Candidates: the articles that the cluster puts first, opened as a small index that our own ranking scores.

A candidate comes with its packed tokens. Only the terms of the query are looked for in them; statistics are those of
the whole index. So ``search.ranking`` gives them the scores that the embedded engine gives, explanations too.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream
from index.arrays import Array, Floats
from index.article import TEXT_FIELDS
from index.directory.snapshot import DocIds
from index.segments.schema import UNDATED, field_name
from search.engines.opensearch.occurrences import Occurrences
from search.engines.opensearch.statistics import ClusterStatistics
from search.ranking.clauses import Matches

_NOWHERE = (np.empty(0, np.int32), np.empty(0, np.int32))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One article that the cluster found, at a place of its order; ``sort`` is where the next page goes on.

    ``tokens`` are None where they were not asked for. ``named`` are the names of the named parts that it matches.
    """

    id: str
    seq: int
    minutes: int
    story: int
    sort: Sequence[Any]
    tokens: bytes | None
    named: frozenset[str]


def candidate_of(hit: Mapping[str, Any]) -> Candidate:
    """Return the candidate of a hit of the cluster."""
    fields = hit["fields"]
    tokens = fields.get("tokens")
    return Candidate(
        fields["id"][0],
        fields["seq"][0],
        fields.get("minutes", [UNDATED])[0],
        fields["story"][0],
        hit.get("sort", ()),
        None if tokens is None else base64.urlsafe_b64decode(f"{tokens[0]}=="),  # which the cluster writes unpadded
        frozenset(hit.get("matched_queries", ())),
    )


@dataclass(frozen=True, slots=True)
class CandidatePostings:
    """The posting list of a term in the candidates; one part of itself."""

    articles: Array
    frequencies: Array
    offset: int
    limit: int

    @property
    def count(self) -> int:
        """The number of candidates that have the term."""
        return len(self.articles)

    @property
    def parts(self) -> Sequence[CandidatePostings]:
        """The list itself."""
        return (self,)

    def how_often(self, articles: NDArray[Any]) -> Array:
        """Return how often each of ``articles`` has the term."""
        often = np.zeros(self.limit, np.uint32)
        often[self.articles] = self.frequencies
        return often.take(articles)


class CandidateArticles:
    """The candidates as ``search.ranking.indexed.IndexedArticles``; a doc id is a place in ``candidates``."""

    def __init__(
        self, candidates: Sequence[Candidate], wanted: Collection[tuple[Stream, str]], statistics: ClusterStatistics
    ) -> None:
        self._statistics = statistics
        self.size = len(candidates)
        self.count = statistics.articles
        self.offsets = (0,)
        self.any_deleted = False
        self.live = np.ones(self.size, bool)
        self.minutes = np.array([one.minutes for one in candidates], np.int64)
        self.sequence = np.array([one.seq for one in candidates], np.int64)
        occurrences = Occurrences((one.tokens or b"" for one in candidates), wanted)
        self._lengths: dict[str, Floats] = {}
        self._places: dict[tuple[str, str], tuple[DocIds, DocIds]] = {}
        for row, name in enumerate(TEXT_FIELDS):
            for stream, lengths in occurrences.lengths.items():
                self._lengths[field_name(name, stream)] = lengths[row :: len(TEXT_FIELDS)].astype(np.float32)
        for stream, term in wanted:
            at = occurrences.at(stream, term)
            articles, rows = np.divmod(occurrences.texts.take(at), len(TEXT_FIELDS))
            places = np.stack([articles, occurrences.positions.take(at)]).astype(np.int32)
            for row, name in enumerate(TEXT_FIELDS):
                self._places[field_name(name, stream), term] = tuple(places[:, rows == row])

    def term_postings(self, field: str, term: str) -> CandidatePostings:
        """Return the posting list of ``term``, one that was wanted."""
        articles, _ = self._places.get((field, term), _NOWHERE)
        return CandidatePostings(*np.unique(articles, return_counts=True), 0, self.size)

    def positions(self, field: str, term: str, articles: DocIds) -> tuple[DocIds, DocIds]:
        """Return the doc ids and the positions of all occurrences of ``term`` in ``articles`` (ascending)."""
        owners, positions = self._places.get((field, term), _NOWHERE)
        among = np.isin(owners, articles)
        return owners[among], positions[among]

    def lengths(self, field: str) -> Floats:
        """Return the length of ``field``, in terms, of each candidate."""
        return self._lengths[field]

    def average_length(self, field: str) -> float:
        """Return the mean length of ``field`` over all articles that have it."""
        return self._statistics.average_length(field)


def wanted_terms(found: Matches[Any]) -> set[tuple[Stream, str]]:
    """Return the terms that the scores of a query are made of."""
    terms = {(term.stream, term.term) for clause in found.clauses for group in clause.groups for term in group}
    return terms | {(Stream.FOLDED, syllable) for near in found.proximity for syllable in near.weights}
