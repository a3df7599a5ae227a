"""Candidates: the articles that the cluster puts first, opened as a small index that our own ranking scores.

A candidate comes with its packed tokens. Only the terms of the query are looked for in them; statistics are those of
the whole index. So ``search.ranking`` gives them the scores that the embedded engine gives, explanations too.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Stream
from index.arrays import Array, Floats
from index.article import TEXT_FIELDS
from index.cluster.packed_tokens import PackedText, folded, unpack
from index.directory.snapshot import DocIds
from index.segments.schema import UNDATED, field_name
from search.engines.opensearch.statistics import ClusterStatistics
from search.ranking.clauses import Matches

_NOWHERE = np.empty(0, np.int32)


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
        None if tokens is None else _decoded(tokens[0]),
        frozenset(hit.get("matched_queries", ())),
    )


def _decoded(value: str) -> bytes:
    """Return the bytes of a binary value, which the cluster writes for addresses, without padding."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


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
        self, candidates: Sequence[Candidate], wanted: Iterable[tuple[Stream, str]], statistics: ClusterStatistics
    ) -> None:
        self._statistics = statistics
        self.size = len(candidates)
        self.count = statistics.articles
        self.offsets = (0,)
        self.any_deleted = False
        self.live = np.ones(self.size, bool)
        self.minutes = np.array([one.minutes for one in candidates], np.int64)
        self.sequence = np.array([one.seq for one in candidates], np.int64)
        self._places: defaultdict[tuple[str, str], dict[int, list[int]]] = defaultdict(dict)
        self._lengths = {
            field_name(name, stream): np.zeros(self.size, np.float32) for name in TEXT_FIELDS for stream in Stream
        }
        spotter = _Spotter(wanted)
        for number, one in enumerate(candidates):
            for name, text in zip(TEXT_FIELDS, unpack(one.tokens or b""), strict=True):
                for stream, length in spotter.lengths(text):
                    self._lengths[field_name(name, stream)][number] = length
                for stream, term, at in spotter.found(text):
                    self._places[field_name(name, stream), term].setdefault(number, []).append(at)

    def term_postings(self, field: str, term: str) -> CandidatePostings:
        """Return the posting list of ``term``, one that was wanted."""
        places = self._places.get((field, term), {})
        frequencies = np.fromiter(map(len, places.values()), np.uint32, len(places))
        return CandidatePostings(np.fromiter(places, np.int64, len(places)), frequencies, 0, self.size)

    def positions(self, field: str, term: str, articles: DocIds) -> tuple[DocIds, DocIds]:
        """Return the doc ids and the positions of all occurrences of ``term`` in ``articles`` (ascending)."""
        places = self._places.get((field, term), {})
        found = [(article, at) for article in articles.tolist() for at in places.get(article, ())]
        if not found:
            return _NOWHERE, _NOWHERE
        owners, positions = np.array(found, np.int32).T
        return owners, positions

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


class _Spotter:
    """Finds the terms that are wanted in packed texts."""

    def __init__(self, wanted: Iterable[tuple[Stream, str]]) -> None:
        self._wanted: dict[Stream, set[str]] = {stream: set() for stream in Stream}
        for stream, term in wanted:
            self._wanted[stream].add(term)
        firsts = {stream: {term.split("_", 1)[0] for term in terms} for stream, terms in self._wanted.items()}
        self._exact = self._wanted[Stream.SYLLABLE] | firsts[Stream.WORD] | firsts[Stream.BIGRAM]
        self._plain = self._wanted[Stream.FOLDED] | firsts[Stream.FOLDED_BIGRAM]
        self._seen: set[str] = set()
        self._known: set[str] = set()

    def lengths(self, text: PackedText) -> Iterable[tuple[Stream, int]]:
        """Yield the length of each stream of a text, in terms."""
        syllables, codes = len(text.syllables), len(text.codes)
        plain_codes = len({(folded(code), at) for code, at in text.codes}) if codes else 0
        pairs = int(np.count_nonzero(np.diff(text.positions) == 1)) if syllables else 0
        yield Stream.SYLLABLE, syllables + codes
        yield Stream.FOLDED, syllables + plain_codes
        yield Stream.WORD, int(np.count_nonzero(text.begins))
        yield Stream.BIGRAM, pairs
        yield Stream.FOLDED_BIGRAM, pairs

    def found(self, text: PackedText) -> Iterable[tuple[Stream, str, int]]:
        """Yield (stream, term, position) of each wanted term, positions ascending for any one term and stream."""
        syllables, positions, wanted = text.syllables, text.positions, self._wanted
        relevant = self._relevant(syllables)
        places = [at for at, one in enumerate(syllables) if one in relevant]
        for at in places:
            exact, position = syllables[at], positions[at]
            plain = folded(exact)
            if exact in wanted[Stream.SYLLABLE]:
                yield Stream.SYLLABLE, exact, position
            if plain in wanted[Stream.FOLDED]:
                yield Stream.FOLDED, plain, position
            if at + 1 < len(syllables) and positions[at + 1] - position == 1:
                other = syllables[at + 1]
                if (pair := f"{exact}_{other}") in wanted[Stream.BIGRAM]:
                    yield Stream.BIGRAM, pair, position
                if (pair := f"{plain}_{folded(other)}") in wanted[Stream.FOLDED_BIGRAM]:
                    yield Stream.FOLDED_BIGRAM, pair, position
            if text.begins[at] and (word := _word_at(text, at)) in wanted[Stream.WORD]:
                yield Stream.WORD, word, position
        plain_codes: dict[tuple[str, int], None] = {}
        for code, at in text.codes:
            if code in wanted[Stream.SYLLABLE]:
                yield Stream.SYLLABLE, code, positions[at]
            plain_codes[folded(code), at] = None
        for code, at in plain_codes:
            if code in wanted[Stream.FOLDED]:
                yield Stream.FOLDED, code, positions[at]

    def _relevant(self, syllables: Sequence[str]) -> set[str]:
        """Return those of ``syllables`` that a wanted term may begin with."""
        distinct = set(syllables)
        new = distinct - self._seen
        self._seen |= new
        self._known |= {one for one in new if one in self._exact or folded(one) in self._plain}
        return distinct & self._known


def _word_at(text: PackedText, at: int) -> str:
    """Return the word that begins at syllable ``at``."""
    end = at + 1
    while end < len(text.syllables) and not text.begins[end]:
        end += 1
    return "_".join(text.syllables[at:end])
