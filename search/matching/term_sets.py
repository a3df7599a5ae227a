"""Doc masks of the articles that have what a query asks for: words, codes, syllables in a row, and alternatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.analyzer import Analysis, Stream, bigram
from index.analysis.normalization import fold
from index.analysis.tokenizer import Tokens
from index.arrays import Floats
from index.article import TEXT_FIELDS
from index.segments.schema import field_name
from search.query.tree import MOST_SYLLABLES, Alternative, Cut, whole_codes
from search.ranking.clauses import DocMask
from search.ranking.impacts import TermImpacts

_MOST_CODES = 8


@dataclass(frozen=True, slots=True)
class Concept:
    """A word, syllable or code of the query, its syllables ``first`` to ``end`` (exclusive), and the articles with it.

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


Row = Sequence[tuple[Stream, str, int]]
"""Terms that stand together: the stream, the term, and its position less that of the first one."""


class TermSets:
    """Look up articles as doc masks; a ``scope`` of None means every text field."""

    def __init__(self, impacts: TermImpacts) -> None:
        self._impacts = impacts
        self._snapshot = impacts.snapshot
        self._has_bigrams = impacts.snapshot.has_field(field_name(TEXT_FIELDS[-1], Stream.BIGRAM))

    def words(self, analysis: Analysis, cut: Cut, scope: str | None) -> list[Concept]:
        """Return one concept for each distinct word or code; a word's syllables stand in a row, in one sentence."""
        concepts, in_code = self._codes(analysis, scope)
        for first, end in cut.words:
            row = row_of(analysis, cut.plain, first, end)
            if not in_code.issuperset(range(first, end)) and row not in concepts:
                concepts[row] = Concept(first, end, self.in_a_row(row, scope))
        return list(concepts.values())

    def syllables(self, analysis: Analysis, scope: str | None) -> list[Concept]:
        """Return one concept for each distinct syllable, accents aside, or code."""
        concepts, in_code = self._codes(analysis, scope)
        for at, syllable in enumerate(analysis.tokens.folded[:MOST_SYLLABLES]):
            if at not in in_code and syllable not in concepts:
                concepts[syllable] = Concept(at, at + 1, self.articles(Stream.FOLDED, syllable, scope))
        return list(concepts.values())

    def _codes(self, analysis: Analysis, scope: str | None) -> tuple[dict[object, Concept], set[int]]:
        """Return a concept for each distinct code, and the syllables that are in codes."""
        tokens = analysis.tokens
        concepts: dict[object, Concept] = {}
        asked = [code for code in tokens.codes if not code.implied]
        in_code = {at for code in tokens.codes if code.implied for at in range(code.first, code.end)}
        for span in list(dict.fromkeys((code.first, code.end) for code in asked))[:_MOST_CODES]:
            codes = [code for code in asked if (code.first, code.end) == span]
            in_code.update(range(*span))
            found = [self.articles(Stream.FOLDED, fold(code.text), scope) for code in codes]
            if not all(code.certain for code in codes):
                found.append(self.in_a_row(folded_row(analysis, *span), scope))
            loosely = self.anywhere(tokens.folded[slice(*span)], scope) if any(code.loose for code in codes) else None
            concepts[tuple(code.text for code in codes)] = Concept(*span, union(found), loosely)
        return concepts, in_code

    def spelled(self, analysis: Analysis, other: Alternative, scope: str | None) -> DocMask:
        """Return the articles that have an alternative, ``analysis``, in a row, or written as a code."""
        tokens, size = analysis.tokens, min(MOST_SYLLABLES, len(analysis.tokens))
        plain = (other.is_spelling and list(tokens.exact) == list(tokens.folded),) * size
        codes = [code for code in tokens.codes if (code.first, code.end) == (0, len(tokens))]
        found = [self.articles(Stream.FOLDED, fold(code.text), scope) for code in codes]
        return union([self.in_a_row(row_of(analysis, plain, 0, size), scope), *found])

    def same_code(self, tokens: Tokens, scope: str | None) -> tuple[list[DocMask], bool]:
        """Return the articles that have all of ``tokens`` as one code, however written, and whether it is certain."""
        certain = any(code.certain and (code.first, code.end) == (0, len(tokens)) for code in tokens.codes)
        return [self.articles(Stream.FOLDED, code, scope) for code in whole_codes(tokens)], certain

    def anywhere(self, syllables: Sequence[str], scope: str | None) -> DocMask:
        """Return the articles that have all of ``syllables``, at any position."""
        return intersection([self.articles(Stream.FOLDED, syllable, scope) for syllable in syllables])

    def in_a_row(self, row: Row, scope: str | None) -> DocMask:
        """Return the articles where the terms of ``row`` stand together in one text field."""
        if len(row) == 1:
            return self.articles(*row[0][:2], scope)
        bigrams = [row_bigram(*pair) for pair in pairwise(row)] if self._has_bigrams else []
        terms = [term for term in bigrams if term is not None] or [(stream, term) for stream, term, _ in row]
        if len(row) == 2 and terms == bigrams and row[0][0] is row[1][0]:
            return self.articles(*terms[0], scope)
        return union([self._in_a_row(name, row, terms) for name in scoped(scope)])

    def _in_a_row(self, name: str, row: Row, terms: Sequence[tuple[Stream, str]]) -> DocMask:
        """Return the articles with ``row`` in the text field ``name``, given terms that these must have."""
        found = intersection([self.articles(stream, term, name) for stream, term in terms])
        if not found.any():
            return found
        candidates = np.flatnonzero(found).astype(np.int32)
        starts: NDArray[np.int64] | None = None
        for stream, term, at in sorted(row, key=lambda one: self.document_frequency(one[0], one[1], name)):
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


def row_of(analysis: Analysis, plain: Sequence[bool], first: int, end: int) -> Row:
    """Return syllables ``first`` to ``end`` of a query as a row: with accents, except where these were left out."""
    tokens, start = analysis.tokens, analysis.positions[first]
    return tuple(
        (Stream.FOLDED, tokens.folded[at], analysis.positions[at] - start)
        if plain[at]
        else (Stream.SYLLABLE, tokens.exact[at], analysis.positions[at] - start)
        for at in range(first, min(end, len(plain)))
    )


def folded_row(analysis: Analysis, first: int, end: int) -> Row:
    """Return syllables ``first`` to ``end`` of a query as a row without accents."""
    return row_of(analysis, (True,) * end, first, end)


def row_bigram(one: tuple[Stream, str, int], other: tuple[Stream, str, int]) -> tuple[Stream, str] | None:
    """Return the stream and the bigram that articles with two neighbours of a row have; None if none is certain."""
    if other[2] - one[2] != 1:
        return None
    if one[0] is other[0] is Stream.SYLLABLE:
        return Stream.BIGRAM, bigram(one[1], other[1])
    return Stream.FOLDED_BIGRAM, bigram(fold(one[1]), fold(other[1]))


def union(found: Sequence[DocMask]) -> DocMask:
    """Return the articles in any of ``found``, at least one mask."""
    return reduce(np.logical_or, found)


def intersection(found: Sequence[DocMask]) -> DocMask:
    """Return the articles in all of ``found``, at least one mask."""
    return reduce(np.logical_and, found)


def weight_sums(found: Sequence[DocMask], weights: Sequence[float]) -> Floats:
    """Return for each article the sum of the weights of the masks in ``found``, at least one, that have it."""
    sums = np.zeros(len(found[0]), np.float32)
    scratch = np.empty_like(sums)
    for flags, weight in zip(found, weights, strict=True):
        sums += np.multiply(flags, np.float32(weight), out=scratch)
    return sums


def isin_sorted(known: NDArray[Any], asked: NDArray[Any]) -> DocMask:
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
