"""Doc masks of the articles that have what a query asks for: terms, adjacent terms, codes, and alternatives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Analysis, Stream
from index.analysis.normalization import fold
from index.article import TEXT_FIELDS
from index.segments.schema import field_name
from search.query.tree import MOST_SYLLABLES, Alternative
from search.ranking.clauses import DocMask
from search.ranking.impacts import TermImpacts

_MOST_CODES = 8
_FEW = 6


@dataclass(frozen=True, slots=True)
class Concept:
    """A syllable or code of the query, its syllables ``first`` to ``end`` (exclusive), and the articles that have it.

    ``loosely`` holds articles that match too if the code may not have been meant as one.
    """

    first: int
    end: int
    articles: DocMask
    loosely: DocMask | None = None

    def covered(self, others: Sequence[MatchedAlternative]) -> DocMask:
        """Return the articles that have it, or an alternative for a part of the query that includes it."""
        found = [self.articles] if self.loosely is None else [self.articles, self.loosely]
        found += [articles for other, articles in others if other.first <= self.first and self.end <= other.end]
        return union(found)


MatchedAlternative = tuple[Alternative, DocMask]
"""An alternative for a part of the query, and the articles that have it."""


class TermSets:
    """Look up articles as doc masks; a ``scope`` of None means every text field."""

    def __init__(self, impacts: TermImpacts) -> None:
        self._impacts = impacts
        self._snapshot = impacts.snapshot

    def concepts(self, analysis: Analysis, scope: str | None) -> list[Concept]:
        """Return one concept for each distinct syllable or code."""
        tokens = analysis.tokens
        in_code: set[int] = set()
        concepts: dict[object, Concept] = {}
        asked = [code for code in tokens.codes if not code.implied]
        in_code.update(at for code in tokens.codes if code.implied for at in range(code.first, code.end))
        for span in list(dict.fromkeys((code.first, code.end) for code in asked))[:_MOST_CODES]:
            codes = [code for code in asked if (code.first, code.end) == span]
            in_code.update(range(*span))
            found = [self.articles(Stream.FOLDED, fold(code.text), scope) for code in codes]
            parts = tokens.folded[slice(*span)]
            found.append(self.in_a_row(parts, Stream.FOLDED, scope))
            loosely = self.anywhere(parts, scope) if any(code.loose for code in codes) else None
            concepts[tuple(code.text for code in codes)] = Concept(*span, union(found), loosely)
        for at, syllable in enumerate(tokens.folded[:MOST_SYLLABLES]):
            if at not in in_code and syllable not in concepts:
                concepts[syllable] = Concept(at, at + 1, self.articles(Stream.FOLDED, syllable, scope))
        return list(concepts.values())

    def spelled(self, analysis: Analysis, scope: str | None) -> DocMask:
        """Return the articles that have all words of a text side by side, or the whole text written as a code."""
        tokens = analysis.tokens
        found = [self.in_a_row(tokens.folded, Stream.FOLDED, scope)]
        found += [
            self.articles(Stream.FOLDED, fold(code.text), scope)
            for code in tokens.codes
            if (code.first, code.end) == (0, len(tokens))
        ]
        return union(found)

    def anywhere(self, syllables: Sequence[str], scope: str | None) -> DocMask:
        """Return the articles that have all of ``syllables``, at any position."""
        return intersection([self.articles(Stream.FOLDED, syllable, scope) for syllable in syllables])

    def in_a_row(self, syllables: Sequence[str], stream: Stream, scope: str | None) -> DocMask:
        """Return the articles where ``syllables`` have consecutive positions in one text field."""
        return self.together([(stream, syllable) for syllable in syllables], scope)

    def together(self, terms: Sequence[tuple[Stream, str]], scope: str | None) -> DocMask:
        """Return the articles where ``terms``, each of a stream, have consecutive positions in one text field."""
        return union([self._together_in(name, terms[:MOST_SYLLABLES]) for name in scoped(scope)])

    def _together_in(self, name: str, terms: Sequence[tuple[Stream, str]]) -> DocMask:
        found = intersection([self.articles(stream, term, name) for stream, term in terms])
        if len(terms) == 1 or not found.any():
            return found
        candidates = np.flatnonzero(found).astype(np.int32)
        starts: NDArray[np.int64] | None = None
        rarest_first = sorted(range(len(terms)), key=lambda at: self.document_frequency(*terms[at], name))
        for at in rarest_first:
            stream, term = terms[at]
            owners, places = self._snapshot.positions(field_name(name, stream), term, candidates)
            here = (owners.astype(np.int64) << 32) + (places - at)
            starts = here if starts is None else starts[isin_sorted(here, starts)]
            candidates = np.flatnonzero(self._owners(starts)).astype(np.int32)
        return found if starts is None else self._owners(starts)

    def _owners(self, places: NDArray[np.int64]) -> DocMask:
        flags = np.zeros(self._snapshot.size, bool)
        flags[places >> 32] = True
        return flags

    def document_frequency(self, stream: Stream, term: str, scope: str | None) -> int:
        """Return how many articles have ``term`` in the text field where most have it."""
        return max([self._snapshot.term_postings(field, term).count for field in fields_of(scope, stream).values()])

    def articles(self, stream: Stream, term: str, scope: str | None) -> DocMask:
        """Return the articles that have ``term`` in any text field of ``scope``."""
        return self._impacts.docs_with_term(fields_of(scope, stream).values(), term)


def union(found: Sequence[DocMask]) -> DocMask:
    """Return the articles in any of ``found``, at least one mask."""
    return reduce(np.logical_or, found)


def intersection(found: Sequence[DocMask]) -> DocMask:
    """Return the articles in all of ``found``, at least one mask."""
    return reduce(np.logical_and, found)


def weight_at_least(found: Sequence[DocMask], weights: Sequence[float], least: float) -> DocMask:
    """Return the articles whose masks in ``found`` have weights (above 0) that sum to at least ``least``, in float32.

    For up to six masks, it is the union of the intersections of the subsets that just reach ``least``.
    """
    if len(found) > _FEW:
        sums = np.zeros(len(found[0]), np.float32)
        scratch = np.empty_like(sums)
        for flags, weight in zip(found, weights, strict=True):
            sums += np.multiply(flags, np.float32(weight), out=scratch)
        return sums >= least if least > 0 else union(found)
    heavy_first = sorted(range(len(found)), key=lambda at: -weights[at])
    rounded = [np.float32(weight) for weight in weights]
    enough = [intersection([found[at] for at in some]) for some in _just_enough(rounded, least, (), heavy_first)]
    return union(enough) if enough else np.zeros(len(found[0]), bool)


def _just_enough(
    weights: Sequence[np.float32], least: float, some: tuple[int, ...], rest: Sequence[int]
) -> Iterator[tuple[int, ...]]:
    for place, at in enumerate(rest, 1):
        more = (*some, at)
        if sum([weights[at] for at in sorted(more)]) >= np.float32(least):
            yield more
        else:
            yield from _just_enough(weights, least, more, rest[place:])


def isin_sorted(known: NDArray[np.int64], asked: NDArray[np.int64]) -> DocMask:
    """Tell which of ``asked`` are in ``known``, which is sorted ascending."""
    if not len(known):
        return np.zeros(len(asked), bool)
    at = known.searchsorted(asked)
    at[at == len(known)] = 0
    found: DocMask = known[at] == asked
    return found


def scoped(scope: str | None) -> Sequence[str]:
    """Return the text fields of a scope."""
    return TEXT_FIELDS if scope is None else (scope,)


@cache
def fields_of(scope: str | None, stream: Stream) -> Mapping[str, str]:
    """Return the index fields that hold ``stream``, by the text fields of a scope."""
    return {name: field_name(name, stream) for name in scoped(scope)}
